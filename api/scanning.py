"""Scores of pictures and clips that belong to no data set: files, arrays and pictures of Pillow."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..benchmark.errors import DataError
from ..benchmark.metrics.clips import ClipRule
from ..benchmark.models.scanning import ScanResult, scan_arrays, scan_files
from ..benchmark.models.serving import is_stack, picture_pixels, single_pictures
from ..benchmark.models.trained_model import TrainedModel
from ..benchmark.pictures.video import SUFFIXES as CLIP_SUFFIXES
from ..benchmark.reporting import Reporter
from ..benchmark.results.scores import Status
from ..benchmark.store.files import printable
from ..datasets.copies.listing import FoundFiles, LostFile, find_files
from ..datasets.faces.windows import ScanRegion

if TYPE_CHECKING:
    import pandas as pd

# Of a scan, in this order; columns of whole numbers that some lines lack.
LAST = ("distance", "looked_at", "left", "top", "width", "height", "frame", "seconds", "n_frames", "n_looked", "detail")
COUNTS = ("left", "top", "width", "height", "frame", "n_frames", "n_looked")


@dataclass(frozen=True, eq=False)
class Scan:
    """
    Verdicts on files.

    Attributes
    ----------
    model : TrainedModel
    region : ScanRegion
        Part of pictures and frames that was scored.
    results : tuple of ScanResult
        A picture has one, a clip one for each scored frame and one of its own.
    """

    model: TrainedModel
    region: ScanRegion
    results: tuple[ScanResult, ...]

    def to_pandas(self) -> "pd.DataFrame":
        """Return a line for each result."""
        import pandas as pd

        columns = scan_columns(self.model)
        frame = pd.DataFrame([result.as_row() for result in self.results]).reindex(columns=columns)
        return frame.astype(dict.fromkeys(COUNTS, "Int64"))


def scan_columns(model: TrainedModel) -> list[str]:
    """Return the columns of a table of verdicts, in their order."""
    return ["path", "kind", "status", "verdict", "reason", *(f"p_{name}" for name in model.recipe.classes), *LAST]


def scan_paths(
    model: TrainedModel,
    files: FoundFiles,
    *,
    frames: int,
    rule: ClipRule,
    region: ScanRegion,
    reporter: Reporter,
    keep: Callable[[Sequence[ScanResult]], None] = lambda _: None,
) -> Scan:
    """
    Score files; `keep` is called with the results of each file as soon as it is scored.

    What cannot be read has a result with the reason, behind all others.
    """
    if files.passed_over:
        reporter.note(f"passed over: {files.passed_over}")
    reporter.stage(f"scoring with {model.recipe.label}", len(files.paths))
    results: list[ScanResult] = []
    for of_file in scan_files(model, files.paths, region, frames, rule):
        keep(of_file)
        results += of_file
        reporter.advance()
    lost = list(map(_lost_result, files.lost))
    keep(lost)
    results += lost
    return Scan(model, region, tuple(results))


def score_sources(model: TrainedModel, pictures: Any) -> list[ScanResult]:
    """
    Score pictures of any supported type.

    Parameters
    ----------
    model : TrainedModel
    pictures : path, array, picture of Pillow, or iterable of them
        See `Model.score`.

    Returns
    -------
    list of ScanResult
        One for each picture and clip, in their order.
    """
    results: dict[int, ScanResult] = {}
    files: dict[int, Path] = {}
    arrays: dict[int, Any] = {}
    for place, source in enumerate(_sources(pictures)):
        if isinstance(source, ScanResult):
            results[place] = source
        else:
            (files if isinstance(source, Path) else arrays)[place] = source
    of_files = scan_files(model, list(files.values()), ScanRegion.of(model.framing))
    for place, of_file in zip(files, of_files, strict=True):
        results[place] = of_file[-1]  # of a clip, behind its frames
    decoded = ((str(place), _decoded(source, model.colour)) for place, source in arrays.items())
    results |= zip(arrays, scan_arrays(model, decoded), strict=True)
    return [results[place] for place in sorted(results)]


def _decoded(source: Any, colour: bool) -> NDArray[np.uint8] | DataError:
    """Return the pixels of a picture, or the reason why it has none."""
    try:
        return picture_pixels(source, colour)
    except DataError as error:
        return error


def _lost_result(lost: LostFile) -> ScanResult:
    """Return the result of what lies in a folder and cannot be read."""
    kind = "clip" if lost.path.suffix.lower() in CLIP_SUFFIXES else "picture"
    return ScanResult(printable(str(lost.path)), kind, Status.ERROR, detail=f"it {lost.reason}")


def _sources(pictures: Any) -> Iterator[Any]:
    """Yield files as paths, arrays and pictures of Pillow as they are, and the result of a path that leads nowhere."""
    if isinstance(pictures, str | PathLike):
        if not os.fspath(pictures):  # which would be the working directory
            yield ScanResult("", "picture", Status.ERROR, detail="an empty text is no path.")
            return
        path = Path(pictures).expanduser()
        try:
            files = find_files([path])
            yield from files.paths
            yield from map(_lost_result, files.lost)
        except DataError as error:
            yield ScanResult(str(path), "picture", Status.ERROR, detail=str(error))
        return
    for picture in single_pictures(pictures):
        if isinstance(picture, str | PathLike | list | tuple) or is_stack(picture):
            yield from _sources(picture)
        else:
            yield picture


def score_frame(model: TrainedModel, results: Sequence[ScanResult]) -> "pd.DataFrame":
    """Return the table of `Model.score`: a line for each result, with the same columns whatever it is."""
    import pandas as pd

    shares = [f"p_{name}" for name in model.recipe.classes]
    lines = [{"picture": result.path, **result.as_row()} for result in results]
    columns = ["picture", "status", "verdict", "reason", *shares, "distance", "detail"]
    return pd.DataFrame(lines, columns=columns).astype(dict.fromkeys([*shares, "distance"], np.float64))
