"""Marks of rows follow from the numbers of the rows."""

from dataclasses import replace

import pytest

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.evidence import EvidenceStretch
from bandbench.benchmark.results.marks import MEANINGS, Mark, marks_of
from bandbench.benchmark.results.rows import RealsResult, Row, Shortcut, TestResult

SOURCES = (RealsResult("ffhq", 0.9, 0.8, 0.95, 100), RealsResult("celeba", 0.7, 0.6, 0.8, 100))
TEST = TestResult("b", 0.9, 0.85, 0.95, 200, 1.0, by_reals=SOURCES)
SOUND = Row(
    "d", "a", "chosen", Band(), seeds=5, in_domain_auc=0.9, in_domain_auc_lo=0.85, in_domain_auc_hi=0.94,
    cross_domain_auc=0.8, cross_domain_auc_lo=0.7, cross_domain_auc_hi=0.9, tests=(TEST,),
)  # fmt: skip


def test_a_sound_row_has_no_mark():
    assert marks_of(SOUND) == ()


@pytest.mark.parametrize(
    ("changes", "mark"),
    [
        ({"seeds": 1}, Mark.ONE_DRAW),
        ({"seeds": 4}, Mark.FEW_DRAWS),
        ({"in_domain_auc_lo": 0.5}, Mark.NOTHING_LEARNED),
        ({"cross_domain_auc_lo": 0.4}, Mark.LIKE_COIN_FLIP),
        ({"shortcut": Shortcut(0.9, 0.61, 0.95, "format")}, Mark.SHORTCUT),
        ({"band": Band("high", 0.3), "evidence": (EvidenceStretch(0.1, 0.2),)}, Mark.OUTSIDE_EVIDENCE),
        ({"band": Band("high", 0.3), "evidence": ()}, Mark.OUTSIDE_EVIDENCE),
        ({"tests": (replace(TEST, lookalikes=3),)}, Mark.LOOKALIKES),
        ({"tests": (replace(TEST, by_reals=SOURCES[:1]),)}, Mark.ONE_SOURCE_OF_REALS),
    ],
)
def test_each_reason_marks_the_row(changes, mark):
    assert marks_of(replace(SOUND, **changes)) == (mark,)


@pytest.mark.parametrize(
    "changes",
    [
        {"band": Band(), "evidence": (EvidenceStretch(0.1, 0.2),)},
        {"band": Band("low", 0.3), "evidence": (EvidenceStretch(0.1, 0.2),)},
        {"band": Band("high", 0.3), "evidence": None},
        {"band": Band("high", 0.3), "evidence": (), "role": "fixed"},
    ],
)
def test_a_band_that_holds_the_evidence_or_was_not_chosen_is_not_outside(changes):
    assert marks_of(replace(SOUND, **changes)) == ()


def test_every_mark_has_a_sentence():
    assert set(MEANINGS) == set(Mark)
