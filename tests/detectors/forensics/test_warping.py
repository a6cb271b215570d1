"""Warped faces: kernels as published, and fakes that differ from their real where they should."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bandbench.detectors.forensics.warping import (
    ALL_MASKS,
    MEAN_FACE,
    Warping,
    blurred_at_scale,
    cheek_points,
    cheeks_mask,
    hull_mask,
    similarity_transform,
    turned,
)
from trees.faces import scene

GOLDEN = np.load(Path(__file__).parents[2] / "golden" / "warping.npz")


@pytest.mark.parametrize("box", [0, 1])
@pytest.mark.parametrize("k", [1, 3, 4, 6, 9])
def test_blur_at_another_scale_is_the_published_one(box: int, k: int) -> None:
    x, y, w, h = GOLDEN[f"lee_box/{box}"]
    face = GOLDEN["image_rgb"][y : y + h, x : x + w].astype(np.float32)
    np.testing.assert_allclose(blurred_at_scale(face, 0.6 + 0.1 * k), GOLDEN[f"lee_face/box{box}_alsize{k}"], atol=1e-4)


@pytest.mark.parametrize("face", [0, 1])
def test_alignment_and_mask_are_the_published_ones(face: int) -> None:
    landmarks, picture = GOLDEN[f"landmarks/{face}"], GOLDEN["picture"]
    transform = similarity_transform(landmarks[17:], MEAN_FACE)
    np.testing.assert_allclose(transform, GOLDEN[f"umeyama_3x3/{face}"], rtol=1e-9)
    moved = np.c_[landmarks, np.ones(68)] @ transform.T
    np.testing.assert_allclose(moved[:, :2] * 64, GOLDEN[f"aligned_landmarks/{face}_size64"], rtol=1e-9)
    np.testing.assert_array_equal(hull_mask(landmarks, picture.shape[:2]), GOLDEN[f"face_mask/{face}"])


@pytest.mark.parametrize("face", [0, 1])
def test_the_mask_with_cheeks_is_the_published_one(face: int) -> None:
    landmarks, wanted = GOLDEN[f"landmarks/{face}"], GOLDEN[f"face_mask_v2/{face}_size64"]
    transform = np.diag([64, 64, 1]) @ GOLDEN[f"umeyama_3x3/{face}"]
    np.testing.assert_array_equal(cheeks_mask(landmarks, wanted.shape, transform, faithful=True), wanted)
    assert np.count_nonzero(cheeks_mask(landmarks, wanted.shape, faithful=True) != wanted) < 60  # docs/explanation/deep.md
    apart = cheeks_mask(landmarks, wanted.shape) != wanted
    assert apart.mean() < 0.003  # rounded instead of truncated: pixels of the contour


@pytest.mark.parametrize("face", [0, 1])
def test_cheeks_lie_beside_the_hull_and_move_with_the_face(face: int) -> None:
    landmarks = GOLDEN[f"landmarks/{face}"]
    hull, cheeks = hull_mask(landmarks, (220, 240)), cheeks_mask(landmarks, (220, 240))
    assert (cheeks[hull == 1] == 1).all() and cheeks.sum() > 1.05 * hull.sum()
    np.testing.assert_array_equal(cheeks_mask(landmarks - (7, 3), (220, 240))[:200, :200], cheeks[3:203, 7:207])
    for side in (cheek_points(landmarks)[:4], cheek_points(landmarks)[4:]):
        assert (np.diff(side[:, 1]) > 0).all()  # from the brow down


def test_turning_is_the_published_one() -> None:
    rng = np.random.RandomState(3)
    found = Warping().changed_colours(turned(GOLDEN["augment_in"], rng), rng)
    np.testing.assert_array_equal(found, GOLDEN["augment_seed3_out"])


def test_turning_mirrors_every_second_picture_and_continues_the_border() -> None:
    ramp = np.repeat(np.arange(0, 250, 5, dtype=np.uint8)[None, :, None], 50, axis=0).repeat(3, axis=2)
    found = [turned(ramp, np.random.default_rng(seed)) for seed in range(60)]
    mirrored = [picture[25, 40, 0] < picture[25, 10, 0] for picture in found]
    assert 15 < sum(mirrored) < 45
    assert all(picture.max() >= 200 and picture.shape == ramp.shape for picture in found)
    flat = np.full((20, 30, 3), 99, np.uint8)
    np.testing.assert_array_equal(turned(flat, np.random.default_rng(0)), flat)


def test_a_similarity_is_found_again() -> None:
    rng = np.random.default_rng(0)
    points, angle = rng.normal(size=(20, 2)), 0.7
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    found = similarity_transform(points, 3 * points @ rotation.T + (5, -2))
    np.testing.assert_allclose(found[:2, :2], 3 * rotation, atol=1e-12)
    np.testing.assert_allclose(found[:2, 2], (5, -2), atol=1e-12)


def sharpness(picture: np.ndarray) -> float:
    return float(np.abs(np.diff(picture.astype(float), axis=1)).mean())


@pytest.mark.parametrize("mask", ALL_MASKS)
def test_a_fake_loses_resolution_inside_and_nothing_outside(mask: str) -> None:
    noise = np.random.default_rng(3).normal(0, 15, size=(128, 128, 3))
    real = np.clip(scene(5, 0, (128, 128), 110) + noise, 0, 255).astype(np.uint8)
    fake = Warping((0.3, 0.4), (mask,), 0.5).fake(real, np.random.default_rng(1))  # type: ignore[arg-type]
    changed = (fake != real).any(axis=2)
    inside, border = changed[54:74, 54:74], changed.copy()
    border[16:112, 16:112] = False
    assert inside.mean() > 0.9 and not border.any()
    assert sharpness(fake[54:74, 54:74]) < 0.5 * sharpness(real[54:74, 54:74])
    assert real.dtype == fake.dtype == np.uint8


def test_masks_are_nested_and_fakes_are_repeatable() -> None:
    real = np.random.default_rng(0).integers(0, 256, (96, 96, 3), dtype=np.uint8)
    changed = {}
    for mask in ALL_MASKS:
        first, second = (Warping((0.5, 0.5), (mask,)).fake(real, np.random.default_rng(4)) for _ in range(2))  # type: ignore[arg-type]
        np.testing.assert_array_equal(first, second)
        changed[mask] = (first != real).any(axis=2).sum()
    assert changed["hull"] < changed["cheeks"] < changed["square"]
    assert changed["hull"] < changed["ellipse"] < changed["square"]


@pytest.mark.parametrize(("mask", "marked"), [("hull", hull_mask), ("cheeks", cheeks_mask)])
def test_given_landmarks_shape_the_hull(mask: Any, marked: Any) -> None:
    landmarks, real = GOLDEN["landmarks/0"], GOLDEN["picture"]
    fake = Warping((0.3, 0.3), (mask,), 0.9).fake(real, np.random.default_rng(0), landmarks)
    outside = (fake != real).any(axis=2) & (marked(landmarks, real.shape[:2]) == 0)
    assert (fake != real).any() and not outside.any()


def test_colours_change_for_both_classes_or_not_at_all() -> None:
    real = scene(1, 0, (96, 96), 80)
    assert (Warping().changed_colours(real, np.random.default_rng(0)) != real).any()
    assert Warping(colour=False).changed_colours(real, np.random.default_rng(0)) is real


@pytest.mark.parametrize("shape", [(16, 16), (1, 1), (3, 40)])
def test_a_small_crop_brought_to_nothing_is_still_a_picture(shape: tuple[int, int]) -> None:
    real = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    for mask in ALL_MASKS:
        fake = Warping((0.001, 0.001), (mask,)).fake(real, np.random.default_rng(1))  # type: ignore[arg-type]
        assert fake.shape == real.shape and fake.dtype == np.uint8
