"""
Detection and error rates of rows by draw, from which the page computes those of chosen test domains.

A rate has its interval from bootstrap draws of groups (`metrics.intervals.share_interval`): from their variance, and from
quantiles of the mean over the chosen domains. Covariances of every two picture sets are kept as they are, and the deviations
of as many draws as there is room for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...benchmark.metrics.replicates import MIN_DRAWS, Replicates
from ...benchmark.results.columns import ERROR_RATES
from .packing import packed_block

BUDGET = 1_200_000  # bytes of all deviations
KEPT = (1000, 500, 250, 0)  # bootstrap draws of a rate, at most; without any their distribution is taken for normal
STEPS = 127  # of a deviation, on either side of zero


@dataclass(frozen=True, eq=False)
class _Row:
    """
    Rates of a row as they are kept until the page is packed.

    Attributes
    ----------
    values : array of float64 (n_sets, n_rates, n_draws)
    vectors : list of array of int8 (n_bootstrap,)
        Deviations of every rate that has an interval, of the mean over the draws, or of every draw where these are few.
    scales : list of float
    products : array of float32
        By rate: products of the deviations on every two picture sets, of the mean over the draws, upper triangle line by line;
        behind them, where the draws are few, those of each draw.
    traces : array of float32
        The same, as the sum over the draws; empty for fewer than `MIN_DRAWS`, whose interval does not ask for it.
    unbounded : list of int
        Places in ``values``, without the draws, of the rates that have no interval.
    n_bootstrap : int
    """

    values: NDArray[np.float64]
    vectors: list[NDArray[np.int8]]
    scales: list[float]
    products: NDArray[np.float32]
    traces: NDArray[np.float32]
    unbounded: list[int]
    n_bootstrap: int


class RateWriter:
    """
    Collector of the rates of rows, which packs as many bootstrap draws as the page has room for.

    Parameters
    ----------
    budget : int
        Bytes.
    """

    def __init__(self, budget: int = BUDGET) -> None:
        self._budget = budget
        self._rows: dict[str, _Row] = {}

    def add(self, name: str, rates: Sequence[Mapping[str, Replicates]]) -> None:
        """
        Add a row.

        Parameters
        ----------
        name : str
            See `details.row_id`.
        rates : sequence of mapping of str to Replicates
            See `influences.RowInfluences`.
        """
        if not rates:
            return
        values = np.array([[one[rate].values for rate in ERROR_RATES] for one in rates])
        vectors, scales, unbounded = [], [], []
        few = 1 < values.shape[2] < MIN_DRAWS
        deviations = np.zeros((len(ERROR_RATES), len(rates), values.shape[2], rates[0][ERROR_RATES[0]].influences.shape[1]))
        for i, of_set in enumerate(rates):
            for k, rate in enumerate(ERROR_RATES):
                one = of_set[rate]
                if one.n_groups < 2 or not np.isfinite(one.influences).all() or not np.isfinite(one.value):
                    unbounded.append(i * len(ERROR_RATES) + k)
                    continue
                deviations[k, i] = one.influences
                each = one.influences if few else one.influences.mean(axis=0, keepdims=True)
                for vector in each:
                    scales.append(float(np.abs(vector).max(initial=0.0)) / STEPS or 1.0)
                    vectors.append(np.round(vector / scales[-1]).astype(np.int8))
        upper = np.triu_indices(len(rates))
        parts = [deviations.mean(axis=2), *(deviations[:, :, k] for k in range(values.shape[2] * few))]
        products = [(of_rate @ of_rate.T)[upper] for part in parts for of_rate in part]
        traces = []
        if values.shape[2] >= MIN_DRAWS:
            flat = deviations.reshape(len(ERROR_RATES), len(rates), -1)
            traces = [(of_rate @ of_rate.T)[upper] for of_rate in flat]
        self._rows[name] = _Row(
            values, vectors, scales, _joined(products, np.float32), _joined(traces, np.float32), unbounded, deviations.shape[3]
        )

    def packed(self) -> str:
        """Return the block of the page, see `packed_block`; empty without rows."""
        rows = self._rows
        if not rows:
            return ""
        kept = next(kept for kept in KEPT if _size(rows, kept) <= self._budget)
        about = {
            "names": ERROR_RATES,
            "most": kept,
            "rows": [
                {
                    "id": name,
                    "places": len(row.values),
                    "draws": row.values.shape[2],
                    "kept": min(kept, row.n_bootstrap),
                    "of": row.n_bootstrap,
                    "unbounded": row.unbounded,
                }
                for name, row in rows.items()
            ],
        }
        each = rows.values()
        arrays = {
            "values": np.concatenate([row.values.ravel() for row in each]),
            "products": np.concatenate([row.products for row in each]),
            "traces": np.concatenate([row.traces for row in each]),
            "scales": np.array([scale for row in each for scale in row.scales], dtype=np.float32),
            "vectors": _joined([vector[:kept] for row in each for vector in row.vectors], np.int8),
        }
        return packed_block(about, arrays)


def _size(rows: Mapping[str, _Row], kept: int) -> int:
    """Return the bytes of the deviations of rows."""
    return sum(len(row.vectors) * min(kept, row.n_bootstrap) for row in rows.values())


def _joined(parts: Sequence[NDArray], kind: type) -> NDArray:
    return np.concatenate([np.empty(0, kind), *(part.astype(kind) for part in parts)])
