"""Trees on lattice peaks: what they see, and what the relative peaks do not see."""

from collections.abc import Callable
from functools import partial

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
from bandbench.detectors.synthbuster import Synthbuster

SIDE = 48


def seen(detector: Synthbuster, crops: NDArray[np.uint8], band: Band = Band()) -> Features:  # noqa: B008 (frozen)
    return features_from_crops(view_kernel(detector.view), crops, band)


def noise(rng: np.random.Generator, n: int) -> NDArray[np.float64]:
    return 12 * rng.standard_normal((n, SIDE, SIDE, 3))


def levels(values: NDArray[np.float64]) -> NDArray[np.uint8]:
    return np.clip(np.rint(128 + values), 0, 255).astype(np.uint8)


def of_period(period: int, n: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Noise; one column in `period` is drawn half-way to its neighbour: every period in fakes, anywhere in reals."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 2
    values = noise(rng, n)
    for row, fake in enumerate(labels):
        regular = np.arange(0, SIDE - 1, period)
        columns = regular if fake else np.sort(rng.choice(SIDE - 1, len(regular), replace=False))
        values[row][:, columns + 1] = (values[row][:, columns] + values[row][:, columns + 1]) / 2
    return levels(values), labels


def waves(n: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Noise; fakes have faint waves at all lattice points of period 8, with one phase."""
    labels = np.arange(n) % 2
    pattern = np.zeros((8, 8))
    pattern[0, 0] = 1
    pattern = np.tile(pattern - 1 / 64, (SIDE // 8, SIDE // 8))[:, :, None]
    return levels(noise(np.random.default_rng(seed), n) + 25 * pattern * labels[:, None, None, None]), labels


def sharper(n: int, seed: int) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Fakes are stronger noise, without any period."""
    labels = np.arange(n) % 2
    return levels(noise(np.random.default_rng(seed), n) * np.where(labels == 1, 1.3, 1.0)[:, None, None, None]), labels


def auc(detector: Synthbuster, task: Callable[[int, int], tuple], band: Band = Band()) -> float:  # noqa: B008 (frozen)
    (train, labels), (test, truth) = task(120, 0), task(80, 1)
    return roc_auc(truth, detector.fit(seen(detector, train, band), labels).score(seen(detector, test, band)))


@pytest.mark.parametrize("preset", ["", "peaks", "faithful"])
@pytest.mark.parametrize("period", [2, 4, 8])
def test_every_period_of_the_lattice_is_seen(preset: str, period: int) -> None:
    detector = DetectorSpec("synthbuster", preset).build()
    assert isinstance(detector, Synthbuster)
    assert auc(detector, partial(of_period, period)) > 0.9


def test_the_period_is_a_parameter() -> None:
    assert auc(Synthbuster(period=3, relative=True), partial(of_period, 3)) > 0.9


def test_contrast_is_in_the_magnitudes_and_not_in_the_peaks() -> None:
    assert auc(Synthbuster(), sharper) > 0.8
    assert 0.25 < auc(Synthbuster(relative=True), sharper) < 0.75


@pytest.mark.parametrize(("kind", "low", "high"), [("comb", 0.9, 1.0), ("anticomb", 0.25, 0.75)])
def test_waves_on_the_lattice_are_on_the_comb(kind: str, low: float, high: float) -> None:
    band = Band(kind, period=8, halfwidth=0.01)  # pyright: ignore[reportArgumentType] (one of the kinds)
    assert low <= auc(Synthbuster(relative=True), waves, band) <= high


def test_view() -> None:
    assert Synthbuster().view == ViewSpec("cross_difference", {"period": 8, "relative": False})


def test_a_crop_below_a_period() -> None:
    with pytest.raises(StudyError, match="period 8 needs crops of at least 9x9 pixels, got 8x8"):
        seen(Synthbuster(), np.zeros((2, 8, 8, 3), np.uint8))


@pytest.mark.parametrize("preset", ["peaks", "faithful"])
def test_the_presets_keep_the_contract(preset: str) -> None:
    assert not [result for result in check_detector(DetectorSpec.parse(f"synthbuster/{preset}")) if not result.ok]
