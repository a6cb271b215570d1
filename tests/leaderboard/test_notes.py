"""Notes below a table."""

from collections.abc import Callable
from typing import Any

from bandbench.leaderboard.notes import (
    SHOWN_PARTS,
    DifferentTests,
    data_notes,
    different_tests,
    may_be_copies,
    other_variants,
    row_notes,
    shown_rows,
)

Maker = Callable[..., Any]


def test_notes_call_rows_by_number_or_by_name(row_maker: Maker, test_maker: Maker) -> None:
    tests = [test_maker("set/a", 0.9), test_maker("set/b", 0.8, lookalikes=3)]
    rows = [row_maker(f"d{i}", tests=tests) for i in range(SHOWN_PARTS + 2)]
    ((numbered, mine),) = row_notes(rows)
    ((named, _),) = row_notes(rows, by_name=True)
    assert mine == list(range(len(rows)))
    assert numbered.endswith("(rows 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more).")
    assert "(rows d0 ← set/a, d1 ← set/a, " in named


def test_computed_pictures_that_look_alike_are_no_note(row_maker: Maker, test_maker: Maker) -> None:
    row = row_maker(tests=[test_maker("procedural/blend", 0.8, lookalikes=3)])
    assert row_notes([row], computed={"procedural"}) == []
    ((note, _),) = row_notes([row])
    assert note == "Test pictures that look like training or validation pictures: procedural/blend 3 of 200 (row 1)."


def test_perturbed_domains_repeat_no_note(row_maker: Maker, test_maker: Maker) -> None:
    assert may_be_copies("set/b") is True
    assert may_be_copies("set/b+blur:sigma=1") is False
    assert may_be_copies("procedural/blend", {"procedural"}) is False
    row = row_maker(tests=[test_maker("set/b+blur:sigma=1", 0.8, lookalikes=3)])
    assert row_notes([row]) == []


def test_rows_with_other_test_pictures_are_named(row_maker: Maker, test_maker: Maker) -> None:
    """The largest group comes first, and a different split list is named before different pictures."""
    rows = [row_maker(name, tests=[test_maker("set/b", 0.8)]) for name in "abc"]
    other_list = row_maker("d", tests=[test_maker("set/b", 0.8, split_list="another")])
    (entry,) = different_tests([other_list, *rows])
    assert entry == DifferentTests(("set/b",), "split lists", ((1, 2, 3), (0,)))
    other_pictures = row_maker("d", tests=[test_maker("set/b", 0.8, pictures="others")])
    ((note, indices),) = row_notes([*rows, other_pictures])
    assert note == "Different test pictures of set/b: rows 1, 2, 3 against row 4; their AUCs there do not compare."
    assert indices == [0, 1, 2, 3]


def test_rows_without_a_split_list_are_compared_with_none(row_maker: Maker, test_maker: Maker) -> None:
    old = row_maker(tests=[test_maker("set/b", 0.8, split_list="", pictures="")])
    assert different_tests([old, row_maker("b")]) == []


def test_all_pass_rows_are_not_shown(row_maker: Maker) -> None:
    rows = [row_maker(), row_maker(role="allpass"), row_maker(role="fixed")]
    assert [row.role for row in shown_rows(rows)] == ["chosen", "fixed"]


def test_earlier_rows_are_noted(row_maker: Maker) -> None:
    rows = [row_maker(current=True), row_maker("old", current=False)]
    ((note, indices),) = row_notes(rows)
    assert note.startswith("Earlier, of other settings, pictures or code") and note.endswith("row 2.")
    assert indices == [1]


def test_gaps_of_the_data_are_noted_once(row_maker: Maker) -> None:
    gaps = {"dropped_leaks": {"train": 4, "val": 0}, "data": {"cast": {"missing": ["988 of 1000 clips"]}}}
    assert data_notes([row_maker(**gaps), row_maker("b", **gaps)]) == [
        "set/a: pictures left out, as they share a clip or an identity with others: 4 of train.",
        "cast is not complete: 988 of 1000 clips.",
    ]


def test_results_that_are_left_out_are_counted_by_study() -> None:
    several, single = other_variants({"b": 2, "a study": 1})[::-1]
    assert several.startswith("b: 2 earlier results, ") and "are not shown" in several
    assert single.startswith("a study: 1 earlier result, ") and "leaderboard --study 'a study' --all`" in single


def test_domains_that_a_protocol_leaves_out_and_shots_are_noted(row_maker: Maker) -> None:
    rows = [row_maker(not_counted=("set/c",)), row_maker(train="set/a & 10 shots of set/b", shots=10), row_maker()]
    assert row_notes(rows) == [
        ("Left out of the cross-domain mean by the protocol of the study: set/c (row 1).", [0]),
        (
            "Trained on a few pictures of the target domain, too; their cross-domain AUC is that on the target domain alone: "
            "row 2.",
            [1],
        ),
    ]
