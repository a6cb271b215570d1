"""What a file states about itself."""

import io

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.pictures.crops import decode
from bandbench.benchmark.pictures.file_facts import (
    COLUMNS,
    FACTS,
    MISSING,
    decode_with_facts,
    facts_of_crops,
    jpeg_quality,
    value_text,
)
from bandbench.benchmark.pictures.lookalikes import reduced
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
        pixels, facts, reduction = decode_with_facts(data, colour, reduce=True)
        assert np.array_equal(pixels, decode(data, colour))
        assert reduction is not None
        assert np.array_equal(reduction, reduced(pixels))
        assert value_text(facts, "side") == "48x64"


def test_a_table_of_ones_own_gets_the_nearest_quality() -> None:
    with Image.open(io.BytesIO(saved(noise_picture(0), "JPEG", quality=80))) as picture:
        table = np.array(picture.quantization[0])  # type: ignore[attr-defined]
    rng = np.random.default_rng(0)
    assert abs(jpeg_quality(np.maximum(table + rng.integers(-1, 2, 64), 1).tolist()) - 80) <= 3
    assert jpeg_quality([]) == 0


def test_crops_have_a_size_and_traces_alone() -> None:
    facts = facts_of_crops(np.stack([noise_picture(seed) for seed in range(3)]))
    for name in ("format", "quality", "mode", "bytes_per_pixel"):
        assert (facts[:, COLUMNS[name]] == MISSING).all()
    for name in ("side", "resampling", "grid", "sharpness", "detail", "contrast", "mean"):
        assert (facts[:, COLUMNS[name]] != MISSING).all()
