"""Augmentation of pictures: what each change does, and that one generator gives one result."""

import numpy as np
import pytest

from bandbench.benchmark.errors import PluginError
from bandbench.detectors.learning.augmentation import Augmentation, jittered, random_crop, turned, with_masked_patches


def picture(rows: int = 32, cols: int = 32, channels: int = 3) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (rows, cols, channels)).astype(np.float32)


def draws(n: int = 60) -> list[np.random.Generator]:
    return [np.random.default_rng([5, row]) for row in range(n)]


def test_one_generator_gives_one_result() -> None:
    augment = Augmentation(24, True, 0.5, "any", 0.75, 8)
    results = [augment(picture(), rng) for rng in (*draws(20), *draws(20))]
    assert all(result.shape == (24, 24, 3) and result.dtype == np.float32 for result in results)
    for first, second in zip(results[:20], results[20:], strict=True):
        np.testing.assert_array_equal(first, second)
    assert len({result.tobytes() for result in results}) == 20


def test_a_crop_is_a_part_of_the_picture_at_every_place() -> None:
    values = np.arange(6 * 5, dtype=np.float32).reshape(6, 5, 1)
    corners = {float(random_crop(values, 4, rng)[0, 0, 0]) for rng in draws()}
    assert corners == {5 * row + col for row in range(3) for col in range(2)}
    np.testing.assert_array_equal(random_crop(values, 4, draws(1)[0])[:, :, 0] % 5 % 1, 0)


def test_brightness_contrast_and_saturation_by_hand() -> None:
    values = picture(4, 4) * 0.2  # far from both ends, so that nothing is clipped
    brightness, contrast, saturation = np.random.default_rng(7).uniform(0.9, 1.1, 3)
    wanted = (values.astype(np.float64) + 1) / 2 * brightness
    luma = [0.299, 0.587, 0.114]
    mean = (wanted @ luma).mean()
    wanted = mean + contrast * (wanted - mean)
    grey = (wanted @ luma)[..., None]
    wanted = grey + saturation * (wanted - grey)
    np.testing.assert_allclose(jittered(values, 0.1, np.random.default_rng(7)), 2 * wanted - 1, atol=1e-6)


def test_jitter_of_grey_stays_in_range() -> None:
    for rng in draws(10):
        changed = jittered(picture(channels=1), 1.0, rng)
        assert changed.shape == (32, 32, 1) and changed.min() >= -1 and changed.max() <= 1


def test_quarter_turns_move_pixels_only() -> None:
    values = picture()
    turns = [turned(values, "quarter", rng) for rng in draws()]
    wanted = {np.rot90(values, k).tobytes() for k in range(4)}
    assert {np.ascontiguousarray(one).tobytes() for one in turns} == wanted
    oblong = picture(8, 12)
    assert {turned(oblong, "quarter", rng).shape for rng in draws(20)} == {(8, 12, 3)}


def test_any_angle_takes_values_from_the_picture() -> None:
    values = picture(channels=1)
    rotated = turned(values, "any", draws(1)[0])
    assert rotated.shape == values.shape
    assert np.isin(rotated, np.append(values, 0)).all()
    assert not np.isin(rotated.tobytes(), [np.rot90(values, k).tobytes() for k in range(4)])


@pytest.mark.parametrize("side", [32, 36])
def test_masked_patches_are_whole_and_at_most_the_share(side: int) -> None:
    values = picture(side, side) + 3
    shares = []
    for rng in draws():
        masked = (with_masked_patches(values, 0.75, 8, rng) == 0).all(axis=-1)
        corners = masked[::8, ::8]
        np.testing.assert_array_equal(masked, np.kron(corners, np.ones((8, 8), bool))[:side, :side])
        shares.append(corners.mean())
    assert min(shares) < 0.15 < 0.6 < max(shares) <= 0.76


def test_unknown_rotation() -> None:
    with pytest.raises(PluginError, match="unknown rotation 'quater'. Did you mean 'quarter'"):
        Augmentation(rotation="quater")
