"""Crops measured few at a time give what they give together."""

import numpy as np
import pytest

from bandbench.benchmark.frequency.stacks import IN_CACHE, few_at_a_time


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
