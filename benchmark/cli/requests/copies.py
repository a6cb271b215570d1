"""Options of ``bench data prepare``, ``bench data doctor`` and ``bench data audit``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from .. import completion
from ..options import (
    ClusterOption,
    CsvOption,
    DataOption,
    GroupByOption,
    GroupsOption,
    JobsOption,
    JsonOption,
)


def _of(metavar: str, text: str) -> Any:
    """An option whose default the data set can change."""
    return typer.Option(metavar=metavar, help=text, show_default=False)


@dataclass(frozen=True)
class PrepareRequest:
    """Options of ``bench data prepare``."""

    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="A data set (bench list datasets), or file.py:Class.", autocompletion=completion.datasets
        ),
    ]
    root: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the data set, as distributed.")] = None
    data: DataOption = None
    groups: GroupsOption = None
    group_by: GroupByOption = None
    param: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="Parameter of the data set. Repeatable.")] = None
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder for the crops. (default: one among the results)")] = (
        None
    )
    domain: Annotated[list[str] | None, typer.Option(metavar="VARIANT", help="Prepare this domain only. Repeatable.")] = None
    frames: Annotated[int | None, _of("N", "Frames per clip, spread evenly. (default: 32)")] = None
    every: Annotated[int | None, _of("K", "Take every K-th frame instead.")] = None
    decoder: Annotated[str | None, _of("NAME", "Decoder of clips: pyav or opencv. (default: pyav)")] = None
    faces: Annotated[str | None, _of("NAME", "Finder of faces: haar, yunet, retinaface or none. (default: haar)")] = None
    weights: Annotated[Path | None, _of("FILE", "The face finder's weights, for yunet and retinaface.")] = None
    threshold: Annotated[float | None, _of("X", "Least confidence of a face. (default: the finder's own)")] = None
    choice: Annotated[str | None, _of("NAME", "Face of a frame: largest, or track through the clip. (default: track)")] = None
    margin: Annotated[float | None, _of("X", "Margin on every side, as a share of the face's box. (default: 0.15)")] = None
    min_size: Annotated[
        int | None,
        typer.Option(
            "--min-size",
            "--min-face",
            metavar="N",
            help="Pass over smaller faces, in pixels. (default: a sixth of the frame's shorter side, from 64 to 100)",
            show_default=False,
        ),
    ] = None
    align: Annotated[bool | None, typer.Option("--align/--no-align", help="Turn crops so that the eyes are level.")] = None
    size: Annotated[int | None, _of("N", "Resize crops to N pixels. (default: 0, keep their pixels)")] = None
    recode: Annotated[str | None, _of("CODEC", "Put every frame through jpeg:QUALITY or h264:CRF first.")] = None
    retry: Annotated[bool, typer.Option("--retry", help="Try sources again that yielded no crop.")] = False
    jobs: JobsOption = None
    cluster: ClusterOption = None
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Estimate the amount of work from a few sources; keep nothing.")
    ] = False
    json_file: JsonOption = None


@dataclass(frozen=True)
class DoctorRequest:
    """Options of ``bench data doctor``."""

    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="A data set, one of its domains, or a name of your own.", autocompletion=completion.datasets
        ),
    ]
    root: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of the data set, as distributed or as prepared.")] = (
        None
    )
    data: DataOption = None
    groups: GroupsOption = None
    group_by: GroupByOption = None
    crop: Annotated[int, typer.Option(metavar="N", min=16, help="Side of the crops that a run will cut.")] = 128
    sample: Annotated[
        int, typer.Option(metavar="N", min=0, help="Open N files per domain and class only. (0: all)", show_default=False)
    ] = 0
    distance: Annotated[
        int | None,
        typer.Option(
            metavar="BITS", min=0, max=63, help="Largest distance of look-alikes, in bits of their hashes. (default: 4)"
        ),
    ] = None
    seed: Annotated[int, typer.Option(help="Seed of the splits that are drawn, as for bench run.")] = 0
    replicate: Annotated[
        int, typer.Option(metavar="N", min=0, help="Number of the draw of training and validation pictures, from 0.")
    ] = 0
    jobs: JobsOption = None
    json_file: JsonOption = None
    csv_file: CsvOption = None


@dataclass(frozen=True)
class AuditRequest:
    """Options of ``bench data audit``."""

    domains: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DOMAIN...", help="Domains to audit. (default: those of --data)", autocompletion=completion.domains
        ),
    ] = None
    data: DataOption = None
    groups: GroupsOption = None
    group_by: GroupByOption = None
    detector: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Detector to fit before and after. Repeatable. (default: spectral_svm and dct_ridge)",
            autocompletion=completion.detectors,
        ),
    ] = None
    quality: Annotated[int, typer.Option(min=1, max=100, help="JPEG quality at which all pictures are stored alike.")] = 75
    crop: Annotated[
        int, typer.Option(metavar="N", min=16, help="Side of the crops, in pixels; less where pictures are smaller.")
    ] = 128
    draws: Annotated[int, typer.Option(metavar="N", min=1, max=100, help="Draws of training pictures.")] = 5
    seed: Annotated[int, typer.Option(min=0, help="Seed of computed pictures and of splits, as for bench run.")] = 0
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the pictures.")] = Path("audit")
    jobs: JobsOption = None
    json_file: JsonOption = None
