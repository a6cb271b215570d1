"""The fast solvers give what scikit-learn gives the plain way."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from bandbench.benchmark import arrays
from bandbench.benchmark.arrays import Standardiser
from bandbench.detectors.learning import solvers
from bandbench.detectors.learning.solvers import KernelMachine, LinearModel, fit_ridge, fit_svm, kernel_matrix

ALPHAS = (1e-1, 1e1, 1e3, 1e5)


def problem(n: int, p: int, seed: int = 0) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Training values, labels and test values: correlated features, classes that overlap."""
    rng = np.random.default_rng(seed)
    mixing, shift = rng.standard_normal((6, p)), rng.standard_normal(p)

    def draw(labels: NDArray) -> NDArray[np.float64]:
        noise = rng.standard_normal((len(labels), 6)) @ mixing + rng.standard_normal((len(labels), p))
        return noise + 0.2 * labels[:, None] * shift + 3.0

    labels = np.arange(n) % 2
    return draw(labels), labels, draw(np.arange(n // 2) % 2)


def test_fits_that_share_memory_do_not_share_values() -> None:
    """Of fits of as many crops, one after the other and at the same time."""
    problems = [problem(150, 5, seed) for seed in range(4)]
    wanted = [SVC(gamma="scale").fit(train, labels).decision_function(test) for train, labels, test in problems]

    def scores(one: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]) -> NDArray[np.float64]:
        train, labels, test = one
        return fit_svm(train, labels).decision(test)

    with ThreadPoolExecutor(4) as pool:
        for found in (map(scores, problems), pool.map(scores, problems), pool.map(scores, problems * 5)):
            for number, each in enumerate(found):
                np.testing.assert_allclose(each, wanted[number % len(problems)], atol=5e-3)  # both stop at 1e-3


@pytest.mark.parametrize("n_support", [1, solvers.SCORED_TOGETHER // 3, solvers.SCORED_TOGETHER + 1])
def test_crops_are_scored_alike_however_many_support_vectors_there_are(n_support: int) -> None:
    rng = np.random.default_rng(0)
    support, dual, crops = rng.standard_normal((n_support, 2)), rng.standard_normal(n_support), rng.standard_normal((7, 2))
    scores = KernelMachine(support, dual, 0.5, "rbf", 0.3).decision(crops)
    wanted = [np.exp(-0.3 * ((support - crop) ** 2).sum(axis=1)) @ dual + 0.5 for crop in crops]
    np.testing.assert_allclose(scores, wanted, atol=1e-9)


@pytest.mark.parametrize("kernel", ["rbf", "linear", "poly"])
@pytest.mark.parametrize("gamma", ["scale", "auto", 0.03])
@pytest.mark.parametrize("C", [0.1, 10.0])
def test_svm_is_that_of_sklearn(kernel: str, gamma: float | str, C: float) -> None:
    train, labels, test = problem(200, 30)
    scaler = Standardiser.of(train)
    train, test = scaler.apply(train), scaler.apply(test)
    wanted = SVC(kernel=kernel, gamma=gamma, C=C).fit(train, labels).decision_function(test)
    np.testing.assert_allclose(fit_svm(train, labels, kernel, C, gamma).decision(test), wanted, atol=1e-6)


def test_svm_as_published_is_that_of_sklearn() -> None:
    """Features near 1 with a tiny spread: one optimum, which both reach if they may; else both stop 1e-3 around it."""
    train, labels, test = problem(300, 300)
    train, test = 1 + train / 300, 1 + test / 300
    for tol, difference in ((1e-8, 1e-6), (1e-3, 5e-3)):
        wanted = SVC(C=6.37, gamma=0.86, tol=tol).fit(train, labels).decision_function(test)
        ours = fit_svm(train, labels, "rbf", 6.37, 0.86, tol=tol).decision(test)
        np.testing.assert_allclose(ours, wanted, atol=difference)


def test_many_crops_are_left_to_libsvm(monkeypatch: pytest.MonkeyPatch) -> None:
    train, labels, test = problem(100, 10)
    small = fit_svm(train, labels).decision(test)
    monkeypatch.setattr(solvers, "MAX_KERNEL_CROPS", 50)
    monkeypatch.setattr(solvers, "kernel_matrix", None)  # not to be called in the fit
    large = fit_svm(train, labels)
    monkeypatch.undo()
    np.testing.assert_allclose(large.decision(test), small, atol=1e-6)


def test_unknown_kernel() -> None:
    train, labels, _ = problem(20, 4)
    with pytest.raises(ValueError, match="must be one of rbf, linear, poly, got 'sigmoid'"):
        fit_svm(train, labels, "sigmoid")


def test_scores_do_not_depend_on_the_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    train, labels, test = problem(100, 10)
    machine, line = fit_svm(train, labels), fit_ridge(train, labels * 2.0 - 1, ALPHAS)
    whole = machine.decision(test), line.decision(test)
    monkeypatch.setattr(arrays, "IN_CACHE", 7 * 16)
    np.testing.assert_allclose(machine.decision(test), whole[0], rtol=1e-12)
    np.testing.assert_allclose(line.decision(test), whole[1], rtol=1e-12)


def test_rbf_of_equal_rows_is_one() -> None:
    values = np.full((3, 4), 0.1) * np.array([[1.0], [1e3], [1e6]])
    np.testing.assert_array_equal(np.diag(kernel_matrix(values, values, "rbf", 0.5)), 1.0)


@pytest.mark.parametrize(("n", "p"), [(60, 200), (200, 60), (80, 80), (50, 5000)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_ridge_is_that_of_sklearn(n: int, p: int, dtype: type) -> None:
    train, labels, test = (values.astype(dtype) if values.dtype.kind == "f" else values for values in problem(n, p))
    targets = labels * 2.0 - 1
    scaler = StandardScaler().fit(train.astype(np.float64))
    plain = RidgeCV(alphas=ALPHAS).fit(scaler.transform(train.astype(np.float64)), targets)
    ours = fit_ridge(train, targets, ALPHAS)
    assert ours.alpha == plain.alpha_
    np.testing.assert_allclose(ours.decision(test), plain.predict(scaler.transform(test.astype(np.float64))), atol=1e-6)


def test_ridge_with_classes_of_unequal_size() -> None:
    train, labels, test = problem(90, 40)
    labels[:20] = 1
    targets = labels * 2.0 - 1
    scaler = StandardScaler().fit(train)
    plain = RidgeCV(alphas=ALPHAS).fit(scaler.transform(train), targets)
    wanted = plain.predict(scaler.transform(test))
    np.testing.assert_allclose(fit_ridge(train, targets, ALPHAS).decision(test), wanted, atol=1e-6)


def test_constant_features_do_no_harm() -> None:
    train, labels, test = problem(50, 8)
    train[:, 3], test[:, 3] = 0.1, 0.1
    assert Standardiser.of(train).scale[3] == 1.0
    scores = fit_ridge(train, labels * 2.0 - 1, ALPHAS).decision(test)
    train[:, 3], test[:, 3] = 7.0, 7.0
    np.testing.assert_allclose(fit_ridge(train, labels * 2.0 - 1, ALPHAS).decision(test), scores, rtol=1e-9)


def test_blocks_of_columns_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    train, labels, test = problem(30, 100)
    whole = fit_ridge(train, labels * 2.0 - 1, ALPHAS)
    monkeypatch.setattr(arrays, "COLUMNS_AT_A_TIME", 7)
    np.testing.assert_allclose(fit_ridge(train, labels * 2.0 - 1, ALPHAS).decision(test), whole.decision(test), rtol=1e-9)


def test_models_are_made_of_arrays() -> None:
    train, labels, _ = problem(40, 6)
    machine = fit_svm(train, labels)
    assert isinstance(machine, KernelMachine)
    assert machine.support_vectors.dtype == machine.dual_coef.dtype == np.float64
    line = fit_ridge(train, labels * 2.0 - 1, ALPHAS)
    assert isinstance(line, LinearModel)
    assert line.coef.shape == (6,)


def test_ridge_in_steps_is_ridge(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Rows that lie in a file, one penalty: the solution on the nine tenths that are not held out."""
    values, labels, test = problem(400, 300)
    rows = np.memmap(tmp_path / "rows", np.float32, "w+", shape=values.shape)
    rows[:] = values
    targets = 2.0 * labels - 1.0
    monkeypatch.setattr(solvers, "MAX_DECOMPOSED", 10)
    kept = np.arange(400) % 10 != 9
    scaler = Standardiser.of(values)
    for alpha in (1e2, 1e4):
        wanted = Ridge(alpha=alpha).fit(scaler.apply(values[kept]), targets[kept]).predict(scaler.apply(test))
        np.testing.assert_allclose(fit_ridge(rows, targets, (alpha,)).decision(test), wanted, atol=2e-3)


def test_ridge_in_steps_chooses_a_penalty(monkeypatch: pytest.MonkeyPatch) -> None:
    values, labels, _ = problem(600, 500)
    values[:, 5:] = np.random.default_rng(1).standard_normal((600, 495))  # hardly any signal: a strong penalty is better
    monkeypatch.setattr(solvers, "MAX_DECOMPOSED", 10)
    assert fit_ridge(values, 2.0 * labels - 1.0, (1e-3, 1e3)).alpha == 1e3
