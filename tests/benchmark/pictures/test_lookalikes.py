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
    groups_of_lookalikes,
    hashes_of,
    lookalike_of,
    near_pairs,
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


def brute_force(a: Hashes, b: Hashes, distance: int) -> list[list[int]]:
    return [[i, j] for i, x in enumerate(a) for j, y in enumerate(b) if (int(x) ^ int(y)).bit_count() <= distance]


@pytest.mark.parametrize("distance", [0, 1, 4, 7, 20, 63])
@pytest.mark.parametrize("seed", range(4))
def test_near_pairs_are_those_of_all_comparisons(seed: int, distance: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lookalikes, "SLICE", 50)  # several slices, and blocks larger than one
    a = clustered(seed, 90)
    b = np.concatenate([clustered(seed, 40), clustered(seed + 100, 20), a[::9], a[::7] ^ np.uint64(2**63)])
    wanted = brute_force(a, b, distance)
    assert len(wanted) > 0
    assert near_pairs(a, b, distance).tolist() == wanted


def test_the_two_sides_may_be_exchanged() -> None:
    a, b = clustered(1, 50), clustered(1, 70)
    turned = near_pairs(b, a, 5)[:, ::-1]
    assert near_pairs(a, b, 5).tolist() == sorted(turned.tolist())


def test_nothing_is_near_nothing() -> None:
    none = np.empty(0, dtype=np.uint64)
    some = clustered(0, 5)
    assert near_pairs(none, some).shape == near_pairs(some, none).shape == (0, 2)
    assert lookalike_of(some, none).tolist() == [-1] * 5
    assert groups_of_lookalikes(none) == []


@pytest.mark.parametrize("distance", [-1, 64])
def test_impossible_distances_are_refused(distance: int) -> None:
    with pytest.raises(ValueError, match=f"between 0 and 63 bits, got {distance}"):
        near_pairs(clustered(0, 3), clustered(0, 3), distance)


def test_the_lookalike_is_the_nearest_and_of_equals_the_first() -> None:
    a, b = clustered(2, 60), clustered(2, 80)
    apart = np.bitwise_count(a[:, None] ^ b[None, :])
    wanted = np.where(apart.min(axis=1) <= 5, apart.argmin(axis=1), -1)
    assert set(wanted.tolist()) > {-1}
    assert lookalike_of(a, b, 5).tolist() == wanted.tolist()


def test_equal_hashes_do_not_multiply() -> None:
    many = np.zeros(100_000, dtype=np.uint64)  # as pairs: ten thousand million
    assert (lookalike_of(many, many) == 0).all()
    (group,) = groups_of_lookalikes(many)
    assert len(group) == len(many)


def test_groups_hang_together_by_near_pairs() -> None:
    chain = np.array([0b0, 0b11, 0b1111, 1 << 40, 0xFFFF_0000_0000_0000], dtype=np.uint64)
    assert [group.tolist() for group in groups_of_lookalikes(chain, 2)] == [[0, 1, 2, 3]]
    assert [group.tolist() for group in groups_of_lookalikes(chain, 1)] == [[0, 3]]
    assert groups_of_lookalikes(np.array([1, 2**20 - 1], dtype=np.uint64), 4) == []


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
    pairs = near_pairs(hashes, hashes, DISTANCE)
    assert pairs.tolist() == [[i, i] for i in range(len(hashes))]


def test_a_flat_picture_has_a_hash() -> None:
    assert perceptual_hash(np.full((40, 30), 7, np.uint8)) == perceptual_hash(np.full((64, 64), 7, np.uint8))
