"""
Bytes to crops.

Pictures are never resized: resampling leaves a trace that a frequency detector reads as a label. Grey is one rule for
every format, ITU-R 601 luma of the decoded colours (Pillow's "L"), so that the file format does not choose the weights.

The format of a file is told by its content. Metadata never decide whether a picture can be used: they are read for the
orientation alone, and a file whose metadata break the decoder is decoded without them.
"""

import importlib.util
import io
import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from ..errors import DataError, StudyError, TooSmallError
from ..invocation import extra_missing, try_import

VERSION = 1
# TGA is last, because it is the only one without a signature.
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF", "GIF", "AVIF", "JPEG2000", "PPM", "QOI", "SGI", "PCX", "TGA")
KINDS = "JPEG, PNG, WebP, BMP, TIFF, GIF, AVIF, HEIC, JPEG 2000, PNM, QOI, SGI, PCX or TGA"
HEIC_EXTRA, HEIC_LIBRARY = "heic", "pillow_heif"
HEIC_SUFFIXES = (".heic", ".heif", ".hif")
COMMON_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
OTHER_SUFFIXES = (
    *(".jpe", ".jfif", ".jif", ".apng", ".dib", ".gif", ".avif", ".jp2", ".j2k", ".j2c", ".jpc", ".jpf", ".jpx"),
    *(".ppm", ".pgm", ".pbm", ".pnm", ".qoi", ".sgi", ".pcx", ".tga"),
)
SUFFIXES = (*COMMON_SUFFIXES, *OTHER_SUFFIXES, *(HEIC_SUFFIXES if importlib.util.find_spec(HEIC_LIBRARY) else ()))
SIGNATURE = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|RIFF.{4}WEBP|BM.{4}\0{4}|II\*\0|MM\0\*|GIF8[79]a|.{4}ftyp(?:avi[fs]|hei[cxms]|hev[cxms]|mi[fs]1|msf1)"
    rb"|\0\0\0\x0cjP  \r\n|\xff\x4f\xff\x51|P[1-6]\s|qoif|\x01\xda[\0\1][\1\2]",
    re.DOTALL,
)
FLOATING = "floating-point pictures have no defined range; save it with 8 or 16 bits."
HEAD = 32  # bytes in which a signature lies
AVIF_BRANDS = (b"avif", b"avis")
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"mif2", b"msf1")
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_KEPT = b"eXIf"  # of the chunks that a decoder may ignore, the one with the orientation
JPEG_METADATA = (*range(0xE2, 0xEE), 0xEF, 0xFE)  # APP2 to APP13, APP15, comments; not JFIF, EXIF and Adobe's colour transform
START_OF_SCAN = 0xDA
MAX_PIXELS = 100_000_000


@dataclass(frozen=True)
class CropSpec:
    """
    Choice of the square windows that are cut from a picture.

    Attributes
    ----------
    side : int
        In pixels; one for a whole experiment, because the size of a crop alone can give a class away.
    placement : {"centre", "tiles"}
        One window in the middle, or up to `tiles` windows of a grid around the middle, nearest first.
    tiles : int
        The score of an item is the mean over its windows.
    """

    side: int = 128
    placement: Literal["centre", "tiles"] = "centre"
    tiles: int = 4

    def __post_init__(self) -> None:
        if not 16 <= self.side <= 4096:
            raise StudyError(f"the side of a crop is between 16 and 4096 pixels, got {self.side}.")
        if self.tiles < 1:
            raise StudyError(f"the number of tiles is at least 1, got {self.tiles}.")


def decode(data: bytes, colour: bool = False) -> NDArray[np.uint8]:
    """
    Decode a picture file; of an animation the first frame.

    Parameters
    ----------
    data : bytes
        A file of one of `KINDS`.
    colour : bool
        RGB instead of grey.

    Returns
    -------
    array of uint8 (rows, cols) or (rows, cols, 3)

    Raises
    ------
    DataError
        If the file is empty, truncated, of another kind, or larger than 100 megapixels; whatever a decoder raises is one.
    """
    with open_picture(data) as picture:
        return pixels_of(picture, colour)


def pixels_of(picture: Image.Image, colour: bool = False) -> NDArray[np.uint8]:
    """Return the pixels of a picture that `open_picture` opened, turned upright, as `decode` returns them."""
    return np.asarray(upright_image(picture, colour))


def upright_image(picture: Image.Image, colour: bool = False) -> Image.Image:
    """Return a picture that `open_picture` opened, turned upright, with the pixels that `decode` returns."""
    return _in_mode(_upright(picture), colour)


@contextmanager
def open_picture(data: bytes, load: bool = True) -> Iterator[Image.Image]:
    """
    Open a picture file with Pillow, as it lies: not turned upright.

    Parameters
    ----------
    data : bytes
    load : bool
        False reads the header alone.

    Raises
    ------
    DataError
        See `decode`. Whatever is raised inside the block is one, too.
    """
    if not data:
        raise DataError("the file is empty (0 bytes).")
    try:
        with warnings.catch_warnings():
            # Our own limit speaks for itself, and odd metadata is none of the user's business.
            warnings.simplefilter("ignore")
            with _opened(data, load) as picture:
                yield picture
    except DataError:
        raise
    except UnidentifiedImageError as error:
        raise DataError(
            "not a JPEG, PNG, WebP, BMP or TIFF picture, nor another that is read; or its header is damaged."
        ) from error
    except Image.DecompressionBombError as error:
        raise DataError(f"over the limit of {MAX_PIXELS // 10**6} megapixels; crop it.") from error
    except MemoryError as error:
        raise DataError("cannot be decoded (it needs more memory than there is).") from error
    except Exception as error:  # the decoders raise whatever their libraries do
        raise DataError(f"cannot be decoded ({str(error).rstrip('.') or type(error).__name__}).") from error


def picture_side(data: bytes) -> int:
    """
    Return the smaller side of a picture in pixels, from the head of its file alone.

    Raises
    ------
    DataError
        If it is no picture that can be read.
    """
    try:
        return min(_opened(data, load=False).size)
    except DataError:
        raise
    except Exception as error:  # whatever a reader of a broken head raises
        raise DataError(f"not a picture of a known kind: {KINDS}.") from error


def _opened(data: bytes, load: bool) -> Image.Image:
    """Open a file, if need be without its metadata."""
    try:
        return _open(data, load)
    except (DataError, Image.DecompressionBombError, MemoryError):
        raise
    except Exception:
        bare = without_metadata(data)
        if bare == data:
            raise
        with suppress(Exception):
            return _open(bare, load)
        raise


def _open(data: bytes, load: bool) -> Image.Image:
    formats = (*FORMATS, "HEIF") if _is_heic(data) else FORMATS
    picture = Image.open(io.BytesIO(data), formats=formats)
    cols, rows = picture.size
    if rows * cols > MAX_PIXELS:
        raise DataError(f"{cols}x{rows} pixels is over the limit of {MAX_PIXELS // 10**6} megapixels; crop it.")
    if load:
        picture.load()
    return picture


def _is_heic(data: bytes) -> bool:
    """Test if a file is HEIC, and register the reader of such files with Pillow if so."""
    if data[4:8] != b"ftyp":
        return False
    brands = {data[8:12], *(data[i : i + 4] for i in range(16, min(int.from_bytes(data[:4]), len(data)), 4))}
    if brands.intersection(AVIF_BRANDS) or not brands.intersection(HEIC_BRANDS):
        return False
    with try_import(HEIC_EXTRA, "a HEIC picture, which"):
        import pillow_heif
    if "HEIF" not in Image.OPEN:
        pillow_heif.register_heif_opener()
    return True


def heic_missing() -> str:
    """Return the requirement for HEIC pictures that is not installed; empty if nothing is missing."""
    return extra_missing(HEIC_EXTRA, [HEIC_LIBRARY])


def is_picture(head: bytes) -> bool:
    """Test the first bytes of a file (`HEAD` are enough) for the signature of a picture; a TGA file has none."""
    return SIGNATURE.match(head) is not None


def without_metadata(data: bytes) -> bytes:
    """
    Leave out of a PNG or JPEG file what says nothing of its pixels: texts, colour profiles, previews.

    Parameters
    ----------
    data : bytes
        Of any kind; what is neither PNG nor JPEG, or ends too early, stays as it is from there on.
    """
    if data.startswith(PNG_SIGNATURE):
        return _bare_png(data)
    return _bare_jpeg(data) if data.startswith(b"\xff\xd8") else data


def _bare_png(data: bytes) -> bytes:
    parts, at = [PNG_SIGNATURE], len(PNG_SIGNATURE)
    while at + 8 <= len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        end = at + length + 12
        optional = bool(kind[0] & 0x20)  # a small first letter
        if not optional or kind == PNG_KEPT or end > len(data):
            parts.append(data[at:end])
        at = end
    return b"".join(parts)


def _bare_jpeg(data: bytes) -> bytes:
    parts, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF and data[at + 1] not in (START_OF_SCAN, 0xFF):
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if data[at + 1] not in JPEG_METADATA or end > len(data):
            parts.append(data[at:end])
        at = end
    return b"".join([*parts, data[at:]])


def _upright(picture: Image.Image) -> Image.Image:
    """Turn a picture as its EXIF or XMP says; what cannot be read there says nothing."""
    try:
        method = TURNS.get(picture.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # metadata can be broken in any way
        return picture
    return picture if method is None else picture.transpose(method)


def _in_mode(picture: Image.Image, colour: bool) -> Image.Image:
    """Convert a picture to RGB or to grey ("L")."""
    if picture.mode.startswith("I"):  # 16 bits: Pillow would clip where it should scale
        picture = Image.fromarray((np.asarray(picture).astype(np.int64) // 257).clip(0, 255).astype(np.uint8))
    if picture.mode == "F":
        raise DataError(FLOATING)
    if colour:
        return picture.convert("RGB")
    if picture.mode == "L":
        return picture
    return (picture if picture.mode == "RGB" else picture.convert("RGB")).convert("L")


def in_grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a decoded picture as grey (rows, cols), by the rule of `decode`."""
    return np.asarray(_in_mode(Image.fromarray(picture), colour=False))


def in_colour(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a decoded picture as RGB (rows, cols, 3), three equal channels where it is grey."""
    return np.asarray(_in_mode(Image.fromarray(picture), colour=True))


def cut(picture: NDArray[np.uint8], spec: CropSpec) -> list[NDArray[np.uint8]]:
    """
    Cut square windows from a picture.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    spec : CropSpec

    Returns
    -------
    list of arrays (side, side[, 3]), at least one

    Raises
    ------
    TooSmallError
        If the picture is smaller than one window.
    """
    rows, cols = picture.shape[:2]
    side = spec.side
    if min(rows, cols) < side:
        raise TooSmallError(f"{cols}x{rows} pixels is smaller than the {side}x{side} crop.")
    if spec.placement == "centre":
        corners = [((rows - side) // 2, (cols - side) // 2)]
    else:
        corners = _tile_corners(rows, cols, side)[: spec.tiles]
    return [picture[y : y + side, x : x + side] for y, x in corners]


def _tile_corners(rows: int, cols: int, side: int) -> list[tuple[int, int]]:
    """Corners of the grid of whole windows that is centred in the picture, nearest to the middle first."""
    y0, x0 = (rows % side) // 2, (cols % side) // 2
    corners = [(y0 + i * side, x0 + j * side) for i in range(rows // side) for j in range(cols // side)]

    def distance(corner: tuple[int, int]) -> tuple[int, tuple[int, int]]:
        y, x = (2 * corner[0] + side - rows, 2 * corner[1] + side - cols)
        return y * y + x * x, corner

    return sorted(corners, key=distance)
