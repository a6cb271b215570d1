"""Places for the names of points, so that none lies on another."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

RADII = np.arange(1.0, 16.0, 0.75)  # in heights of a label
ANGLES = np.deg2rad([90, 135, 180, 315, 270, 225, 45, 0, 22, 158, 202, 338])
POINT = 4.0  # half a side of the square that a point keeps free

Box = tuple[float, float, float, float]  # left, bottom, right, top


def place_labels(points: ArrayLike, sizes: Sequence[tuple[float, float]], frame: Box) -> list[tuple[float, float] | None]:
    """
    Find a place for a label near each point.

    Parameters
    ----------
    points : array of float (n_points, 2)
    sizes : sequence of (width, height)
        Of the labels, in the unit of the points.
    frame : (left, bottom, right, top)
        That labels stay in.

    Returns
    -------
    list of (dx, dy) or None
        From each point to the middle of its label: the nearest place tried that is neither on a point nor on a label that has
        its place. None where there is none.
    """
    at = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    occupied = np.concatenate([at - POINT, at + POINT], axis=1)
    positions: list[tuple[float, float] | None] = []
    for point, (width, height) in zip(at, sizes, strict=True):
        offset = next((o for o in _offsets(width, height) if _free(_box(point + o, width, height), occupied, frame)), None)
        positions.append(None if offset is None else (float(offset[0]), float(offset[1])))
        if offset is not None:
            occupied = np.concatenate([occupied, _box(point + offset, width, height)[np.newaxis]])
    return positions


def _offsets(width: float, height: float) -> list[NDArray[np.float64]]:
    """Offsets of a label's middle, near ones first: it clears the point by its own size."""
    near = [
        np.array(
            [np.cos(a) * (width / 2 + POINT + r * height - height), np.sin(a) * (height / 2 + POINT + r * height - height)]
        )
        for r in RADII
        for a in ANGLES
    ]
    return sorted(near, key=lambda o: float(np.hypot(max(abs(o[0]) - width / 2, 0), abs(o[1]))))


def _box(middle: NDArray[np.float64], width: float, height: float) -> NDArray[np.float64]:
    half = np.array([width, height]) / 2
    return np.concatenate([middle - half, middle + half])


def _free(box: NDArray[np.float64], taken: NDArray[np.float64], frame: Box) -> bool:
    inside = box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]
    apart = (box[0] >= taken[:, 2]) | (box[2] <= taken[:, 0]) | (box[1] >= taken[:, 3]) | (box[3] <= taken[:, 1])
    return bool(inside and apart.all())
