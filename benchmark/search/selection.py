"""Selection rules: the chosen band, the evidence interval and the oracle."""

from collections.abc import Sequence
from statistics import NormalDist

from ..frequency.bands import MAX_FREQUENCY, Band
from ..records import Cell, Record, Tested, Trial


def oracles(cell: Cell, by_band: dict[Band, tuple[Record, ...]]) -> list[Tested]:
    """
    Return for every test domain the band with the best test AUC there, which no choice on validation pictures can know.

    Parameters
    ----------
    cell : Cell
    by_band : dict of Band to tuple of Record
        In the order in which the bands were tried, one record per draw. Of bands that tie, the first is taken.

    Returns
    -------
    list of Tested
        In the order of the test domains.
    """
    best: dict[str, tuple[float, Band]] = {}
    for band, records in by_band.items():
        for items in cell.replicates[0].tests:
            auc = sum(record.sealed[items.domain] for record in records) / len(records)
            if items.domain not in best or auc > best[items.domain][0]:
                best[items.domain] = (auc, band)
    return [Tested("oracle", band, by_band[band], domain) for domain, (_, band) in best.items()]


def evidence_interval(sweep: Sequence[Trial], step: float) -> tuple[float, float] | None:
    """
    Find the stretch of the frequency axis on which single narrow bands carry evidence.

    The contiguous run of sweep bands around the best one whose AUC interval lies above 0.5. The intervals are
    simultaneous, 95 % for all bands of the sweep together (Bonferroni): of forty pointwise intervals, one or two
    exclude 0.5 by chance. Every band stands for the stretch of one step around its centre, so
    that neighbours touch and do not overlap.

    Parameters
    ----------
    sweep : sequence of Trial
        In ascending order of frequency.
    step : float
        Between neighbours, in cycles/pixel.

    Returns
    -------
    (low, high) in cycles/pixel, or None if no band carries evidence
    """
    if not sweep:
        return None
    clear = clearly_above_chance(sweep)
    if not any(clear):
        return None
    best = max((i for i, yes in enumerate(clear) if yes), key=lambda i: sweep[i].auc.value)
    first = last = best
    while first > 0 and clear[first - 1]:
        first -= 1
    while last + 1 < len(sweep) and clear[last + 1]:
        last += 1
    low, high = (sum(sweep[i].band.edges) / 2 for i in (first, last))
    return round(max(0.0, low - step / 2), 6), round(min(MAX_FREQUENCY, high + step / 2), 6)


def choose(trials: Sequence[Trial]) -> Trial:
    """
    Choose a band by `RULE`.

    A wider band can tie with one that carries all the evidence; the narrow one locates it better. Of equal widths the higher
    AUC is taken, then the band that sorts first. With few pictures one standard error is wide, and a narrow band may lie
    within it by chance, so its own AUC has to be clearly above 0.5.

    Parameters
    ----------
    trials : sequence of Trial
        Without errors; the first is all-pass.
    """
    best = max(trials, key=lambda t: (t.auc.value, -t.band.passed_width))
    error = best.auc.error if best.auc.error == best.auc.error else 0.0
    tied = [
        t
        for t, sure in zip(trials, clearly_above_chance(trials), strict=True)
        if sure and t.auc.value >= best.auc.value - error
    ]
    return min(tied or trials[:1], key=lambda t: (round(t.band.passed_width, 6), -t.auc.value, t.band))


def clearly_above_chance(trials: Sequence[Trial]) -> list[bool]:
    """Return by trial whether its AUC lies above 0.5, at 95 % for all of them together (Bonferroni)."""
    z = NormalDist().inv_cdf(1 - 0.025 / len(trials))
    return [trial.auc.value - z * trial.auc.error > 0.5 for trial in trials]  # NaN is not above
