"""
Bytes to crops.

Pictures are never resized: resampling leaves a trace that a frequency detector reads as a label. Grey is one rule for
every format, ITU-R 601 luma of the decoded colours (Pillow's "L"), so that the file format does not choose the weights.
"""

import base64
import io
import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from .errors import DataError, StudyError

VERSION = 1
FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")
MAX_PIXELS = 100_000_000
WEBP_ADDRESS = "data:image/webp;base64,"


@dataclass(frozen=True)
class CropSpec:
    """
    Which square windows are cut from a picture.

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
    Decode a picture file.

    Parameters
    ----------
    data : bytes
        JPEG, PNG, WebP, BMP or TIFF.
    colour : bool
        RGB instead of grey.

    Returns
    -------
    array of uint8 (rows, cols) or (rows, cols, 3)

    Raises
    ------
    DataError
        If the file is empty, truncated, of another kind, or larger than 100 megapixels.
    """
    if not data:
        raise DataError("the file is empty (0 bytes).")
    try:
        with warnings.catch_warnings():
            # Our own limit below speaks for itself, and odd metadata is none of the user's business.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                cols, rows = picture.size
                if rows * cols > MAX_PIXELS:
                    raise DataError(f"{cols}x{rows} pixels is over the limit of {MAX_PIXELS // 10**6} megapixels; crop it.")
                return _to_array(ImageOps.exif_transpose(picture), colour)
    except UnidentifiedImageError as error:
        raise DataError("not a JPEG, PNG, WebP, BMP or TIFF picture.") from error
    except Image.DecompressionBombError as error:
        raise DataError(f"over the limit of {MAX_PIXELS // 10**6} megapixels; crop it.") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise DataError(f"cannot be decoded ({str(error).rstrip('.') or type(error).__name__}).") from error


def _to_array(picture: Image.Image, colour: bool) -> NDArray[np.uint8]:
    if picture.mode.startswith("I"):  # 16 bits: Pillow would clip where it should scale
        grey = (np.asarray(picture).astype(np.int64) // 257).clip(0, 255).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2) if colour else grey
    if picture.mode == "F":
        raise DataError("floating-point pictures have no defined range; save it with 8 or 16 bits.")
    if colour:
        return np.asarray(picture.convert("RGB"))
    return np.asarray(picture if picture.mode == "L" else picture.convert("RGB").convert("L"))


def in_grey(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a decoded picture as grey (rows, cols), by the rule of `decode`."""
    return _to_array(Image.fromarray(picture), colour=False)


def in_colour(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return a decoded picture as RGB (rows, cols, 3), three equal channels where it is grey."""
    return _to_array(Image.fromarray(picture), colour=True)


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
    DataError
        If the picture is smaller than one window.
    """
    rows, cols = picture.shape[:2]
    side = spec.side
    if min(rows, cols) < side:
        raise DataError(f"{cols}x{rows} pixels is smaller than the {side}x{side} crop.")
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


def webp_address(picture: Image.Image, quality: int) -> str:
    """Return a picture as WebP in a ``data:`` address, which a page shows without a request."""
    out = io.BytesIO()
    picture.save(out, "WEBP", quality=quality, method=4)
    return WEBP_ADDRESS + base64.b64encode(out.getvalue()).decode()
