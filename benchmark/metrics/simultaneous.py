"""
Simultaneous tests of many AUCs on the same pictures.

Bands of a sweep overlap and see the same pictures, so their AUCs go up and down together. The limit of a test that holds for
all of them is the quantile of the largest of the correlated statistics (max-T), which is lower than Bonferroni's; the step-down
of Romano and Wolf (Econometrica 73, 2005) lowers it again once some bands are found.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .delong import mean_auc_covariance
from .roc import Scored, roc_auc

CHANCE = 0.5
ERROR = 0.025  # of one family of one-sided tests: the chance that it names anything where nothing is
N_DRAWS = 4000  # of the largest statistic


@dataclass(frozen=True)
class Clarity:
    """
    Outcome of a family of tests, one per band.

    Attributes
    ----------
    clear : tuple of bool
        True where the effect holds at the level of the whole family.
    statistic : tuple of float
        Effect over its standard error; above about 2 the band alone would be clear in a single look. NaN where undefined.
    separation : tuple of float or None
        Distance d' of two normal classes with the same AUC, in standard errors of a small distance: equal to the statistic near
        chance, and without its upper end. None for a test that is not against chance.
    """

    clear: tuple[bool, ...]
    statistic: tuple[float, ...]
    separation: tuple[float, ...] | None = None


def clearly_above_chance(bands: Sequence[Sequence[Scored]]) -> Clarity:
    """
    Test which AUCs are above 0.5, simultaneously.

    Parameters
    ----------
    bands : sequence of sequences of Scored
        Of every band its draws; the items of a draw are the same for all bands.

    Notes
    -----
    The error is that without a difference between the classes, from the ranks of all items together, summed by group: DeLong's
    is too small where an AUC is high by chance, and the highest of many is. An AUC less 0.5 is the difference of the mean ranks
    of the classes over the number of items.
    """
    values, n_groups, _ = _aucs(bands)
    if n_groups < 2:
        return _unknown(len(bands))
    names = np.unique(np.concatenate([scored.groups for scored in bands[0]]))
    parts = np.array([np.mean([_null_parts(scored, names) for scored in draws], axis=0) for draws in bands])
    clarity = step_down(values - CHANCE, len(names) / (len(names) - 1) * parts @ parts.T)
    return replace(clarity, separation=_separations(values, np.array(clarity.statistic), n_groups))


def _separations(values: NDArray[np.float64], statistic: NDArray[np.float64], n_groups: int) -> tuple[float, ...]:
    """Return d' in standard errors of a small d'; no AUC counts as closer to 1 than half a group is."""
    from scipy.special import ndtri

    nearest = 1 / (2 * n_groups)
    linear = (values - CHANCE) / (1 / np.sqrt(2 * np.pi))  # over the normal density at 0: d' / sqrt(2) of a small effect
    with np.errstate(invalid="ignore", divide="ignore"):
        stretched = statistic * ndtri(np.clip(values, nearest, 1 - nearest)) / linear
    return tuple(np.where(values == CHANCE, statistic, stretched).tolist())


def _null_parts(scored: Scored, names: NDArray) -> NDArray[np.float64]:
    """Return what each group adds to an AUC less 0.5, (n_groups,), as deviations from the mean of both classes."""
    from scipy.stats import rankdata

    n_items, fake = len(scored.labels), scored.labels == 1
    ranks = (rankdata(scored.scores) - (n_items + 1) / 2) / n_items
    weight = np.where(fake, 1 / fake.sum(), -1 / (~fake).sum())
    return np.bincount(np.searchsorted(names, scored.groups), ranks * weight, len(names)).astype(np.float64)


def clearly_different(bands: Sequence[Sequence[Scored]], reference: Sequence[Scored], sign: int) -> Clarity:
    """
    Test which AUCs differ from that of a reference on the same items, simultaneously and paired.

    Parameters
    ----------
    bands : sequence of sequences of Scored
    reference : sequence of Scored
        One per draw.
    sign : {1, -1}
        Above the reference, or below it.

    Notes
    -----
    The error is DeLong's with groups, at least what one group of the smaller class can change.
    """
    values, n_groups, n_classes = _aucs([*bands, reference])
    if n_groups < 2:
        return _unknown(len(bands))
    contrast = np.hstack([np.eye(len(bands)), -np.ones((len(bands), 1))])
    covariance = mean_auc_covariance([{"": draws} for draws in (*bands, reference)])
    return step_down(
        sign * (values[:-1] - values[-1]), contrast @ covariance @ contrast.T, least=1 / n_groups, freedom=n_classes - 2
    )


def _aucs(bands: Sequence[Sequence[Scored]]) -> tuple[NDArray[np.float64], int, int]:
    """Return mean AUCs over the draws, the groups of the smaller class, and those of both classes together."""
    values = np.array([float(np.mean([roc_auc(s.labels, s.scores) for s in draws])) for draws in bands])
    numbers = [[len(set(s.groups[s.labels == label].tolist())) for label in (0, 1)] for s in bands[0]]
    return values, min(map(min, numbers)), min(map(sum, numbers))


def _unknown(n: int) -> Clarity:
    return Clarity((False,) * n, (np.nan,) * n)


def step_down(
    effects: NDArray[np.float64], covariance: NDArray[np.float64], least: float = 0.0, freedom: int | None = None
) -> Clarity:
    """
    Test which of several correlated effects are above zero, with an error of `ERROR` for all of them together.

    Parameters
    ----------
    effects : array of float64 (n,)
    covariance : array of float64 (n, n)
    least : float
        Least standard error of an effect: a sample without variation does not prove that there is none.
    freedom : int, optional
        Degrees of freedom of an error that was estimated from few groups; a statistic then counts as the normal one that is as
        improbable.

    Returns
    -------
    Clarity
    """
    error = np.maximum(np.sqrt(np.maximum(np.diag(covariance), 0)), least)
    with np.errstate(invalid="ignore", divide="ignore"):
        statistic = effects / error
    if freedom is not None:
        from scipy.special import ndtri, stdtr

        statistic = -ndtri(stdtr(freedom, -statistic))
    usable = ~np.isnan(statistic)
    clear = np.zeros(len(effects), dtype=bool)
    drawn = np.zeros((N_DRAWS, len(effects)))
    drawn[:, usable] = _correlated(covariance[np.ix_(usable, usable)])
    left = usable.copy()
    while left.any():
        limit = np.quantile(drawn[:, left].max(axis=1), 1 - ERROR)
        found = left & (statistic > limit)
        if not found.any():
            break
        clear |= found
        left &= ~found
    return Clarity(tuple(clear.tolist()), tuple(statistic.tolist()))


def _correlated(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Draw normal variables of unit variance with the correlation of a covariance matrix, (N_DRAWS, n).

    Variables that do not vary are drawn independently, the worst that can be.
    """
    n = len(covariance)
    spread = np.sqrt(np.maximum(np.diag(covariance), 0))
    constant = spread < 1e-12
    scale = np.where(constant, 1.0, spread)
    correlation = covariance / np.outer(scale, scale)
    correlation[constant], correlation[:, constant] = 0.0, 0.0
    np.fill_diagonal(correlation, 1.0)
    values, vectors = np.linalg.eigh(correlation)
    root = vectors * np.sqrt(np.maximum(values, 0))
    return np.random.default_rng(0).standard_normal((N_DRAWS, n)) @ root.T
