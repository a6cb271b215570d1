"""Noise, blur, JPEG, crop and uniform storage, with a strength that is told."""

import io

import numpy as np
from PIL import Image

from .levels import Picture, narrowed, rounded

GRID = 8  # pixels between the blocks of JPEG


def noise(picture: Picture, rng: np.random.Generator, *, sd: float = 10.0) -> Picture:
    """
    Add Gaussian noise, to every channel its own.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
    sd : float
        Standard deviation in grey levels.

    Returns
    -------
    array of uint8, shape of `picture`
        Rounded and clipped.
    """
    return rounded(picture + rng.normal(0, sd, picture.shape))


def blur(picture: Picture, rng: np.random.Generator, *, sigma: float = 1.5) -> Picture:
    """
    Blur by a Gaussian that is cut off beyond 4 sigma, borders mirrored.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
        Not used.
    sigma : float
        In pixels.

    Returns
    -------
    array of uint8, shape of `picture`
        Rounded.
    """
    import cv2

    if sigma == 0:
        return picture
    # In float64: for uint8 OpenCV cuts the kernel off at 3 sigma and takes its weights to 8 bits.
    return rounded(cv2.GaussianBlur(picture.astype(np.float64), (0, 0), sigma))


def jpeg(picture: Picture, rng: np.random.Generator, *, quality: int = 50) -> Picture:
    """
    Write as JPEG (colour with halved chroma, as most programs do) and read again.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
        RGB if in colour.
    rng : Generator
        Not used.
    quality : int
        Of libjpeg, 1 to 100.

    Returns
    -------
    array of uint8, shape of `picture`
    """
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


def crop(picture: Picture, rng: np.random.Generator, *, share: float = 0.1) -> Picture:
    """
    Cut off the borders and enlarge what is left to the size it had, by cubic interpolation.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
        Not used.
    share : float
        Of each side that is cut off, half of it at either end.

    Returns
    -------
    array of uint8, shape of `picture`
    """
    import cv2

    rows, cols = picture.shape[:2]
    y, x = round(rows * share / 2), round(cols * share / 2)
    return narrowed(cv2.resize(picture[y : rows - y, x : cols - x], (cols, rows), interpolation=cv2.INTER_CUBIC))


def alike(picture: Picture, rng: np.random.Generator, *, quality: int = 75, side: int = 0) -> Picture:
    """
    Store a picture as all others: at a random crop phase, in one size, as JPEG of one quality.

    A shortcut that lies in the storage of one class (format, quality, the grid of 8 pixels, size) is afterwards in both.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
        RGB if in colour.
    rng : Generator
    quality : int
        Of libjpeg, 1 to 100.
    side : int
        Length of the shorter side after resampling, in pixels; 0 for the length that the picture has.

    Returns
    -------
    array of uint8 (rows, cols[, 3])
        Up to 7 rows and columns are cut off at the top and the left.
    """
    import cv2

    y, x = rng.integers(0, GRID, 2) if min(picture.shape[:2]) > GRID else (0, 0)
    picture = np.ascontiguousarray(picture[y:, x:])
    if side:
        rows, cols = picture.shape[:2]
        scale = side / min(rows, cols)
        size = max(side, round(cols * scale)), max(side, round(rows * scale))
        picture = narrowed(cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC))
    return jpeg(picture, rng, quality=quality)


def combined(
    picture: Picture, rng: np.random.Generator, *, sd: float = 10.0, sigma: float = 1.5, quality: int = 50, share: float = 0.1
) -> Picture:
    """
    Do one of the four, drawn for each picture; parameters as there.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
    sd, sigma, quality, share : float
        Of `noise`, `blur`, `jpeg` and `crop`.

    Returns
    -------
    array of uint8, shape of `picture`
    """
    drawn = int(rng.uniform(0, 4))
    if drawn == 0:
        return noise(picture, rng, sd=sd)
    if drawn == 1:
        return blur(picture, rng, sigma=sigma)
    return jpeg(picture, rng, quality=quality) if drawn == 2 else crop(picture, rng, share=share)
