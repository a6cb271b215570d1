"""``bench spectra``: mean spectra of real and fake pictures, and their difference."""

import math
import re
import shutil
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from ...api.data import GivenData
from ...api.progress import ScreenReporter
from ..analysis.mean_spectra import DomainSpectra, SpectraOptions, measure, summary
from ..analysis.spectra_figures import pictures, save_for_paper, save_html, save_png
from ..domains.catalogue import Catalogue, OpenDomain
from ..domains.names import dataset_name
from ..errors import BenchError, DataError
from ..figures.formats import FigureFormat
from ..invocation import bench
from ..registry import datasets
from ..reporting import Reporter
from ..store.files import atomic_path, digest, dump_json, write_json
from ..store.folders import ensure_writable
from ..tracking.documents import RunDocument
from ..tracking.store import resolve_tracking_uri
from ..workers import warm_up
from .arguments import data_words, parse_data
from .commands import STDOUT
from .options import (
    check_target,
    formats_of,
    jobs_of,
    write_text,
)
from .provenance import print_remarks, print_unusable
from .report import SHOWN_PROBLEMS, say
from .requests.pictures import SpectraRequest
from .tracking_store import sent

LABELS = ("real", "fake")


def spectra(request: SpectraRequest) -> None:
    """Draw the mean spectra of real and fake pictures: profile, DCT, FFT after a high-pass, density error."""
    console, started = Console(stderr=True), time.time()
    check_target(request.json_file)
    with ScreenReporter(console) as reporter:
        reporter.stage("reading the domains", None)
        warm_up()
        uri = resolve_tracking_uri(request.tracking_uri)
        options = SpectraOptions(
            request.split,
            request.crop,
            "published" if request.faithful else "clean",
            request.per_channel,
            request.limit,
            request.seed,
        )
        located = parse_data(data_words(request.data, request.groups, request.group_by))
        opened, left_out = _open(request.domains or [], request.reference, located, options)
        ensure_writable(request.out, "--out")
        measured = measure(opened, options, jobs=jobs_of(request.jobs), reporter=reporter)
        facts = summary(measured, options)
        files = _draw(measured, options, request.out, formats_of(request.formats), request.html, reporter)
        facts["files"] = [str(path) for path in files]
        if not request.no_track:
            reporter.stage("sending to MLflow", None)
        recorded = request.no_track or _sent(measured, facts, files, started, uri, console)
    if request.json_file:
        write_text(request.json_file, dump_json(facts))
    if request.json_file != STDOUT:
        _print(facts)
    print_unusable(left_out, console)
    skipped = _report_problems(facts, console)
    print_remarks(opened, console)
    names = ", ".join(path.name for path in files)
    console.print(f"{request.out}: {names}", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(0 if recorded and not skipped else 3)


def _open(
    names: list[str], reference: str | None, data: GivenData, options: SpectraOptions
) -> tuple[list[OpenDomain], dict[str, str]]:
    """Return the domains, the reference first, and the reasons of those left out of whole data sets."""
    catalogue = Catalogue(data.folders, data.options)
    named = [datasets.get(name).name if ":" in name else name for name in data.folders]
    names = names or named
    first = catalogue.expand([reference], options.seed) if reference else []
    if len(first) > 1:
        raise DataError(f"--reference is one domain; {reference} has several: {', '.join(first)}.")

    def opened(name: str) -> OpenDomain:
        return catalogue.domain(name, options.seed, any_split=options.split == "all")

    chosen = catalogue.choose([*first, *names], options.seed, lambda name: _lacks(opened(name), options))
    chosen_names = chosen.domains
    if not chosen_names:
        example = bench("spectra procedural/planted")
        raise DataError(f"no domain is named; try `{example}`, or --data mine=DIR for your own pictures.")
    for name in named:
        if name not in map(dataset_name, chosen_names):
            raise DataError(f"--data {name} is not used; name {name} among the domains, or leave it out.")
    return [opened(name) for name in chosen_names], chosen.left_out


def _lacks(domain: OpenDomain, options: SpectraOptions) -> str:
    """Name the class of which a domain has no picture that is wanted; empty if it has both."""
    labels = {item.label for item in domain.items if options.split in ("all", item.split)}
    missing = [name for label, name in enumerate(LABELS) if label not in labels]
    return f"no {' and no '.join(missing)} picture" if missing else ""


def _draw(
    measured: tuple[DomainSpectra, ...],
    options: SpectraOptions,
    out: Path,
    formats: Sequence[FigureFormat],
    html: bool,
    reporter: Reporter,
) -> list[Path]:
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
    measured: tuple[DomainSpectra, ...],
    facts: dict[str, Any],
    files: list[Path],
    started: float,
    uri: str,
    console: Console,
) -> bool:
    """Make one MLflow run with the pictures and their numbers."""
    with tempfile.TemporaryDirectory(prefix="spectra-") as folder:
        for path in files:  # copies, because the folder of --out may hold more than this
            shutil.copy(path, folder)
        write_json(Path(folder, "spectra.json"), facts, durable=False)
        return sent([_document(measured, facts, started, folder)], uri, console)


def _document(measured: tuple[DomainSpectra, ...], facts: dict[str, Any], started: float, folder: str) -> RunDocument:
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


def _report_problems(facts: dict[str, Any], console: Console) -> int:
    """Print the pictures that were left out; return their number."""
    skipped = {(dataset_name(d["domain"]), p["item"]): p["detail"] for d in facts["domains"] for p in d["problems"]}
    if skipped:
        say(console, f"{len(skipped)} pictures could not be used and were left out:")
        for (name, item), detail in list(skipped.items())[:SHOWN_PROBLEMS]:
            say(console, f"  {name}: {item}: {detail}")
        if len(skipped) > SHOWN_PROBLEMS:
            say(console, f"  … and {len(skipped) - SHOWN_PROBLEMS} more")
    return len(skipped)
