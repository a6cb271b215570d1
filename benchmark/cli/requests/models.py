"""Options of the commands that train, test and use one detector."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from .. import completion
from ..options import (
    AllowLookalikesOption,
    BandOption,
    ClusterOption,
    CsvOption,
    DataOption,
    GroupByOption,
    GroupsOption,
    JobsOption,
    JsonOption,
    TrackingOption,
)


@dataclass(frozen=True)
class TrainRequest:
    """Options of ``bench train``."""

    detector: Annotated[
        str,
        typer.Argument(
            metavar="DETECTOR", help="name, name/preset, file.py:Class or module:Class", autocompletion=completion.detectors
        ),
    ]
    train: Annotated[
        list[str],
        typer.Option("--train", metavar="DOMAIN", help="Domain to train on. Repeatable.", autocompletion=completion.domains),
    ]
    data: DataOption = None
    groups: GroupsOption = None
    group_by: GroupByOption = None
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the model. (default: models/DETECTOR)")] = None
    task: Annotated[str, typer.Option(help="detection (real or fake) or attribution (which generator).")] = "detection"
    param: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="Parameter of the detector. Repeatable.")] = None
    band: BandOption = "all"
    order: Annotated[int, typer.Option(help="Butterworth order of the band (no effect in mode keep).")] = 1
    mode: Annotated[str, typer.Option(help="How the band acts on the features: keep, reweight or pixels.")] = "keep"
    crop: Annotated[int, typer.Option(metavar="N", help="Side of the square window cut from each picture, in pixels.")] = 128
    tiles: Annotated[int, typer.Option(metavar="N", help="Windows per picture; 1 is the central one.", min=1)] = 1
    seed: Annotated[int, typer.Option(metavar="N", help="Seed of all random draws.", min=0)] = 0
    drop_leaks: Annotated[
        bool, typer.Option("--drop-leaks", help="Leave out training pictures that share a clip or an identity with validation.")
    ] = False
    allow_lookalikes: AllowLookalikesOption = False
    jobs: JobsOption = None
    cluster: ClusterOption = None
    tracking_uri: TrackingOption = None
    json_file: JsonOption = None


@dataclass(frozen=True)
class EvaluateRequest:
    """Options of ``bench evaluate``."""

    model: Annotated[Path, typer.Argument(metavar="MODEL", help="A folder that bench train made, or models:/ID of MLflow.")]
    test: Annotated[
        list[str],
        typer.Option("--test", metavar="DOMAIN", help="Domain to test on. Repeatable.", autocompletion=completion.domains),
    ]
    data: DataOption = None
    reals: Annotated[
        list[str] | None,
        typer.Option(
            metavar="SOURCE",
            help="Reals that the fakes are set against, too: a data set, a domain, or a folder of pictures. Repeatable.",
            autocompletion=completion.domains,
        ),
    ] = None
    groups: GroupsOption = None
    group_by: GroupByOption = None
    detector: Annotated[
        str | None, typer.Option(metavar="file.py:Class", help="Code of a detector that is not registered.")
    ] = None
    drop_leaks: Annotated[
        bool,
        typer.Option(
            "--drop-leaks", help="Do not score pictures that share a clip or an identity with what it has learned from."
        ),
    ] = False
    allow_lookalikes: AllowLookalikesOption = False
    clips: Annotated[str, typer.Option(metavar="RULE", help="Frames of a clip to one score: mean, vote or top_third.")] = "mean"
    scores: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the score files (Parquet), one per domain.")] = None
    jobs: JobsOption = None
    cluster: ClusterOption = None
    tracking_uri: TrackingOption = None
    json_file: JsonOption = None


@dataclass(frozen=True)
class ScanRequest:
    """Options of ``bench scan``."""

    paths: Annotated[list[Path], typer.Argument(metavar="MODEL PATH...", help="A folder of bench train, then what to score.")]
    frames: Annotated[int, typer.Option(metavar="N", min=1, help="Frames per clip, spread evenly.")] = 32
    pool: Annotated[str, typer.Option(help="Frames to one score: mean, vote or top_third.")] = "mean"
    faces: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Finder of the face that is scored: haar, yunet, retinaface, or none for the middle. auto: haar in clips, "
            "if the model was trained on faces.",
        ),
    ] = "auto"
    weights: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The face finder's weights, for yunet and retinaface.")
    ] = None
    min_size: Annotated[
        int | None,
        typer.Option(
            "--min-size",
            "--min-face",
            metavar="N",
            min=0,
            help="Smallest face in pixels; smaller ones are ignored. (default: as in training)",
            show_default=False,
        ),
    ] = None
    margin: Annotated[
        float | None,
        typer.Option(
            metavar="X",
            help="Margin on every side, as a share of the face's box. (default: as in training)",
            show_default=False,
        ),
    ] = None
    detector: Annotated[
        str | None, typer.Option(metavar="file.py:Class", help="Code of a detector that is not registered.")
    ] = None
    json_file: JsonOption = None
    csv_file: CsvOption = None
