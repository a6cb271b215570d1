"""Read submitted score files into one form of table; a cell that cannot be read is a finding and does not stop the rest."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...benchmark.domains.names import chain_of, unperturbed
from ...benchmark.errors import DataError, StudyError
from ...benchmark.results.scores import SCORE_SCHEMA, Status
from .meta import label as plain_label
from .score_csv import COLUMNS, LABEL_TEXTS, read_score_csv

SUFFIXES = (".parquet", ".csv", ".tsv", ".txt")
STATUSES = tuple(Status)
LABELS = {"0": 0, "1": 1, "0.0": 0, "1.0": 1, **{name: i for i, name in enumerate(LABEL_TEXTS)}}
NO_SCORE = ("", "nan", "null", "none", "na", "n/a")
MOST_CHARACTERS = 300  # of a domain
NEEDED = ("domain", "item", "score")


def read_score_file(
    path: Path, domains: Mapping[str, str] | None = None, canonical_chain: Callable[[str], str] = str
) -> tuple[pa.Table, list[str]]:
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
    findings : list of str
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
    findings: list[str] = []
    text = {name: _texts(raw, name) for name in SCORE_SCHEMA.names if name != "score"}
    labels = _labels(text["label"], findings)
    scores, statuses, details = _scores(raw, text["status"], findings)
    columns = {
        **text,
        "domain": _domains(path, text["domain"], domains or {}, canonical_chain),
        "split": [split or "test" for split in text["split"]],
        "label": labels,
        "status": statuses,
        "detail": details,
        "score": [score if status == "ok" else None for score, status in zip(scores, statuses, strict=True)],
    }
    return pa.table({f.name: pa.array(columns[f.name], f.type) for f in SCORE_SCHEMA}, schema=SCORE_SCHEMA), findings


def _read_parquet(path: Path) -> pa.Table:
    wanted = f"wanted the columns {', '.join(SCORE_SCHEMA.names)}, of which {', '.join(NEEDED)} have to be there"
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}).") from error
    if start != b"PAR1":
        what = "it is empty" if not start else "it is no Parquet file (a table of text is named .csv)"
        raise DataError(f"{path} cannot be read as Parquet: {what}; {wanted}.")
    try:
        table = pq.ParquetFile(path).read()
    except (OSError, ValueError, pa.ArrowException) as error:
        raise DataError(f"{path} cannot be read as Parquet: it is damaged or not whole; write it again.") from error
    if lacking := [name for name in NEEDED if name not in table.column_names]:
        got = plain_label(", ".join(table.column_names))[:200]
        raise DataError(f"{path} lacks the columns {', '.join(lacking)}; wanted {', '.join(SCORE_SCHEMA.names)}, got {got}.")
    return _of_plain_types(path, table)


def _of_plain_types(path: Path, table: pa.Table) -> pa.Table:
    """Return the columns of `SCORE_SCHEMA`, bytes as text; a column that holds neither text nor numbers is refused."""
    columns = {}
    for name in SCORE_SCHEMA.names:
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


def _texts(table: pa.Table, name: str) -> list[str]:
    """Return one column as text; empty where there is no such column or no value."""
    if name not in table.column_names:
        return [""] * len(table)
    return ["" if value is None else str(value) for value in table[name].to_pylist()]


def _domains(path: Path, given: list[str], names: Mapping[str, str], canonical_chain: Callable[[str], str]) -> list[str]:
    """Return the domains under their full names, with all parameters of perturbations."""
    if nameless := [i for i, name in enumerate(given, 1) if not name.strip()]:
        raise DataError(
            f"{path}: a row names no domain (row {nameless[0]:,} below the head, {len(nameless):,} in all); the columns are "
            f"{', '.join(COLUMNS)}, or those of a score file."
        )
    full_names = {name: _full_name(names.get(name, name), canonical_chain) for name in set(given)}
    return [full_names[name] for name in given]


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


def _labels(given: list[str], findings: list[str]) -> list[int | None]:
    labels = [LABELS.get(text.strip().lower()) for text in given]
    strange = Counter(text for text, value in zip(given, labels, strict=True) if value is None and text.strip())
    if strange:
        findings.append(f"{_rows(strange.total())} a label that is none of 0, 1, real, fake (such as {_first(strange)}).")
    return labels


def _scores(raw: pa.Table, given: list[str], findings: list[str]) -> tuple[list[float], list[str], list[str]]:
    """Return scores, status and detail of each row; only finite scores are ``ok``."""
    statuses = [text.strip().lower() or "ok" for text in given]
    unknown = Counter(status for status in statuses if status not in STATUSES)
    if unknown:
        findings.append(
            f"{_rows(unknown.total())} a status that is none of {', '.join(STATUSES)} (such as {_first(unknown)}); not scored."
        )
    values = raw["score"].to_pylist()
    scores = [_number(value) for value in values]
    bad = [status == "ok" and not np.isfinite(score) for score, status in zip(scores, statuses, strict=True)]
    unusable = [str(value).strip() for value, worse in zip(values, bad, strict=True) if worse]
    strange = Counter(text for text in unusable if not np.isinf(_number(text)) and text.lower() not in NO_SCORE)
    if strange:
        findings.append(f"{_rows(strange.total())} a score that is no number (such as {_first(strange)}); not scored.")
    if n := len(unusable) - strange.total():
        findings.append(f"{_rows(n)} a score that is NaN, infinite or empty; not scored.")
    corrected = ["error" if worse or status not in STATUSES else status for worse, status in zip(bad, statuses, strict=True)]
    return scores, corrected, ["the score is not a finite number" if worse else "" for worse in bad]


def _number(value: Any) -> float:
    """Return a value as a number; NaN where it is none."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def _rows(n: int) -> str:
    return f"{n:,} rows have" if n != 1 else "1 row has"


def _first(texts: Counter[str]) -> str:
    return repr(next(iter(texts))[:60])
