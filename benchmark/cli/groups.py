"""Groups of commands: each lists its commands by a table, as ``bench`` itself does."""

import functools
import shlex
from typing import Any

import typer

from ..errors import BenchError, unknown_name
from ..invocation import bench
from .commands import Entry, LazyGroup


class _Board(LazyGroup):
    """``bench leaderboard``: a word that is none of its commands is probably the name of a study."""

    entries = {
        "add": Entry(
            "leaderboard",
            "add",
            "Check scores that somebody brought and keep them as a row; every number is computed here.",
            "board:AddRequest",
        ),
        "remove": Entry(
            "leaderboard", "remove", "Delete scores that somebody brought from the results.", "board:RemoveRequest"
        ),
        "export": Entry(
            "leaderboard",
            "export",
            "Write the scores of a recorded row as CSV: dataset, key, compression, label, score, status.",
            "board:ExportRequest",
        ),
    }

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Look a command up; refuse an unknown name and options before the command."""
        name = args[0]
        if not name.startswith("-") and name not in self.entries:
            example = bench(shlex.join(["leaderboard", "--study", name]))
            unknown = unknown_name("command", name, self.entries)
            raise BenchError(f"leaderboard: {unknown} If it is the name of a study, its board is: {example}")
        if any(ctx.params.values()) and not ctx.resilient_parsing:
            raise BenchError(f"options of `{name}` are written after it, not before.")
        return super().resolve_command(ctx, args)


class _Data(LazyGroup):
    """``bench data``."""

    entries = {
        "prepare": Entry(
            "data",
            "prepare",
            "Cut the faces out of clips and pictures, once: the same command continues where it stopped.",
            "copies:PrepareRequest",
        ),
        "doctor": Entry(
            "data_doctor",
            "doctor",
            "Look at a copy of a data set: what is there, missing, extra, broken, twice, or tells the classes by itself.\n\n"
            "Several data sets (--data, repeated) are also compared with each other.\n"
            "Exit code 0: complete; 3: usable, with gaps; 2: unusable.",
            "copies:DoctorRequest",
        ),
        "audit": Entry(
            "data_audit",
            "audit",
            "Test if the classes of a domain can be told by their files, and if detectors lose when all are stored alike.\n\n"
            "Exit code 0: detectors lose nothing; 3: they do.",
            "copies:AuditRequest",
        ),
    }


class _Check(LazyGroup):
    """``bench check``."""

    entries = {
        "detector": Entry(
            "check",
            "detector",
            "Check a detector: shape, polarity, determinism, order, batches, untouched inputs, saving.",
            "plugins:CheckDetectorRequest",
        ),
        "dataset": Entry(
            "check",
            "dataset",
            "Check a data set: items, splits that share nobody, pictures that can be read, repeatability.",
            "plugins:CheckDatasetRequest",
        ),
    }


class _New(LazyGroup):
    """``bench new``."""

    entries = {
        "detector": Entry("new", "detector", "Write a detector and its test.", "plugins:NewRequest"),
        "dataset": Entry("new", "dataset", "Write a data set and its test.", "plugins:NewRequest"),
    }


_show_board = Entry("leaderboard", "leaderboard", "", "board:BoardRequest").callback()


@functools.wraps(_show_board)  # with its options
def _board(**values: Any) -> None:
    if values["context"].invoked_subcommand is None:
        _show_board(**values)


leaderboard = typer.Typer(cls=_Board, help="Build the generalization leaderboard from MLflow and the score files.")
leaderboard.callback(invoke_without_command=True)(_board)
data = typer.Typer(cls=_Data, help="Data sets on your disk: cut the faces out, look for what is wrong.", no_args_is_help=True)
check = typer.Typer(cls=_Check, help="Run the contract of a detector or data set, ours or your own.", no_args_is_help=True)
new = typer.Typer(cls=_New, help="Write a working detector or data set to start from, with its test.", no_args_is_help=True)
