"""Real files of every kind, good and bad."""

import io

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.errors import DataError, StudyError
from bandbench.benchmark.images import CropSpec, cut, decode

COLOUR = np.random.default_rng(0).integers(0, 256, (40, 50, 3)).astype(np.uint8)


def encoded(picture: Image.Image, kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "WEBP"])
def test_lossless_formats_agree_to_the_last_level(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    data = encoded(Image.fromarray(COLOUR), kind, **options)
    np.testing.assert_array_equal(decode(data, colour=True), COLOUR)
    np.testing.assert_array_equal(decode(data), np.asarray(Image.fromarray(COLOUR).convert("L")))


def test_jpeg() -> None:
    smooth = np.tile(np.linspace(0, 255, 64), (64, 1)).astype(np.uint8)
    grey = decode(encoded(Image.fromarray(smooth), "JPEG", quality=95))
    assert np.abs(grey.astype(int) - smooth).max() <= 4


@pytest.mark.parametrize("mode", ["L", "LA", "RGBA", "P", "1", "CMYK"])
def test_every_colour_mode_becomes_grey_and_colour(mode: str) -> None:
    kind = "TIFF" if mode == "CMYK" else "PNG"
    data = encoded(Image.fromarray(COLOUR).convert(mode), kind)
    assert decode(data).shape == (40, 50)
    assert decode(data, colour=True).shape == (40, 50, 3)


def test_sixteen_bits_are_scaled_and_not_clipped() -> None:
    ramp = np.linspace(0, 65535, 256).astype(np.uint16)[None].repeat(4, axis=0)
    np.testing.assert_array_equal(decode(encoded(Image.fromarray(ramp), "PNG"))[0], np.arange(256))


def test_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[274] = 6  # rotated by a quarter turn
    assert decode(encoded(Image.fromarray(COLOUR), "JPEG", exif=exif)).shape == (50, 40)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"this is a text file called .png", "not a JPEG, PNG, WebP, .* or TGA picture"),
        (encoded(Image.fromarray(COLOUR), "JPEG")[:600], "cannot be decoded"),
        (encoded(Image.fromarray(COLOUR), "PNG")[:600], "cannot be decoded"),
        (b"GIF88a" + encoded(Image.fromarray(COLOUR), "GIF")[6:], "not a JPEG"),
        (encoded(Image.new("1", (20_000, 20_000)), "PNG"), "20000x20000 pixels is over the limit|over the limit"),
        (encoded(Image.fromarray(np.zeros((4, 4), np.float32)), "TIFF"), "floating-point"),
    ],
)
def test_bad_files_are_named(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        decode(data)


@pytest.mark.parametrize(("shape", "side"), [((100, 100), 34), ((101, 101), 35), ((128, 128), 44)])
def test_centre_crop_of_the_right_side_is_the_published_centre_third(shape: tuple[int, int], side: int) -> None:
    picture = np.arange(shape[0] * shape[1]).reshape(shape).astype(np.uint8)
    rows, cols = (int(n / 3) for n in shape)
    np.testing.assert_array_equal(cut(picture, CropSpec(side))[0], picture[rows:-rows, cols:-cols])


def test_tiles_do_not_overlap_and_the_middle_comes_first() -> None:
    marks = np.arange(100 * 150).reshape(100, 150)
    tiles = cut(marks.astype(np.int64), CropSpec(32, "tiles", 100))
    assert len(tiles) == 12
    assert len(np.unique(np.concatenate([t.ravel() for t in tiles]))) == 12 * 32 * 32
    assert len(cut(marks, CropSpec(32, "tiles", 5))) == 5
    np.testing.assert_array_equal(cut(marks, CropSpec(96, "tiles", 4))[0], marks[2:98, 27:123])


def test_small_pictures_and_impossible_crops() -> None:
    with pytest.raises(DataError, match="1x1 pixels is smaller than the 128x128 crop"):
        cut(np.zeros((1, 1), np.uint8), CropSpec())
    with pytest.raises(StudyError, match="between 16 and 4096 pixels, got 8"):
        CropSpec(8)
