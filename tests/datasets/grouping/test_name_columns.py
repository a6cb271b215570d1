"""Columns of names: what repeats is kept with its numbers, what is different in every name or equal in all is not."""

import random
import uuid

from bandbench.datasets.grouping.name_columns import COARSE, FINE, Column, Kind, name_columns, share_crossed


def columns(stems: list[str], part=COARSE) -> list[Column]:
    return name_columns(stems, part, most=0.95, repeated=0.5)


def test_words_and_numbers_are_told_apart_and_constant_parts_are_left_out() -> None:
    word, number = columns([f"img_{name}_{i}" for name in ("anna", "ben", "cara") for i in range(3)])
    assert (word.kind, word.values[3]) == (Kind.WORD, "ben")
    assert (number.kind, number.numbers[:3], number.word) == (Kind.NUMBER, (0, 1, 2), "")


def test_a_number_knows_the_word_before_it() -> None:
    stems = [f"clip{c}n{i}" for c in range(3) for i in range(3)]
    assert [column.word for column in columns(stems, FINE)] == ["clip", "n"]
    assert [column.word for column in columns([stem.replace("n", "_n") for stem in stems])] == ["clip", "n"]


def test_letters_count() -> None:
    (number, letter) = columns([f"{c}_{x}" for c in range(3) for x in "abc"])
    assert (letter.kind, letter.numbers[:3]) == (Kind.NUMBER, (97, 98, 99))
    assert number.kind is Kind.NUMBER


def test_what_is_different_in_every_name_is_no_column() -> None:
    stems = [f"anna_{i}" for i in range(20)]
    assert columns(stems) == []


def test_parts_of_hashes_and_times_are_no_words() -> None:
    rng = random.Random(0)
    hashes = [str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(20_000)]  # four digits of one repeat
    assert columns(hashes) == []
    times = [f"{rng.randrange(1, 29):02d}T{rng.randrange(24):02d}-{i}" for i in range(3000)]
    assert columns(times) == []


def test_names_of_different_lengths_have_no_columns() -> None:
    assert columns([f"anna_{i}" if i % 2 else f"anna_b_{i}" for i in range(20)]) == []
    assert columns([]) == []


def test_a_name_of_another_length_among_many_has_empty_values() -> None:
    (word,) = columns([*[f"{name}_{i}" for name in ("anna", "ben") for i in range(15)], "cover"])[:1]
    assert word.values[-1] == ""


def test_a_longer_name_that_begins_like_the_others_has_their_values() -> None:
    (word, _) = columns([*(f"{name}_{i}" for name in ("anna", "ben") for i in range(15)), "anna_3_b", "anna_b_3"])
    assert word.values[-2:] == ("anna", "")


def test_clips_and_frames_are_crossed_and_parts_of_times_are_not() -> None:
    assert share_crossed(*columns([f"{c}_{i}" for c in range(5) for i in range(4)])) == 1
    minutes = [f"{i * 7 % 60}_{i * 13 % 59}" for i in range(200)]
    assert share_crossed(*columns(minutes)) < 0.2


def test_letters_that_are_two_in_lower_case_are_no_counting_letters() -> None:
    """``"\u0130".lower()`` is an i and a dot."""
    assert [column.kind for column in columns(["\u0130", "b", "x", "m"] * 3)] == [Kind.WORD]
