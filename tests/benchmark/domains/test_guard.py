"""The leak guard, on items made by hand."""

import pytest

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.domains.catalogue import DatasetSpec, OpenDomain
from bandbench.benchmark.domains.guard import (
    Fitted,
    all_names,
    check_no_leak,
    drop_leaks,
    guard_study,
    names_of,
    refuse_leaks,
    refuse_shared,
)
from bandbench.benchmark.errors import DataError


def test_disjoint_sides_pass() -> None:
    check_no_leak("sides", [Item("a", 0, "train", target="x")], [Item("b", 1, "test", target="y", donor="z")])


@pytest.mark.parametrize(
    ("fitted", "held_out", "message"),
    [
        (Item("a", 0, "train"), Item("a", 0, "test"), "share item 'a'"),
        (Item("a", 0, "train", video="v"), Item("b", 0, "test", video="v"), "share video 'v'"),
        (Item("a", 0, "train", target="x"), Item("b", 1, "test", target="y", donor="x"), "share identity 'x'"),
        (Item("a", 1, "train", target="y", donor="x"), Item("b", 0, "test", target="x"), "share identity 'x'"),
        (Item("a", 1, "train", donor="x"), Item("b", 1, "test", donor="x"), "share identity 'x'"),
    ],
)
def test_every_kind_of_leak_is_refused_by_name(fitted: Item, held_out: Item, message: str) -> None:
    with pytest.raises(DataError, match=message):
        check_no_leak("sides", [fitted], [held_out])


def cast(split: str, *people: str, fakes: dict[str, str] | None = None, prefix: str = "") -> list[Item]:
    """A real of every person, and fakes: who is shown, and whose face was put in."""
    reals = [Item(f"real/{name}", 0, split, target=name) for name in people]  # type: ignore[arg-type]
    return reals + [
        Item(f"{prefix}fake/{shown}-{donor}", 1, split, target=shown, donor=donor)  # type: ignore[arg-type]
        for shown, donor in (fakes or {}).items()
    ]


TRAIN = cast("train", "a", "b", "c", fakes={"a": "b", "b": "c", "c": "x"})
VAL = cast("val", "k", "l", fakes={"k": "l"})
TEST = {"d": all_names(cast("test", "x", "y", fakes={"x": "y"}))}


def test_a_donor_on_the_other_side_is_refused_by_name() -> None:
    with pytest.raises(DataError, match=r"train of d and test of d share identity 'x'; .*--drop-leaks"):
        refuse_leaks([Fitted("d", TRAIN, VAL)], TEST)


def test_what_is_refused_can_be_left_out_of_what_is_fitted() -> None:
    fitted = Fitted("d", TRAIN, VAL)
    drop_leaks([fitted], TEST)
    assert [item.id for item in fitted.dropped["train"]] == ["fake/c-x"]
    assert fitted.dropped["val"] == []
    rest = [item for item in TRAIN if item not in fitted.dropped["train"]]
    refuse_leaks([Fitted("d", rest, VAL)], TEST)
    again = Fitted("d", rest, VAL)
    drop_leaks([again], TEST)
    assert again.dropped == {"train": [], "val": []}


def test_validation_stays_where_training_can_go() -> None:
    """A person in training, validation and test: test stays whole, then validation stays as whole as it can."""
    val = cast("val", "k", "l", "a", fakes={"k": "l", "l": "y"})
    fitted = Fitted("d", TRAIN, val)
    drop_leaks([fitted], TEST)
    assert [item.id for item in fitted.dropped["val"]] == ["fake/l-y"]
    assert [item.id for item in fitted.dropped["train"]] == ["fake/c-x", "real/a", "fake/a-b"]


def test_domains_that_one_detector_learns_from_are_held_against_each_other() -> None:
    other = Fitted("e", cast("train", "a", fakes={"a": "k"}, prefix="e-"), cast("val", "m", fakes={"m": "m"}, prefix="e-"))
    with pytest.raises(DataError, match="train of e and val of d share identity 'k'"):
        refuse_leaks([Fitted("d", TRAIN, VAL), other], {})
    one = Fitted("d", TRAIN, VAL)
    with pytest.raises(DataError, match=r"^e: without the pictures .*\(1 of train\) train has no fake"):
        drop_leaks([one, other], {})
    assert not any(one.dropped.values())


# --- what is said ----------------------------------------------------------------------------------------------------


def test_an_item_is_known_by_all_that_it_shows() -> None:
    item = Item("a", 1, "train", target="x", donor="y", video="v")
    assert names_of(item) == (("item", "a"), ("identity", "x"), ("identity", "y"), ("video", "v"))
    assert names_of(Item("a", 1, "train")) == (("item", "a"),)  # what is not known is not shared


def test_a_clip_and_a_person_of_one_name_are_two() -> None:
    check_no_leak("sides", [Item("a", 0, "train", target="x")], [Item("b", 0, "test", video="x")])
    with pytest.raises(DataError, match="share identity 'x'"):
        check_no_leak("sides", [Item("a", 0, "train", target="x")], [Item("b", 0, "test", donor="x")])


def test_five_of_what_is_shared_are_named_and_the_rest_counted() -> None:
    with pytest.raises(
        DataError, match=r"^sides share item '0', .*, item '4' and 2 more; a score on them would be memory\. Mend"
    ):
        refuse_shared("sides", [("item", str(i)) for i in range(7)])
    with pytest.raises(DataError, match=r"^sides share item '0', .*, item '4'; a score"):
        refuse_shared("sides", [("item", str(i)) for i in range(5)])
    refuse_shared("sides", [])


@pytest.mark.parametrize("split", ["train", "val"])
def test_neither_training_nor_validation_may_show_what_is_tested(split: str) -> None:
    sides = {"train": TRAIN[:3], "val": VAL}
    sides[split] = [*sides[split], Item("leak", 1, split, target="y")]  # type: ignore[arg-type]
    with pytest.raises(DataError, match=f"^{split} of d and test of e share identity 'y'"):
        refuse_leaks([Fitted("d", sides["train"], sides["val"])], {"c": set(), "e": TEST["d"]})


def test_both_sides_are_named_where_both_show_what_is_tested() -> None:
    leaks = {split: [Item(f"leak {split}", 1, split, target=name)] for split, name in (("train", "x"), ("val", "y"))}  # type: ignore[arg-type]
    with pytest.raises(DataError, match="^train and val of d and test of e share identity 'x', identity 'y'"):
        refuse_leaks([Fitted("d", [*TRAIN[:3], *leaks["train"]], [*VAL, *leaks["val"]])], {"e": TEST["d"]})


class Leaking(OpenDomain):
    """A domain with a person in all splits."""

    items = tuple(  # pyright: ignore[reportIncompatibleMethodOverride, reportAssignmentType]
        Item(f"{split}/{label}/{person}", label, split, target=person)
        for split in ("train", "val", "test")
        for label in (0, 1)
        for person in ("anna", f"one of {split}")
    )


def test_a_second_guard_counts_what_the_first_one_left_out() -> None:
    domain = Leaking("mine", DatasetSpec("folder", "somewhere"), 0, 0)
    domains: dict[tuple[str, int], OpenDomain] = {("mine", 0): domain}
    for _ in range(2):
        held = {"mine": (domains["mine", 0], "test")}
        assert guard_study(["mine"], held, domains, 0, drop=True) == {"mine": {"train": 2, "val": 2}}
        assert len(domains["mine", 0].items) == len(domain.items) - 4
