"""``bench spectra``: what the spectra of real and fake pictures look like, and where they differ."""

import math
import re
import shutil
import tempfile
import time
from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..invocation import bench
from . import completion
from .options import (
    STDOUT,
    Command,
    DataOption,
    FormatsOption,
    GivenData,
    JobsOption,
    JsonOption,
    TrackingOption,
    check_target,
    formats_of,
    jobs_of,
    parse_data,
    write_text,
)
from .provenance import print_remarks, print_unusable
from .report import SHOWN_PROBLEMS, say, sent

if TYPE_CHECKING:
    from rich.console import Console

    from ..analysis.mean_spectra import DomainSpectra, SpectraOptions
    from ..domains.catalogue import OpenDomain
    from ..figures.formats import FigureFormat
    from ..reporting import Reporter
    from ..tracking import RunDocument

LABELS = ("real", "fake")


class SplitChoice(StrEnum):
    """Pictures that are averaged."""

    all = "all"
    train = "train"
    val = "val"
    test = "test"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(cls=Command)(spectra)


def spectra(
    domains: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DOMAIN...",
            help="Side by side, the first is the reference. (default: those of --data)",
            autocompletion=completion.domains,
        ),
    ] = None,
    data: DataOption = None,
    reference: Annotated[
        str | None, typer.Option(metavar="DOMAIN", help="What the others are compared with. (default: the first domain)")
    ] = None,
    split: Annotated[SplitChoice, typer.Option(help="Which pictures.")] = SplitChoice.all,
    crop: Annotated[
        int, typer.Option(metavar="SIDE", help="Side of the square window cut from each picture, in pixels.")
    ] = 128,
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="At most so many pictures per class and domain. (default: all)")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Of computed pictures, of splits and of --limit.")] = 0,
    per_channel: Annotated[bool, typer.Option("--per-channel", help="DCT of red, green and blue apart.")] = False,
    faithful: Annotated[
        bool, typer.Option("--faithful", help="Statistics as published: means of signed and complex coefficients.")
    ] = False,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the pictures.")] = Path("spectra"),
    formats: FormatsOption = None,
    html: Annotated[bool, typer.Option("--html", help="Pages to zoom and point at, too; they need no network.")] = False,
    jobs: JobsOption = None,
    no_track: Annotated[bool, typer.Option("--no-track", help="Leave MLflow alone.")] = False,
    tracking_uri: TrackingOption = None,
    json_file: JsonOption = None,
) -> None:
    """Draw the mean spectra of real and fake pictures: profile, DCT, FFT after a high-pass, density error."""
    from rich.console import Console

    from .progress import ScreenReporter

    console, started = Console(stderr=True), time.time()
    check_target(json_file)
    with ScreenReporter(console) as reporter:
        reporter.stage("reading the domains", None)
        from ..workers import warm_up

        warm_up()  # its imports run beside ours
        from ..analysis.mean_spectra import SpectraOptions, measure, summary
        from ..store import dump_json, ensure_writable
        from ..tracking import resolve_tracking_uri

        uri = resolve_tracking_uri(tracking_uri)
        options = SpectraOptions(split, crop, "published" if faithful else "clean", per_channel, limit, seed)
        opened, left_out = _open(domains or [], reference, parse_data(data), options)
        ensure_writable(out, "--out")
        measured = measure(opened, options, jobs=jobs_of(jobs), reporter=reporter)
        facts = summary(measured, options)
        files = _draw(measured, options, out, formats_of(formats), html, reporter)
        facts["files"] = [str(path) for path in files]
        if not no_track:
            reporter.stage("sending to MLflow", None)
        recorded = no_track or _sent(measured, facts, files, started, uri, console)
    if json_file:
        write_text(json_file, dump_json(facts))
    if json_file != STDOUT:
        _print(facts)
    print_unusable(left_out, console)
    skipped = _report_problems(facts, console)
    print_remarks(opened, console)
    names = ", ".join(path.name for path in files)
    console.print(f"{out}: {names}", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(0 if recorded and not skipped else 3)


def _open(
    names: list[str], reference: str | None, data: GivenData, options: "SpectraOptions"
) -> "tuple[list[OpenDomain], dict[str, str]]":
    """Domains with the reference first, and those of whole data sets that are left out, with the reasons."""
    from ..domains.catalogue import Catalogue
    from ..errors import DataError
    from ..pictures.perturbations import dataset_name
    from ..registry import datasets

    catalogue = Catalogue(data.folders, data.options)
    given = [datasets.get(name).name if ":" in name else name for name in data.folders]
    names = names or given
    first = catalogue.expand([reference], options.seed) if reference else []
    if len(first) > 1:
        raise DataError(f"--reference is one domain; {reference} has several: {', '.join(first)}.")

    def opened(name: str) -> "OpenDomain":
        return catalogue.domain(name, options.seed, any_split=options.split == "all")

    chosen = catalogue.choose([*first, *names], options.seed, lambda name: _lacks(opened(name), options))
    found = chosen.domains
    if not found:
        example = bench("spectra procedural/planted")
        raise DataError(f"no domain is named; try `{example}`, or --data mine=DIR for your own pictures.")
    for name in given:
        if name not in map(dataset_name, found):
            raise DataError(f"--data {name} is not used; name {name} among the domains, or leave it out.")
    return [opened(name) for name in found], chosen.left_out


def _lacks(domain: "OpenDomain", options: "SpectraOptions") -> str:
    """Name the class of which a domain has no picture that is wanted; empty if it has both."""
    there = {item.label for item in domain.items if options.split in ("all", item.split)}
    missing = [name for label, name in enumerate(LABELS) if label not in there]
    return f"no {' and no '.join(missing)} picture" if missing else ""


def _draw(
    measured: "tuple[DomainSpectra, ...]",
    options: "SpectraOptions",
    out: Path,
    formats: "Sequence[FigureFormat]",
    html: bool,
    reporter: "Reporter",
) -> list[Path]:
    from ..analysis.spectra_figures import pictures, save_for_paper, save_html, save_png
    from ..errors import BenchError
    from ..store import atomic_path

    shown = pictures(measured, options.side, options.family)
    savers = {f".{kind}": partial(save_for_paper, kind=kind) for kind in formats}
    savers |= ({".png": save_png} if ".png" in savers else {}) | ({".html": save_html} if html else {})
    reporter.stage("drawing", len(shown) * len(savers))
    files = []
    for picture in shown:
        for suffix, save in savers.items():
            path = out / f"{picture.name}{suffix}"
            try:
                with atomic_path(path, durable=False) as temporary:
                    save(temporary, picture)
            except OSError as error:
                raise BenchError(f"cannot write {path} ({error.strerror}); choose another folder with --out.") from error
            files.append(path)
            reporter.advance()
    return files


def _sent(
    measured: "tuple[DomainSpectra, ...]",
    facts: dict[str, Any],
    files: list[Path],
    started: float,
    uri: str,
    console: "Console",
) -> bool:
    """Make one MLflow run with the pictures and their numbers."""
    from ..store import write_json

    with tempfile.TemporaryDirectory(prefix="spectra-") as folder:
        for path in files:  # copies, because the folder of --out may hold more than this
            shutil.copy(path, folder)
        write_json(Path(folder, "spectra.json"), facts, durable=False)
        return sent([_document(measured, facts, started, folder)], uri, console)


def _document(measured: "tuple[DomainSpectra, ...]", facts: dict[str, Any], started: float, folder: str) -> "RunDocument":
    from ..store import digest
    from ..tracking import RunDocument

    metrics: dict[str, float] = {}
    for entry in facts["domains"]:
        name = re.sub(r"[^\w/.: -]", " ", entry["domain"])  # what MLflow takes in the name of a metric
        largest = entry["largest_error"] or {}
        metrics |= {f"pictures/{label}/{name}": float(entry[label]["pictures"]) for label in LABELS}
        metrics[f"skipped/{name}"] = float(len(entry["problems"]))
        metrics[f"largest_error/{name}"] = largest.get("value", math.nan)
        metrics[f"largest_error_frequency/{name}"] = largest.get("frequency", math.nan)
    names = ", ".join(domain.name for domain in measured)
    settings = ("statistics", "split", "crop", "limit", "seed", "reference")
    key = digest(["spectra", started, [domain.digest for domain in measured]])
    return RunDocument(
        key=key,
        kind="spectra",
        name=f"spectra of {names}"[:200],
        study="spectra",
        study_key=key,
        start=started,
        end=time.time(),
        params={"domains": names, **{setting: str(facts[setting]) for setting in settings}},
        metrics=metrics,
        artifacts=folder,
        inputs=tuple((domain.name, domain.digest, "spectra") for domain in measured),
    )


def _print(facts: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    title = "Largest density error; isolated FFT peaks (horizontal, vertical); cycles/pixel"
    table = Table(title=title, title_justify="left", header_style="bold")
    table.add_column("domain", overflow="fold", min_width=12)
    for name in ("real + fake", "skipped", "density error", "FFT peaks"):
        table.add_column(name, no_wrap=True)
    for entry in facts["domains"]:
        largest = entry["largest_error"]
        error = f"{100 * largest['value']:+.0f} % at {largest['frequency']:.3f}" if largest else "none"
        peaks = [f"({peak['horizontal']:.3f}, {peak['vertical']:.3f})" for peak in entry["peaks"]["fft_highpass"]]
        pictures = " + ".join(str(entry[label]["pictures"]) for label in LABELS)
        table.add_row(entry["domain"], pictures, str(len(entry["problems"])), error, "\n".join(peaks) or "none")
    Console().print(table)


def _report_problems(facts: dict[str, Any], console: "Console") -> int:
    """Say which pictures were left out; return how many."""
    from ..pictures.perturbations import dataset_name

    skipped = {(dataset_name(d["domain"]), p["item"]): p["detail"] for d in facts["domains"] for p in d["problems"]}
    if skipped:
        say(console, f"{len(skipped)} pictures could not be used and were left out:")
        for (name, item), detail in list(skipped.items())[:SHOWN_PROBLEMS]:
            say(console, f"  {name}: {item}: {detail}")
        if len(skipped) > SHOWN_PROBLEMS:
            say(console, f"  … and {len(skipped) - SHOWN_PROBLEMS} more")
    return len(skipped)
