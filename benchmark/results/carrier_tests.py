"""
Tests of what a detector lives on: the questions that `carriers.decide` takes answers to.

Each question is one interval. Those of a detector on one domain hold together: with m questions each has an error of 0.05 / m
(Bonferroni), so that trying several lattices finds no peaks by chance.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ..domains.names import chain_of
from ..frequency.bands import Band
from ..metrics.intervals import Intervals
from ..metrics.replicates import Replicates
from ..pictures.perturbations import parse_chain
from .carriers import Answers, CarrierResult, Estimate, LatticeAnswers, LatticeResult, Level, Share, decide

ERROR = 0.05  # of all answers about one detector on one domain together
NEAR_CHANCE = 0.15  # an AUC whose 95 % interval lies within this of 0.5 is near it
PER_LATTICE = ("comb_finds", "comb", "rest", "depeaked", "falls", "more_in_finer")
DEPEAK, MATCH, PHASE, AMPLITUDE = "depeak", "match_spectrum", "phase_only", "amplitude_only"

ByDomain = Mapping[str, Replicates]


@dataclass(frozen=True, eq=False)
class LatticeScores:
    """AUCs by draw about one lattice; None where the domain was not tested under ``depeak`` of its period."""

    band: Band
    comb: Replicates
    rest: Replicates
    depeaked: Replicates | None
    comb_depeaked: Replicates | None


@dataclass(frozen=True, eq=False)
class DomainAucs:
    """AUCs by draw of one detector on one test domain and its attacked versions, with all frequencies and on the lattices."""

    domain: str
    whole: Replicates
    lattices: tuple[LatticeScores, ...]
    match_spectrum: Replicates | None
    phase_only: Replicates | None
    amplitude_only: Replicates | None


def carriers_of(tested: Mapping[Band, ByDomain], intervals: Intervals, side: int) -> tuple[CarrierResult, ...]:
    """
    Return the carrier of the evidence on every unperturbed test domain.

    Parameters
    ----------
    tested : mapping of Band to mapping of str to Replicates
        AUCs by test domain of one detector that was fitted with each band, all frequencies among them.
    intervals : Intervals
        Of the same test pictures.
    side : int
        Of the crops, in pixels.

    Returns
    -------
    tuple of CarrierResult
        In the order of the test domains; empty where no comb with its anticomb, or not all frequencies, were tested.
    """
    whole = next((aucs for band, aucs in tested.items() if band.kind == "all"), {})
    combs = _combs(tested)
    if not combs:
        return ()
    domains = [domain for domain in whole if not chain_of(domain)]
    return tuple(carrier_of(_on_domain(domain, whole, combs, tested), intervals, side) for domain in domains)


def _combs(tested: Mapping[Band, ByDomain]) -> list[Band]:
    """Return the combs whose anticomb was tested, too, from the coarsest lattice to the finest."""
    combs = [band for band in tested if band.kind == "comb" and replace(band, kind="anticomb") in tested]
    return sorted(combs, key=lambda band: (band.period, band.points == "all", band.points, band.halfwidth, band.mode))


def _on_domain(domain: str, whole: ByDomain, combs: Sequence[Band], tested: Mapping[Band, ByDomain]) -> DomainAucs:
    attacked = {_attack(name): name for name in whole if name.startswith(f"{domain}+")}
    lattices = []
    for band in combs:
        comb, rest, depeaked = tested[band], tested[replace(band, kind="anticomb")], attacked.get((DEPEAK, band.period))
        of_whole, of_comb = (aucs.get(depeaked) if depeaked else None for aucs in (whole, comb))
        lattices.append(LatticeScores(band, comb[domain], rest[domain], of_whole, of_comb))
    others = (whole.get(attacked.get((name, 0), "")) for name in (MATCH, PHASE, AMPLITUDE))
    return DomainAucs(domain, whole[domain], tuple(lattices), *others)


def _attack(domain: str) -> tuple[str, int]:
    """Return the name of the one attack on a domain's pictures and its period, 0 without one; empty for a longer chain."""
    step, *more = parse_chain(chain_of(domain))
    if more or step.faithful or step.probability < 1:
        return "", 0
    period = dict(step.parameters).get("period", 0) if step.name == DEPEAK else 0
    return step.name, period if isinstance(period, int) else 0


def carrier_of(aucs: DomainAucs, intervals: Intervals, side: int) -> CarrierResult:
    """Answer all questions about a detector on one domain, and name the carrier of its evidence."""
    answers = _answers(aucs, intervals, side)
    decision = decide(answers)

    def estimate(replicates: Replicates) -> Estimate:
        interval = intervals.auc(replicates)
        return Estimate(interval.value, interval.low, interval.high)

    def known(replicates: Replicates | None) -> Estimate | None:
        return None if replicates is None else estimate(replicates)

    return CarrierResult(
        aucs.domain,
        decision.carrier,
        decision.lattice,
        decision.doubt,
        estimate(aucs.whole),
        tuple(
            LatticeResult(one.band, estimate(one.comb), estimate(one.rest), known(one.depeaked), known(one.comb_depeaked))
            for one in aucs.lattices
        ),
        *(known(getattr(aucs, name)) for name in (MATCH, PHASE, AMPLITUDE)),
        match_share=answers.match_spectrum,
        alone=decision.alone,
    )


def _answers(aucs: DomainAucs, intervals: Intervals, side: int) -> Answers:
    attacks = {name: getattr(aucs, name) for name in (MATCH, PHASE, AMPLITUDE)}
    n_questions = 1 + len(PER_LATTICE) * len(aucs.lattices) + sum(part is not None for part in attacks.values())
    tail = ERROR / n_questions / 2

    def share(part: Replicates | None, whole: Replicates) -> Share:
        if part is None:
            return Share.NOT_ASKED
        low, high = intervals.share_bounds(part, whole, tail)
        return Share.MOST if low > 0 else Share.LITTLE if high < 0 else Share.UNCLEAR  # NaN is neither

    def above(first: Replicates, second: Replicates) -> bool:
        return intervals.difference(first, second, tail=tail).low > 0

    lattices = tuple(
        LatticeAnswers(
            comb_finds=intervals.bounds(one.comb, tail)[0] > 0.5,
            comb=share(one.comb, aucs.whole),
            rest=share(one.rest, aucs.whole),
            depeaked=share(one.comb_depeaked, one.comb),
            falls=above(aucs.whole, one.rest),
            more_in_finer=above(one.rest, aucs.lattices[-1].rest),
            separates=side % one.band.period == 0,
        )
        for one in aucs.lattices
    )
    level = _level(intervals, aucs.whole, tail)
    return Answers(level, lattices, *(share(part, aucs.whole) for part in attacks.values()))


def _level(intervals: Intervals, whole: Replicates, tail: float) -> Level:
    """Place the AUC with all frequencies: clear of 0.5 by the simultaneous interval, or near it by that of 95 %."""
    low, high = intervals.bounds(whole, tail)
    if math.isnan(low):
        return Level.UNKNOWN
    if low > 0.5:
        return Level.ABOVE
    if high < 0.5:
        return Level.BELOW
    single = intervals.auc(whole)
    return Level.NEAR if single.low > 0.5 - NEAR_CHANCE and single.high < 0.5 + NEAR_CHANCE else Level.UNKNOWN
