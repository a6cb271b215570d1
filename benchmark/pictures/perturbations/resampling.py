"""Resampling, WebP, and the processing of platforms that pictures are shared on."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ...errors import DataError
from .levels import Picture, rounded

# Pillow widens its kernels when it makes a picture smaller, so that nothing is aliased; "nearest" alone takes single pixels.
KERNELS = {
    "nearest": Image.Resampling.NEAREST,
    "area": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}

LONGEST_OF_WEBP = 16383


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


# Modelled on what users measure of large platforms, which publish no settings and change them: an album of Facebook, a
# picture in WhatsApp, a post on Instagram. That they resize to a longest side and write JPEG is in Moltisanti et al. 2015
# ("Image manipulation on Facebook for forensics evidence") and Giudice et al. 2017 (arXiv 1610.06347).
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
    there = _resampled(picture, max(1, round(rows * scale)), max(1, round(cols * scale)), kernel)
    return _resampled(there, rows, cols, kernel)


def _resampled(picture: Picture, rows: int, cols: int, kernel: str) -> Picture:
    """Resample in float32: of 8 bits Pillow rounds rows and columns one after the other, halves always up."""
    if picture.shape[:2] == (rows, cols):
        return picture
    channels = picture[..., None] if picture.ndim == 2 else picture
    levels = [
        np.asarray(Image.fromarray(channel.astype(np.float32)).resize((cols, rows), KERNELS[kernel]))
        for channel in np.moveaxis(channels, -1, 0)
    ]
    return rounded(np.stack(levels, axis=-1).reshape(rows, cols, *picture.shape[2:]))


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
