"""Resampling, WebP, and the processing of platforms that pictures are shared on."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ...errors import DataError
from .levels import Picture

# Pillow widens its kernels when it makes a picture smaller, so that nothing is aliased; "nearest" alone takes single pixels.
KERNELS = {
    "nearest": Image.Resampling.NEAREST,
    "area": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


@dataclass(frozen=True)
class Platform:
    """
    Storage of a picture by a platform.

    Attributes
    ----------
    longest : int
        Longest side in pixels to which larger pictures are made smaller; smaller ones are never enlarged.
    quality : int
        Of JPEG (libjpeg), with halved chroma.
    """

    longest: int
    quality: int


PRESETS = {"album": Platform(2048, 85), "messenger": Platform(1600, 75), "feed": Platform(1080, 75)}


def resize(picture: Picture, rng: np.random.Generator, *, scale: float = 0.5, kernel: str = "bicubic") -> Picture:
    """
    Resample a picture by a scale, and back to the size it had.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
        Not used.
    scale : float
        Of the sides: below 1 down and up, above 1 up and down.
    kernel : str
        Of `KERNELS`, both ways; ``area`` is the mean of the pixels that a new one covers.

    Returns
    -------
    array of uint8, shape of `picture`
        Rounded to 8 bits after either step, as a stored picture is.
    """
    rows, cols = picture.shape[:2]
    size = max(1, round(cols * scale)), max(1, round(rows * scale))
    image = Image.fromarray(picture).resize(size, KERNELS[kernel])
    return np.asarray(image.resize((cols, rows), KERNELS[kernel]))


def webp(picture: Picture, rng: np.random.Generator, *, quality: int = 75) -> Picture:
    """
    Write as lossy WebP and read again.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
        RGB if in colour. WebP has no grey; a grey picture is stored without colour.
    rng : Generator
        Not used.
    quality : int
        Of libwebp, 1 to 100; 100 is lossy, too.

    Returns
    -------
    array of uint8, shape of `picture`

    Raises
    ------
    DataError
        If a side is longer than the 16383 pixels of the format.
    """
    rows, cols = picture.shape[:2]
    if max(rows, cols) > LONGEST_OF_WEBP:
        raise DataError(f"webp stores sides of at most {LONGEST_OF_WEBP} pixels, got {cols}x{rows}.")
    image, file = Image.fromarray(picture), io.BytesIO()
    image.save(file, "WEBP", quality=quality)
    return np.asarray(Image.open(file).convert(image.mode))


LONGEST_OF_WEBP = 16383


def platform(picture: Picture, rng: np.random.Generator, *, preset: str = "feed") -> Picture:
    """
    Store a picture as a platform does: smaller if it is large, then as JPEG.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
        Not used.
    preset : str
        Of `PRESETS`.

    Returns
    -------
    array of uint8 (rows, cols[, 3])
        Its longest side is at most that of the preset.
    """
    chosen = PRESETS[preset]
    image, file = Image.fromarray(picture), io.BytesIO()
    scale = chosen.longest / max(image.size)
    if scale < 1:
        cols, rows = (max(1, round(side * scale)) for side in image.size)
        image = image.resize((cols, rows), Image.Resampling.LANCZOS)
    image.save(file, "JPEG", quality=chosen.quality, subsampling="4:2:0")
    return np.asarray(Image.open(file))
