"""All commands in one place."""

import shlex
from importlib.metadata import version
from typing import Annotated, Any

import typer

from ..errors import BenchError
from ..invocation import bench
from .commands import Entry, LazyGroup

# In the order of the help. A command's module is imported when the command is called, and not before.
COMMANDS = {
    "run": Entry(
        "run",
        "run",
        "Run a study, or what is left of it: the same command continues where it stopped and adds nothing twice.",
        "study:RunRequest",
    ),
    "submit": Entry(
        "submit",
        "submit",
        "Submit a study to SLURM, or to processes of this machine: its cells are dealt out to jobs, what is recorded is not.",
        "study:SubmitRequest",
    ),
    "train": Entry(
        "train",
        "train",
        "Train a detector and keep it as a folder: for bench evaluate, bench scan and MLflow.",
        "models:TrainRequest",
    ),
    "evaluate": Entry(
        "evaluate",
        "evaluate",
        "Test a trained model; pictures that it has learned from are not scored.",
        "models:EvaluateRequest",
    ),
    "scan": Entry(
        "scan",
        "scan",
        "Score pictures and clips with a trained model: probability of each class, and 'unsure' where it cannot tell.",
        "models:ScanRequest",
    ),
    "spectra": Entry(
        "spectra",
        "spectra",
        "Draw the mean spectra of real and fake pictures: profile, DCT, FFT after a high-pass, density error.",
        "pictures:SpectraRequest",
    ),
    "embeddings": Entry(
        "embeddings",
        "embeddings",
        "Export the vectors that a detector is handed, the embeddings of a frozen encoder say, with the pictures' ids.",
        "pictures:EmbeddingsRequest",
    ),
    "list": Entry(
        "listing",
        "list_",
        "List detectors, data sets or studies; what cannot be used is listed with its reason.",
        "plugins:ListRequest",
    ),
    "show": Entry(
        "show",
        "show",
        "Show one detector, data set or study: what it is, its parameters and where it comes from.",
        "plugins:ShowRequest",
    ),
    "ui": Entry("ui", "ui", "Open the MLflow UI on what was recorded (on this machine only, until Ctrl-C)."),
    "sync": Entry(
        "sync", "sync", "Send results that a tracking store could not take while the study ran.", "store:SyncRequest"
    ),
    "leaderboard": Entry(
        "groups", "leaderboard", "Build the generalization leaderboard from MLflow and the score files.", is_group=True
    ),
    "data": Entry("groups", "data", "Data sets on your disk: cut the faces out, look for what is wrong.", is_group=True),
    "check": Entry("groups", "check", "Run the contract of a detector or data set, ours or your own.", is_group=True),
    "new": Entry("groups", "new", "Write a working detector or data set to start from, with its test.", is_group=True),
    "cache": Entry("cache", "group", "The cache of pictures and rows: what it holds, and making room.", is_group=True),
}


class _Bench(LazyGroup):
    """``bench``."""

    entries = COMMANDS

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Look a command up; of one that belongs to a group, say to which."""
        name = args[0]
        if name not in self.entries and not ctx.resilient_parsing:
            groups = [group for group in self._groups() if name in self.commands[group].list_commands(ctx)]
            if groups:
                lines = " or ".join(f"`{bench(shlex.join([group, name, *args[1:]]))}`" for group in groups)
                raise BenchError(f"unknown command '{name}'. It is a part of another: {lines}.")
        return super().resolve_command(ctx, args)

    def _groups(self) -> list[str]:
        return [name for name, entry in self.entries.items() if entry.is_group]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"bandbench {version('bandbench')}")
        raise typer.Exit


app = typer.Typer(
    name="bench",
    cls=_Bench,
    help="Which frequencies does a deepfake detector rely on, and does that evidence transfer to data that it never saw?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Print the version and exit.")
    ] = False,
) -> None:
    pass
