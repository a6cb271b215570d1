"""Random changes of pictures while a network is trained: crop, flip, colour jitter, rotation, masked patches."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ...benchmark.errors import PluginError, unknown_name

Rotation = Literal["none", "quarter", "any"]
ROTATIONS = ("none", "quarter", "any")
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # of ITU-R BT.601


@dataclass(frozen=True)
class Augmentation:
    """
    Random changes of one picture, in the order of the attributes.

    Attributes
    ----------
    window : int
        Side of a random crop in pixels; 0 takes the picture as it is.
    flip : bool
        Mirror left and right in half of the cases.
    jitter : float
        Brightness, contrast and, in colour, saturation are changed by factors that are uniform in 1 - jitter to 1 + jitter.
    rotation : {"none", "quarter", "any"}
        By a random number of quarter turns, which move pixels and change none; or by any angle, to the nearest pixel, with
        corners of mid grey.
    masked_patches : float
        In half of the cases random patches are set to mid grey, up to this share of all.
    patch : int
        Side of a patch in pixels; the grid of patches begins in the upper left corner.

    Raises
    ------
    PluginError
        If a value makes no sense.
    """

    window: int = 0
    flip: bool = True
    jitter: float = 0.0
    rotation: str = "none"
    masked_patches: float = 0.0
    patch: int = 16

    def __post_init__(self) -> None:
        if self.rotation not in ROTATIONS:
            raise PluginError(unknown_name("rotation", self.rotation, ROTATIONS))
        for name, lowest, highest in (("jitter", 0, 1), ("masked_patches", 0, 1), ("window", 0, np.inf), ("patch", 1, np.inf)):
            value = getattr(self, name)
            if not lowest <= value <= highest:
                limits = f"of at least {lowest}" if highest == np.inf else f"between {lowest} and {highest}"
                raise PluginError(f"augmentation needs {name} {limits}, got {value}.")

    def __call__(self, picture: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.float32]:
        """
        Change a picture.

        Parameters
        ----------
        picture : array of float32 (rows, cols, channels)
            From -1 (black) to 1; one or three channels.
        rng : Generator

        Returns
        -------
        array of float32 (window, window, channels), or shape of `picture` without a window
        """
        picture = random_crop(picture, self.window, rng)
        if self.flip and rng.random() < 0.5:
            picture = picture[:, ::-1]
        if self.jitter:
            picture = jittered(picture, self.jitter, rng)
        picture = turned(picture, self.rotation, rng)
        if self.masked_patches and rng.random() < 0.5:
            picture = with_masked_patches(picture, self.masked_patches, self.patch, rng)
        return np.ascontiguousarray(picture, dtype=np.float32)


def random_crop(picture: NDArray[np.float32], window: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Cut a window at a random place out of a picture (rows, cols, channels); the whole picture if `window` is 0."""
    if not window:
        return picture
    top, left = (int(rng.integers(0, side - window + 1)) for side in picture.shape[:2])
    return picture[top : top + window, left : left + window]


def jittered(picture: NDArray[np.float32], strength: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """
    Change brightness, contrast and saturation by random factors, and clip.

    Brightness is a factor on values from 0 to 1; contrast one on the distance from the mean grey level; saturation one on the
    distance of each channel from the grey level of its pixel.
    """
    values = (picture + 1) / 2
    brightness, contrast, saturation = rng.uniform(1 - strength, 1 + strength, 3).astype(np.float32)
    values = np.clip(values * brightness, 0, 1)
    mean = _grey(values).mean()
    values = np.clip(mean + contrast * (values - mean), 0, 1)
    if values.shape[-1] == len(LUMA):
        grey = _grey(values)
        values = np.clip(grey + saturation * (values - grey), 0, 1)
    return 2 * values - 1


def _grey(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Grey level of every pixel, (rows, cols, 1)."""
    return (values @ LUMA)[..., None] if values.shape[-1] == len(LUMA) else values


def turned(picture: NDArray[np.float32], rotation: str, rng: np.random.Generator) -> NDArray[np.float32]:
    """Rotate a picture by a random angle; quarter turns of a picture that is not square are half turns."""
    if rotation == "none":
        return picture
    if rotation == "quarter":
        quarters = int(rng.integers(0, 4))
        square = picture.shape[0] == picture.shape[1]
        return np.rot90(picture, quarters if square else 2 * (quarters // 2))
    import cv2

    rows, cols = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D(((cols - 1) / 2, (rows - 1) / 2), float(rng.uniform(-180, 180)), 1.0)
    rotated = cv2.warpAffine(np.ascontiguousarray(picture), matrix, (cols, rows), flags=cv2.INTER_NEAREST)
    return np.asarray(rotated, dtype=np.float32).reshape(picture.shape)


def with_masked_patches(picture: NDArray[np.float32], most: float, patch: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Set random patches to mid grey: a share of all that is uniform in 0 to `most`."""
    rows, cols = (-(-side // patch) for side in picture.shape[:2])
    n_masked = round(float(rng.uniform(0, most)) * rows * cols)
    mask = np.zeros(rows * cols, dtype=bool)
    mask[rng.choice(rows * cols, n_masked, replace=False)] = True
    pixels = np.kron(mask.reshape(rows, cols), np.ones((patch, patch), dtype=bool))[: picture.shape[0], : picture.shape[1]]
    return np.where(pixels[..., None], np.float32(0), picture)
