"""``bench cache``: size of the cache, and removal of what is in it."""

from typing import Annotated

import typer

from ..store.cache import cache_usage, prune_cache
from ..store.files import dump_json
from ..store.folders import cache_root
from .commands import Command, Group
from .options import JsonOption, check_text_target, write_text

group = typer.Typer(cls=Group, help="The cache of pictures and rows: what it holds, and making room.", no_args_is_help=True)
MEANINGS = {
    "chunks": " (prepared pictures)",
    "spectra": " (of training reals)",
    "audits": " (shortcut audits)",
    "boards": " (rows and score files read from tracking stores)",
}


@group.command(cls=Command)
def info(json_file: JsonOption = None) -> None:
    """Print the folder of the cache and its size."""
    check_text_target(json_file)
    usage = cache_usage()
    files, size = (sum(numbers) for numbers in zip(*usage.values(), strict=True)) if usage else (0, 0)
    if json_file:
        parts = {name: {"files": n, "bytes": of} for name, (n, of) in usage.items()}
        write_text(json_file, dump_json({"folder": str(cache_root()), "files": files, "bytes": size, "parts": parts}))
        return
    typer.echo(f"{cache_root()}: {files} files, {size / 1e6:.1f} MB")
    for name, (n, of) in usage.items():
        typer.echo(f"  {name}{MEANINGS.get(name, '')}: {n} files, {of / 1e6:.1f} MB")


@group.command(cls=Command)
def prune(
    days: Annotated[float, typer.Option(min=0, help="Only what was not used for so many days.")] = 0,
) -> None:
    """
    Delete cached pictures, views and rows; they are computed again when needed.

    What running commands use is kept. Results are never touched, except for score files of earlier versions that nothing reads.
    """
    pruned = prune_cache(days)
    in_use = f" {pruned.kept} entries are in use by running commands and were kept." if pruned.kept else ""
    earlier = f" Of these, {pruned.earlier} lay among the results: score files of earlier versions." if pruned.earlier else ""
    typer.echo(f"{pruned.files} files deleted, {pruned.bytes / 1e6:.1f} MB freed.{earlier}{in_use}")
