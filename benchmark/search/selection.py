"""Selection rules: the evidence of a sweep, the chosen band and the oracle."""

from collections.abc import Collection, Sequence
from statistics import NormalDist

import numpy as np

from ..frequency.bands import MAX_FREQUENCY, Band
from ..frequency.modes import Mode
from ..metrics.simultaneous import Clarity
from ..records import MOST_EVIDENCE_BANDS, Cell, Record, Tested, Trial
from ..results.evidence import Evidence, Swept, agreement, is_everywhere, lies_outside


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


def swept_bands(trials: Sequence[Trial], clarity: Clarity) -> Swept:
    """
    Return narrow bands of one kind with the outcome of their tests, in the form that stretches are found in.

    Parameters
    ----------
    trials : sequence of Trial
        In ascending order of frequency.
    clarity : Clarity
        Of the same bands.
    """
    edges = np.array([trial.band.edges for trial in trials])
    return Swept(edges, np.array(clarity.clear), np.array(clarity.statistic))


def evidence_bands(evidence: Evidence, step: float, mode: Mode) -> list[Band]:
    """
    Return the bands that pass the evidence: its widest stretches, and where there are several, all from the first to the last.

    Each stretch comes with the band that is a step wider on both sides, which sees the contrast with the neighbourhood, too.

    Parameters
    ----------
    evidence : tuple of EvidenceStretch or None
    step : float
        Of the sweep, in cycles/pixel.
    mode : Mode

    Returns
    -------
    list of Band
        At most `MOST_EVIDENCE_BANDS`; none where the evidence is everywhere, which all-pass passes.
    """
    parts = [(stretch.low, stretch.high) for stretch in evidence or ()]
    if not parts or is_everywhere(parts):
        return []
    widest = sorted(parts, key=lambda part: part[0] - part[1])[: MOST_EVIDENCE_BANDS // 2]
    ends = [(low - more, high + more) for low, high in widest for more in (0.0, step)]
    if len(parts) > 1:
        ends.append((parts[0][0], max(high for _, high in parts)))
    return list(dict.fromkeys(_passing(low, high, mode) for low, high in ends))


def _passing(low: float, high: float, mode: Mode) -> Band:
    """Return the band of the plainest kind that passes a stretch of the axis."""
    if low <= 0:
        return Band("low", high, mode=mode)
    return Band("high", low, mode=mode) if high >= MAX_FREQUENCY - 1e-6 else Band.between(low, high, mode=mode)


def candidates(trials: Sequence[Trial], evidence: Evidence = None, better: Collection[Band] = ()) -> list[Trial]:
    """
    Return the trials that tie with the best one and whose own AUC is clearly above 0.5.

    With few pictures one standard error is wide, and a narrow band may lie within it by chance, so its own AUC counts, too. A
    ``stop`` band or an ``anticomb`` keeps nearly everything, as all-pass does, and says something only if it is clearly better
    than all-pass. A narrow band of the sweep outside of the evidence was high by chance, or showed the contrast across one
    edge.

    Parameters
    ----------
    trials : sequence of Trial
        Without errors; the first is all-pass.
    evidence : tuple of EvidenceStretch or None
    better : collection of Band
        The bands that take a part out and are clearly better than all-pass.
    """
    clear = clearly_above_chance(trials)
    asked = [
        (t, sure)
        for t, sure in zip(trials, clear, strict=True)
        if (not t.band.takes_out or t.band in better) and not (t.stage == "sweep" and lies_outside(t.band, evidence))
    ]
    best = max((t for t, _ in asked), key=lambda t: (t.auc.value, -t.band.passed_share))
    error = best.auc.error if best.auc.error == best.auc.error else 0.0
    return [t for t, sure in asked if sure and t.auc.value >= best.auc.value - error]


def choose(trials: Sequence[Trial], evidence: Evidence = None, better: Collection[Band] = ()) -> Trial:
    """
    Choose a band by `RULE`.

    A wider band can tie with one that carries all the evidence. A narrower one can tie, too: across the edge of an excess it
    sees the contrast of the two sides, and within the excess its level alone, so the narrowest band names an edge. The band
    that agrees best with the evidence of a sweep (intersection over union, to two digits) names the whole. Then, and where
    there is no such evidence, the narrowest is taken; of equal widths the higher AUC, then the band that sorts first. A comb is
    no stretch of the axis: it agrees with no evidence of a sweep, and its width is the share of the plane of frequencies that
    it passes, of the length of the axis.

    Parameters
    ----------
    trials : sequence of Trial
        Without errors; the first is all-pass.
    evidence : tuple of EvidenceStretch or None
    better : collection of Band
        The bands that take a part out and are clearly better than all-pass.
    """
    stretches = evidence or ()

    def preference(trial: Trial) -> tuple[float, float, float, Band]:
        band = trial.band
        return -round(agreement(band, stretches), 2), _width(band), -trial.auc.value, band

    return min(candidates(trials, evidence, better) or trials[:1], key=preference)


def plateau(chosen: Trial, trials: Sequence[Trial], evidence: Evidence = None) -> tuple[float, float] | None:
    """
    Return the stretch of the axis on which bands tie with the chosen one.

    Parameters
    ----------
    chosen : Trial
    trials, evidence
        As in `choose`.

    Returns
    -------
    (low, high) in cycles/pixel, or None for all-pass, for a ``stop`` and for combs
        The union of the tried bands that tie with it, are no wider and overlap with it.
    """
    if not _is_stretch(chosen.band):
        return None
    low, high = chosen.band.edges
    tied = [
        t.band.edges
        for t in candidates(trials, evidence)
        if _is_stretch(t.band) and t.band.passed_width <= chosen.band.passed_width + 1e-6
    ]
    near = [(a, b) for a, b in tied if a < high and b > low]
    ends = min(low, *(a for a, _ in near)), max(high, *(b for _, b in near))
    return round(ends[0], 6), round(ends[1], 6)


def _is_stretch(band: Band) -> bool:
    """Return True for a band that passes one stretch of the axis and not all of it."""
    return band.kind != "all" and not band.takes_out and not band.is_comb


def _width(band: Band) -> float:
    """Return the length of the axis that a band passes; for a comb its share of the plane of frequencies, of that length."""
    return round(band.passed_share * MAX_FREQUENCY if band.is_comb else band.passed_width, 6)


def clearly_above_chance(trials: Sequence[Trial]) -> list[bool]:
    """Return by trial whether its AUC lies above 0.5, at 95 % for all of them together (Bonferroni)."""
    z = NormalDist().inv_cdf(1 - 0.025 / len(trials))
    return [trial.auc.value - z * trial.auc.error > 0.5 for trial in trials]  # NaN is not above
