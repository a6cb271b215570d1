"""Screening of submitted scores against the test items of the reference: the usable part, and findings about the rest."""

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ...benchmark.domains.names import REALS, dataset_name
from ...benchmark.errors import DataError
from ...benchmark.results.arrow import pc
from ...benchmark.results.scores import SCORE_SCHEMA, Status, ok_rows
from ...benchmark.store.files import digest
from ..ranking.entrants import items_digest
from .findings import Finding, FindingKind
from .references import COLUMNS, Reference, References

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
    findings : list of Finding
    sources : dict of str to Table
        Reals by the source that they are from, in `SCORE_SCHEMA`; nothing here to check them against.
    """

    tests: dict[str, pa.Table]
    validation: pa.Table | None
    references: dict[str, Reference]
    findings: list[Finding]
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
    parts = _parts(given)
    by_domain, reals = ({d: part for (d, split), part in parts.items() if split == wanted} for wanted in ("test", REALS))
    for domain, part in by_domain.items():
        _screen_domain(screened, domain, part, references)
    validation = parts.get((train, "val"))
    used = [*by_domain.values(), *reals.values(), *([validation] if validation is not None else [])]
    if n_unused := len(given) - sum(map(len, used)):
        text = f"{n_unused:,} rows are neither of split test nor validation scores of the training domain; they are not used."
        screened.findings.append(Finding(FindingKind.UNUSED_ROWS, text))
    sources = {source: _source(screened, source, part) for source, part in reals.items()}
    return replace(
        screened,
        validation=_validation(screened, train, validation),
        sources={source: table for source, table in sources.items() if ok_rows(table).any()},
    )


def _parts(given: pa.Table) -> dict[tuple[str, str], pa.Table]:
    """Return the rows by domain and split, in the order in which these appear."""
    domains, splits = (given[name].combine_chunks().dictionary_encode() for name in ("domain", "split"))
    code = domains.indices.to_numpy().astype(np.int64) * len(splits.dictionary) + splits.indices.to_numpy()
    codes, first = np.unique(code, return_index=True)
    parts = {}
    for one in codes[np.argsort(first)]:
        name = domains.dictionary[int(one) // len(splits.dictionary)].as_py()
        parts[name, splits.dictionary[int(one) % len(splits.dictionary)].as_py()] = given.filter(pa.array(code == one))
    return parts


def _screen_domain(screened: Screened, domain: str, part: pa.Table, references: References) -> None:
    """Add one test domain, unless none of its scores is usable."""
    findings = _Findings(domain)
    part = _unique(part, findings)
    try:
        reference = references.of(domain, set(part["item"].to_pylist()) if references.has_several(domain) else frozenset())
    except DataError as error:
        screened.findings.append(Finding(FindingKind.LEFT_OUT, f"left out, {error}", domain))
        return
    if reference:
        table = _against(reference, domain, part, findings)
    else:
        findings.add(FindingKind.NOTHING_TO_CHECK, f"{NOTHING_TO_CHECK}.")
        table = _unchecked(domain, part, findings)
    usable = ok_rows(table)
    if usable.any():
        _add_remarkable(table.filter(pa.array(usable)), findings)
        screened.tests[domain] = table
        screened.references.update({domain: reference} if reference else {})
    else:
        findings.add(FindingKind.LEFT_OUT, "left out, as no item of it has a usable score.")
    screened.findings.extend(findings)


class _Findings(list[Finding]):
    """Findings about one domain."""

    def __init__(self, domain: str) -> None:
        super().__init__()
        self._domain = domain

    def add(self, kind: FindingKind, text: str) -> None:
        self.append(Finding(kind, text, self._domain))


def _source(screened: Screened, source: str, part: pa.Table) -> pa.Table:
    """Return the reals of a source; lines that are labelled as fakes are left out and reported."""
    findings = _Findings(f"reals of {source}")
    part = _unique(part, findings)
    is_fake = pc.fill_null(pc.not_equal(part["label"], REAL), False)
    if unlike := pc.sum(is_fake).as_py():
        text = f"{_count(unlike, 'item is labelled as a fake', 'items are labelled as fakes')}; not used as reals."
        findings.add(FindingKind.OTHER_LABEL, text)
    reals = part.filter(pc.invert(is_fake))
    reals = _with(reals, label=pa.repeat(pa.scalar(REAL, pa.int8()), len(reals)), group=_groups(reals, source))
    if not ok_rows(reals).any():
        findings.add(FindingKind.LEFT_OUT, "left out, as no real of it has a usable score.")
    screened.findings.extend(findings)
    return reals.sort_by("item")


def _with(table: pa.Table, **columns: Any) -> pa.Table:
    """Return a table of `SCORE_SCHEMA` with some columns replaced."""
    return pa.table({f.name: columns.get(f.name, table[f.name]) for f in SCORE_SCHEMA}, schema=SCORE_SCHEMA)


def _groups(table: pa.Table, name: str) -> pa.ChunkedArray:
    """Return the groups; an item without one is its own."""
    own = pc.binary_join_element_wise(pa.scalar(name), table["item"], ":")
    return pc.if_else(pc.equal(table["group"], ""), own, table["group"])


def _unique(part: pa.Table, findings: "_Findings") -> pa.Table:
    """Return one row per id; for ids with contradicting rows, one without a score."""
    items = part["item"].combine_chunks().dictionary_encode()
    if len(items.dictionary) == len(part):
        return part
    codes = items.indices.to_numpy()
    first = np.unique(codes, return_index=True)[1]
    again = np.unique(codes[np.setdiff1d(np.arange(len(codes)), first)])
    is_torn = np.zeros(len(first), dtype=bool)
    for name in ("label", "status", "score"):
        values = part[name].combine_chunks().dictionary_encode(null_encoding="encode").indices.to_numpy()
        is_torn[codes[values != values[first][codes]]] = True
    torn = np.flatnonzero(is_torn)
    used = f"{len(torn):,} of them differently, and not scored" if len(torn) else "each time alike, and counted once"
    example = _such_as([items.dictionary[int((torn if len(torn) else again)[0])].as_py()])
    text = f"{_count(len(again), 'id is', 'ids are')} given more than once{example}: {used}."
    findings.add(FindingKind.GIVEN_TWICE, text)
    order = np.argsort(first)  # codes by the row in which an id comes first
    return _spoilt(part.take(first[order]), is_torn[order], TWICE)


def _spoilt(table: pa.Table, rows: NDArray[np.bool_], detail: str) -> pa.Table:
    """Take their scores from some rows."""
    mask = pa.array(rows)
    return _with(
        table,
        status=pc.if_else(mask, Status.ERROR.value, table["status"]),
        detail=pc.if_else(mask, detail, table["detail"]),
        score=pc.if_else(mask, pa.scalar(None, pa.float64()), table["score"]),
    )


def _against(reference: Reference, domain: str, part: pa.Table, findings: "_Findings") -> pa.Table:
    """Return every item of the reference, with its label and group, and its submitted score."""
    items, n = reference.table["item"], len(reference.table)
    given = part.take(pc.index_in(items, value_set=part["item"]))  # null where the submission lacks the item
    brought = {
        "domain": pa.repeat(pa.scalar(domain), n),
        "split": pa.repeat(pa.scalar("test"), n),
        "status": pc.fill_null(given["status"], Status.MISSING.value),
        "detail": pc.if_else(pc.is_null(given["status"]), "not in the submission", given["detail"]),
        "score": given["score"],
    }
    table = pa.table({f.name: brought.get(f.name, _column(reference.table, f.name)) for f in SCORE_SCHEMA}, schema=SCORE_SCHEMA)
    differs = pc.fill_null(pc.not_equal(given["label"], table["label"]), False).to_numpy()
    table = _spoilt(table, differs, OTHER_LABEL)
    source = reference.source
    unknown = part["item"].filter(pc.invert(pc.is_in(part["item"], value_set=items)))
    if len(unknown):
        text = f"{_count(len(unknown), 'id is', 'ids are')} unknown to {source}{_such_as([unknown[0].as_py()])}; not scored."
        findings.add(FindingKind.UNKNOWN_ID, text)
    if differs.any():
        example = _such_as([items[int(differs.argmax())].as_py()])
        text = f"{_count(int(differs.sum()), 'label disagrees', 'labels disagree')} with {source}{example}; not scored."
        findings.add(FindingKind.OTHER_LABEL, text)
    _add_coverage(table, findings)
    return table


def _column(table: pa.Table, name: str) -> Any:
    return table[name] if name in table.column_names else None


def _add_coverage(table: pa.Table, findings: "_Findings") -> None:
    n_scored = int(ok_rows(table).sum())
    if n_scored < len(table):
        findings.add(FindingKind.NOT_ALL_SCORED, f"{n_scored:,} of {len(table):,} items have a usable score.")


def _unchecked(domain: str, part: pa.Table, findings: "_Findings") -> pa.Table:
    """Return the items as they were submitted; without a group, each is its own."""
    labelled = part.filter(pc.is_valid(part["label"]))
    if n := len(part) - len(labelled):
        findings.add(FindingKind.NO_LABEL, f"{_count(n, 'item has', 'items have')} no label; not scored.")
    if pc.any(pc.equal(labelled["group"], "")).as_py():
        text = "no groups are told, so intervals take every picture for independent; shared people make them too narrow."
        findings.add(FindingKind.NO_GROUPS, text)
    _add_coverage(labelled, findings)
    return _with(labelled, group=_groups(labelled, dataset_name(domain))).sort_by("item")


def _add_remarkable(usable: pa.Table, findings: "_Findings") -> None:
    """Add findings about scores that are usable and yet look wrong."""
    if len(usable) > 1 and np.ptp(usable["score"].to_numpy()) == 0:
        text = f"all {len(usable):,} scores are equal, so nothing is told apart."
        findings.add(FindingKind.EQUAL_SCORES, text)
    if len(usable["label"].unique()) < 2:
        findings.add(FindingKind.ONE_CLASS, "only one class has scores, so there is no AUC.")


def _validation(screened: Screened, train: str, part: pa.Table | None) -> pa.Table | None:
    """Return the validation scores of the training domain; None where thresholds cannot come from them."""
    if part is None:
        return None
    findings = _Findings("")
    unique = _unique(part, findings)
    screened.findings.extend(findings)
    tested = screened.tests[train]["item"] if train in screened.tests else pa.chunked_array([], pa.string())
    shared = unique["item"].filter(pc.is_in(unique["item"], value_set=tested))
    if len(shared):
        text = (
            f"validation scores are not used, as {_count(len(shared), 'item', 'items')} of them "
            f"{'is' if len(shared) == 1 else 'are'} among the test items{_such_as([shared[0].as_py()])}."
        )
        screened.findings.append(Finding(FindingKind.VALIDATION_UNUSED, text, train))
        return None
    labelled = unique.filter(pc.is_valid(unique["label"]))
    return _with(labelled, group=_groups(labelled, dataset_name(train)))


def comparable_digests(domain: str, screened: Screened) -> tuple[str, str]:
    """Return the digests of split list and pictures that tell which rows were scored on the same items."""
    if reference := screened.references.get(domain):
        return reference.split_list, reference.pictures
    return digest(["brought", items_digest(screened.tests[domain].select(COLUMNS))]), ""


def _count(n: int, one: str, many: str) -> str:
    return f"{n:,} {one if n == 1 else many}"


def _such_as(items: Any) -> str:
    return f" (such as {next(iter(items))[:80]!r})"
