"""Block statistics tell classes apart: by their scale, and by their first digits where the scales are equal."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.testing import check_detector
from bandbench.benchmark.views import features_from_crops, view_kernel
from bandbench.detectors.dct_blocks import DctBlocks


def rough(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """White noise, weaker by a tenth in fakes beyond 0.25 cycles/pixel in rows."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    weak = (np.abs(np.fft.fftfreq(64)) > 0.25)[:, None] & (labels[:, None, None] == 1)
    fields = np.fft.ifft2(np.fft.fft2(rng.standard_normal((n, 64, 64))) * np.where(weak, 0.9, 1)).real
    return np.clip(np.rint(128 + 30 * fields), 0, 255).astype(np.uint8), labels


def heavy_tailed(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Reals with normal noise, fakes with uniform signs of one size in a single coefficient of every block."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    x = np.cos(np.pi * 3 * (2 * np.arange(8) + 1) / 16) / 2
    size = np.where(labels[:, None, None] == 1, rng.choice([-1, 1], (n, 8, 8)), rng.standard_normal((n, 8, 8)))
    size /= np.abs(size).mean(axis=(1, 2), keepdims=True)  # the mean absolute value is a Laplace scale
    size *= rng.uniform(0.5, 1.5, (n, 1, 1))
    blocks = 70 * np.einsum("nij,a,b->niajb", size, x, x).reshape(n, 64, 64)
    return np.clip(np.rint(128 + blocks), 0, 255).astype(np.uint8), labels


def auc(detector: DctBlocks, make, band: Band | None = None) -> float:
    kernel = view_kernel(detector.view)
    (train, labels), (test, truth) = make(120, 0), make(60, 1)
    views = [features_from_crops(kernel, crops, band or Band()) for crops in (train, test)]
    return roc_auc(truth, detector.fit(views[0], labels).score(views[1]))


@pytest.mark.parametrize("classifier", ["logistic", "trees"])
def test_scales_find_the_frequencies_that_differ(classifier: str) -> None:
    detector = DctBlocks(classifier=classifier, n_trees=60)
    assert auc(detector, rough) > 0.95
    assert auc(detector, rough, Band("high", 0.35)) > 0.95
    assert auc(detector, rough, Band("low", 0.10)) < 0.7


def test_digits_see_distributions_that_scales_do_not() -> None:
    band = Band.between(0.25, 0.28)  # of the coefficient (3, 3) alone
    assert auc(DctBlocks("laplace"), heavy_tailed, band) < 0.7
    for statistics in ("benford", "both"):
        assert auc(DctBlocks(statistics), heavy_tailed, band) > 0.95


def test_presets_are_what_their_papers_describe() -> None:
    faithful = DetectorSpec("dct_blocks", "faithful").build()
    assert faithful.view.options["of_deviation"] and faithful.view.options["statistics"] == "laplace"
    assert DetectorSpec("dct_blocks", "benford").build().view.options["statistics"] == "benford"
    labels = np.arange(400) % 2
    trees = faithful.fit(Features(np.random.default_rng(0).normal(size=(400, 63))), labels).trees_
    assert trees.count("Tree=") == 100
    assert trees.count("num_leaves=4") == 100


def test_another_seed_draws_other_columns() -> None:
    labels = np.arange(80) % 2
    view = Features(np.random.default_rng(0).normal(size=(80, 63)) + 0.3 * labels[:, None])
    scores = [DctBlocks(classifier="trees", n_trees=20, seed=seed).fit(view, labels).score(view) for seed in (0, 0, 1)]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert np.abs(scores[0] - scores[2]).max() > 0.01


@pytest.mark.parametrize("name", ["dct_blocks", "dct_blocks/faithful", "dct_blocks/benford"])
def test_the_contract(name: str) -> None:
    assert not [result for result in check_detector(DetectorSpec.parse(name)) if not result.ok]
