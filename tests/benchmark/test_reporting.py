"""Names on the screen, and stages that are shown as one."""

import pytest

from bandbench.benchmark.reporting import OneStage, folded_name
from conftest import SilentReporter


@pytest.mark.parametrize(
    ("name", "width", "lines"),
    [
        ("mine", 4, ["mine"]),
        ("procedural/blend", 16, ["procedural/blend"]),
        ("procedural/blend", 12, ["procedural/", "  blend"]),
        ("procedural/blend+jpeg:quality=50", 18, ["procedural/blend", "  +jpeg:quality=50"]),
        ("all but procedural/zeroinsert", 14, ["all but", "  procedural/", "  zeroinsert"]),
        ("set/a & 10 shots of set/b", 16, ["set/a & 10", "  shots of set/b"]),
    ],
)
def test_names_break_where_their_parts_meet(name: str, width: int, lines: list[str]) -> None:
    assert folded_name(name, width).split("\n") == lines


def test_several_pieces_of_work_are_one_stage() -> None:
    screen = SilentReporter()
    work = OneStage(screen, "all of it", 5)
    for steps in (2, 3):
        work.stage("a part", steps)
        work.advance(steps)
    work.note("done")
    assert (screen.stages, screen.done, screen.notes) == (["all of it"], 5, ["done"])
