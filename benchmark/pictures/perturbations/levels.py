"""Pictures of 8 bits: their type, and the ways back to it from other numbers."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
Kernel = Callable[..., Picture]


def rounded(values: Any) -> Picture:
    """Return real numbers as grey levels: rounded to the nearest and clipped to 0..255."""
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def narrowed(picture: Any) -> Picture:
    """Narrow an array of OpenCV to uint8; its stubs allow any number type."""
    return np.asarray(picture, dtype=np.uint8)


def without_colour(picture: Picture) -> Picture:
    """Return a picture (rows, cols, 3) whose channels are equal as grey (rows, cols), any other as it is."""
    if picture.ndim == 3 and (picture == picture[:, :, :1]).all():
        return np.ascontiguousarray(picture[:, :, 0])
    return picture
