"""``bench evaluate``: a trained model on pictures that it has not seen."""

import math
from pathlib import Path
from typing import Any

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ...api.evaluation import evaluate_on
from ...api.options import cluster_of
from ...api.progress import ScreenReporter
from ...api.stores import model_folder
from ..metrics.clips import clip_rule
from ..metrics.digits import auc_text, interval_text
from ..metrics.roc import Interval
from ..models.evaluation import Evaluation
from ..models.trained_model import TrainedModel
from ..reporting import folded_name
from ..results.scores import write_table
from ..store.files import dump_json
from ..store.folders import ensure_writable
from ..tracking.store import resolve_tracking_uri
from .arguments import data_words, parse_data
from .options import check_text_target, jobs_of, write_text
from .provenance import print_dropped, print_lost, print_missing, print_remarks
from .report import print_problems, print_shortcut, say
from .requests.models import EvaluateRequest

MAX_SHOWN_CLASSES = 12
NUMBERS_WIDTH = 47  # characters of a table beside the domains


def evaluate(request: EvaluateRequest) -> None:
    """Test a trained model; pictures that it has learned from are not scored."""
    console = Console(stderr=True)
    check_text_target(request.json_file)
    if request.scores:
        ensure_writable(request.scores, "--scores")
    rule = clip_rule(request.clips)
    uri = resolve_tracking_uri(request.tracking_uri)
    trained = TrainedModel.load(model_folder(request.model, uri), request.detector)
    located = parse_data(data_words(request.data, request.groups, request.group_by))
    with ScreenReporter(console) as reporter:
        evaluated = evaluate_on(
            trained,
            request.test,
            located,
            request.reals or [],
            rule=rule,
            drop_leaks=request.drop_leaks,
            allow_lookalikes=request.allow_lookalikes,
            jobs=jobs_of(request.jobs),
            cluster=cluster_of(request.cluster, request.jobs, reporter),
            tracking_uri=uri,
            reporter=reporter,
        )
    if evaluated.tracking_problem:
        say(console, f"not recorded: {evaluated.tracking_problem}")
    evaluations, problems = list(evaluated.evaluations), evaluated.problems
    for evaluation in evaluations if request.scores else []:
        write_table(
            Path(str(request.scores), evaluation.domain.replace("/", "-").replace(", ", "+") + ".parquet"), evaluation.scores
        )
    if request.json_file:
        write_text(
            request.json_file,
            dump_json(
                {"model": str(request.model), "tests": [_as_document(evaluation, trained) for evaluation in evaluations]}
            ),
        )
    if request.json_file != "-":
        _print(evaluations, trained)
    print_problems(problems, console)
    if trained.names is None:
        say(
            console,
            "The model does not know its clips and identities, so only the pictures themselves could be told; train it again.",
        )
    print_dropped(evaluated.dropped, console)
    print_missing(evaluated.facts, console)
    print_lost(evaluated.lost, console)
    print_remarks(evaluated.domains, console)
    for evaluation in evaluations:
        print_shortcut(evaluation.domain, evaluation.shortcut, console)
        for result in evaluation.by_reals:
            if result.shortcut != evaluation.shortcut:
                print_shortcut(evaluation.domain, result.shortcut, console, result.source)
        if evaluation.missing:
            say(console, _one_sided(evaluation))
        if evaluation.clip_problem:
            say(console, f"{evaluation.domain} has no metrics per clip: {evaluation.clip_problem}")
    incomplete = problems or evaluated.lost or any(evaluation.missing or evaluation.clip_problem for evaluation in evaluations)
    raise typer.Exit(3 if evaluated.tracking_problem or incomplete else 0)


def _one_sided(found: Evaluation) -> str:
    """Return a sentence about the missing class, with the false alarms or detections of the other one."""
    missing = " and ".join(found.missing)
    text = (
        f"{found.domain} has no {missing} pictures that could be scored; AUC, balanced accuracy, EER and PD take both classes."
    )
    if found.missing == ("fake",):
        text += f" Of its {found.n} real pictures {100 * found.numbers['false_alarms']:.1f} % are called fake (false alarms)"
    elif found.missing == ("real",):
        text += f" Of its {found.n} fake pictures {100 * found.numbers['detections']:.1f} % are called fake (detections)"
    return f"{text}, at the model's threshold." if len(found.missing) == 1 else text


def _as_document(found: Evaluation, model: TrainedModel) -> dict[str, Any]:
    confusion = {} if found.confusion is None else {"classes": model.recipe.classes, "confusion": found.confusion.tolist()}
    about = {"domain": found.domain, "n": found.n, "coverage": found.n / found.n_items, "dropped_leaks": found.n_dropped}
    clips = {} if found.clips is None else {"clips": found.clips.rule, **found.clips.numbers()}
    reals = {"by_reals": [result.to_json() for result in found.by_reals]} if found.by_reals else {}
    about["shortcut"] = found.shortcut.to_json() if found.shortcut else None
    return {**about, "missing": list(found.missing), **found.numbers, **clips, **confusion, **reals, **found.data}


def _print(found: list[Evaluation], model: TrainedModel) -> None:
    console = Console()
    if found[0].confusion is not None:
        _print_confusion(found[0], model, console)
        return
    title = Text(f"{model.recipe.label}, trained on {', '.join(model.recipe.train)}")
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("test domain\npictures", overflow="fold", min_width=12)
    for name in ("AUC\n95 %", "balanced\naccuracy", "EER", "PD@1 %", "Brier"):
        table.add_column(name, justify="right", no_wrap=True)
    for evaluation in found:
        value = evaluation.numbers
        count = str(evaluation.n) if evaluation.n == evaluation.n_items else f"{evaluation.n} of {evaluation.n_items}"
        auc = _interval_text(Interval(value["auc"], value["auc_lo"], value["auc_hi"], math.nan))
        metrics = [auc_text(value[name]) for name in ("balanced_accuracy", "eer", "pd1", "brier")]
        name = folded_name(evaluation.domain, max(12, console.width - NUMBERS_WIDTH))
        table.add_row(Text(f"{name}\n  {count}"), auc, *metrics)
    console.print(table)
    _print_clips(found, console)
    _print_reals(found, console)


def _print_reals(found: list[Evaluation], console: Console) -> None:
    """Print a table of the domains against each source of reals, if sources were asked for."""
    rows = [(evaluation.domain, result) for evaluation in found for result in evaluation.by_reals]
    if not rows:
        return
    title = "fakes against each source of reals; false alarms at the model's threshold"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("test domain\nreals", overflow="fold", min_width=12)
    for heading in ("AUC\n95 %", "reals", "false\nalarms"):
        table.add_column(heading, justify="right", no_wrap=True)
    for domain, result in rows:
        name = folded_name(domain, max(12, console.width - NUMBERS_WIDTH))
        auc = _interval_text(Interval(result.auc, result.lo, result.hi, math.nan))
        table.add_row(Text(f"{name}\n  {result.source}"), auc, str(result.n_real), f"{100 * result.false_alarms:.1f} %")
    console.print(table)


def _print_clips(found: "list[Evaluation]", console: "Console") -> None:
    """Print a table of the domains that have clips, if there are any."""
    rows = [(evaluation.domain, evaluation.clips) for evaluation in found if evaluation.clips is not None]
    if not rows:
        return
    title = f"per clip ({rows[0][1].rule.describe()})"
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("test domain\nclips", overflow="fold", min_width=12)
    for heading in ("AUC\n95 %", "balanced\naccuracy", "PD@10 %", "PD@1 %"):
        table.add_column(heading, justify="right", no_wrap=True)
    for domain, clips in rows:
        name = folded_name(domain, max(12, console.width - NUMBERS_WIDTH))
        shown = (clips.auc, clips.balanced_accuracy, clips.rates["pd10"], clips.rates["pd1"])
        table.add_row(Text(f"{name}\n  {clips.n}"), *map(_interval_text, shown))
    console.print(table)


def _print_confusion(found: Evaluation, model: TrainedModel, console: Console) -> None:
    assert found.confusion is not None
    classes = model.recipe.classes
    table = Table(title=f"{model.recipe.label}: what is (rows) and what it is called (columns)", title_justify="left")
    table.add_column("")
    for name in classes[:MAX_SHOWN_CLASSES]:
        table.add_column(name, justify="right", overflow="fold")
    for name, row in zip(classes, found.confusion, strict=True):
        table.add_row(name, *(str(n) for n in row[:MAX_SHOWN_CLASSES]))
    console.print(table)
    console.print(
        f"balanced accuracy {found.numbers['balanced_accuracy']:.3f}, macro AUC {auc_text(found.numbers['macro_auc'])}, "
        f"{found.n} of {found.n_items} pictures"
    )


def _interval_text(interval: Interval) -> str:
    between = interval_text(interval.low, interval.high)
    return f"{auc_text(interval.value)}\n{between}" if between else auc_text(interval.value)
