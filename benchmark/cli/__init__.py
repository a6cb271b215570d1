"""The command line: parse, call one engine function, print. Heavy imports wait until a command needs them."""

from .garbage import search_seldom
from .signals import stopping


def main(arguments: list[str] | None = None) -> None:
    """Entry point of ``bench``."""
    with stopping() as stop:
        search_seldom()
        try:
            from .entry import call  # here, so that Ctrl-C during imports ends as quietly as later
        except KeyboardInterrupt:
            stop.exit()
        call(arguments, stop)
