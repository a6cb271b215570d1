"""Protocols: which trainings follow from the domains of a study."""

import pytest

from bandbench.benchmark.domains.names import Training
from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.study.protocols import Protocol, leave_one_out, same_generator, trainings

ABC = [Training((name,)) for name in ("s/a", "s/b", "s/c")]
TESTS = ["s/a", "s/b", "s/c", "s/d", "s/a+noise:sd=5"]


def of(protocol: Protocol, shots: tuple[int, ...], entries: list[Training], tests: list[str]) -> list[str]:
    return [str(one) for one in trainings(protocol, shots, entries, tests, lambda base, test: True)]


def test_every_entry_is_a_training() -> None:
    assert of(Protocol.ALL_PAIRS, (0,), ABC, TESTS) == ["s/a", "s/b", "s/c"]


def test_one_domain_is_left_out_after_the_other() -> None:
    found = of(Protocol.LEAVE_ONE_OUT, (0,), ABC, TESTS)
    assert found == ["s/b & s/c", "s/a & s/c", "s/a & s/b", "s/a & s/b & s/c"]  # the last is tested on s/d


def test_a_generator_is_left_out_with_all_of_its_compressions() -> None:
    assert same_generator("ffpp/Deepfakes@c23", "ffpp/Deepfakes@raw+noise:sd=5")
    assert not same_generator("ffpp/Deepfakes@c23", "ffpp/FaceSwap@c23")
    entries = [Training((name,)) for name in ("f/A@c23", "f/A@raw", "f/B@c23", "f/C@c23")]
    assert [str(one) for one in leave_one_out(entries, ["f/A@c23"])] == ["f/B@c23 & f/C@c23"]


def test_a_pool_that_is_named_stays_as_it_is() -> None:
    pool = Training.parse("s/a & s/b")
    assert of(Protocol.LEAVE_ONE_OUT, (0,), [pool], TESTS) == ["s/a & s/b"]


def test_two_domains_are_too_few_to_leave_one_out() -> None:
    with pytest.raises(StudyError, match=r"without s/a, 1 of the training domains is left \(s/b\).*at least 3"):
        leave_one_out(ABC[:2], ["s/a", "s/b"])


def test_shots_are_of_every_test_domain_that_is_not_trained_on() -> None:
    found = of(Protocol.ALL_PAIRS, (0, 5), ABC[:1], TESTS)
    assert found == ["s/a & 5 shots of s/b", "s/a & 5 shots of s/c", "s/a & 5 shots of s/d", "s/a"]
    assert of(Protocol.LEAVE_ONE_OUT, (5,), ABC, TESTS[:3]) == [
        "s/b & s/c & 5 shots of s/a",
        "s/a & s/c & 5 shots of s/b",
        "s/a & s/b & 5 shots of s/c",
    ]


def test_shots_need_a_target() -> None:
    with pytest.raises(StudyError, match="no test domain is left as a target"):
        of(Protocol.ALL_PAIRS, (5,), ABC[:1], ["s/a"])
