"""
Leaderboard rows of a finished cell.

The folder of a cell holds ``cell.json``, which lists the bands that were tried and chosen, and score files. Every number of a
row is computed from the score files, on this machine or on one that they were downloaded to.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..domains.names import chain_of, training, unperturbed
from ..errors import DataError
from ..frequency.bands import Band
from ..metrics.bootstrap import GroupBootstrap, Measured, difference
from ..metrics.clips import ClipRule
from ..metrics.detection import Verdicts, best_threshold
from ..metrics.roc import Interval, Scored, roc_auc
from .cell_document import CellDocument, TestedBand, read_cell
from .clips import RowClips, row_clips
from .columns import board_metrics, measured
from .rows import PerturbationResult, Row, TestResult, home_and_abroad
from .scores import DomainScores, read_scores
from .selection import selection_of


def cell_rows(folder: Path) -> list[Row]:
    """
    Compute the leaderboard rows of one cell: its chosen band, its all-pass reference, and every fixed band of the study.

    Parameters
    ----------
    folder : Path
        With ``cell.json`` and the score files, on this machine or downloaded.

    Returns
    -------
    list of Row
        The chosen band first. Where it is all-pass itself there is no second all-pass row.

    Raises
    ------
    DataError
        If the folder is incomplete.
    """
    document = read_cell(folder)
    try:
        return _rows(document, folder)
    except (KeyError, IndexError, TypeError, ValueError, StopIteration) as error:
        raise DataError(f"{folder}/cell.json is incomplete ({type(error).__name__}: {error}).") from error


ByDomain = dict[str, list[DomainScores]]


def _rows(document: CellDocument, folder: Path) -> list[Row]:
    scores = [[read_scores(folder / file) for file in band.files] for band in document.tested]
    context = _Context(document, {}, {}, {})
    for tested, replicates in zip(document.tested, scores, strict=True):
        if tested.role == "oracle":
            context.oracle[tested.domain] = _by_domain(replicates)[tested.domain]
            context.oracle_bands[tested.domain] = tested.band
        elif tested.role == "allpass":  # submitted scores have none
            context.allpass.update(_by_domain(replicates))
    return [
        _row(context, tested, replicates)
        for tested, replicates in zip(document.tested, scores, strict=True)
        if tested.role != "oracle" and not (tested.role == "allpass" and document.band.kind == "all")
    ]


@dataclass(frozen=True)
class _Context:
    """Reference of all rows of a cell: scores by test domain of all-pass, and of the oracle with its band."""

    document: CellDocument
    allpass: ByDomain
    oracle: ByDomain
    oracle_bands: dict[str, Band]


def _by_domain(replicates: Sequence[Sequence[DomainScores]]) -> ByDomain:
    by_domain: ByDomain = {}
    for entries in replicates:
        for entry in entries:
            if entry.split == "test":
                by_domain.setdefault(entry.domain, []).append(entry)
    return by_domain


def _row(context: _Context, entry: TestedBand, replicates: Sequence[Sequence[DomainScores]]) -> Row:
    document, is_chosen = context.document, entry.role == "chosen"
    tested = _by_domain(replicates)
    bootstrap = GroupBootstrap([e.scored for entries in tested.values() for e in entries], document.bootstrap)
    drawn = {name: np.mean([bootstrap.aucs(e.scored) for e in entries], axis=0) for name, entries in tested.items()}
    validation = [next((scores for scores in draw if scores.split == "val"), None) for draw in replicates]
    thresholds = [best_threshold(val.scored.labels, val.scored.scores) if val else math.nan for val in validation]
    clips = row_clips(ClipRule(document.clips), validation, tested, bootstrap)
    tests = [clips.added_to(test) for test in _test_results(context, tested, thresholds, bootstrap, drawn)]
    return Row(
        detector=document.detector,
        train=document.train,
        role=entry.role,
        band=entry.band,
        evidence=document.evidence,
        swept=document.swept,
        **_headline(tests, document, bootstrap, tested, drawn, clips),
        coverage=_mean([test.coverage for test in tests]),
        fit_seconds=entry.fit_seconds,
        ms_per_picture=document.decode_ms + entry.score_ms,
        score_ms=entry.score_ms,
        model_bytes=(document.model_bytes or math.nan) if is_chosen else math.nan,
        seeds=document.seeds,
        rule=document.rule if is_chosen else "",
        selection=selection_of(document.train, entry.role, document.n_candidates, bool(document.submission)),
        shots=training(document.train).n_shots,
        not_counted=document.not_counted,
        gaps=document.gaps,
        study=document.study,
        settings=document.settings,
        variant=document.variant,
        cell=document.key,
        finished=document.finished,
        splits=document.splits,
        split_id=document.split_id,
        dropped_leaks=document.dropped_leaks,
        data=document.data,
        tests=tuple(tests),
        robustness=tuple(_robustness(document, bootstrap, tested, drawn)),
    )


def _headline(
    tests: Sequence[TestResult],
    document: CellDocument,
    bootstrap: GroupBootstrap,
    tested: ByDomain,
    drawn: dict[str, NDArray[np.float64]],
    clips: RowClips,
) -> dict[str, Any]:
    """Return the numbers of a row that are means over test domains: over other domains if there are any, else at home."""
    home, abroad = home_and_abroad(tests, document.train, document.not_counted)
    headline = abroad or home
    cross = Interval(math.nan, math.nan, math.nan, math.nan)
    in_domain = _auc_of("in_domain_auc", home[0] if home else None)
    if len(home) > 1:  # of a pool
        pooled = _mean_interval(bootstrap, tested, drawn, [test.domain for test in home])
        in_domain = {f"in_domain_auc{end}": value for end, value in _bounds(pooled)}
    if abroad:
        cross = _mean_interval(bootstrap, tested, drawn, [test.domain for test in abroad])
    measured_everywhere = not any(math.isnan(test.auc) for test in abroad)  # with one unknown AUC, the worst is unknown
    worst = min(abroad, key=lambda test: test.auc, default=None) if measured_everywhere else None
    metrics = {metric.name: _mean([test.value(metric.name) for test in headline]) for metric in board_metrics()}
    return {
        **in_domain,
        **{f"cross_domain_auc{end}": value for end, value in _bounds(cross)},
        **_auc_of("worst_auc", worst),
        "worst_domain": worst.domain if worst else "",
        "oracle_auc": _mean([test.oracle_auc for test in headline]),
        "allpass_auc": _mean([test.allpass_auc for test in headline]),
        "gain": _mean([test.auc - test.allpass_auc for test in headline]),
        "metrics": metrics | clips.headline([test.domain for test in home], [test.domain for test in abroad]),
    }


def _auc_of(name: str, test: TestResult | None) -> dict[str, float]:
    """Return the AUC of one test domain with its bounds, under another name."""
    values = (test.auc, test.auc_lo, test.auc_hi) if test else (math.nan,) * 3
    return {f"{name}{end}": value for end, value in zip(("", "_lo", "_hi"), values, strict=True)}


def _robustness(
    document: CellDocument, bootstrap: GroupBootstrap, tested: ByDomain, drawn: dict[str, NDArray[np.float64]]
) -> list[PerturbationResult]:
    """
    Compute the effect of each perturbation on the AUC, as a mean over the test domains that were scored with and without it.

    The training domains and the others of the headline are separate: a detector that is at chance on a domain has no AUC to
    lose there.
    """
    results = []
    parts = training(document.train)
    targets = set(map(unperturbed, parts.targets))
    for chain in dict.fromkeys(filter(None, map(chain_of, tested))):
        names = [name for name in tested if chain_of(name) == chain]
        for scope, at_home in (("in-domain", True), ("cross-domain", False)):
            perturbed = [name for name in names if parts.is_home(name) == at_home]
            if not at_home:
                counted = [name for name in perturbed if unperturbed(name) not in document.not_counted]
                perturbed = [name for name in counted if not targets or unperturbed(name) in targets]
            if perturbed:
                results.append(_change(chain, scope, bootstrap, tested, drawn, perturbed))
    return results


def _change(
    chain: str,
    scope: str,
    bootstrap: GroupBootstrap,
    tested: ByDomain,
    drawn: dict[str, NDArray[np.float64]],
    perturbed: Sequence[str],
) -> PerturbationResult:
    """Compute the mean AUC on perturbed domains and its drop, with a paired interval: both sides have the same groups."""
    paired = [name for name in perturbed if unperturbed(name) in tested]
    names = paired or perturbed
    under = _mean_interval(bootstrap, tested, drawn, names)
    plain = drop = Interval(math.nan, math.nan, math.nan, math.nan)
    if paired:
        clean = [unperturbed(name) for name in paired]
        plain = _mean_interval(bootstrap, tested, drawn, clean)
        lost = np.mean([drawn[unperturbed(name)] - drawn[name] for name in paired], axis=0)
        drop = difference(Measured(plain, _scored(tested, clean)), Measured(under, _scored(tested, names)), lost)
    return PerturbationResult(
        perturbation=chain,
        scope=scope,
        domains=tuple(unperturbed(name) for name in names),
        clean_auc=plain.value,
        **{f"auc{end}": value for end, value in _bounds(under)},
        **{f"drop{end}": value for end, value in _bounds(drop)},
    )


def _bounds(interval: Interval) -> list[tuple[str, float]]:
    return [("", interval.value), ("_lo", interval.low), ("_hi", interval.high)]


def _mean_interval(
    bootstrap: GroupBootstrap, tested: ByDomain, drawn: dict[str, NDArray[np.float64]], domains: Sequence[str]
) -> Interval:
    """Compute the mean AUC over some domains, with its interval."""
    return bootstrap.interval(_scored(tested, domains), np.mean([drawn[domain] for domain in domains], axis=0))


def _scored(tested: ByDomain, domains: Sequence[str]) -> list[Scored]:
    return [entry.scored for domain in domains for entry in tested[domain]]


def _test_results(
    context: _Context,
    tested: ByDomain,
    thresholds: Sequence[float],
    bootstrap: GroupBootstrap,
    drawn: dict[str, NDArray[np.float64]],
) -> list[TestResult]:
    return [
        _test_result(context, name, entries, thresholds, bootstrap.interval([e.scored for e in entries], drawn[name]))
        for name, entries in tested.items()
    ]


def _test_result(
    context: _Context, domain: str, entries: Sequence[DomainScores], thresholds: Sequence[float], auc: Interval
) -> TestResult:
    document = context.document
    alike = document.lookalikes.get(domain)
    return TestResult(
        domain=domain,
        auc=auc.value,
        auc_lo=auc.low,
        auc_hi=auc.high,
        n=entries[0].n_items,
        coverage=_mean([entry.coverage for entry in entries]),
        allpass_auc=_mean_auc(context.allpass.get(domain, [])),
        oracle_auc=_mean_auc(context.oracle.get(domain, [])),
        oracle_band=context.oracle_bands.get(domain),
        split_list=document.test_splits.get(domain, ""),
        pictures=document.pictures.get(domain, ""),
        lookalikes=alike.n if alike else 0,
        metrics=_mean_metrics(entries, thresholds),
    )


def _mean_metrics(entries: Sequence[DomainScores], thresholds: Sequence[float]) -> dict[str, float]:
    each = [measured(Verdicts(e.scored.labels, e.scored.scores, t)) for e, t in zip(entries, thresholds, strict=True)]
    return {name: _mean([metrics[name] for metrics in each]) for name in each[0]}


def _mean_auc(entries: Sequence[DomainScores]) -> float:
    return _mean([roc_auc(e.scored.labels, e.scored.scores) for e in entries])


def _mean(values: Sequence[float]) -> float:
    """Return the mean; NaN if a value is NaN, or if there is none."""
    return float(np.mean(values)) if len(values) else math.nan
