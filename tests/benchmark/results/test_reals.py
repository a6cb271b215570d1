"""Results by source of reals, against numbers that were counted by hand."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bandbench.benchmark.domains.names import REALS
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.metrics.roc import Scored
from bandbench.benchmark.pictures.shortcuts import Shortcut
from bandbench.benchmark.recording.cell_folder import write_cell
from bandbench.benchmark.records import CellResult
from bandbench.benchmark.records import Tested as ScoredBand  # a name that pytest does not take for tests
from bandbench.benchmark.results.cell_rows import cell_rows
from bandbench.benchmark.results.marks import Mark, marks_of
from bandbench.benchmark.results.reals import (
    THEIR_OWN,
    choices,
    has_one_source,
    headline_choices,
    may_be_set_against,
    reals_numbers,
    results_by_reals,
)
from bandbench.benchmark.results.rows import RealsResult, Row, TestResult
from bandbench.benchmark.results.scores import DomainScores
from made_cells import item_set, made_cell, record_of, trial

OWN, OTHER = (0.1, 0.2, 0.3, 0.4), (0.55, 0.65, 0.9, 0.95)
FAKES = (0.5, 0.6, 0.7, 0.8)


def scored(domain: str, split: str, reals: tuple[float, ...], fakes: tuple[float, ...] = ()) -> DomainScores:
    labels = np.array([0] * len(reals) + [1] * len(fakes))
    groups = np.array([f"{domain}{i}" for i in range(len(labels))])
    items = np.array([f"real/{i}" if label == 0 else f"fake/{i}" for i, label in enumerate(labels)])
    return DomainScores(domain, split, Scored(labels, np.array([*reals, *fakes]), groups), len(labels), items)


def against(sources: dict[str, tuple[float, ...]], threshold: float = 0.45) -> list[RealsResult]:
    test = TestResult("set/gan", 1.0, 0.5, 1.0, 8, 1.0)
    named = {name: [scored(name, REALS, reals)] for name, reals in sources.items()}
    return results_by_reals(test, [scored("set/gan", "test", OWN, FAKES)], named, [threshold])


def test_the_fakes_are_set_against_their_own_reals_first_and_then_against_each_source() -> None:
    own, other = against({"other": OTHER})
    assert own == RealsResult("set", 1.0, 0.5, 1.0, 4, 0.0)
    # Of 16 pairs the fake scores above in 0.6 > 0.55, 0.7 > 0.55, 0.7 > 0.65, 0.8 > 0.55 and 0.8 > 0.65.
    assert (other.source, other.auc, other.n_real, other.false_alarms) == ("other", 5 / 16, 4, 1.0)
    assert other.lo <= 5 / 16 <= other.hi


def test_false_alarms_are_the_reals_at_or_above_the_threshold() -> None:
    assert [result.false_alarms for result in against({"other": OTHER}, 0.65)] == [0.0, 0.75]
    assert all(math.isnan(result.false_alarms) for result in against({"other": OTHER}, math.nan))


def test_a_source_that_is_the_domain_s_own_reals_is_there_once_with_the_domain_s_numbers() -> None:
    assert [(r.source, r.auc, r.lo) for r in against({"set/gan": OWN})] == [("set/gan", 1.0, 0.5)]
    assert [r.source for r in against({"other": OTHER, "set": OWN})] == ["set", "other"]
    assert [r.source for r in against({"a": OWN[:2], "b": OWN[2:]})] == ["a", "b"]  # together they are its own


TIED = (0.2, 0.2, 0.2, 0.2)


@pytest.mark.parametrize(
    ("reals", "source", "sources"),
    [
        (TIED, "set", ["set"]),  # a control whose scores are tied
        (OTHER, "set", ["set"]),  # a coin, which scores a picture anew each time
        (TIED, "other", ["set", "other"]),  # pictures of another data set have the same names
        (TIED, "set+blur:sigma=1", ["set", "set+blur:sigma=1"]),
        (TIED[:3], "set/more", ["set", "set/more"]),
    ],
)
def test_ids_tell_the_same_pictures_of_a_data_set_and_scores_do_not(
    reals: tuple[float, ...], source: str, sources: list[str]
) -> None:
    test = TestResult("set/gan", 1.0, 0.5, 1.0, 8, 1.0)
    own = [scored("set/gan", "test", TIED, FAKES)]
    found = results_by_reals(test, own, {source: [scored(source, REALS, reals)]}, [0.45])
    assert [result.source for result in found] == sources
    assert found[0].auc == 1.0


def test_perturbed_fakes_are_set_against_reals_that_were_perturbed_alike() -> None:
    assert may_be_set_against("set/gan", "other+blur:sigma=1")
    assert may_be_set_against("set/gan+blur:sigma=1", "other+blur:sigma=1")
    assert not may_be_set_against("set/gan+blur:sigma=1", "other")


def by(domain: str, **aucs: float) -> TestResult:
    reals = tuple(RealsResult(name, auc, auc - 0.1, auc, 9) for name, auc in aucs.items())
    return TestResult(domain, next(iter(aucs.values())), 0.5, 1.0, 9, 1.0, by_reals=reals)


def test_a_choice_of_the_reals_is_one_source_for_all_domains() -> None:
    assert choices([by("set/a", set=0.9, x=0.6), by("set/b", set=0.7, x=0.8, y=0.1)]) == pytest.approx({"set": 0.8, "x": 0.7})
    two_sets = choices([by("set/a", set=0.9, x=0.6), by("more/b", more=0.7, x=0.8)])
    assert two_sets == pytest.approx({THEIR_OWN: 0.8, "x": 0.7})
    assert choices([by("set/a", set=0.9), by("more/b", more=0.7)]) == pytest.approx({THEIR_OWN: 0.8})


def test_spread_and_worst_source_are_over_the_domains_of_the_headline() -> None:
    tests = [by("home", home=0.9, x=0.1), by("set/a", set=0.9, x=0.6), by("set/b", set=0.7, x=0.8)]
    numbers = reals_numbers(tests, "home", ())
    assert numbers["reals_spread"] == pytest.approx(0.1)
    assert numbers["worst_reals"] == "x"
    assert reals_numbers([by("set/a", set=0.9)], "home", ()) == {}


def test_a_domain_that_the_protocol_leaves_out_has_no_part_in_choices_spread_and_sources() -> None:
    tests = (by("home", home=0.9, x=0.1), by("set/a", set=0.9, x=0.6), by("set/b", set=0.7, z=0.1))
    row = Row("svm", "home", "chosen", Band(), tests=tests, not_counted=("set/b",))
    assert headline_choices(row) == {"set": 0.9, "x": 0.6}
    assert reals_numbers(tests, "home", ("set/b",))["worst_reals"] == "x"
    assert not has_one_source(row)
    assert has_one_source(replace(row, tests=(tests[0], by("set/a", set=0.9), tests[2])))


UNKNOWN = TestResult("set/a", math.nan, math.nan, math.nan, 9, 1.0)


@pytest.mark.parametrize(
    ("tests", "one_source"),
    [
        ((by("set/a", set=0.9),), True),
        ((by("set/a", set=0.9, x=0.9),), False),
        ((by("home", home=0.9, x=0.9), by("set/a", set=0.9)), True),  # the headline is about other domains
        ((by("a", a=0.9), by("b", b=0.9)), True),  # two folders, each with fakes and reals of its own
        ((by("a", a=0.9), by("b", b=0.9, a=0.9)), False),
        ((replace(by("set/a", set=0.9), by_reals=()), replace(by("more/b", set=0.9), by_reals=())), True),  # earlier rows
        ((), False),
        ((UNKNOWN,), False),
        ((UNKNOWN, by("b", b=0.9)), True),
    ],
)
def test_a_row_is_marked_where_no_fakes_of_its_headline_were_set_against_two_sources(
    tests: tuple[TestResult, ...], one_source: bool
) -> None:
    row = Row("d", "home", "chosen", Band(), tests=tests)
    assert has_one_source(row) == one_source
    assert (Mark.ONE_SOURCE_OF_REALS in marks_of(row)) == one_source


def row_of(folder: Path, fakes: dict[str, tuple[float, ...]], not_counted: tuple[str, ...] = (), **audits: Any) -> Row:
    """Return the row of a cell that was tested on some domains, whose fakes have these scores, and on another source."""
    cell = replace(made_cell(tuple(fakes)), not_counted=not_counted, **audits)
    sources = (item_set("other", REALS),)
    cell = replace(cell, replicates=tuple(replace(draw, sources=sources) for draw in cell.replicates))
    parts = [*((name, "test", OWN, each) for name, each in fakes.items()), ("other", REALS, OTHER, ())]
    record = record_of(folder / "records", "0", ("home", "val", OWN, FAKES), parts)
    chosen = trial(Band(), 0.9)
    result = CellResult(cell, (chosen,), None, chosen, (ScoredBand("chosen", Band(), (record,)),))
    write_cell(result, "f" * 64, folder / "cell")
    (row,) = cell_rows(folder / "cell")
    return row


def test_a_result_has_the_audit_of_its_fakes_and_its_reals(tmp_path: Path) -> None:
    alike, stored = Shortcut(0.5, 0.4, 0.6, "format"), Shortcut(1.0, 0.9, 1.0, "format", ("JPEG 75", "PNG"))
    audits = {"shortcuts": {"home": alike}, "reals_shortcuts": {"home": {"other": stored}}}
    home, away = row_of(tmp_path, {"home": FAKES, "away": FAKES}, **audits).tests
    assert [result.shortcut for result in home.by_reals] == [alike, stored]
    assert [result.shortcut for result in away.by_reals] == [None, None]
    assert RealsResult.from_json(home.by_reals[1].to_json()) == home.by_reals[1]
    earlier = {name: value for name, value in home.by_reals[1].to_json().items() if name != "shortcut"}
    assert RealsResult.from_json(earlier) == replace(home.by_reals[1], shortcut=None)


def test_rows_have_the_results_of_the_reals_in_the_score_files(tmp_path: Path) -> None:
    row = row_of(tmp_path, {"home": FAKES, "away": FAKES})
    assert [test.domain for test in row.tests] == ["home", "away"]  # a source is no test domain
    away = row.tests[1]
    assert [(r.source, r.auc, r.n_real, r.false_alarms) for r in away.by_reals] == [
        ("away", 1.0, 4, 0.0),
        ("other", 5 / 16, 4, 1.0),
    ]
    assert (away.by_reals[0].lo, away.by_reals[0].hi) == (away.auc_lo, away.auc_hi)
    assert row.cross_domain_auc == 1.0
    assert (row.reals_spread, row.worst_reals) == (11 / 16, "other")


def test_the_spread_of_a_row_is_without_domains_that_the_protocol_leaves_out(tmp_path: Path) -> None:
    row = row_of(tmp_path, {"home": FAKES, "away": FAKES, "far": (0.01, 0.02)}, not_counted=("far",))
    assert (row.reals_spread, row.worst_reals) == (11 / 16, "other")
    assert headline_choices(row) == {"away": 1.0, "other": 5 / 16}
