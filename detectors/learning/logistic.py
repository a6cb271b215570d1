"""
Penalised logistic regression on many more features than crops, two classes or several.

The objective is the one of arXiv 2003.08685, solved to its optimum: mean cross-entropy, plus ``strength`` times the sum of
the absolute weights (``l1``), of their squares (``l2``) or of ``both``, over z-scored features and all classes; the intercepts
are free.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy  # whose parts are imported when they are first used: `scipy.special` takes longer than NumPy
from numpy.typing import NDArray

from ...benchmark.arrays import ROWS_AT_A_TIME, Standardiser
from .coordinates import Coordinates

PENALTIES = ("none", "l1", "l2", "both")
MOST_ITERATIONS = 1000


@dataclass(frozen=True)
class LogisticModel:
    """
    Logits on raw features: ``values @ coef + intercept``.

    Attributes
    ----------
    coef : array of float64 (n_features, n_classes)
    intercept : array of float64 (n_classes,)
    """

    coef: NDArray[np.float64]
    intercept: NDArray[np.float64]

    def logits(self, values: NDArray) -> NDArray[np.float64]:
        """Logits of every row of `values` (n_crops, n_features), (n_crops, n_classes); rows do not influence each other."""
        logits = np.empty((len(values), len(self.intercept)))
        for start in range(0, len(values), ROWS_AT_A_TIME):
            block = np.asarray(values[start : start + ROWS_AT_A_TIME], dtype=np.float64)
            for k, weights in enumerate(self.coef.T):
                logits[start : start + len(block), k] = np.einsum("ij,j->i", block, weights) + self.intercept[k]
        return logits


def fit_logistic(values: NDArray, labels: NDArray[np.int64], penalty: str = "l2", strength: float = 0.01) -> LogisticModel:
    """
    Fit multinomial logistic regression.

    Parameters
    ----------
    values : array (n_crops, n_features)
    labels : array of int64 (n_crops,)
        0 to K-1.
    penalty : {"none", "l1", "l2", "both"}
    strength : float

    Returns
    -------
    LogisticModel
        Folded back to raw features.

    Raises
    ------
    ValueError
        If the penalty is unknown.
    """
    if penalty not in PENALTIES:
        raise ValueError(f"the penalty must be one of {', '.join(PENALTIES)}, got {penalty!r}")
    scaler = Standardiser.of(values)
    # Two classes: with weights -w/2 and w/2 both penalties are smallest for a given difference w, and this is what remains.
    pair = labels.max() == 1
    l1 = strength * (penalty in ("l1", "both"))
    l2 = strength * (penalty in ("l2", "both")) * (0.5 if pair else 1.0)
    if l1:
        weights, intercept = _proximal(scaler.apply(values), labels, l1, l2)
        coef = weights / scaler.scale[:, None]
    else:
        coordinates = Coordinates.of(values, scaler)
        weights, intercept = _smooth(coordinates.train, labels, l2)
        coef = coordinates.back(weights)
    if pair:
        coef, intercept = np.hstack([-coef / 2, coef / 2]), np.hstack([-intercept / 2, intercept / 2])
    return LogisticModel(coef, intercept - scaler.mean @ coef)


def accuracy_path(
    train: tuple[NDArray, NDArray[np.int64]], held_out: tuple[NDArray, NDArray[np.int64]], lambdas: Sequence[float]
) -> NDArray[np.float64]:
    """
    Accuracy on held-out crops over the L2 penalty, as the probe of arXiv 2210.14571 is chosen.

    Parameters
    ----------
    train, held_out : tuple of values (n_crops, n_features) and labels (n_crops,)
    lambdas : sequence of float
        Half the sum of squared weights is weighed with lambda against the summed (not mean) cross-entropy.

    Returns
    -------
    array of float64 (n_lambdas,)
    """
    scaler = Standardiser.of(train[0])
    z, z_held_out = scaler.apply(train[0]), scaler.apply(held_out[0])
    accuracies = []
    for weight in lambdas:
        # Features and tolerance as published: with hardly any penalty the solver's early end is part of the model.
        weights, intercept = _smooth(z, train[1], 0.5 * weight / len(z), tol=1e-4)
        logits = z_held_out @ weights + intercept
        decided = logits[:, 0] > 0 if weights.shape[1] == 1 else logits.argmax(axis=1)
        accuracies.append(float(np.mean(decided == held_out[1])))
    return np.array(accuracies)


def _smooth(z: NDArray[np.float64], labels: NDArray[np.int64], l2: float, tol: float = 1e-6) -> tuple[NDArray, NDArray]:
    """
    Minimise by scikit-learn's quasi-Newton solver, which suits an objective without absolute values.

    Where no feature varies the optimum are the logarithms of the shares of the classes.
    """
    if not z.shape[1]:
        logs = np.log(np.bincount(labels) / len(labels))
        intercept = logs[1:] - logs[0] if len(logs) == 2 else logs - logs.mean()
        return np.zeros((0, len(intercept))), intercept
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    c = 1 / (2 * l2 * len(z)) if l2 else np.inf
    with warnings.catch_warnings():
        # Without a penalty classes that can be told apart have no optimum: the weights grow until the last iteration.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(C=c, max_iter=MOST_ITERATIONS, tol=tol).fit(z, labels)
    return model.coef_.T, model.intercept_


def _proximal(z: NDArray[np.float64], labels: NDArray[np.int64], l1: float, l2: float) -> tuple[NDArray, NDArray]:
    """
    Accelerated proximal gradient on a growing set of features; the others have weight 0 and do not violate optimality.

    Few features have weights, and a step costs as much as there are features: scikit-learn's saga, which steps through all of
    them, takes minutes where this takes a second.
    """
    n, p = z.shape
    targets = np.eye(labels.max() + 1)[labels]
    if targets.shape[1] == 2:
        targets = targets[:, 1:]
    weights, intercept = np.zeros((p, targets.shape[1])), np.zeros(targets.shape[1])
    active = np.zeros(p, dtype=bool)
    for _ in range(50):
        residual = (_probability(z[:, active] @ weights[active] + intercept) - targets) / n
        excess = np.abs(z.T @ residual).max(axis=1)
        new = ~active & (excess > l1 * (1 + 1e-4))
        if not new.any() and active.any():
            break
        strongest = np.argsort(np.where(new, -excess, 0))[: max(100, active.sum())]
        active[strongest[new[strongest]]] = True
        weights[active], intercept = _accelerated(z[:, active], targets, l1, l2, weights[active], intercept)
        if not active.any():
            break
    return weights, intercept


def _accelerated(
    z: NDArray, targets: NDArray, l1: float, l2: float, weights: NDArray, intercept: NDArray
) -> tuple[NDArray, NDArray]:
    n = len(z)
    # The last row is the intercept, which no penalty touches.
    columns = np.hstack([z, np.ones((n, 1))])
    penalised = np.append(np.ones(z.shape[1]), 0.0)[:, None]
    curvature = 0.25 if targets.shape[1] == 1 else 0.5
    small = columns @ columns.T if n < columns.shape[1] else columns.T @ columns
    step = 1 / (curvature * np.linalg.eigvalsh(small)[-1] / n + 2 * l2)
    x = np.vstack([weights, intercept])
    y, momentum = x, 1.0
    for _ in range(MOST_ITERATIONS):
        gradient = columns.T @ (_probability(columns @ y) - targets) / n + 2 * l2 * penalised * y
        moved = y - step * gradient
        new = np.sign(moved) * np.maximum(np.abs(moved) - step * l1 * penalised, 0)
        change = new - x
        if np.abs(change).max() <= 1e-7 * max(1e-3, np.abs(new).max()):
            x = new
            break
        faster = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        if np.sum((y - new) * change) > 0:  # going back: begin anew
            faster, y = 1.0, new
        else:
            y = new + (momentum - 1) / faster * change
        x, momentum = new, faster
    return x[:-1], x[-1]


def _probability(logits: NDArray) -> NDArray:
    return scipy.special.expit(logits) if logits.shape[1] == 1 else scipy.special.softmax(logits, axis=1)


def fit_log_odds(values: NDArray, labels: NDArray[np.int64], inverse_strength: float) -> tuple[NDArray[np.float64], float]:
    """
    Fit the log odds of class 1 of two.

    Parameters
    ----------
    values : array (n_crops, n_features)
    labels : array of int64 (n_crops,)
    inverse_strength : float
        ``C`` of scikit-learn: of the L2 penalty on standardised values.

    Returns
    -------
    coef : array of float64 (n_features,)
    intercept : float
    """
    # The penalty is on the weights of both classes, w/2 and -w/2, whose squares sum to half of w's.
    model = fit_logistic(values, labels, "l2", 1 / (inverse_strength * len(labels)))
    return model.coef[:, 1] - model.coef[:, 0], float(model.intercept[1] - model.intercept[0])
