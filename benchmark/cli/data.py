"""``bench data prepare``: from a copy of a data set, as it was distributed, to crops of faces."""

import shlex
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...api.options import cluster_of
from ...api.progress import ScreenReporter, duration
from ...datasets.copies.own_folders import CLIPS, OWN, PICTURES, has_clips
from ...datasets.copies.prepared import ERROR, NO_FACE, OK, PROBLEMS, find_preparations
from ...datasets.copies.sources import SourceDataset
from ...datasets.faces.estimate import Estimate
from ...datasets.faces.outcome import UNREAD, PreparationOutcome
from ...datasets.faces.preparation import prepare_dataset, preview
from ...datasets.faces.request import merge_settings
from ..contracts import LABEL_NAMES
from ..domains.catalogue import DatasetSpec
from ..errors import BenchError, DataError
from ..invocation import bench
from ..registry import datasets
from ..store.files import dump_json
from .arguments import data_words, parse_data, parse_params
from .commands import STDOUT
from .options import check_text_target, jobs_of, write_text
from .report import say
from .requests.copies import PrepareRequest

SHOWN_PROBLEMS = 20


def prepare(request: PrepareRequest) -> None:
    """Cut the faces out of clips and pictures, once: the same command continues where it stopped."""
    console = Console(stderr=True)
    check_text_target(request.json_file)
    n_jobs = jobs_of(request.jobs)
    data = data_words(request.data, request.groups, request.group_by, [request.name])
    dataset = open_dataset(request.name, request.root, data, request.param)
    changes = {
        "frames": request.frames,
        "every": request.every,
        "decoder": request.decoder,
        "faces": request.faces,
        "threshold": request.threshold,
        "choice": request.choice,
        "margin": request.margin,
        "min_size": request.min_size,
        "align": request.align,
        "size": request.size,
        "recode": request.recode,
    }
    settings = merge_settings(dataset, changes)
    options: dict[str, Any] = {
        "out": request.out,
        "weights": request.weights,
        "domains": request.domain or (),
        "retry": request.retry,
    }
    with ScreenReporter(console) as reporter:
        if request.dry_run:
            result = preview(dataset, settings, reporter=reporter, **options)
        else:
            cluster = cluster_of(request.cluster, request.jobs, reporter)
            result = prepare_dataset(dataset, settings, jobs=n_jobs, cluster=cluster, reporter=reporter, **options)
    if isinstance(result, list):
        _print_estimates(result, n_jobs, request.json_file)
        return
    _report(result, dataset, request.name, console, request.json_file)
    raise typer.Exit(0 if result.complete else 3 if result.n_crops else 2)


def open_dataset(name: str, root: Path | None, data: list[str] | None, param: list[str] | None) -> SourceDataset:
    """
    Open the data set that options name.

    Raises
    ------
    BenchError
        If it is unknown, has no folder, or is used as it is.
    """
    located = parse_data(data, [name])
    reference = _adapter(name, located.folders.get(name) or root, name in located.folders)
    plugin = datasets.get(reference)
    for other in (*located.folders, *located.options):
        if other not in (name, plugin.name):
            raise BenchError(f"--data {other} is another data set than {plugin.name}, which is to be prepared.")
    folders = [str(root)] if root else []
    folders += [folder for folder in located.folders.values() if folder]
    if len(folders) > 1:
        raise BenchError(f"the folder of {plugin.name} is given twice: {folders[0]} and {folders[1]}.")
    if not issubclass(plugin, SourceDataset):
        use = f"--data mine={folders[0] if folders else 'DIR'}" if plugin.needs_root else f"--train {plugin.name}"
        raise DataError(f"{plugin.name} needs no preparation, its pictures are used as they are: {bench(f'run {use}')}")
    options = (
        located.options.get(name, {})
        | located.options.get(plugin.name, {})
        | parse_params(param, types=plugin.parameter_types())
    )
    folder = str(Path(folders[0]).expanduser().absolute()) if folders else None
    opened = DatasetSpec(reference, folder, options).open(0, 0)
    assert isinstance(opened, SourceDataset)
    return opened


def _adapter(name: str, folder: Path | str | None, is_named: bool) -> str:
    """Return the adapter's name, which for a folder of one's own depends on its files; `is_named` if ``--data`` names it."""
    if name not in OWN and (":" in name or not is_named or name in datasets.names()):
        return name
    if folder is None:
        return name
    path = Path(folder).expanduser()
    return PICTURES if path.is_dir() and not has_clips(path) else CLIPS


# --- what is shown ---------------------------------------------------------------------------------------------------


def _report(outcome: PreparationOutcome, dataset: SourceDataset, name: str, console: Console, json_file: str | None) -> None:
    if json_file:
        write_text(json_file, dump_json(outcome.as_dict()))
    if json_file != STDOUT:
        _print_counts(outcome)
    _print_problems(outcome, console)
    _print_end(outcome, dataset, name, console)


def _print_counts(outcome: PreparationOutcome) -> None:
    """Print a line per domain and class."""
    preparation = outcome.preparation
    table = _table(f"{preparation.dataset}: {preparation.settings_text}", "sources", "crops", "no face", "errors", "left")
    for count in outcome.counts:
        cells = (count.sources, count.crops, count.no_face, count.errors, count.left)
        table.add_row(Text(count.domain or "(all)"), LABEL_NAMES[count.label], *(f"{n:,}" if n else "–" for n in cells))
    Console().print(table)


def _table(title: str, *columns: str) -> Table:
    table = Table(title=Text(title), title_justify="left", header_style="bold")
    table.add_column("domain", overflow="fold")
    table.add_column("class")
    for column in columns:
        table.add_column(column, justify="right")
    return table


def _print_problems(outcome: PreparationOutcome, console: Console) -> None:
    """Print the first sources without a crop and those passed over; sources with fewer crops are only counted."""
    some = [problem for problem in outcome.problems if problem.status != OK]
    for problem in some[:SHOWN_PROBLEMS]:
        say(console, f"{problem.path}{':' if problem.status in (NO_FACE, ERROR, UNREAD) else ''} {problem.detail}")
    if len(some) > SHOWN_PROBLEMS:
        say(console, f"… and {len(some) - SHOWN_PROBLEMS} more in {outcome.preparation.folder / PROBLEMS}")
    fewer = len(outcome.problems) - len(some)
    if fewer:
        first = next(problem for problem in outcome.problems if problem.status == OK)
        say(console, f"{fewer} sources gave fewer crops than asked for; {outcome.preparation.folder / PROBLEMS} says why:")
        say(console, f"{first.path}: {first.detail}")
    if outcome.vanished:
        first, *rest = outcome.vanished
        more = f" and {len(rest)} more" if rest else ""
        say(console, f"no longer in the folder, their crops are kept: {first}{more}")


def _print_end(outcome: PreparationOutcome, dataset: SourceDataset, name: str, console: Console) -> None:
    def line(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    for part in outcome.missing:
        line(f"incomplete: {part}")
    for note in outcome.notes:
        line(f"note: {note}")
    for warning in outcome.warnings:
        line(f"warning: {warning}.")
    line(f"{outcome.done} sources done now, {outcome.known} before; everything is in {outcome.preparation.folder}")
    if not outcome.n_crops:
        say(console, "No source gave a crop: look at the reasons above; --min-size and --faces decide what counts as a face.")
        return
    steps = [(str(path), "crops by chance, for a look") for path in outcome.sheets]
    steps.append(
        (bench(f"data doctor {name} --root {_quoted(dataset.root)}"), "what is there, what is not, what gives a class away")
    )
    steps.append((_run_command(outcome, dataset, name), "a study on the crops"))
    line("\nNext steps:")
    for command, why in steps:
        line(f"  {command}  # {why}")


def _run_command(outcome: PreparationOutcome, dataset: SourceDataset, name: str) -> str:
    """Return a command that uses the crops: by their root, or by their own folder where one root has several preparations."""
    several = len(find_preparations(dataset.origin)) > 1
    place = outcome.preparation.folder if several else dataset.root
    data = ["--data", f"{'mine' if name in OWN else name}={place}"]
    defaults = dataset.parameter_defaults()
    for option, value in dataset.parameters().items():
        if option not in ("root", "seed", "replicate") and value != defaults[option]:
            data += ["--data", f"{dataset.name}.{option}={value}"]
    return bench(shlex.join(["run", "band_search", *data]))


def _quoted(path: Path | None) -> str:
    return shlex.quote(str(path))


def _print_estimates(estimates: list[Estimate], jobs: int, json_file: str | None) -> None:
    *parts, total = estimates
    if json_file:
        rows = [asdict(part) | {"label": LABEL_NAMES[part.label]} for part in parts]
        write_text(json_file, dump_json({"domains": rows, "total": asdict(total) | {"label": "both"}, "jobs": jobs}))
    if json_file == STDOUT:
        return
    table = _table(f"estimate from {total.sampled} sources that were tried", "sources", "done", "crops ≈", "size ≈")
    for part in parts:
        table.add_row(Text(part.domain or "(all)"), LABEL_NAMES[part.label], *_estimate_cells(part))
    table.add_section()
    table.add_row("all, each once", "both", *_estimate_cells(total))
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"About {duration(total.seconds / jobs)} on {jobs} worker{'s' * (jobs > 1)}. Nothing was kept.", soft_wrap=True
    )


def _estimate_cells(part: Estimate) -> tuple[str, ...]:
    return f"{part.sources:,}", f"{part.known:,}", f"{part.crops:,.0f}", _size(part.bytes)


def _size(n_bytes: float) -> str:
    """Format a size in MB or GB."""
    return f"{n_bytes / 1e9:,.1f} GB" if n_bytes >= 1e8 else f"{n_bytes / 1e6:,.1f} MB"
