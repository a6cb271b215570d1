"""Frames of a video clip, by PyAV."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import DataError

SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg")


@dataclass(frozen=True)
class Frame:
    """
    One frame.

    Attributes
    ----------
    number : int
        From 0, in the order in which the clip is shown.
    seconds : float
        From the beginning of the clip.
    picture : array of uint8 (rows, cols, 3)
    """

    number: int
    seconds: float
    picture: NDArray[np.uint8]


def iter_frames(path: Path, n_frames: int) -> Iterator[Frame]:
    """
    Yield frames that are spread evenly over a clip, in order.

    Parameters
    ----------
    path : Path
    n_frames : int
        All of them if the clip has fewer.

    Raises
    ------
    DataError
        If PyAV is missing, the file is no video, or no frame of it can be decoded.
    """
    try:
        import av
        from av.error import FFmpegError
    except ImportError as error:
        raise DataError("videos need the extra `video`: pip install 'bandbench[video]'.") from error
    found = 0
    try:
        with av.open(str(path)) as clip:
            if not clip.streams.video:
                raise DataError("the file has no video in it.")
            total = sum(1 for packet in clip.demux(video=0) if packet.size)
        wanted = set(np.linspace(0, total - 1, min(n_frames, total)).round().astype(int)) if total else set()
        with av.open(str(path)) as clip:
            for number, frame in enumerate(clip.decode(video=0)):
                if number in wanted:
                    found += 1
                    yield Frame(number, float(frame.time or 0.0), np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8))
    except (FFmpegError, OSError) as error:
        if not found:  # of a truncated clip, what comes before the end is good
            raise DataError(f"cannot be decoded as a video ({error.strerror or error}).") from error
    if not found:
        raise DataError("no frame of the clip can be decoded.")
