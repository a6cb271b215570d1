"""
Evidence of a sweep: the stretches of the frequency axis on which single narrow bands separate the classes.

One function, `evidence_stretches`, turns clear bands into stretches and one, `evidence_text`, puts them into words;
`cell.json`, tables, figures and the sentences of the band map have theirs from here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property, partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..frequency.bands import MAX_FREQUENCY, Band

EVERYWHERE = 0.9  # share of the axis from which on evidence is called everywhere
INSIDE = 0.5  # share of the narrower one, band or evidence, that has to lie in the other one
LEAST_SHARE = 0.1  # of the information of a band; one beside it that holds less is far weaker
FAR_WEAKER = LEAST_SHARE**0.5  # as a share of the effect
SINGLE_LOOK = 1.96  # standard errors above which a band is clear in a single look
UNEQUAL = 0.1  # share of their level by which the effects of bands within one stretch differ (standard deviation)
POSITION_STEP = 0.0005  # cycles/pixel, of the positions that an end may have


@dataclass(frozen=True)
class EvidenceStretch:
    """
    Stretch of the frequency axis that carries evidence on validation pictures of the training domain.

    Attributes
    ----------
    low, high : float
        In cycles/pixel.
    sufficient : bool or None
        Narrow bands there, kept alone, have an AUC clearly above 0.5; None where no narrow band was kept alone.
    necessary : bool or None
        Taking a narrow band out there clearly lowers the AUC with all frequencies; None where none was taken out.
    """

    low: float
    high: float
    sufficient: bool | None = True
    necessary: bool | None = None

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        return {part.name: getattr(self, part.name) for part in fields(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read the JSON form; that of an earlier version has the ends alone."""
        return cls(data["low"], data["high"], data.get("sufficient", True), data.get("necessary"))


Evidence = tuple[EvidenceStretch, ...] | None  # None: not asked; (): nothing found


def evidence_to_json(evidence: Evidence) -> list[dict[str, Any]] | None:
    """JSON form: null if no sweep asked."""
    return None if evidence is None else [stretch.to_json() for stretch in evidence]


def evidence_from_json(data: Any, swept: bool) -> Evidence:
    """
    Read the JSON form.

    Parameters
    ----------
    data : list, mapping or None
        Documents before schema 5 have one stretch or null.
    swept : bool
        True if narrow bands were swept: null then means that nothing was found, in those documents.
    """
    if isinstance(data, Mapping):
        return (EvidenceStretch.from_json(data),)
    if data is None:
        return () if swept else None
    return tuple(map(EvidenceStretch.from_json, data))


@dataclass(frozen=True)
class Swept:
    """
    Narrow bands of one kind, ascending by frequency, with the outcome of their tests.

    Attributes
    ----------
    edges : array of float64 (n_bands, 2)
        In cycles/pixel.
    clear : array of bool (n_bands,)
        True where the effect is there at the level of all bands together.
    statistic : array of float64 (n_bands,)
        Effect over its standard error; NaN where undefined.
    separation : array of float64 (n_bands,), optional
        Effect on a scale without an upper end, in standard errors of a small effect; without it, the statistic. An AUC ends at
        1: one of 0.7 is two fifths of the effect of an AUC of 1, but a seventh of the distance between the classes.
    """

    edges: NDArray[np.float64]
    clear: NDArray[np.bool_]
    statistic: NDArray[np.float64]
    separation: NDArray[np.float64] | None = None

    @cached_property
    def effect(self) -> NDArray[np.float64]:
        """Separation or else statistic; 0 where undefined."""
        return np.nan_to_num(self.statistic if self.separation is None else self.separation, nan=0.0)

    @cached_property
    def centres(self) -> NDArray[np.float64]:
        """Middle of every band, in cycles/pixel."""
        return self.edges.mean(axis=1)

    @cached_property
    def step(self) -> float:
        """Median distance of neighbours, in cycles/pixel, at most the width of a band."""
        return float(min(np.median(part) for part in (np.diff(self.centres), np.diff(self.edges)) if part.size))

    def beside(self, band: int, first: int, last: int) -> NDArray[np.intp]:
        """Return those of the bands `first` to `last` that overlap or touch a band, itself among them."""
        low, high = self.edges[band]
        bands = np.arange(first, last + 1)
        return bands[(self.edges[bands, 0] <= high + 1e-9) & (self.edges[bands, 1] >= low - 1e-9)]


def stretches(swept: Swept) -> list[tuple[float, float]]:
    """
    Find the stretches that the clear bands stand for.

    Parameters
    ----------
    swept : Swept

    Returns
    -------
    list of (low, high)
        In cycles/pixel, ascending.

    Notes
    -----
    Clear bands that touch, or between which every band is clear in a single look, make one run, unless a band between them is
    far weaker than both. A run goes on over neighbours that are clear in a single look (`_further`). A band at its end is
    taken away if it is far weaker than the strongest band of the run that it overlaps or touches: a strong stretch leaks into
    the bands beside it, and they are no evidence of their own. Bands beyond its reach stay. Far weaker means less than
    `LEAST_SHARE` of the information, which is the square of the effect. The ends of the stretch follow from the effects
    (`_end`). The ends of the axis are no ends.

    In a sweep whose bands overlap by half, each frequency is in two bands. A clear band with neighbours of which none is clear
    even in a single look is a chance find, or the contrast across one edge, and no location.
    """
    cores: list[list[int]] = []
    for i in np.flatnonzero(swept.clear).tolist():
        if cores and _joined(swept, cores[-1][-1], i):
            cores[-1].append(i)
        else:
            cores.append([i])
    cores = list(filter(partial(_is_supported, swept), cores))
    lasts = [-1, *(core[-1] for core in cores)]
    starts = [*(core[0] for core in cores), len(swept.edges)]
    runs = [_run(swept, core, lasts[k] + 1, starts[k + 1] - 1) for k, core in enumerate(cores)]
    found: list[tuple[float, float]] = []
    for k, (first, last) in enumerate(runs):
        low, high = _ends(swept, first, last, runs[k - 1][1] + 1 if k else 0, starts[k + 1] - 1)
        if found and low <= found[-1][1]:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return found


def _joined(swept: Swept, one: int, other: int) -> bool:
    between = slice(one + 1, other)
    touching = swept.edges[other, 0] <= swept.edges[one, 1] + 1e-9
    divided = (swept.effect[between] < FAR_WEAKER * swept.effect[[one, other]].min()).any()
    return bool((touching or (swept.statistic[between] > SINGLE_LOOK).all()) and not divided)


def _is_supported(swept: Swept, run: Sequence[int]) -> bool:
    """Test if a run has several clear bands, or a neighbour that shares half of its band and is clear in a single look."""
    if len(run) > 1:
        return True
    middle = swept.edges[run[0]].mean()
    neighbours = [i for i in (run[0] - 1, run[0] + 1) if 0 <= i < len(swept.edges)]
    half = [i for i in neighbours if swept.edges[i, 0] <= middle + 1e-9 and swept.edges[i, 1] >= middle - 1e-9]
    covered = bool(half) and (len(half) == len(neighbours))
    return not covered or any(swept.statistic[i] > SINGLE_LOOK for i in half)


def _run(swept: Swept, core: Sequence[int], least: int, most: int) -> tuple[int, int]:
    """Return the first and the last band of the run of a core of clear bands, within `least` and `most`."""
    first, last = _further(swept, core[0], core[-1], least), _further(swept, core[-1], core[0], most)
    while swept.effect[first] < FAR_WEAKER * _strongest_beside(swept, first, last):
        first += 1
    while swept.effect[last] < FAR_WEAKER * _strongest_beside(swept, last, first):
        last -= 1
    return first, last


def _strongest_beside(swept: Swept, end: int, other: int) -> float:
    """Return the largest effect of the bands of a run that overlap or touch the band at its end, which is one of them."""
    return float(swept.effect[swept.beside(end, *sorted((end, other)))].max())


def _further(swept: Swept, end: int, other: int, limit: int) -> int:
    """Return the last band up to `limit` to which an end of a run goes on; `other` is the other end."""
    while (band := _next(swept, end, other, limit)) is not None:
        end = band
    return end


def _next(swept: Swept, end: int, other: int, limit: int) -> int | None:
    """
    Return the band to which an end of a run goes on: a neighbour that is clear in a single look.

    Over neighbours that are not, it goes on to a band that touches the end and is clear together with them, unless this band is
    far weaker than the run is there.
    """
    beside = swept.beside(end, *sorted((end, limit)))
    beyond = beside[np.argsort(np.abs(beside - end))][1:]
    for n, band in enumerate(beyond.tolist(), start=1):
        comparable = n == 1 or swept.effect[band] >= FAR_WEAKER * _strongest_beside(swept, end, other)
        if comparable and _together(swept, beyond[:n]) > SINGLE_LOOK:
            return band
    return None


def _together(swept: Swept, bands: NDArray[np.intp]) -> float:
    """Return the statistic of the mean effect of bands, whose correlation is the share that two of them have in common."""
    low, high = swept.edges[bands].T
    shared = np.clip(np.minimum.outer(high, high) - np.maximum.outer(low, low), 0.0, None)
    width = high - low
    return float(swept.statistic[bands].sum() / np.sqrt((shared / np.sqrt(np.outer(width, width))).sum()))


def _ends(swept: Swept, first: int, last: int, least: int, most: int) -> tuple[float, float]:
    """Return the ends of the stretch that a run stands for; of a stretch that is shorter, one step."""
    mirrored = Swept(-swept.edges[:, ::-1], swept.clear, swept.statistic, swept.separation)
    low, high = -_end(mirrored, first, last, least), _end(swept, last, first, most)
    if high - low < swept.step:
        middle = float(swept.edges[[first, last]].mean())
        low, high = middle - swept.step / 2, middle + swept.step / 2
    # The last band of a sweep ends within one step of the corner of the spectrum.
    low, high = 0.0 if first == 0 else low, MAX_FREQUENCY if last == len(swept.edges) - 1 else high
    return round(max(0.0, low), 6), round(min(MAX_FREQUENCY, high), 6)


def _end(swept: Swept, outer: int, inner: int, limit: int) -> float:
    """
    Estimate the upper end of the stretch that a run of bands stands for.

    Parameters
    ----------
    swept : Swept
        With the axis mirrored for the lower end.
    outer, inner : int
        The bands of the run at this end and at the other.
    limit : int
        The last band beyond this end that no other run has.

    Returns
    -------
    float
        Mean over all positions, each weighted by the likelihood of the effects of the bands beside it: those of the nearer half
        of the run and those beyond. A band of which a share s lies in the stretch has the effect ``level * s**p``. Three powers
        are equally likely: 1 (the detector sees the mean of the band), 1/2 (it sees every frequency by itself, and information
        adds up) and 0 (it sees the contrast across the edge, wherever in the band the edge is). The level is the lower quartile
        of the bands beside the outermost one, because a band across an edge is above it; effects count up to the level.

    Notes
    -----
    The variance of an effect is 1, that of its test, plus the square of `UNEQUAL` times the level.
    """
    run = swept.beside(outer, *sorted((outer, inner)))
    level = max(float(np.quantile(swept.effect[run], 0.25)), SINGLE_LOOK)
    middle = swept.centres[[outer, inner]].mean()
    half = run[swept.centres[run] >= middle - 1e-9]
    beyond = np.setdiff1d(swept.beside(outer, *sorted((outer, limit))), run)
    bands = np.concatenate([half, beyond])
    low, high = swept.edges[bands].T
    positions = np.arange(low.min(), high.max(), POSITION_STEP)
    share = np.clip((positions[:, None] - low) / (high - low), 0.0, 1.0)
    expected = level * np.stack([share, np.sqrt(share), share > 0])
    squares = ((np.minimum(swept.effect[bands], level) - expected) ** 2).sum(axis=2) / (1 + (UNEQUAL * level) ** 2)
    weight = np.exp(-(squares - squares.min()) / 2).sum(axis=0)
    return float(weight @ positions / weight.sum())


def evidence_stretches(kept: Swept | None, removed: Swept | None) -> Evidence:
    """
    Combine the two sweeps into the evidence of a cell.

    Parameters
    ----------
    kept : Swept or None
        Narrow bands kept alone; None where the study has none.
    removed : Swept or None
        Narrow bands taken out.

    Returns
    -------
    tuple of EvidenceStretch or None
        Ascending. A stretch of sufficient bands is necessary if a stretch of necessary ones overlaps it; one that overlaps none
        stands for itself.
    """
    if kept is None and removed is None:
        return None
    losses = [] if removed is None else stretches(removed)
    sufficient = [] if kept is None else stretches(kept)
    asked = removed is not None
    found = [
        EvidenceStretch(low, high, True, any(_overlap(loss, (low, high)) > 0 for loss in losses) if asked else None)
        for low, high in sufficient
    ]
    alone = [loss for loss in losses if not any(_overlap(loss, stretch) > 0 for stretch in sufficient)]
    found += [EvidenceStretch(low, high, None if kept is None else False, True) for low, high in alone]
    return tuple(sorted(found, key=lambda stretch: stretch.low))


def _overlap(one: tuple[float, float], other: tuple[float, float]) -> float:
    return max(0.0, min(one[1], other[1]) - max(one[0], other[0]))


def passed_by(band: Band) -> list[tuple[float, float]]:
    """Return the stretches of the axis that a band passes, in cycles/pixel."""
    low, high = band.edges
    if band.kind == "stop":
        return [(a, b) for a, b in ((0.0, low), (high, MAX_FREQUENCY)) if b > a]
    return [(low, high)]


def agreement(band: Band, evidence: Sequence[EvidenceStretch]) -> float:
    """Return the intersection over union of what a band passes and the evidence, 0 to 1; 0 for a comb, which is no stretch."""
    if band.is_comb:
        return 0.0
    shared, passed, held = _shared(band, evidence)
    return shared / (passed + held - shared) if passed + held > 0 else 0.0


def lies_outside(band: Band, evidence: Evidence) -> bool:
    """
    Test if a band lies outside the evidence: less than half of the narrower of the two is shared.

    All-pass holds every evidence, also where there is none, and where none was asked nothing is outside. Nor is a comb, which
    has points in every stretch that is wider than the spacing of its lattice.
    """
    if evidence is None or band.kind == "all" or band.is_comb:
        return False
    shared, passed, held = _shared(band, evidence)
    return not evidence or shared < INSIDE * min(passed, held)


def _shared(band: Band, evidence: Sequence[EvidenceStretch]) -> tuple[float, float, float]:
    """Return the lengths of the common part, of what the band passes, and of the evidence."""
    held = [(stretch.low, stretch.high) for stretch in evidence]
    passed = passed_by(band)
    lengths = [sum(high - low for low, high in parts) for parts in (passed, held)]
    return sum(_overlap(one, other) for one in passed for other in held), lengths[0], lengths[1]


# --- words -----------------------------------------------------------------------------------------------------------


def is_everywhere(parts: Sequence[tuple[float, float]]) -> bool:
    """Test if stretches cover nearly the whole axis."""
    return sum(high - low for low, high in parts) >= EVERYWHERE * MAX_FREQUENCY


def stretches_text(parts: Sequence[tuple[float, float]], dash: str = "-") -> str:
    """Return stretches as text without a unit: ``0.080-0.120, 0.320-0.380``, or ``everywhere``."""
    return "everywhere" if is_everywhere(parts) else ", ".join(f"{low:.3f}{dash}{high:.3f}" for low, high in parts)


def evidence_text(evidence: Evidence, dash: str = "-") -> str:
    """
    Return the evidence of a row in one line.

    ``not asked`` where no sweep ran, ``none found`` where one found nothing; otherwise the stretches that suffice alone, then
    those without which the AUC falls, where that was asked.
    """
    if evidence is None:
        return "not asked"
    if not evidence:
        return "none found"
    enough, needed = ([(s.low, s.high) for s in evidence if getattr(s, name)] for name in ("sufficient", "necessary"))
    if all(stretch.necessary is None for stretch in evidence):
        return stretches_text(enough, dash)
    if all(stretch.sufficient is None for stretch in evidence):
        return f"necessary: {stretches_text(needed, dash)}"
    if enough == needed:
        return f"{stretches_text(enough, dash)} (all necessary)"
    sufficient = stretches_text(enough, dash) if enough else "none sufficient"
    return f"{sufficient} ({f'necessary: {stretches_text(needed, dash)}' if needed else 'none necessary'})"
