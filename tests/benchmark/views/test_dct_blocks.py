"""Statistics of blocks as features: their order, and bands that keep or weigh AC bands."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.errors import EmptyBandError, StudyError
from bandbench.benchmark.frequency import blocks
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.views import features_from_crops, view_kernel

CROPS = np.random.default_rng(0).integers(0, 256, (4, 40, 43)).astype(np.uint8)
U, V = blocks.ac_bands()


def features(options: dict, band: Band | None = None, crops: np.ndarray = CROPS):
    return features_from_crops(view_kernel(ViewSpec("dct_blocks", options)), crops, band or Band())


def test_laplace_scales_are_logs_at_sixteenths() -> None:
    view = features({})
    expected = np.abs(blocks.block_coefficients(CROPS)).mean(axis=1)
    np.testing.assert_allclose(view.values, np.log(expected), atol=1e-4)
    np.testing.assert_allclose(view.frequency, np.hypot(U / 16, V / 16))
    published = features({"of_deviation": True}).values
    np.testing.assert_allclose(published, np.log(blocks.block_coefficients(CROPS).std(axis=1) / np.sqrt(2)), atol=1e-4)


def test_benford_has_three_divergences_for_each_base_and_band() -> None:
    view = features({"statistics": "benford", "bases": [10, 20]})
    assert view.values.shape == (4, 63 * 2 * 3)
    shares = blocks.digit_shares(blocks.block_coefficients(CROPS), 20)
    expected = blocks.divergences(shares, blocks.fitted_benford(shares))
    np.testing.assert_allclose(view.values.reshape(4, 63, 2, 3)[:, :, 1], expected, atol=1e-6)


def test_both_are_side_by_side_for_every_band() -> None:
    both = features({"statistics": "both", "bases": [10]}).values.reshape(4, 63, 4)
    np.testing.assert_array_equal(both[:, :, 0], features({}).values)
    np.testing.assert_array_equal(both[:, :, 1:].reshape(4, -1), features({"statistics": "benford", "bases": [10]}).values)


@pytest.mark.parametrize("statistics", ["laplace", "both"])
def test_a_band_keeps_the_ac_bands_of_its_frequencies(statistics: str) -> None:
    band = Band.between(0.2, 0.3)
    whole, kept = features({"statistics": statistics}), features({"statistics": statistics}, band)
    inside = band.keeps(whole.frequency)
    assert 0 < inside.sum() < inside.size
    np.testing.assert_array_equal(kept.values, whole.values[:, inside])
    np.testing.assert_array_equal(kept.frequency, whole.frequency[inside])


def test_reweighting_weighs_the_coefficients() -> None:
    band = Band("low", 0.2, order=2, mode="reweight")
    shift = features({}, band).values - features({}).values
    np.testing.assert_allclose(shift, np.broadcast_to(np.log(band.gain(np.hypot(U, V) / 16)), shift.shape), atol=0.01)
    weighed = blocks.block_coefficients(CROPS) * band.gain(np.hypot(U, V) / 16)
    shares = blocks.digit_shares(weighed, 10)
    expected = blocks.divergences(shares, blocks.fitted_benford(shares)).reshape(4, -1)
    np.testing.assert_allclose(features({"statistics": "benford", "bases": [10]}, band).values, expected, atol=1e-6)


def test_crops_are_needed_only_where_amplitudes_change() -> None:
    kernel = view_kernel(ViewSpec("dct_blocks"))
    needed = {mode: kernel.needs_crops(Band("low", 0.2, mode=mode)) for mode in ("keep", "reweight", "pixels")}
    assert needed == {"keep": False, "reweight": True, "pixels": True}
    assert not kernel.needs_crops(Band(mode="reweight"))


@pytest.mark.parametrize("kind", ["comb", "anticomb"])
def test_combs_are_refused_because_blocks_mix_the_lattice_with_the_rest(kind: str) -> None:
    for mode in ("keep", "reweight"):
        with pytest.raises(StudyError, match=f"8x8 blocks to {mode}, .* mix the lattice points of combs .* use mode pixels"):
            features({}, Band(kind, period=8, mode=mode))
    assert np.isfinite(features({}, Band(kind, period=8, mode="pixels")).values).all()


def test_half_of_a_wave_on_the_lattice_is_beside_it() -> None:
    """The reason of the refusal."""
    phases = np.random.default_rng(0).uniform(0, 2 * np.pi, (200, 1, 1))
    waves = 128 + 100 * np.cos(2 * np.pi * np.arange(8) / 4 + phases) * np.ones((8, 1))
    power = (blocks.block_coefficients(np.rint(waves).astype(np.uint8))[:, 0] ** 2).sum(axis=0)
    beside = power[(V % 2 == 1) & (U == 0)].sum() / power.sum()
    assert 0.4 < beside < 0.6


def test_a_constant_crop_has_finite_features() -> None:
    flat = np.full((1, 16, 16), 77, np.uint8)
    view = features({"statistics": "both"}, crops=flat)
    assert np.isfinite(view.values).all()
    assert not view.values.reshape(63, -1)[:, 1:].any()


def test_blocks_of_crops_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = features({"statistics": "both"}).values
    monkeypatch.setattr("bandbench.benchmark.views.dct_blocks.PIXELS_AT_A_TIME", 3000)
    np.testing.assert_array_equal(features({"statistics": "both"}).values, whole)


def test_what_cannot_be_computed_is_refused() -> None:
    with pytest.raises(StudyError, match="need crops of at least that size, got 7x43"):
        features({}, crops=CROPS[:, :7])
    with pytest.raises(StudyError, match="Did you mean 'laplace'"):
        view_kernel(ViewSpec("dct_blocks", {"statistics": "laplac"}))
    with pytest.raises(StudyError, match=r"bases of at least 3, got \[10, 2\]"):
        view_kernel(ViewSpec("dct_blocks", {"bases": [10, 2]}))
    with pytest.raises(EmptyBandError, match="keeps no AC band of 8x8 blocks"):
        features({}, Band("low", 0.05))
