"""Read submitted score files into one form of table; a cell that cannot be read is a finding and does not stop the rest."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...benchmark.domains.names import chain_of, unperturbed
from ...benchmark.errors import DataError, StudyError
from ...benchmark.results.arrow import pc
from ...benchmark.results.run_files import read_any_parquet
from ...benchmark.results.scores import SCORE_SCHEMA, Status
from ...benchmark.store.files import open_file
from .findings import Finding, FindingKind
from .meta import label as plain_label
from .score_csv import COLUMNS, KNOWN, LABEL_TEXTS, placed_lines, read_score_csv

SUFFIXES = (".parquet", ".csv", ".tsv", ".txt")
STATUSES = tuple(Status)
LABELS = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, **{name: i for i, name in enumerate(LABEL_TEXTS)}}
NO_SCORE = ("", "nan", "null", "none", "na", "n/a")
MOST_CHARACTERS = 300  # of a domain
NEEDED = ("domain", "item", "score")


def read_score_file(
    path: Path, domains: Mapping[str, str] | None = None, canonical_chain: Callable[[str], str] = str
) -> tuple[pa.Table, list[Finding]]:
    """
    Read a submitted score file.

    Parameters
    ----------
    path : Path
        Parquet in `SCORE_SCHEMA`, of which ``domain``, ``item`` and ``score`` have to be there, or the CSV of `score_csv`.
    domains : mapping of str to str, optional
        Domains by the names that the file uses.
    canonical_chain : callable
        Returns the name of a chain of perturbations with all parameters; by default chains stay as they are written.

    Returns
    -------
    table : Table
        In `SCORE_SCHEMA`: ``label`` is null where the file has none, ``status`` is ``error`` where the score is not finite.
    findings : list of Finding
        Cells that could not be read.

    Raises
    ------
    DataError
        If the file cannot be read, lacks a column, or has no rows.
    """
    if path.is_dir():
        raise DataError(
            f"{path} is a folder; scores come as a file, {' or '.join(SUFFIXES[:2])}, one for every fitted detector."
        )
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(f"{path}: scores come as {' or '.join(SUFFIXES[:2])}, got {path.suffix or 'a file without an ending'}.")
    raw = _read_parquet(path) if path.suffix.lower() == ".parquet" else read_score_csv(path)
    if not len(raw):
        raise DataError(f"{path} has no rows; wanted one per test picture.")
    findings: list[Finding] = []
    text = {name: _texts(raw, name) for name in SCORE_SCHEMA.names if name != "score"}
    labels = _labels(text["label"], findings)
    scores, statuses, details = _scores(raw, text["status"], findings)
    ok = pc.equal(statuses, Status.OK.value)
    columns = {
        **text,
        "domain": _domains(path, text["domain"], domains or {}, canonical_chain),
        "split": pc.if_else(pc.equal(text["split"], ""), "test", text["split"]),
        "label": labels,
        "status": statuses,
        "detail": details,
        "score": pc.if_else(ok, pa.array(scores, pa.float64()), pa.scalar(None, pa.float64())),
    }
    return pa.table({f.name: columns[f.name] for f in SCORE_SCHEMA}, schema=SCORE_SCHEMA), findings


def _read_parquet(path: Path) -> pa.Table:
    wanted = f"wanted the columns {', '.join(SCORE_SCHEMA.names)}, of which {', '.join(NEEDED)} have to be there"
    try:
        with open_file(path, kind="a table of scores") as file:
            start = file.read(4)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from error
    except DataError as error:
        raise DataError(f"{path} cannot be read as Parquet: {error}") from error
    if start != b"PAR1":
        what = "it is empty" if not start else "it is no Parquet file (a table of text is named .csv)"
        raise DataError(f"{path} cannot be read as Parquet: {what}; {wanted}.")
    try:
        table = read_any_parquet(path)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"{path} cannot be read as Parquet: it is damaged or not whole; write it again.") from error
    if {"key", "score"} <= set(table.column_names) and "domain" not in table.column_names:
        return _lines_of_parquet(path, table)
    if lacking := [name for name in NEEDED if name not in table.column_names]:
        got = plain_label(", ".join(table.column_names))[:200]
        raise DataError(f"{path} lacks the columns {', '.join(lacking)}; wanted {', '.join(SCORE_SCHEMA.names)}, got {got}.")
    return _of_plain_types(path, table, SCORE_SCHEMA.names)


def _lines_of_parquet(path: Path, table: pa.Table) -> pa.Table:
    """Return a table with the columns of the per-item CSV as that is read."""
    given = _of_plain_types(path, table, KNOWN)
    columns = {"item" if name == "key" else name: _texts(given, name) for name in KNOWN if name != "score"}
    return placed_lines(pa.table(columns | {"score": given["score"]}), bool({"generator", "source"} & set(given.column_names)))


def _of_plain_types(path: Path, table: pa.Table, names: Sequence[str]) -> pa.Table:
    """Return some columns, bytes as text; a column that holds neither text nor numbers is refused."""
    columns = {}
    for name in names:
        if table.column_names.count(name) > 1:
            raise DataError(f"{path} has a column twice ({name}).")
        if name not in table.column_names:
            continue
        column = table[name]
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        wanted = "numbers" if name == "score" else "text"
        if pa.types.is_nested(kind) or pa.types.is_temporal(kind) or (name == "score" and pa.types.is_boolean(kind)):
            raise DataError(f"{path}: the column {name} holds {kind}; wanted {wanted}, one value a row.")
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            try:
                column = column.cast(pa.large_string())
            except pa.ArrowInvalid as error:
                raise DataError(f"{path}: the column {name} holds bytes that are no UTF-8 text; wanted {wanted}.") from error
        columns[name] = column
    return pa.table(columns)


def _texts(table: pa.Table, name: str) -> pa.Array:
    """Return one column as text; empty where there is no such column or no value."""
    if name not in table.column_names:
        return pa.repeat(pa.scalar("", pa.string()), len(table))
    column = _joined(table[name])
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return pc.fill_null(column.cast(pa.string()), "")
    return pa.array(["" if value is None else str(value) for value in column.to_pylist()], pa.string())


def _joined(column: pa.ChunkedArray) -> pa.Array:
    joined = column.combine_chunks()
    return pa.concat_arrays(joined.chunks) if isinstance(joined, pa.ChunkedArray) else joined


def _changed(texts: pa.Array, change: Callable[[str], Any], kind: pa.DataType) -> pa.Array:
    """Return a function of every text, which is called once for each distinct one."""
    encoded = texts.dictionary_encode()
    return pa.array([change(text) for text in encoded.dictionary.to_pylist()], kind).take(encoded.indices)


def _domains(path: Path, given: pa.Array, names: Mapping[str, str], canonical_chain: Callable[[str], str]) -> pa.Array:
    """Return the domains under their full names, with all parameters of perturbations."""
    nameless = np.flatnonzero(_changed(given, lambda name: not name.strip(), pa.bool_()).to_numpy(zero_copy_only=False))
    if len(nameless):
        raise DataError(
            f"{path}: a row names no domain (row {nameless[0] + 1:,} below the head, {len(nameless):,} in all); the columns "
            f"are {', '.join(COLUMNS)}, or those of a score file."
        )
    return _changed(given, lambda name: _full_name(names.get(name, name), canonical_chain), pa.string())


def _full_name(domain: str, canonical_chain: Callable[[str], str]) -> str:
    chain = chain_of(domain)
    if not domain.strip():
        raise DataError(f"a row names no domain; the columns are {', '.join(COLUMNS)}, or those of a score file.")
    if len(domain) > MOST_CHARACTERS or not domain.isprintable():
        raise DataError(
            f"the domain {domain[:60]!r} is no name of one printable line with at most {MOST_CHARACTERS} characters."
        )
    try:
        return f"{unperturbed(domain)}+{canonical_chain(chain)}" if chain else domain
    except StudyError as error:
        raise DataError(f"domain {domain[:200]!r}: {error}") from error


def _labels(given: pa.Array, findings: list[Finding]) -> pa.Array:
    labels = _changed(given, lambda text: LABELS.get(text.strip().lower()), pa.int8())
    is_strange = pc.and_(pc.is_null(labels), _changed(given, lambda text: bool(text.strip()), pa.bool_()))
    strange = given.filter(is_strange)
    if len(strange):
        text = f"{_rows(len(strange))} a label that is none of 0, 1, real, fake (such as {_first(strange)})."
        findings.append(Finding(FindingKind.UNREAD_LABEL, text))
    return labels


def _scores(raw: pa.Table, given: pa.Array, findings: list[Finding]) -> tuple[NDArray[np.float64], pa.Array, pa.Array]:
    """Return scores, status and detail of each row; only finite scores are ``ok``."""
    statuses = _changed(given, lambda text: text.strip().lower() or Status.OK.value, pa.string())
    is_known = pc.is_in(statuses, pa.array(STATUSES))
    if len(unknown := statuses.filter(pc.invert(is_known))):
        n = _n_lines(raw, np.flatnonzero(pc.invert(is_known).to_numpy(zero_copy_only=False)))
        text = f"{_rows(n)} a status that is none of {', '.join(STATUSES)} (such as {_first(unknown)}); not scored."
        findings.append(Finding(FindingKind.UNREAD_STATUS, text))
    values = _joined(raw["score"])
    scores = _numbers(values)
    ok = pc.equal(statuses, Status.OK.value).to_numpy(zero_copy_only=False)
    unusable = np.flatnonzero(ok & ~np.isfinite(scores))
    texts = [str(value).strip() for value in values.take(unusable).to_pylist()]
    pairs = zip(texts, scores[unusable], strict=True)
    is_odd = np.array([not np.isinf(score) and t.lower() not in NO_SCORE for t, score in pairs], dtype=bool)
    if is_odd.any():
        text = f"{_rows(_n_lines(raw, unusable[is_odd]))} a score that is no number (such as {texts[is_odd.argmax()][:60]!r})"
        findings.append(Finding(FindingKind.NO_NUMBER, f"{text}; not scored."))
    if n := _n_lines(raw, unusable[~is_odd]):
        findings.append(Finding(FindingKind.NOT_FINITE, f"{_rows(n)} a score that is NaN, infinite or empty; not scored."))
    is_bad = np.zeros(len(scores), dtype=bool)
    is_bad[unusable] = True
    corrected = pc.if_else(pc.or_(pa.array(is_bad), pc.invert(is_known)), Status.ERROR.value, statuses)
    return scores, corrected, pc.if_else(pa.array(is_bad), "the score is not a finite number", "")


def _n_lines(raw: pa.Table, rows: NDArray[np.intp]) -> int:
    """Count lines of the file: one that counts for several test domains has a row for each."""
    return len(np.unique(raw["line"].to_numpy()[rows])) if "line" in raw.column_names else len(rows)


def _numbers(values: pa.Array) -> NDArray[np.float64]:
    """Return values as numbers; NaN for those that are none."""
    try:
        if pa.types.is_string(values.type) or pa.types.is_large_string(values.type):
            values = pc.utf8_trim_whitespace(values)
            values = pc.if_else(pc.equal(values, ""), None, values)
        return pc.fill_null(values.cast(pa.float64()), np.nan).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # some text is no number, or is one in Python's spelling alone
        return np.array([_number(value) for value in values.to_pylist()], dtype=np.float64)


def _number(value: Any) -> float:
    """Return a value as a number; NaN where it is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _rows(n: int) -> str:
    return f"{n:,} rows have" if n != 1 else "1 row has"


def _first(texts: pa.Array) -> str:
    return repr(texts[0].as_py()[:60])
