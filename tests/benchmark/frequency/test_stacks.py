"""Crops measured few at a time give what they give together."""

import numpy as np
import pytest

from bandbench.benchmark.frequency.stacks import IN_CACHE, few_at_a_time, mean_levels


@pytest.mark.parametrize("n", [0, 1, 2, 7])
def test_few_at_a_time_is_all_at_once(n: int) -> None:
    crops = np.random.default_rng(0).integers(0, 256, (n, 256, IN_CACHE // 512), dtype=np.uint8)  # two at a time
    sizes = []

    def measure(some: np.ndarray) -> np.ndarray:
        sizes.append(len(some))
        return some.sum(axis=2, dtype=np.int64)

    assert np.array_equal(few_at_a_time(measure, crops), crops.sum(axis=2, dtype=np.int64))
    assert max(sizes) <= 2
    assert sum(sizes) == n


@pytest.mark.parametrize(("at_a_time", "sizes"), [(1, [1] * 5), (64, [1] * 5), (128, [2, 2, 1]), (10_000, [5])])
def test_so_many_levels_at_a_time_in_order(at_a_time: int, sizes: list[int]) -> None:
    crops, seen = np.arange(5 * 64).reshape(5, 8, 8), []

    def measure(some: np.ndarray) -> np.ndarray:
        seen.append(len(some))
        return some.sum(axis=2)

    np.testing.assert_array_equal(few_at_a_time(measure, crops, at_a_time), crops.sum(axis=2))
    assert seen == sizes


@pytest.mark.parametrize("shape", [(3, 17, 40), (2, 33, 20, 3), (0, 16, 16), (1, 4096, 4096)])
def test_means_of_grey_levels_are_those_of_floats_to_the_bit(shape: tuple[int, ...]) -> None:
    crops = np.random.default_rng(0).integers(200, 256, shape, dtype=np.uint8)
    found = mean_levels(crops)
    assert np.array_equal(found, crops.mean(axis=(1, 2), keepdims=True, dtype=np.float64))
    assert np.array_equal(found, mean_levels(crops.astype(np.float64)))
