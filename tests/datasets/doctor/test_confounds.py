"""Facts that tell the classes are found, and those that do not are not."""

import dataclasses

import numpy as np
import pytest

from bandbench.benchmark.pictures.file_facts import COLUMNS
from bandbench.datasets.doctor.confounds import Answer, ask
from bandbench.datasets.doctor.picture_facts import Facts

PLAIN = Facts(format="JPEG", mode="RGB", rows=128, cols=128, quality=75, sampling="4:2:0")


def answers(reals: list[Facts], fakes: list[Facts], groups: list[str] | None = None) -> dict[str, Answer]:
    facts = [*reals, *fakes]
    names = groups or [f"{i}" for i in range(len(facts))]
    found = ask(facts, [0] * len(reals) + [1] * len(fakes), names)
    return {answer.question.name: answer for answer in found}


def some(n: int, **changes: object) -> list[Facts]:
    return [dataclasses.replace(PLAIN, **changes) for _ in range(n)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("format", {"format": "PNG", "quality": 0}),
        ("JPEG quality", {"quality": 90}),
        ("chroma sampling", {"sampling": "4:4:4"}),
        ("colour mode", {"mode": "L"}),
        ("size", {"rows": 127}),
        ("aspect ratio", {"rows": 127}),
        ("frame rate", {"rate": 25.0}),
        ("format", {"format": "mov/h264", "quality": 0}),
    ],
)
def test_what_differs_between_the_classes_tells_them(name: str, changes: dict[str, object]) -> None:
    found = answers(some(20), some(20, **changes))
    assert found[name].score == 1 and found[name].strong
    mixed = answers(some(20) + some(20, **changes), some(20) + some(20, **changes))
    assert not mixed[name].notable


def test_what_is_the_same_everywhere_tells_nothing() -> None:
    found = answers(some(20), some(20))
    assert {answer.score for answer in found.values()} == {0.5}
    assert not any(answer.notable for answer in found.values())
    assert found["format"].values == ("JPEG 75", "JPEG 75")


def test_the_score_is_that_of_the_best_rule() -> None:
    """Nine in ten reals are JPEG, one in ten fakes is."""
    found = answers(some(90) + some(10, format="PNG"), some(10) + some(90, format="PNG"))
    assert found["format"].score == pytest.approx(0.9, abs=0.03)


def test_sizes_that_are_all_different_tell_nothing() -> None:
    """Crops of faces have any size; a rule made from each of them would be right about itself alone."""
    rng = np.random.default_rng(0)
    sides = rng.integers(100, 2000, 400)
    reals, fakes = ([dataclasses.replace(PLAIN, rows=int(s), cols=int(s)) for s in part] for part in (sides[:200], sides[200:]))
    assert answers(reals, fakes)["size"].score < 0.58
    assert not any(answer.notable for answer in answers(reals, fakes).values())


def test_frames_of_one_clip_count_once() -> None:
    """Two clips of a class say little, however many frames were taken from them."""
    reals, fakes = some(100), some(100, quality=90)
    clips = [f"{i // 50}" for i in range(200)]
    assert answers(reals, fakes)["JPEG quality"].notable
    assert not answers(reals, fakes, clips)["JPEG quality"].notable


def test_chance_is_not_notable() -> None:
    rng = np.random.default_rng(2)
    for n in (6, 30, 300):
        for _ in range(10):
            facts = [
                dataclasses.replace(PLAIN, quality=int(q), rows=int(side))
                for q, side in zip(*rng.integers(70, 75, (2, 2 * n)), strict=True)
            ]
            assert not any(answer.strong for answer in answers(facts[:n], facts[n:]).values())


def test_traces_in_the_picture_are_told_and_are_no_verdict() -> None:
    rows = np.stack([PLAIN.row] * 2)
    rows[:, COLUMNS["grid"]] = 0.5, 0.1
    reals, fakes = (some(30, measured=row.tobytes()) for row in rows)
    found = answers(reals, fakes)["the strength of a grid of 8 pixels"]
    assert found.score == 1 and found.notable and not found.strong


def test_one_class_alone_has_no_answers() -> None:
    assert answers(some(5), []) == {}
