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
