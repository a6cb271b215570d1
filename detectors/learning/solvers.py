"""
Solvers for the many small fits of a band study: the same optimum as scikit-learn's, at a fraction of the time.

Kernels and Gram matrices are matrix products here, which BLAS does at the machine's speed; the library's solver gets
the finished matrix. Everything is float64, so that scores agree with the plain way to better than 1e-6.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...benchmark.arrays import ROWS_AT_A_TIME, Standardiser, column_blocks, row_blocks

KERNELS = ("rbf", "linear", "poly")
# A kernel matrix of this many crops takes 288 MB; beyond it, libsvm computes the rows that it needs.
MAX_KERNEL_CROPS = 6000
# With this many crops and features a Gram matrix and its decomposition take a minute, and eight times that with twice as many.
MAX_DECOMPOSED = 4000
# The memory of a kernel matrix of so many crops (32 MB) is kept for the next fit: new pages would take a sixth of a fit's time.
MAX_KEPT_CROPS = 2048
SCORED_TOGETHER = 100_000  # entries of the kernel matrix of crops that are scored; it stays in the processor's cache
KERNEL_ROWS = 64  # of a kernel matrix that are computed together
MAX_STEPS = 40
LANDMARKS = 1000  # crops whose kernel values stand for the kernel


@dataclass(frozen=True)
class KernelMachine:
    """
    A fitted support vector machine.

    Attributes
    ----------
    support_vectors : array of float64 (n_support, n_features)
    dual_coef : array of float64 (n_support,)
        Label times multiplier.
    intercept : float
    kernel : {"rbf", "linear", "poly"}
    gamma : float
    degree : int
        Of ``poly``, whose constant term is 0.
    """

    support_vectors: NDArray[np.float64]
    dual_coef: NDArray[np.float64]
    intercept: float
    kernel: str
    gamma: float
    degree: int = 3

    def decision(self, values: NDArray) -> NDArray[np.float64]:
        """
        Signed distance to the margin in the kernel's space, positive for label 1.

        Parameters
        ----------
        values : array (n_crops, n_features)

        Returns
        -------
        array of float64 (n_crops,)
        """
        x = np.asarray(values, dtype=np.float64)
        scores = np.empty(len(x))
        n_rows = max(1, SCORED_TOGETHER // len(self.support_vectors))
        for start in range(0, len(x), n_rows):
            rows = slice(start, start + n_rows)
            similar = kernel_matrix(x[rows], self.support_vectors, self.kernel, self.gamma, self.degree)
            scores[rows] = similar @ self.dual_coef + self.intercept
        return scores


class _Kept(threading.local):
    """Memory of the kernel matrix of the last fit of this thread."""

    matrix = np.empty((0, 0))

    def of(self, n: int) -> NDArray[np.float64]:
        if n > MAX_KEPT_CROPS:
            return np.empty((n, n))
        if len(self.matrix) != n:
            self.matrix = np.empty((n, n))
        return self.matrix


_kept = _Kept()


def kernel_matrix(
    a: NDArray[np.float64],
    b: NDArray[np.float64],
    kernel: str,
    gamma: float,
    degree: int = 3,
    out: NDArray[np.float64] | None = None,
) -> NDArray[np.float64]:
    """
    Kernel between all rows of two arrays, (len(a), len(b)), which is written to `out` if that is given.

    ``rbf`` is exp(-gamma |x - y|^2), ``poly`` is (gamma x·y)^degree, ``linear`` is x·y, as in scikit-learn.
    """
    if out is None:
        out = np.empty((len(a), len(b)))
    if kernel == "rbf":
        return _rbf_matrix(a, b, gamma, out)
    product = np.matmul(a, b.T, out=out)  # where b is a, NumPy computes one triangle only
    if kernel == "linear":
        return product
    product *= gamma
    return np.power(product, degree, out=product)


def _rbf_matrix(
    a: NDArray[np.float64], b: NDArray[np.float64], gamma: float, kernel: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compute exp(-gamma |x - y|^2) in blocks of rows that stay in the processor's cache; one triangle where b is a."""
    # Distances do not change, and small ones are no longer differences of large numbers.
    centre = b.mean(axis=0)
    left, right = a - centre, b - centre
    # With two more columns a product of matrices is the exponent: 2 x·y - |x|^2 - |y|^2, times gamma.
    left_square, right_square = (-gamma * np.einsum("ij,ij->i", x, x)[:, None] for x in (left, right))
    left = np.concatenate([2 * gamma * left, left_square, np.ones_like(left_square)], axis=1)
    right = np.concatenate([right, np.ones_like(right_square), right_square], axis=1)
    for start in range(0, len(a), KERNEL_ROWS):
        stop = min(start + KERNEL_ROWS, len(a))
        first = start if a is b else 0
        block = left[start:stop] @ right[first:].T
        np.minimum(block, 0, out=block)  # a distance of zero may have been rounded below it
        np.exp(block, out=block)
        kernel[start:stop, first:] = block
        if a is b:
            kernel[stop:, start:stop] = block[:, stop - start :].T
    return kernel


def fit_svm(
    values: NDArray[np.float64],
    labels: NDArray[np.int64],
    kernel: str = "rbf",
    C: float = 1.0,
    gamma: float | str = "scale",
    degree: int = 3,
    tol: float = 1e-3,
) -> KernelMachine:
    """
    Fit a support vector machine on a kernel matrix.

    Parameters
    ----------
    values : array of float64 (n_crops, n_features)
    labels : array of int64 (n_crops,)
        0 or 1.
    kernel : {"rbf", "linear", "poly"}
    C : float
    gamma : float or {"scale", "auto"}
        ``scale`` is 1 / (n_features * variance of all values), ``auto`` 1 / n_features.
    degree : int
    tol : float
        At which libsvm stops. Where a kernel hardly varies (as with published features, all near 1), two runs that
        round differently may differ by as much in their scores, however the kernel was computed.

    Returns
    -------
    KernelMachine
        That of ``sklearn.svm.SVC`` with the same arguments.

    Raises
    ------
    ValueError
        If the kernel is unknown.

    Notes
    -----
    On 1200 crops with 300 features this takes about a third of the time of SVC, and scoring a tenth: libsvm computes
    its kernel entry by entry. Up to 6000 crops; beyond that SVC is called, since the matrix would not fit.
    """
    from sklearn import config_context
    from sklearn.svm import SVC

    if kernel not in KERNELS:
        raise ValueError(f"the kernel must be one of {', '.join(KERNELS)}, got {kernel!r}")
    width = _gamma(values, gamma)
    if len(values) > MAX_KERNEL_CROPS:
        svc = SVC(kernel=kernel, C=C, gamma=width, degree=degree, tol=tol)  # pyright: ignore[reportArgumentType] (floats are fine)
        svc.fit(values, labels)
    else:
        similar = kernel_matrix(values, values, kernel, width, degree, _kept.of(len(values)))
        with config_context(assume_finite=True):  # features are, and looking for more takes a tenth of the fit
            svc = SVC(kernel="precomputed", C=C, tol=tol).fit(similar, labels)
    return KernelMachine(
        np.ascontiguousarray(values[svc.support_]),
        np.array(svc.dual_coef_[0], dtype=np.float64),
        float(svc.intercept_[0]),
        kernel,
        width,
        degree,
    )


def approximate_svm(
    values: NDArray[np.float64],
    labels: NDArray[np.int64],
    kernel: str = "rbf",
    C: float = 1.0,
    gamma: float | str = "scale",
    degree: int = 3,
) -> KernelMachine:
    """
    Fit a linear support vector machine on kernel values of `LANDMARKS` crops, in time and memory linear in the crops.

    The kernel is approximated as by Williams and Seeger (2000), "Using the Nyström method to speed up kernel machines"; the
    hinge loss is squared. Parameters and result are those of `fit_svm`; the support vectors are crops drawn by chance.
    """
    from sklearn.svm import LinearSVC

    width = _gamma(values, gamma)
    drawn = np.random.default_rng(0).choice(len(values), min(LANDMARKS, len(values)), replace=False)
    landmarks = np.ascontiguousarray(values[np.sort(drawn)])
    left, scale, right = np.linalg.svd(kernel_matrix(landmarks, landmarks, kernel, width, degree))
    root = (left / np.sqrt(np.maximum(scale, 1e-12))) @ right
    features = np.empty((len(values), len(landmarks)))
    for start in range(0, len(values), ROWS_AT_A_TIME):
        rows = slice(start, start + ROWS_AT_A_TIME)
        features[rows] = kernel_matrix(values[rows], landmarks, kernel, width, degree) @ root.T
    machine = LinearSVC(C=C, dual=False, random_state=0)  # pyright: ignore[reportArgumentType]
    machine.fit(features, labels)
    coefficients, intercept = np.asarray(machine.coef_)[0], np.asarray(machine.intercept_)[0]
    return KernelMachine(landmarks, np.ascontiguousarray(root.T @ coefficients), float(intercept), kernel, width, degree)


def _gamma(values: NDArray[np.float64], gamma: float | str) -> float:
    if gamma == "auto":
        return 1.0 / values.shape[1]
    if gamma == "scale":
        variance = float(values.var())
        return 1.0 / (values.shape[1] * variance) if variance else 1.0
    return float(gamma)


@dataclass(frozen=True)
class LinearModel:
    """
    A linear score on raw features: ``values @ coef + intercept``.

    Attributes
    ----------
    coef : array of float64 (n_features,)
    intercept : float
    alpha : float
        Penalty that was chosen.
    """

    coef: NDArray[np.float64]
    intercept: float
    alpha: float

    def decision(self, values: NDArray) -> NDArray[np.float64]:
        """Score rows of `values` (n_crops, n_features); a row's score does not depend on the others."""
        scores = np.full(len(values), self.intercept)
        for rows in row_blocks(values):
            scores[rows] += np.einsum("ij,j->i", np.asarray(values[rows], dtype=np.float64), self.coef)
        return scores


def fit_ridge(values: NDArray, targets: NDArray[np.floating], alphas: Sequence[float]) -> LinearModel:
    """
    Ridge regression on z-scored features, the penalty chosen by efficient leave-one-out.

    Parameters
    ----------
    values : array (n_crops, n_features)
        Any float type; handled in blocks of columns, so that no float64 copy of the whole is made.
    targets : array of float64 (n_crops,)
    alphas : sequence of float
        Penalties to choose from.

    Returns
    -------
    LinearModel
        That of ``RidgeCV`` after ``StandardScaler``, folded into one vector for raw features.

    Notes
    -----
    One eigen-decomposition serves all penalties: of the Gram matrix of the crops, or, where there are fewer features
    than crops, of the covariance of the features. The squared leave-one-out residual of crop i is
    ``(residual_i / (1 - h_ii))**2`` with the hat matrix h, the intercept included. With more than 4000 crops and
    features neither matrix is made: rows are read in blocks, some forty times, and one crop in ten is held out to
    choose the penalty.
    """
    n, p = values.shape
    scaler = Standardiser.of(values)
    if min(n, p) > MAX_DECOMPOSED:
        return _fit_ridge_in_steps(values, targets, alphas, scaler)
    centred = targets - targets.mean()
    if p < n:
        z = scaler.apply(values)
        eigenvalues, vectors = np.linalg.eigh(z.T @ z)
        left = z @ vectors
    else:
        gram = np.zeros((n, n))
        for columns, z in _in_one_place(values):
            z -= scaler.mean[columns]
            z /= scaler.scale[columns]
            gram += z @ z.T
        eigenvalues, vectors = np.linalg.eigh(gram)
        left = vectors * np.sqrt(np.maximum(eigenvalues, 0))
    # Either way left @ left.T is the Gram matrix, and column k of `left` has the squared length eigenvalues[k].
    eigenvalues = np.maximum(eigenvalues, 0)
    projected, squared = left.T @ centred, left**2
    best_error, best_alpha = np.inf, float(alphas[0])
    for alpha in alphas:
        shrunk = 1 / (eigenvalues + alpha)
        residual = centred - left @ (shrunk * projected)
        error = float(np.mean((residual / (1 - squared @ shrunk - 1 / n)) ** 2))
        if error < best_error:
            best_error, best_alpha = error, float(alpha)
    shrunk = 1 / (eigenvalues + best_alpha)
    if p < n:
        weights = vectors @ (shrunk * projected) / scaler.scale
    else:
        dual = vectors @ (shrunk * (vectors.T @ centred))
        # `dual` sums to zero, so the means of the features drop out of this product.
        blocks = [dual @ part for _, part in _in_one_place(values)]
        weights = np.concatenate(blocks) / scaler.scale**2
    return LinearModel(weights, float(targets.mean() - scaler.mean @ weights), best_alpha)


def _in_one_place(values: NDArray) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield blocks of columns as float64, one after the other in the same memory: new pages would take longer than the sums."""
    memory = np.empty(0)
    for columns in column_blocks(values.shape[1]):
        part = values[:, columns]
        if memory.size < part.size:
            memory = np.empty(part.size)
        block = memory[: part.size].reshape(part.shape)
        block[:] = part
        yield columns, block


def _fit_ridge_in_steps(
    values: NDArray, targets: NDArray[np.floating], alphas: Sequence[float], scaler: Standardiser
) -> LinearModel:
    """
    Ridge regression by Lanczos steps, for rows that do not fit into memory.

    With Z the z-scored features, k steps give orthonormal V (n_features, k) and tridiagonal T = V'Z'ZV, from which the
    solutions of all penalties follow: ``V (T + alpha)^-1 V'Z'y``. The space does not depend on the penalty. A step reads
    the rows once.
    """
    held_out = np.arange(len(values)) % 10 == 9
    centre = targets[~held_out].mean()
    step_rows = max(1, 2**20 // values.shape[1])  # of 4 MB, which are still in the processor's cache when they are needed again

    def each_block() -> Iterator[tuple[NDArray[np.float32], slice]]:
        for start in range(0, len(values), step_rows):
            rows = slice(start, start + step_rows)
            yield np.asarray(values[rows], dtype=np.float32), rows

    # z-scores are never made: Zv is X(v/scale) less a number, u'Z is u'X less a multiple of the mean, over the scale.
    def project(block: NDArray[np.float32], vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled = (vectors.T / scaler.scale).T
        return block @ scaled.astype(np.float32) - scaler.mean @ scaled

    def normal(vector: NDArray[np.float64]) -> NDArray[np.float64]:
        scaled = vector / scaler.scale
        narrow, offset = scaled.astype(np.float32), scaler.mean @ scaled
        total, weight = np.zeros_like(vector), 0.0
        for block, rows in each_block():
            projected = np.where(held_out[rows], 0, block @ narrow - offset)
            total += projected.astype(np.float32) @ block
            weight += projected.sum()
        return (total - weight * scaler.mean) / scaler.scale

    # The free intercept asks for the mean of the very rows that are fitted.
    right, total = np.zeros(values.shape[1]), np.zeros(values.shape[1])
    for block, rows in each_block():
        right += np.where(held_out[rows], 0, targets[rows] - centre).astype(np.float32) @ block
        total += (~held_out[rows]).astype(np.float32) @ block
    right /= scaler.scale
    scaler = Standardiser(total / (~held_out).sum(), scaler.scale)
    length = float(np.linalg.norm(right))
    basis = [right / length]
    solutions: list[NDArray[np.floating]] = []
    diagonal: list[float] = []
    beside: list[float] = []
    for step in range(1, MAX_STEPS + 1):
        image = normal(basis[-1])
        diagonal.append(float(basis[-1] @ image))
        for _ in range(2):  # twice is enough to be orthogonal to the last digit
            for vector in basis:
                image -= (vector @ image) * vector
        beside.append(float(np.linalg.norm(image)))
        tridiagonal = np.diag(diagonal) + np.diag(beside[:-1], 1) + np.diag(beside[:-1], -1)
        start = length * np.eye(step)[:, 0]
        solutions = [np.linalg.solve(tridiagonal + alpha * np.eye(step), start) for alpha in alphas]
        # |right - (Z'Z + alpha) w| of a Lanczos solution is the last number beside the diagonal times its last coefficient.
        if max(abs(beside[-1] * solution[-1]) for solution in solutions) < 1e-4 * length:
            break
        basis.append(image / beside[-1])
    weights = np.stack([np.stack(basis[: len(s)], axis=1) @ s for s in solutions], axis=1)
    errors = np.zeros(len(alphas))
    for block, rows in each_block():
        out = held_out[rows]
        errors += ((project(block[out], weights) + centre - targets[rows][out, None]) ** 2).sum(axis=0)
    best = int(errors.argmin())
    coef = weights[:, best] / scaler.scale
    return LinearModel(coef, float(centre - scaler.mean @ coef), float(alphas[best]))
