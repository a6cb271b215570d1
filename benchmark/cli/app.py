"""All commands in one place."""

import typer

from . import cache, check, leaderboard, listing, new, run, sync, ui

app = typer.Typer(
    name="bench",
    help="Which frequencies does a deepfake detector live on, and does that evidence survive elsewhere?",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for module in (run, leaderboard, listing, check, new, ui, sync, cache):
    module.register(app)
