"""Options that several commands share."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from ..errors import BenchError
from ..invocation import bench
from .examples import EXAMPLES

STDOUT = "-"


class _BareFiles:
    """``--json`` and ``--csv`` may stand without a file, which then is standard output."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = []
        for i, arg in enumerate(args):
            given.append(arg)
            last = i + 1 == len(args)
            if arg in ("--json", "--csv") and (last or args[i + 1].startswith("--")):
                given.append(STDOUT)
        return super().parse_args(ctx, given)  # pyright: ignore[reportAttributeAccessIssue] (of the class beside it)


class _Help:
    """Help that shows flags as flags, and examples below."""

    def get_params(self, ctx: Any) -> list[Any]:
        params = super().get_params(ctx)  # pyright: ignore[reportAttributeAccessIssue] (of the class beside it)
        for param in params:
            if getattr(param, "is_flag", False):
                param.metavar = ""  # else typer shows the type, as if a value were wanted
        return params

    def format_help(self, ctx: Any, formatter: Any) -> None:
        super().format_help(ctx, formatter)  # pyright: ignore[reportAttributeAccessIssue] (of the class beside it)
        text = _examples_text(_words(ctx))
        if formatter.getvalue():  # plain help, which the caller prints
            formatter.write(f"\n{text}\n")
        else:
            typer.echo(text)


def _words(ctx: Any) -> str:
    """Words of a command after the name of the program, however that was started."""
    return "" if ctx.parent is None else f"{_words(ctx.parent)} {ctx.info_name}".lstrip()


def _examples_text(command: str) -> str:
    """Examples of a command, each with its purpose behind it or, where the terminal is too narrow, above it."""
    import shutil

    lines = [(bench(example.arguments), example.purpose) for example in EXAMPLES.get(command, ())]
    width = max((len(line) for line, _ in lines), default=0)
    if all(width + len(purpose) + 6 <= shutil.get_terminal_size().columns for _, purpose in lines):
        shown = [f"   {line:<{width}}  # {purpose}" for line, purpose in lines]
    else:
        shown = [f"   # {purpose}\n   {line}" for line, purpose in lines]
    return "\n".join([" Examples:", *shown]) if shown else ""


class Command(_BareFiles, _Help, TyperCommand):
    """A command that knows bare ``--json`` and ``--csv``."""


class Group(_BareFiles, _Help, TyperGroup):
    """A group of commands, which may do something of its own and knows bare ``--json`` and ``--csv`` then."""


JsonOption = Annotated[
    str | None, typer.Option("--json", metavar="[FILE]", help="Write JSON to a file, or to standard output.")
]
CsvOption = Annotated[str | None, typer.Option("--csv", metavar="[FILE]", help="Write CSV to a file, or to standard output.")]
TrackingOption = Annotated[
    str | None,
    typer.Option("--tracking-uri", metavar="URI", help="MLflow store or server. (default: MLFLOW_TRACKING_URI, else local)"),
]
DataOption = Annotated[
    list[str] | None,
    typer.Option(
        "--data",
        metavar="NAME=DIR",
        help="A data set's folder; or one with real/ and fake/, under a name of your choice; or file.py:Class=DIR; "
        "or NAME.PARAMETER=VALUE. Repeatable.",
    ),
]


JobsOption = Annotated[int | None, typer.Option("--jobs", metavar="N", help="Worker processes. (default: one per core)")]
BandOption = Annotated[
    str, typer.Option("--band", metavar="BAND", help="all, low:0.2, high:0.3, band:0.2-0.3, stop:0.2-0.3; or radii: low:25px.")
]


def jobs_of(given: int | None) -> int:
    """Return the number of worker processes."""
    if given is not None and given < 1:
        raise BenchError(f"--jobs is at least 1, got {given}.")
    return given or len(os.sched_getaffinity(0))


def parse_params(given: list[str] | None, option: str = "--param") -> dict[str, Any]:
    """``NAME=VALUE`` options to a dict; values are read as YAML (numbers, true, [1, 2], text)."""
    import yaml

    found: dict[str, Any] = {}
    for text in given or []:
        name, mark, value = text.partition("=")
        if not (name and mark):
            raise BenchError(f"{option} wants NAME=VALUE (for example {option} C=3), got {text!r}.")
        try:
            found[name] = yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise BenchError(f"{option} {name}: {value!r} is no value such as 3, true, [1, 2] or text.") from error
    return found


@dataclass(frozen=True)
class GivenData:
    """
    What ``--data`` said.

    Attributes
    ----------
    folders : dict of str to str
        By data set.
    options : dict of str to dict
        Parameters by data set.
    """

    folders: dict[str, str]
    options: dict[str, dict[str, Any]]


def parse_data(given: list[str] | None) -> GivenData:
    """``NAME=DIR`` options, and ``NAME.PARAMETER=VALUE`` options whose values are read as YAML."""
    folders: dict[str, str] = {}
    options: dict[str, dict[str, Any]] = {}
    for text in given or []:
        name, mark, folder = text.partition("=")
        if not name or bool(mark) != bool(folder) or (not mark and ":" not in name):
            raise BenchError(f"--data wants NAME=DIR (for example --data mine=pictures/), got {text!r}.")
        alias, dot, parameter = name.partition(".")
        if dot and ":" not in name:
            options.setdefault(alias, {}).update(parse_params([f"{parameter}={folder}"], "--data " + alias))
            continue
        if name in folders:
            raise BenchError(f"--data names '{name}' twice.")
        folders[name] = folder
    return GivenData(folders, options)


def model_folder(given: Path, tracking_uri: str | None = None) -> Path:
    """
    Find the folder of a model that is given as a path, as ``file://…`` or as an address of MLflow (``models:/…``, ``runs:/…``).

    Raises
    ------
    TrackingError
        If MLflow does not find it.
    """
    text = str(given)  # a path has lost double slashes
    if text.startswith("file:/"):
        return Path("/" + text.removeprefix("file:").lstrip("/"))
    if not text.startswith(("models:/", "runs:/")):
        return given
    from ..tracking import download_model, resolve_tracking_uri

    return download_model(text, resolve_tracking_uri(tracking_uri))


def check_target(target: str | None) -> None:
    """Refuse a file that cannot be written before the work begins whose result it is meant for."""
    if target not in (None, STDOUT) and not Path(str(target)).absolute().parent.is_dir():
        raise BenchError(f"cannot write {target}: there is no folder {Path(str(target)).absolute().parent}.")


def write_text(target: str, text: str) -> None:
    """Write to a file, or to standard output for ``-``."""
    if target == STDOUT:
        typer.echo(text, nl=False)
        return
    try:
        Path(target).write_text(text, encoding="utf-8", errors="backslashreplace")  # file names may be no text
    except OSError as error:
        raise BenchError(f"cannot write {target} ({error.strerror}).") from error
