"""All commands in one place."""

from typing import Annotated

import typer

from . import cache, check, data, embeddings, evaluate, leaderboard, listing, new, run, scan, spectra, sync, train, ui
from .options import Group


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"bandbench {version('bandbench')}")
        raise typer.Exit


app = typer.Typer(
    name="bench",
    cls=Group,
    help="Which frequencies does a deepfake detector live on, and does that evidence survive elsewhere?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_print_version, help="Say the version and exit.")
    ] = False,
) -> None:
    pass


for module in (run, train, evaluate, scan, spectra, embeddings, leaderboard, listing, data, check, new, ui, sync, cache):
    module.register(app)
