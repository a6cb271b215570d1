"""``bench data audit``: facts of the files that tell the classes, and the experiment that decides if detectors use them."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...api.audits import audit_domains, fact_title, is_trace, save_experiment, single_facts
from ...api.progress import ScreenReporter
from ..domains.names import dataset_name, unperturbed
from ..invocation import bench
from ..metrics.digits import auc_text
from ..metrics.roc import Interval
from ..search.alike import MEANINGS, Experiment, Verdict
from ..store.files import dump_json
from ..store.folders import ensure_writable
from .arguments import data_words, parse_data
from .commands import STDOUT
from .options import check_text_target, jobs_of, write_text
from .provenance import print_remarks
from .report import Step, print_steps
from .requests.copies import AuditRequest

COLOURS = {
    Verdict.CLEAN: "green",
    Verdict.UNUSED: "green",
    Verdict.FRAGILE: "yellow",
    Verdict.AMBIGUOUS: "yellow",
    Verdict.UNDECIDED: "yellow",
}
SHOWN_FACTS = 5


def audit(request: AuditRequest) -> None:
    """Test if the classes of a domain can be told by their files, and if detectors lose when all are stored alike."""
    check_text_target(request.json_file)
    console = Console(stderr=True)
    data = data_words(request.data, request.groups, request.group_by, request.domains or ())
    given = parse_data(data, [dataset_name(name) for name in request.domains or ()])
    out = ensure_writable(request.out, "--out")
    with ScreenReporter(console) as reporter:
        audited = audit_domains(
            request.domains or [],
            given,
            request.detector or [],
            quality=request.quality,
            crop=request.crop,
            draws=request.draws,
            seed=request.seed,
            jobs=jobs_of(request.jobs),
            reporter=reporter,
        )
        reporter.stage("drawing", None)
        experiments = audited.experiments
        files = [save_experiment(experiment, out) for experiment in experiments]
    if request.json_file:
        documents = [_as_document(*pair) for pair in zip(experiments, files, strict=True)]
        write_text(request.json_file, dump_json({"domains": documents}))
    if request.json_file != STDOUT:
        for experiment, file in zip(experiments, files, strict=True):
            _print(experiment, file, Console())
    print_remarks(audited.domains, console)
    unsound = [experiment for experiment in experiments if not experiment.verdict.is_sound]
    print_steps([_step(experiment, data) for experiment in unsound[:1]], console)
    raise typer.Exit(3 if unsound else 0)


def _step(experiment: Experiment, data: Sequence[str]) -> Step:
    perturbed = f"{unperturbed(experiment.domain)}+{experiment.chain}"
    words = ["run", "detectors", "--train", perturbed, "--test", perturbed]
    words += [word for text in data for word in ("--data", text)]
    return Step(bench(shlex.join(words)), "a study of pictures that are stored alike")


def _as_document(experiment: Experiment, figure: Path) -> dict[str, Any]:
    return {
        "domain": experiment.domain,
        "figure": str(figure),
        "verdict": experiment.verdict.value,
        "meaning": MEANINGS[experiment.verdict],
        "stored_alike": experiment.chain,
        "crop": experiment.crop,
        "shortcut": experiment.shortcut.to_json() if experiment.shortcut else None,
        "facts": [
            {"fact": fact_title(one), "auc": one.auc, "values": list(one.values), "trace": is_trace(one)}
            for one in single_facts(experiment)
        ],
        "detectors": [
            {
                "detector": effect.detector,
                "stored": _interval(effect.stored),
                "alike": _interval(effect.alike),
                "lost": _interval(effect.lost),
                "sentence": effect.sentence,
            }
            for effect in experiment.effects
        ],
    }


def _interval(interval: Interval) -> dict[str, float]:
    return {"auc": interval.value, "lo": interval.low, "hi": interval.high}


def _print(experiment: Experiment, file: Path, console: Console) -> None:
    verdict = experiment.verdict
    console.print(Text(f"{experiment.domain}: {verdict.value}", style=COLOURS.get(verdict, "bold red")))
    console.print(Text(MEANINGS[verdict]))
    if experiment.shortcut and experiment.shortcut.is_marked:
        console.print(Text(_capital(experiment.shortcut.sentence(experiment.domain))))
    facts = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("fact of the files", "AUC alone", "real", "fake"):
        facts.add_column(name, justify="right" if name == "AUC alone" else "left", overflow="fold")
    for one in single_facts(experiment)[:SHOWN_FACTS]:
        mark = " *" if is_trace(one) else ""
        facts.add_row(Text(f"{fact_title(one)}{mark}"), auc_text(one.auc), *map(Text, one.values))
    console.print(facts)
    if any(is_trace(one) for one in single_facts(experiment)[:SHOWN_FACTS]):
        console.print(Text("* A generator may leave this trace itself.", style="dim"))
    effects = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    for name in ("detector", "as stored", "stored alike", "lost"):
        effects.add_column(name, justify="left" if name == "detector" else "right", no_wrap=name != "detector")
    for effect in experiment.effects:
        effects.add_row(Text(effect.detector), *map(_auc_text, (effect.stored, effect.alike)), _text(effect.lost))
    console.print(effects)
    for effect in experiment.effects:
        console.print(Text(f"{effect.sentence}."))
    console.print(Text(f"Stored alike: {experiment.chain}, crops of {experiment.crop} pixels. Picture: {file}", style="dim"))


def _auc_text(interval: Interval) -> str:
    return f"{auc_text(interval.value)}\n{auc_text(interval.low)} to {auc_text(interval.high)}"


def _text(interval: Interval) -> str:
    return f"{interval.value:.3f}\n{interval.low:.3f} to {interval.high:.3f}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
