"""Options of the commands that list, show, check and write plugins."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from .. import completion
from ..options import (
    JsonOption,
)


class What(StrEnum):
    """Kinds of things that can be listed."""

    detectors = "detectors"
    datasets = "datasets"
    studies = "studies"


NameArgument = Annotated[str, typer.Argument(help="Name of the plugin, in lower_case_with_underscores.")]
IntoOption = Annotated[Path, typer.Option("--into", metavar="DIR", help="Folder for the two files.")]


@dataclass(frozen=True)
class ListRequest:
    """Options of ``bench list``."""

    what: Annotated[What, typer.Argument(help="Kind to list.")]
    json_file: JsonOption = None


@dataclass(frozen=True)
class ShowRequest:
    """Options of ``bench show``."""

    name: Annotated[str, typer.Argument(help="Name of a detector, data set or study.", autocompletion=completion.everything)]
    json_file: JsonOption = None


@dataclass(frozen=True)
class CheckDetectorRequest:
    """Options of ``bench check detector``."""

    name: Annotated[
        str,
        typer.Argument(help="Detector: name, name/preset, module:Class or file.py:Class.", autocompletion=completion.detectors),
    ]
    json_file: JsonOption = None


@dataclass(frozen=True)
class CheckDatasetRequest:
    """Options of ``bench check dataset``."""

    name: Annotated[
        str, typer.Argument(help="Data set: name, module:Class or file.py:Class.", autocompletion=completion.datasets)
    ]
    root: Annotated[Path | None, typer.Option(help="Folder with the files, where the data set needs one.")] = None
    json_file: JsonOption = None


@dataclass(frozen=True)
class NewRequest:
    """Options of ``bench new detector`` and ``bench new dataset``."""

    name: NameArgument
    into: IntoOption = Path()
