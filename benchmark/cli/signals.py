"""Ctrl-C, SIGTERM and SIGHUP: whatever a command is doing, it ends within seconds."""

import atexit
import contextlib
import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "SIGHUP"}
PATIENCE = 1.5  # seconds that a command has to end in order
APART = 0.5  # seconds; what comes sooner is the same signal once more, by way of a process group
AGAIN = 0.02  # seconds after which an interrupt is raised again that Python has dropped
SHOW_CURSOR = b"\x1b[?25h"  # a progress display hides it


class Stop:
    """
    The signal that a command was ended by.

    Attributes
    ----------
    number : int or None
        None while there was none.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._was_dropped = False

    @property
    def name(self) -> str:
        """Name for a message."""
        return NAMES.get(signal.Signals(self.number or signal.SIGINT), "a signal")

    @property
    def code(self) -> int:
        """Exit code of the command, as a shell reports it."""
        return 128 + (self.number or signal.SIGINT)

    def interrupt(self, number: int, frame: FrameType | None) -> None:
        """
        Take a signal: raise KeyboardInterrupt at the first one.

        Later ones are left to `watch`, because what ends in order must not be interrupted again.
        """
        del frame
        if self.number is None or self._was_dropped:
            self.number, self._was_dropped = self.number or number, False
            raise KeyboardInterrupt

    def raise_again(self, dropped: "sys.UnraisableHookArgs") -> None:
        """
        Raise an interrupt again that came while an object was destroyed: Python prints what is raised there, and drops it.

        Later and from a thread, as it would be dropped here as well.
        """
        if self.number is None or not isinstance(dropped.exc_value, KeyboardInterrupt):
            sys.__unraisablehook__(dropped)
            return
        self._was_dropped = True
        main = threading.main_thread().ident or 0
        later = threading.Timer(AGAIN, signal.pthread_kill, (main, self.number))
        later.daemon = True
        later.start()

    def exit(self) -> NoReturn:
        """Exit with `code`; after a signal without the taking apart of all modules, which may need a second."""
        if self.number is None:
            sys.exit(self.code)
        with contextlib.suppress(Exception):
            atexit._run_exitfuncs()  # temporary folders, finalizers of `multiprocessing`
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        _end_children()
        os._exit(self.code)

    def watch(self, pipe: int) -> None:
        """
        End the process when it has not ended `PATIENCE` seconds after a signal, or at once at a second signal.

        A thread does this, as a library may be computing, or the kernel be waiting for a disk, where no handler runs.

        Parameters
        ----------
        pipe : int
            File descriptor from which the numbers of signals can be read, one byte each.
        """
        number = None
        while number not in NAMES:
            read = os.read(pipe, 1)
            if not read:
                return
            number = read[0]
        first = time.monotonic()
        threading.Thread(target=self._end_later, args=(number,), daemon=True).start()
        while read := os.read(pipe, 1):
            if read[0] in NAMES and time.monotonic() - first > APART:
                _end_now(read[0])

    def _end_later(self, number: int) -> None:
        time.sleep(PATIENCE)
        _end_now(number)


def _end_now(number: int) -> None:
    """End the process without any further step; worker processes end with it (`benchmark.workers`)."""
    if sys.__stderr__ is not None and os.isatty(2):
        os.write(2, SHOW_CURSOR)
    with contextlib.suppress(OSError):
        os.write(2, b"bench: stopped at once. What was finished is kept.\n")
    _end_children()
    os._exit(128 + number)


def _end_children() -> None:
    """
    Kill the processes that this one has started, with their groups, as far as the kernel lists them.

    Workers die with their server, which is one of them, and would otherwise notice the end of this process after its imports.
    """
    with contextlib.suppress(OSError):
        for task in Path("/proc/self/task").iterdir():
            for child in map(int, (task / "children").read_text().split()):
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    if os.getpgid(child) == child:
                        os.killpg(child, signal.SIGKILL)
                    os.kill(child, signal.SIGKILL)


def _is_no_interrupt(record: logging.LogRecord) -> bool:
    """Return False for what a library logs when it is interrupted, as SQLAlchemy does, with a traceback, before it goes on."""
    return not (record.exc_info and isinstance(record.exc_info[1], KeyboardInterrupt))


@contextlib.contextmanager
def stopping() -> Iterator[Stop]:
    """
    Take the signals that end a command during a block.

    A signal that the caller ignores, as ``nohup`` does, stays ignored. After a signal, the process is watched to its end.
    """
    stop = Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    taken = [number for number in NAMES if signal.getsignal(number) is not signal.SIG_IGN]
    output, entry = os.pipe()
    os.set_blocking(entry, False)
    earlier = signal.set_wakeup_fd(entry, warn_on_full_buffer=False)
    threading.Thread(target=stop.watch, args=(output,), daemon=True).start()
    handlers = {number: signal.signal(number, stop.interrupt) for number in taken}
    sys.unraisablehook = stop.raise_again
    last_resort = logging.lastResort or logging.NullHandler()
    last_resort.addFilter(_is_no_interrupt)
    try:
        yield stop
    finally:
        if stop.number is None:
            sys.unraisablehook = sys.__unraisablehook__
            last_resort.removeFilter(_is_no_interrupt)
            for number, handler in handlers.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(earlier)
            os.close(entry)  # the thread ends
