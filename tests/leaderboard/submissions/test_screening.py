"""Findings about submitted scores, and the part of them that is used."""

import math
import re
from collections.abc import Callable
from typing import Any

import pytest

from bandbench.leaderboard.submissions.add import SubmissionReport
from made_submissions import Change, board_of, brought, drop, negate, of_domain


def rename(rows: list[dict[str, Any]]) -> None:
    rows[0]["item"] = "elsewhere.png"


def turn_label(rows: list[dict[str, Any]]) -> None:
    rows[0]["label"] = 1 - rows[0]["label"]


def repeat(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [*rows, rows[0]]


def contradict(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [*rows, {**rows[0], "score": rows[0]["score"] + 1}]


def spoil(score: float | None) -> Change:
    def change(rows: list[dict[str, Any]]) -> None:
        rows[0]["score"] = score

    return change


def flatten(rows: list[dict[str, Any]]) -> None:
    for row in of_domain(rows, "mine"):
        row["score"] = 0.5


def one_class(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["domain"] != "mine" or row["label"] == 0]


@pytest.mark.parametrize(
    ("change", "sentence", "lost"),
    [
        (drop, r"mine: 9 of 10 items have a usable score", 1),
        (rename, r"mine: 1 id is unknown to the run \w+ \(such as 'elsewhere.png'\); not scored", 1),
        (turn_label, r"mine: 1 label disagrees with the run \w+ \(such as 'real/", 1),
        (repeat, r"mine: 1 id is given more than once .*: each time alike, and counted once", 0),
        (contradict, r"mine: 1 id is given more than once .*: 1 of them differently, and not scored", 1),
        (spoil(math.nan), r"1 row has a score that is NaN, infinite or empty", 1),
        (spoil(math.inf), r"1 row has a score that is NaN, infinite or empty", 1),
        (spoil(None), r"1 row has a score that is NaN, infinite or empty", 1),
        (flatten, r"mine: all 10 scores are equal", 0),
        (negate, r"reals score above fakes on mine \(AUC 0\.\d+, .* wrong way round", 0),
        (one_class, r"mine: only one class has scores, so there is no AUC", 5),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_is_used(
    bring: Callable[..., SubmissionReport], change: Change, sentence: str, lost: int
) -> None:
    report = bring(change)
    assert any(re.search(sentence, finding) for finding in map(str, report.findings)), report.findings
    mine, yours = report.tests
    assert mine.coverage == pytest.approx((10 - lost) / 10)
    assert (mine.n, yours.coverage) == (10, 1.0)
    assert report.verification.verified == (change is repeat)


def test_a_domain_nobody_knows_is_taken_as_it_came(bring: Callable[..., SubmissionReport], store: str) -> None:
    def add(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return rows + [{**row, "domain": "elsewhere/x", "group": ""} for row in of_domain(rows, "yours")]

    report = bring(add)
    assert any(f.startswith("elsewhere/x: nothing here to check the items against") for f in map(str, report.findings))
    assert any(f.startswith("elsewhere/x: no groups are told") for f in map(str, report.findings))
    row = brought(board_of(store))
    found = {test.domain: test for test in row.tests}
    assert found["elsewhere/x"].auc == pytest.approx(found["yours"].auc)
    assert found["elsewhere/x"].split_list not in ("", found["yours"].split_list)
    assert not row.verified
    assert "of elsewhere/x is in one of them only" in row.submission.notes[-1]


def test_validation_scores_of_test_items_set_no_threshold(bring: Callable[..., SubmissionReport], store: str) -> None:
    def both(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return rows + [{**row, "split": "val"} for row in of_domain(rows, "mine")]

    report = bring(both)
    assert any(
        "validation scores are not used, as 10 items of them are among the test items" in f for f in map(str, report.findings)
    )
    assert math.isnan(brought(board_of(store)).tests[0].metrics["balanced_accuracy"])
