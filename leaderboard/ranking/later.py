"""The mean over generators that came out after all training ones: the question that a detector is used for."""

import math
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum

from ...benchmark.domains.names import training, unperturbed
from ...benchmark.domains.release_date import Release
from ...benchmark.errors import DataError
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


def later_domains(row: Row) -> tuple[str, ...] | NoLater:
    """
    Return the other test domains of a row's headline that came out after all of its training domains, shots included.

    A domain is later if its period begins after the other has ended, so that 2022 is not later than 2022-08. Domains without a
    date are not later.
    """
    _, abroad = row.home_and_abroad()
    if not abroad:
        return NoLater.NO_OTHER_DOMAIN
    trained = _releases(row, training(row.train).domains)
    if len(trained) < len({unperturbed(domain) for domain in training(row.train).domains}):
        return NoLater.TRAINING_UNDATED
    tested = _releases(row, (test.domain for test in abroad))
    if not tested:
        return NoLater.TESTS_UNDATED
    later = tuple(domain for domain, release in tested.items() if all(map(release.is_later, trained.values())))
    return later or NoLater.NONE_LATER


def _releases(row: Row, domains: Iterable[str]) -> dict[str, Release]:
    names = dict.fromkeys(map(unperturbed, domains))
    return {name: Release.parse(row.released[name]) for name in names if row.released.get(name)}


def with_later_auc(row: Row, scores: RowScores) -> Row:
    """
    Return a row with the mean AUC over later generators and its interval, or with the reason why it has none.

    Where the score files cannot be read there is no interval.
    """
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
