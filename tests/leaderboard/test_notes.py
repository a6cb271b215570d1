"""Notes below a table."""

from collections.abc import Callable
from typing import Any

from bandbench.benchmark.results.marks import Mark
from bandbench.benchmark.results.rows import RealsResult
from bandbench.leaderboard.notes import (
    SHOWN_PARTS,
    DifferentTests,
    data_notes,
    different_tests,
    mark_notes,
    may_be_copies,
    other_variants,
    row_notes,
    shown_marks,
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


def test_reals_of_a_source_that_look_like_training_pictures_are_noted_once_a_row(row_maker: Maker, test_maker: Maker) -> None:
    reals = (RealsResult("set", 0.8, 0.7, 0.9, 100), RealsResult("ffhq", 0.6, 0.5, 0.7, 50, lookalikes=2))
    row = row_maker(tests=[test_maker(name, 0.8, by_reals=reals) for name in ("set/b", "set/c")])
    ((note, _),) = row_notes([row])
    assert note == "Test pictures that look like training or validation pictures: reals of ffhq 2 of 50 (row 1)."
    assert row_notes([row], computed={"ffhq"}) == []


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


def test_a_pool_of_which_pictures_are_left_out_has_its_short_name(row_maker: Maker) -> None:
    row = row_maker(train="set/a & set/b & set/z & set/y", dropped_leaks={"train": 4, "val": 0})
    (note,) = data_notes([row])
    assert note.startswith("set/a & set/b & 2 more: pictures left out")


def test_sentences_on_look_alikes_are_repeated_once(row_maker: Maker) -> None:
    sentence = (
        "mine: 10 of 80 test pictures look like pictures that are learned from, which is more than 1%; they are left out."
    )
    data = {"data": {"mine": {"lookalikes": [sentence]}}}
    assert data_notes([row_maker(**data), row_maker("b", **data)]) == [sentence]


def test_results_that_are_left_out_are_counted_by_study() -> None:
    several, single = other_variants({"b": 2, "a study": 1})[::-1]
    assert several.startswith("b: 2 earlier results, ") and "are not shown" in several
    assert single.startswith("a study: 1 earlier result, ") and "leaderboard --study 'a study' --all`" in single


def test_a_mark_of_some_rows_names_them_and_one_of_all_is_said_once(row_maker: Maker) -> None:
    rows = [row_maker("a"), row_maker("b", in_domain_auc_lo=0.4), row_maker("coin_flip", in_domain_auc_lo=0.4)]
    marks = shown_marks(rows)
    assert marks.shared == (Mark.ONE_DRAW, Mark.ONE_SOURCE_OF_REALS)
    assert marks.own == ((), (Mark.NOTHING_LEARNED,), (Mark.CONTROL,))
    assert [note.partition(":")[0] for note in mark_notes(rows)] == [
        "Control (row 3)",
        "One draw (all rows)",
        "Nothing learned (row 2)",
        "One source of reals (all rows)",
    ]
    assert "Nothing learned (row b ← set/a): " in "\n".join(mark_notes(rows, by_name=True))


def test_marks_of_a_single_row_stand_beside_it(row_maker: Maker) -> None:
    (own,) = shown_marks([row_maker()]).own
    assert own == (Mark.ONE_DRAW, Mark.ONE_SOURCE_OF_REALS)
    assert mark_notes([row_maker()])[0].startswith("One draw (row 1): ")


def test_look_alikes_have_one_note_with_numbers(row_maker: Maker, test_maker: Maker) -> None:
    rows = [row_maker(tests=[test_maker("set/b", 0.8, lookalikes=30)])]
    assert Mark.LOOKALIKES in shown_marks(rows).own[0]
    assert not any(note.startswith("Look-alikes") for note in mark_notes(rows))
    assert len(row_notes(rows)) == 1


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
