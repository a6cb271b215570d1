"""Protocols: which trainings follow from the domains of a study."""

import pytest

from bandbench.benchmark.domains.names import Training
from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.study.protocols import (
    PlannedTraining,
    all_pairs,
    later_only,
    leave_one_out,
    same_generator,
    with_shots,
)

ABC = [Training((name,)) for name in ("s/a", "s/b", "s/c")]
TESTS = ["s/a", "s/b", "s/c", "s/d"]


def shown(planned: list[PlannedTraining]) -> dict[str, tuple[str, ...]]:
    return {str(one.training): one.headline for one in planned}


def test_every_entry_is_a_training_whose_headline_is_over_the_other_domains() -> None:
    pool = Training.parse("s/a & s/b")
    assert shown(all_pairs([ABC[0], pool], TESTS)) == {"s/a": ("s/b", "s/c", "s/d"), "s/a & s/b": ("s/c", "s/d")}


def test_the_headline_is_over_later_domains() -> None:
    found = later_only(ABC[:2], TESTS, lambda base, test: test > max(base.members))
    assert shown(found) == {"s/a": ("s/b", "s/c", "s/d"), "s/b": ("s/c", "s/d")}


def test_one_domain_is_left_out_after_the_other() -> None:
    assert shown(leave_one_out(ABC, TESTS)) == {
        "s/b & s/c": ("s/a",),
        "s/a & s/c": ("s/b",),
        "s/a & s/b": ("s/c",),
        "s/a & s/b & s/c": ("s/d",),
    }


def test_a_generator_is_left_out_with_all_of_its_compressions() -> None:
    assert same_generator("ffpp/Deepfakes@c23", "ffpp/Deepfakes@raw+noise:sd=5")
    assert not same_generator("ffpp/Deepfakes@c23", "ffpp/FaceSwap@c23")
    entries = [Training((name,)) for name in ("f/A@c23", "f/A@raw", "f/B@c23", "f/C@c23")]
    found = leave_one_out(entries, ["f/A@c23", "f/A@raw"])
    assert shown(found) == {"f/B@c23 & f/C@c23": ("f/A@c23", "f/A@raw")}


def test_a_pool_that_is_named_stays_as_it_is() -> None:
    assert shown(leave_one_out([Training.parse("s/a & s/b")], TESTS)) == {"s/a & s/b": ("s/c", "s/d")}


def test_two_domains_are_too_few_to_leave_one_out() -> None:
    with pytest.raises(StudyError, match=r"without s/a, 1 of the training domains is left \(s/b\).*at least 3"):
        leave_one_out(ABC[:2], ["s/a", "s/b"])


def test_shots_are_of_every_domain_of_the_headline() -> None:
    assert shown(with_shots(all_pairs(ABC[:1], TESTS), (0, 5))) == {
        "s/a & 5 shots of s/b": ("s/b",),
        "s/a & 5 shots of s/c": ("s/c",),
        "s/a & 5 shots of s/d": ("s/d",),
        "s/a": ("s/b", "s/c", "s/d"),
    }
    assert list(shown(with_shots(leave_one_out(ABC, TESTS), (5,)))) == [
        "s/b & s/c & 5 shots of s/a",
        "s/a & s/c & 5 shots of s/b",
        "s/a & s/b & 5 shots of s/c",
        "s/a & s/b & s/c & 5 shots of s/d",
    ]


def test_no_shots_are_of_the_generator_that_is_trained_on() -> None:
    planned = all_pairs([Training(("f/A@c23",))], ["f/A@raw", "f/B@c23"])
    assert shown(with_shots(planned, (5,))) == {"f/A@c23 & 5 shots of f/B@c23": ("f/B@c23",)}


def test_shots_that_are_named_stay_as_they_are() -> None:
    planned = all_pairs([Training.parse("s/a & 3 shots of s/b")], TESTS)
    assert with_shots(planned, (0, 5)) == planned


def test_shots_need_a_target() -> None:
    with pytest.raises(StudyError, match="no test domain is left as a target"):
        with_shots(all_pairs(ABC[:1], ["s/a"]), (5,))
