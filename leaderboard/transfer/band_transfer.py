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
from ...benchmark.frequency.bands import MAX_FREQUENCY
from ...benchmark.results.cell_document import NarrowBand

CHANCE = 0.5
LEAST_BANDS = 3  # fewer make no map
MOST_NAMED = 6  # test domains that have a sentence of their own
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
        Mark the bands whose AUC on one domain is clear of 0.5, 95 % for all bands of the sweep together (Bonferroni).

        Parameters
        ----------
        domain : int
            Its column.
        sign : {1, -1}
            Above 0.5, or below it, where fakes score lower than reals.
        """
        return self._clear_of_chance(self.auc[:, domain], self.error[:, domain], sign)

    def clear_cross_domain(self) -> NDArray[np.bool_]:
        """
        Mark the bands whose mean AUC over the other domains is clearly above 0.5.

        The standard error of the mean is taken as the mean of the errors, its upper bound under any dependence of the domains.
        """
        if self.auc.shape[1] < 2:
            return np.zeros(len(self.auc), dtype=bool)
        return self._clear_of_chance(self.auc[:, 1:].mean(axis=1), self.error[:, 1:].mean(axis=1), 1)

    def _clear_of_chance(self, auc: NDArray[np.float64], error: NDArray[np.float64], sign: int) -> NDArray[np.bool_]:
        z = NormalDist().inv_cdf(1 - 0.025 / len(auc))
        return sign * (auc - CHANCE) - z * error > 0  # NaN is not clear

    def stretches(self, marked: NDArray[np.bool_]) -> list[tuple[float, float]]:
        """Return contiguous runs of marked bands as (low, high) in cycles/pixel; a band covers one step around its centre."""
        step = float(np.median(np.diff(self.centres)))
        runs: list[list[int]] = []
        for i in np.flatnonzero(marked):
            if runs and runs[-1][-1] == i - 1:
                runs[-1].append(int(i))
            else:
                runs.append([int(i)])
        ends = [(self.centres[run[0]] - step / 2, self.centres[run[-1]] + step / 2) for run in runs]
        return [(round(max(0.0, low), 6), round(min(MAX_FREQUENCY, high), 6)) for low, high in ends]


def band_transfer(train: str, narrow: Sequence[NarrowBand], allpass: Mapping[str, float]) -> dict[str, Any]:
    """
    Return the data of the page's band-transfer map of one cell.

    Parameters
    ----------
    train : str
        Its training domain.
    narrow : sequence of NarrowBand
    allpass : dict of str to float
        AUC with all frequencies by test domain, and on validation pictures of the training domain under the empty name.

    Returns
    -------
    dict
        ``domains``: the in-domain one first; ``home``: "test", or "val" where the training domain was not tested and its
        validation pictures are used instead; ``allpass``: AUC by domain; ``keep`` and ``stop``: a list of ``[low, high, AUCs,
        standard errors]`` per narrow band, ascending; ``sentences``. Empty without narrow bands, or where they do not share
        their test domains.
    """
    if not narrow:
        return {}
    domains, home = _domains(train, narrow)
    sweeps = {name: _sweep([band for band in narrow if band.kind == kind], domains, home) for name, kind in KINDS.items()}
    present = {name: sweep for name, sweep in sweeps.items() if sweep is not None}
    if not present:
        return {}
    return {
        "domains": domains,
        "home": home,
        "allpass": [allpass.get("" if home == "val" and i == 0 else name, math.nan) for i, name in enumerate(domains)],
        **{name: _listed(sweep) for name, sweep in present.items()},
        "sentences": sentences(sweeps["keep"], domains, home) if sweeps["keep"] is not None else [],
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


def sentences(sweep: Sweep, domains: Sequence[str], home: str = "test") -> list[str]:
    """
    Describe the frequencies that carry evidence in-domain, and those of them that also carry it cross-domain.

    Parameters
    ----------
    sweep : Sweep
        Of bands kept alone.
    domains : sequence of str
        Its columns, the in-domain one first.
    home : {"test", "val"}
        Split of the in-domain pictures.
    """
    in_domain = f"In-domain, on {'test' if home == 'test' else 'validation'} pictures of {domains[0]},"
    clear = sweep.clear(0)
    if not clear.any():
        return [f"{in_domain} no single narrow band is clearly better than chance."]
    best = int(np.nanargmax(np.where(clear, sweep.auc[:, 0], np.nan)))
    peak = f"best at {sweep.centres[best]:.3f} (AUC {sweep.auc[best, 0]:.3f})"
    text = [f"{in_domain} {_carry(sweep, clear)} evidence; {peak}."]
    if len(domains) == 1:
        return [*text, "No other domain was tested."]
    if len(domains) > 2:
        text.append(
            _sentence(sweep, clear & sweep.clear_cross_domain(), f"the mean of the {len(domains) - 1} other domains") + "."
        )
    text += [_on_domain(sweep, clear, i, name) for i, name in enumerate(domains) if 0 < i <= MOST_NAMED]
    more = len(domains) - 1 - MOST_NAMED
    return [*text, *([f"{more} more domains are in the map."] if more > 0 else [])]


def _on_domain(sweep: Sweep, clear: NDArray[np.bool_], domain: int, name: str) -> str:
    inverted = clear & sweep.clear(domain, -1)
    below = (
        f"; in {_stretched(sweep, inverted)} fakes score below reals there (AUC clearly below 0.5)" if inverted.any() else ""
    )
    return f"{_sentence(sweep, clear & sweep.clear(domain), name)}{below}."


def _sentence(sweep: Sweep, marked: NDArray[np.bool_], pictures: str) -> str:
    if not marked.any():
        return f"On {pictures}, none of these frequencies clearly carries evidence"
    return f"On {pictures}, {_carry(sweep, marked, 'also ')} evidence"


def _carry(sweep: Sweep, marked: NDArray[np.bool_], adverb: str = "") -> str:
    verb = "carries" if len(sweep.stretches(marked)) == 1 else "carry"
    return f"{_stretched(sweep, marked)} {adverb}{verb}"


def _stretched(sweep: Sweep, marked: NDArray[np.bool_]) -> str:
    """Return the stretches of marked bands with their unit."""
    parts = [f"{low:.3f}–{high:.3f}" for low, high in sweep.stretches(marked)]
    return f"{' and '.join(filter(None, [', '.join(parts[:-1]), parts[-1]]))} cycles/pixel"
