"""The mean over generators that came out after all training ones: the question that a detector is used for."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from ...benchmark.domains.names import training, unperturbed
from ...benchmark.domains.release_date import Release
from ...benchmark.errors import DataError
from ...benchmark.results.reported_tests import compared
from ...benchmark.results.rows import Row
from .comparison import all_groups, contestant
from .entrants import RowScores


class NoLater(StrEnum):
    """Reason why a row has no mean over later generators."""

    NO_OTHER_DOMAIN = "no_other_domain"
    TRAINING_UNDATED = "training_undated"
    TESTS_UNDATED = "tests_undated"
    NONE_LATER = "none_later"
    UNDEFINED = "undefined"

    @property
    def meaning(self) -> str:
        """One sentence for people."""
        return MEANINGS[self]


MEANINGS = {
    NoLater.NO_OTHER_DOMAIN: "It was tested on no other domain than the training domains.",
    NoLater.TRAINING_UNDATED: "The release date of a training domain is unknown.",
    NoLater.TESTS_UNDATED: "The release date of no other test domain is known.",
    NoLater.NONE_LATER: "No other test domain came out after all training domains.",
    NoLater.UNDEFINED: "The AUC on a later test domain is undefined.",
}


@dataclass(frozen=True)
class DatedTests:
    """
    Release dates of the other test domains of a row's headline.

    Attributes
    ----------
    known : tuple of str
        Those whose date is known.
    later : tuple of str or None
        Those of them that came out after all training domains; None where a training domain has no date.
    """

    known: tuple[str, ...]
    later: tuple[str, ...] | None


def dated_tests(row: Row) -> DatedTests:
    """
    Return the other test domains of a row's headline that came out after all of its training domains, shots included.

    A domain is later if its period begins after the other has ended, so that 2022 is not later than 2022-08. Domains without a
    date are not later.
    """
    tested = _releases(row, (test.domain for test in row.home_and_abroad()[1]))
    trained = _releases(row, training(row.train).domains)
    if len(trained) < len({unperturbed(domain) for domain in training(row.train).domains}):
        return DatedTests(tuple(tested), None)
    return DatedTests(tuple(tested), tuple(d for d, release in tested.items() if all(map(release.is_later, trained.values()))))


def later_domains(row: Row) -> tuple[str, ...] | NoLater:
    """Return the later domains of `dated_tests`, or the reason why there are none."""
    if not row.home_and_abroad()[1]:
        return NoLater.NO_OTHER_DOMAIN
    dated = dated_tests(row)
    if dated.later is None:
        return NoLater.TRAINING_UNDATED
    if not dated.known:
        return NoLater.TESTS_UNDATED
    return dated.later or NoLater.NONE_LATER


def _releases(row: Row, domains: Iterable[str]) -> dict[str, Release]:
    names = dict.fromkeys(map(unperturbed, domains))
    return {name: Release.parse(row.released[name]) for name in names if row.released.get(name)}


def with_later_auc(row: Row, scores: RowScores) -> Row:
    """
    Return a row with the mean AUC over later generators and its interval, or with the reason why it has none.

    Where the score files cannot be read there is no interval. A published number on later generators is set beside it.
    """
    found = _with_later_auc(row, scores)
    return replace(found, reported=compared([one.reported for one in row.reported], found)) if row.reported else found


def _with_later_auc(row: Row, scores: RowScores) -> Row:
    later = later_domains(row)
    if isinstance(later, NoLater):
        return _without(row, later)
    aucs = [test.auc for test in row.tests if test.domain in later]
    if any(map(math.isnan, aucs)):
        return _without(row, NoLater.UNDEFINED)
    try:
        entrant = scores.entrant(row).on(later)
    except DataError:
        return replace(row, later_auc=sum(aucs) / len(aucs), later_auc_lo=math.nan, later_auc_hi=math.nan, later_reason="")
    interval = contestant(entrant, all_groups([entrant])).interval
    return replace(row, later_auc=interval.value, later_auc_lo=interval.low, later_auc_hi=interval.high, later_reason="")


def _without(row: Row, reason: NoLater) -> Row:
    return replace(row, later_auc=math.nan, later_auc_lo=math.nan, later_auc_hi=math.nan, later_reason=reason.value)
