"""Lists that declare which pictures belong together: CSV files with a line per picture."""

import codecs
import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...benchmark.errors import DataError, listed, unknown_name
from ...benchmark.store.files import read_file

LIST_NAME = "groups.csv"  # of a list that lies in the folder itself
COLUMNS = ("path", "group", "target", "donor", "video")
DELIMITERS = ",;\t"
SHOWN = 3  # lines of a message
MOST_BYTES = 2**28  # of a list; a million pictures take a third of it
WAY_OUT = "Every picture has one line, with its path below the data set's folder (real/a.png)."


@dataclass(frozen=True)
class Line:
    """
    Declaration of one picture; empty where nothing is declared.

    Attributes
    ----------
    group : str
        What stays on one side and is resampled as a whole.
    target, donor, video : str
        As in `Item`.
    """

    group: str = ""
    target: str = ""
    donor: str = ""
    video: str = ""


def find_group_list(root: Path) -> Path | None:
    """Return the list that lies in a folder, ``groups.csv`` in any case; None if there is none."""
    return next((path for path in sorted(root.iterdir()) if path.name.lower() == LIST_NAME and path.is_file()), None)


def read_group_list(path: Path, ids: Sequence[str]) -> dict[str, Line]:
    """
    Read a list of groups.

    Parameters
    ----------
    path : Path
        A CSV file with commas, semicolons or tabs, in UTF-8 or UTF-16. Its columns are ``path`` and at least one of ``group``,
        ``target`` and ``video``, and ``donor`` if there are any. Paths may have backslashes, and folders before the data set's
        own; case is ignored where only it differs.
    ids : sequence of str
        Of all pictures of the data set.

    Returns
    -------
    dict of str to Line
        Of every picture, by its id.

    Raises
    ------
    DataError
        If the file cannot be read, has an unknown column, a path that is no picture or a picture twice, or lacks a picture.
    """
    rows = _rows(path, _text(path))
    paths = _Paths(ids)
    lines: dict[str, Line] = {}
    at: dict[str, int] = {}
    unknown: list[str] = []
    for number, row in rows:
        matches = paths.find(row["path"])
        if len(matches) != 1:
            unknown.append(f"line {number} {row['path']!r}{' (several pictures)' if matches else ''}")
            continue
        (item,) = matches
        if item in lines:
            raise DataError(f"{path}: lines {at[item]} and {number} are both of the picture {item}; delete one.")
        lines[item], at[item] = Line(**{column: row.get(column, "") for column in COLUMNS[1:]}), number
    if unknown:
        raise DataError(
            f"{path}: {len(unknown)} of {len(rows)} paths match no picture: {listed(unknown, SHOWN)}; "
            f"pictures are called like {ids[0] if ids else 'real/a.png'}. {WAY_OUT}"
        )
    absent = [item for item in ids if item not in lines]
    if absent:
        raise DataError(f"{path}: {len(absent)} of {len(ids)} pictures have no line: {listed(absent, SHOWN)}. {WAY_OUT}")
    return lines


def _text(path: Path) -> str:
    try:
        data = read_file(path, MOST_BYTES, "a list of groups")
    except FileNotFoundError as error:
        raise DataError(f"there is no list of groups {path}; check the path.") from error
    except OSError as error:
        raise DataError(f"the list of groups {path} cannot be read ({error.strerror}).") from error
    except DataError as error:
        raise DataError(f"the list of groups {path}: {error}") from error
    wide = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        return data.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is no text in UTF-8 or UTF-16; save it as CSV in UTF-8.") from error


def _rows(path: Path, text: str) -> list[tuple[int, dict[str, str]]]:
    """Return the lines below the head, each with its number and its cells by column."""
    try:
        return _rows_of(path, text)
    except csv.Error as error:  # a quotation mark is open, or a cell is too long, as it is when one is open
        raise DataError(f"{path} cannot be read as CSV ({error}); see that every quotation mark is closed.") from error


def _rows_of(path: Path, text: str) -> list[tuple[int, dict[str, str]]]:
    head = text.splitlines()[0] if text.strip() else ""
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns = [cell.strip().lower() for cell in next(reader, [])]
    _check_columns(path, columns)
    rows = []
    for cells in reader:
        values = [cell.strip() for cell in cells]
        if not any(values):
            continue
        if len(values) != len(columns):
            raise DataError(
                f"{path}, line {reader.line_num}: {len(values)} cells, but the head has {len(columns)} "
                f"({', '.join(columns)}); put cells with a {delimiter!r} in them between double quotes."
            )
        row = dict(zip(columns, values, strict=True))
        if not row["path"]:
            raise DataError(f"{path}, line {reader.line_num}: the path is empty. {WAY_OUT}")
        rows.append((reader.line_num, row))
    return rows


def _check_columns(path: Path, columns: Sequence[str]) -> None:
    wanted = "a list of groups has the columns path and group, and if wanted target, donor and video"
    if not any(columns):
        raise DataError(f"{path} is empty; {wanted}.")
    for column in columns:
        if column not in COLUMNS:
            raise DataError(f"{path}: {unknown_name('column', column, COLUMNS)} {wanted[0].upper()}{wanted[1:]}.")
    if len(set(columns)) < len(columns) or "path" not in columns or not {"group", "target", "video"} & set(columns):
        raise DataError(f"{path} has the columns {', '.join(columns)}; {wanted}, each once.")


class _Paths:
    """The pictures of a data set by the paths that a list may give for them."""

    def __init__(self, ids: Iterable[str]) -> None:
        self._ids = tuple(ids)
        self._exact = set(self._ids)
        self._folded: dict[str, list[str]] = defaultdict(list)
        self._names: dict[str, list[str]] = defaultdict(list)
        for item in self._ids:
            self._folded[item.casefold()].append(item)
            self._names[item.rpartition("/")[2].casefold()].append(item)

    def find(self, text: str) -> list[str]:
        """Return the pictures that a path means: itself, without folders before the data set's own, or the name alone."""
        if text in self._exact:
            return [text]
        parts = [part for part in text.replace("\\", "/").split("/") if part not in ("", ".")]
        ends = ["/".join(parts[start:]) for start in range(len(parts))]
        exact = next(([end] for end in ends if end in self._exact), [])
        folded = next((self._folded[end.casefold()] for end in ends if end.casefold() in self._folded), [])
        return exact or folded or (self._names.get(parts[0].casefold(), []) if len(parts) == 1 else [])
