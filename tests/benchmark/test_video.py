"""Frames of real clips: the right ones, whatever the codec, and what is left of a truncated clip."""

from pathlib import Path

import av
import numpy as np
import pytest

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.video import iter_frames
from conftest import write_clip


def numbered(n: int) -> list[np.ndarray]:
    """Frames whose grey level says their number: 5 times it."""
    return [np.full((64, 64, 3), 5 * i, dtype=np.uint8) for i in range(n)]


@pytest.mark.parametrize(
    ("name", "codec"), [("clip.mp4", "libx264"), ("clip.avi", "mpeg4"), ("clip.mkv", "ffv1"), ("clip.webm", "libvpx-vp9")]
)
def test_frames_are_spread_evenly(tmp_path: Path, name: str, codec: str) -> None:
    write_clip(tmp_path / name, numbered(40), codec)
    frames = list(iter_frames(tmp_path / name, 5))
    assert [frame.number for frame in frames] == [0, 10, 20, 29, 39]
    assert [round(frame.picture.mean() / 5) for frame in frames] == [0, 10, 20, 29, 39]
    assert frames[1].seconds == pytest.approx(0.4, abs=0.01)  # 25 per second
    assert len(list(iter_frames(tmp_path / name, 1000))) == 40


def test_a_truncated_clip_gives_what_is_there(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    write_clip(tmp_path / "whole.avi", [rng.integers(0, 256, (64, 64, 3)).astype(np.uint8) for _ in range(30)], "mjpeg")
    data = (tmp_path / "whole.avi").read_bytes()
    (tmp_path / "cut.avi").write_bytes(data[: len(data) // 2])
    assert 5 <= len(list(iter_frames(tmp_path / "cut.avi", 1000))) < 30


def test_what_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("not a clip")
    with av.open(str(tmp_path / "sound.mkv"), "w") as clip:
        stream = clip.add_stream("pcm_s16le", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        sound.sample_rate = 8000
        clip.mux(stream.encode(sound))
    for name, message in (
        ("empty.mp4", "cannot be decoded"),
        ("text.mp4", "cannot be decoded"),
        ("sound.mkv", "no video in it"),
    ):
        with pytest.raises(DataError, match=message):
            list(iter_frames(tmp_path / name, 4))
