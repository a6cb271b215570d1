"""Score pictures and video clips that belong to no data set."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..errors import PLUGIN_FAILURES, BenchError, DataError, NotFiniteError, plain_text
from ..fitted import failure
from ..metrics.clips import ClipRule, clip_rule, n_highest_third
from ..pictures import crops as images
from ..pictures import video
from ..pictures.windows import Box, FaceWindows, Window
from ..results.scores import Status
from ..store.files import printable, read_file
from ..workers import one_thread
from .domain_check import Doubt
from .trained_model import UNSURE, TrainedModel

EARLIER_RULES = {"majority": ClipRule.VOTE}  # names of an earlier version
FRAMES_AT_A_TIME = 16
PICTURES_AT_A_TIME = 32
CROPS_AT_A_TIME = 256  # of a few large pictures that are covered with crops


@dataclass(frozen=True)
class ScanResult:
    """
    Verdict of a model on a picture, a clip or a frame of a clip.

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
        Reason why nothing was scored, or a remark on it.
    looked_at : {"face", "middle", ""}
        Scored part of the picture; empty if nothing was scored.
    box : tuple of int, or None
        (left, top, width, height) of the scored part in the picture or frame.
    frame : int, or None
    seconds : float, or None
        From the beginning of the clip.
    n_frames : int, or None
        Scored frames of a clip: with faces, those in which one was found.
    n_looked : int, or None
        Decoded frames of a clip.
    doubt : Doubt, or None
        Reason for ``unsure``.
    distance : float, or None
        From the training spectra, as a multiple of the limit; of a clip the median over its frames. None where nothing was
        scored, and for a model without a check.
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
    doubt: Doubt | None = None
    distance: float | None = None

    def as_row(self) -> dict[str, Any]:
        """Return a flat row, with one column per class."""
        shares = {f"p_{name}": value for name, value in self.probabilities.items()}
        place = {"frame": self.frame, "seconds": self.seconds, "n_frames": self.n_frames, "n_looked": self.n_looked}
        box = dict(zip(("left", "top", "width", "height"), self.box, strict=True)) if self.box else {}
        return {
            "path": self.path,
            "kind": self.kind,
            "status": self.status.value,
            "verdict": self.verdict,
            "reason": self.doubt.value if self.doubt else "",
            **shares,
            "distance": self.distance,
            "looked_at": self.looked_at,
            **box,
            **{name: value for name, value in place.items() if value is not None},
            "detail": plain_text(self.detail),
        }


class Region(Protocol):
    """Region that a scan scores: the middle of pictures and frames, or the faces in them; see `datasets.faces.windows`."""

    @property
    def pictures(self) -> bool:
        """Look for faces in pictures, too, and not in clips only."""
        ...

    @property
    def finds_faces(self) -> bool:
        """Look for faces, in clips at least."""
        ...

    def middles(self, frames: Iterable[video.Frame], crop: images.CropSpec, recoded: bool = False) -> Iterator[Window]:
        """Return whole frames, of which the model takes the middle."""
        ...

    def faces(self, frames: Iterable[video.Frame], side: int) -> FaceWindows:
        """Return the faces of at least `side` pixels, at most one per frame."""
        ...


def scan_file(
    model: TrainedModel, path: Path, region: Region, n_frames: int = 32, rule: ClipRule = ClipRule.MEAN
) -> Iterator[ScanResult]:
    """
    Score one file: a picture gives one result, a clip one per scored frame and then one for the clip.

    Where a face is required and none is detected, nothing is scored and the verdict is ``unsure``: the model was trained on
    faces alone.

    Parameters
    ----------
    model : TrainedModel
    path : Path
    region : Region
    n_frames : int
        Frames of a clip that are scored, spread evenly.
    rule : ClipRule
        Pools the probabilities of the frames: see `pool_frames`.
    """
    try:
        if path.suffix.lower() in video.SUFFIXES:
            yield from _scan_clip(model, path, n_frames, rule, region)
        else:
            yield _scan_picture(model, path, region)
    except (DataError, OSError) as error:
        yield _failed(path, error)


def scan_files(
    model: TrainedModel, paths: Sequence[Path], region: Region, n_frames: int = 32, rule: ClipRule = ClipRule.MEAN
) -> Iterator[list[ScanResult]]:
    """
    Score files, and yield the results of each, in the order of the files, as `scan_file` gives them.

    Crops of up to `PICTURES_AT_A_TIME` pictures are scored together, which takes less time than one after the other.
    """
    waiting: list[tuple[Path, _Read | None]] = []
    n_crops = 0
    for path in paths:
        read = _read_picture(model, path, region) if path.suffix.lower() not in video.SUFFIXES else None
        waiting.append((path, read))
        n_crops += len(read.crops) if read is not None and read.crops is not None else 0
        if read is None or len(waiting) == PICTURES_AT_A_TIME or n_crops >= CROPS_AT_A_TIME:
            yield from _scan_read(model, waiting, region, n_frames, rule)
            waiting, n_crops = [], 0
    yield from _scan_read(model, waiting, region, n_frames, rule)


def scan_arrays(model: TrainedModel, pictures: Iterable[tuple[str, NDArray[np.uint8] | DataError]]) -> Iterator[ScanResult]:
    """
    Score decoded pictures in their middle, and yield a result for each, in their order.

    Parameters
    ----------
    model : TrainedModel
    pictures : iterable of (name, array of uint8 (rows, cols[, 3]) or DataError)
        In colour if the model takes colour (`TrainedModel.colour`); an error is the reason why there is no picture.
    """
    named = iter(pictures)
    while batch := list(islice(named, PICTURES_AT_A_TIME)):
        reads = [(name, _cut(model, name, picture)) for name, picture in batch]
        of_picture = iter(_examined(model, [read for _, read in reads if not isinstance(read, ScanResult)]))
        for name, read in reads:
            if isinstance(read, ScanResult):
                yield read
            else:
                yield ScanResult(name, "picture", looked_at="middle", **_judged(model, next(of_picture)))


def _cut(model: TrainedModel, name: str, picture: NDArray[np.uint8] | DataError) -> NDArray[np.uint8] | ScanResult:
    """Return the crops of a picture, or the result where there are none."""
    try:
        if isinstance(picture, DataError):
            raise picture
        return np.stack(images.cut(picture, model.recipe.crop))
    except DataError as error:
        return ScanResult(name, "picture", Status.ERROR, detail=str(error))


@dataclass(frozen=True, eq=False)
class _Read:
    """
    A picture file: its window with the crops (n_crops, side, side[, 3]), or the result where nothing can be scored.

    The whole picture is not kept.
    """

    box: Box | None = None
    looked_at: str = ""
    crops: NDArray[np.uint8] | None = None
    result: ScanResult | None = None


def _read_picture(model: TrainedModel, path: Path, region: Region) -> _Read:
    try:
        window = _picture_window(model, path, region)
        if isinstance(window, ScanResult):
            return _Read(result=window)
        crops = _crops(model, window)
    except (DataError, OSError) as error:
        return _Read(result=_failed(path, error))
    return _Read(window.box, window.looked_at, crops)


def _scan_read(
    model: TrainedModel, waiting: Sequence[tuple[Path, _Read | None]], region: Region, n_frames: int, rule: ClipRule
) -> Iterator[list[ScanResult]]:
    """Yield the results of pictures that were read, and of the clip that follows them, if one does."""
    stacks = [read.crops for _, read in waiting if read is not None and read.crops is not None]
    of_picture = iter(_examined(model, stacks))
    for path, read in waiting:
        if read is None:
            yield list(scan_file(model, path, region, n_frames, rule))
        elif read.result is not None:
            yield [read.result]
        else:
            judged = _judged(model, next(of_picture))
            yield [ScanResult(printable(str(path)), "picture", looked_at=read.looked_at, box=read.box, **judged)]


def _scan_picture(model: TrainedModel, path: Path, region: Region) -> ScanResult:
    window = _picture_window(model, path, region)
    if isinstance(window, ScanResult):
        return window
    (measured,) = _examined(model, [_crops(model, window)])
    judged = _judged(model, measured)
    return ScanResult(printable(str(path)), "picture", looked_at=window.looked_at, box=window.box, **judged)


def _picture_window(model: TrainedModel, path: Path, region: Region) -> Window | ScanResult:
    """Return the window of a picture that is scored, or the result where there is none."""
    picture = images.decode(read_file(path), colour=model.colour or region.pictures)
    frames, crop = [video.Frame(0, 0.0, picture)], model.recipe.crop
    note, windows = "", list(region.middles(frames, crop))
    if region.pictures:
        with one_thread():
            faces = region.faces(frames, crop.side)
        note, windows = faces.note, faces.windows
    if not windows:
        return ScanResult(printable(str(path)), "picture", verdict=UNSURE, detail=note, doubt=Doubt.NO_FACE)
    (window,) = windows
    return window


def _failed(path: Path, error: DataError | OSError) -> ScanResult:
    """Return the result of a file that cannot be read, decoded or cut."""
    if isinstance(error, DataError):
        kind = "clip" if path.suffix.lower() in video.SUFFIXES else "picture"
        return ScanResult(printable(str(path)), kind, Status.ERROR, detail=str(error))
    return ScanResult(printable(str(path)), "picture", Status.ERROR, detail=f"cannot be read ({error.strerror}).")


def _scan_clip(model: TrainedModel, path: Path, n_frames: int, rule: ClipRule, region: Region) -> Iterator[ScanResult]:
    frames, note = video.iter_frames(path, n_frames), ""
    windows: Iterable[Window] = region.middles(frames, model.recipe.crop, recoded=True)
    if region.finds_faces:
        with one_thread():
            detected = region.faces(frames, model.recipe.crop.side)
        windows, note = detected.windows, detected.note
    scored: list[_Measured] = []
    n_without = 0
    for batch in _batches(iter(windows)):
        of_batch = _examined(model, [_crops(model, window) for window in batch])
        scored += [measured for measured in of_batch if isinstance(measured, _Measured)]
        n_without += sum(not isinstance(measured, _Measured) for measured in of_batch)
        for window, measured in zip(batch, of_batch, strict=True):
            yield ScanResult(
                printable(str(path)),
                "frame",
                looked_at=window.looked_at,
                box=window.box,
                frame=window.number,
                seconds=round(window.seconds, 3),
                **_judged(model, measured),
            )
    without = [f"{n_without} of {n_without + len(scored)} frames cannot be judged"] if n_without else []
    detail, n_looked = "; ".join([*filter(None, [note]), *frames.report.notes, *without]), frames.report.looked_at
    if not scored:
        doubt = Doubt.NOT_A_NUMBER if n_without else Doubt.NO_FACE if region.finds_faces else None
        yield ScanResult(
            printable(str(path)), "clip", verdict=UNSURE, detail=detail, n_frames=0, n_looked=n_looked, doubt=doubt
        )
        return
    pooled = np.stack([pool_frames(v, rule) for v in np.stack([measured.probabilities for measured in scored], axis=1)])
    judged = _judged(model, _Measured(pooled, float(np.median([measured.distance for measured in scored]))))
    at = "face" if region.finds_faces else "middle"
    found: dict[str, Any] = judged | ({"detail": detail} if detail else {})
    yield ScanResult(printable(str(path)), "clip", looked_at=at, n_frames=len(scored), n_looked=n_looked, **found)


@dataclass(frozen=True, eq=False)
class _Measured:
    """What the verdict on one picture rests on: probabilities (n_versions, n_classes), and a distance."""

    probabilities: NDArray[np.float64]
    distance: float


def _examined(model: TrainedModel, stacks: Sequence[NDArray[np.uint8]]) -> list[_Measured | str]:
    """
    Measure pictures by their crops (n_crops, side, side[, 3]); where a detector fails, return the reason.

    Pictures are measured together. If that fails, each is measured alone, so that one of them costs no other its verdict.

    Raises
    ------
    BenchError
        If no picture can be scored, for lack of an encoder say.
    """
    if not stacks:
        return []
    try:
        measurements = model.examine(
            np.concatenate(stacks), np.repeat(np.arange(len(stacks)), [len(crops) for crops in stacks])
        )
        return [_Measured(*pair) for pair in zip(measurements.probabilities, measurements.distances.tolist(), strict=True)]
    except NotFiniteError as error:
        reason = str(error)
    except BenchError:
        raise
    except PLUGIN_FAILURES as error:  # a detector may be somebody else's, and fails in any way
        reason = f"{failure(model.recipe.label, error)}."
    if len(stacks) == 1:
        return [reason]
    return [measured for crops in stacks for measured in _examined(model, [crops])]


def _crops(model: TrainedModel, window: Window) -> NDArray[np.uint8]:
    return np.stack(images.cut(_seen(model, window), model.recipe.crop))


def _seen(model: TrainedModel, window: Window) -> NDArray[np.uint8]:
    """Return the picture of a window as the model sees it: in grey, if it takes grey pictures."""
    return window.picture if model.colour else images.in_grey(window.picture)


def _judged(model: TrainedModel, measured: _Measured | str) -> dict[str, Any]:
    """Return the part of a result that depends on the model; what is no number has no verdict but the reason."""
    if isinstance(measured, str):
        return {"verdict": UNSURE, "doubt": Doubt.NOT_A_NUMBER, "detail": f"cannot be judged: {measured}"}
    judgement = model.judge(measured.probabilities, measured.distance)
    if judgement.doubt is Doubt.NOT_A_NUMBER:
        return {"verdict": UNSURE, "doubt": judgement.doubt, "detail": "cannot be judged: its probability is no number."}
    return {
        "verdict": judgement.verdict,
        "doubt": judgement.doubt,
        "probabilities": _named(model, measured.probabilities[0]),
        "distance": None if math.isnan(measured.distance) else measured.distance,
    }


def _batches(windows: Iterator[Window]) -> Iterator[list[Window]]:
    while batch := list(islice(windows, FRAMES_AT_A_TIME)):
        yield batch


def pooling_rule(name: str) -> ClipRule:
    """
    Return a pooling rule by its name, also by the one that an earlier version used.

    Raises
    ------
    StudyError
        With the rules that there are.
    """
    return EARLIER_RULES.get(name) or clip_rule(name)


def pool_frames(probabilities: NDArray[np.float64], rule: ClipRule) -> NDArray[np.float64]:
    """
    Pool the probabilities of a clip's frames.

    The rules are those of `metrics.clips.clip_scores`, for probabilities of any number of classes.

    Parameters
    ----------
    probabilities : array of float64 (n_frames, n_classes)
    rule : ClipRule
        Mean; share of the frames in which a class is the most probable one; or mean of the third of the frames in which the
        first class, ``real``, is least probable.

    Returns
    -------
    array of float64 (n_classes,), sum 1
    """
    n_frames, n_classes = probabilities.shape
    if rule is ClipRule.VOTE:
        return np.bincount(probabilities.argmax(axis=1), minlength=n_classes) / n_frames
    if rule is ClipRule.TOP_THIRD:
        least_real = np.argsort(probabilities[:, 0], kind="stable")
        probabilities = probabilities[least_real[: n_highest_third(n_frames)]]
    return probabilities.mean(axis=0)


def _named(model: TrainedModel, probabilities: Sequence[float] | NDArray[np.float64]) -> dict[str, float]:
    return {name: float(p) for name, p in zip(model.recipe.classes, probabilities, strict=True)}
