"""Domains whose classes are stored in two ways, with the rows that were trained or tested there."""

import dataclasses

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.marks import RowAudit
from bandbench.benchmark.results.rows import RealsResult, Row, Shortcut, TestResult
from bandbench.leaderboard.notes import row_notes
from bandbench.leaderboard.shortcut_notes import marked_shortcuts

STORED = Shortcut(1.0, 0.95, 1.0, "format", ("PNG", "JPEG 75"))
ALIKE = Shortcut(0.5, 0.4, 0.6, "format", ("PNG", "PNG"))


def row(train: str, at_home: Shortcut | None, **tests: Shortcut | None) -> Row:
    results = tuple(TestResult(name, 0.9, 0.8, 1.0, 10, 1.0, shortcut=audit) for name, audit in tests.items())
    return Row("svm", train, "chosen", Band(), shortcut=at_home, tests=results)


def test_a_domain_is_named_once_with_all_of_its_rows() -> None:
    rows = [row("a", STORED, a=STORED, b=ALIKE), row("b", ALIKE, a=STORED, b=ALIKE), row("b", ALIKE, b=ALIKE), row("c", None)]
    assert marked_shortcuts(rows) == {RowAudit("a", "", STORED): [0, 1]}


def test_the_note_says_fact_values_and_rows() -> None:
    (text, indices), *others = row_notes([row("a", STORED, a=STORED), row("b", ALIKE)])
    assert text == (
        "The classes of a differ in format: PNG (real) against JPEG 75 (fake); facts of the files alone reach "
        "AUC 1.000 (0.950 to 1.000). (It concerns row 1.)"
    )
    assert (indices, others) == ([0], [])


def test_an_ambiguous_trace_has_another_sentence() -> None:
    trace = dataclasses.replace(STORED, ambiguous=True, fact="sharpness")
    assert "This is ambiguous" in row_notes([row("a", trace)])[0][0]


def test_a_pool_is_named_as_the_table_does() -> None:
    rows = [row("a & b & c", STORED, a=None, b=None, c=None, d=None)]
    assert marked_shortcuts(rows) == {RowAudit("all but d", "", STORED): [0]}


def test_a_source_of_reals_that_is_stored_in_another_way_is_named() -> None:
    """The source whose audit is that of the domain itself is said once, with the domain."""
    results = tuple(
        RealsResult(source, 0.9, 0.8, 1.0, 10, shortcut=audit) for source, audit in (("a", ALIKE), ("ffhq", STORED))
    )
    tested = TestResult("a", 0.9, 0.8, 1.0, 10, 1.0, shortcut=ALIKE, by_reals=results)
    rows = [Row("svm", "b", "chosen", Band(), tests=(tested,)), row("b", ALIKE, a=ALIKE)]
    assert marked_shortcuts(rows) == {RowAudit("a", "ffhq", STORED): [0]}
    assert row_notes(rows)[0] == (
        "The fakes of a and the reals of ffhq differ in format: PNG (real) against JPEG 75 (fake); facts of the files alone "
        "reach AUC 1.000 (0.950 to 1.000). (It concerns row 1.)",
        [0],
    )
