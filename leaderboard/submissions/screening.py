"""Screening of submitted scores against the test items of the reference: the usable part, and findings about the rest."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa

from ...benchmark.domains.names import REALS, dataset_name
from ...benchmark.errors import DataError
from ...benchmark.results.scores import SCORE_SCHEMA, ok_rows
from ...benchmark.store.files import digest
from ..ranking.entrants import items_digest
from .references import COLUMNS, Reference, References

Row = dict[str, Any]
REAL = 0  # label
OTHER_LABEL = "the label is not that of the reference"
TWICE = "given several times, with different scores"
NOTHING_TO_CHECK = "nothing here to check the items against: ids and labels are taken as they came"


@dataclass(frozen=True)
class Screened:
    """
    Usable part of one submitted score file.

    Attributes
    ----------
    tests : dict of str to Table
        By domain, in `SCORE_SCHEMA`: every item of the reference, in its order; of the file where there is no reference.
    validation : Table or None
        Scores of validation items of the training domain, in `SCORE_SCHEMA`.
    references : dict of str to Reference
        By domain; none where there is nothing to check against.
    findings : list of str
    sources : dict of str to Table
        Reals by the source that they are from, in `SCORE_SCHEMA`; nothing here to check them against.
    """

    tests: dict[str, pa.Table]
    validation: pa.Table | None
    references: dict[str, Reference]
    findings: list[str]
    sources: dict[str, pa.Table] = field(default_factory=dict)


def screen(given: pa.Table, train: str, references: References) -> Screened:
    """
    Compare a score file with the references.

    Parameters
    ----------
    given : Table
        Of `score_files.read_score_file`.
    train : str
        Training domain.
    references : References
    """
    screened = Screened({}, None, {}, [])
    by_domain = _by_domain(given, "test")
    for domain, rows in by_domain.items():
        _screen_domain(screened, domain, rows, references)
    validation = _by_domain(given, "val").get(train, [])
    reals = _by_domain(given, REALS)
    n_unused = len(given) - sum(len(rows) for some in (by_domain, reals) for rows in some.values()) - len(validation)
    if n_unused:
        screened.findings.append(
            f"{n_unused:,} rows are neither of split test nor validation scores of the training domain; they are not used."
        )
    sources = {source: _source(screened, source, rows) for source, rows in reals.items()}
    return replace(
        screened,
        validation=_validation(screened, train, validation),
        sources={source: table for source, table in sources.items() if ok_rows(table).any()},
    )


def _by_domain(given: pa.Table, split: str) -> dict[str, list[Row]]:
    by_domain: dict[str, list[Row]] = {}
    for row in given.to_pylist():
        if row["split"] == split:
            by_domain.setdefault(row["domain"], []).append(row)
    return by_domain


def _screen_domain(screened: Screened, domain: str, rows: list[Row], references: References) -> None:
    """Add one test domain, unless none of its scores is usable."""
    findings: list[str] = []
    by_id = _unique(rows, findings)
    try:
        reference = references.of(domain, by_id.keys())
    except DataError as error:
        screened.findings.append(f"{domain}: left out, {error}")
        return
    if reference:
        table = _against(reference, domain, by_id, findings)
    else:
        findings.append(f"{NOTHING_TO_CHECK}.")
        table = _unchecked(domain, by_id, findings)
    usable = ok_rows(table)
    if usable.any():
        findings += _remarkable(table.filter(pa.array(usable)))
        screened.tests[domain] = table
        screened.references.update({domain: reference} if reference else {})
    else:
        findings.append("left out, as no item of it has a usable score.")
    screened.findings.extend(f"{domain}: {finding}" for finding in findings)


def _source(screened: Screened, source: str, rows: list[Row]) -> pa.Table:
    """Return the reals of a source; lines that are labelled as fakes are left out and reported."""
    findings: list[str] = []
    by_id = _unique(rows, findings)
    unlike = sum(bool(row["label"]) for row in by_id.values())
    reals = [
        {**row, "label": REAL, "group": row["group"] or f"{source}:{row['item']}"} for row in by_id.values() if not row["label"]
    ]
    if unlike:
        findings.append(f"{_count(unlike, 'item is labelled as a fake', 'items are labelled as fakes')}; not used as reals.")
    table = _table(sorted(reals, key=lambda row: row["item"]))
    if not ok_rows(table).any():
        findings.append("left out, as no real of it has a usable score.")
    screened.findings.extend(f"reals of {source}: {finding}" for finding in findings)
    return table


def _unique(rows: list[Row], findings: list[str]) -> dict[str, Row]:
    """Return one row per id; for ids with contradicting rows, one without a score."""
    by_id: dict[str, Row] = {}
    again: Counter[str] = Counter()
    torn = set()
    for row in rows:
        first = by_id.setdefault(row["item"], row)
        if first is not row:
            again[row["item"]] += 1
            if any(row[name] != first[name] for name in ("label", "status", "score")):
                torn.add(row["item"])
    if again:
        used = f"{len(torn):,} of them differently, and not scored" if torn else "each time alike, and counted once"
        findings.append(f"{_count(len(again), 'id is', 'ids are')} given more than once{_such_as(torn or again)}: {used}.")
    return by_id | {item: {**by_id[item], "status": "error", "detail": TWICE, "score": None} for item in torn}


def _against(reference: Reference, domain: str, by_id: dict[str, Row], findings: list[str]) -> pa.Table:
    """Return every item of the reference, with its label and group, and its submitted score."""
    rows, other = [], []
    for item in reference.table.to_pylist():
        row = by_id.get(item["item"]) or {"status": "missing", "detail": "not in the submission", "score": None, "label": None}
        merged = {**item, **{name: row[name] for name in ("status", "detail", "score")}}
        if row["label"] is not None and row["label"] != item["label"]:
            other.append(item["item"])
            merged |= {"status": "error", "detail": OTHER_LABEL, "score": None}
        rows.append({**merged, "domain": domain, "split": "test"})
    source = reference.source
    unknown = [item for item in by_id if item not in reference.ids]
    if unknown:
        findings.append(f"{_count(len(unknown), 'id is', 'ids are')} unknown to {source}{_such_as(unknown)}; not scored.")
    if other:
        findings.append(
            f"{_count(len(other), 'label disagrees', 'labels disagree')} with {source}{_such_as(other)}; not scored."
        )
    n_scored = sum(row["status"] == "ok" for row in rows)
    if n_scored < len(rows):
        findings.append(f"{n_scored:,} of {len(rows):,} items have a usable score.")
    return _table(rows)


def _unchecked(domain: str, by_id: dict[str, Row], findings: list[str]) -> pa.Table:
    """Return the items as they were submitted; without a group, each is its own."""
    rows = [row for row in by_id.values() if row["label"] is not None]
    if n := len(by_id) - len(rows):
        findings.append(f"{_count(n, 'item has', 'items have')} no label; not scored.")
    if any(not row["group"] for row in rows):
        findings.append(
            "no groups are told, so intervals take every picture for independent; shared people make them too narrow."
        )
    grouped = [{**row, "group": row["group"] or f"{dataset_name(domain)}:{row['item']}"} for row in rows]
    return _table(sorted(grouped, key=lambda row: row["item"]))


def _table(rows: Sequence[Row]) -> pa.Table:
    return pa.Table.from_pylist([{f.name: row[f.name] for f in SCORE_SCHEMA} for row in rows], schema=SCORE_SCHEMA)


def _remarkable(usable: pa.Table) -> list[str]:
    """Return findings about scores that are usable and yet look wrong."""
    findings = []
    if len(usable) > 1 and np.ptp(usable["score"].to_numpy()) == 0:
        findings.append(f"all {len(usable):,} scores are equal, so nothing is told apart.")
    if len(set(usable["label"].to_pylist())) < 2:
        findings.append("only one class has scores, so there is no AUC.")
    return findings


def _validation(screened: Screened, train: str, rows: list[Row]) -> pa.Table | None:
    """Return the validation scores of the training domain; None where thresholds cannot come from them."""
    by_id = _unique(rows, screened.findings) if rows else {}
    tested = set(screened.tests[train]["item"].to_pylist()) if train in screened.tests else set()
    if shared := [item for item in by_id if item in tested]:
        screened.findings.append(
            f"{train}: validation scores are not used, as {_count(len(shared), 'item', 'items')} of them "
            f"{'is' if len(shared) == 1 else 'are'} among the test items{_such_as(shared)}."
        )
        return None
    grouped = [{**row, "group": row["group"] or f"{dataset_name(train)}:{row['item']}"} for row in by_id.values()]
    return _table([row for row in grouped if row["label"] is not None]) if grouped else None


def comparable_digests(domain: str, screened: Screened) -> tuple[str, str]:
    """Return the digests of split list and pictures that tell which rows were scored on the same items."""
    if reference := screened.references.get(domain):
        return reference.split_list, reference.pictures
    return digest(["brought", items_digest(screened.tests[domain].select(COLUMNS))]), ""


def _count(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"


def _such_as(items: Any) -> str:
    return f" (such as {next(iter(items))[:80]!r})"
