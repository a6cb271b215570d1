"""The embedded data set: repeatable, apart, and with nothing but its operation between the classes."""

import io
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.pictures.crops import decode
from bandbench.datasets.procedural import (
    KNOWN_ANSWERS,
    OPERATIONS,
    STREAMS,
    Procedural,
    halve,
    lens_blur,
    plant,
    planted_stretches,
    render_scene,
    texture,
    zero_insertion,
)

SMALL = {"n_train": 4, "n_val": 2, "n_test": 4}


def radius(side: int = 128) -> np.ndarray:
    return np.hypot(np.fft.fftfreq(side)[:, None], np.fft.fftfreq(side)[None, :])


def power(plane: np.ndarray) -> np.ndarray:
    return np.abs(np.fft.fft2(plane)) ** 2


def scene(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    shot = np.random.default_rng(seed)
    drawn, face = render_scene(np.random.default_rng(seed), shot, 128)
    return lens_blur(drawn, shot), face


def test_pictures_are_repeatable_in_any_order() -> None:
    items = Procedural(**SMALL).items("blend")
    forwards = [Procedural(**SMALL).read(item) for item in items]
    dataset = Procedural(**SMALL)
    backwards = [dataset.read(item) for item in reversed(items)][::-1]
    assert forwards == backwards
    assert len(set(forwards)) == len(items)


def test_reals_are_one_pool_and_fakes_are_not() -> None:
    by_variant = {variant: Procedural(**SMALL).items(variant) for variant in OPERATIONS}
    reals = {variant: [i for i in items if i.label == 0] for variant, items in by_variant.items()}
    assert all(found == reals["planted"] for found in reals.values())
    fakes = [item.id for items in by_variant.values() for item in items if item.label == 1]
    people = {item.target for items in by_variant.values() for item in items if item.label == 1}
    assert len(set(fakes)) == len(fakes)
    assert not people & {item.target for item in reals["planted"]}


def test_test_pictures_follow_the_seed_alone() -> None:
    def prints(split: str, **options: int) -> list[str]:
        return [i.fingerprint for i in Procedural(**SMALL, **options).items("planted") if i.split == split]

    assert prints("test", replicate=1) == prints("test")
    assert not set(prints("train", replicate=1)) & set(prints("train"))
    assert not set(prints("test", seed=1)) & set(prints("test"))


@pytest.mark.parametrize(
    ("changed", "moves_reals", "moves_planted"),
    [
        ({"side": 64}, True, True),
        ({"quality": 80}, True, True),
        ({"strength": 2.0}, False, True),
        ({"planted_band": "0.10-0.14", "quality": 95}, False, True),
        ({"planted_band": "0.20-0.26", "quality": 95}, False, False),
        ({"n_train": 8}, False, False),
    ],
)
def test_fingerprints_follow_the_bytes(changed: dict, moves_reals: bool, moves_planted: bool) -> None:
    before, after = Procedural(**SMALL), Procedural(**(SMALL | changed))
    for label, moves in ((0, moves_reals), (1, moves_planted)):
        one, other = (next(i for i in d.items("planted") if i.label == label) for d in (before, after))
        assert (one.fingerprint != other.fingerprint) == moves
        assert (before.read(one) != after.read(other)) == moves


def test_both_classes_are_written_alike() -> None:
    dataset = Procedural(**SMALL)
    facts = set()
    for variant in OPERATIONS:
        for item in dataset.items(variant):
            with Image.open(io.BytesIO(dataset.read(item))) as picture:
                facts.add((picture.size, picture.format, str(picture.quantization), str(picture.layer)))
    assert len(facts) == 1


@pytest.mark.parametrize("text", ["0.20-0.26", "0.10-0.30", "0.08-0.12,0.32-0.38"])
def test_planted_energy_lies_inside_the_stretches_and_nowhere_else(text: str) -> None:
    before, _ = scene()
    stretches = planted_stretches(text)
    after = plant(before, np.random.default_rng(1), 0.5, stretches)
    difference, own = power((after - before)[0]), power(np.tensordot([0.299, 0.587, 0.114], before, 1))
    inside = [(radius() >= low) & (radius() <= high) for low, high in stretches]
    assert difference[~np.any(inside, axis=0)].max() < 1e-6 * difference[np.any(inside, axis=0)].mean()
    for each in inside:
        assert difference[each].sum() / own[each].sum() == pytest.approx(0.5, rel=0.01)
    np.testing.assert_allclose((after - before)[0], (after - before)[2], atol=1e-3)


def test_the_excess_of_a_wide_stretch_is_the_same_share_at_both_ends() -> None:
    """White noise of half the power between 0.1 and 0.3 would be a tenth of the picture's at the one, thrice at the other."""
    before, _ = scene()
    difference, own = (
        power(plane)
        for plane in (
            (plant(before, np.random.default_rng(1), 0.5, ((0.1, 0.3),)) - before)[0],
            np.tensordot([0.299, 0.587, 0.114], before, 1),
        )
    )
    for low in (0.1, 0.15, 0.2, 0.25):
        ring = (radius() >= low) & (radius() < low + 0.05)
        assert difference[ring].sum() / own[ring].sum() == pytest.approx(0.5, rel=0.05)


def test_no_strength_makes_fakes_like_reals() -> None:
    before, _ = scene()
    np.testing.assert_array_equal(plant(before, np.random.default_rng(1), 0.0, ((0.2, 0.26),)), before)


def test_a_planted_band_is_stored_without_loss_unless_a_quality_is_asked() -> None:
    """A JPEG of quality 95 would spread the energy over its blocks."""

    def tables(**options: Any) -> int:
        dataset = Procedural(**SMALL, **options)
        item = dataset.items("planted")[0]
        with Image.open(io.BytesIO(dataset.read(item))) as picture:
            return max(max(table) for table in picture.quantization.values())

    assert tables(planted_band="0.1-0.14") == 1
    assert tables(planted_band="0.1-0.14", quality=95) == tables() > 1


@pytest.mark.parametrize(
    ("text", "stretches"),
    [("0.20-0.26", ((0.2, 0.26),)), (" .08 - .12 , 0.32-0.38", ((0.08, 0.12), (0.32, 0.38))), ("0-0.5", ((0.0, 0.5),))],
)
def test_stretches_are_read(text: str, stretches: tuple) -> None:
    assert planted_stretches(text) == stretches


@pytest.mark.parametrize(
    "text", ["0.1", "0.2-0.1", "0.1-0.1", "0.1-0.2,", "0.3-0.4,0.1-0.2", "0.1-0.3,0.2-0.4", "0.4-0.6", "a-b", "0.1:0.2"]
)
def test_other_stretches_are_refused_with_the_form_that_is_wanted(text: str) -> None:
    with pytest.raises(DataError, match="planted_band is LOW-HIGH in cycles/pixel.*0.08-0.12,0.32-0.38") as error:
        Procedural(planted_band=text).items("planted")
    assert repr(text) in str(error.value)


def test_a_stretch_between_two_frequencies_of_a_picture_is_refused() -> None:
    with pytest.raises(DataError, match="a picture of 32 pixels has no frequency in a part of planted_band '0.001-0.002'"):
        Procedural(side=32, planted_band="0.001-0.002").items("planted")


def test_texture_falls_as_its_exponent() -> None:
    found = np.mean([power(texture(np.random.default_rng(i), 128, 1.2)) for i in range(20)], axis=0)
    low, high = (found[(radius() > f) & (radius() < 1.1 * f)].mean() for f in (0.05, 0.4))
    assert np.log(low / high) / np.log(8) == pytest.approx(2.4, abs=0.15)


def test_zero_insertion_keeps_brightness_and_leaves_a_checkerboard() -> None:
    flat = np.full((3, 32, 32), 100, np.float32)
    even, uneven = zero_insertion(flat, (0.5, 1.0, 0.5)), zero_insertion(flat, (0.53, 1.0, 0.53))
    np.testing.assert_allclose(even, 100, rtol=1e-5)
    assert uneven.mean() == pytest.approx(100, rel=1e-5)
    assert power(uneven[0])[32, 32] > 100 * power(even[0])[32, 32]


def test_halve_is_a_mean() -> None:
    block = np.arange(48, dtype=np.float32).reshape(3, 4, 4)
    np.testing.assert_allclose(halve(block)[0], [[2.5, 4.5], [10.5, 12.5]])


@pytest.mark.parametrize("name", [name for name, operation in OPERATIONS.items() if operation])
def test_an_operation_takes_away_high_frequencies_and_keeps_the_picture(name: str) -> None:
    before, face = scene()
    operation = OPERATIONS[name]
    assert operation is not None
    after = operation(before, face, np.random.default_rng(2))
    assert after.shape == before.shape
    assert np.abs(after - before).mean() < 4
    assert np.abs(after - before).max() > 1


def test_reals_have_a_natural_spectrum() -> None:
    dataset = Procedural(n_train=2, n_val=2, n_test=20)
    reals = [decode(dataset.read(i)) for i in dataset.items("planted") if i.label == 0 and i.split == "test"]
    mean = np.mean([power(picture - picture.mean()) for picture in reals], axis=0) / 128**2
    rings = [mean[(radius() > f) & (radius() < f + 0.02)].mean() for f in (0.02, 0.05, 0.1, 0.2, 0.4, 0.6)]
    assert all(later < earlier for earlier, later in pairwise(rings))
    assert 1 < rings[-1] < 20  # the sensor's noise, in grey levels squared


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"side": 16}, "side lies between 32 and 1024, got 16"),
        ({"side": 65}, "side is even .*got 65"),
        ({"quality": 0}, "quality lies between 1 and 100, got 0"),
        ({"strength": -1.0}, "strength lies between 0 and 1000, got -1"),
        ({"n_val": 1}, "n_val is at least 2, got 1"),
    ],
)
def test_impossible_parameters(options: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Procedural(**options).items("planted")


def test_unknown_domain() -> None:
    with pytest.raises(DataError, match="Did you mean 'planted'"):
        Procedural().items("plantd")


# --- known answers ---------------------------------------------------------------------------------------------------


def test_known_answers_are_no_part_of_what_the_name_of_the_data_set_stands_for() -> None:
    dataset = Procedural(**SMALL)
    assert not set(dataset.variants()) & set(dataset.further_variants())
    assert dataset.find_variants("lattice") == ("lattice",)


@pytest.mark.parametrize("variant", KNOWN_ANSWERS)
def test_both_classes_of_a_known_answer_are_written_without_loss(variant: str) -> None:
    dataset, facts = Procedural(**SMALL), set()
    for item in dataset.items(variant):
        with Image.open(io.BytesIO(dataset.read(item))) as picture:
            facts.add((picture.size, picture.format, max(map(max, picture.quantization.values())), str(picture.layer)))
    assert [quality for _, _, quality, _ in facts] == [1]


def test_the_reals_of_known_answers_are_those_of_the_other_domains_written_otherwise() -> None:
    dataset = Procedural(**SMALL)
    plain, exact = (next(iter(dataset.items(variant))) for variant in ("planted", "lattice"))
    assert (plain.target, plain.label) == (exact.target, exact.label)
    assert plain.fingerprint != exact.fingerprint
    first, second = (decode(dataset.read(item)).astype(float) for item in (plain, exact))
    assert 0 < np.abs(first - second).mean() < 2


@pytest.mark.parametrize("variant", KNOWN_ANSWERS)
def test_a_known_answer_takes_the_strength_and_the_quality(variant: str) -> None:
    def fake(**options: Any) -> tuple[str, bytes]:
        dataset = Procedural(**SMALL, **options)
        item = next(item for item in dataset.items(variant) if item.label == 1)
        return item.fingerprint, dataset.read(item)

    assert len({fake(), fake(strength=0.2), fake(quality=80)}) == 3


def test_the_streams_of_earlier_domains_keep_their_places() -> None:
    """The place of a stream is in the seed of its pictures."""
    assert STREAMS[:6] == ("real", "zeroinsert", "nearest", "bilinear", "blend", "planted")


def test_a_lattice_of_eighths_needs_a_side_of_whole_periods() -> None:
    with pytest.raises(DataError, match="side is a multiple of 8 for the domain lattice, got 100"):
        Procedural(side=100).items("lattice")
