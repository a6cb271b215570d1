"""Groups of the pictures of a folder: as they are declared, or as sub-folders and names tell them."""

import random
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from ...benchmark.contracts import LABEL_NAMES, REAL, Item, Split
from ...benchmark.domains.splits import N_FOLDS
from ...benchmark.errors import DataError
from ..copies.tree import SPLIT_NAMES
from .continued_names import BY_ORIGINAL, original_names
from .group_list import find_group_list, read_group_list
from .name_schemes import Named, read_names
from .pairs import Place, read_mentions, read_pairs, untold_pair
from .persons import few_persons, with_persons
from .readings import ENOUGH, REPEATED, AmbiguousNamesError, Reading
from .words import FRAME_WORDS, PERSON_WORDS, without_sides

LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
NUMBERED = re.compile(r"(.+)[_-]\d+")
FIRST_NUMBER, LAST_NUMBER = r"(?:^|/)[^/\d]*(\d+)[^/]*$", r"(\d+)[^/\d]*\.\w+$"  # of a name
BEFORE_LAST, THIRD_LAST = (rf"(\d+)(?:[^/\d]+\d+){{{n}}}[^/\d]*\.\w+$" for n in (1, 2))
NUMBERS = (FIRST_NUMBER, LAST_NUMBER, BEFORE_LAST, THIRD_LAST)
LETTERS = re.compile(r"[^\W\d_]")
FRAME_WORD = re.compile(rf"(?<![^\W\d_])(?:{FRAME_WORDS})(?![^\W\d_])")
PERSON_FOLDER = re.compile(rf"(?:{PERSON_WORDS})[\W_]?\d+", re.IGNORECASE)
GROUPINGS = {"auto": "", "folder": "sub-folder", "name": "name up to the last number", "none": ""}
LIST_SUFFIX = ".csv"
SAMPLE = 2000  # names that tell whether there are few persons


@dataclass(frozen=True, slots=True)
class Picture:
    """
    One picture of the folder.

    Attributes
    ----------
    id : str
    label : int
    split : {"train", "val", "test"} or None
        None where it is to be drawn.
    folder : str
        Of its class.
    group : str
        Name of its group; empty if it has none.
    by : str
        Description of what gave the group: ``sub-folder``, a shape of names, the regular expression, the list.
    target, donor, video : str
        As in `Item`, where they are known.
    unit : str
        The group, where it was declared in a list.
    """

    id: str
    label: int
    split: Split | None
    folder: str
    group: str = ""
    by: str = ""
    target: str = ""
    donor: str = ""
    video: str = ""
    unit: str = ""

    @property
    def inner(self) -> str:
        """Path below the folder of its class."""
        return self.id.removeprefix(f"{self.folder}/")

    def item(self) -> Item:
        """Return it as an item; its split is train until one is drawn."""
        video = self.video if self.by and (self.unit or self.target or self.video) else self.group
        return Item(self.id, self.label, self.split or "train", self.target, self.donor, video, unit=self.unit)


@dataclass(frozen=True)
class Grouping:
    """
    The groups of a folder.

    Attributes
    ----------
    pictures : tuple of Picture
    doubt : str
        Two readings between which nothing decides; empty where there is no doubt.
    notes : tuple of str
        Lists that lie in the folder and are not used; a class whose pictures alone are in groups.
    searched : bool
        True if names and sub-folders were searched for groups.
    """

    pictures: tuple[Picture, ...]
    doubt: str = ""
    notes: tuple[str, ...] = ()
    searched: bool = False

    @property
    def text(self) -> str:
        """Describe the groups: ``60 groups by `idNN_```, ``no groups``."""
        text = groups_text(self.pictures)
        return f"{text} in names or sub-folders" if self.searched and text == "no groups" else text


def group_pictures(pictures: Sequence[Picture], groups: str, root: Path, alias: str) -> Grouping:
    """
    Assign a group to every picture of a folder.

    Parameters
    ----------
    pictures : sequence of Picture
        Of all splits.
    groups : str
        ``auto``, ``folder``, ``name``, ``none``, the path of a list or a regular expression with one group.
    root : Path
        Of the data set, in which a list may lie.
    alias : str
        Name of the data set, for messages.

    Raises
    ------
    DataError
        If a list is faulty, or if a regular expression is, has not one group or fits no picture.
    """
    if with_list := declared(pictures, groups, root):
        return Grouping(with_list)
    at_root = find_group_list(root)
    notes = (f"{at_root.name} is not used, as the groups are given otherwise",) if at_root else ()
    if groups != "auto":
        return Grouping(tuple(grouped(pictures, groups)), notes=notes)
    try:
        found = _with_copies(pictures)
        return Grouping(found, notes=(*_one_sided(found, alias), *_untold(found, alias), *_few(found, alias)), searched=True)
    except AmbiguousNamesError as error:
        return Grouping(tuple(pictures), doubt_text(error, pictures, alias))


def _one_sided(pictures: Sequence[Picture], alias: str) -> tuple[str, ...]:
    """Say so if the pictures of one class alone are in groups: what their names share may mean nothing."""
    grouped_labels = {picture.label for picture in pictures if picture.group and picture.by != BY_ORIGINAL}
    if len(grouped_labels) != 1 or len({picture.label for picture in pictures}) == 1:
        return ()
    (label,) = grouped_labels
    return (f"only the {LABEL_NAMES[label]} pictures are in groups; if these are none: --group-by {alias}=none",)


def _untold(pictures: Sequence[Picture], alias: str) -> tuple[str, ...]:
    """Say so if the names of fakes may tell two persons each, and are not read so."""
    if any(picture.target or picture.donor for picture in pictures):
        return ()
    example = untold_pair([Named(picture.inner, picture.label) for picture in pictures])
    text = f"the first two parts of the names of fakes such as {example} may be persons, who may be on both sides of a split"
    return (f"{text}; if they are, list them as target and donor: --groups {alias}=FILE.csv",) if example else ()


def _few(pictures: Sequence[Picture], alias: str) -> tuple[str, ...]:
    """Say so if names begin with a few persons, each of whom is in several groups."""
    by_name = [picture for picture in pictures if picture.group and not (picture.target or _folder(picture))]
    sample = random.Random(0).sample(by_name, SAMPLE) if len(by_name) > SAMPLE else by_name
    named = [Named(picture.inner, picture.label) for picture in sample]
    persons = few_persons([one.stem for one in named], [one.label for one in named])
    if not persons or len({picture.group for picture in sample}) <= len(persons):
        return ()
    return (
        f"the names may tell {len(persons)} persons ({', '.join(persons)}), who are too few to be groups, and may be on both "
        f"sides of a split; if they are persons, give the splits as folders train/, val/ and test/ or list the groups: "
        f"--groups {alias}=FILE.csv",
    )


def declared(pictures: Sequence[Picture], groups: str, root: Path) -> tuple[Picture, ...] | None:
    """
    Assign the groups of a list: the one that `groups` names, or for ``auto`` the one in the folder.

    Returns
    -------
    tuple of Picture, or None
        None if no list is meant.

    Raises
    ------
    DataError
        If the list is faulty.
    """
    at_root = find_group_list(root) if groups == "auto" else None
    path = Path(groups).expanduser() if str(groups).lower().endswith(LIST_SUFFIX) else at_root
    return _listed(pictures, path) if path else None


def _listed(pictures: Sequence[Picture], path: Path) -> tuple[Picture, ...]:
    lines = read_group_list(path, [picture.id for picture in pictures])
    return tuple(
        replace(
            picture,
            group=line.group or line.target or line.video,
            by=path.name,
            target=line.target,
            donor=line.donor,
            video=line.video,
            unit=line.group,
        )
        for picture in pictures
        for line in (lines[picture.id],)
    )


def grouped(pictures: Sequence[Picture], groups: str) -> list[Picture]:
    """
    Group pictures by sub-folder, by name up to the last number, or by a regular expression.

    Parameters
    ----------
    pictures : sequence of Picture
    groups : str
        ``folder``, ``name``, ``none`` or a regular expression with one group.

    Raises
    ------
    DataError
        If `groups` is neither a grouping nor a regular expression with one group, or if that fits no picture.
    """
    if groups == "none":
        return list(pictures)
    keys = {"folder": folder_key, "name": name_key}.get(groups) or _pattern_key(groups)
    by = GROUPINGS.get(groups, groups)
    with_groups = [replace(picture, group=key, by=by) if (key := keys(picture.inner)) else picture for picture in pictures]
    if groups not in GROUPINGS and pictures and not any(picture.group for picture in with_groups):
        raise DataError(f"groups={groups} fits no picture; it is searched for in paths like {pictures[0].inner!r}.")
    return with_groups


# --- evidence --------------------------------------------------------------------------------------------------------


def _with_copies(pictures: Sequence[Picture]) -> tuple[Picture, ...]:
    """
    Group pictures by evidence, and copies and versions of a picture as their original.

    Raises
    ------
    AmbiguousNamesError
        If two readings fit about equally well and disagree.
    """
    named = [Named(picture.inner, picture.label) for picture in pictures]
    originals = _originals(pictures, named)
    if not originals:
        return _by_evidence(pictures, named)
    read_as: dict[tuple[Split | None, int, str], int] = {}  # rows by split, class and name; a copy has the name of its original
    for i in sorted(range(len(named)), key=originals.__contains__):
        read_as.setdefault((pictures[i].split, named[i].label, named[originals.get(i, i)].inner), i)
    rows = sorted(read_as.values())
    names = [Named(named[originals.get(i, i)].inner, named[i].label) for i in rows]
    try:
        found = _by_evidence([pictures[i] for i in rows], names)
    except AmbiguousNamesError as error:
        labels = [picture.label for picture in pictures]
        raise AmbiguousNamesError(*(reading.spread(rows, labels) for reading in error.readings)) from error
    result = list(pictures)
    for i, picture in zip(rows, found, strict=True):
        result[i] = picture
    for copy, original in originals.items():
        told = next((some for some in (result[original], result[copy]) if some.group), None)
        alone = replace(result[original], group=named[original].stem, by=BY_ORIGINAL)
        for i in (original, copy):
            result[i] = _as_grouped(result[i], told or alone)
    return tuple(result)


def _as_grouped(picture: Picture, other: Picture) -> Picture:
    """Return a picture in the group of another one."""
    told = {name: getattr(other, name) for name in ("group", "by", "target", "donor", "video")}
    return replace(picture, **told)


def _originals(pictures: Sequence[Picture], named: Sequence[Named]) -> dict[int, int]:
    """
    Return the row of the original of each copy and version.

    It is the one of its class and folder, else of its folder, else the only one of its name. Where there is none, it is the
    first copy. Of several pictures of one name in a folder it is the first. Folders of different given splits are different:
    each may count its pictures from 1.
    """
    folders = [(picture.split, _folder(picture)) for picture in pictures]
    originals = original_names(one.stem for one in named)
    # Of the pictures of one name: a.png and a.jpg, a.png and a_crop.png.
    first: dict[tuple[int, tuple[str | None, str], str], int] = {}
    same = {i: row for i, one in enumerate(named) if (row := first.setdefault((one.label, folders[i], one.stem), i)) != i}
    found = {i: row for i, row in same.items() if named[i].stem} if len(same) < REPEATED * len(named) else {}
    if not originals:
        return found
    names = set(originals.values())
    by_name: dict[str, list[int]] = defaultdict(list)
    for i, one in enumerate(named):
        if one.stem in names and i not in found:
            by_name[one.stem].append(i)
    for i, one in enumerate(named):
        if one.stem in originals:
            some = by_name[originals[one.stem]]
            beside = [row for row in some if folders[row] == folders[i]]
            original = next((row for row in beside if named[row].label == one.label), next(iter(beside), None))
            if original is None and len(some) == 1:
                (original,) = some
            if original is not None:
                found[i] = original
            elif not some:
                some.append(i)
    return found


def _folder(picture: Picture) -> str:
    return picture.inner.rpartition("/")[0]


def _by_evidence(pictures: Sequence[Picture], named: Sequence[Named]) -> tuple[Picture, ...]:
    """
    Group by targets and donors, by sub-folder, or by the scheme of the names.

    Sub-folders that are few and repeat the groups of the names are sources, such as generators.

    Raises
    ------
    AmbiguousNamesError
        If two readings fit about equally well and disagree.
    """
    if places := read_pairs(named):
        return _with_places_or_names(pictures, named, places)
    try:
        found = _by_folders_or_names(pictures, named)
    except AmbiguousNamesError:
        if places := _read_mentions(pictures, named):
            return _with_places_or_names(pictures, named, places)
        raise
    groups = {picture.group for picture in found if picture.label == REAL}
    if not any(picture.group for picture in found):
        places = read_mentions(named, [""] * len(named))
        return _with_places_or_names(pictures, named, places) if places else found
    if all(picture.label == REAL or picture.group in groups for picture in found):
        return found
    places = _read_mentions(pictures, named) or ()
    known = {_plain(group) for group in groups if group}
    tell_more = any(
        place.donor or (_plain(place.target) in known and _plain(place.target) != _plain(picture.group))
        for place, picture in zip(places, found, strict=False)
    )
    return _with_places_or_names(pictures, named, places) if tell_more else found


def _read_mentions(pictures: Sequence[Picture], named: Sequence[Named]) -> tuple[Place, ...] | None:
    """Read the groups of the reals alone in the paths of the fakes; None if fakes mention none. Reals in doubt have none."""
    reals = [i for i, picture in enumerate(pictures) if picture.label == REAL]
    groups = [""] * len(pictures)
    if any(LETTERS.search(named[i].inner.rpartition(".")[0]) for i in reals):  # only groups with letters are mentioned
        try:
            found = _by_folders_or_names([pictures[i] for i in reals], [named[i] for i in reals])
        except AmbiguousNamesError:
            found = ()
        for i, picture in zip(reals, found, strict=False):
            groups[i] = picture.group
    return read_mentions(named, groups)


def with_places(pictures: Sequence[Picture], places: Sequence[Place]) -> tuple[Picture, ...]:
    """Give pictures the persons and clips that they tell; one that tells no person stays as it is."""
    return tuple(
        replace(picture, group=place.target, by="target and donor", **vars(place)) if place.target else picture
        for picture, place in zip(pictures, places, strict=True)
    )


def _with_places_or_names(pictures: Sequence[Picture], named: Sequence[Named], places: Sequence[Place]) -> tuple[Picture, ...]:
    """Give pictures the persons that they tell; the others are read by their sub-folders or names."""
    with_persons = with_places(pictures, places)
    rest = [i for i, place in enumerate(places) if not place.target]
    try:
        found = _by_folders_or_names([with_persons[i] for i in rest], [named[i] for i in rest])
    except AmbiguousNamesError:
        return _with_names(with_persons, named, rest)
    of_rest = dict(zip(rest, found, strict=True))
    return tuple(of_rest.get(i, picture) for i, picture in enumerate(with_persons))


def _by_folders_or_names(pictures: Sequence[Picture], named: Sequence[Named]) -> tuple[Picture, ...]:
    folders = _folders(pictures)
    if not any(folders):
        return _with_reading(pictures, range(len(pictures)), read_names(named))
    of_folders = Reading("sub-folder", tuple(n.label for n in named), folders, (-1,) * len(named), "folder")
    names = None if _are_numbered_inside(named, of_folders) else _names_beside(named, of_folders)
    if names and not names.within(of_folders):
        if len(of_folders.groups) < N_FOLDS or of_folders.within(names):
            return _with_reading(pictures, range(len(pictures)), names)
        raise AmbiguousNamesError(of_folders, names)
    loose = [i for i, folder in enumerate(folders) if not folder]
    inside = [i for i, folder in enumerate(folders) if folder]
    with_folders = _with_reading(pictures, inside, replace(of_folders, keys=tuple(filter(None, folders))))
    return _with_names(with_folders, named, loose)


def _are_numbered_inside(named: Sequence[Named], folders: Reading) -> bool:
    """Return True if both classes have several folders, and all names begin with that of the folder or are numbers."""
    by_class: dict[int, set[str]] = defaultdict(set)
    stems = [picture.stem.lower() for picture in named]
    for label, folder in zip(folders.labels, folders.keys, strict=True):
        by_class[label].add(folder)
    begin_alike = all(stem.startswith(key.rpartition("/")[2].lower()) for stem, key in zip(stems, folders.keys, strict=True))
    several = all(len(some) >= N_FOLDS for some in by_class.values()) and all(folders.keys)
    are_numbers = not any(LETTERS.search(FRAME_WORD.sub("", stem)) for stem in stems)
    return several and len(folders.groups) >= ENOUGH and (begin_alike or are_numbers)


def _names_beside(named: Sequence[Named], folders: Reading) -> Reading | None:
    """Read names beside folders that may be the groups; names in doubt whose readings lie in these folders tell nothing."""
    try:
        return read_names(named)
    except AmbiguousNamesError as error:
        if not any(reading.within(folders) for reading in error.readings):
            raise
        return None


def _with_names(pictures: Sequence[Picture], named: Sequence[Named], rows: Sequence[int]) -> tuple[Picture, ...]:
    """
    Give the pictures in some rows the groups of their names; where these are in doubt, as they are read among all names.

    Raises
    ------
    AmbiguousNamesError
        If all names are in doubt, too, or have far fewer groups than one of the readings in doubt.
    """
    try:
        return _with_reading(pictures, rows, read_names([named[i] for i in rows]))
    except AmbiguousNamesError as error:
        reading = read_names(named)
        keys = tuple(reading.keys[i] for i in rows) if reading else ()
        if 2 * len(set(keys)) < max(len(doubted.groups) for doubted in error.readings):  # of frames, not of clips
            labels = [picture.label for picture in pictures]
            raise AmbiguousNamesError(*(doubted.spread(rows, labels) for doubted in error.readings)) from error
    return _with_reading(pictures, rows, reading and replace(reading, name="the scheme of all names", keys=keys))


def _folders(pictures: Sequence[Picture]) -> tuple[str, ...]:
    """Return the sub-folder that groups each picture; empty in a class that lies in a single one."""
    folders = outer_folders(pictures)
    by_class: dict[int, set[str]] = defaultdict(set)
    for picture, folder in zip(pictures, folders, strict=True):
        by_class[picture.label].add(folder)
    several = {label for label, keys in by_class.items() if len(keys) > 1}
    return tuple(folder if picture.label in several else "" for picture, folder in zip(pictures, folders, strict=True))


def outer_folders(pictures: Sequence[Picture]) -> Sequence[str]:
    """Return the sub-folder of each picture that may group it: without those of sources, and of those in each other one."""
    return _outermost(_without_sources([folder_key(picture.inner) for picture in pictures], [p.label for p in pictures]))


def _without_sources(folders: Sequence[str], labels: Sequence[int]) -> Sequence[str]:
    """
    Strip the outer folders where they are sources, such as methods, with the same clips in each: ``Deepfakes/033``.

    They are if the two classes have none in common, there are few, and most of the inner folders recur.
    """
    split = [folder.rpartition("/")[::2] for folder in folders]
    of_class: dict[int, set[str]] = defaultdict(set)
    of_inner: dict[str, set[str]] = defaultdict(set)
    for (outer, inner), label in zip(split, labels, strict=True):
        of_class[label].add(outer)
        of_inner[inner].add(outer)
    n_recurring = sum(len(outers) > 1 for inner, outers in of_inner.items() if inner)
    sources = set[str]().union(*of_class.values())
    are_apart = sum(map(len, of_class.values())) == len(sources)
    few = 1 < len(sources) < ENOUGH <= len(of_inner) or len(of_class[REAL]) == 1 < len(sources) < len(of_inner)
    return [inner for _, inner in split] if are_apart and few and n_recurring >= REPEATED * len(of_inner) else folders


def _outermost(folders: Sequence[str]) -> Sequence[str]:
    """Cut folders in each other to the person, or after the outermost level with enough groups, as in ``person/clip``."""
    parts = [folder.split("/") for folder in folders]
    persons = [next(filter(PERSON_FOLDER.fullmatch, some), "") for some in parts]
    if all(persons):
        return persons
    for level in range(1, max(map(len, parts), default=1)):
        outer = ["/".join(some[:level]) for some in parts]
        if len(set(outer) - {""}) >= ENOUGH:
            return outer
    return folders


def _with_reading(pictures: Sequence[Picture], rows: Sequence[int], reading: Reading | None) -> tuple[Picture, ...]:
    """Give the pictures in some rows the groups of a reading; a group of one picture is none."""
    if reading is None:
        return tuple(pictures)
    keys = _one_spelling(reading.keys)
    repeats = Counter(keys)
    result = list(pictures)
    for row, key in zip(rows, keys, strict=True):
        if key and repeats[key] > 1:
            result[row] = replace(result[row], group=key, by=reading.name)
    return tuple(result)


def _one_spelling(keys: Sequence[str]) -> list[str]:
    """Give keys that differ in case, leading zeros or the coding of accents alone the first spelling of them."""
    first: dict[str, str] = {}
    for key in sorted(set(keys)):
        first.setdefault(_plain(key), key)
    return [first[_plain(key)] for key in keys]


def _plain(key: str) -> str:
    return LEADING_ZEROS.sub("", unicodedata.normalize("NFC", key).casefold())


def doubt_text(error: AmbiguousNamesError, pictures: Sequence[Picture], alias: str) -> str:
    """Return the message on two readings, each with the option that chooses it, unless it is finer than another one."""
    found = with_persons(error.readings, [Named(picture.inner, picture.label).stem for picture in pictures])
    readings = []
    for reading in found:
        pattern = "" if any(map(reading.finer_than, found)) else _pattern_of(reading, pictures)
        option = f": --group-by '{alias}={pattern}'" if pattern else ""
        i = next(i for i, key in enumerate(reading.keys) if key)
        readings.append(f"{reading.describe()} ({pictures[i].inner} is in the group '{reading.keys[i]}'{option})")
    number = "two" if len(found) == 2 else len(found)
    return (
        f"{alias}: the names of the pictures fit {number} readings about equally well: {' or '.join(readings)}. Say which one "
        f"is meant (--group-by {alias}=REGEX with one group), or list the groups (--groups {alias}=FILE.csv, or groups.csv in "
        f"the folder). If all pictures are independent: --group-by {alias}=none."
    )


def _pattern_of(reading: Reading, pictures: Sequence[Picture]) -> str:
    """Return a regular expression, or the word ``folder``, that gives the groups of a reading; empty if none of ours does."""
    if reading.pattern in GROUPINGS:
        return reading.pattern
    for pattern in filter(None, (reading.pattern, *NUMBERS)):
        key_of = _pattern_key(pattern)
        found = zip(reading.keys, pictures, strict=True)
        other = replace(reading, keys=tuple(key and key_of(picture.inner) for key, picture in found))
        if all(map(bool, other.keys)) is all(map(bool, reading.keys)) and reading.within(other) and other.within(reading):
            return pattern
    return ""


# --- keys ------------------------------------------------------------------------------------------------------------


def group_key(path: str) -> str:
    """
    Return the sub-folder, else the name without its last number; empty if there is neither.

    >>> group_key("train/fake/clip3/0001.png"), group_key("real/id7_002.png"), group_key("real/201600.jpg")
    ('clip3', 'id7', '')
    """
    return folder_key(path) or name_key(path)


def folder_key(inner: str) -> str:
    """
    Return the sub-folder below the class folder; empty if there is none.

    Words for a class or a split are no part of it.

    >>> folder_key("clip3/0001.png"), folder_key("clip3_fake/0001.png"), folder_key("0001.png")
    ('clip3', 'clip3', '')
    """
    return "/".join(filter(None, map(_without_sides, inner.split("/")[:-1])))


@lru_cache(maxsize=2**16)
def _without_sides(folder: str) -> str:
    """Strip words for a class or a split from the name of a folder, unless it is one that a method may have (deepfakes)."""
    return "" if folder.lower() in (*LABEL_NAMES, *SPLIT_NAMES) else without_sides(folder) or folder


def name_key(inner: str) -> str:
    """
    Return the name without its last number and without class and split words at both ends; empty if nothing remains.

    >>> name_key("id7_002.png"), name_key("real_id7_2.png"), name_key("real_0001.png"), name_key("201600.jpg")
    ('id7', 'id7', '', '')
    """
    name = inner.rpartition("/")[2]
    match = NUMBERED.fullmatch(name.rpartition(".")[0] or name)
    return without_sides(match[1]) if match else ""


def _pattern_key(pattern: str) -> Callable[[str], str]:
    """Return the function that finds the group in a path by a regular expression."""
    expected = "groups is auto, folder, name, none, a list (FILE.csv) or a regular expression with one group, like (id\\d+)_"
    try:
        compiled = re.compile(pattern)
    except (re.error, TypeError) as error:
        raise DataError(f"{expected}; got {pattern!r} ({error}).") from error
    if compiled.groups != 1:
        raise DataError(f"{expected}; got {pattern!r}, which has {compiled.groups or 'no'} groups.")

    def key_of(inner: str) -> str:
        match = compiled.search(inner)
        return (match[1] or "") if match else ""

    return key_of


def groups_text(pictures: Sequence[Picture]) -> str:
    """
    Describe the groups: ``60 groups by `idNN_```, ``no groups``.

    Parameters
    ----------
    pictures : sequence of Picture
        Grouped.
    """
    keys: dict[str, set[str]] = {}
    for picture in pictures:
        if picture.group:
            keys.setdefault(picture.by, set()).add(picture.group)
    if not keys:
        return "no groups"
    counts = [f"{len(some)} groups by {by}" for by, some in keys.items()]
    alone = sum(not picture.group for picture in pictures)
    return ", ".join([*counts, *([f"{alone} pictures in no group"] if alone else [])])
