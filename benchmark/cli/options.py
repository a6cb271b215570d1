"""Options that several commands share."""

import difflib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin

import typer
from typer.core import TyperCommand, TyperGroup

from ..errors import BenchError, unknown_name
from ..figures.formats import FigureFormat
from ..invocation import bench
from .examples import EXAMPLES

if TYPE_CHECKING:
    from ..registry import DetectorSpec

STDOUT = "-"
BARE = ("--json", "--csv", "--csv-tests")  # may stand without a file


class _BareFiles:
    """``--json``, ``--csv`` and ``--csv-tests`` may stand without a file, which then is standard output."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        given = []
        for i, arg in enumerate(args):
            given.append(arg)
            last = i + 1 == len(args)
            if arg in BARE and (last or args[i + 1].startswith("--")):
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
RowsCsvOption = Annotated[
    str | None,
    typer.Option(
        "--csv",
        metavar="[FILE]",
        help="Write one line per row to a CSV file, or to standard output. role: chosen (by the search), allpass (all "
        "frequencies), fixed (named by the study).",
    ),
]
TestsCsvOption = Annotated[
    str | None,
    typer.Option("--csv-tests", metavar="[FILE]", help="Write one line per row and test domain, as --csv does."),
]
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


FormatsOption = Annotated[
    list[FigureFormat] | None,
    typer.Option(
        "--format", help="Of the figures: svg and pdf are sized for a column of a paper. Repeatable.", show_default=False
    ),
]
JobsOption = Annotated[int | None, typer.Option("--jobs", metavar="N", help="Worker processes. (default: one per core)")]
BandOption = Annotated[
    str, typer.Option("--band", metavar="BAND", help="all, low:0.2, high:0.3, band:0.2-0.3, stop:0.2-0.3; or radii: low:25px.")
]


def formats_of(given: list[FigureFormat] | None, default: FigureFormat = FigureFormat.png) -> list[FigureFormat]:
    """Return the formats that were asked for, each once."""
    return list(dict.fromkeys(given or [default]))


def jobs_of(given: int | None) -> int:
    """Return the number of worker processes."""
    if given is not None and given < 1:
        raise BenchError(f"--jobs is at least 1, got {given}.")
    return given or len(os.sched_getaffinity(0))


def parse_params(given: list[str] | None, option: str = "--param", types: Mapping[str, Any] | None = None) -> dict[str, Any]:
    r"""
    ``NAME=VALUE`` options to a dict; values are read as YAML (numbers, true, [1, 2], text).

    Parameters
    ----------
    given : list of str or None
    option : str
        For messages.
    types : mapping of str to type, optional
        Of parameters. The value of one that is text is taken as it stands: ``[a-z]+(\d+)`` is no list, ``2024`` no number.

    Raises
    ------
    BenchError
        If a text is no ``NAME=VALUE``, or a value is no YAML.
    """
    from ..store.yaml_text import YamlError, parse_yaml

    found: dict[str, Any] = {}
    for text in given or []:
        name, mark, value = text.partition("=")
        if not (name and mark):
            raise BenchError(f"{option} wants NAME=VALUE (for example {option} C=3), got {text!r}.")
        if _takes_text((types or {}).get(name), value):
            found[name] = value
            continue
        try:
            found[name] = parse_yaml(value).data
        except YamlError as error:
            raise BenchError(f"{option} {name}: {value!r} is no value such as 3, true, [1, 2] or text.") from error
    return found


def _takes_text(hint: Any, value: str) -> bool:
    """Whether a type takes a value as text: it is `str`, or `str` or None where the value does not say ``null``."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    return hint is str or (set(get_args(hint)) == {str, NoneType} and value not in ("", "null", "~"))


def parse_detector(text: str, param: list[str] | None) -> "DetectorSpec":
    """
    Read a detector and its ``--param`` options.

    Raises
    ------
    BenchError
        If the detector or a parameter is unknown, or a value cannot be that of its parameter.
    """
    from ..registry import DetectorSpec

    types = DetectorSpec.parse(text).plugin.parameter_types()
    return DetectorSpec.parse(text, parse_params(param, types=types))


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


def parse_data(given: list[str] | None, named: Sequence[str] = ()) -> GivenData:
    """
    Read ``NAME=DIR`` and ``NAME.PARAMETER=VALUE``, whose values are YAML.

    A dot is that of a parameter where a known data set or a name of another ``--data`` stands before it; no name holds one.

    Parameters
    ----------
    given : list of str or None
    named : sequence of str
        Data sets that the command was told of in another way.

    Raises
    ------
    BenchError
        If a text is neither, or the data set has no such parameter.
    """
    pairs = [_data_pair(text) for text in given or []]
    folders: dict[str, str] = {}
    options: dict[str, dict[str, Any]] = {}
    for name, folder in pairs:
        if "." in name and ":" not in name:
            continue
        if name in folders:
            raise BenchError(f"--data names '{name}' twice.")
        folders[name] = folder
    for name, value in pairs:
        if name not in folders:
            alias, _, parameter = name.partition(".")
            types = _types_of(alias, parameter, value, (*folders, *named))
            options.setdefault(alias, {}).update(parse_params([f"{parameter}={value}"], "--data " + alias, types))
    return GivenData(folders, options)


def _data_pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not name or bool(mark) != bool(value) or (not mark and ":" not in name):
        raise BenchError(f"--data wants NAME=DIR (for example --data mine=pictures/), got {text!r}.")
    return name, value


def _types_of(alias: str, parameter: str, value: str, given: Sequence[str]) -> dict[str, Any]:
    """Types of a data set's parameters; a data set that is not known or has none of that name is refused."""
    from ..registry import datasets

    by_alias = {name: name for name in datasets.names()}
    by_alias |= {datasets.get(name).name: name for name in given if ":" in name}
    by_alias |= {name: "folder" for name in given if ":" not in name and name not in by_alias}
    if alias not in by_alias:
        near = difflib.get_close_matches(alias, by_alias, n=1)
        meant = f"Did you mean '{near[0]}.{parameter}'? " if near else ""
        plain = f"--data {_plain(alias, parameter)}={value}"
        raise BenchError(
            f"--data {alias}.{parameter}={value}: no data set '{alias}' is known, of which '{parameter}' could be a parameter. "
            f"{meant}A name of your own holds lower-case letters, digits and underscores: {plain}."
        )
    taken = {"root": f"--data {alias}={value}", "seed": "--seed", "replicate": "--seed"}
    if parameter in taken:
        raise BenchError(f"--data {alias}.{parameter}={value}: that is given by {taken[parameter]}.")
    types = {name: hint for name, hint in datasets.get(by_alias[alias]).parameter_types().items() if name not in taken}
    if parameter not in types:
        raise BenchError(f"--data {alias}.{parameter}={value}: {unknown_name(f'parameter of {alias}', parameter, types)}")
    return types


def _plain(*parts: str) -> str:
    """Make a name of some texts that a data set may have."""
    return re.sub(r"[^a-z0-9]+|^[^a-z]+", "_", "_".join(parts).lower()).strip("_") or "mine"


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
    from ..tracking.reading import download_model
    from ..tracking.store import resolve_tracking_uri

    return download_model(text, resolve_tracking_uri(tracking_uri))


def check_target(target: str | None) -> None:
    """Refuse a file that cannot be written before the work begins whose result it is meant for."""
    if target not in (None, STDOUT) and not Path(str(target)).absolute().parent.is_dir():
        raise BenchError(f"cannot write {target}: there is no folder {Path(str(target)).absolute().parent}.")


def check_targets(*targets: str | None) -> None:
    """Refuse files that cannot be written, and two of them on standard output."""
    for target in targets:
        check_target(target)
    if targets.count(STDOUT) > 1:
        raise BenchError("standard output takes one file; give the others a name.")


def write_text(target: str, text: str) -> None:
    """Write to a file, or to standard output for ``-``."""
    if target == STDOUT:
        typer.echo(text, nl=False)
        return
    try:
        Path(target).write_text(text, encoding="utf-8", errors="backslashreplace")  # a folder's name may be no UTF-8
    except OSError as error:
        raise BenchError(f"cannot write {target} ({error.strerror}).") from error
