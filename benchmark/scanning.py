"""Score pictures and video clips that belong to no data set."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import images, video
from .data.layout import Trouble, printable, read_file
from .data.listing import list_files, own_tree, passed_over
from .errors import DataError, StudyError
from .trained import TrainedModel

SUFFIXES = (*images.SUFFIXES, *video.SUFFIXES)
POOLS = ("mean", "majority", "top_third")
FRAMES_AT_A_TIME = 16


@dataclass(frozen=True)
class Finding:
    """
    What the model says of a picture, a clip or a frame of a clip.

    Attributes
    ----------
    path : str
    kind : {"picture", "clip", "frame"}
    status : {"ok", "error"}
    verdict : str
        A class, or ``unsure``; empty with status ``error``.
    probabilities : dict of str to float
    detail : str
        Why there is no verdict.
    frame : int, or None
    seconds : float, or None
        From the beginning of the clip.
    n_frames : int, or None
        That a clip's verdict rests on.
    """

    path: str
    kind: str
    status: str = "ok"
    verdict: str = ""
    probabilities: dict[str, float] = field(default_factory=dict)
    detail: str = ""
    frame: int | None = None
    seconds: float | None = None
    n_frames: int | None = None

    def as_row(self) -> dict[str, Any]:
        """Flat, one column per class."""
        shares = {f"p_{name}": value for name, value in self.probabilities.items()}
        place = {"frame": self.frame, "seconds": self.seconds, "n_frames": self.n_frames}
        return {
            "path": self.path,
            "kind": self.kind,
            "status": self.status,
            "verdict": self.verdict,
            **shares,
            **{name: value for name, value in place.items() if value is not None},
            "detail": self.detail,
        }


@dataclass(frozen=True)
class FoundFiles:
    """
    What there is to score.

    Attributes
    ----------
    paths : tuple of Path
        Pictures and clips, each once.
    passed_over : str
        What else lies there, in a line; empty if nothing does.
    """

    paths: tuple[Path, ...]
    passed_over: str = ""


def find_files(places: Sequence[Path]) -> FoundFiles:
    """
    Find pictures and clips: folders are searched through, a file that is named is taken whatever it is called.

    Raises
    ------
    DataError
        If a place does not exist, or there is nothing at all.
    """
    found: list[Path] = []
    others: Counter[str] = Counter()
    troubles: list[Trouble] = []
    for place in places:
        if place.is_dir():
            tree = own_tree(place)
            listing = list_files(tree, suffixes=SUFFIXES)
            found += map(tree.path, listing.files)
            others.update(listing.others)
            troubles += listing.troubles
        elif place.is_file():
            found.append(place)
        else:
            what = "is neither a file nor a folder" if place.exists() else "is not there"
            raise DataError(f"{printable(str(place.absolute()))} {what}; there is no file or folder to score, check the path.")
    left = passed_over(others, troubles)
    if not found:
        shown = ", ".join(printable(str(place)) for place in places)
        more = f"; passed over: {left}" if left else ""
        raise DataError(f"no picture ({images.KINDS}) and no clip ({', '.join(video.SUFFIXES)}) in {shown}{more}.")
    return FoundFiles(tuple(dict.fromkeys(found)), left)


def scan_file(model: TrainedModel, path: Path, n_frames: int = 32, pool: str = "mean") -> Iterator[Finding]:
    """
    Score one file: a picture gives one finding, a clip one per frame and then one for the clip.

    Parameters
    ----------
    model : TrainedModel
    path : Path
    n_frames : int
        Of a clip, spread evenly.
    pool : {"mean", "majority", "top_third"}
        How frames become one score: mean probability; share of frames that are called fake; mean of the third of the frames
        that look most fake.
    """
    try:
        if path.suffix.lower() in video.SUFFIXES:
            yield from _scan_clip(model, path, n_frames, pool)
        else:
            probabilities, verdicts = model.verdicts(model.score_file(read_file(path))[None])
            yield Finding(printable(str(path)), "picture", verdict=verdicts[0], probabilities=_named(model, probabilities[0]))
    except DataError as error:
        kind = "clip" if path.suffix.lower() in video.SUFFIXES else "picture"
        yield Finding(printable(str(path)), kind, "error", detail=str(error))
    except OSError as error:
        yield Finding(printable(str(path)), "picture", "error", detail=f"cannot be read ({error.strerror}).")


def _scan_clip(model: TrainedModel, path: Path, n_frames: int, pool: str) -> Iterator[Finding]:
    shares: list[NDArray[np.float64]] = []
    for batch in _batches(video.iter_frames(path, n_frames)):
        pictures = [frame.picture if model.colour else images.in_grey(frame.picture) for frame in batch]
        probabilities, verdicts = model.verdicts(model.score_pictures(pictures))
        shares += list(probabilities)
        for frame, share, verdict in zip(batch, probabilities, verdicts, strict=True):
            place = {"frame": frame.number, "seconds": round(frame.seconds, 3)}
            yield Finding(printable(str(path)), "frame", verdict=verdict, probabilities=_named(model, share), **place)
    pooled = pool_frames(np.array(shares), pool)
    verdict = model.verdict_of(pooled)
    yield Finding(printable(str(path)), "clip", verdict=verdict, probabilities=_named(model, pooled), n_frames=len(shares))


def _batches(frames: Iterator[video.Frame]) -> Iterator[list[video.Frame]]:
    batch: list[video.Frame] = []
    for frame in frames:
        batch.append(frame)
        if len(batch) == FRAMES_AT_A_TIME:
            yield batch
            batch = []
    if batch:
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
