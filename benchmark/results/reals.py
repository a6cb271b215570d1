"""
The fakes of test domains against sources of reals: one AUC for each pair, and its spread over the choice of the reals.

A score file holds the reals of a source in a split of their own (`domains.names.REALS`); their domain is the source.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..contracts import FAKE, REAL
from ..domains.names import REALS, chain_of, dataset_name, own_source
from ..metrics.intervals import auc_interval
from ..metrics.roc import Scored
from .cell_document import CellDocument
from .rows import RealsResult, Row, TestResult, home_and_abroad
from .scores import DomainScores, by_domain

THEIR_OWN = "their own"  # the choice of the reals of each domain's data set, where these are several data sets


def with_reals(
    tests: Sequence[TestResult],
    replicates: Sequence[Sequence[DomainScores]],
    thresholds: Sequence[float],
    document: CellDocument,
) -> list[TestResult]:
    """
    Add the results against each source of reals to test results.

    Parameters
    ----------
    tests : sequence of TestResult
    replicates : sequence of sequences of DomainScores
        Of every draw, the contents of its score file.
    thresholds : sequence of float
        Of every draw, chosen on validation items of the training domain; NaN for none.
    document : CellDocument
        Of the cell: overlap of its draws for an interval, look-alikes among the reals, and audits of the files.
    """
    sources = by_domain(replicates, REALS)
    tested = by_domain(replicates, "test")
    alike = {name: found.n for name, found in document.reals.items()}
    added = []
    for test in tests:
        fitting = {name: each for name, each in sources.items() if may_be_set_against(test.domain, name)}
        results = results_by_reals(test, tested[test.domain], fitting, thresholds, document.train_overlap)
        audits = document.reals_shortcuts.get(test.domain, {})
        completed = [
            replace(r, lookalikes=alike.get(r.source, 0), shortcut=r.shortcut or audits.get(r.source)) for r in results
        ]
        added.append(replace(test, by_reals=tuple(completed)))
    return added


def may_be_set_against(domain: str, source: str) -> bool:
    """Return True unless the fakes of a test domain are perturbed and the reals of a source are not perturbed alike."""
    return not chain_of(domain) or chain_of(domain) == chain_of(source)


def against(fakes: Scored, reals: Scored) -> Scored:
    """Return the fakes of one item set and the reals of another as one."""
    parts = [(scored, scored.labels == label) for scored, label in ((fakes, FAKE), (reals, REAL))]
    return Scored(
        np.concatenate([scored.labels[rows] for scored, rows in parts]),
        np.concatenate([scored.scores[rows] for scored, rows in parts]),
        np.concatenate([scored.groups[rows] for scored, rows in parts]),
    )


def choices(tests: Sequence[TestResult]) -> dict[str, float]:
    """
    Return the mean AUC over test domains by choice of the reals: one source for all of them.

    Parameters
    ----------
    tests : sequence of TestResult
        Of the headline.

    Returns
    -------
    dict of str to float
        Sources that every domain was set against. Where the domains are of several data sets, the choice of each one's own
        reals is the first, `THEIR_OWN`.
    """
    by_test = [{result.source: result.auc for result in test.by_reals} for test in tests]
    common = [name for name in (by_test[0] if by_test else ()) if all(name in aucs for aucs in by_test)]
    own = [own_source(test.domain, aucs) for test, aucs in zip(tests, by_test, strict=True)]
    means = {}
    if len(set(own)) > 1 and all(name in aucs for name, aucs in zip(own, by_test, strict=True)):
        means[THEIR_OWN] = float(np.mean([aucs[name] for name, aucs in zip(own, by_test, strict=True)]))
    means |= {name: float(np.mean([aucs[name] for aucs in by_test])) for name in common}
    return {name: mean for name, mean in means.items() if not math.isnan(mean)}


def headline_choices(row: Row) -> dict[str, float]:
    """Return the headline AUC of a row by choice of the reals, see `choices`."""
    return choices(_headline(*row.home_and_abroad()))


def reals_numbers(tests: Sequence[TestResult], train: str, not_counted: Sequence[str]) -> dict[str, Any]:
    """
    Return spread and worst source of a row (`Row.reals_spread`, `Row.worst_reals`); nothing with fewer than two choices.

    `train` and `not_counted` are those of the row.
    """
    means = choices(_headline(*home_and_abroad(tests, train, not_counted)))
    if len(means) < 2:
        return {}
    return {"reals_spread": max(means.values()) - min(means.values()), "worst_reals": min(means, key=means.__getitem__)}


def has_one_source(row: Row) -> bool:
    """
    Return True if the fakes of each test domain of the headline were set against one source of reals only.

    Several test domains, each with reals of its own, do not tell what the choice of the reals does: the fakes differ, too. A
    row without a measured test domain says nothing about reals.
    """
    tested = [test for test in _headline(*row.home_and_abroad()) if not math.isnan(test.auc)]
    return bool(tested) and all(len({result.source for result in test.by_reals}) < 2 for test in tested)


def _headline(home: list[TestResult], abroad: list[TestResult]) -> list[TestResult]:
    return abroad or home


def results_by_reals(
    test: TestResult,
    entries: Sequence[DomainScores],
    sources: Mapping[str, Sequence[DomainScores]],
    thresholds: Sequence[float],
    overlap: float = 0.0,
) -> list[RealsResult]:
    """
    Set the fakes of one test domain against its own reals and against each source.

    Parameters
    ----------
    test : TestResult
        With its AUC and interval, and the audit of its files.
    entries : sequence of DomainScores
        Of the domain, one per draw.
    sources : mapping of str to sequence of DomainScores
        Reals by source, one per draw.
    thresholds : sequence of float
        Of every draw; NaN for none.
    overlap : float
        Share of training pictures that two draws have in common.

    Returns
    -------
    list of RealsResult
        The result with its own reals first. It is left out where they are those of a source, or of all sources together.
    """
    own_reals = [_Reals.of(entry) for entry in entries]
    own = RealsResult(
        own_source(test.domain, sources),
        *(test.auc, test.auc_lo, test.auc_hi),
        len(own_reals[0].scored.labels),
        _false_alarms(own_reals, thresholds),
        shortcut=test.shortcut,
    )
    named = {name: [_Reals.of(entry) for entry in each] for name, each in sources.items()}
    results = []
    for name, reals in named.items():
        if _same(reals, own_reals):  # the same pictures: the numbers of the domain itself
            results.append(replace(own, source=name))
            continue
        auc = auc_interval([against(entry.scored, each.scored) for entry, each in zip(entries, reals, strict=True)], overlap)
        alarms = _false_alarms(reals, thresholds)
        results.append(RealsResult(name, auc.value, auc.low, auc.high, len(reals[0].scored.labels), alarms))
    if own.n_real and own.source not in named and not _are_of_sources(own_reals, list(named.values())):
        results.append(own)
    return sorted(results, key=lambda result: result.source != own.source)


@dataclass(frozen=True)
class _Reals:
    """
    Reals of one item set, or of several.

    Attributes
    ----------
    scored : Scored
    names : frozenset of (str, str, str)
        Data set, perturbation and id of each: equal names are the same picture.
    datasets : frozenset of str
        Data sets that they are of.
    """

    scored: Scored
    names: frozenset[tuple[str, str, str]]
    datasets: frozenset[str]

    @classmethod
    def of(cls, entry: DomainScores) -> "_Reals":
        rows = entry.scored.labels == REAL
        scored = Scored(entry.scored.labels[rows], entry.scored.scores[rows], entry.scored.groups[rows])
        place = dataset_name(entry.domain), chain_of(entry.domain)
        names = frozenset((*place, item) for item in entry.items[rows].tolist())
        return cls(scored, names, frozenset(place[:1] if names else ()))


def _are_of_sources(own: Sequence[_Reals], sources: Sequence[Sequence[_Reals]]) -> bool:
    """Return True if the reals of a test domain are those of one source, or of all sources together."""
    together = [_joined(draws) for draws in zip(*sources, strict=True)]
    return any(_same(reals, own) for reals in [*sources, *([together] if together else [])])


def _joined(parts: Sequence[_Reals]) -> _Reals:
    scored = Scored(
        np.concatenate([part.scored.labels for part in parts]),
        np.concatenate([part.scored.scores for part in parts]),
        np.concatenate([part.scored.groups for part in parts]),
    )
    names = frozenset().union(*(part.names for part in parts))
    return _Reals(scored, names, frozenset().union(*(part.datasets for part in parts)))


def _same(one: Sequence[_Reals], other: Sequence[_Reals]) -> bool:
    """
    Return True if two sets of reals are the same pictures in every draw.

    Within a data set the ids tell. Between data sets they do not: different pictures may have one name, and a data set may be
    named twice, with other ids. There equal scores tell, unless many are tied.
    """
    return all(a.names == b.names or _same_elsewhere(a, b) for a, b in zip(one, other, strict=True))


def _same_elsewhere(a: _Reals, b: _Reals) -> bool:
    """Return True if reals of different data sets are the same pictures, as far as their scores can tell."""
    equal = a.datasets.isdisjoint(b.datasets) and np.array_equal(np.sort(a.scored.scores), np.sort(b.scored.scores))
    return equal and len(np.unique(a.scored.scores)) > len(a.scored.scores) / 2


def _false_alarms(draws: Sequence[_Reals], thresholds: Sequence[float]) -> float:
    """Return the share of reals that are called fake, mean over the draws; NaN without a threshold or without reals."""
    if not all(len(reals.scored.labels) for reals in draws) or any(math.isnan(threshold) for threshold in thresholds):
        return math.nan
    return float(np.mean([(reals.scored.scores >= t).mean() for reals, t in zip(draws, thresholds, strict=True)]))
