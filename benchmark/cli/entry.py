"""A call of the command line: a user's mistake, a disk that fails and a signal are one message, a bug of ours a traceback."""

import contextlib
import shlex
import signal
import sys
from typing import NoReturn

from ..errors import BenchError, plain_text, show_sentences
from ..invocation import bench
from ..store.disk import disk_failure
from ..store.folders import settle_folders
from .app import app
from .signals import Stop
from .streams import open_streams

# Commands that go on where they stopped, by their first words; the others begin anew.
CONTINUING = ("run", "submit", "train", "evaluate", "spectra", "embeddings", "sync", "data prepare")


def call(arguments: list[str] | None, stop: Stop) -> None:
    """
    Run a command.

    Parameters
    ----------
    arguments : list of str or None
        None for those of the process.
    stop : Stop
        Takes the signals.
    """
    try:
        _call(arguments)
    except KeyboardInterrupt:
        _end(stop, arguments)
    except SystemExit as ended:
        # `bench ui` ends well by Ctrl-C.
        interrupted = stop.number is not None and (stop.number != signal.SIGINT or ended.code not in (0, None))
        if not interrupted and ended.code != Stop().code:
            raise
        _end(stop, arguments)
    except Exception:
        if stop.number is None:
            raise
        _end(stop, arguments)  # of a library that was interrupted


def _call(arguments: list[str] | None) -> None:
    settle_folders()
    open_streams()
    show_sentences()
    try:
        try:
            app(arguments)
        finally:
            sys.stdout.flush()
    except BenchError as error:
        _refuse(error)
    except Exception as error:
        if failed := disk_failure(error):
            _refuse(failed)
        raise


def _refuse(error: BenchError) -> NoReturn:
    print(f"bench: {plain_text(str(error))}", file=sys.stderr)
    sys.exit(error.exit_code)


def _end(stop: Stop, arguments: list[str] | None) -> NoReturn:
    """Say by what the command was ended and how to go on, and exit."""
    words = shlex.join(sys.argv[1:] if arguments is None else arguments)
    way_on = ""
    if words.startswith(CONTINUING):
        way_on = f" What was finished is kept; the same command continues: {bench(words)}"
    with contextlib.suppress(BenchError, OSError, ValueError):
        print(f"Stopped by {stop.name}.{way_on}", file=sys.stderr, flush=True)
    stop.exit()
