"""`bandbench.train`, `bandbench.load_model` and `bandbench.scan`: one detector, kept, and what it says of pictures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..benchmark.models.trained_model import TrainedModel

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Model:
    """
    A trained and calibrated detector.

    Attributes
    ----------
    trained : TrainedModel
    folder : Path, or None
        Where it is kept.
    problems : tuple of (domain, item, status, detail)
        Training pictures that could not be used.
    notes : tuple of str
        Remarks on its training.
    """

    trained: TrainedModel
    folder: Path | None = None
    problems: tuple[tuple[str, str, str, str], ...] = ()
    notes: tuple[str, ...] = ()

    def score(self, pictures: Any) -> "pd.DataFrame":
        """Score pictures: paths, folders, arrays, pictures of Pillow, or a list of them; one line each."""
        raise NotImplementedError


def train(
    detector: str,
    train: str | Sequence[str],
    *,
    data: Mapping[str, Any] | None = None,
    groups: Mapping[str, str | PathLike[str]] | None = None,
    group_by: Mapping[str, str] | None = None,
    out: str | PathLike[str] | None = None,
    task: str = "detection",
    params: Mapping[str, Any] | None = None,
    band: str = "all",
    order: int = 1,
    mode: str = "keep",
    crop: int = 128,
    tiles: int = 1,
    seed: int = 0,
    drop_leaks: bool = False,
    allow_lookalikes: bool = False,
    jobs: int | None = None,
    tracking_uri: str | None = None,
    progress: bool = True,
) -> Model:
    """Train a detector on domains and calibrate it."""
    raise NotImplementedError


def load_model(model: str | PathLike[str], *, detector: str | None = None, tracking_uri: str | None = None) -> Model:
    """Load a model from a folder of `train`, or from MLflow (``models:/NAME/VERSION``, ``runs:/RUN/model``)."""
    raise NotImplementedError


def scan(
    model: Model | str | PathLike[str],
    paths: str | PathLike[str] | Iterable[str | PathLike[str]],
    *,
    frames: int = 32,
    pool: str = "mean",
    faces: str = "auto",
    weights: str | PathLike[str] | None = None,
    min_size: int | None = None,
    margin: float | None = None,
    detector: str | None = None,
    progress: bool = True,
) -> "pd.DataFrame":
    """Score pictures and clips in folders: one line per picture, clip and frame of a clip, as ``bench scan --csv`` has them."""
    raise NotImplementedError
