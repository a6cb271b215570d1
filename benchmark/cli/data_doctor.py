"""``bench data doctor``: content, gaps and confounds of a copy of a data set."""

import difflib
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...api.progress import ScreenReporter
from ...datasets.doctor.diagnosis import CountRow, Diagnosis, Options, Report
from ...datasets.doctor.examination import examine
from ...datasets.doctor.inventory import Finding
from ...leaderboard.spreadsheet import lines_as_csv
from ..contracts import LABEL_NAMES, SPLITS
from ..domains.catalogue import Catalogue, DatasetSpec
from ..domains.names import DomainName
from ..errors import BenchError, PluginError, unknown_name
from ..metrics.digits import auc_text
from ..pictures.lookalikes import DISTANCE
from ..registry import datasets
from ..store.files import dump_json
from .arguments import data_words, parse_data
from .commands import STDOUT
from .options import check_targets, jobs_of, write_text
from .requests.copies import DoctorRequest

SHOWN_ROWS = 24  # of a table
SHOWN_FINDINGS = 5  # of one kind
SHOWN_FILES = 4  # of one finding
SHOWN_TEXT = 600  # characters
COLOURS = {
    "fault": "bold red",
    "gap": "yellow",
    "note": "cyan",
    "unusable": "bold red",
    "partial": "yellow",
    "complete": "green",
}
SAYS = {
    "complete": "complete: nothing to mend",
    "partial": "partial: usable, with the gaps named here",
    "unusable": "unusable as it is",
}


def doctor(request: DoctorRequest) -> None:
    """
    Look at a copy of a data set: what is there, missing, extra, broken, twice, or tells the classes by itself.

    Several data sets (--data, repeated) are also compared with each other.
    Exit code 0: complete; 3: usable, with gaps; 2: unusable.
    """
    check_targets(request.json_file, request.csv_file)
    data = data_words(request.data, request.groups, request.group_by, [_split_domain(request.name)[0]])
    specs, variant = _specs(request.name, request.root, data)
    options = Options(
        request.crop,
        request.sample,
        DISTANCE if request.distance is None else request.distance,
        request.seed,
        request.replicate,
        jobs_of(request.jobs),
    )
    with ScreenReporter(Console(stderr=True)) as reporter:
        report = examine(specs, options, reporter, variant)
    if request.json_file:
        write_text(request.json_file, dump_json(report.as_dict()))
    if request.csv_file:
        write_text(request.csv_file, _as_csv(report))
    if STDOUT not in (request.json_file, request.csv_file):
        _print(report, Console(highlight=False))
    raise typer.Exit(report.exit_code)


def _specs(given: str, root: Path | None, data: list[str] | None) -> tuple[dict[str, DatasetSpec], str]:
    """Return the data sets by name, the requested one first, and its requested variant."""
    name, variant = _split_domain(given)
    located = parse_data(data, [name])
    if root is not None and name in located.folders:
        raise BenchError(f"--root and --data {name}=... both name a folder; give one of them.")
    if name in datasets.found.failures:
        raise PluginError(f"data set '{name}' cannot be used: {datasets.found.failures[name]}")
    registered = datasets.names()
    if root is not None and ":" not in name and name not in registered and difflib.get_close_matches(name, registered, n=1):
        raise PluginError(
            f"{unknown_name('dataset', name, registered)} For a folder of your own: --data {shlex.quote(f'{name}={root}')}."
        )
    folders = {name: str(root)} if root is not None else {}
    if ":" in name and name not in located.folders and root is None:
        folders = {name: ""}
    catalogue = Catalogue({**folders, **located.folders}, located.options)
    first = datasets.get(name).name if ":" in name else name
    requested = [first, *(datasets.get(n).name if ":" in n else n for n in located.folders)]
    return {alias: catalogue.spec(alias) for alias in dict.fromkeys(requested)}, variant


def _split_domain(given: str) -> tuple[str, str]:
    """Split ``ffpp/Deepfakes@c23`` and ``ffpp@c23``; a file's path, or a perturbed domain, stays whole."""
    if ":" in given:
        return given, ""
    name = DomainName.parse(given)
    return (given, "") if name.chain else (name.dataset, name.part)


# --- for programs ----------------------------------------------------------------------------------------------------


def _as_csv(report: Report) -> str:
    """Return a line per file of each finding, and one for a finding about no file."""
    names = ("dataset", "folder", "level", "kind", "where", "path", "detail", "text", "remedy")
    lines: list[tuple[str, ...]] = []
    groups = [(d.inventory.name, d.inventory.folder, d.findings) for d in report.diagnoses] + [("", "", report.across)]
    for name, folder, findings in groups:
        for finding in findings:
            for path, detail in finding.files or (("", ""),):
                about = [finding.level, finding.kind, finding.where]
                lines.append((name, folder, *about, path, detail, finding.text, finding.remedy))
    return lines_as_csv([dict(zip(names, line, strict=True)) for line in lines], names)


# --- for people ------------------------------------------------------------------------------------------------------


def _print(report: Report, console: Console) -> None:
    for diagnosis in report.diagnoses:
        console.print(_line((diagnosis.inventory.title, "bold")))
        if diagnosis.counts:
            console.print(_count_table(diagnosis.counts))
        _print_answers(diagnosis, console)
        _print_findings(diagnosis.findings, console)
        console.print(_line((_verdict_text(diagnosis), COLOURS[diagnosis.verdict])), "")
    if report.across:
        console.print(_line(("data sets against each other", "bold")))
        _print_findings(report.across, console)
        console.print()
    _print_end(report, console)


def _verdict_text(diagnosis: Diagnosis) -> str:
    """Return the verdict; a copy that is whole may still have classes that its files give away."""
    if diagnosis.verdict == "complete" and any(finding.kind == "confound" for finding in diagnosis.findings):
        return "complete: nothing is missing or broken; what tells the classes is noted above"
    return SAYS[diagnosis.verdict]


def _print_end(report: Report, console: Console) -> None:
    if report.opened:
        speed = f", {report.opened / report.seconds:.0f} a second" if report.seconds > 1 else ""
        console.print(f"{report.opened} files opened in {report.seconds:.1f} s{speed}.", style="dim")
    if len(report.diagnoses) > 1:
        console.print(_line((f"taken together {SAYS[report.verdict]}", COLOURS[report.verdict])))


def _line(*parts: tuple[str, str]) -> Text:
    """Return text from files without interpreting markup; control characters become replacement characters."""
    return Text.assemble(*(("".join(c if c.isprintable() else "\ufffd" for c in text), style) for text, style in parts))


def _count_table(counts: Sequence[CountRow]) -> Table:
    table = Table(header_style="bold", box=box.SIMPLE, padding=(0, 1), pad_edge=False)
    table.add_column("domain\nclass", overflow="fold", min_width=10)
    splits = [*SPLITS, *([""] if any(not row.split for row in counts) else [])]
    for column in (*(split or "unused" for split in splits), "unfit", "clips\npeople"):
        table.add_column(column, justify="right", no_wrap=True)
    sides = list(dict.fromkeys((row.domain, row.label) for row in counts))
    for domain, label in sides[:SHOWN_ROWS]:
        of_side = [row for row in counts if (row.domain, row.label) == (domain, label)]
        numbers = [sum(row.n for row in of_side if row.split == split) for split in splits]
        bad, clips, people = (sum(getattr(row, name) for row in of_side) for name in ("bad", "videos", "identities"))
        shown = [f"{n or '–'}" for n in (*numbers, bad)]
        side = Text.assemble(_line((domain or "(all)", "")), "\n  ", (LABEL_NAMES[label], "dim"))
        table.add_row(side, *shown, f"{clips or '–'}\n{people or '–'}")
    if len(sides) > SHOWN_ROWS:
        table.add_row(f"… and {len(sides) - SHOWN_ROWS} more")
    return table


def _print_answers(diagnosis: Diagnosis, console: Console) -> None:
    """Print properties that both classes share in a line, and those that differ as a table, of their most telling domain."""
    worst: dict[str, Any] = {}
    for answers in diagnosis.answers.values():
        for answer in answers:
            if answer.question.name not in worst or answer.score > worst[answer.question.name].score:
                worst[answer.question.name] = answer
    same = [f"{name} {a.values[0]}" for name, a in worst.items() if a.score == 0.5 and a.values[0] == a.values[1]]
    differ = [a for a in worst.values() if a.values[0] != a.values[1] and (a.notable or not a.question.trace)]
    differ.sort(key=lambda a: -a.score)
    if same:
        console.print(_line((f"the same in both classes: {'; '.join(same)}", "")))
    if not differ:
        return
    many = f", worst of {len(diagnosis.answers)} domains" if len(diagnosis.answers) > 1 else ""
    table = Table(header_style="bold", box=box.SIMPLE, padding=(0, 1), pad_edge=False)
    for column in (f"beside the picture{many}", "real", "fake"):
        table.add_column(column, overflow="fold")
    table.add_column("tells", justify="right")
    for answer in differ:
        style = "yellow" if answer.strong else ""
        table.add_row(
            answer.question.name, *(_line((v, "")) for v in answer.values), auc_text(answer.score, digits=2), style=style
        )
    console.print(table)


def _print_findings(findings: Sequence[Finding], console: Console) -> None:
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True, min_width=5)
    grid.add_column(overflow="fold")
    by_kind: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        by_kind.setdefault((finding.level, finding.kind), []).append(finding)
    for (level, kind), some in by_kind.items():
        for finding in some[:SHOWN_FINDINGS]:
            _add_finding(grid, finding)
        if len(some) > SHOWN_FINDINGS:
            n = len(some) - SHOWN_FINDINGS
            grid.add_row("", f"… and {n} more of the kind '{kind}' ({level}); --csv FILE has all")
    console.print(grid)


def _add_finding(grid: Table, finding: Finding) -> None:
    where = f"{finding.where}: " if finding.where else ""
    count = f" ({len(finding.files)})" if finding.files else ""
    head = _line((finding.kind.replace("_", " "), "bold"), (f" · {where}{_cut(finding.text)}{count}", ""))
    grid.add_row(_line((finding.level, COLOURS[finding.level])), head)
    for path, detail in finding.files[:SHOWN_FILES]:
        grid.add_row("", _line((f"  {path} {_cut(detail)}".rstrip(), "dim")))
    if len(finding.files) > SHOWN_FILES:
        grid.add_row("", _line((f"  … and {len(finding.files) - SHOWN_FILES} more", "dim")))
    if finding.remedy:
        grid.add_row("", _line((f"→ {finding.remedy}", "")))


def _cut(text: str) -> str:
    return text if len(text) <= SHOWN_TEXT else f"{text[:SHOWN_TEXT]} …"
