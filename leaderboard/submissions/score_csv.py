"""
The per-item CSV that workbenches exchange: columns dataset, key, compression, label, score, status.

Files with several sources of reals have the columns generator and source, too (`generators`).

Text cells that a spreadsheet would take for formulas are written with an apostrophe before them (`spreadsheet`), which is taken
away again when the file is read.
"""

import csv
import io
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from ...benchmark.domains.names import REALS, DomainName
from ..spreadsheet import as_text, from_text
from .delimited import read_table, with_decimal_points
from .generators import Line, by_domain

COLUMNS = ("dataset", "key", "compression", "label", "score", "status")
SPLIT = "split"  # a seventh column, for files that also hold validation scores
GENERATOR, SOURCE = "generator", "source"  # of files with several sources of reals
KNOWN = (*COLUMNS, SPLIT, GENERATOR, SOURCE)
LINE_COLUMNS = ("item", "label", "score", "status")
LABEL_TEXTS = ("real", "fake")


def parts_of(domain: str) -> tuple[str, str]:
    """Return the data set and the compression of a domain, the inverse of `domain_of`."""
    name = DomainName.parse(domain)
    return str(replace(name, compression="")), name.compression


def score_csv(table: pa.Table, validation: bool = False) -> str:
    """
    Return the test scores of a score table as CSV; where it has reals of sources, their lines name them in a column `SOURCE`.

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
    with_sources = REALS in table["split"].to_pylist()
    rows = [[*COLUMNS, *[SPLIT] * validation, *[SOURCE] * with_sources]]
    names = ("domain", "item", "label", "score", "status", "split")
    for domain, item, label, score, status, split in zip(*(table[name].to_pylist() for name in names), strict=True):
        if split in ("test", REALS) or (validation and split == "val"):
            dataset, compression = ("", "") if split == REALS else map(as_text, parts_of(domain))
            shown = "" if score is None or status != "ok" else repr(score)
            more = ["test" if split == REALS else split] * validation
            more += [as_text(domain) if split == REALS else ""] * with_sources
            rows.append([dataset, as_text(item), compression, LABEL_TEXTS[label], shown, status, *more])
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
        decimal commas of a file that is not separated by commas are points. With a column ``generator`` or ``source``, lines
        stand under every domain that they count for, the reals of a source in the split `REALS`, and there is a column
        ``group``.

    Raises
    ------
    DataError
        If it is no such table, or lacks a column.
    """
    table = read_table(path, KNOWN, ("key", "score"))
    if GENERATOR not in table.columns:  # which can name the domain, too
        table = read_table(path, KNOWN, ("dataset", "key", "score"))
    columns = table.columns
    n_rows = len(columns["key"])
    text = {name: columns.get(name, [""] * n_rows) for name in KNOWN}
    if table.separator != ",":
        text["score"] = with_decimal_points(text["score"])
    names = ("dataset", "compression", GENERATOR, SOURCE, "key")
    unescaped = [list(map(from_text, text[name])) for name in names]
    rest = [text[name] for name in ("label", "score", "status", SPLIT)]
    lines = [Line(*cells) for cells in zip(*unescaped, *rest, strict=True)]
    if any(name in columns for name in (GENERATOR, SOURCE)):
        return _table_by_domain(lines)
    return pa.table(
        {
            "domain": pa.array([line.domain for line in lines], pa.string()),
            "split": pa.array([line.split or "test" for line in lines], pa.string()),
            **{name: pa.array([getattr(line, name) for line in lines], pa.string()) for name in LINE_COLUMNS},
        }
    )


def _table_by_domain(lines: list[Line]) -> pa.Table:
    placed = list(by_domain(lines))
    return pa.table(
        {
            "domain": pa.array([one.domain for one in placed], pa.string()),
            "split": pa.array([one.split for one in placed], pa.string()),
            **{name: pa.array([getattr(one.line, name) for one in placed], pa.string()) for name in (*LINE_COLUMNS, "group")},
        }
    )
