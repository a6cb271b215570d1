"""
Leaderboard rows of a finished cell.

The folder of a cell holds ``cell.json``, which lists the bands that were tried and chosen, and score files. Every number of a
row is computed from the score files, on this machine or on one that they were downloaded to.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ..domains.names import chain_of, training, unperturbed
from ..frequency.bands import Band
from ..metrics.clips import ClipRule
from ..metrics.detection import Verdicts, best_threshold
from ..metrics.intervals import Intervals, same_scores
from ..metrics.replicates import Replicates, mean_of
from ..metrics.roc import Interval, Scored
from ..views.encoders.spec import is_random
from .carrier_tests import carriers_of
from .carriers import CarrierResult
from .cell_checks import check_document, check_items, check_size
from .cell_document import CellDocument, TestedBand, read_cell
from .clips import RowClips, row_clips
from .columns import ERROR_RATES, board_metrics, measured
from .rates import error_rates
from .reals import reals_numbers, with_reals
from .refusals import RefusedBecause, RefusedError
from .reported_tests import compared
from .rows import PerturbationResult, Row, TestResult, home_and_abroad
from .run_files import file_below
from .scores import DomainScores, read_scores
from .scores import by_domain as scores_by_domain
from .selection import selection_of

# Takes the document of a cell and the contents of its score files, by tested band and draw.
Examine = Callable[[CellDocument, Sequence[Sequence[Sequence[DomainScores]]]], None]


def cell_rows(folder: Path, *, examine: Examine | None = None, part: range | None = None, limited: bool = True) -> list[Row]:
    """
    Compute the leaderboard rows of one cell: its chosen band, its all-pass reference, and every fixed band of the study.

    Parameters
    ----------
    folder : Path
        With ``cell.json`` and the score files, on this machine or downloaded.
    examine : callable, optional
        Called with the document and the contents of its score files, by tested band and draw, before rows are computed.
    part : range, optional
        Numbers of the tested bands whose rows are wanted; all by default.
    limited : bool
        Refuse a cell that is more work than a board grants to one. A run that records its own cell does not ask.

    Returns
    -------
    list of Row
        The chosen band first. Where it is all-pass itself there is no second all-pass row.

    Raises
    ------
    RefusedError
        If the folder is incomplete, its files contradict each other, or a limit is exceeded.
    """
    document = read_cell(folder)
    check_document(document)
    try:
        return _rows(document, folder, examine, range(len(document.tested)) if part is None else part, limited)
    except (KeyError, IndexError, TypeError, ValueError, StopIteration) as error:
        text = f"{folder}/cell.json is incomplete ({type(error).__name__}: {error})."
        raise RefusedError(RefusedBecause.INCONSISTENT, text) from error


def _read_all(document: CellDocument, folder: Path, limited: bool) -> list[list[list[DomainScores]]]:
    """Read the score files by tested band and draw, and check that they are of the same pictures, and not too many."""
    scores, n_items = [], 0
    for band in document.tested:
        draws = []
        for file in band.files:
            draws.append(read_scores(file_below(folder, file)))
            n_items += sum(entry.n_items for entry in draws[-1])
            if limited:
                check_size(n_items)
        scores.append(draws)
    check_items(document, scores, limited)
    return scores


ByDomain = dict[str, list[DomainScores]]
UNKNOWN = Interval(math.nan, math.nan, math.nan, math.nan)


def _rows(document: CellDocument, folder: Path, examine: Examine | None, part: range, limited: bool) -> list[Row]:
    has_carriers = 0 in part and any(band.band.is_comb for band in document.tested)
    needed = [i for i, band in enumerate(document.tested) if i in part or has_carriers or band.role in ("oracle", "allpass")]
    bands = [document.tested[i] for i in needed]
    scores = _read_all(replace(document, tested=tuple(bands)), folder, limited)
    if examine is not None:
        examine(document, scores)
    tested = [scores_by_domain(replicates, "test") for replicates in scores]
    items = [entry.scored for entries in tested[0].values() for entry in entries]  # the same, whatever the band
    context = _Context(document, Intervals(items, document.bootstrap, document.train_overlap), {}, {}, {})
    for band, by_domain in zip(bands, tested, strict=True):
        if band.role == "oracle":
            context.oracle.update(_aucs(context.intervals, {band.domain: by_domain[band.domain]}))
            context.oracle_bands[band.domain] = band.band
        elif band.role == "allpass":  # submitted scores have none
            context.allpass.update(_aucs(context.intervals, by_domain))
    rows = [
        _row(context, band, replicates, by_domain)
        for i, band, replicates, by_domain in zip(needed, bands, scores, tested, strict=True)
        if i in part and band.role != "oracle" and not (band.role == "allpass" and document.band.kind == "all")
    ]
    rows = [replace(row, reported=compared(document.reported, row)) for row in rows]
    return [replace(rows[0], carriers=_carriers(context, tested)), *rows[1:]] if has_carriers and rows else rows


@dataclass(frozen=True, eq=False)
class _Aucs:
    """AUC on one test domain by training draw, and the scores that it is of."""

    replicates: Replicates
    scored: list[Scored]


@dataclass(frozen=True)
class _Context:
    """Reference of all rows of a cell: AUCs by test domain of all-pass, and of the oracle with its band."""

    document: CellDocument
    intervals: Intervals
    allpass: dict[str, _Aucs]
    oracle: dict[str, _Aucs]
    oracle_bands: dict[str, Band]


@dataclass(frozen=True)
class _Tested:
    """
    One row's scores on the test domains.

    Attributes
    ----------
    entries : ByDomain
    metrics : dict of str to list of dict
        By test domain, the metrics of every draw.
    aucs : dict of str to _Aucs
    rates : dict of str to dict of str to Replicates
        By test domain and name, `ERROR_RATES` with their errors.
    """

    entries: ByDomain
    metrics: dict[str, list[dict[str, float]]]
    aucs: dict[str, _Aucs]
    rates: dict[str, dict[str, Replicates]]

    def auc(self, domains: Sequence[str]) -> Replicates:
        """Return the mean AUC over some domains, by draw."""
        return mean_of([self.aucs[domain].replicates for domain in domains])


def _aucs(intervals: Intervals, tested: ByDomain) -> dict[str, _Aucs]:
    each = {name: [entry.scored for entry in entries] for name, entries in tested.items()}
    return {name: _Aucs(intervals.replicates(scored), scored) for name, scored in each.items()}


def _carriers(context: _Context, tested: Sequence[ByDomain]) -> tuple[CarrierResult, ...]:
    """Return what the detector lives on, on every test domain; none unless combs and anticombs were scored."""
    crop = context.document.crop
    if crop is None or not any(entry.band.is_comb for entry in context.document.tested):
        return ()
    by_band = {
        entry.band: {name: found.replicates for name, found in _aucs(context.intervals, by_domain).items()}
        for entry, by_domain in zip(context.document.tested, tested, strict=True)
        if entry.role != "oracle"
    }
    return carriers_of(by_band, context.intervals, crop["side"])


def _row(context: _Context, entry: TestedBand, replicates: Sequence[Sequence[DomainScores]], by_domain: ByDomain) -> Row:
    document, intervals, is_chosen = context.document, context.intervals, entry.role == "chosen"
    validation = [next((scores for scores in draw if scores.split == "val"), None) for draw in replicates]
    thresholds = [best_threshold(val.scored.labels, val.scored.scores) if val else math.nan for val in validation]
    tested = _tested(intervals, by_domain, thresholds)
    clips = row_clips(ClipRule(document.clips), validation, by_domain, intervals)
    tests = [clips.added_to(_test_result(context, tested, name)) for name in by_domain]
    tests = with_reals(tests, replicates, thresholds, document)
    return Row(
        detector=document.detector,
        train=document.train,
        role=entry.role,
        band=entry.band,
        evidence=document.evidence,
        plateau=document.plateau if is_chosen else None,
        swept=document.swept,
        **_headline(context, tests, tested, clips),
        shortcut=document.shortcuts.get(document.train),
        coverage=_mean([test.coverage for test in tests]),
        fit_seconds=entry.fit_seconds,
        ms_per_picture=document.decode_ms + entry.score_ms,
        score_ms=entry.score_ms,
        model_bytes=(document.model_bytes or math.nan) if is_chosen else math.nan,
        seeds=document.seeds,
        control=bool(document.detector_identity.get("control", False)),
        random_encoder=_has_random_encoder(document),
        train_overlap=document.train_overlap,
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
        robustness=tuple(_robustness(document, intervals, tested)),
        released=document.released,
        **reals_numbers(tests, document.train, document.not_counted),
    )


def _has_random_encoder(document: CellDocument) -> bool:
    """Decide by the view of the detector; submitted scores have none."""
    _, options = document.detector_identity.get("view", ("", {}))
    return is_random(options)


def _tested(intervals: Intervals, by_domain: ByDomain, thresholds: Sequence[float]) -> _Tested:
    metrics, rates = {}, {}
    for name, entries in by_domain.items():
        verdicts = [Verdicts(e.scored.labels, e.scored.scores, t) for e, t in zip(entries, thresholds, strict=True)]
        metrics[name] = [measured(one) for one in verdicts]
        rates[name] = error_rates(intervals, [entry.scored for entry in entries], metrics[name])
    return _Tested(by_domain, metrics, _aucs(intervals, by_domain), rates)


def _headline(context: _Context, tests: Sequence[TestResult], tested: _Tested, clips: RowClips) -> dict[str, Any]:
    """Return the numbers of a row that are means over test domains: over other domains if there are any, else at home."""
    intervals, document = context.intervals, context.document
    home, abroad = ([test.domain for test in some] for some in home_and_abroad(tests, document.train, document.not_counted))
    headline = abroad or home
    aucs = {test.domain: test.auc for test in tests}
    measured_everywhere = not any(math.isnan(aucs[name]) for name in abroad)  # with one unknown AUC, the worst is unknown
    worst = min(abroad, key=lambda name: aucs[name], default="") if measured_everywhere else ""
    of_headline = [test for test in tests if test.domain in headline]
    metrics = {metric.name: _mean([test.value(metric.name) for test in of_headline]) for metric in board_metrics()}
    for name in ERROR_RATES:
        if len(of_headline) == 1:  # a mean of one, whose interval is there
            metrics |= {key: of_headline[0].metrics[key] for key in _named(name, UNKNOWN)}
            continue
        rates = [tested.rates[domain][name] for domain in headline]
        metrics |= _named(name, intervals.share(mean_of(rates)) if rates else UNKNOWN)
    return {
        **_named("in_domain_auc", intervals.auc(tested.auc(home)) if home else UNKNOWN),
        **_named("cross_domain_auc", intervals.auc(tested.auc(abroad)) if abroad else UNKNOWN),
        **_named("worst_auc", intervals.worst([tested.aucs[name].replicates for name in abroad]) if worst else UNKNOWN),
        "worst_domain": worst,
        "oracle_auc": _mean([test.oracle_auc for test in of_headline]),
        "allpass_auc": _mean([test.allpass_auc for test in of_headline]),
        **_named("gain", _over(context, tested.aucs, context.allpass, headline)),
        **_named("gap", _over(context, context.oracle, tested.aucs, headline)),
        "draw_sd": _draw_sd(tested.auc(headline)) if headline else math.nan,
        "metrics": metrics | clips.headline(home, abroad),
    }


def _over(context: _Context, first: dict[str, _Aucs], second: dict[str, _Aucs], domains: Sequence[str]) -> Interval:
    """Compute the mean AUC over some domains less that with another band; unknown if one was not tested there."""
    if not domains or any(name not in aucs for name in domains for aucs in (first, second)):
        return UNKNOWN
    unchanged = all(same_scores(first[name].scored, second[name].scored) for name in domains)
    means = [mean_of([aucs[name].replicates for name in domains]) for aucs in (first, second)]
    return context.intervals.difference(means[0], means[1], unchanged)


def _named(name: str, interval: Interval) -> dict[str, float]:
    """Return a number and its bounds by name."""
    return {name: interval.value, f"{name}_lo": interval.low, f"{name}_hi": interval.high}


def _draw_sd(replicates: Replicates) -> float:
    return replicates.error().draw_sd


def _robustness(document: CellDocument, intervals: Intervals, tested: _Tested) -> list[PerturbationResult]:
    """
    Compute the effect of each perturbation on the AUC, as a mean over the test domains that were scored with and without it.

    The training domains and the others of the headline are separate: a detector that is at chance on a domain has no AUC to
    lose there.
    """
    results = []
    parts = training(document.train)
    targets = set(map(unperturbed, parts.targets))
    for chain in dict.fromkeys(filter(None, map(chain_of, tested.entries))):
        names = [name for name in tested.entries if chain_of(name) == chain]
        for scope, at_home in (("in-domain", True), ("cross-domain", False)):
            perturbed = [name for name in names if parts.is_home(name) == at_home]
            if not at_home:
                counted = [name for name in perturbed if unperturbed(name) not in document.not_counted]
                perturbed = [name for name in counted if not targets or unperturbed(name) in targets]
            if perturbed:
                results.append(_change(chain, scope, intervals, tested, perturbed))
    return results


def _change(chain: str, scope: str, intervals: Intervals, tested: _Tested, perturbed: Sequence[str]) -> PerturbationResult:
    """Compute the mean AUC on perturbed domains and its drop, with a paired interval: both sides have the same groups."""
    paired = [name for name in perturbed if unperturbed(name) in tested.entries]
    names = paired or perturbed
    under, drop, clean_auc = tested.auc(names), UNKNOWN, math.nan
    if paired:
        clean = [unperturbed(name) for name in paired]
        plain = tested.auc(clean)
        pairs = zip(names, clean, strict=True)
        unchanged = all(same_scores(tested.aucs[name].scored, tested.aucs[before].scored) for name, before in pairs)
        drop, clean_auc = intervals.difference(plain, under, unchanged), plain.value
    return PerturbationResult(
        perturbation=chain,
        scope=scope,
        domains=tuple(unperturbed(name) for name in names),
        clean_auc=clean_auc,
        **_named("auc", intervals.auc(under)),
        **_named("drop", drop),
    )


def _test_result(context: _Context, tested: _Tested, domain: str) -> TestResult:
    document, intervals, entries = context.document, context.intervals, tested.entries[domain]
    alike, replicates = document.lookalikes.get(domain), tested.aucs[domain].replicates
    metrics = {name: _mean([of_draw[name] for of_draw in tested.metrics[domain]]) for name in tested.metrics[domain][0]}
    for name, rate in tested.rates[domain].items():
        metrics |= _named(name, intervals.share(rate))
    auc = intervals.auc(replicates)
    return TestResult(
        domain=domain,
        auc=auc.value,
        auc_lo=auc.low,
        auc_hi=auc.high,
        n=entries[0].n_items,
        coverage=_mean([entry.coverage for entry in entries]),
        allpass_auc=context.allpass[domain].replicates.value if domain in context.allpass else math.nan,
        oracle_auc=context.oracle[domain].replicates.value if domain in context.oracle else math.nan,
        oracle_band=context.oracle_bands.get(domain),
        draw_sd=_draw_sd(replicates),
        split_list=document.test_splits.get(domain, ""),
        pictures=document.pictures.get(domain, ""),
        lookalikes=alike.n if alike else 0,
        shortcut=document.shortcuts.get(domain),
        metrics=metrics,
    )


def _mean(values: Sequence[float]) -> float:
    """Return the mean; NaN if a value is NaN, or if there is none."""
    return float(np.mean(values)) if len(values) else math.nan
