"""`bandbench.run`: a study, from pictures to rows of the leaderboard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from typing import Any

from ..benchmark.records import Plan
from ..benchmark.results.rows import Row
from .board import Board, leaderboard

BAND_SEARCH = "band_search"


@dataclass(frozen=True)
class StudyResults:
    """
    Results of a study, and everything that it could not do.

    Attributes
    ----------
    plan : Plan
        What was crossed: detectors, domains and pictures.
    rows : tuple of Row
        Leaderboard rows of the study's cells, ranked; empty after ``dry_run=True``.
    computed : int
        Fits that were computed now and not taken from records.
    failures : dict of str to str
        Reason by cell without a result.
    gaps : dict of str to tuple of str
        Reasons of bands that could not be scored, by cell.
    problems : tuple of (data set, item, status, detail)
        Pictures that could not be used.
    notes : tuple of str
        Remarks that the command line prints: domains left out, how data sets were read, results that wait to be sent.
    tracking_uri : str
        MLflow store that the results were sent to.
    """

    plan: Plan
    rows: tuple[Row, ...]
    computed: int
    failures: dict[str, str]
    gaps: dict[str, tuple[str, ...]]
    problems: tuple[tuple[str, str, str, str], ...]
    notes: tuple[str, ...]
    tracking_uri: str

    @property
    def name(self) -> str:
        """Name of the study's board."""
        return self.plan.study.name

    @property
    def board(self) -> Board:
        """Leaderboard of the study, as `bandbench.leaderboard` reads it."""
        return leaderboard(self.name, tracking_uri=self.tracking_uri)


def run(
    study: str | PathLike[str] | Mapping[str, Any] = BAND_SEARCH,
    *,
    name: str | None = None,
    data: Mapping[str, Any] | None = None,
    groups: Mapping[str, str | PathLike[str]] | None = None,
    group_by: Mapping[str, str] | None = None,
    detector: str | Sequence[str] | None = None,
    train: str | Sequence[str | Sequence[str]] | None = None,
    test: str | Sequence[str] | None = None,
    reals: str | Sequence[str] | None = None,
    trials: int | None = None,
    seeds: int | None = None,
    seed: int | None = None,
    mode: str | None = None,
    crop: int | None = None,
    clips: str | None = None,
    jobs: int | None = None,
    tracking_uri: str | None = None,
    storage: str | None = None,
    drop_leaks: bool = False,
    strict: bool = False,
    no_controls: bool = False,
    allow_lookalikes: bool = False,
    fresh: bool = False,
    dry_run: bool = False,
    progress: bool = True,
) -> StudyResults:
    """
    Run a study, or what is left of it: the same call continues where it stopped and adds nothing twice.

    Parameters
    ----------
    study : str, path or mapping
        Name of a shipped study, a YAML file, or the keys of a study file.
    data : mapping of str to path or mapping
        Folder by data set (``{"mine": "pictures/"}``); or parameters of a data set, with ``root`` for its folder.
    """
    raise NotImplementedError
