"""Names on the screen."""

import pytest

from bandbench.benchmark.reporting import folded_name


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
