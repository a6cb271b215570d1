"""
A number by training draw, and the error of its mean: other test pictures and another training draw.

A detector is fitted in D draws of the training pictures, and every fit is scored on the same test pictures. A row is about the
recipe, so its number is the mean over the draws, and its variance has two parts (readers and cases of a reader study:
Obuchowski and Rockette, Communications in Statistics 24, 1995; Hillis, Statistics in Medicine 26, 2007):

- over groups of test pictures, of the mean over the draws;
- between training draws, ``T (1/D + o / (1 - o))``, where o is the share of training pictures that two draws have in common
  (Nadeau and Bengio, Machine Learning 52, 2003): draws that overlap differ less than independent ones.

The variance between the D numbers holds more than T. On a finite set of test pictures two fits also differ because each makes
its own mistakes there. The mean's variance over groups has that part already, so T is the variance between the draws without
it, and it is 0 where nothing is left. Degrees of freedom are Satterthwaite's.

Of fewer than `MIN_DRAWS` draws the error is over test pictures alone: two draws estimate a variance with one degree of
freedom, and an interval from it says nothing. The interval of few draws spans those of the single draws instead (`intervals`).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from .delong import GroupCodes, auc_parts
from .roc import Scored, roc_auc

MIN_DRAWS = 5  # from which the variance between draws is known well enough to be counted
# Share of common training pictures from which on draws count as draws of one training set: they differ by the detector's seed.
SAME_PICTURES = 0.9


@dataclass(frozen=True)
class MeanError:
    """
    Error of a mean over training draws.

    Attributes
    ----------
    over_groups : float
        Variance over groups of test pictures.
    over_training : float
        Variance between training draws, as far as it moves the mean; 0 for fewer than `MIN_DRAWS`.
    freedom : float
        Degrees of freedom of the sum of both (Satterthwaite).
    draw_sd : float
        Standard deviation of the numbers of the draws; NaN for one draw.
    """

    over_groups: float
    over_training: float
    freedom: float
    draw_sd: float

    @property
    def variance(self) -> float:
        """Variance of the mean."""
        return self.over_groups + self.over_training

    def reach(self, tail: float = 0.025) -> float:
        """Return the distance of either end of Student's interval, beyond which the chance is `tail`."""
        from scipy.special import stdtrit

        return float(-stdtrit(self.freedom, tail) * np.sqrt(self.variance))


def training_share(n_draws: int, overlap: float) -> float:
    """
    Return the part of the variance between training draws that is in the mean over `n_draws` of them.

    Parameters
    ----------
    n_draws : int
    overlap : float
        Share of training pictures that two draws have in common. From `SAME_PICTURES` on the interval is about these
        training pictures, and draws are draws of the detector's seed.

    Returns
    -------
    float
        ``1 / n_draws + overlap / (1 - overlap)`` (Nadeau and Bengio 2003).
    """
    return 1 / n_draws + (overlap / (1 - overlap) if overlap < SAME_PICTURES else 0.0)


def mean_error(values: NDArray[np.float64], covariance: NDArray[np.float64], freedom: float, overlap: float = 0.0) -> MeanError:
    """
    Combine the variance over groups of test pictures with the variance between training draws.

    Parameters
    ----------
    values : array of float64 (n_draws,)
        A number, or a difference of two, by training draw.
    covariance : array of float64 (n_draws, n_draws)
        Of the values over groups of test pictures, the fits being given.
    freedom : float
        Degrees of freedom of the covariance.
    overlap : float
        See `training_share`.

    Returns
    -------
    MeanError
        Of the mean of `values`.
    """
    n_draws, over_groups = len(values), max(float(covariance.mean()), 0.0)
    if n_draws == 1:
        return MeanError(over_groups, 0.0, freedom, np.nan)
    between = float(values.var(ddof=1))
    if n_draws < MIN_DRAWS:
        return MeanError(over_groups, 0.0, freedom, between**0.5)
    own_mistakes = (float(np.trace(covariance)) / n_draws - over_groups) * n_draws / (n_draws - 1)
    share = training_share(n_draws, overlap)
    over_training = share * max(0.0, between - own_mistakes)
    # The estimate of the second part is as uncertain as the variance between the draws that it is taken from.
    uncertainty = over_groups**2 / freedom + (share * between) ** 2 / (n_draws - 1)
    total = over_groups + over_training
    # As in Hillis 2007 never fewer than those of the draws or of the groups. Where draws differ by their own mistakes alone,
    # the total is the variance over groups, and how uncertain the difference of two variances is says nothing about it.
    least = min(freedom, n_draws - 1.0)
    return MeanError(
        over_groups, over_training, max(least, total**2 / uncertainty) if uncertainty > 0 else freedom, between**0.5
    )


@dataclass(frozen=True, eq=False)
class Replicates:
    """
    A number by training draw, with what every group of test pictures adds to its error.

    Numbers of the same test pictures are subtracted and averaged with everything they have in common: groups, and draws.

    Attributes
    ----------
    values : array of float64 (n_draws,)
    influences : array of float64 (n_draws, n_units)
        Their products ``influences @ influences.T`` are the covariance of the values. Units are groups, or bootstrap draws.
    kinds : array of int (n_groups,), or None
        Groups of the same kind hold the same classes in the same domains; 0 for groups without items. None where units are
        bootstrap draws.
    n_groups, n_pairs : int
        Groups of the smaller class, and independent pairs (a fake and a real that share no group), of the smallest item set.
    """

    values: NDArray[np.float64]
    influences: NDArray[np.float64]
    kinds: NDArray[np.intp] | None
    n_groups: int
    n_pairs: int

    @property
    def value(self) -> float:
        """Mean over the draws."""
        return float(self.values.mean())

    @property
    def covariance(self) -> NDArray[np.float64]:
        """Covariance of the values over groups of test pictures, (n_draws, n_draws)."""
        return self.influences @ self.influences.T

    @property
    def freedom(self) -> float:
        """Degrees of freedom of the variance over groups: Satterthwaite's, over the kinds of groups."""
        squares = self.influences.mean(axis=0) ** 2
        if self.kinds is None or squares.sum() == 0:
            return max(1.0, self.n_groups - 1.0)
        parts, sizes = np.bincount(self.kinds, squares), np.bincount(self.kinds)
        return float(squares.sum() ** 2 / np.sum(parts**2 / np.maximum(sizes - 1, 1)))

    def few(self) -> list["Replicates"]:
        """Return the single draws where there are several, but fewer than `MIN_DRAWS`; none otherwise."""
        if not 1 < len(self.values) < MIN_DRAWS:
            return []
        return [
            replace(self, values=self.values[k : k + 1], influences=self.influences[k : k + 1]) for k in range(len(self.values))
        ]

    def error(self, overlap: float = 0.0) -> MeanError:
        """Return the error of the mean; see `mean_error`."""
        return mean_error(self.values, self.covariance, self.freedom, overlap)

    def __sub__(self, other: "Replicates") -> "Replicates":
        """Subtract draw by draw and group by group; both have the same groups and the same number of draws."""
        return replace(
            self,
            values=self.values - other.values,
            influences=self.influences - other.influences,
            kinds=_joint_kinds([self.kinds, other.kinds]),
            n_groups=min(self.n_groups, other.n_groups),
            n_pairs=min(self.n_pairs, other.n_pairs),
        )


def mean_of(parts: Sequence[Replicates]) -> Replicates:
    """Average over test domains, draw by draw and group by group; all parts have the same groups and number of draws."""
    if len(parts) == 1:
        return parts[0]
    return Replicates(
        np.mean([part.values for part in parts], axis=0),
        np.mean([part.influences for part in parts], axis=0),
        _joint_kinds([part.kinds for part in parts]),
        min(part.n_groups for part in parts),
        min(part.n_pairs for part in parts),
    )


def _joint_kinds(each: Sequence[NDArray[np.intp] | None]) -> NDArray[np.intp] | None:
    """Number the combinations of kinds."""
    joint: NDArray[np.intp] | None = None
    for kinds in each:
        if kinds is None:
            return None
        joint = kinds if joint is None else np.unique(joint * (kinds.max() + 1) + kinds, return_inverse=True)[1]
    return joint


def auc_replicates(draws: Sequence[Scored], codes: GroupCodes) -> Replicates:
    """
    Compute the AUC of every training draw on one test domain, with the influence of every group.

    Parameters
    ----------
    draws : sequence of Scored
        One per fitted detector. The items may differ, as validation items do.
    codes : GroupCodes
        Of all groups.

    Returns
    -------
    Replicates
        Influences are Obuchowski's (Biometrics 53, 1997), of single items DeLong's. NaN where a class is missing.
    """
    n = len(codes.names)
    holds = np.zeros((2, n), dtype=bool)
    influences, n_groups, n_pairs = np.zeros((len(draws), n)), [], []
    for k, scored in enumerate(draws):
        member = codes.of(scored.groups)
        here = np.stack([np.bincount(member[scored.labels == label], minlength=n) > 0 for label in (0, 1)])
        n_real, n_fake = (int(of_class.sum()) for of_class in here)
        n_groups.append(min(n_real, n_fake))
        n_pairs.append(min(n_real, n_fake, int(here.any(axis=0).sum()) // 2))
        holds |= here
        if n_groups[-1]:
            parts = auc_parts(scored.labels, scored.scores, member, n)
            influences[k] = _spread(n_fake) * parts.fakes[0] + _spread(n_real) * parts.reals[0]
    values = np.array([roc_auc(scored.labels, scored.scores) for scored in draws])
    return Replicates(values, influences, holds[0] + 2 * holds[1].astype(np.intp), min(n_groups), min(n_pairs))


def _spread(n_groups: int) -> float:
    """Factor by which deviations from the mean of a sample are smaller than those from the mean of the population."""
    return float(np.sqrt(n_groups / max(n_groups - 1, 1)))
