"""Hashes find copies and not neighbours, and the search for near pairs misses none."""

import io

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from bandbench.benchmark.pictures import lookalikes
from bandbench.benchmark.pictures.crops import decode
from bandbench.benchmark.pictures.lookalikes import (
    DISTANCE,
    Hashes,
    clusters_of,
    hashes_of,
    lookalike_of,
    perceptual_hash,
    reduced,
)
from bandbench.datasets.procedural import Procedural


def clustered(seed: int, n: int, flips: int = 6) -> Hashes:
    """Hashes around few centres, up to `flips` bits away from one, some of them equal."""
    rng = np.random.default_rng(seed)
    centres = rng.integers(0, 2**64, 12, dtype=np.uint64)
    found = centres[rng.integers(0, len(centres), n)]
    for _ in range(flips):
        found ^= np.where(rng.random(n) < 0.6, np.uint64(1) << rng.integers(0, 64, n).astype(np.uint64), np.uint64(0))
    return found


def brute_force(a: Hashes, b: Hashes, distance: int) -> list[int]:
    apart = np.bitwise_count(a[:, None] ^ b[None, :])
    return np.where(apart.min(axis=1) <= distance, apart.argmin(axis=1), -1).tolist()


@pytest.mark.parametrize("distance", [0, 1, 4, 7, 20, 63])
@pytest.mark.parametrize("seed", range(4))
def test_the_lookalike_is_that_of_all_comparisons(seed: int, distance: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookalikes, "SLICE", 50)  # several slices, and blocks larger than one
    a = clustered(seed, 90)
    b = np.concatenate([clustered(seed, 40), clustered(seed + 100, 20), a[::9], a[::7] ^ np.uint64(2**63)])
    wanted = brute_force(a, b, distance)
    assert max(wanted) >= 0
    assert lookalike_of(a, b, distance).tolist() == wanted


def test_nothing_is_near_nothing() -> None:
    none = np.empty(0, dtype=np.uint64)
    some = clustered(0, 5)
    assert lookalike_of(none, some).tolist() == []
    assert lookalike_of(some, none).tolist() == [-1] * 5


@pytest.mark.parametrize("distance", [-1, 64])
def test_impossible_distances_are_refused(distance: int) -> None:
    with pytest.raises(ValueError, match=f"between 0 and 63 bits, got {distance}"):
        lookalike_of(clustered(0, 3), clustered(0, 3), distance)


def test_the_lookalike_is_the_nearest_and_of_equals_the_first() -> None:
    a, b = clustered(2, 60), clustered(2, 80)
    apart = np.bitwise_count(a[:, None] ^ b[None, :])
    wanted = np.where(apart.min(axis=1) <= 5, apart.argmin(axis=1), -1)
    assert set(wanted.tolist()) > {-1}
    assert lookalike_of(a, b, 5).tolist() == wanted.tolist()


def test_equal_hashes_do_not_multiply() -> None:
    many = np.zeros(100_000, dtype=np.uint64)  # as pairs: ten thousand million
    assert (lookalike_of(many, many) == 0).all()


# --- pictures --------------------------------------------------------------------------------------------------------


def jpeg(picture: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality)
    return Image.open(out)


COPIES = {
    "jpeg 50": lambda p: jpeg(p, 50),
    "jpeg 95": lambda p: jpeg(p, 95),
    "half size": lambda p: p.resize((p.width // 2, p.height // 2), Image.Resampling.BICUBIC),
    "double size": lambda p: p.resize((p.width * 2, p.height * 2), Image.Resampling.BICUBIC),
    "brighter": lambda p: ImageEnhance.Brightness(p).enhance(1.1),
    "grey": lambda p: p.convert("L"),
}


@pytest.fixture(scope="module")
def pictures() -> list[np.ndarray]:
    """Portraits at the same place, two of every person."""
    data = Procedural(n_train=20, n_val=2, n_test=2)
    return [decode(data.read(item), colour=True) for item in data.items("blend") if item.split == "train"]


def shown(pictures: list[np.ndarray]) -> Hashes:
    return hashes_of(np.stack([reduced(picture) for picture in pictures]))


@pytest.mark.parametrize(
    ("seed", "shape", "wanted"),
    [
        (0, (40, 70), 0xC739A3F2106734E3),
        (1, (100, 33, 3), 0xE5343B075335495D),
        (2, (64, 64), 0xA03F57C841B1FC1D),
        (3, (20, 300), 0x9A8F44262B699C77),
    ],
)
def test_hashes_are_those_of_image_hash(seed: int, shape: tuple[int, ...], wanted: int) -> None:
    """Of pictures of random pixels, by ``imagehash.phash`` 4.3.2 of what `reduced` returns."""
    picture = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    assert perceptual_hash(picture) == wanted


def test_many_at_once_are_hashed_like_one_by_one(pictures: list[np.ndarray]) -> None:
    rng = np.random.default_rng(0)
    flat = [np.full((40, 30), grey, np.uint8) for grey in (0, 7, 255)]
    noise = [rng.normal(128, sd, (50, 70)).clip(0, 255).astype(np.uint8) for sd in (0.3, 1, 60)]
    ramps = [np.tile(np.arange(64, dtype=np.uint8), (64, 1)), np.eye(64, dtype=np.uint8) * 200]
    everything = [*pictures, *flat, *noise, *ramps]
    assert shown(everything).tolist() == [perceptual_hash(picture) for picture in everything]


@pytest.mark.parametrize("name", COPIES)
def test_copies_are_near(name: str, pictures: list[np.ndarray]) -> None:
    copies = [np.asarray(COPIES[name](Image.fromarray(picture))) for picture in pictures]
    assert lookalike_of(shown(copies), shown(pictures)).tolist() == list(range(len(copies)))


def test_other_portraits_are_not(pictures: list[np.ndarray]) -> None:
    hashes = shown(pictures)
    for i in range(len(hashes)):
        assert (lookalike_of(hashes[i : i + 1], np.delete(hashes, i), DISTANCE) == -1).all()


def test_a_flat_picture_has_a_hash() -> None:
    assert perceptual_hash(np.full((40, 30), 7, np.uint8)) == perceptual_hash(np.full((64, 64), 7, np.uint8))


@pytest.mark.parametrize("distance", [4, 8, 10])
def test_clusters_are_connected_components(distance: int) -> None:
    """A chain of hashes, each a few bits from the next, is one cluster however far apart its ends are."""
    rng = np.random.default_rng(0)
    far = rng.integers(0, 2**63, 5).astype(np.uint64)
    chain = [far[0]]
    for step in range(6):
        chain.append(chain[-1] ^ (np.uint64(2**distance - 1) << np.uint64(distance * step % (64 - distance))))
    hashes = np.array([*chain, *far[1:], far[4]], dtype=np.uint64)
    clusters = clusters_of(hashes, distance)
    assert len(set(clusters[:7])) == 1
    assert len(set(clusters)) == 5
    assert clusters[-1] == clusters[-2]


def test_clusters_of_nothing() -> None:
    assert clusters_of(np.empty(0, np.uint64), 8).shape == (0,)
