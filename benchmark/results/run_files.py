"""
Strict readers of the files that a run left in a store, which may be anybody's.

Only regular files below a size are opened. Nesting, texts, numbers of rows and the memory that a file asks for are checked
before a value is used, so that no file costs more than the limits of this module; each failure has its code
(`refusals.RefusedBecause`).
"""

import json
import math
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .arrow import pc
from .refusals import RefusedBecause, refuse

MOST_JSON_BYTES = 64 * 2**20
MOST_NESTED = 32  # lists and objects in each other
MOST_VALUES = 3_000_000  # of a JSON file
MOST_TEXT = 20_000  # characters of a text in a JSON file
MOST_INTEGER = 2**53  # integers up to it are exact in every reader of JSON
MOST_SCORE_BYTES = 2**31  # of a score file, on the disk and unpacked
MOST_ITEMS = 20_000_000  # of a score file
MOST_CELL_TEXT = 2000  # characters of an id, a group or a status
MOST_TEXT_BYTES = 2**32  # of one column of texts as an array, in which each has the room of the longest


def regular_file(path: Path, most_bytes: int, kind: str = "file") -> Path:
    """
    Return a path to a regular file of at most some bytes; a pipe would wait for ever, and a device never ends.

    Parameters
    ----------
    path : Path
    most_bytes : int
    kind : str
        Of file, for messages.

    Raises
    ------
    RefusedError
        If it is something else, or larger.
    """
    try:
        facts = path.stat()
    except (OSError, ValueError) as error:  # a name with a null character is a ValueError
        reason = getattr(error, "strerror", None) or str(error)
        refuse(RefusedBecause.MISSING, f"{kind} {path} cannot be read: {reason}.")
    if not stat.S_ISREG(facts.st_mode):
        refuse(RefusedBecause.NOT_REGULAR, f"{kind} {path} cannot be read: it is no regular file.")
    if facts.st_size > most_bytes:
        refuse(RefusedBecause.TOO_LARGE, f"{kind} {path} has {facts.st_size:,} bytes; at most {most_bytes:,} are read.")
    return path


def file_below(folder: Path, name: str) -> Path:
    """
    Return the path of a file that a document names below its folder.

    Raises
    ------
    RefusedError
        If the name leads out of the folder.
    """
    parts = PurePosixPath(name).parts
    if not parts or name.startswith("/") or ".." in parts or "\\" in name or not name.isprintable():
        refuse(RefusedBecause.INVALID, f"cell.json names the score file {name!r}; wanted a path below the folder of the cell.")
    return folder / name


def read_run_json(path: Path, most_text: int = MOST_TEXT) -> Any:
    """
    Read a JSON file of a run.

    Parameters
    ----------
    path : Path
    most_text : int
        Characters that a text in it may have.

    Raises
    ------
    RefusedError
        If it is missing, larger, deeper or longer than the limits, or no JSON.
    """
    regular_file(path, MOST_JSON_BYTES)
    try:
        value = json.loads(path.read_bytes().decode("utf-8"), parse_constant=_no_number)
    except OSError as error:
        refuse(RefusedBecause.MISSING, f"{path.name} cannot be read: {error.strerror} ({path}).")
    except RecursionError:
        refuse(RefusedBecause.TOO_LARGE, f"{path.name} is nested too deeply; at most {MOST_NESTED} levels are read ({path}).")
    except ValueError as error:
        refuse(RefusedBecause.DAMAGED, f"{path.name} is no JSON: {error} ({path}).")
    check_plain(value, path.name, most_text)
    return value


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def check_plain(value: Any, name: str, most_text: int = MOST_TEXT) -> None:
    """
    Check nesting, lengths and numbers of a JSON value, level by level.

    Parameters
    ----------
    value : JSON value
    name : str
        Of the file, for messages.
    most_text : int
        Characters that a text may have.

    Raises
    ------
    RefusedError
        If a limit of this module is exceeded, or a number is not finite.
    """
    level, n_values = [value], 0
    for _ in range(MOST_NESTED + 1):
        below: list[Any] = []
        for one in level:
            if isinstance(one, dict):
                below += one.values()
                for key in one:
                    _check_text(key, name, most_text)
            elif isinstance(one, list):
                below += one
            elif isinstance(one, str):
                _check_text(one, name, most_text)
            elif isinstance(one, int | float) and not abs(one) <= (MOST_INTEGER if isinstance(one, int) else math.inf):
                refuse(RefusedBecause.INVALID, f"{name} holds an integer beyond {MOST_INTEGER:,}.")
            elif isinstance(one, float) and math.isinf(one):
                refuse(RefusedBecause.INVALID, f"{name} holds a number that is not finite.")
        n_values += len(below)
        if n_values > MOST_VALUES:
            refuse(RefusedBecause.TOO_LARGE, f"{name} holds more than {MOST_VALUES:,} values.")
        if not below:
            return
        level = below
    refuse(RefusedBecause.TOO_LARGE, f"{name} is nested too deeply; at most {MOST_NESTED} levels are read.")


def _check_text(text: str, name: str, most: int) -> None:
    if len(text) > most:
        refuse(RefusedBecause.TOO_LARGE, f"{name} holds a text of {len(text):,} characters; at most {most:,} are read.")


def read_run_parquet(path: Path, schema: pa.Schema, columns: Sequence[str] | None = None) -> pa.Table:
    """
    Read a Parquet file of a run whose columns have to be those of a schema.

    Texts are read as dictionaries, so that one that is repeated in every row takes the room of one.

    Parameters
    ----------
    path : Path
    schema : Schema
        Columns of numbers and strings; others that the file has are not read.
    columns : sequence of str, optional
        Those that are wanted. (default: all of the schema)

    Returns
    -------
    Table
        In the types of the schema.

    Raises
    ------
    RefusedError
        If it is missing or no Parquet file, a column is missing or of another type, or a limit of this module is exceeded.
    """
    regular_file(path, MOST_SCORE_BYTES, "score file")
    wanted = schema if columns is None else pa.schema([schema.field(name) for name in columns])
    texts = [field.name for field in wanted if pa.types.is_string(field.type)]
    try:
        with pq.ParquetFile(path) as described:
            _check_columns(described, path, schema)
            _check_extent(described, path)
        with pq.ParquetFile(path, metadata=described.metadata, read_dictionary=texts) as file:
            table = file.read(columns=wanted.names)
    except (OSError, ValueError, pa.ArrowException, MemoryError, OverflowError) as error:
        refuse(RefusedBecause.DAMAGED, f"score file {path} cannot be read: {error}.")
    for name in texts:
        _check_texts(table.column(name), name, path)
    try:
        return table.cast(wanted)
    except (ValueError, pa.ArrowException) as error:
        refuse(RefusedBecause.INVALID, f"score file {path} cannot be read: {error}.")


def read_any_parquet(path: Path) -> pa.Table:
    """
    Read a Parquet file of any columns, within the limits of this module.

    Raises
    ------
    RefusedError
        If it is larger than the limits.
    OSError, ValueError, pyarrow.ArrowException
        If it is missing, or no Parquet file.
    """
    with path.open("rb"):  # says why a file cannot be read
        regular_file(path, MOST_SCORE_BYTES)
    with pq.ParquetFile(path) as described:
        _check_extent(described, path)
        metadata, found = described.metadata, described.schema_arrow
    leaves = {metadata.schema.column(i).path for i in range(metadata.num_columns)}
    texts = [field.name for field in found if _is_text(field.type) and field.name in leaves]
    with pq.ParquetFile(path, metadata=metadata, read_dictionary=texts) as file:
        table = file.read()
    for name in texts:
        _check_texts(table.column(name), name, path)
    return table.cast(found)


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind.value_type if pa.types.is_dictionary(kind) else kind)


def _check_columns(file: pq.ParquetFile, path: Path, schema: pa.Schema) -> None:
    found = file.schema_arrow
    if missing := [name for name in schema.names if found.get_field_index(name) < 0]:
        text = f"score file {path} cannot be read: columns are {found.names[:20]}, wanted {schema.names}; missing {missing}."
        refuse(RefusedBecause.INVALID, text)
    for field in schema:
        kind = found.field(field.name).type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if kind != field.type:
            text = f"score file {path} cannot be read: the column {field.name} holds {kind}, wanted {field.type}."
            refuse(RefusedBecause.INVALID, text)


def _check_extent(file: pq.ParquetFile, path: Path) -> None:
    """Refuse by the rows and bytes that the file says it has."""
    metadata = file.metadata
    if metadata.num_rows > MOST_ITEMS:
        text = f"score file {path} has {metadata.num_rows:,} rows; at most {MOST_ITEMS:,} are read."
        refuse(RefusedBecause.TOO_LARGE, text)
    size = sum(metadata.row_group(i).total_byte_size for i in range(metadata.num_row_groups))
    if size > MOST_SCORE_BYTES:
        text = f"score file {path} unpacks to {size:,} bytes; at most {MOST_SCORE_BYTES:,} are read."
        refuse(RefusedBecause.TOO_LARGE, text)


def _check_texts(column: pa.ChunkedArray, name: str, path: Path) -> None:
    """Refuse texts that are too long, one by one or as an array in which each has the room of the longest."""
    lengths = [pc.max(pc.utf8_length(chunk.dictionary)).as_py() for chunk in column.chunks if len(chunk.dictionary)]
    longest = max((length for length in lengths if length is not None), default=0)
    if longest > MOST_CELL_TEXT:
        text = f"score file {path} has a text of {longest:,} characters in {name}; at most {MOST_CELL_TEXT:,} are read."
        refuse(RefusedBecause.TOO_LARGE, text)
    if (size := 4 * longest * len(column)) > MOST_TEXT_BYTES:
        text = f"the column {name} of score file {path} would take {size:,} bytes; at most {MOST_TEXT_BYTES:,} are used."
        refuse(RefusedBecause.TOO_LARGE, text)


def check_scores(table: pa.Table, path: Path, allowed: Mapping[str, Sequence[str]]) -> None:
    """
    Check the values of a score file: labels, words, and a finite score of every item that says that it has one.

    Parameters
    ----------
    table : Table
    path : Path
        For messages.
    allowed : mapping of str to sequence of str
        By column, the words that it may hold.

    Raises
    ------
    RefusedError
        With the column and the first value that is not allowed.
    """
    for name in ("domain", "split", "item", "label", "group", "status"):
        if name in table.column_names and table.column(name).null_count:
            n = table.column(name).null_count
            refuse(RefusedBecause.INVALID, f"score file {path} lacks the {name} of {n:,} items.")
    for name, words in allowed.items():
        if name in table.column_names and (odd := set(table.column(name).unique().to_pylist()) - set(words)):
            text = f"score file {path} has the {name} {min(odd)!r}; wanted one of {', '.join(map(str, words))}."
            refuse(RefusedBecause.INVALID, text)
    labels = set(table.column("label").unique().to_pylist()) - {0, 1}
    if labels:
        refuse(RefusedBecause.INVALID, f"score file {path} has the label {min(labels)}; wanted 0 (real) or 1 (fake).")
    ok = np.asarray(table.column("status").to_numpy(zero_copy_only=False) == "ok", dtype=bool)
    scores = table.column("score").to_numpy()
    n = int((~np.isfinite(scores[ok])).sum())
    if n:
        refuse(RefusedBecause.INVALID, f"score file {path} has {n:,} scores that are missing or not finite, with status ok.")
