"""The command line: parse, call one engine function, print. Heavy imports wait until a command needs them."""

import contextlib
import shlex
import sys
from typing import NoReturn

from ..errors import BenchError, show_sentences
from ..invocation import bench
from ..store.disk import disk_failure
from ..store.folders import settle_folders
from .signals import Stop, stopping
from .streams import open_streams

# Commands that go on where they stopped, by their first words; the others begin anew.
CONTINUING = ("run", "submit", "train", "evaluate", "spectra", "embeddings", "sync", "data prepare")


def main(arguments: list[str] | None = None) -> None:
    """Entry point of ``bench``: a user's mistake is one message, a bug of ours a traceback."""
    with stopping() as stop:
        try:
            _main(arguments)
        except KeyboardInterrupt:  # also while modules are being imported
            _end(stop, arguments)
        except SystemExit as ended:
            interrupted = stop.number is not None and ended.code not in (0, None)
            if not interrupted and ended.code != Stop().code:
                raise
            _end(stop, arguments)
        except Exception:
            if stop.number is None:
                raise
            _end(stop, arguments)  # of a library that was interrupted


def _end(stop: Stop, arguments: list[str] | None) -> None:
    """Say by what the command was ended and how to go on, and exit."""
    words = shlex.join(sys.argv[1:] if arguments is None else arguments)
    way_on = ""
    if words.startswith(CONTINUING):
        way_on = f" What was finished is kept; the same command continues: {bench(words)}"
    with contextlib.suppress(BenchError, OSError, ValueError):
        print(f"Stopped by {stop.name}.{way_on}", file=sys.stderr, flush=True)
    sys.exit(stop.code)


def _main(arguments: list[str] | None) -> None:
    settle_folders()
    open_streams()
    show_sentences()
    try:
        from .app import app  # here, so that Ctrl-C while it is imported ends as quietly as later

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
    print(f"bench: {error}", file=sys.stderr)
    sys.exit(error.exit_code)
