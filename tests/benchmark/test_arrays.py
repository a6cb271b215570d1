"""Moments, z-scores, inner products and distances equal those of NumPy and SciPy, in however many blocks."""

from functools import reduce
from operator import add

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.distance import cdist

from bandbench.benchmark import arrays
from bandbench.benchmark.arrays import Moments, Standardiser, gram, squared_distances


@pytest.fixture(autouse=True, params=[7, 2048])
def block(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several blocks of columns, and one."""
    monkeypatch.setattr(arrays, "COLUMNS_AT_A_TIME", request.param)


def rows(n: int, p: int, kind: type, seed: int = 0) -> NDArray:
    values = np.random.default_rng(seed).normal(100, 20, (n, p))
    return values.round().astype(kind) if kind is np.uint8 else values.astype(kind)


@pytest.mark.parametrize("scaled", [True, False])
def test_products_and_distances_between_two_stacks(scaled: bool) -> None:
    a, b = rows(8, 30, np.float32), rows(5, 30, np.uint8, seed=1)
    scaler = Standardiser.of(a) if scaled else None
    za, zb = (scaler.apply(x) if scaler else x.astype(np.float64) for x in (a, b))
    np.testing.assert_allclose(gram(a, b, scaler), za @ zb.T, rtol=1e-10, atol=1e-9)
    np.testing.assert_allclose(squared_distances(a, b, scaler), cdist(za, zb, "sqeuclidean"), rtol=1e-9)
    own = squared_distances(a, a, scaler)
    np.testing.assert_allclose(own, cdist(za, za, "sqeuclidean"), rtol=1e-9, atol=1e-9)
    assert own.min() >= 0


def test_statistics_of_many_rows_are_those_of_numpy() -> None:
    values = np.random.default_rng(0).standard_normal((5000, 7)) * 3 + 1e4
    scaler = Standardiser.of(values)
    np.testing.assert_allclose(scaler.mean, values.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(scaler.scale, values.std(axis=0), rtol=1e-9)


def streamed(values: np.ndarray, size: int = 5) -> Moments:
    """Moments batch by batch."""
    return reduce(add, [Moments.of(values[start : start + size]) for start in range(0, len(values), size)])


@pytest.mark.parametrize("kind", [np.float32, np.complex128])
def test_batches_do_not_matter(kind: type) -> None:
    rng = np.random.default_rng(0)
    values = (rng.normal(100, 1, (17, 4)) + 1j * rng.normal(0, 3, (17, 4))).astype(np.complex128)
    values = values.real.astype(kind) if kind is np.float32 else values
    double = values.astype(np.result_type(kind, np.float64))
    for size in (1, 4, 17):
        moments = streamed(values, size)
        assert moments.n == 17
        np.testing.assert_allclose(moments.mean, double.mean(axis=0), rtol=1e-12)
        np.testing.assert_allclose(moments.std, double.std(axis=0), rtol=1e-9)


def test_standard_errors() -> None:
    values = np.random.default_rng(1).normal(0, 1, (10, 3))
    np.testing.assert_allclose(Moments.of(values).mean_variance, values.var(axis=0, ddof=1) / 10)
    assert np.isnan(Moments.of(values[:1]).mean_variance).all()


def test_moments_in_several_batches_scale_what_varies_and_nothing_else() -> None:
    values = np.random.default_rng(2).normal(5, 2, (30, 3))
    values[:, 1] = 0.1
    moments = streamed(values, 7)
    np.testing.assert_allclose(moments.scale, [values[:, 0].std(), 1.0, values[:, 2].std()], rtol=1e-12)
    np.testing.assert_array_equal(Standardiser.unscaled(3).apply(values), values)


def test_blocks_of_rows_are_small_and_cut_no_row() -> None:
    rows = np.zeros((10, arrays.IN_CACHE // 4, 1))
    assert arrays.row_blocks(rows) == [slice(0, 4), slice(4, 8), slice(8, 12)]
    assert arrays.row_blocks(np.zeros((2, 2 * arrays.IN_CACHE))) == [slice(0, 1), slice(1, 2)]
    assert arrays.row_blocks(np.zeros((0, 3))) == []
