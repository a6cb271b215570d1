"""Windows of a frame that a model scores."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Window:
    """
    The region of a frame or a picture that a model scores.

    Attributes
    ----------
    number : int
        Number of the frame in its clip; 0 for a picture.
    seconds : float
        From the beginning of the clip.
    picture : array of uint8 (rows, cols, 3)
        The model scores its middle.
    looked_at : {"face", "middle"}
    box : tuple of int, or None
        (left, top, width, height) in the frame; None for several windows around the middle.
    """

    number: int
    seconds: float
    picture: NDArray[np.uint8]
    looked_at: Literal["face", "middle"]
    box: Box | None


@dataclass(frozen=True, eq=False)
class FaceWindows:
    """
    The face windows of a clip or a picture.

    Attributes
    ----------
    windows : list of Window
        At most one per frame.
    n_frames : int
        Frames that were looked at.
    note : str
        Reasons why frames gave no window; empty if all gave one.
    """

    windows: list[Window]
    n_frames: int
    note: str
