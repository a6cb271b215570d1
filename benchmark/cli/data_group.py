"""``bench data``: its commands, each in a module of its own."""

import typer

from .commands import Entry, LazyGroup


class _Data(LazyGroup):
    """``bench data``."""

    entries = {
        "prepare": Entry(
            "data", "prepare", "Cut the faces out of clips and pictures, once: the same command continues where it stopped."
        ),
        "doctor": Entry(
            "data_doctor",
            "doctor",
            "Look at a copy of a data set: what is there, missing, extra, broken, twice, or tells the classes by itself.",
        ),
    }


group = typer.Typer(cls=_Data, help="Data sets on your disk: cut the faces out, look for what is wrong.", no_args_is_help=True)
