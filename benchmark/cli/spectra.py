"""``bench spectra``: mean spectra of real and fake pictures, and their difference."""

import math
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from ...api.notes import SHOWN_PROBLEMS
from ...api.progress import ScreenReporter
from ...api.spectra import LABELS, measure_spectra
from ...api.stores import send
from ..analysis.mean_spectra import DomainSpectra, SpectraOptions
from ..domains.catalogue import lost_sources
from ..domains.names import dataset_name
from ..store.files import digest, dump_json, write_json
from ..store.folders import ensure_writable
from ..tracking.documents import RunDocument
from ..tracking.store import resolve_tracking_uri
from ..workers import warm_up
from .arguments import data_words, parse_data
from .commands import STDOUT
from .options import (
    check_text_target,
    formats_of,
    jobs_of,
    write_text,
)
from .provenance import print_lost, print_remarks
from .report import say
from .requests.pictures import SpectraRequest


def spectra(request: SpectraRequest) -> None:
    """Draw the mean spectra of real and fake pictures: profile, DCT, FFT after a high-pass, density error."""
    console, started = Console(stderr=True), time.time()
    check_text_target(request.json_file)
    with ScreenReporter(console) as reporter:
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
        ensure_writable(request.out, "--out")
        measured = measure_spectra(
            request.domains or [], request.reference, located, options, jobs=jobs_of(request.jobs), reporter=reporter
        )
        facts = measured.summary
        files = measured.save(request.out, formats_of(request.formats), request.html, reporter)
        facts["files"] = [str(path) for path in files]
        problem = ""
        if not request.no_track:
            reporter.stage("sending to MLflow", None)
            problem = _send(measured.domains, facts, files, started, uri)
    if problem:
        say(console, f"not recorded: {problem}")
    if request.json_file:
        write_text(request.json_file, dump_json(facts))
    if request.json_file != STDOUT:
        _print(facts)
    skipped = _report_problems(facts, console)
    lost = lost_sources(measured.opened)
    print_lost(lost, console)
    print_remarks(measured.opened, console)
    names = ", ".join(path.name for path in files)
    console.print(f"{request.out}: {names}", markup=False, highlight=False, soft_wrap=True)
    raise typer.Exit(3 if problem or skipped or lost else 0)


def _send(domains: tuple[DomainSpectra, ...], facts: dict[str, Any], files: list[Path], started: float, uri: str) -> str:
    """Make one MLflow run with the pictures and their numbers; return the reason if the store does not take it."""
    with tempfile.TemporaryDirectory(prefix="spectra-") as folder:
        for path in files:  # copies, because the folder of --out may hold more than this
            shutil.copy(path, folder)
        write_json(Path(folder, "spectra.json"), facts, durable=False)
        return send([_document(domains, facts, started, folder)], uri)


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
