"""Detection rates and the equal error rate of a test domain by training draw, with errors from the bootstrap of groups."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..metrics.detection import FALSE_ALARM_RATES, Verdicts
from ..metrics.intervals import Intervals, least_groups
from ..metrics.replicates import Replicates
from ..metrics.roc import Scored
from ..metrics.weighted import weighted_error_rates
from .columns import ERROR_RATES, METRICS

LEAST_GROUPS = (*map(least_groups, FALSE_ALARM_RATES), 0)  # of reals, for intervals of `ERROR_RATES`


def error_rates(
    intervals: Intervals, draws: Sequence[Scored], measured: Sequence[Mapping[str, float]] | None = None
) -> dict[str, Replicates]:
    """
    Compute the rates of `columns.ERROR_RATES` on one item set.

    Parameters
    ----------
    intervals : Intervals
        Of all item sets that the rates are averaged or compared with.
    draws : sequence of Scored
        One per training draw.
    measured : sequence of mapping of str to float, optional
        Rates of every draw by name, where they are known.

    Returns
    -------
    dict of str to Replicates
        Values between 0 and 1, NaN with too few reals; see `Intervals.shares`.
    """
    known = [_rates(scored) for scored in draws] if measured is None else measured
    values = np.array([[of_draw[rate] for of_draw in known] for rate in ERROR_RATES])
    return dict(zip(ERROR_RATES, intervals.shares(draws, _weighted, values, LEAST_GROUPS), strict=True))


def _rates(scored: Scored) -> dict[str, float]:
    verdicts = Verdicts(scored.labels, scored.scores, np.nan)
    return {metric.name: metric.measure(verdicts) for metric in METRICS if metric.name in ERROR_RATES}


def _weighted(scored: Scored, weights: NDArray) -> NDArray[np.float64]:
    return weighted_error_rates(scored, weights, FALSE_ALARM_RATES)
