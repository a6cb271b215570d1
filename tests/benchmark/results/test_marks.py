"""Marks of rows follow from the numbers of the rows."""

import math
from dataclasses import replace

import pytest

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.evidence import EvidenceStretch
from bandbench.benchmark.results.marks import (
    LABELS,
    MEANINGS,
    Mark,
    RowAudit,
    audits_of,
    is_ambiguous,
    is_coin,
    is_control,
    mark_label,
    marks_of,
    without_rank,
)
from bandbench.benchmark.results.rows import RealsResult, Row, Shortcut, TestResult

SOURCES = (RealsResult("ffhq", 0.9, 0.8, 0.95, 100), RealsResult("celeba", 0.7, 0.6, 0.8, 100))
STORED, ALIKE = Shortcut(0.9, 0.61, 0.95, "format"), Shortcut(0.5, 0.4, 0.6, "format")
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
        ({"in_domain_auc_lo": math.nan, "in_domain_auc_hi": math.nan}, Mark.NOTHING_LEARNED),
        ({"cross_domain_auc_lo": 0.4}, Mark.LIKE_COIN_FLIP),
        ({"detector": "coin_flip"}, Mark.CONTROL),
        ({"control": True}, Mark.CONTROL),
        ({"random_encoder": True}, Mark.RANDOM_ENCODER),
        ({"detector": "file_facts(n=3)"}, Mark.CONTROL),
        ({"detector": "permuted_labels/x"}, Mark.CONTROL),
        ({"shortcut": Shortcut(0.9, 0.61, 0.95, "format")}, Mark.SHORTCUT),
        ({"band": Band("high", 0.3), "evidence": (EvidenceStretch(0.1, 0.2),)}, Mark.OUTSIDE_EVIDENCE),
        ({"band": Band("high", 0.3), "evidence": ()}, Mark.OUTSIDE_EVIDENCE),
        ({"tests": (replace(TEST, shortcut=STORED),)}, Mark.SHORTCUT),
        ({"tests": (replace(TEST, by_reals=(SOURCES[0], replace(SOURCES[1], shortcut=STORED))),)}, Mark.SHORTCUT),
        ({"tests": (replace(TEST, lookalikes=3),)}, Mark.LOOKALIKES),
        ({"tests": (replace(TEST, by_reals=(SOURCES[0], replace(SOURCES[1], lookalikes=2))),)}, Mark.LOOKALIKES),
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


@pytest.mark.parametrize(
    "changes",
    [
        {"lookalikes": 1},  # of 100 reals: not more than a hundredth
        {"lookalikes": 50, "source": "celeba+jpeg:quality=75"},  # they repeat those of the unperturbed source
        {"shortcut": replace(STORED, lo=0.6)},
    ],
)
def test_a_source_of_reals_that_gives_no_reason_is_no_mark(changes):
    test = replace(TEST, by_reals=(SOURCES[0], replace(SOURCES[1], **changes)))
    assert marks_of(replace(SOUND, tests=(test,))) == ()


def test_look_alikes_among_computed_reals_are_no_mark():
    test = replace(TEST, by_reals=(SOURCES[0], replace(SOURCES[1], source="procedural", lookalikes=50)))
    assert marks_of(replace(SOUND, tests=(test,))) == (Mark.LOOKALIKES,)
    assert marks_of(replace(SOUND, tests=(test,)), {"procedural"}) == ()


def test_the_audits_of_a_row_are_listed_once():
    own = replace(SOURCES[0], source="b", shortcut=STORED)
    test = replace(TEST, shortcut=STORED, by_reals=(own, replace(SOURCES[1], shortcut=ALIKE)))
    assert audits_of(replace(SOUND, shortcut=ALIKE, tests=(test, test))) == [
        RowAudit("a", "", ALIKE), RowAudit("b", "", STORED), RowAudit("b", "celeba", ALIKE)
    ]  # fmt: skip


def test_a_shortcut_is_ambiguous_where_all_that_mark_the_row_are():
    doubtful = replace(STORED, ambiguous=True)
    assert mark_label(Mark.SHORTCUT, replace(SOUND, shortcut=doubtful)) == "ambiguous shortcut"
    clear = replace(SOUND, shortcut=doubtful, tests=(replace(TEST, shortcut=STORED),))
    assert mark_label(Mark.SHORTCUT, clear) == "shortcut"
    assert mark_label(Mark.ONE_DRAW, replace(SOUND, shortcut=doubtful)) == "one draw"
    assert not is_ambiguous(SOUND)


def test_every_mark_has_a_name_and_a_sentence():
    assert set(MEANINGS) == set(LABELS) == set(Mark)
    assert all(mark.meaning.endswith(".") for mark in Mark)


def test_look_alikes_in_computed_pictures_are_no_mark():
    row = replace(SOUND, tests=(replace(TEST, domain="procedural/blend", lookalikes=50),))
    assert marks_of(row) == (Mark.LOOKALIKES,)
    assert marks_of(row, {"procedural"}) == ()


def test_a_row_that_was_tested_at_home_alone_is_like_a_coin_by_its_in_domain_interval():
    nothing = {f"cross_domain_auc{end}": math.nan for end in ("", "_lo", "_hi")}
    row = replace(SOUND, in_domain_auc_lo=0.4, **nothing)
    assert marks_of(row) == (Mark.NOTHING_LEARNED, Mark.LIKE_COIN_FLIP)


def test_an_interval_below_a_half_is_no_coin_and_has_learned_nothing_at_home():
    row = replace(SOUND, cross_domain_auc_lo=0.2, cross_domain_auc_hi=0.4, in_domain_auc_lo=0.2, in_domain_auc_hi=0.4)
    assert marks_of(row) == (Mark.NOTHING_LEARNED,)


def test_the_first_reason_for_no_rank_is_given():
    assert without_rank([Mark.NOTHING_LEARNED, Mark.ONE_DRAW, Mark.SHORTCUT]) is Mark.ONE_DRAW
    assert without_rank([Mark.SHORTCUT, Mark.LIKE_COIN_FLIP]) is None


def test_names_that_begin_like_a_control_are_none():
    assert is_control("coin_flip/any") is True
    assert is_control("coin_flips") is False
    assert (is_coin("coin_flip(seed=1)"), is_coin("file_facts")) == (True, False)
