"""Reasons why a run has no row: each has a meaning, survives a worker process, and is harmless on a screen."""

import pickle

import pytest

from bandbench.benchmark.results.refusals import MOST_TEXT, Refusal, RefusedBecause, RefusedError, harmless, refuse


@pytest.mark.parametrize("reason", RefusedBecause)
def test_every_reason_has_a_meaning(reason: RefusedBecause) -> None:
    assert reason.meaning.endswith(".")


def test_an_error_comes_back_from_a_worker_with_its_reason() -> None:
    with pytest.raises(RefusedError, match="too long") as raised:
        refuse(RefusedBecause.TOO_LARGE, "it is too long.")
    again = pickle.loads(pickle.dumps(raised.value))
    assert (again.reason, str(again)) == (RefusedBecause.TOO_LARGE, "it is too long.")


@pytest.mark.parametrize("steering", ["\x1b[2J", "\x07", "\x9b31m", "\u202e", "\u2066", "\ud800"])
def test_what_steers_a_terminal_is_replaced(steering: str) -> None:
    assert harmless(f"a{steering}b").startswith("a\N{REPLACEMENT CHARACTER}")
    assert steering[0] not in harmless(f"a{steering}b")


def test_a_text_is_one_line_and_not_long() -> None:
    assert harmless("one\n\ttwo") == "one two"
    assert len(harmless("x" * 10**6)) == MOST_TEXT
    assert harmless("x" * 10**6).endswith("…")


def test_a_refusal_names_its_run_and_the_code() -> None:
    refusal = Refusal(RefusedBecause.EDITED, "another digest.", "run1", "study", "svm", "mine")
    assert str(refusal) == "run run1 (svm on mine): another digest."
    assert refusal.to_json()["reason"] == "edited"
    assert str(Refusal(RefusedBecause.SUBMISSION, "no scores.", "theirs")) == "submission theirs: no scores."
