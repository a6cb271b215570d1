"""
Which frequencies carry evidence at home, and which of them still carry it abroad.

What the page draws and says of the narrow bands of a sweep, each kept alone or taken out, on every test domain. See
`benchmark.narrow` for the numbers that it starts from.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...benchmark.domains.names import chain_of, unperturbed
from ...benchmark.frequency.bands import MAX_FREQUENCY
from ...benchmark.results.cell_document import NarrowBand

CHANCE = 0.5
LEAST_BANDS = 3  # fewer make no map
MOST_NAMED = 6  # test domains that the sentences tell of one by one
VERBS = {"carries": "carry", "points": "point"}
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
        AUC and its standard error; NaN where undefined. The home domain comes first.
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
        Bands whose AUC on one domain is clear of 0.5, 95 % for all bands of the sweep together (Bonferroni).

        Parameters
        ----------
        domain : int
            Its column.
        sign : {1, -1}
            Above 0.5, or below it: fakes rank under reals.
        """
        return self._clear_of_chance(self.auc[:, domain], self.error[:, domain], sign)

    def clear_abroad(self) -> NDArray[np.bool_]:
        """
        Bands whose mean AUC over the other domains is clearly above 0.5.

        The standard error of a mean is at most the mean of the errors, whatever the domains share: that is taken.
        """
        if self.auc.shape[1] < 2:
            return np.zeros(len(self.auc), dtype=bool)
        return self._clear_of_chance(self.auc[:, 1:].mean(axis=1), self.error[:, 1:].mean(axis=1), 1)

    def _clear_of_chance(self, auc: NDArray[np.float64], error: NDArray[np.float64], sign: int) -> NDArray[np.bool_]:
        z = NormalDist().inv_cdf(1 - 0.025 / len(auc))
        return sign * (auc - CHANCE) - z * error > 0  # NaN is not clear

    def stretches(self, marked: NDArray[np.bool_]) -> list[tuple[float, float]]:
        """Contiguous runs of marked bands, as (low, high) in cycles/pixel; every band stands for one step around its centre."""
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
    Return what the page's band-transfer map of one cell is drawn from.

    Parameters
    ----------
    train : str
        Its training domain.
    narrow : sequence of NarrowBand
    allpass : dict of str to float
        AUC with all frequencies by test domain, and of validation at home under the empty name.

    Returns
    -------
    dict
        ``domains``: home first; ``home``: "test", or "val" where the home domain was not tested and its validation pictures
        stand in; ``allpass``: AUC by domain; ``keep`` and ``stop``: a list of ``[low, high, AUCs, standard errors]`` per
        narrow band, ascending; ``sentences``. Empty without narrow bands, or where they do not share their test domains.
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
    """Test domains that every band was scored on, the home domain first, and which pictures of that one were scored."""
    common = [name for name in narrow[0].tests if all(name in band.tests for band in narrow)]
    common = [name for name in common if not chain_of(name) or name == train]
    home = next((name for name in (train, unperturbed(train)) if name in common), None)
    if home is None:
        return [train, *common], "val"
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
    """AUC and standard error."""
    return band.validation if validation else band.tests[domain]


def _listed(sweep: Sweep) -> list[list[Any]]:
    bands = zip(sweep.edges.tolist(), sweep.auc.tolist(), sweep.error.tolist(), strict=True)
    return [[*edges, auc, error] for edges, auc, error in bands]


# --- in words ---------------------------------------------------------------------------------------------------------


def sentences(sweep: Sweep, domains: Sequence[str], home: str = "test") -> list[str]:
    """
    Say which frequencies carry evidence at home, and which of these still carry it abroad.

    Parameters
    ----------
    sweep : Sweep
        Of bands kept alone.
    domains : sequence of str
        Its columns, home first.
    home : {"test", "val"}
        Which pictures of the home domain.
    """
    where = f"At home, on {'test' if home == 'test' else 'validation'} pictures of {domains[0]},"
    clear = sweep.clear(0)
    if not clear.any():
        return [f"{where} no single narrow band is clearly better than chance."]
    best = int(np.nanargmax(np.where(clear, sweep.auc[:, 0], np.nan)))
    peak = f"best at {sweep.centres[best]:.3f} (AUC {sweep.auc[best, 0]:.3f})"
    found = [f"{where} {_stretched(sweep, clear, 'carries')} evidence; {peak}."]
    if len(domains) == 1:
        return [*found, "No other domain was tested."]
    if len(domains) > 2:
        kept = _kept(sweep, clear & sweep.clear_abroad())
        found.append(f"Of this, {kept}, on the mean of the {len(domains) - 1} other domains.")
    found += [_on_domain(sweep, clear, i, name) for i, name in enumerate(domains) if 0 < i <= MOST_NAMED]
    more = len(domains) - 1 - MOST_NAMED
    return [*found, *([f"{more} more domains are in the map."] if more > 0 else [])]


def _on_domain(sweep: Sweep, clear: NDArray[np.bool_], domain: int, name: str) -> str:
    inverted = clear & sweep.clear(domain, -1)
    turned = f"; {_stretched(sweep, inverted, 'points')} the other way there (AUC clearly below 0.5)" if inverted.any() else ""
    return f"On {name}, {_kept(sweep, clear & sweep.clear(domain))}{turned}."


def _kept(sweep: Sweep, marked: NDArray[np.bool_]) -> str:
    return f"{_stretched(sweep, marked, 'carries')} it still" if marked.any() else "none clearly carries it still"


def _stretched(sweep: Sweep, marked: NDArray[np.bool_], verb: str) -> str:
    """Stretches with their unit and what they do, in the third person singular where there is one."""
    parts = [f"{low:.3f}–{high:.3f}" for low, high in sweep.stretches(marked)]
    listed = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
    return f"{listed} cycles/pixel {verb if len(parts) == 1 else VERBS[verb]}"
