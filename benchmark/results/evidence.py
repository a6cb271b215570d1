"""
Evidence of a sweep: the stretches of the frequency axis on which single narrow bands separate the classes.

One function, `evidence_stretches`, turns clear bands into stretches and one, `evidence_text`, puts them into words;
`cell.json`, tables, figures and the sentences of the band map have theirs from here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..frequency.bands import MAX_FREQUENCY, Band

EVERYWHERE = 0.9  # share of the axis from which on evidence is called everywhere
INSIDE = 0.5  # share of the narrower one, band or evidence, that has to lie in the other one
LEAST_SHARE = 0.08  # of the information of a full band, which a neighbour of a run has to hold to go on with it
SINGLE_LOOK = 1.96  # standard errors above which a band is clear in a single look


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
    """

    edges: NDArray[np.float64]
    clear: NDArray[np.bool_]
    statistic: NDArray[np.float64]


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
    Clear bands that touch, or between which every band is clear in a single look, make one run. It goes on over neighbours that
    are clear in a single look and hold `LEAST_SHARE` of its information; less of it is no location. A band is in the run as
    soon as a part of it holds enough evidence. Information adds up over frequencies, and with it the square of the statistic,
    so that part is the share (limit / statistic)² of its width, where the statistic is that of a band full of evidence: the
    median of those within one width of the end. The end of the stretch follows from the outermost band that is in the run and
    the next one that is not, half way between what either says. The ends of the axis are no ends.

    In a sweep whose bands overlap by half, each frequency is in two bands. A clear band with neighbours of which none is clear
    even in a single look is a chance find, or the contrast across one edge, and no location.
    """
    edges = swept.edges
    runs: list[list[int]] = []
    for i in np.flatnonzero(swept.clear).tolist():
        if runs and _joined(swept, runs[-1][-1], i):
            runs[-1].append(i)
        else:
            runs.append([i])
    found = []
    for run in filter(partial(_is_supported, swept), runs):
        first, last = _extended(swept, run, -1), _extended(swept, run, 1)
        low, high = _ends(swept, first, last)
        # The last band of a sweep ends within one step of the corner of the spectrum.
        low, high = 0.0 if first == 0 else low, MAX_FREQUENCY if last == len(edges) - 1 else high
        found.append((round(max(0.0, low), 6), round(min(MAX_FREQUENCY, high), 6)))
    return found


def _joined(swept: Swept, one: int, other: int) -> bool:
    touching = swept.edges[other, 0] <= swept.edges[one, 1] + 1e-9
    return bool(touching or (swept.statistic[one + 1 : other] > SINGLE_LOOK).all())


def _is_supported(swept: Swept, run: Sequence[int]) -> bool:
    """Test if a run has several clear bands, or a neighbour that shares half of its band and is clear in a single look."""
    if len(run) > 1:
        return True
    middle = swept.edges[run[0]].mean()
    neighbours = [i for i in (run[0] - 1, run[0] + 1) if 0 <= i < len(swept.edges)]
    half = [i for i in neighbours if swept.edges[i, 0] <= middle + 1e-9 and swept.edges[i, 1] >= middle - 1e-9]
    covered = bool(half) and (len(half) == len(neighbours))
    return not covered or any(swept.statistic[i] > SINGLE_LOOK for i in half)


def _extended(swept: Swept, run: Sequence[int], direction: int) -> int:
    """Return the last of the bands that follow the end of a run and hold enough of its evidence."""
    first, last = run[0], run[-1]
    end = first if direction < 0 else last
    while 0 <= end + direction < len(swept.edges):
        if not swept.statistic[end + direction] > _limit(_full(swept, min(first, end), max(last, end), end)):
            break
        end += direction
    return end


def _full(swept: Swept, first: int, last: int, end: int) -> float:
    """Return the statistic of a band full of evidence: the median of those of a run within one width of its end."""
    centres = swept.edges.mean(axis=1)
    width = float(swept.edges[end, 1] - swept.edges[end, 0])
    inside = np.arange(first, last + 1)
    near = swept.statistic[inside[np.abs(centres[inside] - centres[end]) <= width + 1e-9]]
    return max(float(np.nanmedian(near)), SINGLE_LOOK)


def _limit(full: float) -> float:
    """Return the statistic above which a band goes on with a run whose full bands have a given one."""
    return max(SINGLE_LOOK, full * LEAST_SHARE**0.5)


def _ends(swept: Swept, first: int, last: int) -> tuple[float, float]:
    """Return the ends of the stretch that a run of bands stands for; of a stretch that is shorter, one step."""
    step = _step(swept)
    low = float(swept.edges[first, 1]) - _least_part(swept, first, last, first) - step / 2
    high = float(swept.edges[last, 0]) + _least_part(swept, first, last, last) + step / 2
    middle = float(swept.edges[[first, last]].mean())
    return (low, high) if high - low >= step else (middle - step / 2, middle + step / 2)


def _step(swept: Swept) -> float:
    centres = swept.edges.mean(axis=1)
    return float(np.median(np.diff(centres))) if len(centres) > 1 else float(np.diff(swept.edges[0])[0])


def _least_part(swept: Swept, first: int, last: int, end: int) -> float:
    """Return the length of the part of the outermost band that has to hold evidence for the band to be in the run."""
    full = _full(swept, first, last, end)
    return float(swept.edges[end, 1] - swept.edges[end, 0]) * (_limit(full) / full) ** 2


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
