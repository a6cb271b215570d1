"""Options of ``bench leaderboard`` and its commands."""

from dataclasses import dataclass
from enum import StrEnum, auto
from pathlib import Path
from typing import Annotated

import typer

from .. import completion
from ..options import (
    FormatsOption,
    JsonOption,
    ReleasedOption,
    RowsCsvOption,
    TestsCsvOption,
    TrackingOption,
)


class Higher(StrEnum):
    """Class that a higher score stands for."""

    fake = auto()
    real = auto()


@dataclass(frozen=True)
class BoardRequest:
    """Options of ``bench leaderboard``."""

    context: typer.Context
    study: Annotated[
        str | None, typer.Option(help="Show this study only. (default: all)", autocompletion=completion.studies)
    ] = None
    tracking_uri: TrackingOption = None
    json_file: JsonOption = None
    csv_file: RowsCsvOption = None
    csv_tests: TestsCsvOption = None
    html: Annotated[str | None, typer.Option(metavar="FILE", help="Write one page that opens from disk, for a browser.")] = None
    figures: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Draw the board for a paper into a folder: train x test, cost, perturbations, sweeps, band transfer.",
        ),
    ] = None
    formats: FormatsOption = None
    every: Annotated[
        bool, typer.Option("--all", help="Also show rows of other settings, pictures or code than the last run's.")
    ] = False
    parquet: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="Write every row and test domain to one Parquet file, with units and meanings."),
    ] = None
    scores: Annotated[
        tuple[str, Path] | None,
        typer.Option(metavar="ROW FILE.parquet", help="Write the scores behind a row, by the id that the page and JSON show."),
    ] = None
    with_scores: Annotated[
        bool, typer.Option("--with-scores", help="With --html, also write the scores of every row beside the page.")
    ] = False
    released: ReleasedOption = None
    log: Annotated[bool, typer.Option("--log", help="Also keep the page in MLflow, as a run of its own.")] = False


@dataclass(frozen=True)
class AddRequest:
    """Options of ``bench leaderboard add``."""

    scores: Annotated[
        list[Path] | None,
        typer.Argument(metavar="SCORES...", help="Score files (.parquet, .csv), one per fitted detector.", show_default=False),
    ] = None
    meta: Annotated[
        Path | None,
        typer.Option(
            metavar="META.yaml", help="Description of the submission: name, detector, train, ... Optional for a matrix."
        ),
    ] = None
    wide: Annotated[
        Path | None,
        typer.Option(metavar="MATRIX", help="Score matrix of another benchmark instead: a column of scores per detector."),
    ] = None
    dataset: Annotated[
        str | None, typer.Option(help="Name of the matrix in the names of test domains and rows. (default: that of the file)")
    ] = None
    id_column: Annotated[str | None, typer.Option(metavar="COLUMN", help="Matrix: id of the picture. (default: found)")] = None
    label_column: Annotated[str | None, typer.Option(metavar="COLUMN", help="Matrix: real or fake. (default: found)")] = None
    fake_label: Annotated[
        str | None, typer.Option(metavar="TEXT", help="Matrix: label of a fake, for others than 1, fake, generated, ...")
    ] = None
    generator_column: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Matrix: what made the fake. (default: found)")
    ] = None
    source_column: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Matrix: where the real is from. (default: found)")
    ] = None
    split_column: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="Matrix: test, val or train. (default: found; else all are test)")
    ] = None
    higher: Annotated[
        Higher | None,
        typer.Option(help="Matrix: class that higher scores stand for, if META.yaml has none. (default: fake)"),
    ] = None
    replace: Annotated[bool, typer.Option("--replace", help="Replace another submission of that name.")] = False
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Matrix: show what would be added, and add nothing.")] = False
    tracking_uri: TrackingOption = None
    json_file: JsonOption = None


@dataclass(frozen=True)
class RemoveRequest:
    """Options of ``bench leaderboard remove``."""

    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the submission.")]


@dataclass(frozen=True)
class ExportRequest:
    """Options of ``bench leaderboard export``."""

    target: Annotated[str, typer.Argument(metavar="FILE.csv", help="File for the scores; several draws go to FILE-0.csv, ...")]
    run: Annotated[str | None, typer.Option(metavar="RUN_ID", help="MLflow run of the cell.")] = None
    study: Annotated[str | None, typer.Option(help="Study of the cell.")] = None
    detector: Annotated[str | None, typer.Option(help="Detector of the cell.")] = None
    train: Annotated[str | None, typer.Option(help="Training domain of the cell.")] = None
    validation: Annotated[
        bool, typer.Option("--validation", help="Also write validation scores, marked in a seventh column.")
    ] = False
    meta: Annotated[str | None, typer.Option(metavar="FILE", help="Also write the description that `add` needs, as YAML.")] = (
        None
    )
    tracking_uri: TrackingOption = None
