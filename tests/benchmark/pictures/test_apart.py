"""Work in a process of its own: its parts arrive, and its end harms nobody."""

import gc
import os
import signal
import time
from collections.abc import Iterator

import numpy as np
import pytest

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.pictures import apart
from bandbench.benchmark.pictures.apart import DecoderEndedError, Part, at_work, parts_apart, result_apart


def pictures(n: int) -> Iterator[Part]:
    for k in range(n):
        yield k, np.full((200, 300, 3), k, np.uint8)
    yield "end", None


def test_parts_arrive_in_order_from_another_process() -> None:
    parts = list(parts_apart(lambda: pictures(4)))
    assert [head for head, _ in parts] == [0, 1, 2, 3, "end"]
    for k, (_, picture) in enumerate(parts[:4]):
        assert picture is not None
        np.testing.assert_array_equal(picture, np.full((200, 300, 3), k))
        picture[0] = 9  # the caller's own
    assert result_apart(os.getpid) != os.getpid()


def test_a_process_that_ends_is_an_error_behind_its_parts() -> None:
    def crash() -> Iterator[Part]:
        yield from pictures(1)
        os.kill(os.getpid(), signal.SIGKILL)

    parts = parts_apart(crash)
    assert [next(parts)[0], next(parts)[0]] == [0, "end"]
    with pytest.raises(DecoderEndedError, match="the decoder's process ended, SIGKILL"):
        next(parts)


def fail(error: Exception) -> None:
    raise error


def test_errors_arrive_and_unknown_ones_are_told() -> None:
    with pytest.raises(DataError, match="no video"):
        result_apart(lambda: fail(DataError("no video.")))
    with pytest.raises(FileNotFoundError):
        result_apart(lambda: fail(FileNotFoundError(2, "gone")))
    with pytest.raises(DecoderEndedError, match="ZeroDivisionError: x"):
        result_apart(lambda: fail(ZeroDivisionError("x")))


def test_memory_is_limited_and_the_screen_stays_empty(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(DecoderEndedError, match="MemoryError"):
        result_apart(lambda: bytearray(2**33))
    result_apart(lambda: os.write(2, b"noise"))
    assert capfd.readouterr() == ("", "")


def test_a_reader_that_stops_ends_the_process() -> None:
    parts = parts_apart(lambda: ((os.getpid(), None) for _ in range(10**9)))
    child, _ = next(parts)
    parts.close()
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


def test_a_decoder_may_be_long_at_work_and_not_long_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "MOST_SILENCE", 0.6)
    monkeypatch.setattr(apart, "SIGNS_APART", 0.0)

    def work(tells: bool) -> str:
        for _ in range(20):
            time.sleep(0.1)
            if tells:
                at_work()
        return "done"

    assert result_apart(lambda: work(tells=True)) == "done"
    with pytest.raises(DecoderEndedError, match="the decoder gives nothing for"):
        result_apart(lambda: work(tells=False))
    at_work()  # of no effect in a process that decodes for itself


def test_garbage_of_the_owner_is_not_destroyed_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame that was scaled on several threads would wait for them, and a fork has none of them."""
    av = pytest.importorskip("av", reason="av is missing: uv pip install av")
    monkeypatch.setattr(apart, "MOST_SILENCE", 20.0)

    class Ring:
        def __init__(self) -> None:
            frame = av.VideoFrame.from_ndarray(np.zeros((256, 256, 3), np.uint8), format="rgb24")
            self.own, self.frame = self, frame.reformat(format="yuv420p")
            self.frame.to_ndarray(format="rgb24")

    gc.disable()
    try:
        Ring()
        assert result_apart(lambda: (gc.collect(), "done")[1]) == "done"
    finally:
        gc.enable()
    assert gc.collect()
