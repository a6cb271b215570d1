"""Options that several commands share."""

import contextlib
import os
import stat
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..errors import BenchError
from ..figures.formats import FigureFormat
from ..store.disk import writing
from ..store.files import atomic_path, open_file
from ..store.folders import can_write
from .commands import STDOUT

TEXT_HEAD = 4096  # bytes in which a file that is no text has a zero
OF_NAMES = "backslashreplace"  # a folder's name may be no UTF-8


class SplitChoice(StrEnum):
    """Pictures that are averaged or exported."""

    all = "all"
    train = "train"
    val = "val"
    test = "test"


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
GroupsOption = Annotated[
    list[str] | None,
    typer.Option(
        "--groups",
        metavar="[NAME=]FILE.csv",
        help="List of the pictures that belong together: path, group[, target, donor, video]. Repeatable.",
    ),
]
GroupByOption = Annotated[
    list[str] | None,
    typer.Option(
        "--group-by",
        metavar="[NAME=]REGEX",
        help="Regular expression that finds the group in a path, such as (id\\d+)_; or folder, name, none. Repeatable.",
    ),
]

ReleasedOption = Annotated[
    list[str] | None,
    typer.Option(
        "--released",
        metavar="NAME=DATE",
        help="Release date of the generator of a domain or data set: 2024, 2024-03 or 2024-03-18. Repeatable.",
    ),
]

AllowLookalikesOption = Annotated[
    bool,
    typer.Option(
        "--allow-lookalikes",
        help="Keep test pictures that look like training pictures; the row is marked. Else the pictures are grouped by "
        "look-alikes and split again or, where the splits are given, left out.",
    ),
]

FormatsOption = Annotated[
    list[FigureFormat] | None,
    typer.Option(
        "--format", help="Format of the figures; svg and pdf are sized for a column of a paper. Repeatable.", show_default=False
    ),
]
JobsOption = Annotated[int | None, typer.Option("--jobs", metavar="N", help="Worker processes. (default: one per core)")]
ClusterOption = Annotated[
    str | None,
    typer.Option(
        "--cluster",
        metavar="ADDRESS|FILE",
        help="Dask scheduler, tcp://HOST:8786 or its file: its workers do the work. (default: processes of this machine)",
    ),
]
BandOption = Annotated[
    str,
    typer.Option(
        "--band",
        metavar="BAND",
        help="all, low:0.2, high:0.3, band:0.2-0.3, stop:0.2-0.3; or radii: low:25px; or the lattice of a period in pixels, or "
        "all but it: comb:period=8, anticomb:period=8; both take :halfwidth=0.01 and :points=axes.",
    ),
]


def parse_dates(given: list[str] | None) -> dict[str, str]:
    """
    Return the dates of ``--released NAME=DATE`` by name; whoever takes them reads the dates.

    Raises
    ------
    BenchError
        If a text is no ``NAME=DATE``, or a name has two dates.
    """
    dates: dict[str, str] = {}
    for text in given or []:
        name, mark, day = text.partition("=")
        if not (name and mark and day):
            raise BenchError(f"--released wants NAME=DATE (for example --released mine=2024-03), got {text!r}.")
        if dates.setdefault(name, day) != day:
            raise BenchError(f"--released {name}: two dates are given, {dates[name]} and {day}; give one.")
    return dates


def formats_of(given: list[FigureFormat] | None, default: FigureFormat = FigureFormat.png) -> list[FigureFormat]:
    """Return the formats that were asked for, each once."""
    return list(dict.fromkeys(given or [default]))


def jobs_of(given: int | None) -> int:
    """Return the number of worker processes."""
    if given is not None and given < 1:
        raise BenchError(f"--jobs is at least 1, got {given}.")
    return given or len(os.sched_getaffinity(0))


def check_target(target: str | None) -> None:
    """Refuse a file that cannot be written before the work begins whose result it is meant for."""
    if target is None or target == STDOUT:
        return
    path = _placed(target)
    if path.exists() and not path.is_file():
        raise BenchError(f"cannot write {target}: it is {_kind(path.stat())}; name a file.")


def check_text_target(target: str | None) -> None:
    """
    Refuse what `check_target` does, and a file of texts that would replace a picture, a clip or a part of a model.

    Texts may go to a device of characters such as ``/dev/null``, and to what this process has open (``/dev/stdout``, the
    ``>(…)`` of a shell). Any other pipe would be waited for until somebody reads it.
    """
    if target is None or target == STDOUT:
        return
    path = _placed(target).resolve()
    _refuse_special(target)
    if (path.parent / "model.json").exists():
        raise BenchError(f"cannot write {target}: it lies in the folder of a model; name a file elsewhere.")
    if path.is_file():
        with open_file(path, sys.maxsize, "a file") as file:
            head = file.read(TEXT_HEAD)
        if b"\0" in head:
            raise BenchError(f"cannot write {target}: it is there already and holds no text; name another file.")


def _placed(target: str) -> Path:
    """Return the path of a target; refuse one that is a folder, lies in none, or may not be written."""
    path = Path(target).absolute()
    if not path.parent.is_dir():
        raise BenchError(f"cannot write {target}: there is no folder {path.parent}.")
    if path.is_dir():
        raise BenchError(f"cannot write {target}: it is a folder; name a file.")
    if not can_write(path if path.exists() else path.parent):
        raise BenchError(f"cannot write {target}: you have no right to write {'it' if path.exists() else f'in {path.parent}'}.")
    return path


def _refuse_special(target: str) -> None:
    """Refuse a pipe, socket or disk that is no open stream of this process."""
    path = Path(target)
    if not path.exists() or path.is_file() or path.is_dir():
        return
    facts = path.stat()
    if stat.S_ISCHR(facts.st_mode) or (stat.S_ISFIFO(facts.st_mode) and _is_open(facts)):
        return
    raise BenchError(f"cannot write {target}: it is {_kind(facts)}; name a file, or {STDOUT} for standard output.")


def _is_open(facts: os.stat_result) -> bool:
    """Return True if this process has a file open."""
    for entry in Path("/dev/fd").iterdir():
        with contextlib.suppress(OSError):  # the descriptor of the listing itself is closed by now
            if os.path.samestat(os.fstat(int(entry.name)), facts):
                return True
    return False


def _kind(facts: os.stat_result) -> str:
    tests = {stat.S_ISFIFO: "a pipe", stat.S_ISSOCK: "a socket", stat.S_ISBLK: "a disk", stat.S_ISCHR: "a device"}
    return next((kind for is_kind, kind in tests.items() if is_kind(facts.st_mode)), "no file")


def check_targets(*targets: str | None) -> None:
    """Refuse files of text that cannot be written or would replace other files, and two of them on standard output."""
    for target in targets:
        check_text_target(target)
    if targets.count(STDOUT) > 1:
        raise BenchError("standard output takes one file; give the others a name.")


def write_text(target: str, text: str) -> None:
    """Write to a file, whole or not at all, or to standard output for ``-``; refuse the pipes that `check_text_target` does."""
    if target == STDOUT:
        typer.echo(text, nl=False)
        return
    _refuse_special(target)
    path = Path(target)
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()) or not can_write(path.absolute().parent):
            with writing(path):
                path.write_text(text, encoding="utf-8", errors=OF_NAMES)
            return
        mode = path.stat().st_mode if path.exists() else None
        with atomic_path(path.absolute(), durable=False) as temporary:
            temporary.write_text(text, encoding="utf-8", errors=OF_NAMES)
            if mode is not None:
                temporary.chmod(stat.S_IMODE(mode))
    except OSError as error:
        raise BenchError(f"cannot write {target} ({error.strerror}).") from error
