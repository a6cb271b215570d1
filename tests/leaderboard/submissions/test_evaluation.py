"""Rows of submissions, and submissions that give none."""

from collections.abc import Callable
from typing import Any

import pytest

from bandbench.benchmark.errors import DataError
from bandbench.leaderboard.submissions.add import SubmissionReport
from bandbench.leaderboard.submissions.files import find_submissions
from made_submissions import negate, of_domain


def test_below_half_abroad_is_a_result_where_home_is_right(bring: Callable[..., SubmissionReport]) -> None:
    def abroad(rows: list[dict[str, Any]]) -> None:
        for row in of_domain(rows, "mine"):
            row["score"] = -row["score"]

    right = bring(abroad, train="yours")
    assert right.tests[1].auc > 0.8
    assert right.tests[0].auc < 0.2
    assert not any("wrong way round" in finding for finding in map(str, right.findings))


def test_a_misspelt_training_domain_is_refused(bring: Callable[..., SubmissionReport]) -> None:
    with pytest.raises(DataError, match=r"train: unknown domain 'procedural/plantd'. Did you mean 'procedural/planted'"):
        bring(train="procedural/plantd")
    assert not find_submissions()
    report = bring(train="somebody's faces")
    assert any("is none of the test domains" in remark for remark in report.remarks)


def test_a_submission_without_any_auc_is_no_row(bring: Callable[..., SubmissionReport]) -> None:
    with pytest.raises(DataError, match=r"(?s)has no AUC on any test domain.*only one class"):
        bring(lambda rows: [row for row in rows if row["label"] == 0])
    assert not find_submissions()


def test_scores_the_wrong_way_round_are_not_turned(bring: Callable[..., SubmissionReport]) -> None:
    right, wrong = bring(name="right").tests[0].auc, bring(negate, name="wrong").tests[0].auc
    assert wrong == pytest.approx(1 - right)
