"""Perturbations as the programs of arXiv 2003.08685 and 2210.14571 and of a thesis do them, slips included."""

import numpy as np

from ...frequency.filters import PublishedKind, published_fda, published_filter
from .levels import Kernel, Picture, narrowed
from .passes import foreign_picture

PUBLISHED_SIGMA = 4  # OpenCV's code of the default border, handed over in the place of sigma


def published_noise(picture: Picture, rng: np.random.Generator) -> Picture:
    """
    Noise whose standard deviation is uniform in 5 to 20 grey levels (arXiv 2003.08685, program).

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator

    Returns
    -------
    array of uint8, shape of `picture`
        Clipped and truncated, so darker by half a level on the average.
    """
    return np.clip(picture + rng.normal(0, rng.uniform(5, 20), picture.shape), 0, 255).astype(np.uint8)


def published_blur(picture: Picture, rng: np.random.Generator, *, kernel: int = 0) -> Picture:
    """
    Blur by 3, 5, 7 or 9 taps of a Gaussian of sigma 4, nearly a box (arXiv 2003.08685, program).

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
    kernel : int
        Number of taps; 0 draws it.

    Returns
    -------
    array of uint8, shape of `picture`
    """
    import cv2

    taps = int(rng.choice([3, 5, 7, 9]))
    return narrowed(cv2.GaussianBlur(picture, (kernel or taps,) * 2, PUBLISHED_SIGMA))


def published_jpeg(picture: Picture, rng: np.random.Generator, *, quality: int = 95) -> Picture:
    """
    JPEG that takes RGB for BGR, so that blue gets the luma weight of red.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
        Not used.
    quality : int
        The program of arXiv 2003.08685 draws one and hands it over in the wrong place: always 95. That of arXiv 2210.14571
        hands over what it draws, 10 to 74.

    Returns
    -------
    array of uint8, shape of `picture`
    """
    import cv2

    _, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return narrowed(cv2.imdecode(data, cv2.IMREAD_UNCHANGED))


def published_crop(picture: Picture, rng: np.random.Generator, *, share: float = 0.0) -> Picture:
    """
    Crop and cubic resize that takes the sides for one another (arXiv 2003.08685, program).

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
    share : float
        Of each side that is cut off; 0 draws it, uniform in 0.05 to 0.2.

    Returns
    -------
    array of uint8 (cols, rows[, 3])
    """
    import cv2

    rows, cols = picture.shape[:2]
    share = share or rng.uniform(0.05, 0.2)
    y, x = int(rows * share / 2), int(cols * share / 2)
    return narrowed(cv2.resize(picture[y : rows - y, x : cols - x], (rows, cols), interpolation=cv2.INTER_CUBIC))


def published_combined(picture: Picture, rng: np.random.Generator) -> Picture:
    """
    Do one of the published four.

    The program takes them in turn from picture to picture; here it is drawn, so that the order of pictures does not matter.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator

    Returns
    -------
    array of uint8 (rows, cols[, 3]) or (cols, rows[, 3])
    """
    kernels: tuple[Kernel, ...] = (published_noise, published_blur, published_jpeg, published_crop)
    return kernels[int(rng.uniform(0, 4))](picture, rng)


def published_pass(kind: PublishedKind) -> Kernel:
    def kernel(picture: Picture, rng: np.random.Generator, *, radius: int = 30) -> Picture:
        """Filter as in the thesis; `radius` in DFT bins of the picture, whatever its size; see `filters.published_filter`."""
        return published_filter(picture, kind, radius)

    return kernel


def published_adapted(picture: Picture, rng: np.random.Generator, *, beta: float = 0.01) -> Picture:
    """Fourier domain adaptation of the thesis's program (`filters.published_fda`), to a `foreign_picture`."""
    return published_fda(picture, foreign_picture(picture.shape, rng), beta)
