"""Gains against stored arrays; laws of bands."""

import re
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.bands import MAX_FREQUENCY, MODES, Band, butterworth_gain, parse_frequency, published_gain
from bandbench.benchmark.errors import StudyError

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "butterworth.npz")
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
