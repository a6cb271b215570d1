"""Real files of every kind, good and bad."""

import io
import re
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image, PngImagePlugin

from bandbench.benchmark.errors import DataError, StudyError
from bandbench.benchmark.invocation import install_extra
from bandbench.benchmark.pictures.crops import HEAD, CropSpec, cut, decode, is_picture, picture_side, without_metadata

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


def test_the_side_of_a_picture_is_read_from_its_head() -> None:
    content = io.BytesIO()
    Image.new("RGB", (90, 40)).save(content, "PNG")
    assert picture_side(content.getvalue()) == 40
    assert picture_side(content.getvalue()[:60]) == 40
    with pytest.raises(DataError):
        picture_side(b"no picture")


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


# --- metadata --------------------------------------------------------------------------------------------------------


def with_exif(tiff: bytes) -> bytes:
    """A JPEG of COLOUR with an EXIF block, whatever is in it."""
    raw, block = encoded(Image.fromarray(COLOUR), "JPEG"), b"Exif\0\0" + tiff
    return raw[:2] + b"\xff\xe1" + struct.pack(">H", len(block) + 2) + block + raw[2:]


def directory(*entries: tuple[int, int, int, bytes]) -> bytes:
    """A TIFF directory of (tag, kind, count, value)."""
    packed = b"".join(struct.pack("<HHI", *entry[:3]) + entry[3] for entry in entries)
    return b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + packed + struct.pack("<I", 0)


UPRIGHT, SIDEWAYS = (0x0112, 3, 1, struct.pack("<HH", 1, 0)), (0x0112, 3, 1, struct.pack("<HH", 6, 0))


@pytest.mark.parametrize(
    ("tiff", "shape"),
    [
        (directory(SIDEWAYS), (50, 40)),
        (directory(SIDEWAYS, (0x0128, 2, 4, b"2\0\0\0")), (50, 40)),  # a unit that is text
        (directory(SIDEWAYS, (0x8769, 4, 1, b"\xff\xff\xff\xff")), (50, 40)),  # a directory that lies behind the end
        (directory(UPRIGHT), (40, 50)),
        (directory((0x0112, 2, 4, b"6\0\0\0")), (40, 50)),  # an orientation that is text
        (directory((0x0112, 3, 1, struct.pack("<HH", 9, 0))), (40, 50)),
        (directory(SIDEWAYS)[:14], (40, 50)),
        (b"II*\0", (40, 50)),
        (b"no directory at all", (40, 50)),
    ],
)
def test_the_orientation_is_read_from_any_exif(tiff: bytes, shape: tuple[int, int]) -> None:
    assert decode(with_exif(tiff)).shape == shape


def png_chunk(kind: bytes, body: bytes, broken: bool = False) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body) ^ broken)


@pytest.mark.parametrize("place", [33, -12], ids=["before", "behind"])
@pytest.mark.parametrize(
    "chunk",
    [
        png_chunk(b"zTXt", b"workflow\0\0" + zlib.compress(b"node " * 400_000)),
        png_chunk(b"iTXt", b"workflow\0\1\0\0\0" + zlib.compress(b"node " * 400_000)),
        png_chunk(b"tEXt", b"workflow\0" + b"node " * 400_000),
        png_chunk(b"tEXt", b"broken", broken=True),
        png_chunk(b"iCCP", b"name\0"),
        png_chunk(b"iCCP", b"name\0\0" + zlib.compress(bytes(2_000_000))),
        png_chunk(b"pHYs", b"\0"),
        png_chunk(b"eXIf", b"garbage"),
    ],
)
def test_texts_and_profiles_of_a_png_cost_nothing(chunk: bytes, place: int) -> None:
    whole = encoded(Image.fromarray(COLOUR), "PNG")
    np.testing.assert_array_equal(decode(whole[:place] + chunk + whole[place:], colour=True), COLOUR)


@pytest.mark.parametrize(
    ("marker", "block"),
    [
        (0xE2, b"MPF\0II*\0\x08\0\0\0" + b"\xff" * 20),
        (0xE2, b"ICC_PROFILE\0"),
        (0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\xff"),
        (0xE1, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta tiff:Orientation="),
        (0xFE, b"\xff\xfe"),
    ],
)
def test_blocks_of_a_jpeg_cost_nothing(marker: int, block: bytes) -> None:
    whole = encoded(Image.fromarray(COLOUR), "JPEG")
    odd = whole[:2] + struct.pack(">BBH", 0xFF, marker, len(block) + 2) + block + whole[2:]
    np.testing.assert_array_equal(decode(odd, colour=True), decode(whole, colour=True))


def test_without_metadata_the_pixels_are_the_same() -> None:
    exif = Image.Exif()
    exif[0x0112] = 8
    for kind, options in (("PNG", {}), ("JPEG", {"icc_profile": b"x" * 99, "comment": b"hello"}), ("WEBP", {"lossless": True})):
        whole = encoded(Image.fromarray(COLOUR), kind, exif=exif, **options)
        np.testing.assert_array_equal(decode(without_metadata(whole)), decode(whole))
    cut_off = encoded(Image.fromarray(COLOUR), "PNG")[:500]
    assert without_metadata(cut_off) == cut_off


# --- formats ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["GIF", "AVIF", "JPEG2000", "PPM", "TGA", "QOI", "SGI", "PCX"])
def test_other_formats_are_read(kind: str) -> None:
    grey = np.tile(np.arange(48, dtype=np.uint8) * 5, (40, 1))
    picture = Image.fromarray(grey) if kind == "GIF" else Image.fromarray(grey).convert("RGB")
    data = encoded(picture, kind, **({"quality": 100} if kind == "AVIF" else {}))
    assert np.abs(decode(data).astype(int) - grey).max() <= (3 if kind == "AVIF" else 0)
    assert decode(data, colour=True).shape == (40, 48, 3)
    assert is_picture(data[:HEAD]) == (kind not in ("TGA", "PCX"))


def test_of_an_animation_the_first_frame_is_read() -> None:
    frames = [Image.fromarray(np.full((20, 30), level, np.uint8)) for level in (10, 200)]
    for kind in ("GIF", "PNG", "TIFF"):
        data = encoded(frames[0], kind, save_all=True, append_images=frames[1:])
        np.testing.assert_array_equal(decode(data), np.full((20, 30), 10))


def test_heic() -> None:
    heif = pytest.importorskip("pillow_heif", reason="pip install 'bandbench[heic]'")
    grey = np.tile(np.arange(64, dtype=np.uint8) * 3, (48, 1))
    out = io.BytesIO()
    heif.from_pillow(Image.fromarray(grey).convert("RGB")).save(out, quality=100)
    assert np.abs(decode(out.getvalue()).astype(int) - grey).max() <= 4
    assert is_picture(out.getvalue()[:HEAD])
    with pytest.raises(DataError, match="not a JPEG"):
        decode(b"\0\0\0\x18ftypheic" + bytes(200))


def test_without_its_extra_heic_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(
        DataError, match=re.escape(f"which needs the extra `heic` (pillow_heif missing): {install_extra('heic')}")
    ):
        decode(b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic" + bytes(200))


@pytest.mark.parametrize("head", [b"", b"Python", b"P5x", b"BMW is a car, and not a picture", b"%PDF-1.7", b"RIFF____AVI "])
def test_texts_are_no_pictures(head: bytes) -> None:
    assert not is_picture(head)


@pytest.mark.parametrize(
    "raised", [struct.error("x"), TypeError("x"), KeyError("x"), zlib.error("x"), RuntimeError("x"), MemoryError()]
)
def test_whatever_a_decoder_raises_is_an_error_of_the_data(raised: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(self: Image.Image) -> None:
        raise raised

    monkeypatch.setattr(PngImagePlugin.PngImageFile, "load", load)
    with pytest.raises(DataError, match="cannot be decoded"):
        decode(encoded(Image.fromarray(COLOUR), "PNG"))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"this is a text file called .png", "not a JPEG, PNG, WebP, BMP or TIFF picture, nor another"),
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
