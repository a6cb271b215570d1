"""The command line: parse, call one engine function, print. Heavy imports wait until a command needs them."""

import sys

from ..errors import BenchError, plain_text, show_sentences
from ..store.folders import settle_folders
from .streams import open_streams


def main(arguments: list[str] | None = None) -> None:
    """Entry point of ``bench``: a user's mistake is one message, a bug of ours a traceback."""
    try:
        _main(arguments)
    except KeyboardInterrupt:  # also while modules are being imported
        sys.exit(130)


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
        print(f"bench: {plain_text(str(error))}", file=sys.stderr)
        sys.exit(error.exit_code)
