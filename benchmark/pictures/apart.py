"""
Decoding in a process of its own.

A damaged clip can end the process that decodes it, take all of its memory, or fill the screen with the library's remarks. In a
process that is forked for one clip this harms nobody else.
"""

import gc
import multiprocessing
import os
import resource
import signal
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import BenchError
from ..workers import end_with_parent

Result = TypeVar("Result")
Part = tuple[Any, NDArray[np.uint8] | None]  # anything small, and a picture
MOST_MEMORY = 2**32  # bytes of address space that decoding may add
# Seconds without a sign of work, of which each packet and each frame gives one. None takes more than seconds, be it of the
# largest clip on a busy machine; the rest is for a disk or a network that stands still for a while. Between two frames that are
# wanted there may be an hour of work.
MOST_SILENCE = 300.0
SIGNS_APART = 1.0  # seconds
FORK = "fork"


class DecoderEndedError(Exception):
    """The process that decodes has ended before its work; the message is a clause."""


class _Owner:
    """
    Connection of a decoding process to its owner; empty in all other processes.

    Attributes
    ----------
    sending : Connection or None
    told_at : float
        When the owner got a sign of work last, by `time.monotonic`.
    """

    sending: Any = None
    told_at = 0.0


def at_work() -> None:
    """Give the owner of a decoding process a sign of work; decoders call this for each packet and each frame."""
    if _Owner.sending is not None and time.monotonic() - _Owner.told_at >= SIGNS_APART:
        _Owner.sending.send(("sign", None, None))
        _Owner.told_at = time.monotonic()


def result_apart(function: Callable[[], Result]) -> Result:
    """
    Return the result of a function that is called in a process of its own.

    Raises
    ------
    DecoderEndedError
        If that process ended early.
    BenchError, OSError
        Of the function; any other error is a `DecoderEndedError`, too.
    """
    ((result, _),) = parts_apart(lambda: iter([(function(), None)]))
    return result


def parts_apart(make: Callable[[], Iterator[Part]]) -> Iterator[Part]:
    """
    Yield what a generator yields that runs in a process of its own, as far as one can be forked here.

    Parameters
    ----------
    make : callable
        Makes the generator, in the other process.

    Raises
    ------
    DecoderEndedError, BenchError, OSError
        See `result_apart`.
    """
    # A daemonic process (of a pool of somebody else) may not have children.
    if FORK not in multiprocessing.get_all_start_methods() or multiprocessing.current_process().daemon:
        yield from make()
        return
    context = multiprocessing.get_context(FORK)
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_send_parts, args=(make, receiving, sending), daemon=True)
    with warnings.catch_warnings():
        # Other threads are not there after the fork; what runs there needs none of them.
        warnings.simplefilter("ignore", DeprecationWarning)
        # Nor does it ever destroy what it has from its owner: a frame, say, would wait for ever for the threads that scaled it.
        gc.freeze()
        try:
            process.start()
        finally:
            gc.unfreeze()
    sending.close()
    try:
        yield from _received(receiving, process)
    finally:
        receiving.close()
        process.kill()  # of no effect if it has ended
        process.join()
        process.close()


def _received(receiving: Any, process: BaseProcess) -> Iterator[Part]:
    while True:
        try:
            if not receiving.poll(MOST_SILENCE):
                raise DecoderEndedError(f"the decoder gives nothing for {MOST_SILENCE / 60:.0f} minutes")
            kind, head, shape = receiving.recv()
            if kind == "sign":
                continue
            if kind == "error":
                raise head
            if kind == "end":
                return
            picture = None
            if shape is not None:
                picture = np.empty(shape, np.uint8)
                receiving.recv_bytes_into(picture.reshape(-1).data)
        except EOFError:
            process.join()
            code = process.exitcode or 0
            how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
            raise DecoderEndedError(f"the decoder's process ended, {how}") from None
        yield head, picture


def _send_parts(make: Callable[[], Iterator[Part]], receiving: Any, sending: Any) -> NoReturn:
    """Run a generator and send what it yields, in the forked process, which ends here without any clean-up of its owner's."""
    try:
        receiving.close()
        _Owner.sending = sending
        _confine()
        try:
            for head, picture in make():
                sending.send(("part", head, None if picture is None else picture.shape))
                if picture is not None:
                    sending.send_bytes(np.ascontiguousarray(picture).reshape(-1).data)
            sending.send(("end", None, None))
        except (BenchError, OSError) as error:
            sending.send(("error", error, None))
        except Exception as error:  # a library fails in any way
            sending.send(("error", DecoderEndedError(f"{type(error).__name__}: {error}"), None))
    finally:
        os._exit(0)


def _confine() -> None:
    """Silence this process, leave signals of the terminal to its owner, and limit its memory."""
    for number, action in ((signal.SIGINT, signal.SIG_IGN), (signal.SIGTERM, signal.SIG_DFL), (signal.SIGHUP, signal.SIG_DFL)):
        signal.signal(number, action)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    os.dup2(null, 1)
    end_with_parent()  # not even the sudden death of its owner leaves it behind
    with suppress(OSError, ValueError):
        present = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (present + MOST_MEMORY, present + MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
