"""Gains against stored arrays; laws of bands."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.frequency.bands import MAX_FREQUENCY, Band, butterworth_gain, parse_frequency, published_gain
from bandbench.benchmark.frequency.grid import Frequencies
from bandbench.benchmark.frequency.modes import MODES

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "butterworth.npz")
AXIS = np.linspace(0, MAX_FREQUENCY, 2001)


@pytest.mark.parametrize("key", [key for key in GOLDEN if key.startswith("mask_")])
def test_published_gain(key: str) -> None:
    kind, shape, parameters = key.split("/")
    rows, cols = map(int, shape.split("x"))
    number = {name: int(value) for name, value in re.findall(r"([dwn])(\d+)", parameters)}
    gain = published_gain(kind.removeprefix("mask_"), rows, cols, number["d"], number.get("w", 0), number["n"])
    np.testing.assert_allclose(gain, GOLDEN[key], atol=1e-12)


def test_gain_at_special_points() -> None:
    assert butterworth_gain("band", [0.0, 8.0], cutoff=8, width=3, order=4).tolist() == [0.0, 1.0]
    assert butterworth_gain("low", 0.1, cutoff=0.1, order=7) == 0.5
    assert butterworth_gain("all", [0.0, 0.7], cutoff=0).tolist() == [1.0, 1.0]


@pytest.mark.parametrize(("kind", "opposite"), [("low", "high"), ("band", "stop")])
def test_opposites_sum_to_one(kind: str, opposite: str) -> None:
    one, other = (Band(k, 0.2, 0.1, 3, "pixels") for k in (kind, opposite))
    np.testing.assert_allclose(one.gain(AXIS) + other.gain(AXIS), 1.0)


@pytest.mark.parametrize("order", [1, 2, 5, 10])
@pytest.mark.parametrize("kind", ["low", "high", "band", "stop"])
def test_order_moves_no_point_of_gain_one_half(kind: str, order: int) -> None:
    np.testing.assert_array_equal(
        Band(kind, 0.23, 0.06, order, "pixels").keeps(AXIS), Band(kind, 0.23, 0.06, 1, "pixels").keeps(AXIS)
    )


@pytest.mark.parametrize(("low", "high"), [(0.0, 0.03), (0.2, 0.26), (0.5, 0.7)])
def test_between_keeps_what_lies_between(low: float, high: float) -> None:
    band = Band.between(low, high)
    inside = (low + 1e-6 < AXIS) & (high - 1e-6 > AXIS)
    outside = (low - 1e-6 > AXIS) | (high + 1e-6 < AXIS)
    assert band.keeps(AXIS[inside]).all()
    assert not band.keeps(AXIS[outside]).any()
    np.testing.assert_allclose(band.edges, (low, high), atol=1e-6)
    assert band.passed_width == pytest.approx(high - low, abs=1e-6)
    assert Band.between(low, high, "stop").passed_width == pytest.approx(MAX_FREQUENCY - (high - low), abs=1e-6)


def test_equal_bands_are_equal_whatever_has_no_effect() -> None:
    assert Band("low", 0.2, width=0.3, order=4) == Band("low", 0.2)
    assert Band("all", 0.2, 0.1, 3) == Band()
    assert Band("low", 0.2, order=4, mode="pixels") != Band("low", 0.2, order=2, mode="pixels")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("low", 0.0), "cut-off of a low band lies between 0 and 0.707"),
        (("high", 0.8), "got 0.8"),
        (("low", float("nan")), "got nan"),
        (("band", 0.2, 0.0), "width of a band band"),
        (("band", 0.2, 0.1, 0), "order is between 1 and 20, got 0"),
        (("ring", 0.2), "kind is one of all, low, high, band, stop, comb, anticomb, got 'ring'"),
        (("low", 0.2, 0.0, 1, "erase"), "mode is one of keep, reweight, pixels, got 'erase'"),
    ],
)
def test_impossible_bands_are_refused(arguments: tuple, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        Band(*arguments)


# 35 bins of a crop of 42 pixels, and the ends of what is taken.
@pytest.mark.parametrize("cutoff", [0.75, 35 / 42, 2.8])
@pytest.mark.parametrize(("kind", "mode"), [*(("low", mode) for mode in MODES), ("high", "reweight"), ("high", "pixels")])
def test_a_cut_off_beyond_the_corner_still_attenuates(kind: str, mode: str, cutoff: float) -> None:
    band = Band(kind, cutoff, order=2, mode=mode)
    assert Band(**json.loads(json.dumps(band.as_dict()))) == band
    assert str(band).startswith(f"{kind} {'<' if kind == 'low' else '>'}{cutoff:.3f}")
    low = 1 / (1 + (AXIS / cutoff) ** (2 * band.order))
    np.testing.assert_allclose(band.gain(AXIS), low if kind == "low" else 1 - low)
    assert band.edges == ((0.0, MAX_FREQUENCY) if kind == "low" else (MAX_FREQUENCY, MAX_FREQUENCY))
    assert band.passed_width == pytest.approx(MAX_FREQUENCY if kind == "low" else 0)


def test_bands_beyond_the_corner() -> None:
    wide = Band("band", 35 / 42, 20 / 42)  # its lower end is on the axis
    assert wide.edges == (pytest.approx(0.6286, abs=1e-4), MAX_FREQUENCY)
    beyond = Band("band", 35 / 42, 5 / 42, 3, "reweight")
    assert (str(beyond), beyond.passed_width) == ("band 0.776-0.895 n3 reweight", 0)
    assert 0 < beyond.gain(MAX_FREQUENCY) < 0.5
    assert Band("stop", 35 / 42, 5 / 42).passed_width == MAX_FREQUENCY
    assert Band.parse("low:35px", 42) == Band("low", 35 / 42)
    assert Band.parse("band:20px-50px", 42, mode="pixels").half_gain == pytest.approx((20 / 42, 50 / 42))


def test_a_published_radius_beyond_the_corner_gives_the_published_gain() -> None:
    band = Band("low", 30 / 32, order=2, mode="reweight")
    gain = published_gain(band.kind, 32, 32, band.cutoff * 32, 0, band.order)
    np.testing.assert_allclose(gain, GOLDEN["mask_low/32x32/d30_n2"], atol=1e-12)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("low:0", "lies between 0 and 0.707 .* or beyond it up to 2.828, got 0"),
        ("low:35", "got 35. A radius in DFT bins of the crop is written 35px"),
        ("low:-5", "a frequency is not negative, got the band 'low:-5'"),
        ("low:nan", "a frequency is a number .* got 'nan'"),
        ("band:0.1--0.2", "a band is written .* got 'band:0.1--0.2'"),
        ("band:0.2-9", "the width of a band band .* up to 2.828, got 8.8"),
        ("high:35px", "keep none of them, got 0.833333. Modes reweight and pixels take it"),
        ("band:35px-40px", "a band band in mode keep .* got 0.833333-0.952381"),
    ],
)
def test_what_is_no_band_is_refused_as_text(text: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        Band.parse(text, 42)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("comb", "kind comb needs the period of its lattice in pixels, such as 8"),
        ("comb:points=axes", "kind comb needs the period"),
        ("comb:period=1", "period of band kind comb is a whole number of pixels from 2 on, got 1"),
        ("anticomb:period=2.5", "period of band kind anticomb is a whole number of pixels from 2 on, got 2.5"),
        ("comb:period=-8", "from 2 on, got -8"),
        ("comb:period=nan", "from 2 on, got nan"),
        ("comb:period=inf", "from 2 on, got inf"),
        ("comb:period=eight", "the period of a comb is a number, got 'eight'"),
        ("comb:period=8:halfwidth=-0.01", "lies between 0 and 0.0625 cycles/pixel, half the spacing .* got -0.01"),
        ("comb:period=8:halfwidth=0", "lies between 0 and 0.0625 .* got 0"),
        ("comb:period=8:halfwidth=nan", "lies between 0 and 0.0625 .* got nan"),
        ("comb:period=8:halfwidth=0.0625", "would reach the neighbouring points; got 0.0625"),
        ("anticomb:period=32", "half the spacing of the lattice, .* got 0.02"),
        ("comb:period=8:points=edges", "unknown set of lattice points 'edges'.* all, axes, corners"),
        ("comb:period=8:width=0.1", "unknown parameter of a comb 'width'. Did you mean 'halfwidth'"),
        ("comb:0.1-0.2", "a comb is written comb:period=8, .* got 'comb:0.1-0.2'"),
        ("comb:period=8:period=4", "a comb is written comb:period=8"),
        ("comb:period=8:", "a comb is written comb:period=8"),
        ("comb:period=34", "period 34 needs crops of at least 68 pixels, two periods, got 64"),
        ("comb:period=100", "period 100 .*got 0.02. Write comb:period=100:halfwidth=0.0025, or .* half the side of the crop"),
        ("combe:period=8", "a band is written .* got 'combe:period=8': unknown band kind 'combe'. Did you mean 'comb'"),
        ("middle:0.1-0.2", "a band is written .* got 'middle:0.1-0.2': unknown band kind 'middle'. Known: all"),
        ("low:period=8", "a frequency is a number .* got 'period=8'"),
    ],
)
def test_what_is_no_comb_is_refused(text: str, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        Band.parse(f"{text}:halfwidth=0.01" if text.endswith("=34") else text, 64)


def test_combs_as_text() -> None:
    assert Band.parse("comb:period=8") == Band("comb", period=8, halfwidth=0.02, points="all")
    parsed = Band.parse("anticomb:points=axes:halfwidth=0.01:period=4", 64, order=3, mode="pixels")
    assert parsed == Band("anticomb", period=4, halfwidth=0.01, points="axes", order=3, mode="pixels")
    assert str(parsed) == "anticomb 4px ±0.01 axes n3 pixels"
    assert str(Band("comb", period=8)) == "comb 8px ±0.02"
    for band in (Band(), Band("low", 0.25), Band.between(0.2, 0.3, "stop"), parsed):
        assert Band.parse(band.as_text(), order=band.order, mode=band.mode) == band
    assert parsed.as_text() == "anticomb:period=4:halfwidth=0.01:points=axes"
    assert Band.between(0.0, 0.03, "band").as_text() == "band:0-0.03"  # and not 3e-17, which the square root leaves


def test_dicts_of_bands() -> None:
    comb = Band("comb", 0.3, 0.2, 4, period=8, points="corners")  # without what has no effect
    nowhere = {"cutoff": None, "width": None}
    wanted = {"kind": "comb", "period": 8, "halfwidth": 0.02, "points": "corners", "order": 1, "mode": "keep", **nowhere}
    assert comb.as_dict() == wanted
    assert Band(**json.loads(json.dumps(wanted))) == comb
    low = {"kind": "low", "cutoff": 0.2, "width": 0.0, "order": 1, "mode": "keep"}
    assert list(Band("low", 0.2, period=8, points="axes").as_dict().items()) == list(low.items())
    assert Band("low", 0.2, period=8, points="axes") == Band("low", 0.2)


PLANES = {
    "dft": Frequencies.of_plane(np.fft.fftfreq(50), np.fft.rfftfreq(50)),
    "oblong": Frequencies.of_plane(np.fft.fftfreq(15), np.fft.rfftfreq(24)),
    "dct": Frequencies.of_plane(np.arange(20) / 40, np.arange(25) / 50),
}


@pytest.mark.parametrize("points", ["all", "axes", "corners"])
@pytest.mark.parametrize("period", [2, 3, 5, 8])
@pytest.mark.parametrize("plane", PLANES)
def test_comb_and_anticomb_share_the_plane(plane: str, period: int, points: str) -> None:
    comb, anticomb = (Band(kind, period=period, points=points) for kind in ("comb", "anticomb"))
    kept = comb.keeps(PLANES[plane])
    np.testing.assert_array_equal(kept, ~anticomb.keeps(PLANES[plane]))
    assert not kept[0, 0]
    assert (comb.acting_on(PLANES[plane])[0], anticomb.acting_on(PLANES[plane])[0]) == (None, None)
    np.testing.assert_array_equal(comb.acting_on(PLANES[plane])[1], ~anticomb.acting_on(PLANES[plane])[1])
    soft = [Band(kind, period=period, points=points, order=3, mode="reweight") for kind in ("comb", "anticomb")]
    np.testing.assert_allclose(soft[0].gain(PLANES[plane]) + soft[1].gain(PLANES[plane]), 1, rtol=1e-15)
    assert soft[0].gain(PLANES[plane])[0, 0] == 0


def test_combs_need_more_than_radii() -> None:
    for frequency in (AXIS, Frequencies(AXIS)):
        with pytest.raises(StudyError, match="rings mix the points of the lattice with the rest. Mode pixels"):
            Band("comb", period=8).acting_on(frequency)
    low = Band("low", 0.2)
    np.testing.assert_array_equal(low.keeps(PLANES["dct"]), low.keeps(PLANES["dct"].radius))


@pytest.mark.parametrize(
    ("points", "radii"), [("all", [0.25, 0.5]), ("axes", [0.25, 0.5]), ("corners", [0.125**0.5, 0.5**0.5])]
)
def test_lines_of_a_comb(points: str, radii: list[float]) -> None:
    assert Band("comb", period=4, points=points).lattice_radii == pytest.approx(radii)
    assert Band.between(0.1, 0.2).lattice_radii == ()


def test_a_comb_is_no_stretch() -> None:
    comb, anticomb = Band("comb", period=4), Band("anticomb", period=4)
    for name in ("edges", "half_gain", "passed_width"):
        with pytest.raises(StudyError, match="is a lattice and has no ends on the frequency axis"):
            getattr(comb, name)
    grid = Frequencies.of_plane(np.fft.fftfreq(800), np.fft.fftfreq(800))
    assert comb.passed_share == pytest.approx(comb.keeps(grid).mean(), rel=0.02)
    assert anticomb.passed_share == pytest.approx(1 - comb.passed_share)
    assert Band.between(0.1, 0.2).passed_share == pytest.approx(0.1 / MAX_FREQUENCY)


def test_between_refuses_an_empty_stretch() -> None:
    with pytest.raises(StudyError, match="low < high, got 0.3 and 0.2"):
        Band.between(0.3, 0.2)


def test_text_of_a_band() -> None:
    assert [str(Band.between(0.2, 0.26, mode=mode)) for mode in MODES] == [
        "band 0.200-0.260",
        "band 0.200-0.260 n1 reweight",
        "band 0.200-0.260 n1 pixels",
    ]
    assert str(Band()) == "all"
    assert str(Band("high", 0.1)) == "high >0.100"


def test_parse_frequency() -> None:
    assert parse_frequency("0.23") == 0.23
    assert parse_frequency("35px", side=100) == 0.35
    with pytest.raises(StudyError, match="give the crop's side"):
        parse_frequency("35px")
    with pytest.raises(StudyError, match="got 'wide'"):
        parse_frequency("wide")
