"""What a file states about itself, and the traces that codecs and resampling leave in its pixels."""

import io

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.pictures.crops import decode
from bandbench.benchmark.pictures.file_facts import (
    COLUMNS,
    FACTS,
    MISSING,
    WINDOW,
    add_traces,
    decode_with_facts,
    facts_of_crops,
    jpeg_quality,
    middle,
    no_facts,
    value_text,
)
from conftest import noise_picture

EXIF = Image.Exif()
EXIF[0x010F] = "camera"
TURNED = Image.Exif()
TURNED[0x0112] = 6


def saved(array: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(array).save(out, kind, **options)
    return out.getvalue()


def in_colour(seed: int, side: int = 64) -> np.ndarray:
    return np.stack([noise_picture(seed + k, side) for k in range(3)], axis=2)


def texts(data: bytes) -> dict[str, str]:
    facts = decode_with_facts(data)[1]
    return {fact.name: value_text(facts, fact.name) for fact in FACTS}


def traces(pictures: list[np.ndarray]) -> dict[str, np.ndarray]:
    facts = no_facts(len(pictures))
    add_traces(facts, pictures)
    return {name: facts[:, column] for name, column in COLUMNS.items()}


@pytest.mark.parametrize("quality", [1, 25, 49, 50, 75, 90, 95, 100])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_quality_and_sampling_of_jpeg_are_those_that_it_was_saved_with(quality: int, subsampling: str) -> None:
    facts = texts(saved(in_colour(1), "JPEG", quality=quality, subsampling=subsampling))
    assert (facts["format"], facts["quality"], facts["sampling"]) == (f"JPEG {quality}", f"{quality}", subsampling)


@pytest.mark.parametrize("kind", ["PNG", "BMP", "WEBP", "TIFF"])
def test_other_formats_have_no_quality(kind: str) -> None:
    facts = texts(saved(in_colour(1), kind))
    assert (facts["format"], facts["mode"], facts["side"], facts["quality"], facts["sampling"]) == (
        kind,
        "RGB",
        "64x64",
        "",
        "",
    )


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("progressive", saved(in_colour(1), "JPEG"), saved(in_colour(1), "JPEG", progressive=True)),
        ("exif", saved(in_colour(1), "JPEG"), saved(in_colour(1), "JPEG", exif=EXIF)),
        ("exif", saved(in_colour(1)), saved(in_colour(1), exif=EXIF)),
        ("icc", saved(in_colour(1)), saved(in_colour(1), icc_profile=b"profile")),
        ("metadata", saved(in_colour(1), "JPEG"), saved(in_colour(1), "JPEG", comment=b"made by a program")),
        ("metadata", saved(in_colour(1), "JPEG"), saved(in_colour(1), "JPEG", dpi=(72, 72))),
        ("mode", saved(in_colour(1)), saved(noise_picture(1))),
        ("depth", saved(noise_picture(1)), saved(noise_picture(1).astype(np.uint16) * 257)),
        ("side", saved(noise_picture(1)), saved(noise_picture(1)[:63, :63])),
        ("aspect", saved(noise_picture(1)), saved(noise_picture(1)[:, :63])),
        ("bytes_per_pixel", saved(noise_picture(1)), saved(noise_picture(1), compress_level=0)),
    ],
)
def test_files_that_differ_in_a_fact_have_other_values_of_it(name: str, one: bytes, other: bytes) -> None:
    values = [decode_with_facts(data)[1][COLUMNS[name]] for data in (one, other)]
    assert values[0] != values[1] and MISSING not in values


def test_decoding_with_facts_gives_the_same_pixels_and_the_size_that_a_run_sees() -> None:
    data = saved(in_colour(1)[:48], "JPEG", exif=TURNED)
    for colour in (False, True):
        pixels, facts = decode_with_facts(data, colour)
        assert np.array_equal(pixels, decode(data, colour))
        assert value_text(facts, "side") == "48x64"


def test_a_table_of_ones_own_gets_the_nearest_quality() -> None:
    with Image.open(io.BytesIO(saved(noise_picture(0), "JPEG", quality=80))) as picture:
        table = np.array(picture.quantization[0])  # type: ignore[attr-defined]
    rng = np.random.default_rng(0)
    assert abs(jpeg_quality(np.maximum(table + rng.integers(-1, 2, 64), 1).tolist()) - 80) <= 3
    assert jpeg_quality([]) == 0


def test_blocks_leave_a_trace_wherever_they_begin() -> None:
    pictures = [noise_picture(seed, 128) for seed in range(6)]
    coded = [np.asarray(Image.open(io.BytesIO(saved(one, "JPEG", quality=50)))) for one in pictures]
    clean = traces(pictures)["grid"]
    for corner in (0, 3):
        cut = traces([one[corner:, corner:] for one in coded])
        assert cut["grid"].min() > clean.max()
        assert set(cut["grid_phase"].tolist()) == {9.0 * ((8 - corner) % 8)}


@pytest.mark.parametrize("method", [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS])
@pytest.mark.parametrize("sides", [(112, 110, 112), (128, 127, 128), (128, 127)])
def test_resampling_leaves_a_trace_even_where_the_size_hardly_changes(method: Image.Resampling, sides: tuple[int, ...]) -> None:
    pictures = [Image.fromarray(noise_picture(seed, sides[0])) for seed in range(12)]
    resized = pictures
    for side in sides[1:]:
        resized = [picture.resize((side, side), method) for picture in resized]
    before, after = (traces([np.asarray(picture) for picture in of_kind])["resampling"] for of_kind in (pictures, resized))
    assert after.min() > before.max()


def test_a_round_trip_over_a_smaller_size_loses_the_finest_detail() -> None:
    """From 96 to 128 pixels interpolation repeats every 4 pixels, like a grid of blocks; the sharpness tells of it, too."""
    pictures = [Image.fromarray(noise_picture(seed, 128)) for seed in range(12)]
    small = [
        picture.resize((96, 96), Image.Resampling.BICUBIC).resize((128, 128), Image.Resampling.BICUBIC) for picture in pictures
    ]
    before, after = (traces([np.asarray(picture) for picture in of_kind]) for of_kind in (pictures, small))
    assert after["detail"].max() < before["detail"].min()
    assert after["grid"].min() > before["grid"].max()


def test_traces_do_not_depend_on_the_pictures_that_are_measured_with_them() -> None:
    pictures = [noise_picture(seed, side) for seed, side in enumerate((64, 96, 64, 300))]
    together = no_facts(4)
    add_traces(together, pictures)
    for row, picture in zip(together, pictures, strict=True):
        alone = no_facts()
        add_traces(alone, [middle(picture)])
        assert alone[0] == pytest.approx(row, rel=1e-5)


def test_the_middle_keeps_the_phase_of_a_grid() -> None:
    picture = np.add.outer(np.arange(301) % 8 * 10, np.arange(283) % 8).astype(np.uint8)
    assert middle(picture).shape == (WINDOW, WINDOW) and middle(picture)[0, 0] == 0


@pytest.mark.parametrize("picture", [np.full((64, 64), 7, np.uint8), np.full((20, 300), 7, np.uint8), noise_picture(0, 16)])
def test_flat_and_small_pictures_have_finite_facts(picture: np.ndarray) -> None:
    facts = no_facts()
    add_traces(facts, [picture])
    assert np.isfinite(facts).all() and (facts >= MISSING).all()


def test_crops_have_a_size_and_traces_alone() -> None:
    facts = facts_of_crops(np.stack([noise_picture(seed) for seed in range(3)]))
    for name in ("format", "quality", "mode", "bytes_per_pixel"):
        assert (facts[:, COLUMNS[name]] == MISSING).all()
    for name in ("side", "resampling", "grid", "sharpness", "detail", "contrast", "mean"):
        assert (facts[:, COLUMNS[name]] != MISSING).all()
