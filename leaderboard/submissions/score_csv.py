"""
The per-item CSV that workbenches exchange: columns dataset, key, compression, label, score, status.

Text cells that a spreadsheet would take for formulas are written with an apostrophe before them (`spreadsheet`), which is taken
away again when the file is read.
"""

import csv
import io
from pathlib import Path

import pyarrow as pa

from ..spreadsheet import as_text, from_text
from .delimited import read_table, with_decimal_points

COLUMNS = ("dataset", "key", "compression", "label", "score", "status")
SPLIT = "split"  # a seventh column, for files that also hold validation scores
LABEL_TEXTS = ("real", "fake")


def domain_of(dataset: str, compression: str) -> str:
    """
    Return the domain of a data set and a compression: ``ffpp/Deepfakes`` and ``c23`` are ``ffpp/Deepfakes@c23``.

    A data set that names a compression keeps it. Perturbations stay last: ``set/a+noise:sd=10`` and ``c23`` are
    ``set/a@c23+noise:sd=10``.
    """
    plain, mark, chain = dataset.partition("+")
    if compression and "@" not in plain:
        plain = f"{plain}@{compression}"
    return plain + mark + chain


def parts_of(domain: str) -> tuple[str, str]:
    """Return the data set and the compression of a domain, the inverse of `domain_of`."""
    plain, mark, chain = domain.partition("+")
    dataset, _, compression = plain.partition("@")
    return dataset + mark + chain, compression


def score_csv(table: pa.Table, validation: bool = False) -> str:
    """
    Return the test scores of a score table as CSV.

    Parameters
    ----------
    table : Table
        In `SCORE_SCHEMA`.
    validation : bool
        Also the validation scores, told apart in a seventh column `SPLIT`.

    Returns
    -------
    str
        Scores in the shortest form that is read back as the same float64; none for items without the status ``ok``.
    """
    rows = [[*COLUMNS, SPLIT] if validation else list(COLUMNS)]
    names = ("domain", "item", "label", "score", "status", "split")
    for domain, item, label, score, status, split in zip(*(table[name].to_pylist() for name in names), strict=True):
        if split == "test" or (validation and split == "val"):
            dataset, compression = map(as_text, parts_of(domain))
            shown = "" if score is None or status != "ok" else repr(score)
            rows.append([dataset, as_text(item), compression, LABEL_TEXTS[label], shown, status] + [split] * validation)
    out = io.StringIO()
    # The writer takes a carriage return for text that needs no quotes, readers for the end of a line.
    odd = any("\r" in cell for row in rows for cell in row)
    csv.writer(out, lineterminator="\n", quoting=csv.QUOTE_ALL if odd else csv.QUOTE_MINIMAL).writerows(rows)
    return out.getvalue()


def read_score_csv(path: Path) -> pa.Table:
    """
    Read the per-item CSV: separated by commas, semicolons or tabs, in UTF-8 or UTF-16, head in any case.

    Returns
    -------
    Table
        Columns ``domain``, ``split``, ``item``, ``label``, ``score`` and ``status``, all text, as they stand in the file;
        decimal commas of a file that is not separated by commas are points.

    Raises
    ------
    DataError
        If it is no such table, or lacks a column.
    """
    table = read_table(path, (*COLUMNS, SPLIT), ("dataset", "key", "score"))
    columns = table.columns
    n_rows = len(columns["key"])
    text = {name: columns.get(name, [""] * n_rows) for name in (*COLUMNS, SPLIT)}
    if table.separator != ",":
        text["score"] = with_decimal_points(text["score"])
    pairs = zip(text["dataset"], text["compression"], strict=True)
    return pa.table(
        {
            "domain": pa.array([domain_of(from_text(d), from_text(c)) for d, c in pairs], pa.string()),
            "split": pa.array([split or "test" for split in text[SPLIT]], pa.string()),
            "item": pa.array(map(from_text, text["key"]), pa.string()),
            **{name: pa.array(text[name], pa.string()) for name in ("label", "score", "status")},
        }
    )
