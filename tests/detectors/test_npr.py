"""A linear probe sees cells of repeated pixels, on either grid, and a checkerboard."""

import numpy as np
import pytest
from numpy.typing import NDArray

from bandbench.benchmark.contracts import Features, ViewSpec
from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.testing import check_detector
from bandbench.benchmark.views import features_from_crops, view_kernel
from bandbench.detectors.npr import NPR

SIDE = 32
SHARES = {2: 0.2, 4: 0.5}  # of a fake that is repeated, by the side of its cells


def repeated(n: int, seed: int, factor: int, offset: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Noise; of fakes a part is a mean over cells, repeated, on a grid that begins at `offset`."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    values = 20 * rng.standard_normal((n, SIDE + factor, SIDE + factor, 3))
    size = values.shape[1] // factor
    cells = values[:, : size * factor, : size * factor].reshape(n, size, factor, size, factor, 3).mean(axis=(2, 4))
    smooth = cells.repeat(factor, axis=1).repeat(factor, axis=2)
    values = values[:, : size * factor, : size * factor]
    values = np.where(labels[:, None, None, None] == 1, (1 - SHARES[factor]) * values + SHARES[factor] * smooth, values)
    # Alike in contrast, which alone would tell the classes.
    values *= 20 / values.std(axis=(1, 2, 3), keepdims=True)
    window = slice(offset, offset + SIDE)
    return np.clip(np.rint(128 + values[:, window, window]), 0, 255).astype(np.uint8), labels


def auc(detector: NPR, factor: int, offset: int = 0) -> float:
    kernel = view_kernel(detector.view)
    (train, labels), (test, truth) = repeated(160, 0, factor, offset), repeated(100, 1, factor, offset)
    views = [Features(kernel.base(crops)) for crops in (train, test)]
    return roc_auc(truth, detector.fit(views[0], labels).score(views[1]))


@pytest.mark.parametrize("offset", [0, 1])
def test_a_mean_over_cells_is_seen_from_either_grid(offset: int) -> None:
    assert auc(NPR(), 2, offset) > 0.9


def test_cells_of_four() -> None:
    """Only pixels of one cell of four are alike in fakes, wherever the cells of two are."""
    assert auc(NPR(factor=4), 4) > 0.9


def checkerboards(n: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Noise; fakes have a faint checkerboard, whose energy lies at one point of the lattice of period 2."""
    labels = np.arange(n) % 2
    board = 2 * (np.indices((SIDE, SIDE)).sum(axis=0) % 2)[:, :, None] - 1
    values = 20 * np.random.default_rng(seed).standard_normal((n, SIDE, SIDE, 3)) + 3 * board * labels[:, None, None, None]
    return np.clip(np.rint(128 + values), 0, 255).astype(np.uint8), labels


@pytest.mark.parametrize(
    ("band", "low", "high"),
    [
        (Band(), 0.95, 1.0),
        (Band("comb", period=2, halfwidth=0.1, mode="pixels"), 0.95, 1.0),
        (Band("anticomb", period=2, order=4, mode="pixels"), 0.3, 0.7),
    ],
    ids=str,
)
def test_bands_in_the_pixels(band: Band, low: float, high: float) -> None:
    kernel = view_kernel(NPR().view)
    (train, labels), (test, truth) = checkerboards(120, 0), checkerboards(80, 1)
    views = [features_from_crops(kernel, crops, band) for crops in (train, test)]
    assert low <= roc_auc(truth, NPR().fit(views[0], labels).score(views[1])) <= high


def test_two_and_more_classes() -> None:
    crops, labels = repeated(90, 0, 2)
    kernel = view_kernel(NPR().view)
    view = Features(kernel.base(crops))
    two = NPR().fit(view, labels)
    np.testing.assert_allclose(two.score(view), np.diff(two.class_scores(view), axis=1)[:, 0])
    assert NPR().fit(view, np.arange(90) % 3).class_scores(view).shape == (90, 3)


def test_view() -> None:
    assert NPR().view == ViewSpec("npr", {"factor": 2, "levels": 4})


def test_a_crop_below_a_cell() -> None:
    with pytest.raises(StudyError, match="factor 4 needs crops of at least 5x5 pixels, got 4x4"):
        view_kernel(NPR(factor=4).view).base(np.zeros((2, 4, 4, 3), np.uint8))


def test_the_preset_keeps_the_contract() -> None:
    assert not [result for result in check_detector(DetectorSpec.parse("npr/cells_of_4")) if not result.ok]
