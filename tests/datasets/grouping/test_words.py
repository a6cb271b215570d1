"""Words for classes and splits, sizes and settings are no part of what a name tells."""

import pytest

from bandbench.datasets.grouping.words import without_settings, without_sides


@pytest.mark.parametrize(
    ("key", "left"), [("real_id7", "id7"), ("id7-fake", "id7"), ("train_real", ""), ("AI-generated", ""), ("real_12", "12")]
)
def test_words_for_classes_and_splits_are_stripped(key: str, left: str) -> None:
    assert without_sides(key) == left


@pytest.mark.parametrize(
    ("stem", "left"),
    [
        ("castle_640x512", "castle"),
        ("640x512_castle_3", "castle_3"),
        ("dog_cfg7.5_steps_30", "dog"),
        ("dog_cfg7_seed3_v2", "dog"),
        ("dog-q95", "dog"),
        ("dog_512", "dog"),
        ("s10_01x02", "s10_01x02"),
        ("v07_03", "v07_03"),
        ("0003_v07", "0003_v07"),
        ("x_seed3_1", "x_seed3_1"),
        ("seed0003", "seed0003"),
        ("512x512", "512x512"),
    ],
)
def test_sizes_and_settings_at_the_end_are_stripped(stem: str, left: str) -> None:
    assert without_settings([stem], 0.95, 0.5) == [left]


def test_a_number_that_few_names_end_with_is_no_size_and_a_seed_that_versions_share_is_kept() -> None:
    numbers = [f"id_{i}" for i in range(505, 515)]
    assert without_settings(numbers, 0.95, 0.5) == numbers
    assert without_settings([f"x_seed{i}_{s}x512" for i in range(5) for s in (512, 640)], 0.95, 0.5)[:2] == ["x_seed0"] * 2
