"""Faces in a frame: the protocol of face finders, the choice of one face per frame, and the cut."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ...benchmark.errors import DataError, unknown_name
from ..copies.settings import Settings

FINDERS = ("haar", "yunet", "retinaface", "none")
WITH_LANDMARKS = ("yunet", "retinaface")


@dataclass(frozen=True, eq=False)
class Face:
    """
    A face in a picture.

    Attributes
    ----------
    box : tuple of float
        (left, top, width, height) in pixels; may reach beyond the picture.
    confidence : float
        0 to 1; NaN if the finder gives none.
    landmarks : array of float64 (5, 2), or None
        x and y of right eye, left eye, nose, right and left corner of the mouth; right is the person's own, which is on the
        left in the picture.
    """

    box: tuple[float, float, float, float]
    confidence: float = float("nan")
    landmarks: NDArray[np.float64] | None = None

    @property
    def area(self) -> float:
        """Area of the box, in pixels."""
        return self.box[2] * self.box[3]

    @property
    def side(self) -> float:
        """Smaller side of the box, in pixels."""
        return min(self.box[2:])


class FaceFinder(Protocol):
    """
    A face finder.

    Attributes
    ----------
    weights : Path or None
        File of its network; None if it has none.
    """

    @property
    def weights(self) -> Path | None: ...

    def find(self, picture: NDArray[np.uint8]) -> list[Face]:
        """
        Find the faces of a picture.

        Parameters
        ----------
        picture : array of uint8 (rows, cols, 3)
            RGB.

        Returns
        -------
        list of Face
            Largest first; those of one size from left to right and from top to bottom.
        """
        ...


def largest_first(faces: Sequence[Face]) -> list[Face]:
    """Sort faces by area, largest first; those of one size from left to right and from top to bottom."""
    return sorted(faces, key=lambda face: (-face.area, face.box))


def existing_weights(name: str, weights: Path | None, where: str) -> Path:
    """
    Return the path of a finder's weights if the file exists.

    Parameters
    ----------
    name : str
        Of the finder.
    weights : Path, optional
    where : str
        Clause for messages that says where the file can be downloaded.

    Raises
    ------
    DataError
        If none are given, or there is no such file.
    """
    if weights is None:
        raise DataError(f"{name} needs its weights, an ONNX file: --weights FILE; {where}.")
    if not weights.is_file():
        raise DataError(f"{name} finds no weights at {weights.absolute()}; check --weights, or get the file: {where}.")
    return weights


def wrong_weights(name: str, path: Path, where: str) -> DataError:
    """Return the error for a file that holds no network of a finder."""
    size = path.stat().st_size
    return DataError(f"{path} ({size} bytes) is no ONNX file of {name}; {where}; then --weights FILE.")


def as_box(values: Iterable[float]) -> tuple[float, float, float, float]:
    """Convert four numbers to a box of floats."""
    left, top, width, height = (float(value) for value in values)
    return left, top, width, height


def choose_faces(faces: Sequence[Sequence[Face]], choice: str) -> list[int | None]:
    """
    Choose one face per frame of a clip.

    Parameters
    ----------
    faces : sequence of n_frames sequences of Face
        In the order in which frames are shown; those that are too small are left out before.
    choice : {"largest", "track"}
        ``largest`` takes the largest face of each frame. ``track`` follows one person: faces that overlap from frame to frame
        form a track. The track with the largest sum of areas is taken first; then, in the order of their sums, tracks that
        share no frame with those already taken. So a face that is seen beside the chosen one is never mistaken for it, and a
        face that moves too far between two frames is still followed.

    Returns
    -------
    list of int or None (n_frames,)
        Index of the face in its frame; None if no face of the frame is chosen.

    Raises
    ------
    DataError
        If the choice is unknown.
    """
    if choice == "largest":
        return [max(range(len(frame)), key=lambda k: frame[k].area) if frame else None for frame in faces]
    if choice != "track":
        raise DataError(unknown_name("choice of faces", choice, ("largest", "track")))
    chosen: dict[int, int] = {}
    for track in sorted(_tracks(faces), key=lambda track: -sum(faces[f][k].area for f, k in track.items())):
        if not chosen.keys() & track.keys():
            chosen |= track
    return [chosen.get(number) for number in range(len(faces))]


def _tracks(faces: Sequence[Sequence[Face]]) -> list[dict[int, int]]:
    """Link faces that overlap, best overlaps first; a track maps the number of a frame to the index of the face in it."""
    tracks: list[dict[int, int]] = []
    last: list[Face] = []
    for number, frame in enumerate(faces):
        pairs = [(overlap(last[t], face), t, k) for t in range(len(tracks)) for k, face in enumerate(frame)]
        open_tracks, free = set(range(len(tracks))), set(range(len(frame)))
        for share, t, k in sorted(pairs, key=lambda pair: (-pair[0], pair[1:])):
            if share > 0 and t in open_tracks and k in free:
                open_tracks.remove(t)
                free.remove(k)
                tracks[t][number], last[t] = k, frame[k]
        for k in sorted(free):
            tracks.append({number: k})
            last.append(frame[k])
    return tracks


def overlap(face: Face, other: Face) -> float:
    """
    Return the intersection over union of two boxes, 0 to 1.

    >>> round(overlap(Face((0, 0, 2, 2)), Face((1, 0, 2, 2))), 3)
    0.333
    """
    starts = [max(face.box[i], other.box[i]) for i in (0, 1)]
    ends = [min(face.box[i] + face.box[i + 2], other.box[i] + other.box[i + 2]) for i in (0, 1)]
    width, height = (end - start for start, end in zip(starts, ends, strict=True))
    if min(width, height) <= 0:
        return 0.0
    shared = width * height
    return shared / (face.area + other.area - shared)


@dataclass(frozen=True, eq=False)
class Cut:
    """
    A face that is cut out of its frame.

    Attributes
    ----------
    picture : array of uint8 (rows, cols, 3)
    box : tuple of int
        (left, top, width, height) of the window inside the frame, before it is turned and resized.
    landmarks : tuple of float
        x and y of each landmark of the face, in the crop; empty if unknown.
    """

    picture: NDArray[np.uint8]
    box: tuple[int, int, int, int]
    landmarks: tuple[float, ...] = ()


def cut_face(picture: NDArray[np.uint8], face: Face, settings: Settings) -> Cut:
    """
    Cut a face out of its frame.

    Parameters
    ----------
    picture : array of uint8 (rows, cols, 3)
    face : Face
    settings : Settings
        `margin`: share of the larger side of the box that is added on every side. Without `size` the window has the shape
        of the box, and the part that reaches beyond the frame is missing. With `size` the window is a square around the box,
        moved into the frame where it would reach beyond, and resized to `size` pixels (mean of areas if it shrinks, cubic if
        it grows), so that the aspect ratio of the face is kept. With `align` the window is turned about its middle until the
        eyes are level (cubic); pixels from beyond the frame are mirrored.

    Returns
    -------
    Cut

    Raises
    ------
    DataError
        If the face lies outside of the frame, or is to be aligned and has no landmarks.
    """
    box = _square_window(picture, face, settings.margin) if settings.size else _window(picture, face, settings.margin)
    points = np.zeros((0, 2)) if face.landmarks is None else face.landmarks
    angle = _eye_angle(face) if settings.align else 0.0
    left, top, width, height = box
    if angle:
        crop, points = _turned(picture, box, angle, points)
    else:
        crop, points = picture[top : top + height, left : left + width], points - (left, top)
    if settings.size not in (0, width):
        crop, points = _resized(crop, settings.size), (points + 0.5) * settings.size / width - 0.5
    return Cut(crop, box, tuple(float(value) for value in points.ravel()))


def _edges(face: Face, margin: float) -> NDArray[np.float64]:
    """Return the left, top, right and lower edge of the box with its margin, in pixels."""
    left, top, width, height = face.box
    added = margin * max(width, height)
    return np.array([left - added, top - added, left + width + added, top + height + added])


def _window(picture: NDArray[np.uint8], face: Face, margin: float) -> tuple[int, int, int, int]:
    """Return the box with its margin, clipped to the frame."""
    rows, cols = picture.shape[:2]
    edges = np.floor(_edges(face, margin) + 0.5).astype(int)
    left, top, right, below = (int(value) for value in np.clip(edges, 0, [cols, rows, cols, rows]))
    if right <= left or below <= top:
        raise DataError(f"the face at {face.box} lies outside of the frame of {cols}x{rows} pixels.")
    return left, top, right - left, below - top


def _square_window(picture: NDArray[np.uint8], face: Face, margin: float) -> tuple[int, int, int, int]:
    """Return a square around the box with its margin, moved into the frame."""
    _window(picture, face, margin)  # raises if the face lies outside of the frame
    rows, cols = picture.shape[:2]
    edges = _edges(face, margin)
    side = min(max(1, round(max(edges[2] - edges[0], edges[3] - edges[1]))), rows, cols)
    middle = (edges[:2] + edges[2:]) / 2
    left, top = np.clip(np.floor(middle - side / 2 + 0.5).astype(int), 0, [cols - side, rows - side])
    return int(left), int(top), side, side


def _eye_angle(face: Face) -> float:
    """Return the angle of the line through the eyes in radians, positive if it falls to the right."""
    if face.landmarks is None:
        raise DataError(f"align needs landmarks, and this finder gives none; {' and '.join(WITH_LANDMARKS)} do.")
    along, down = face.landmarks[1] - face.landmarks[0]
    return float(np.arctan2(down, along))


def _turned(
    picture: NDArray[np.uint8], box: tuple[int, int, int, int], angle: float, points: NDArray[np.float64]
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Cut a window that is turned about its middle, and convert points of the frame to its coordinates."""
    import cv2

    left, top, width, height = box
    middle = (left + (width - 1) / 2, top + (height - 1) / 2)
    matrix = cv2.getRotationMatrix2D(middle, np.degrees(angle), 1.0)
    matrix[:, 2] -= left, top
    crop = cv2.warpAffine(picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(crop, dtype=np.uint8), points @ matrix[:, :2].T + matrix[:, 2]


def _resized(crop: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    import cv2

    method = cv2.INTER_AREA if side < crop.shape[0] else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(crop, (side, side), interpolation=method), dtype=np.uint8)
