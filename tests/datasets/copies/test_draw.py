"""Splits drawn by identity: shares, leaks, and independence of order and of the other draws."""

from collections import Counter
from collections.abc import Sequence

import pytest

from bandbench.benchmark.contracts import FAKE, SPLITS
from bandbench.benchmark.domains.guard import check_no_leak
from bandbench.datasets.copies.draw import draw_apart, draw_source_splits, two_sides_text
from bandbench.datasets.copies.survey import Source


def still(name: str, **facts: object) -> Source:
    return Source(name, "still", int("fake" in name), ("",), **facts)  # type: ignore[arg-type]


def swaps(pairs: Sequence[tuple[str, str]]) -> list[Source]:
    """A real of everybody and a fake of every (target, donor)."""
    people = sorted({name for pair in pairs for name in pair})
    return [still(f"real{p}", target=p) for p in people] + [still(f"fake{a}{b}", target=a, donor=b) for a, b in pairs]


CLOSED = swaps([pair for i in range(0, 30, 2) for pair in ((f"{i}", f"{i + 1}"), (f"{i + 1}", f"{i}"))])
LINKED = swaps([(f"{i}", f"{(i + k) % 20}") for i in range(20) for k in (1, 3, 7)])


@pytest.mark.parametrize(("sources", "draw"), [(CLOSED, "components"), (LINKED, "identities")])
def test_drawn_splits_share_nobody(sources: list[Source], draw: str) -> None:
    drawn = [s for s in draw_source_splits(sources, draw, 0, 0) if s.split]
    by_split = {split: [s.item(s.id) for s in drawn if s.split == split] for split in SPLITS}
    assert all({item.label for item in items} == {0, 1} for items in by_split.values())
    check_no_leak("train and val", by_split["train"], by_split["val"])
    check_no_leak("train and test", by_split["train"] + by_split["val"], by_split["test"])


def test_linked_identities_cost_the_sources_between_the_sides() -> None:
    left_out = [s for s in draw_source_splits(LINKED, "identities", 0, 0) if not s.split]
    assert left_out and all(s.donor for s in left_out)
    assert not [s for s in draw_source_splits(CLOSED, "components", 0, 0) if not s.split]


def test_shares_and_what_they_depend_on() -> None:
    sources = [still(f"{c}{i}", video=f"{c}{i}") for c in ("real", "fake") for i in range(50)]
    counts = Counter((s.split, s.label) for s in draw_source_splits(sources, "components", 0, 0))
    assert counts == {(split, label): n for split, n in (("train", 30), ("val", 10), ("test", 10)) for label in (0, 1)}

    def chosen(split: str, seed: int, replicate: int, order: int = 1) -> set[str]:
        return {s.id for s in draw_source_splits(sources[::order], "components", seed, replicate) if s.split == split}

    assert chosen("test", 0, 0) == chosen("test", 0, 1) == chosen("test", 0, 0, order=-1) != chosen("test", 1, 0)
    assert chosen("val", 0, 0) == chosen("val", 0, 0, order=-1) != chosen("val", 0, 1)


def test_what_is_distributed_with_a_test_list_gets_no_further_test() -> None:
    given = [still("fake0", split="test"), still("real0", split="test"), still("real9", split="")]
    drawn = draw_source_splits([*given, *[still(f"{c}{i}") for c in ("real", "fake") for i in range(1, 9)]], "components", 0, 0)
    assert {s.id for s in drawn if s.split == "test"} == {"fake0", "real0"}
    assert {s.split for s in drawn} == {"train", "val", "test", ""}


def test_parts_are_drawn_apart() -> None:
    sources = [Source(f"{part}/{i}", "still", FAKE, (part,)) for part, n in (("b", 5), ("a", 100)) for i in range(n)]
    drawn = draw_apart(sources, lambda s: s.domains, lambda part: draw_source_splits(part, "identities", 0, 0))
    for part, shares in (("a", (60, 20, 20)), ("b", (3, 1, 1))):
        assert tuple(sum(s.split == split and s.domains == (part,) for s in drawn) for split in SPLITS) == shares
    assert [s.id for s in drawn] == [s.id for s in sources]


def test_a_released_draw_stays() -> None:
    drawn = draw_source_splits([still(f"real{i}") for i in range(10)], "components", 0, 0)
    assert {s.id: s.split for s in drawn if s.split != "train"} == {
        "real0": "test",
        "real1": "test",
        "real3": "val",
        "real9": "val",
    }


@pytest.mark.parametrize(("n", "shares"), [(1, (1, 0, 0)), (2, (2, 0, 0)), (3, (1, 1, 1)), (7, (5, 1, 1)), (13, (7, 3, 3))])
def test_a_fifth_of_the_groups_is_at_least_one_where_there_are_three(n: int, shares: tuple[int, int, int]) -> None:
    drawn = draw_source_splits([still(f"real{i}") for i in range(n)], "components", 0, 0)
    assert tuple(sum(s.split == split for s in drawn) for split in SPLITS) == shares


def test_what_shares_a_video_stays_on_one_side() -> None:
    sources = [still(f"real{i}", video=f"v{i // 4}") for i in range(40)]
    sides = {
        video: {s.split for s in draw_source_splits(sources, "components", 0, 0) if s.video == video} for video in ("v0", "v9")
    }
    assert all(len(splits) == 1 for splits in sides.values())


def test_fakes_of_two_sides_are_counted() -> None:
    assert two_sides_text(1) == "1 fake is left out: its two persons are on different sides of the drawn splits"
    assert two_sides_text(2) == "2 fakes are left out: their two persons are on different sides of the drawn splits"
