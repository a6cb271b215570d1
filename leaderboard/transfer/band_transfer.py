"""
Band transfer: frequencies that carry evidence in-domain, and those that also carry it cross-domain.

Data and sentences of the page about the narrow bands of a sweep, each kept alone or taken out, on every test domain.
`recording.band_aucs` computes the AUCs.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...benchmark.domains.names import chain_of, training, unperturbed
from ...benchmark.metrics.digits import auc_text
from ...benchmark.results.cell_document import NarrowBand
from ...benchmark.results.evidence import (
    Evidence,
    EvidenceStretch,
    Swept,
    is_everywhere,
    stretches,
    stretches_text,
)

CHANCE = 0.5
ERROR = 0.025  # of all bands of a sweep on one domain together, on one side
LEAST_BANDS = 3  # fewer make no map
MOST_NAMED = 6  # test domains that have a sentence of their own
Part = tuple[float, float]  # of the frequency axis, in cycles/pixel
KINDS = {"keep": "band", "stop": "stop"}


@dataclass(frozen=True)
class Sweep:
    """
    Narrow bands of one kind, ascending by frequency.

    Attributes
    ----------
    edges : array of float64 (n_bands, 2)
        In cycles/pixel.
    auc, error : arrays of float64 (n_bands, n_domains)
        AUC and its standard error; NaN where undefined. The in-domain column comes first.
    """

    edges: NDArray[np.float64]
    auc: NDArray[np.float64]
    error: NDArray[np.float64]

    @property
    def centres(self) -> NDArray[np.float64]:
        """Middle of every band, in cycles/pixel."""
        return self.edges.mean(axis=1)

    def clear(self, domain: int, sign: int = 1) -> NDArray[np.bool_]:
        """
        Mark the bands whose AUC on one domain is clear of 0.5, for all bands of the sweep together (Holm).

        Parameters
        ----------
        domain : int
            Its column.
        sign : {1, -1}
            Above 0.5, or below it, where fakes score lower than reals.
        """
        return _clear_of_chance(self._statistic(self.auc[:, domain], self.error[:, domain], sign))

    def clear_cross_domain(self) -> NDArray[np.bool_]:
        """
        Mark the bands whose mean AUC over the other domains is clearly above 0.5.

        The standard error of the mean is taken as the mean of the errors, its upper bound under any dependence of the domains.
        """
        if self.auc.shape[1] < 2:
            return np.zeros(len(self.auc), dtype=bool)
        return _clear_of_chance(self._statistic(self.auc[:, 1:].mean(axis=1), self.error[:, 1:].mean(axis=1), 1))

    def _statistic(self, auc: NDArray[np.float64], error: NDArray[np.float64], sign: int) -> NDArray[np.float64]:
        return sign * (auc - CHANCE) / error

    def within(self, parts: Sequence[tuple[float, float]]) -> NDArray[np.bool_]:
        """Mark the bands that stand for a part of given stretches: those centred in them, or half a step beside them."""
        beside = float(np.median(np.diff(self.centres))) / 2
        return np.any([(self.centres >= low - beside) & (self.centres <= high + beside) for low, high in parts], axis=0)

    def parts_of(
        self, marked: NDArray[np.bool_], auc: NDArray[np.float64], error: NDArray[np.float64], within: Sequence[Part]
    ) -> list[Part]:
        """Return the stretches that marked bands stand for by their AUCs on a domain (`evidence.stretches`), cut to others."""
        statistic = np.where(marked, np.abs(auc - CHANCE) / error, 0.0)
        ends = stretches(Swept(self.edges, marked, statistic))
        cut = [(max(a, low), min(b, high)) for a, b in ends for low, high in within]
        return [(low, high) for low, high in cut if high > low]


def _clear_of_chance(statistic: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Test by Holm's step-down: the largest statistic against the limit of all tests, the next against that of those left."""
    order = np.argsort(-np.nan_to_num(statistic, nan=-np.inf))
    limits = np.array([NormalDist().inv_cdf(1 - ERROR / left) for left in range(len(statistic), 0, -1)])
    passed = np.logical_and.accumulate(statistic[order] > limits)  # NaN is not clear
    clear = np.zeros(len(statistic), dtype=bool)
    clear[order[passed]] = True
    return clear


def band_transfer(
    train: str, narrow: Sequence[NarrowBand], allpass: Mapping[str, float], evidence: Evidence = None
) -> dict[str, Any]:
    """
    Return the data of the page's band-transfer map of one cell.

    Parameters
    ----------
    train : str
        Name of its training.
    narrow : sequence of NarrowBand
    allpass : dict of str to float
        AUC with all frequencies by test domain, and on validation pictures of the training domain under the empty name.
    evidence : tuple of EvidenceStretch or None
        Of the cell, from validation pictures; what the sentences say of the training domain.

    Returns
    -------
    dict
        ``domains``: the in-domain one first; ``home``: "test", or "val" where the training domain was not tested and its
        validation pictures are used instead; ``allpass``: AUC by domain; ``keep`` and ``stop``: a list of ``[low, high, AUCs,
        standard errors]`` per narrow band, ascending; ``sentences``, and in ``about`` the domains that each is about, by their
        places. Empty without narrow bands, or where they do not share their test domains.
    """
    if not narrow:
        return {}
    label = training(train).label(narrow[0].tests)
    domains, home = _domains(train, narrow)
    sweeps = {name: _sweep([band for band in narrow if band.kind == kind], domains, home) for name, kind in KINDS.items()}
    present = {name: sweep for name, sweep in sweeps.items() if sweep is not None}
    if not present:
        return {}
    told = sentences_of(sweeps["keep"], domains, evidence, label) if sweeps["keep"] is not None else []
    return {
        "domains": domains,
        "home": home,
        "allpass": [allpass.get("" if home == "val" and i == 0 else name, math.nan) for i, name in enumerate(domains)],
        **{name: _listed(sweep) for name, sweep in present.items()},
        "sentences": [sentence.text for sentence in told],
        "about": [list(sentence.domains) for sentence in told],
    }


def _domains(train: str, narrow: Sequence[NarrowBand]) -> tuple[list[str], str]:
    """
    Return the test domains of every band, the in-domain one first, and the split of its pictures.

    A pool is at home on its validation pictures, and its members are no other domains.
    """
    members = training(train).members
    common = [name for name in narrow[0].tests if all(name in band.tests for band in narrow)]
    common = [name for name in common if not chain_of(name) or name in members]
    if len(members) > 1:
        common = [name for name in common if not training(train).is_home(name)]
    home = next((name for name in (*members, *map(unperturbed, members)) if name in common), None)
    if home is None:
        return [training(train).label(narrow[0].tests), *common], "val"
    return [home, *(name for name in common if name != home)], "test"


def _sweep(narrow: Sequence[NarrowBand], domains: Sequence[str], home: str) -> Sweep | None:
    if len(narrow) < LEAST_BANDS:
        return None
    ordered = sorted(narrow, key=lambda band: (band.low + band.high, band.low))
    pairs = [[_pair(band, name, home == "val" and i == 0) for i, name in enumerate(domains)] for band in ordered]
    values = np.array(pairs, dtype=np.float64)
    edges = np.array([[band.low, band.high] for band in ordered], dtype=np.float64)
    return Sweep(edges, values[:, :, 0], values[:, :, 1])


def _pair(band: NarrowBand, domain: str, validation: bool) -> tuple[float, float]:
    """Return AUC and standard error."""
    return band.validation if validation else band.tests[domain]


def _listed(sweep: Sweep) -> list[list[Any]]:
    bands = zip(sweep.edges.tolist(), sweep.auc.tolist(), sweep.error.tolist(), strict=True)
    return [[*edges, auc, error] for edges, auc, error in bands]


# --- sentences ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sentence:
    """
    Sentence on a sweep.

    Attributes
    ----------
    text : str
    domains : tuple of int
        Columns of the sweep that it is about; several for a mean or a count of them.
    """

    text: str
    domains: tuple[int, ...]


def sentences(sweep: Sweep, domains: Sequence[str], evidence: Evidence, train: str) -> list[str]:
    """Return the texts of `sentences_of`."""
    return [sentence.text for sentence in sentences_of(sweep, domains, evidence, train)]


def sentences_of(sweep: Sweep, domains: Sequence[str], evidence: Evidence, train: str) -> list[Sentence]:
    """
    Describe the frequencies that carry evidence in-domain, and those of them that also carry it cross-domain.

    Parameters
    ----------
    sweep : Sweep
        Of bands kept alone.
    domains : sequence of str
        Its columns, the in-domain one first.
    evidence : tuple of EvidenceStretch or None
        Of the cell.
    train : str
        Short name of the training, whose validation pictures the evidence is from.
    """
    in_domain = f"In-domain, on validation pictures of {train},"
    parts = [(stretch.low, stretch.high) for stretch in evidence or () if stretch.sufficient]
    needed = [(stretch.low, stretch.high) for stretch in evidence or () if stretch.necessary]
    if not parts:
        also = f"; the AUC falls without {_stretched(needed)}" if needed else ""
        return [Sentence(f"{in_domain} no single narrow band is clearly better than chance{also}.", (0,))]
    inside = sweep.within(parts)
    others = tuple(range(1, len(domains)))
    text = f"{in_domain} {_carry(parts)} evidence{_necessity(evidence or (), parts, needed)}{_peak(sweep, inside)}."
    told = [Sentence(text, (0,))]
    if not others:
        return [*told, Sentence("No other domain was tested.", (0,))]
    if len(domains) > 2:
        mean_auc, mean_error = sweep.auc[:, 1:].mean(axis=1), sweep.error[:, 1:].mean(axis=1)
        found = sweep.parts_of(inside & sweep.clear_cross_domain(), mean_auc, mean_error, parts)
        told.append(Sentence(_sentence(found, f"the mean of the {len(others)} other domains") + ".", others))
    told += [Sentence(_on_domain(sweep, inside, i, domains[i], parts), (i,)) for i in others[:MOST_NAMED]]
    more = others[MOST_NAMED:]
    return [*told, *([Sentence(f"{len(more)} more domains are in the map.", more)] if more else [])]


def _necessity(evidence: Sequence[EvidenceStretch], parts: Sequence[Part], needed: Sequence[Part]) -> str:
    """Say which of the stretches are necessary, where narrow bands were taken out."""
    if all(stretch.necessary is None for stretch in evidence):
        return ""
    if not needed:
        return ", and no single narrow band of it is necessary"
    return ", and all of it is necessary" if parts == needed else f", and {_stretched(needed)} is necessary"


def _peak(sweep: Sweep, inside: NDArray[np.bool_]) -> str:
    aucs = np.where(inside, sweep.auc[:, 0], np.nan)
    if np.isnan(aucs).all():
        return ""
    best = int(np.nanargmax(aucs))
    return f"; best at {sweep.centres[best]:.3f} (AUC {auc_text(sweep.auc[best, 0])} in the map)"


def _on_domain(sweep: Sweep, inside: NDArray[np.bool_], domain: int, name: str, parts: Sequence[Part]) -> str:
    auc, error = sweep.auc[:, domain], sweep.error[:, domain]
    inverted = sweep.parts_of(inside & sweep.clear(domain, -1), auc, error, parts)
    below = f"; in {_stretched(inverted)} fakes score below reals there (AUC clearly below 0.5)" if inverted else ""
    return f"{_sentence(sweep.parts_of(inside & sweep.clear(domain), auc, error, parts), name)}{below}."


def _sentence(parts: Sequence[Part], pictures: str) -> str:
    if not parts:
        return f"On {pictures}, none of these frequencies clearly carries evidence"
    return f"On {pictures}, {_carry(parts, 'also ')} evidence"


def _carry(parts: Sequence[Part], adverb: str = "") -> str:
    if is_everywhere(parts):
        return f"nearly every frequency {adverb}carries"
    return f"{_stretched(parts)} {adverb}{'carries' if len(parts) == 1 else 'carry'}"


def _stretched(parts: Sequence[Part]) -> str:
    """Return stretches with their unit."""
    if is_everywhere(parts):
        return "nearly every frequency"
    texts = [stretches_text([part], "–") for part in parts]
    return f"{' and '.join(filter(None, [', '.join(texts[:-1]), texts[-1]]))} cycles/pixel"
