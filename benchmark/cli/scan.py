"""``bench scan``: pictures and clips of one's own."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..invocation import bench
from .options import STDOUT, Command, CsvOption, JsonOption, check_target, model_folder, write_text
from .report import say

if TYPE_CHECKING:
    from ..scanning import Finding
    from ..trained import TrainedModel

SHOWN_ROWS = 40


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(cls=Command)(scan)


def scan(
    paths: Annotated[list[Path], typer.Argument(metavar="MODEL PATH...", help="A folder of bench train, then what to score.")],
    frames: Annotated[int, typer.Option(metavar="N", min=1, help="Frames per clip, spread evenly.")] = 32,
    pool: Annotated[str, typer.Option(help="Frames to one score: mean, majority or top_third.")] = "mean",
    detector: Annotated[
        str | None, typer.Option(metavar="file.py:Class", help="Code of a detector that is not registered.")
    ] = None,
    json_file: JsonOption = None,
    csv_file: CsvOption = None,
) -> None:
    """Score pictures and clips with a trained model: probability of each class, and 'unsure' where it cannot tell."""
    from rich.console import Console

    from ..errors import BenchError, StudyError
    from ..scanning import POOLS, find_files, scan_file
    from ..store import dump_json
    from ..trained import TrainedModel
    from .progress import ScreenReporter

    console = Console(stderr=True)
    for target in (json_file, csv_file):
        check_target(target)
    if pool not in POOLS:
        raise StudyError(f"--pool is {', '.join(POOLS)}; got {pool!r}.")
    folder = model_folder(paths[0])
    if len(paths) < 2 or not (folder / "model.json").is_file():
        raise BenchError(
            f"bench scan wants a model and then what to score; {paths[0]} is no model. Make one:\n"
            f"  {bench('train spectral_svm --train mine --data mine=DIR --out model')}   (DIR with real/ and fake/)\n"
            f"  {bench(shlex.join(['scan', 'model', *map(str, paths)]))}"
        )
    model, files = TrainedModel.load(folder, detector), find_files(paths[1:])
    if files.passed_over:
        say(console, f"passed over: {files.passed_over}")
    found: list[Finding] = []
    with ScreenReporter(console) as reporter:
        reporter.stage(f"scoring with {model.recipe.label}", len(files.paths))
        for path in files.paths:
            found += scan_file(model, path, frames, pool)
            reporter.advance()
    rows = [one.as_row() for one in found]
    if json_file:
        write_text(json_file, dump_json({"model": str(paths[0]), "classes": model.recipe.classes, "rows": rows}))
    if csv_file:
        write_text(csv_file, _as_csv(rows))
    if STDOUT not in (json_file, csv_file):
        _print(found, model)
    raise typer.Exit(3 if any(one.status != "ok" for one in found) else 0)


def _as_csv(rows: list[dict[str, Any]]) -> str:
    import csv
    import io

    out = io.StringIO()
    columns = dict.fromkeys(name for row in rows for name in row)
    writer = csv.DictWriter(out, list(columns), lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _print(found: "list[Finding]", model: "TrainedModel") -> None:
    from collections import Counter

    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console()
    whole = [one for one in found if one.kind != "frame"]
    table = Table(header_style="bold", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("file", overflow="fold", min_width=16)
    table.add_column("verdict", overflow="fold", min_width=8)
    for name in model.recipe.classes[1:]:
        table.add_column(f"p({name})", justify="right", overflow="fold", min_width=5)
    for one in whole[:SHOWN_ROWS]:
        shares = [f"{one.probabilities[c]:.3f}" if one.probabilities else "–" for c in model.recipe.classes[1:]]
        clip = f" ({one.n_frames} frames)" if one.n_frames else ""
        table.add_row(Text(one.path + clip), Text(one.verdict or f"error: {one.detail}"), *shares)
    console.print(table)
    if len(whole) > SHOWN_ROWS:
        console.print(f"… and {len(whole) - SHOWN_ROWS} more; --csv FILE writes all of them, frames of clips included.")
    counts = Counter(one.verdict or "error" for one in whole)
    console.print(", ".join(f"{n} {name}" for name, n in counts.most_common()) + f" of {len(whole)} files")
    low, high = model.unsure
    unsure = f"'unsure' is p(fake) from {low:.2f} to {high:.2f}, where validation pictures of both classes lay.\n"
    console.print(
        f"{unsure if len(model.recipe.classes) == 2 else ''}"
        f"A probability holds for pictures like those of the validation: same sources, same codecs, even odds.",
        soft_wrap=True,
    )
