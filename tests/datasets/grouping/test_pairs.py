"""Targets and donors are read from names and folders of all common forms; variants of a picture are no donors."""

import random

import pytest

from bandbench.datasets.grouping.name_schemes import Named
from bandbench.datasets.grouping.pairs import Place, read_mentions, read_pairs, swapped_persons, untold_pair


@pytest.mark.parametrize("framed", [True, False])
def test_targets_and_donors_are_read_beside_their_reals(framed: bool) -> None:
    tails = [f"_{f:04d}" for f in range(3)] if framed else [""]
    reals = [Named(f"{i:03d}{tail}.png", 0) for i in range(20) for tail in tails]
    fakes = [Named(f"{i:03d}_{i ^ 1:03d}{tail}.png", 1) for i in range(20) for tail in tails]
    places = read_pairs([*reals, *fakes])
    assert places is not None
    by_name = {picture.inner: place for picture, place in zip([*reals, *fakes], places, strict=True)}
    real, fake = (by_name[f"{name}{tails[0]}.png"] for name in ("004", "004_005"))
    assert (real.target, real.donor, fake.target, fake.donor) == ("004", "", "004", "005")


FORMS = {
    "033_097_0001": ("{a:03d}_{f:04d}", "{a:03d}_{b:03d}_{f:04d}"),
    "033/0001": ("{a:03d}/{f:04d}", "{a:03d}_{b:03d}/{f:04d}"),
    "a method's folder": ("youtube/{a:03d}/{f:04d}", "Deepfakes/{a:03d}_{b:03d}/{f:04d}"),
    "a method's word": ("youtube_{a:03d}_{f}", "F2F_{a:03d}_{b:03d}_{f}"),
    "frames": ("{a:03d}_frame{f}", "{a:03d}_{b:03d}_frame{f}"),
    "persons by a word": ("id{a}_{f:04d}", "id{a}_id{b}_{f:04d}"),
    "persons, clips, frames": ("id{a}_0003_{f:03d}", "id{a}_id{b}_0003_{f:03d}"),
    "clips in folders": ("id{a}_0003/{f:03d}", "id{a}_id{b}_0003/{f:03d}"),
    "suffixes of clips": ("id{a}_0003.mp4_{f}", "id{a}_id{b}_0003.mp4_{f}"),
    "actions": ("{a:02d}__walking_outside__{f:03d}", "{a:02d}_{b:02d}__walking_outside__YVGY8LOK__{f:03d}"),
    "frames first": ("frame{f:04d}_{a:03d}", "frame{f:04d}_{a:03d}_{b:03d}"),
    "persons apart": ("men/id{a}/00109_{f}", "men/id{a}/00109_3_id{b}_wavtolip_{f}"),
    "letters": ("M{a:03d}_{f}", "m{a:03d}_m{b:03d}_{f}"),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_targets_and_donors(form: str) -> None:
    swaps = [(a, (a + step) % 20) for a in range(20) for step in (1, 7)]
    real, fake = FORMS[form]
    pictures = [Named(f"{real.format(a=a, f=f)}.png", 0) for a in range(20) for f in range(3)]
    pictures += [Named(f"{fake.format(a=a, b=b, f=f)}.png", 1) for a, b in swaps for f in range(3)]
    places = read_pairs(pictures)
    assert places is not None
    told = [(int(place.target.strip("idm")), int(place.donor.strip("idm") or -1)) for place in places]
    assert told == [(a, -1) for a in range(20) for _ in range(3)] + [swap for swap in swaps for _ in range(3)]
    clips = {place.video for place in places}
    assert "" not in clips
    assert len(clips) == 20 + len(swaps)


@pytest.mark.parametrize(
    ("real", "fake"),
    [
        ("{a:03d}", "{a:03d}_{b}"),  # the second is the number of a variant
        ("{a}", "{a}_{b}"),
        ("photo_{a:03d}", "sample_{a:03d}_{b:03d}"),  # a batch and its pictures
        ("{a:03d}_{b}", "{a:03d}_fake_{b}"),
        ("clip{a:02d}_frame{b}", "clip{a:02d}_frame{b}"),
    ],
)
def test_other_numbers_are_no_donors(real: str, fake: str) -> None:
    names = [(name, k, a, b) for k, name in enumerate((real, fake)) for a in range(60) for b in range(3)]
    assert read_pairs([Named(f"{name.format(a=a, b=b)}.png", k) for name, k, a, b in names]) is None


def test_persons_with_a_word_are_read_beside_reals_without() -> None:
    reals = [Named(f"{i:05d}_{f}.png", 0) for i in range(20) for f in range(3)]
    fakes = [Named(f"id{i}_id{(i + 3) % 20}_0000_{f}.png", 1) for i in range(20) for f in range(3)]
    places = read_pairs([*reals, *fakes])
    assert places is not None
    assert {place.target for place in places[:60]} == {""}
    assert (places[-1].target, places[-1].donor) == ("id19", "id2")


@pytest.mark.parametrize(
    ("real", "fake", "has_donor"),
    [
        ("M{a}_{f}", "{f:03d}_M{a}_{f}", False),
        ("{a}1_{f}", "{a}1_to_{b}1_{f}", True),
        ("{a}_{f}", "{a}2_to_{b}7_{f}", True),
        ("{a}/{f}", "end_to_end/003_{a}/{f}", False),
    ],
)
def test_fakes_mention_groups_of_the_reals(real: str, fake: str, has_donor: bool) -> None:
    """The persons of the last fakes are in no real, and are read where those of the others stand."""
    letters = "abcdefghijklmnop"
    reals = [real.format(a=a * 3, f=f) for a in letters[:12] for f in range(3)]
    swaps = list(zip(letters, letters[5:] + letters[:5], strict=True))
    fakes = [fake.format(a=a * 3, b=b * 3, f=f) for a, b in swaps for f in range(2)]
    pictures = [Named(f"{name}.png", int(i >= len(reals))) for i, name in enumerate([*reals, *fakes])]
    groups = [name.rpartition("/" if "/" in name else "_")[0] for name in reals] + [""] * len(fakes)
    places = read_mentions(pictures, groups)
    assert places is not None
    assert [place.target for place in places[: len(reals)]] == groups[: len(reals)]
    told = [(place.target.lower().strip("m1"), place.donor.strip("1")) for place in places[len(reals) :]]
    assert told == [(a.strip("m") * 3, b * 3 if has_donor else "") for a, b in swaps for _ in range(2)]


def test_numbers_and_few_groups_are_not_mentioned() -> None:
    def mentioned(*groups: str) -> bool:
        pictures = [Named(f"{group}_{f}.png", 0) for group in groups for f in range(3)]
        fakes = [Named(f"x_{group}_{f}.png", 1) for group in groups for f in range(3)]
        return read_mentions([*pictures, *fakes], [g for g in groups for _ in range(3)] + [""] * len(fakes)) is not None

    assert mentioned("a1", "b1", "c1", "d1", "e1")
    assert not mentioned("a1", "b1", "c1", "d1")
    assert not mentioned("1", "2", "3", "4", "5")


def swaps(n: int, how: str) -> list[tuple[int, int]]:
    """Pairs of persons: each with another one and back, each with several, or around a ring."""
    rng = random.Random(1)
    persons = rng.sample(range(n), n)
    return {
        "mutual": [(persons[i], persons[i ^ 1]) for i in range(n)],
        "several": [(a, b) for a in range(n) for b in rng.sample(sorted({*range(n)} - {a}), 6)],
        "ring": [(persons[i], persons[i - 1]) for i in range(n)],
    }[how]


NAMED = (
    "{a:03d}_{b:03d}",
    "{a:04d}-{b:04d}",
    "{a}_{b}",
    "p{a}_p{b}",
    "Deepfakes_{a:03d}_{b:03d}",
    "{a:02d}_{b:02d}__walk__X{b}F",
)
OTHERS = ("{i:05d}", "IMG_{i:04d}", "{i}/{i:04d}", "anna_{i}", "n{i}/{f}")


@pytest.mark.parametrize("end", ["", "_{f:04d}"])
@pytest.mark.parametrize("how", ["mutual", "several"])
@pytest.mark.parametrize("real", OTHERS)
@pytest.mark.parametrize("name", [*NAMED, "{a:03d}_to_{b:03d}", "p{a}-swap-p{b}"])
def test_fakes_tell_persons_who_are_in_no_real(name: str, real: str, how: str, end: str) -> None:
    pairs = swaps(30, how)
    reals = [Named(f"{real.format(i=500 + i // 3, f=i % 3)}.png", 0) for i in range(90)]
    fakes = [Named(f"{(name + end).format(a=a, b=b, f=f)}.png", 1) for a, b in pairs for f in range(3 if end else 1)]
    places = read_pairs([*reals, *fakes])
    assert places is not None
    told = [(int(place.target.strip("p")), int(place.donor.strip("p"))) for place in places[len(reals) :]]
    assert told == [pair for pair in pairs for _ in range(3 if end else 1)]
    groups = [place.target for place in places[: len(reals)] if place.target]
    assert len(set(groups)) in (0, 30)


def test_reals_that_are_called_after_the_fakes_have_their_persons() -> None:
    names = [f"{a:03d}_{b:03d}_{f:02d}.png" for a, b in swaps(30, "mutual") for f in range(3)]
    places = read_pairs([Named(name, label) for name in names for label in (0, 1)])
    assert places is not None
    assert places[0::2] == places[1::2]
    assert Place() not in places


@pytest.mark.parametrize("n", [5, 40])
@pytest.mark.parametrize(
    "name",
    [
        lambda i, rng: f"{i // 20}_{i % 20}",  # a batch and its pictures, or tiles
        lambda i, rng: f"{rng.randrange(60)}_{rng.randrange(60)}",
        lambda i, rng: f"{i}_{i + 1}",
        lambda i, rng: f"{(start := rng.randrange(60))}_{start + rng.randrange(1, 20)}",  # an interval
        lambda i, rng: f"{rng.randrange(1, 13):02d}_{rng.randrange(1, 29):02d}",
        lambda i, rng: f"{rng.randrange(5)}-{rng.randrange(5)}_{i}",  # a score
        lambda i, rng: f"{i // 20:03d}_{i % 20:03d}_0",
    ],
)
def test_two_numbers_that_are_no_persons_stay_none(name, n: int) -> None:
    rng = random.Random(3)
    pictures = [Named(f"{name(i, rng)}.png", 1) for i in range(10 * n)] + [Named(f"{i:06d}.png", 0) for i in range(10 * n)]
    assert read_pairs(pictures) is None
    assert untold_pair(pictures) == ""


@pytest.mark.parametrize("name", [*NAMED, "anna{a}_bert{b}"])
def test_a_ring_of_swaps_may_be_persons_or_not(name: str) -> None:
    """As may a running number beside an older one."""
    words = ["".join(chr(97 + (n * k) % 23) for k in (1, 3, 7, 11)) for n in range(30)]
    name = name.replace("anna{a}", "{v}").replace("bert{b}", "{w}")
    fakes = [Named(f"{name.format(a=a, b=b, v=words[a], w=words[b])}.png", 1) for a, b in swaps(30, "ring")]
    pictures = [*(Named(f"{i:06d}.png", 0) for i in range(30)), *fakes]
    assert read_pairs(pictures) is None
    assert untold_pair(pictures) == fakes[0].inner


@pytest.mark.parametrize(
    ("name", "how", "found"),
    [
        ("{v}_to_{w}", "mutual", True),
        ("{v}_to_{w}_{f}", "ring", True),
        ("{v}1-swap-{w}2_{f}", "several", True),
        ("{v}_x_to_{w}_x", "several", True),
        ("faces_{v}_onto_{w}", "several", True),
        ("{v}_{w}_{f}", "mutual", True),
        ("{v}_{w}_{f}", "several", False),
        ("{v}_on_mat{w}_{f}", "several", False),
    ],
)
def test_persons_are_told_by_the_word_that_joins_them(name: str, how: str, found: bool) -> None:
    words = ["".join(chr(97 + (n * k) % 23) for k in (1, 3, 7, 11)) for n in range(20)]
    fakes = [name.format(v=words[a], w=words[b], f=f) for a, b in swaps(20, how) for f in range(2)]
    pictures = [*(Named(f"{i:05d}.png", 0) for i in range(30)), *(Named(f"{fake}.png", 1) for fake in fakes)]
    assert bool(swapped_persons(pictures)) is found
    places = read_mentions(pictures, [""] * len(pictures))
    if found:
        assert places is not None
        assert len({place.target for place in places} | {place.donor for place in places}) == 21
    else:
        assert places is None


def test_attributes_that_are_changed_are_no_persons() -> None:
    kinds = ("young", "old", "male", "female", "dark", "blond")
    fakes = [f"{a}_to_{b}_{i}" for i in range(9) for a in kinds for b in kinds if a != b]
    assert swapped_persons([Named(f"{fake}.png", 1) for fake in fakes]) == ()
