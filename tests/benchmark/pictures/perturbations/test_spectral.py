"""Attacks on the spectrum: against brute force and stored arrays, and that each removes its part and keeps the others."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import scipy.fft

from bandbench.benchmark.errors import DataError, StudyError
from bandbench.benchmark.pictures.crops import in_grey
from bandbench.benchmark.pictures.perturbations import RingSums, SpectrumStatistics, perturb
from bandbench.benchmark.pictures.perturbations.spectral import check_halfwidth
from bandbench.benchmark.pictures.perturbations.statistics import planes_of, ring_power
from conftest import difference, noise_picture, textured_picture

GOLDEN = np.load(Path(__file__).parents[3] / "golden" / "spectral_attacks.npz")
SHAPES = [(64, 64), (61, 40), (64, 64, 3), (37, 90, 3)]
ODD = [(64, 64), (61, 75), (60, 44), (40, 93)]  # the last three are no multiples of 8


def soft(picture: np.ndarray) -> np.ndarray:
    """The picture with a quarter of its contrast, so that nothing is clipped."""
    return np.rint(96 + picture / 4).astype(np.uint8)


def reals(*shape: int, n: int = 4) -> SpectrumStatistics:
    """Statistics of soft pictures whose slope is flatter than that of `noise_picture`."""
    rng = np.random.default_rng(5)
    radius = np.hypot(np.fft.fftfreq(shape[0])[:, None], np.fft.rfftfreq(shape[1])[None, :])
    radius[0, 0] = np.inf
    sums = []
    for _ in range(n):
        planes = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((3, *shape[:2]))) / np.sqrt(radius), s=shape[:2])
        sums.append(RingSums.of(np.rint(128 + np.moveaxis(planes, 0, -1) / planes.std() * 9).astype(np.uint8)))
    return RingSums.joined(sums).statistics("")


def spectrum(picture: np.ndarray) -> np.ndarray:
    return scipy.fft.fft2(planes_of(picture))


def lattice(shape: tuple[int, ...], period: int, height: float) -> np.ndarray:
    """Pixels of every `period`-th row and column, as up-sampling by zeros leaves them."""
    pattern = np.zeros(shape)
    pattern[::period, ::period] = height
    return pattern


def tile(picture: np.ndarray, period: int) -> np.ndarray:
    """Mean of a picture over all of its whole periods, less the mean of all."""
    rows, cols = (side // period for side in picture.shape[:2])
    cut = picture[: rows * period, : cols * period].astype(float)
    return cut.reshape(rows, period, cols, period).mean(axis=(0, 2)) - cut.mean()


def brute_depeak(plane: np.ndarray, period: int, halfwidth: float) -> np.ndarray:
    """The definition in loops, for sides that are multiples of the period."""
    rows, cols = plane.shape
    found = np.fft.fft2(plane)
    made = found.copy()
    places = [(y, x) for y in range(rows) for x in range(cols)]

    def apart(a: float, b: float) -> float:
        return (a - b + 0.5) % 1 - 0.5

    points = [(i / period, j / period) for i in range(period) for j in range(period)]
    reach = max(2 * halfwidth, halfwidth + 1.5 / min(rows, cols))
    for point in points[1:]:
        off = {place: (apart(place[0] / rows, point[0]), apart(place[1] / cols, point[1])) for place in places}
        peak = [p for p in places if np.hypot(*off[p]) <= halfwidth + 1e-12]
        others = [q for q in points if q != point]
        around = [p for p in places if p not in peak and np.hypot(*off[p]) <= reach + 1e-12]
        around = [
            p for p in around if all(np.hypot(apart(p[0] / rows, a), apart(p[1] / cols, b)) > halfwidth for a, b in others)
        ]
        design = np.array([[1, *off[p]] for p in around])
        fit = np.linalg.lstsq(design, np.log([abs(found[p]) for p in around]), rcond=None)[0]
        for p in peak:
            made[p] = np.exp(fit @ [1, *off[p]]) * np.exp(1j * np.angle(found[p]))
    return np.fft.ifft2(made).real


# --- depeak ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shape", "period"), [((32, 32), 4), ((24, 40), 8), ((32, 16), 2), ((33, 27), 3)])
def test_depeak_is_its_definition(shape: tuple[int, int], period: int) -> None:
    picture = soft(textured_picture(shape)) + lattice(shape, period, 20).astype(np.uint8)
    wanted = np.clip(np.rint(brute_depeak(picture.astype(float), period, 0.045)), 0, 255)
    assert difference(perturb(picture, f"depeak:period={period}:halfwidth=0.045", "a"), wanted).max() <= 1


@pytest.mark.parametrize("period", [2, 4, 8])
@pytest.mark.parametrize("shape", ODD)
def test_depeak_removes_the_peaks_at_every_size(shape: tuple[int, int], period: int) -> None:
    plain = soft(textured_picture(shape))
    peaked = plain + lattice(shape, period, 24).astype(np.uint8)
    before = np.abs(tile(peaked, period)).max()
    after, never = (np.abs(tile(perturb(one, f"depeak:period={period}", "a"), period)).max() for one in (peaked, plain))
    assert before > 5
    assert after < before / 8
    assert after < never + 1.2


def test_depeak_leaves_what_is_beside_the_peaks() -> None:
    picture = soft(textured_picture((64, 64)))
    before, after = spectrum(picture)[0], spectrum(perturb(picture, "depeak:period=8", "a"))[0]
    frequency = np.fft.fftfreq(64)
    to_peak = np.abs(frequency - np.rint(frequency * 8) / 8)
    beside = np.hypot(to_peak[:, None], to_peak[None, :]) > 0.02
    beside[0, 0] = True  # the mean
    rounding = 6 * np.sqrt(64 * 64 / 12)
    assert np.abs(after - before)[beside].max() < rounding
    assert np.abs(after - before)[~beside].max() > 2 * rounding


def test_depeak_keeps_the_phases() -> None:
    picture = soft(textured_picture((64, 64))) + lattice((64, 64), 4, 24).astype(np.uint8)
    before, after = spectrum(picture)[0], spectrum(perturb(picture, "depeak:period=4", "a"))[0]
    strong = np.minimum(np.abs(before), np.abs(after)) > 20 * np.sqrt(64 * 64 / 12)
    assert strong.sum() > 300
    assert np.abs(np.angle(after[strong] / before[strong])).max() < 0.1


@pytest.mark.parametrize("shape", [(64, 64), (64, 128, 3)])
def test_depeak_twice_is_depeak_once(shape: tuple[int, ...]) -> None:
    picture = soft(textured_picture(shape))
    picture[::8, ::8] += 24
    once = perturb(picture, "depeak:period=8", "a")
    assert difference(perturb(once, "depeak:period=8", "a"), once).max() <= 2
    assert difference(once, picture).max() > 5


def test_depeak_fills_holes_too() -> None:
    """With and without excess the peaks come out alike, so that what is removed is no new trace."""
    plain = soft(textured_picture((64, 64)))
    holed = spectrum(plain)[0]
    holed[16::16, ::16] = 0
    holed = np.rint(np.fft.ifft2(holed).real).astype(np.uint8)
    amplitudes = [np.abs(spectrum(perturb(one, "depeak:period=4", "a"))[0][16, 16]) for one in (plain, holed)]
    assert amplitudes[1] == pytest.approx(amplitudes[0], rel=0.1)


def test_depeak_does_not_stretch_the_contrast() -> None:
    picture = soft(textured_picture((64, 64))) + lattice((64, 64), 2, 40).astype(np.uint8)
    after = perturb(picture, "depeak:period=2", "a")
    assert after.mean() == pytest.approx(picture.mean(), abs=0.1)
    assert after.std() < picture.std()


def test_depeak_needs_two_periods() -> None:
    with pytest.raises(DataError, match="depeak:period=8 needs pictures of at least 16x16 pixels, two periods, got 15x40"):
        perturb(np.zeros((40, 15), np.uint8), "depeak:period=8", "a")
    assert perturb(textured_picture((16, 16)), "depeak:period=8", "a").shape == (16, 16)


@pytest.mark.parametrize("chain", ["depeak:period=32", "depeak:period=8:halfwidth=0.05", "depeak:period=4-32"])
def test_peaks_must_leave_a_continuum(chain: str) -> None:
    with pytest.raises(StudyError, match=r"depeak:halfwidth is below 0\.\d+ for period \d+ .* got 0\.0\d+; write depeak:"):
        perturb(textured_picture((64, 64)), chain, "a")
    check_halfwidth(32, 0.01)


# --- reals -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["match_spectrum", "phase_only"])
def test_ring_power_becomes_that_of_reals(name: str, shape: tuple[int, ...]) -> None:
    statistics = reals(*shape)
    after = perturb(soft(textured_picture(shape)), name, "a", statistics)
    power = ring_power(np.asarray(scipy.fft.rfft2(planes_of(after))), *shape[:2])[0]
    wanted = np.exp(statistics.log_power[0])
    known = ~np.isnan(power)
    # Rounding to 8 bits adds a twelfth, and what it adds in a ring of few coefficients goes up and down.
    np.testing.assert_allclose(np.log(power[known] / wanted[known]), 0, atol=0.5)
    assert np.abs(np.log(power[known] / wanted[known])).mean() < 0.03


def test_match_spectrum_keeps_phases_and_the_ratios_within_a_ring() -> None:
    picture = soft(textured_picture((64, 64))) + lattice((64, 64), 4, 30).astype(np.uint8)
    before, after = (spectrum(one)[0] for one in (picture, perturb(picture, "match_spectrum", "a", reals(64, 64))))
    strong = np.minimum(np.abs(before), np.abs(after)) > 20 * np.sqrt(64 * 64 / 12)
    assert np.abs(np.angle(after[strong] / before[strong])).max() < 0.1
    rings = np.rint(np.hypot(np.fft.fftfreq(64)[:, None], np.fft.fftfreq(64)[None, :]) * 128).astype(int)
    gains = np.log(np.abs(after[strong]) / np.abs(before[strong]))
    numbers, counts = np.unique(rings[strong], return_counts=True)
    within = [gains[rings[strong] == ring].std() for ring in numbers[counts > 1]]
    assert len(within) > 20
    assert max(within) < 0.1
    assert gains.std() > 0.2


def test_phase_only_keeps_the_phases_alone() -> None:
    statistics, picture = reals(64, 64), soft(textured_picture((64, 64)))
    before, after = spectrum(picture)[0], spectrum(perturb(picture, "phase_only", "a", statistics))[0]
    rings = np.rint(np.hypot(np.fft.fftfreq(64)[:, None], np.fft.fftfreq(64)[None, :]) * 128).astype(int)
    wanted = np.exp(statistics.log_power[0] / 2)[rings] * 64
    wanted[0, 0] = np.abs(before[0, 0])
    assert np.abs(np.abs(after) / wanted - 1).mean() < 0.05
    assert np.abs(np.angle(after / before))[np.abs(before) > 0.01 * np.abs(before).mean()].mean() < 0.1


def test_reals_of_another_size_do() -> None:
    after = perturb(soft(textured_picture((100, 90))), "match_spectrum", "a", reals(64, 64))
    power = ring_power(np.asarray(scipy.fft.rfft2(planes_of(after))), 100, 90)[0][10:]
    own = np.exp(reals(100, 90, n=20).log_power[0][10:])
    assert np.abs(np.log(power / own)).mean() < 0.2


@pytest.mark.parametrize("name", ["match_spectrum", "phase_only", "amplitude_only", "depeak"])
def test_a_flat_picture_stays_flat(name: str) -> None:
    flat = np.full((48, 40, 3), 77, np.uint8)
    flat[..., 1] = 90
    np.testing.assert_array_equal(perturb(flat, name, "a", reals(48, 40)), flat)


# --- amplitudes ------------------------------------------------------------------------------------------------------


def test_amplitude_only_keeps_the_amplitudes_alone() -> None:
    picture = soft(textured_picture((64, 64)))
    before, after = spectrum(picture)[0], spectrum(perturb(picture, "amplitude_only", "a"))[0]
    loud = np.abs(before) > 20 * np.sqrt(64 * 64 / 12)
    assert np.abs(np.log(np.abs(after[loud]) / np.abs(before[loud]))).max() < 0.2
    turned = np.exp(1j * np.angle(after / before))
    turned[0, 0] = 0
    assert np.abs(turned.mean()) < 0.1


def test_amplitude_only_of_much_contrast_adds_nothing_by_clipping() -> None:
    """Phases are fitted to the range of grey levels: clipping noise would cover all that lies at high frequencies."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:64, :64]
    picture = np.where((y - 32) ** 2 + (x - 30) ** 2 < 400, 230, 20) + rng.normal(0, 1, (64, 64))
    picture = np.clip(np.rint(picture), 0, 255).astype(np.uint8)
    rings = [ring_power(np.asarray(scipy.fft.rfft2(planes_of(one))), 64, 64)[0][60:85] for one in (picture,)]
    rings += [
        ring_power(np.asarray(scipy.fft.rfft2(planes_of(perturb(picture, "amplitude_only", content)))), 64, 64)[0][60:85]
        for content in "abc"
    ]
    for made in rings[1:]:
        assert np.log(made / rings[0]).mean() == pytest.approx(0, abs=0.1)


def test_noise_of_amplitude_only_follows_from_the_content() -> None:
    picture = textured_picture((64, 64, 3))
    made = {content: perturb(picture, "amplitude_only", content) for content in "aab"}
    np.testing.assert_array_equal(made["a"], perturb(picture, "amplitude_only", "a"))
    assert difference(made["a"], made["b"]).mean() > 5


# --- all -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", ["depeak", "match_spectrum", "phase_only", "amplitude_only"])
def test_shape_type_and_mean_stay(name: str, shape: tuple[int, ...]) -> None:
    before = soft(textured_picture(shape))
    kept = before.copy()
    after = perturb(before, name, "a", reals(*shape))
    assert (after.shape, after.dtype) == (shape, np.uint8)
    np.testing.assert_array_equal(before, kept)
    np.testing.assert_allclose(after.mean(axis=(0, 1)), before.mean(axis=(0, 1)), atol=0.6)
    assert difference(after, before).max() > 0


@pytest.mark.parametrize("name", ["depeak", "match_spectrum", "phase_only", "amplitude_only"])
def test_grey_in_three_channels_stays_grey(name: str) -> None:
    grey = noise_picture(1)
    colour = perturb(np.repeat(grey[:, :, None], 3, axis=2), name, "a", reals(64, 64))
    np.testing.assert_array_equal(in_grey(colour), perturb(grey, name, "a", reals(64, 64)))


@pytest.mark.parametrize("kind", ["grey", "colour"])
@pytest.mark.parametrize("chain", ["depeak:period=2", "depeak:period=8", "match_spectrum", "phase_only", "amplitude_only"])
def test_stored_arrays(chain: str, kind: str) -> None:
    statistics = SpectrumStatistics(GOLDEN["log_power"], 4, "")
    found = perturb(GOLDEN[f"{kind}/input"], chain, "golden", statistics)
    wanted = GOLDEN[f"{kind}/{chain}"]
    assert difference(found, wanted).max() <= 1
    assert difference(found, wanted).mean() < 0.01


def peaks(picture: np.ndarray) -> float:
    """Log amplitude at the lattice of period 8, less that between its points."""
    amplitude = np.log(np.abs(spectrum(picture)[0]) + 1)
    return float(amplitude[8::8, 8::8].mean() - amplitude[12::8, 12::8].mean())


def roughness(picture: np.ndarray) -> float:
    """Log power of high frequencies."""
    return float(np.log(np.nanmean(ring_power(np.asarray(scipy.fft.rfft2(planes_of(picture))), 64, 64)[0][55:])))


def separation(reals: list[float], fakes: list[float]) -> float:
    return float(np.mean(np.array(reals)[:, None] < np.array(fakes)[None, :]))


def with_peaks(picture: np.ndarray) -> np.ndarray:
    return picture + lattice((64, 64), 8, 16).astype(np.uint8)


def with_noise(picture: np.ndarray) -> np.ndarray:
    noise = np.random.default_rng(int(picture.sum())).normal(0, 3, picture.shape)
    return np.rint(np.clip(picture + noise, 0, 255)).astype(np.uint8)


@pytest.mark.parametrize(
    ("measure", "fake", "attack", "harmless"),
    [
        (peaks, with_peaks, "depeak:period=8", "amplitude_only"),
        (roughness, with_noise, "match_spectrum", "amplitude_only"),
        (roughness, with_noise, "phase_only", "depeak:period=8"),
    ],
)
def test_each_attack_takes_its_own_evidence_away(measure: Callable, fake: Callable, attack: str, harmless: str) -> None:
    """A number that tells the classes apart reads nearly 1 before and after a harmless attack, and one half after the other."""
    statistics = RingSums.joined([RingSums.of(soft(noise_picture(seed))) for seed in range(80, 110)]).statistics("")
    plain = [soft(noise_picture(seed)) for seed in range(40)]
    fakes = [fake(soft(noise_picture(seed))) for seed in range(40, 80)]

    def auc(chain: str) -> float:
        made = [[perturb(one, chain, str(i), statistics) for i, one in enumerate(some)] for some in (plain, fakes)]
        return separation(*([measure(one) for one in some] for some in made))

    assert separation(list(map(measure, plain)), list(map(measure, fakes))) > 0.99
    assert auc(attack) == pytest.approx(0.5, abs=0.2)
    assert auc(harmless) > 0.95
