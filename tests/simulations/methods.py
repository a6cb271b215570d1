"""Other intervals of an AUC from groups, to compare ours with: four bootstraps' ends, the earlier rule, and the plain logit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import beta, norm, t

from bandbench.benchmark.metrics.delong import GroupCodes
from bandbench.benchmark.metrics.intervals import TAIL, auc_interval_of, scarce, unseen_bounds
from bandbench.benchmark.metrics.replicates import Replicates, auc_replicates
from bandbench.benchmark.metrics.roc import Scored

Bounds = tuple[float, float]
NO_VARIANCE = 1e-16


@dataclass(frozen=True, eq=False)
class Wins:
    """
    Pairs of groups: how often the fakes of one rank above the reals of the other.

    Attributes
    ----------
    wins : array (n_groups, n_groups)
        Of the fakes of the row over the reals of the column, ties counting half.
    fakes, reals : arrays (n_groups,)
        Pictures.
    """

    wins: NDArray[np.float64]
    fakes: NDArray[np.float64]
    reals: NDArray[np.float64]

    @classmethod
    def of(cls, scored: Scored) -> "Wins":
        """Count the wins."""
        names, member = np.unique(scored.groups, return_inverse=True)
        fake = scored.labels == 1
        n = len(names)
        fakes, reals = (np.bincount(member[side], minlength=n).astype(float) for side in (fake, ~fake))
        order = np.argsort(scored.scores[~fake])
        sorted_reals, real_member = scored.scores[~fake][order], member[~fake][order]
        below = np.searchsorted(sorted_reals, scored.scores[fake])
        # Fakes of a group by the number of reals below them; then, from the lowest real on, how many fakes lie above it.
        above = np.zeros((n, len(sorted_reals) + 1))
        np.add.at(above, (member[fake], below), 1)
        above = np.cumsum(above[:, ::-1], axis=1)[:, ::-1][:, 1:]
        wins = np.zeros((n, n))
        np.add.at(wins.T, real_member, above.T)
        return cls(wins, fakes, reals)

    def under(self, weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return AUC and standard error with groups counted by weight (n_draws, n_groups)."""
        n_fake, n_real = weights @ self.fakes, weights @ self.reals
        over_reals, over_fakes = weights @ self.wins.T, weights @ self.wins
        pairs = n_fake * n_real
        with np.errstate(invalid="ignore", divide="ignore"):
            auc = np.einsum("ij,ij->i", weights, over_reals) / pairs
            share = (over_reals + over_fakes) / pairs[:, None]
            influence = share - auc[:, None] * (self.fakes / n_fake[:, None] + self.reals / n_real[:, None])
            return auc, np.sqrt(np.einsum("ij,ij->i", weights, influence**2))


def all_bounds(scored: Scored, rng: np.random.Generator, n_draws: int = 400) -> dict[str, Bounds]:
    """Return the bounds of every method."""
    replicates = auc_replicates([scored], GroupCodes(np.unique(scored.groups)))
    wins = Wins.of(scored)
    n = len(wins.fakes)
    aucs, errors = wins.under(rng.multinomial(n, np.full(n, 1 / n), size=n_draws).astype(float))
    kept = np.isfinite(aucs)
    aucs, errors = aucs[kept], errors[kept]
    value, error = replicates.value, replicates.error()
    ours = auc_interval_of(replicates)
    percentile = tuple(np.quantile(aucs, [TAIL, 1 - TAIL]))
    return {
        "ours": (ours.low, ours.high),
        "logit t": _logit(value, error.variance, float(t.ppf(1 - TAIL, error.freedom))),
        "logit z": _logit(value, error.variance, float(norm.ppf(1 - TAIL))),
        "percentile": percentile,
        "BCa": _bca(value, replicates, aucs),
        "studentised": _studentised(value, error.variance**0.5, aucs, errors),
        "earlier rule": percentile if not scarce(value, replicates.n_pairs) else _clopper_pearson(replicates),
    }


def _logit(value: float, variance: float, quantile: float) -> Bounds:
    if not 0 < value < 1 or variance < NO_VARIANCE:
        return value, value
    reach = quantile * variance**0.5 / (value * (1 - value))
    return float(expit(logit(value) - reach)), float(expit(logit(value) + reach))


def _bca(value: float, replicates: Replicates, aucs: NDArray[np.float64]) -> Bounds:
    """Efron's bias-corrected and accelerated interval; the acceleration is that of the influences."""
    influence = replicates.influences[0]
    if influence @ influence < NO_VARIANCE:
        return value, value
    acceleration = np.sum(influence**3) / (6 * np.sum(influence**2) ** 1.5)
    below = np.mean(aucs < value) + np.mean(aucs == value) / 2
    bias = norm.ppf(np.clip(below, 1 / len(aucs), 1 - 1 / len(aucs)))
    z = bias + norm.ppf([TAIL, 1 - TAIL])
    low, high = np.quantile(aucs, norm.cdf(bias + z / (1 - acceleration * z)))
    return float(low), float(high)


def _studentised(value: float, error: float, aucs: NDArray[np.float64], errors: NDArray[np.float64]) -> Bounds:
    """Return the bootstrap-t interval; draws without an error of their own do not count."""
    told = errors > 1e-9
    if error**2 < NO_VARIANCE or told.sum() < len(aucs) / 2:
        return value, value
    low, high = np.quantile((aucs[told] - value) / errors[told], [TAIL, 1 - TAIL])
    return float(max(0, value - high * error)), float(min(1, value - low * error))


def _clopper_pearson(replicates: Replicates) -> Bounds:
    """Return the earlier interval of few groups: Clopper and Pearson's for an effective number, with `unseen_bounds`."""
    value, n_pairs, error = replicates.value, replicates.n_pairs, replicates.error()
    low, high = unseen_bounds(value, n_pairs, 0.0)
    if not 0 < value < 1 or error.variance < NO_VARIANCE:
        return low, high
    fewer = (norm.ppf(1 - TAIL) / t.ppf(1 - TAIL, max(replicates.n_groups - 1, 1))) ** 2
    n = max(value * (1 - value) / error.variance * fewer, n_pairs)
    exact = beta.ppf(TAIL, n * value, n * (1 - value) + 1), beta.ppf(1 - TAIL, n * value + 1, n * (1 - value))
    return min(low, float(exact[0])), max(high, float(exact[1]))
