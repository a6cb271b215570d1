"""Options of the commands that export spectra and embeddings of pictures."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from .. import completion
from ..options import (
    BandOption,
    DataOption,
    FormatsOption,
    GroupByOption,
    GroupsOption,
    JobsOption,
    JsonOption,
    SplitChoice,
    TrackingOption,
)


@dataclass(frozen=True)
class SpectraRequest:
    """Options of ``bench spectra``."""

    domains: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DOMAIN...",
            help="Domains to compare; the first is the reference. (default: those of --data)",
            autocompletion=completion.domains,
        ),
    ] = None
    data: DataOption = None
    groups: GroupsOption = None
    group_by: GroupByOption = None
    reference: Annotated[
        str | None, typer.Option(metavar="DOMAIN", help="Domain that the others are compared with. (default: the first one)")
    ] = None
    split: Annotated[SplitChoice, typer.Option(help="Split of the pictures.")] = SplitChoice.all
    crop: Annotated[int, typer.Option(metavar="SIDE", help="Side of the square window cut from each picture, in pixels.")] = 128
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Largest number of pictures per class and domain. (default: all)")
    ] = None
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of computed pictures, of splits and of --limit.")] = 0
    per_channel: Annotated[bool, typer.Option("--per-channel", help="Compute the DCT of red, green and blue separately.")] = (
        False
    )
    faithful: Annotated[
        bool, typer.Option("--faithful", help="Use the published statistics: means of signed and complex coefficients.")
    ] = False
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder for the pictures.")] = Path("spectra")
    formats: FormatsOption = None
    html: Annotated[bool, typer.Option("--html", help="Also write interactive pages; they need no network.")] = False
    jobs: JobsOption = None
    no_track: Annotated[bool, typer.Option("--no-track", help="Record nothing in MLflow.")] = False
    tracking_uri: TrackingOption = None
    json_file: JsonOption = None


@dataclass(frozen=True)
class EmbeddingsRequest:
    """Options of ``bench embeddings``."""

    domains: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="DOMAIN...",
            help="Domains; one class is enough. (default: those of --data)",
            autocompletion=completion.domains,
        ),
    ] = None
    detector: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Detector whose features are exported: clip_probe, dino_probe, name/preset … See bench list detectors.",
        ),
    ] = "clip_probe"
    param: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="Parameter of the detector. Repeatable.")] = None
    data: DataOption = None
    groups: GroupsOption = None
    group_by: GroupByOption = None
    split: Annotated[SplitChoice, typer.Option(help="Split of the pictures.")] = SplitChoice.all
    limit: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Largest number of pictures per class and domain. (default: all)")
    ] = None
    band: BandOption = "all"
    order: Annotated[int, typer.Option(help="Butterworth order of the band, by which the pictures are filtered.")] = 1
    crop: Annotated[int, typer.Option(metavar="N", help="Side of the square window cut from each picture, in pixels.")] = 128
    tiles: Annotated[
        int, typer.Option(metavar="N", help="Windows per picture, whose vectors are averaged; 1 is the central one.", min=1)
    ] = 1
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of computed pictures, of splits and of --limit.")] = 0
    out: Annotated[Path, typer.Option(metavar="FILE", help="File to write; its name ends in .parquet or .npz.")] = Path(
        "embeddings.parquet"
    )
    jobs: JobsOption = None
    json_file: JsonOption = None
