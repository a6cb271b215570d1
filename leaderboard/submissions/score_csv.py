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
from ...benchmark.results.arrow import pc
from ...benchmark.store.cells import as_text, from_text
from .delimited import read_table, with_decimal_points
from .generators import by_domain, domain_of

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
    names = {"key": "item"}
    unescaped = ("dataset", "compression", GENERATOR, SOURCE, "key")
    cells = {name: list(map(from_text, text[name])) if name in unescaped else text[name] for name in KNOWN}
    lines = pa.table({names.get(name, name): pa.array(cells[name], pa.string()) for name in KNOWN})
    return placed_lines(lines, any(name in columns for name in (GENERATOR, SOURCE)))


def placed_lines(lines: pa.Table, by_generator: bool) -> pa.Table:
    """
    Return lines under the test domains that they count for.

    Parameters
    ----------
    lines : Table
        Columns of text `KNOWN`, with ``item`` for ``key``; ``score`` may hold numbers.
    by_generator : bool
        The file has a column ``generator`` or ``source``.

    Returns
    -------
    Table
        See `read_score_csv`.
    """
    if by_generator:
        return by_domain(lines)
    pairs = zip(lines["dataset"].to_pylist(), lines["compression"].to_pylist(), strict=True)
    domains = _Domains()
    split = lines["split"]
    return pa.table(
        {
            "domain": pa.array([domains[pair] for pair in pairs], pa.string()),
            "split": pc.if_else(pc.equal(split, ""), "test", split),
            **{name: lines[name] for name in LINE_COLUMNS},
        }
    )


class _Domains(dict[tuple[str, str], str]):
    """Domain by data set and compression."""

    def __missing__(self, pair: tuple[str, str]) -> str:
        self[pair] = domain_of(*pair)
        return self[pair]
