"""Sensitivity view: distances against an independent computation, disturbances by content, patches, and what is refused."""

import json

import numpy as np
import pytest
import pywt

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.views import features_from_crops, view_kernel, view_key
from bandbench.benchmark.views.encoders.loading import load_encoder
from bandbench.benchmark.views.encoders.spec import EncoderSpec
from bandbench.benchmark.views.sensitivity import cosine_distances, without_haar_details

pytest.importorskip("torch", reason="pip install 'bandbench[deep]'")
OPTIONS = {"library": "transformers", "model": "tiny", "weights": "random", "device": "cpu"}
CROPS = np.random.default_rng(0).integers(60, 196, (6, 32, 32, 3), dtype=np.uint8)


def values(crops: np.ndarray, **options: object) -> np.ndarray:
    features = features_from_crops(view_kernel(ViewSpec("sensitivity", {**OPTIONS, **options})), crops, Band())
    assert features.values.shape == (len(crops), 1)
    return features.values[:, 0]


def embedded(crops: np.ndarray) -> np.ndarray:
    return load_encoder(EncoderSpec("transformers", "tiny", "random"), "cpu").embed(crops).astype(np.float64)


def by_hand(first: np.ndarray, second: np.ndarray) -> list[float]:
    return [1 - np.dot(a, b) / np.sqrt(np.dot(a, a) * np.dot(b, b)) for a, b in zip(first, second, strict=True)]


def test_haar_distances_by_hand() -> None:
    disturbed = np.empty_like(CROPS)
    for row in range(0, 32, 2):
        for col in range(0, 32, 2):
            block = CROPS[:, row : row + 2, col : col + 2].astype(float)
            disturbed[:, row : row + 2, col : col + 2] = np.rint(block.mean(axis=(1, 2), keepdims=True))
    np.testing.assert_allclose(values(CROPS, disturbance="haar"), by_hand(embedded(CROPS), embedded(disturbed)), atol=1e-6)


def test_blocks_are_what_pywavelets_leaves_of_the_low_band() -> None:
    picture = CROPS[0, :, :, 0].astype(float)
    low, _ = pywt.dwt2(picture, "haar")
    wanted = pywt.idwt2((low, (None, None, None)), "haar")
    np.testing.assert_allclose(without_haar_details(CROPS[:1])[0, :, :, 0], wanted, rtol=0, atol=0.5 + 1e-9)


def test_odd_sides_keep_their_last_row() -> None:
    picture = np.arange(9, dtype=np.uint8).reshape(1, 3, 3, 1) * 2
    wanted = [[4, 4, 7], [4, 4, 7], [13, 13, 16]]
    np.testing.assert_array_equal(without_haar_details(picture)[0, :, :, 0], wanted)


@pytest.mark.parametrize(
    "disturbance", ["noise:sd=12.75", "blur:sigma=1", "lowpass:cutoff=0.2", "blur:sigma=1+noise:sd=3", "depeak:period=2"]
)
def test_any_perturbation_disturbs(disturbance: str) -> None:
    moved = values(CROPS, disturbance=disturbance)
    assert (moved > 1e-4).all() and (moved < 2).all()


def test_more_noise_moves_further() -> None:
    small, large = (values(CROPS, disturbance=f"noise:sd={sd}").mean() for sd in (2, 30))
    assert small < large


def test_noise_depends_on_the_content_alone() -> None:
    order = np.array([3, 1, 5, 0])
    np.testing.assert_allclose(values(CROPS[order]), values(CROPS)[order], rtol=1e-3, atol=1e-6)
    twice = values(np.stack([CROPS[0], CROPS[0]]))
    assert twice[0] == pytest.approx(twice[1], rel=1e-6)
    np.testing.assert_array_equal(values(CROPS), values(CROPS))


def test_grey_pictures_stay_grey() -> None:
    grey = np.repeat(CROPS[..., :1], 3, axis=3)
    kernel = view_kernel(ViewSpec("sensitivity", OPTIONS))
    disturbed = kernel._perturbed(grey)
    assert (disturbed == disturbed[..., :1]).all() and (disturbed != grey).any()


def test_patches_are_those_of_the_enlarged_picture() -> None:
    """Crops of twice the encoder's side need no resizing: their quarters are the patches."""
    side = load_encoder(EncoderSpec("transformers", "tiny", "random"), "cpu").side
    crops = np.random.default_rng(1).integers(0, 256, (2, 2 * side, 2 * side, 3), dtype=np.uint8)
    quarters = [crops[:, y : y + side, x : x + side] for y in (0, side) for x in (0, side)]
    wanted = np.mean([by_hand(embedded(part), embedded(without_haar_details(part))) for part in quarters], axis=0)
    np.testing.assert_allclose(values(crops, disturbance="haar", patches=2), wanted, atol=1e-6)


def test_distances_keep_their_digits() -> None:
    first = np.array([[1.0, 0], [1, 0], [0, 0], [0, 0]])
    second = np.array([[1.0, 1e-7], [-3, 0], [1, 0], [0, 0]])
    np.testing.assert_allclose(cosine_distances(first, second), [5e-15, 2, 1, 0], rtol=1e-6)


def test_the_key_has_the_version_of_perturbations_and_one_spelling() -> None:
    keys = [
        view_key(view_kernel(ViewSpec("sensitivity", {**OPTIONS, "disturbance": d}))) for d in ("noise:sd=5", "noise:sd=5.0")
    ]
    assert json.dumps(keys[0]) == json.dumps(keys[1])
    assert len(keys[0][1]["version"]) == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"disturbance": "noize"}, "unknown perturbation 'noize'"),
        ({"disturbance": "noise:sd=-4"}, "sd"),
        ({"disturbance": "blur:sigma=1+match_spectrum"}, "one picture at a time, and match_spectrum takes the mean spectrum"),
        ({"patches": -1}, "view 'sensitivity' needs patches of at least 0, got -1"),
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, object], message: str) -> None:
    with pytest.raises(StudyError, match=message):
        view_kernel(ViewSpec("sensitivity", {**OPTIONS, **options}))
