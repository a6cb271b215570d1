"""Rows and test results: their JSON form, what it leaves out, and what older files lack."""

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.evidence import EvidenceStretch
from bandbench.benchmark.results.rows import (
    PerturbationResult,
    Plateau,
    Row,
    Standing,
    SubmissionFacts,
    TestResult,
    home_and_abroad,
    id_digits,
    keep_rows,
    read_rows,
    rows_from_json,
    rows_to_json,
)
from bandbench.benchmark.store.files import dump_json

TEST = TestResult("b", 0.7, 0.6, 0.8, 20, 1.0, oracle_band=Band("low", 0.2), metrics={"eer": 0.3, "pd1": math.nan})
DROP = PerturbationResult("blur:sigma=1", "in-domain", ("a",), 0.9, 0.8, 0.7, 0.9, 0.1, 0.0, 0.2)
EVIDENCE = (EvidenceStretch(0.1, 0.2, True, False), EvidenceStretch(0.3, 0.4, False, True))
ROW = Row(
    "svm", "a", "chosen", Band("high", 0.3), EVIDENCE, in_domain_auc=0.9, model_bytes=2048, gaps=("g",),
    splits={"a": "1"}, data={"x": {"missing": ["p"]}}, tests=(TEST,), robustness=(DROP,), metrics={"clips": 0.5},
)  # fmt: skip


def through_json(row: Row) -> Row:
    (again,) = rows_from_json(json.loads(dump_json(rows_to_json([row]))))
    return again


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"evidence": None, "tests": (), "robustness": ()},
        {"evidence": (), "swept": True, "plateau": Plateau(0.2, 0.5)},
        {"run_id": "r", "current": False},
        {"source": "submitted", "verified": True, "submission": SubmissionFacts("theirs", notes=("n",))},
    ],
)
def test_a_row_comes_back_as_it_was(changes: dict) -> None:
    row = replace(ROW, **changes)
    assert repr(through_json(row)) == repr(row)


def test_a_flipped_bit_of_a_file_of_rows_leaves_rows_or_none(tmp_path: Path) -> None:
    keep_rows([ROW, replace(ROW, detector="other")], tmp_path)
    path = tmp_path / "rows.json"
    content = path.read_bytes()
    numbers = set()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 2]) + content[place + 1 :])
        numbers.add(len(read_rows(tmp_path)))
    assert numbers == {0, 2}


@pytest.mark.parametrize("text", ["null", "3", '"rows"', "{}", '{"rows": []}', "[1]", "[[]]", "[{}]"])
def test_a_file_of_something_else_has_no_rows(text: str, tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text(text)
    assert read_rows(tmp_path) == []


@pytest.mark.parametrize(
    ("written", "swept", "evidence"),
    [
        ({"low": 0.1, "high": 0.2}, True, (EvidenceStretch(0.1, 0.2, True, None),)),
        (None, True, ()),
        (None, False, None),
    ],
)
def test_the_one_interval_of_earlier_rows_is_a_list(written: dict | None, swept: bool, evidence: tuple | None) -> None:
    (row,) = rows_from_json([ROW.to_json() | {"evidence": written, "swept": swept}])
    assert row.evidence == evidence


def test_numbers_keep_their_kind() -> None:
    data = ROW.to_json()
    assert isinstance(data["model_bytes"], int)
    assert isinstance(data["tests"][0]["n"], int)


def test_what_only_a_board_knows_is_left_out() -> None:
    data = replace(ROW, standing=Standing(1, 2, 1)).to_json()
    assert {"run_id", "current", "source", "verified", "submission", "standing", "metrics"}.isdisjoint(data)


def test_metrics_stand_beside_the_other_numbers() -> None:
    names = list(TEST.to_json())
    assert names[names.index("coverage") + 1 : names.index("allpass_auc")] == ["eer", "pd1"]
    assert ROW.to_json()["clips"] == 0.5
    assert ROW.value("clips") == 0.5
    assert math.isnan(ROW.value("unknown"))
    assert math.isnan(TEST.value("unknown"))


def test_rows_of_earlier_versions_are_read() -> None:
    data = ROW.to_json()
    for name in ("robustness", "score_ms", "settings", "variant", "splits", "dropped_leaks", "data"):
        del data[name]
    row = Row.from_json(data)
    assert (row.robustness, row.settings, row.splits, row.dropped_leaks) == ((), "", {}, {"train": 0, "val": 0})
    assert math.isnan(row.score_ms)
    assert rows_from_json(None) == []


def test_the_headline_is_abroad_where_that_was_measured() -> None:
    assert replace(ROW, cross_domain_auc=0.6).headline == 0.6
    assert ROW.headline == 0.9


def test_a_perturbed_training_domain_is_home() -> None:
    tests = [replace(TEST, domain=name) for name in ("a", "a+blur:sigma=1", "b", "b+blur:sigma=1")]
    home, abroad = home_and_abroad(tests, "a+blur:sigma=1", ())
    assert ([test.domain for test in home], [test.domain for test in abroad]) == (["a+blur:sigma=1"], ["b"])
    home, _ = home_and_abroad(tests[:1], "a+blur:sigma=1", ())
    assert [test.domain for test in home] == ["a"]


def result(domain: str) -> TestResult:
    return TestResult(domain, 0.7, 0.6, 0.8, 20, 1.0)


@pytest.mark.parametrize(
    ("train", "not_counted", "home", "abroad"),
    [
        ("s/a & s/b", (), ["s/a", "s/b"], ["s/c", "s/d"]),
        ("s/a+noise:sd=5 & s/b", (), ["s/a+noise:sd=5", "s/b"], ["s/c", "s/d"]),
        ("s/a & s/b", ("s/d",), ["s/a", "s/b"], ["s/c"]),
        ("s/a & other", (), ["s/a"], ["s/b", "s/c", "s/d"]),
        ("s/a & 10 shots of s/c", (), ["s/a"], ["s/c"]),
    ],
)
def test_a_pool_is_at_home_on_all_of_its_domains(
    train: str, not_counted: tuple[str, ...], home: list[str], abroad: list[str]
) -> None:
    tests = [result(name) for name in ("s/a", "s/b", "s/c", "s/d", "s/a+noise:sd=5", "s/c+noise:sd=5")]
    found = home_and_abroad(tests, train, not_counted)
    assert [[test.domain for test in side] for side in found] == [home, abroad]
    row = replace(ROW, train=train, not_counted=not_counted, tests=tuple(tests))
    assert row.home_and_abroad() == found


def test_the_main_tests_hold_perturbed_domains_that_are_trained_on() -> None:
    tests = tuple(result(name) for name in ("s/a", "s/a+noise:sd=5", "s/b", "s/b+noise:sd=5", "s/c"))
    row = replace(ROW, train="s/a+noise:sd=5 & s/b", tests=tests)
    assert [test.domain for test in row.main_tests] == ["s/a", "s/a+noise:sd=5", "s/b", "s/c"]


def test_the_parts_of_a_training_are_a_list_in_json() -> None:
    row = replace(ROW, train="a & b & 10 shots of c", shots=10, not_counted=("d",))
    (data,) = rows_to_json([row])
    assert (data["train"], data["shots"], data["not_counted"]) == (["a", "b", "10 shots of c"], 10, ["d"])
    assert through_json(row).train == row.train
    assert through_json(row).not_counted == ("d",)
    assert rows_to_json([ROW])[0]["train"] == "a"


def test_an_id_stays_as_long_as_what_the_row_depends_on() -> None:
    assert len(ROW.id) == 10
    assert replace(ROW, in_domain_auc=0.1, run_id="other").id == ROW.id
    changed = [replace(ROW, cell="other"), replace(ROW, role="fixed"), replace(ROW, band=Band("high", 0.31))]
    assert len({ROW.id, *(row.id for row in changed)}) == 4
    assert through_json(ROW).id == ROW.id


def test_ids_are_cut_to_the_digits_that_tell_them_apart() -> None:
    rows = [replace(ROW, cell=str(n)) for n in range(600)]  # more than four digits can name without a collision
    digits = id_digits(rows)
    assert digits > 4
    assert len({row.id[:digits] for row in rows}) == 600
    assert len({row.id[: digits - 1] for row in rows}) < 600
    assert id_digits([ROW, ROW]) == id_digits([]) == 4
