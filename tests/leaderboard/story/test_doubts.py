"""Marks are counted, and shortcuts come with the clearest of them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from bandbench.benchmark.results.rows import Shortcut
from bandbench.leaderboard.story.doubts import doubts
from bandbench.leaderboard.story.parts import Sentence, Topic

Maker = Callable[..., Any]
CLEAR = Shortcut(0.93, 0.9, 0.95, "format", ("PNG", "JPEG"))


def text(rows: list[Any]) -> str:
    return Sentence.of(Topic.DOUBT, doubts(rows, ())).text


def test_shortcuts_of_files_and_of_traces_are_told_apart(row_maker: Maker) -> None:
    rows = [
        row_maker("a", seeds=5, shortcut=CLEAR),
        row_maker("b", seeds=5, shortcut=replace(CLEAR, auc=0.8, ambiguous=True)),
        row_maker("c", seeds=5),
    ]
    told = text(rows)
    assert (
        "1 of 3 rows meets domains whose classes can be told by facts of the files alone, with an AUC of up to 0.930 on set/a"
        in told
    )
    assert "traces in the pixels, which may be the generator's own, with an AUC of up to 0.800 on set/a" in told


def test_marks_are_counted(row_maker: Maker) -> None:
    rows = [row_maker("a", seeds=1), row_maker("b", seeds=5)]
    assert "1 of 2 rows rests on one draw of the training pictures" in text(rows)
    assert "both rows were tested against a single source of reals" in text(rows)


def test_marks_that_find_no_room_are_not_kept_back(row_maker: Maker) -> None:
    """Four clauses are shown; where there are more, the sentence says so."""
    rows = [
        row_maker("a", seeds=1, level=0.52, shortcut=CLEAR),
        row_maker("b", seeds=5, shortcut=replace(CLEAR, ambiguous=True)),
    ]
    told = text(rows)
    assert told.count("; ") == 4
    assert told.endswith("; other marks stand beside the rows.")
    assert "other marks" not in text([row_maker("a", seeds=1), row_maker("b", seeds=5)])


def test_without_marks_there_is_no_doubt(row_maker: Maker, test_maker: Maker) -> None:
    rows = [row_maker("a", seeds=5, tests=[test_maker("set/b", float("nan"))])]
    assert text(rows) == "The only row has no mark that asks for doubt."
    assert text([*rows, *rows]) == "None of 2 rows has a mark that asks for doubt."
