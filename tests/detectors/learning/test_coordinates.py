"""Coordinates keep what matters: distances, inner products, and the weights that are learned on them."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import Ridge

from bandbench.benchmark import arrays
from bandbench.benchmark.arrays import Standardiser
from bandbench.detectors.learning.coordinates import Coordinates


@pytest.fixture(autouse=True, params=[7, 2048])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several blocks of columns, and one."""
    monkeypatch.setattr(arrays, "COLUMNS_AT_A_TIME", request.param)


def rows(n: int, p: int, kind: type, seed: int = 0) -> NDArray:
    values = np.random.default_rng(seed).normal(100, 20, (n, p))
    return values.round().astype(kind) if kind is np.uint8 else values.astype(kind)


CASES = pytest.mark.parametrize(("n", "p"), [(12, 40), (40, 12), (15, 15)])
KINDS = pytest.mark.parametrize("kind", [np.float32, np.float64, np.uint8])


@CASES
@KINDS
@pytest.mark.parametrize("scaled", [True, False])
def test_inner_products_are_kept(n: int, p: int, kind: type, scaled: bool) -> None:
    values = rows(n, p, kind)
    scaler = Standardiser.of(values) if scaled else None
    z = scaler.apply(values) if scaler else values.astype(np.float64)
    found = Coordinates.of(values, scaler)
    assert found.train.shape[0] == n
    assert found.train.shape[1] <= min(n, p)
    np.testing.assert_allclose(found.train @ found.train.T, z @ z.T, rtol=1e-9, atol=1e-9 * np.abs(z @ z.T).max())
    np.testing.assert_allclose(found.of_rows(values), found.train, atol=1e-7 * np.abs(found.train).max())


@CASES
@KINDS
def test_weights_go_back_to_features(n: int, p: int, kind: type) -> None:
    """One vector of weights, and several."""
    values, others = rows(n, p, kind), rows(5, p, kind, seed=1)
    scaler = Standardiser.of(values)
    found = Coordinates.of(values, scaler)
    weights = np.random.default_rng(2).standard_normal((found.train.shape[1], 3))
    features = found.back(weights)
    assert features.shape == (p, 3)
    for stack, coordinates in ((values, found.train), (others, found.of_rows(others))):
        np.testing.assert_allclose((stack - scaler.mean) @ features, coordinates @ weights, atol=1e-9)
    np.testing.assert_allclose(found.back(weights[:, 0]), features[:, 0], rtol=1e-12)


@CASES
def test_a_linear_model_is_the_same(n: int, p: int) -> None:
    values, targets = rows(n, p, np.float64), np.random.default_rng(3).standard_normal(n)
    scaler = Standardiser.of(values)
    found = Coordinates.of(values, scaler)
    wanted = Ridge(alpha=5.0, solver="svd").fit(scaler.apply(values), targets).coef_ / scaler.scale
    np.testing.assert_allclose(found.back(Ridge(alpha=5.0, solver="svd").fit(found.train, targets).coef_), wanted, atol=1e-9)


def test_coordinates_of_many_features_are_principal_components() -> None:
    values = rows(20, 60, np.float32)
    scaler = Standardiser.of(values)
    pca = PCA(19, svd_solver="full").fit(scaler.apply(values))
    found = Coordinates.of(values, scaler)
    assert found.train.shape[1] == 19  # centred: one direction less than crops
    np.testing.assert_allclose(found.train.var(axis=0, ddof=1), pca.explained_variance_, rtol=1e-9)
    others = rows(6, 60, np.float32, seed=1)
    projected = pca.transform(scaler.apply(others))
    np.testing.assert_allclose(np.abs(found.of_rows(others)), np.abs(projected), atol=1e-9)


def test_repeated_rows_add_no_direction() -> None:
    values = rows(10, 50, np.float64)
    assert Coordinates.of(np.concatenate([values, values])).train.shape == (20, 10)
