"""Gains against stored arrays; laws of bands."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.frequency.bands import MAX_FREQUENCY, MODES, Band, butterworth_gain, parse_frequency, published_gain

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
        (("ring", 0.2), "kind is one of all, low, high, band, stop, got 'ring'"),
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
