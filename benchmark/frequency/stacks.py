"""Stacks of crops that are measured few at a time."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..arrays import IN_CACHE


def mean_levels(crops: NDArray) -> NDArray[np.float64]:
    """
    Mean of each crop, per channel.

    Parameters
    ----------
    crops : array (n_crops, rows, cols) or (n_crops, rows, cols, channels)
        Of up to 2**24 pixels each.

    Returns
    -------
    array of float64 (n_crops, 1, 1) or (n_crops, 1, 1, channels)
    """
    if crops.dtype != np.uint8:
        return crops.mean(axis=(1, 2), keepdims=True, dtype=np.float64)
    # Sums of 8-bit levels are exact as integers of 32 bits, too, and take half of the time.
    return crops.sum(axis=(1, 2), keepdims=True, dtype=np.uint32) / np.float64(crops.shape[1] * crops.shape[2])


def few_at_a_time(measure: Callable[[NDArray], NDArray], crops: NDArray, at_a_time: int = IN_CACHE) -> NDArray:
    """
    Measure every crop of a stack, few at a time: less memory, up to twice as fast as all at once, and equal to the bit.

    Parameters
    ----------
    measure : callable
        From a stack of crops to an array (n_crops, ...) in which each crop has its own entry.
    crops : array (n_crops, rows, cols) or (n_crops, rows, cols, channels)
    at_a_time : int
        Levels of the crops that are measured together, at most; a crop of more is measured alone.

    Returns
    -------
    array (n_crops, ...)
    """
    step = max(1, at_a_time // max(1, crops[:1].size))
    first = measure(crops[:step])
    if step >= len(crops):
        return first
    # Filled while each part is still in the cache: to put them together in the end takes longer than many of them.
    measured = np.empty((len(crops), *first.shape[1:]), first.dtype)
    measured[:step] = first
    for start in range(step, len(crops), step):
        measured[start : start + step] = measure(crops[start : start + step])
    return measured
