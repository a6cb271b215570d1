"""Names of collections that cross persons with sentences, poses or scenes: a person is one group, or they are refused."""

import random
from collections.abc import Callable

import pytest

from bandbench.datasets.grouping.name_columns import COARSE, name_columns
from bandbench.datasets.grouping.name_schemes import Named, read_names
from bandbench.datasets.grouping.persons import are_crossed, few_persons
from bandbench.datasets.grouping.readings import AmbiguousNamesError

EMOTIONS = ("AN", "DI", "FE", "HA", "NE", "SA", "SU")
Name = Callable[[int, int, int], str]  # of a person, a sentence or an emotion, and a take

READ: dict[str, Name] = {
    "JAFFE": lambda p, c, f: f"{'KLMNPRSTUY'[p % 10]}A.{EMOTIONS[c]}{f + 1}.{p * 21 + c * 3 + f}.tiff",
    "CK+": lambda p, c, f: f"S{p * 3 + 5:03d}_{c + 1:03d}_{f + 1:08d}.png",
    "eNTERFACE": lambda p, c, f: f"s{p + 1}_{EMOTIONS[c]}_{f + 1}.png",
    "BP4D": lambda p, c, f: f"{'FM'[p % 2]}{p // 2 + 1:03d}_T{c + 1}_{f + 1:04d}.png",
    "MEAD": lambda p, c, f: f"{'MW'[p % 2]}{p:03d}_front_{EMOTIONS[c]}_level_{f % 2 + 1}_{f // 2 + 1:03d}.png",
    "NimStim": lambda p, c, f: f"{p + 1:02d}{'FM'[p > 11]}_{EMOTIONS[c]}_{'OCXY'[f]}.png",
    "BU-3DFE": lambda p, c, f: f"{'FM'[p % 2]}{p // 2 + 1:04d}_{EMOTIONS[c]}{f + 1:02d}WH_F2D.png",
    "Yale B": lambda p, c, f: f"yaleB{p + 1:02d}_P{c:02d}A{'+-'[f % 2]}{f * 5:03d}E+{f * 10:02d}.pgm",
    "IMDB": lambda p, c, f: f"nm{p * 37 + 1:07d}_rm{p * 7919 + c * 104729 + f}_{1930 + p}-5-10_{1968 + c}.jpg",
    "RAVDESS frames": lambda p, c, f: f"01-01-{c + 1:02d}-01-{f // 2 + 1:02d}-01-{p + 1:02d}_frame{f % 2:04d}.png",
    "ADFES": lambda p, c, f: f"{'FM'[p % 2]}{p // 2 + 1:02d}-{EMOTIONS[c]}-Turn {('Left', 'Right', 'Up', 'Off')[f]}.png",
    "HDTF": lambda p, c, f: f"{('WDA', 'WRA')[p % 2]}_{'abcdefghijklmnopqrstuvwx'[p] * 3}{c}_{f:03d}.png",
    "HDTF frames": lambda p, c, f: f"WRA_{'abcdefghijklmnopqrstuvwx'[p] * 3}{c or ''}_{f // 2:03d}_{f % 2:04d}.png",
    "VGGFace2": lambda p, c, f: f"n{p * 37 + 1:06d}_{c * 7 + 1:04d}_{f + 1:02d}.jpg",
}
UNCLEAR: dict[str, Name] = {
    "MUCT": lambda p, c, f: f"i{p:03d}{'qrstuvw'[c]}{'abcd'[f]}-{'fm'[p % 2]}n.jpg",
    "KDEF": lambda p, c, f: f"{'AB'[f % 2]}{'FM'[p % 2]}{p // 2 + 1:02d}{EMOTIONS[c]}{'SHF'[f % 3]}.JPG",
    "RAVDESS": lambda p, c, f: f"01-01-{c + 1:02d}-01-{f // 2 + 1:02d}-{f % 2 + 1:02d}-{p + 1:02d}.png",
    "CREMA-D": lambda p, c, f: f"{1001 + p}_{('DFA', 'IEO', 'IOM', 'ITH')[f]}_{EMOTIONS[c]}_XX.png",
    "CACD": lambda p, c, f: f"{20 + (p * 3 + c) % 40}_{'abcdefghijklmnopqrstuvwx'[p] * 3}_{c * 4 + f:04d}.jpg",
    "RaFD": lambda p, c, f: f"Rafd{f * 45:03d}_{p + 1:02d}_{('Xi', 'Yu')[p % 2]}_{EMOTIONS[c]}_{('left', 'right')[c % 2]}.jpg",
}


def listing(name: Name, persons: int, label_of: Callable[[int, int], int]) -> tuple[list[Named], list[int]]:
    """Pictures of seven emotions in four takes, and their persons; a name that two persons share is listed once."""
    rows = {(name(p, c, f), label_of(p, c)): p for p in range(persons) for c in range(7) for f in range(4)}
    return [Named(inner, label) for inner, label in rows], list(rows.values())


def mixed(person: int, emotion: int) -> int:
    return random.Random(f"{person} {emotion}").randrange(2)


@pytest.mark.parametrize("name", READ)
@pytest.mark.parametrize("label_of", [mixed, lambda p, c: p // 2 % 2], ids=["mixed", "apart"])
def test_a_person_is_one_group(name: str, label_of: Callable[[int, int], int]) -> None:
    pictures, persons = listing(READ[name], 10 if name == "JAFFE" else 24, label_of)
    reading = read_names(pictures)
    assert reading is not None
    groups: dict[int, set[str]] = {}
    for person, key in zip(persons, reading.keys, strict=True):
        groups.setdefault(person, set()).add(key)
    assert {len(keys) for keys in groups.values()} == {1}
    assert len(reading.groups) >= 10


@pytest.mark.parametrize("name", UNCLEAR)
def test_two_parts_of_which_each_may_be_the_person_are_refused(name: str) -> None:
    with pytest.raises(AmbiguousNamesError):
        read_names(listing(UNCLEAR[name], 24, mixed)[0])


@pytest.mark.parametrize("name", ["MUCT", "CREMA-D"])
def test_a_person_of_one_class_alone_tells_the_two_apart(name: str) -> None:
    reading = read_names(listing(UNCLEAR[name], 24, lambda p, c: p // 2 % 2)[0])
    assert reading is not None
    assert len(reading.groups) == 24


@pytest.mark.parametrize(
    ("name", "n_groups"),
    [
        (lambda c, f: f"{'abcdefghijklmnop'[c]}{c}_{'qrstuvwxyzabcdefgh'[c]}_{f:03d}", 16),  # first and last name
        (lambda c, f: f"{'ab'[c % 2]}_{c // 2:02d}_{f:03d}", 16),  # clips of two persons
        (lambda c, f: f"s{c // 4:02d}e{c % 4:02d}_{f:03d}", 16),  # episodes
        (lambda c, f: f"{c // 4}_{c % 4}_{f * (c + 1):03d}", 16),  # clips of four persons
    ],
)
def test_what_is_no_person_is_left_as_it_is(name: Callable[[int, int], str], n_groups: int) -> None:
    reading = read_names([Named(f"{name(c, f)}.png", int(c % 3 == 0)) for c in range(16) for f in range(6)])
    assert reading is not None
    assert len(reading.groups) == n_groups


def test_parts_are_crossed_if_each_recurs_with_several_of_the_other() -> None:
    def crossed(*stems: str) -> bool:
        return are_crossed(*name_columns(stems, COARSE, 0.95, 0.5))

    assert crossed(*(f"{person}_{emotion}" for person in ("anna", "ben", "cora") for emotion in EMOTIONS))
    assert not crossed("anna_smith", "anna_smith", "ben_jones", "ben_jones", "cora_hill", "cora_hill")


@pytest.mark.parametrize(
    "persons", [("DC", "JE", "JK", "KL"), ("anna", "bert", "cora", "dora", "emil"), ("08", "11", "16", "03")]
)
@pytest.mark.parametrize("end", ["", "_{f:04d}"])
def test_few_persons_who_are_crossed_with_clips_are_told(persons: tuple[str, ...], end: str) -> None:
    """In the names of SAVEE."""
    rows = [
        (p, f"{e}{i:02d}", f)
        for p in persons
        for e in ("a", "d", "sa", "su")
        for i in range(15)
        for f in range(3 if end else 1)
    ]
    stems = [f"{p}_{clip}{end.format(f=f)}" for p, clip, f in rows]
    labels = [persons.index(p) % 2 for p, _, _ in rows]
    assert few_persons(stems, labels) == tuple(sorted(persons))
    assert few_persons(stems, [int(p != persons[0]) for p, _, _ in rows]) == ()  # may be methods
    assert few_persons([f"clip{persons.index(p)}_{clip}_{f}" for p, clip, f in rows], labels) == ()


def test_a_word_of_many_numbers_is_a_series_and_no_person() -> None:
    """The numbers of ``Radio1`` to ``Radio40`` may be persons."""
    names = [f"{'abcdefghijkl'[p] * 3}{c}_{f}.png" for p in range(12) for c in range(2) for f in range(3)]
    series = [f"Radio{c}_{f}.png" for c in range(40) for f in range(3)]
    reading, alone = (read_names([Named(name, i % 2) for i, name in enumerate(some)]) for some in ([*names, *series], names))
    assert reading is not None and alone is not None
    assert (len(reading.groups), len(alone.groups)) == (64, 12)
