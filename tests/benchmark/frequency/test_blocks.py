"""Block statistics against brute force: loops over blocks and digits, and the optimiser and the entropies of SciPy."""

import math

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.spatial.distance import jensenshannon
from scipy.stats import entropy

from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.frequency.blocks import (
    ac_bands,
    block_coefficients,
    digit_shares,
    divergences,
    fitted_benford,
    laplace_scales,
)

CROPS = np.random.default_rng(0).integers(0, 256, (2, 20, 27)).astype(np.uint8)


def first_digit(value: float, base: int) -> int:
    value = abs(value)
    while value >= base:
        value /= base
    while value < 1:
        value *= base
    return int(value)


def test_coefficients_are_the_sums_over_blocks() -> None:
    ours = block_coefficients(CROPS)
    assert ours.shape == (2, 2 * 3, 63)
    k, n = np.indices((8, 8))
    basis = np.where(k == 0, math.sqrt(1 / 8), math.sqrt(1 / 4)) * np.cos(np.pi * k * (2 * n + 1) / 16)
    for crop, blocks in zip(CROPS.astype(float), ours, strict=True):
        for b in range(6):
            row, col = 8 * (b // 3), 8 * (b % 3)
            whole = basis @ crop[row : row + 8, col : col + 8] @ basis.T
            for u, v, value in zip(*ac_bands(), blocks[b], strict=True):
                assert math.isclose(whole[u, v], value, abs_tol=1e-9)


def test_bands_are_all_but_the_mean_in_the_order_of_their_frequency() -> None:
    u, v = ac_bands()
    assert sorted(zip(u.tolist(), v.tolist(), strict=True)) == [(i, j) for i in range(8) for j in range(8) if i + j]
    assert (np.diff(np.hypot(u, v)) >= 0).all()
    assert [(int(i), int(j)) for i, j in zip(u, v, strict=True)][:3] == [(0, 1), (1, 0), (1, 1)]


def test_a_crop_smaller_than_a_block_is_refused() -> None:
    with pytest.raises(StudyError, match="blocks of 8x8 pixels need crops of at least that size, got 7x27"):
        block_coefficients(CROPS[:, :7])


def test_both_scales_find_that_of_a_laplace_distribution() -> None:
    scales = np.array([0.5, 3.0, 40.0])
    sample = np.random.default_rng(1).laplace(scale=scales, size=(2, 20000, 3))
    for of_deviation in (False, True):
        np.testing.assert_allclose(laplace_scales(sample, of_deviation), np.broadcast_to(scales, (2, 3)), rtol=0.05)
    np.testing.assert_allclose(laplace_scales(sample), np.abs(sample).sum(axis=1) / 20000)


@pytest.mark.parametrize("base", [3, 10, 20, 60])
def test_shares_are_those_of_digits_counted_one_by_one(base: int) -> None:
    coefficients = np.random.default_rng(base).laplace(scale=20, size=(2, 50, 4))
    coefficients[0, :7, 0] = 0
    coefficients[1, :, 3] = 0
    ours = digit_shares(coefficients, base)
    assert ours.shape == (2, 4, base - 1)
    for crop in range(2):
        for band in range(4):
            digits = [first_digit(x, base) for x in coefficients[crop, :, band] if x]
            counts = np.bincount(digits, minlength=base)[1:]
            np.testing.assert_allclose(ours[crop, band], counts / max(1, len(digits)))


def test_digits_of_exact_numbers() -> None:
    numbers = {
        1.0: 1,
        0.1: 1,
        10: 1,
        100: 1,
        0.125: 1,
        3 * (1 - 1e-15): 3,
        1 - 1e-14: 1,
        9.5: 9,
        99.9: 9,
        -7: 7,
        0.003: 3,
        1000: 1,
    }
    shares = digit_shares(np.array(list(numbers))[None, None, :], 10)[0]
    assert (shares.argmax(axis=1) + 1).tolist() == list(numbers.values())
    assert (shares.max(axis=1) == 1).all()


@pytest.mark.parametrize("base", [10, 60])
def test_the_fit_is_nearly_as_close_as_that_of_an_optimiser(base: int) -> None:
    rng = np.random.default_rng(2)
    digits = np.arange(1, base)
    coefficients = rng.laplace(scale=[0.7, 5, 30, 200], size=(1, 256, 4))
    shares = digit_shares(coefficients, base)[0]
    ours = fitted_benford(shares)
    np.testing.assert_allclose(ours.sum(axis=1), 1)

    def law(beta: float, gamma: float, delta: float) -> np.ndarray:
        return beta * np.log1p(1 / (gamma + digits**delta)) / math.log(base)

    for observed, fitted in zip(shares, ours, strict=True):
        starts = ([1, 0, 1], [1, 0.5, 0.5], [2, 5, 1.5])
        bounds = ([0, -0.9, 0.1], [1e4, 100, 3])
        best = min(2 * least_squares(lambda x, p=observed: law(*x) - p, start, bounds=bounds).cost for start in starts)
        scale = observed @ fitted / (fitted @ fitted)  # the sum of a least-squares fit need not be 1
        assert ((scale * fitted - observed) ** 2).sum() <= 1.06 * best + 1e-6


def test_the_law_itself_is_found() -> None:
    benford = np.log10(1 + 1 / np.arange(1, 10))
    np.testing.assert_allclose(fitted_benford(benford[None])[0], benford, atol=0.01)
    assert divergences(benford, fitted_benford(benford[None])[0]).max() < 1e-3


def test_divergences_are_those_of_their_definitions() -> None:
    rng = np.random.default_rng(3)
    p, q = rng.dirichlet(np.ones(9), (2, 5))
    p[0, 3] = 0
    p[0] /= p[0].sum()
    ours = divergences(p, q)
    for a, b, (jensen_shannon, renyi, tsallis) in zip(p, q, ours, strict=True):
        assert math.isclose(jensen_shannon, jensenshannon(a, b) ** 2)
        overlaps = [sum(x**0.3 * y**0.7 for x, y in zip(c, d, strict=True)) for c, d in ((a, b), (b, a))]
        assert math.isclose(renyi, sum(math.log(o) / (0.3 - 1) for o in overlaps))
        assert math.isclose(tsallis, sum((1 - o) / (1 - 0.3) for o in overlaps))
    assert entropy(p[1], q[1]) > ours[1, 0] > 0


def test_no_digits_diverge_from_nothing() -> None:
    shares = digit_shares(np.zeros((1, 5, 2)), 10)
    assert not shares.any()
    np.testing.assert_array_equal(divergences(shares, fitted_benford(shares)), np.zeros((1, 2, 3)))
