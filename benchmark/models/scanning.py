"""Score pictures and video clips that belong to no data set."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, StudyError
from ..pictures import crops as images
from ..pictures import video
from ..pictures.windows import Box, FaceWindows, Window
from ..results.scores import Status
from ..store.files import printable, read_file
from ..workers import one_thread
from .trained_model import UNSURE, TrainedModel

POOLS = ("mean", "majority", "top_third")
FRAMES_AT_A_TIME = 16


@dataclass(frozen=True)
class ScanResult:
    """
    What the model says of a picture, a clip or a frame of a clip.

    Attributes
    ----------
    path : str
    kind : {"picture", "clip", "frame"}
    status : Status
        ``ok`` or ``error``.
    verdict : str
        A class, or ``unsure``; empty with status ``error``.
    probabilities : dict of str to float
        Empty where nothing could be scored.
    detail : str
        Why there is no verdict, or what it lacks.
    looked_at : {"face", "middle", ""}
        What was scored; empty for nothing.
    box : tuple of int, or None
        (left, top, width, height) of it in the picture or frame.
    frame : int, or None
    seconds : float, or None
        From the beginning of the clip.
    n_frames : int, or None
        That a clip's verdict rests on: with faces, those in which one was found.
    n_looked : int, or None
        Frames of the clip that were looked at.
    """

    path: str
    kind: str
    status: Status = Status.OK
    verdict: str = ""
    probabilities: dict[str, float] = field(default_factory=dict)
    detail: str = ""
    looked_at: str = ""
    box: Box | None = None
    frame: int | None = None
    seconds: float | None = None
    n_frames: int | None = None
    n_looked: int | None = None

    def as_row(self) -> dict[str, Any]:
        """Flat, one column per class."""
        shares = {f"p_{name}": value for name, value in self.probabilities.items()}
        place = {"frame": self.frame, "seconds": self.seconds, "n_frames": self.n_frames, "n_looked": self.n_looked}
        box = dict(zip(("left", "top", "width", "height"), self.box, strict=True)) if self.box else {}
        return {
            "path": self.path,
            "kind": self.kind,
            "status": self.status.value,
            "verdict": self.verdict,
            **shares,
            "looked_at": self.looked_at,
            **box,
            **{name: value for name, value in place.items() if value is not None},
            "detail": self.detail,
        }


class Region(Protocol):
    """Where a scan looks: the middle of pictures and frames, or the faces in them; see `datasets.faces.windows`."""

    @property
    def pictures(self) -> bool:
        """Look for faces in pictures, too, and not in clips only."""
        ...

    @property
    def finds_faces(self) -> bool:
        """Look for faces, in clips at least."""
        ...

    def middles(self, frames: Iterable[video.Frame], crop: images.CropSpec, recoded: bool = False) -> Iterator[Window]:
        """Whole frames, of which the model takes the middle."""
        ...

    def faces(self, frames: Iterable[video.Frame], side: int) -> FaceWindows:
        """Faces of at least `side` pixels, at most one per frame."""
        ...


def scan_file(model: TrainedModel, path: Path, region: Region, n_frames: int = 32, pool: str = "mean") -> Iterator[ScanResult]:
    """
    Score one file: a picture gives one finding, a clip one per scored frame and then one for the clip.

    Where faces are looked for and none is found, nothing is scored and the verdict is ``unsure``: what else the picture or
    clip shows, the model has never seen.

    Parameters
    ----------
    model : TrainedModel
    path : Path
    region : Region
        Where to look.
    n_frames : int
        Of a clip, spread evenly.
    pool : {"mean", "majority", "top_third"}
        How frames become one score: mean probability; share of frames that are called fake; mean of the third of the frames
        that look most fake.
    """
    try:
        if path.suffix.lower() in video.SUFFIXES:
            yield from _scan_clip(model, path, n_frames, pool, region)
        else:
            yield _scan_picture(model, path, region)
    except DataError as error:
        kind = "clip" if path.suffix.lower() in video.SUFFIXES else "picture"
        yield ScanResult(printable(str(path)), kind, Status.ERROR, detail=str(error))
    except OSError as error:
        yield ScanResult(printable(str(path)), "picture", Status.ERROR, detail=f"cannot be read ({error.strerror}).")


def _scan_picture(model: TrainedModel, path: Path, region: Region) -> ScanResult:
    picture = images.decode(read_file(path), colour=model.colour or region.pictures)
    frames, crop = [video.Frame(0, 0.0, picture)], model.recipe.crop
    note, windows = "", list(region.middles(frames, crop))
    if region.pictures:
        with one_thread():
            found = region.faces(frames, crop.side)
        note, windows = found.note, found.windows
    if not windows:
        return ScanResult(printable(str(path)), "picture", verdict=UNSURE, detail=note)
    probabilities, verdicts = _score(model, windows)
    shares, (window,) = _named(model, probabilities[0]), windows
    return ScanResult(
        printable(str(path)), "picture", Status.OK, verdicts[0], shares, looked_at=window.looked_at, box=window.box
    )


def _scan_clip(model: TrainedModel, path: Path, n_frames: int, pool: str, region: Region) -> Iterator[ScanResult]:
    frames, note = video.iter_frames(path, n_frames), ""
    windows: Iterable[Window] = region.middles(frames, model.recipe.crop, recoded=True)
    if region.finds_faces:
        with one_thread():
            found = region.faces(frames, model.recipe.crop.side)
        windows, note = found.windows, found.note
    shares: list[NDArray[np.float64]] = []
    for batch in _batches(iter(windows)):
        probabilities, verdicts = _score(model, batch)
        shares += list(probabilities)
        for window, share, verdict in zip(batch, probabilities, verdicts, strict=True):
            at, box, seconds = window.looked_at, window.box, round(window.seconds, 3)
            yield ScanResult(
                printable(str(path)), "frame", Status.OK, verdict, _named(model, share), "", at, box, window.number, seconds
            )
    detail, n_looked = "; ".join([*filter(None, [note]), *frames.report.notes]), frames.report.looked_at
    if not shares:
        yield ScanResult(printable(str(path)), "clip", verdict=UNSURE, detail=detail, n_frames=0, n_looked=n_looked)
        return
    pooled = pool_frames(np.array(shares), pool)
    verdict, at = model.verdict_of(pooled), "face" if region.finds_faces else "middle"
    shown = _named(model, pooled)
    yield ScanResult(
        printable(str(path)), "clip", Status.OK, verdict, shown, detail, at, n_frames=len(shares), n_looked=n_looked
    )


def _score(model: TrainedModel, windows: Sequence[Window]) -> tuple[NDArray[np.float64], list[str]]:
    """Probabilities (n_windows, n_classes) and verdicts."""
    pictures = [window.picture if model.colour else images.in_grey(window.picture) for window in windows]
    return model.verdicts(model.score_pictures(pictures))


def _batches(windows: Iterator[Window]) -> Iterator[list[Window]]:
    while batch := list(islice(windows, FRAMES_AT_A_TIME)):
        yield batch


def pool_frames(probabilities: NDArray[np.float64], pool: str) -> NDArray[np.float64]:
    """
    One answer for a clip.

    Parameters
    ----------
    probabilities : array of float64 (n_frames, n_classes)
    pool : {"mean", "majority", "top_third"}

    Returns
    -------
    array of float64 (n_classes,), sum 1

    Raises
    ------
    StudyError
        If `pool` is none of these.
    """
    if pool == "mean":
        return probabilities.mean(axis=0)
    if pool == "majority":
        n_classes = probabilities.shape[1]
        return np.bincount(probabilities.argmax(axis=1), minlength=n_classes) / len(probabilities)
    if pool == "top_third":
        # Least like the first class, which is real, whatever the others are.
        most = np.argsort(probabilities[:, 0], kind="stable")[: max(1, -(-len(probabilities) // 3))]
        return probabilities[most].mean(axis=0)
    raise StudyError(f"frames are pooled by {', '.join(POOLS)}, got {pool!r}.")


def _named(model: TrainedModel, probabilities: Sequence[float] | NDArray[np.float64]) -> dict[str, float]:
    return {name: float(p) for name, p in zip(model.recipe.classes, probabilities, strict=True)}
