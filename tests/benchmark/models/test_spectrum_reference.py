"""Training spectra: the limit holds the share that it promises, and pictures that were resized lie beyond it."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.models import spectrum_reference
from bandbench.benchmark.models.spectrum_reference import (
    FEWEST,
    SHARE_BEYOND,
    Profiles,
    SpectrumReference,
    bin_frequencies,
    crop_profiles,
    picture_profiles,
    upper_limit,
)
from conftest import noise_picture

SIDE = 48


def crops(first: int, n: int, boost: float = 1.0) -> np.ndarray:
    return np.stack([noise_picture(first + i, SIDE, boost) for i in range(n)])


def profiles(*of_class: np.ndarray, domains: list[int] | None = None) -> Profiles:
    labels = np.repeat(np.arange(len(of_class)), [len(part) for part in of_class])
    numbers = np.zeros(len(labels), np.intp) if domains is None else np.array(domains, np.intp)
    return Profiles(np.concatenate([crop_profiles(part) for part in of_class if len(part)]), labels, numbers)


def round_trip(crop: np.ndarray) -> np.ndarray:
    small = Image.fromarray(crop).resize((SIDE * 3 // 4, SIDE * 3 // 4), Image.Resampling.BICUBIC)
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


@pytest.fixture(scope="module")
def reference() -> SpectrumReference:
    train, val = (profiles(crops(first, n), crops(first + 500, n, 1.6)) for first, n in ((0, 80), (100, 40)))
    reference = SpectrumReference.learn(SIDE, train, val)
    assert reference is not None
    return reference


@pytest.mark.parametrize("boost", [1.0, 1.6])
def test_pictures_like_those_of_the_training_lie_within_and_resized_ones_beyond(
    reference: SpectrumReference, boost: float
) -> None:
    others = crops(2000 if boost == 1 else 3000, 100, boost)
    assert (reference.distances(crop_profiles(others)) > 1).mean() <= 0.05
    resized = np.stack([round_trip(crop) for crop in others])
    assert (reference.distances(crop_profiles(resized)) > 1).mean() >= 0.95


def test_black_pictures_and_noise_have_a_finite_distance_beyond(reference: SpectrumReference) -> None:
    rng = np.random.default_rng(0)
    odd = np.stack([np.zeros((SIDE, SIDE)), np.full((SIDE, SIDE), 255), rng.integers(0, 256, (SIDE, SIDE))]).astype(np.uint8)
    distances = reference.distances(crop_profiles(odd))
    assert np.isfinite(distances).all()
    assert (distances > 1.5).all()


def test_a_picture_of_either_class_is_compared_with_the_nearer_one(reference: SpectrumReference) -> None:
    apart = reference.group_distances(crop_profiles(crops(4000, 20, 1.6))) / reference.limits
    assert (apart[:, 1].max(axis=1) < apart[:, 0].max(axis=1)).all()


def test_colour_is_compared_as_grey(reference: SpectrumReference) -> None:
    grey = crops(1, 3)
    np.testing.assert_array_equal(crop_profiles(np.repeat(grey[..., None], 3, axis=3)), crop_profiles(grey))
    assert crop_profiles(grey).shape == (3, len(bin_frequencies(SIDE)))
    assert (np.diff(bin_frequencies(SIDE)) > 0).all()


def test_the_profile_of_a_picture_is_the_mean_of_its_crops() -> None:
    four = crops(0, 4)
    rows = np.array([1, 0, 1, 1])
    alone = crop_profiles(four)
    pooled = picture_profiles([(four[:2], rows[:2]), (four[2:], rows[2:])], 2)
    np.testing.assert_allclose(pooled, [alone[1], alone[[0, 2, 3]].mean(axis=0)], rtol=1e-6)


def test_a_domain_of_enough_pictures_is_compared_on_its_own() -> None:
    """Two kinds of reals, and one kind of fakes: one covariance for both kinds would hold everything in between."""
    n, domains = 30, [0] * 30 + [1] * 30 + [0] * 30
    flat = np.random.default_rng(0).integers(125, 132, (2, n, SIDE, SIDE)).astype(np.uint8)
    train, val = (
        profiles(np.concatenate([crops(k * 100, n), flat[k]]), crops(k * 100 + 500, n, 1.6), domains=domains) for k in (0, 1)
    )
    reference = SpectrumReference.learn(SIDE, train, val)
    assert reference is not None
    assert len(reference.mean) == 3
    few = SpectrumReference.learn(SIDE, train, Profiles(val.values, val.labels, np.zeros_like(val.domains)))
    assert few is not None
    assert len(few.mean) == 2


def test_a_class_without_training_pictures_widens_the_limits_of_the_others() -> None:
    """Of a detector that learns from reals alone, fakes have no spectra; those of the validation are within all the same."""
    val = profiles(crops(100, 40), crops(600, 40, 1.6))
    strict, wide = (
        SpectrumReference.learn(SIDE, profiles(crops(0, 80)), part)
        for part in (Profiles(val.values[:40], val.labels[:40], val.domains[:40]), val)
    )
    assert strict is not None and wide is not None
    assert (wide.limits > strict.limits).all()
    assert (wide.distances(crop_profiles(crops(3000, 100, 1.6))) > 1).mean() <= 0.05


def test_very_few_pictures_give_no_reference() -> None:
    enough, few = profiles(crops(0, FEWEST), crops(50, FEWEST, 1.6)), profiles(crops(0, FEWEST), crops(50, FEWEST - 1, 1.6))
    assert SpectrumReference.learn(SIDE, enough, few) is None
    assert SpectrumReference.learn(SIDE, profiles(crops(0, FEWEST - 1), crops(50, FEWEST - 1)), enough) is None
    assert SpectrumReference.learn(SIDE, enough, enough) is not None


@pytest.mark.parametrize("n", [20, 100, 1000])
def test_the_limit_leaves_the_share_beyond_that_it_promises(n: int) -> None:
    rng = np.random.default_rng(n)
    beyond = [float((np.exp(rng.normal(size=4000)) > upper_limit(np.exp(rng.normal(size=n)))).mean()) for _ in range(300)]
    assert np.mean(beyond) == pytest.approx(SHARE_BEYOND, abs=0.004)


def test_the_limit_of_many_pictures_supposes_no_distribution(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spectrum_reference, "MANY", 199)
    assert upper_limit(np.arange(1.0, 200.0)) == 198


def test_a_saved_reference_measures_alike_and_a_damaged_one_is_refused(reference: SpectrumReference, tmp_path: Path) -> None:
    path = tmp_path / "reference.safetensors"
    reference.save(path)
    values = crop_profiles(crops(7, 5))
    np.testing.assert_array_equal(SpectrumReference.load(path, SIDE).distances(values), reference.distances(values))
    with pytest.raises(ValueError, match="is not of crops of 96 pixels"):
        SpectrumReference.load(path, 96)
    path.write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"reference\.safetensors"):
        SpectrumReference.load(path, SIDE)
