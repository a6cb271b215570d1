"""A folder that a user put together: ``real/`` and ``fake/``, optionally under ``train/``, ``val/`` and ``test/``."""

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Self

from ..benchmark.contracts import FAKE, LABEL_NAMES, REAL, SPLITS, Dataset, Item, Split
from ..benchmark.domains.splits import draw_splits
from ..benchmark.errors import DataError
from ..benchmark.pictures.crops import KINDS, SUFFIXES
from ..benchmark.store.files import read_file
from .copies.listing import list_files, own_tree, passed_over
from .copies.own_folders import adapter_of
from .copies.tree import SPLIT_NAMES, Tree, Trouble, class_of_folder

NUMBERED = re.compile(r"(.+)[_-]\d+")
SEPARATORS = re.compile(r"([\s_-]+)")
GROUPINGS = {"auto": "", "folder": "sub-folder", "name": "name up to the last number", "none": ""}
SHOWN_NAMES = 8


@dataclass(eq=False, repr=False)
class Folder(Dataset):
    r"""
    Pictures in ``real/`` and ``fake/`` below `root`; sub-folders are searched too, and links are followed.

    Pictures that belong together stay in one split, in both classes alike. Without given splits a fifth of the groups is test
    (drawn from `seed`), a fifth validation (from `seed` and `replicate`); with ``train/`` but no ``val/``, validation is a
    fifth of train. Folders whose names mean the same are one (``Real/`` and ``real/``, ``val/`` and ``valid/``).

    Parameters
    ----------
    root, seed, replicate
        See `Dataset`.
    may_be_shown : bool
        Whether pictures may appear in reports, which get sent around.
    groups : str
        Which pictures belong together. ``folder``: those of one sub-folder. ``name``: those whose names agree up to the last
        ``_`` or ``-`` and digits (``id7_001.png``, ``id7_002.png``); the name of a class or split in it tells nothing.
        ``none``: each is on its own. ``auto``: sub-folders where there are several, else names that repeat. Anything else is a
        regular expression with one group, which is searched for in the path below ``real/`` or ``fake/``: ``(id\d+)_``.
    """

    name = "folder"
    version = 2
    own = True
    source = "your own disk"
    licence = "yours"

    may_be_shown: bool = False
    groups: str = "auto"

    @classmethod
    def adapter_of(cls, root: Path) -> str:
        return adapter_of(root)

    @cached_property
    def tree(self) -> Tree:
        """The files below the root."""
        if self.root is None or not self.root.is_dir():
            raise DataError(f"data folder {self.root} does not exist or is not a folder; check the path.")
        try:
            os.scandir(self.root).close()
        except OSError as error:
            raise DataError(f"data folder {self.root} cannot be read ({error.strerror}); mend its permissions.") from error
        return own_tree(self.root)

    @cached_property
    def content(self) -> "FolderContent":
        """The content of the root, with groups; listed once for all draws."""
        listed = _Reader(self.tree).read()
        parts = [[picture for picture in listed.pictures if picture.split == split] for split in (None, *SPLITS)]
        return replace(listed, pictures=tuple(picture for part in parts for picture in grouped(part, self.groups)))

    def for_replicate(self, replicate: int) -> Self:
        _ = self.content  # listed before it is copied
        return super().for_replicate(replicate)

    def items(self, variant: str) -> Sequence[Item]:
        content = self.content
        splits = {picture.split for picture in content.pictures}
        items = {split: [picture.item() for picture in content.pictures if picture.split == split] for split in splits}
        if splits == {None}:
            return draw_splits(items[None], self.seed, self.replicate, way_out=self.regrouping())
        if "train" in splits and "val" not in splits:
            items["train"] = draw_splits(items["train"], self.seed, self.replicate, test=False, way_out=self.regrouping())
        return sorted((item for part in items.values() for item in part), key=lambda item: item.id)

    def all_items(self, variant: str) -> Sequence[Item]:
        try:
            return self.items(variant)
        except DataError:  # too few to be split
            return [replace(picture.item(), split=picture.split or "") for picture in self.content.pictures]

    def read(self, item: Item) -> bytes:
        return read_file(self.tree.path(item.id))

    def remarks(self) -> list[str]:
        content = self.content
        counts = f"{len(content.pictures)} pictures, {groups_text(content.pictures, self.groups)}"
        passed = passed_over(content.others, content.troubles)
        return [counts, *([f"passed over: {passed}"] if passed else []), *content.notes]

    def regrouping(self) -> str:
        name = self.alias or self.name
        return (
            f"Pictures of one sub-folder, or whose names agree up to their last number, stay together. If they are "
            f"independent: --data {name}.groups=none. If another part of the name says what belongs together, a regular "
            f"expression with one group: --data '{name}.groups=(id\\d+)_'."
        )


# --- the content of a folder -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Picture:
    """
    One picture of the folder.

    Attributes
    ----------
    id : str
    label : int
    split : {"train", "val", "test"} or None
        None where it is to be drawn.
    inner : str
        Path below the class folder.
    group : str
        Name of its group; empty if it has none.
    by : str
        Grouping that gave the group, a key of `GROUPINGS`, or the regular expression.
    """

    id: str
    label: int
    split: Split | None
    inner: str
    group: str = ""
    by: str = ""

    def item(self) -> Item:
        """Return it as an item; its split is train until one is drawn."""
        return Item(self.id, self.label, self.split or "train", video=self.group)


@dataclass(frozen=True)
class FolderContent:
    """The content of a root: pictures sorted by id, counts of other files by suffix, troubles, and notes on the rest."""

    pictures: tuple[Picture, ...]
    others: Counter[str]
    troubles: tuple[Trouble, ...]
    notes: tuple[str, ...]


def read_folder(tree: Tree, suffixes: Sequence[str], wanted: str) -> FolderContent:
    """
    List the content of a folder with ``real/`` and ``fake/``, without groups.

    Parameters
    ----------
    tree : Tree
    suffixes : sequence of str
        Suffixes of the files that are used.
    wanted : str
        Description of these files, for messages.

    Raises
    ------
    DataError
        If a class is missing or holds none of them.
    """
    return _Reader(tree, suffixes, wanted).read()


class _Reader:
    """Reader of a layout: class and split of every folder, and the files that are not used."""

    def __init__(self, tree: Tree, suffixes: Sequence[str] = SUFFIXES, wanted: str = f"picture; wanted {KINDS}") -> None:
        self.tree = tree
        self.suffixes = suffixes
        self.wanted = wanted
        self._seen: set[tuple[int, int]] = set()
        self._others: Counter[str] = Counter()
        self._notes: list[str] = []

    def read(self) -> FolderContent:
        splits: dict[Split | None, list[str]] = {}
        for folder in self.tree.folders():
            if split := SPLIT_NAMES.get(_name(folder).lower()):
                splits.setdefault(split, []).append(folder)
        # In this order, so that a folder to which several links lead is training.
        parts: dict[Split | None, list[str]] = {split: splits[split] for split in SPLITS if split in splits} or {None: [""]}
        if splits:
            self._note_unused("", [folder for folders in parts.values() for folder in folders])
        pictures = [picture for split, places in parts.items() for picture in self._pictures(split, places)]
        ordered = tuple(sorted(pictures, key=lambda picture: picture.id))
        return FolderContent(ordered, self._others, tuple(self.tree.troubles), tuple(self._notes))

    def _pictures(self, split: Split | None, places: Sequence[str]) -> list[Picture]:
        """List the pictures of one split, or of all where there is none; several folders of one meaning are one."""
        folders: dict[int, list[str]] = {REAL: [], FAKE: []}
        for place in places:
            by_label = self._class_folders(place)
            for label in folders:
                folders[label] += by_label[label]
            if any(by_label.values()):
                self._note_unused(place, [folder for some in by_label.values() for folder in some])
        if not all(folders.values()):
            raise DataError(self._lacks(places, [LABEL_NAMES[label] for label in folders if not folders[label]]))
        return [picture for label, some in folders.items() for picture in self._pictures_of(label, split, some)]

    def _class_folders(self, place: str) -> dict[int, list[str]]:
        """Find the folders of each class: those called ``real`` and ``fake``, else those with another word for it."""
        by_label = {}
        for label in (REAL, FAKE):
            alike = [folder for folder in self.tree.folders(place) if class_of_folder(_name(folder)) == label]
            by_label[label] = [folder for folder in alike if _name(folder).lower() == LABEL_NAMES[label]] or alike
        return by_label

    def _pictures_of(self, label: int, split: Split | None, folders: Sequence[str]) -> list[Picture]:
        pictures: list[Picture] = []
        unused: Counter[str] = Counter()
        for folder in folders:
            listing = list_files(self.tree, [folder], self.suffixes, self._seen)
            unused.update(listing.others)
            pictures += [Picture(path, label, split, path.removeprefix(f"{folder}/")) for path in listing.files]
        if not pictures:
            shown = ", ".join(str(self.tree.path(folder)) for folder in folders)
            raise DataError(f"{shown} holds no {self.wanted}{_passed(unused, self.tree.troubles)}.")
        self._others.update(unused)
        return pictures

    def _note_unused(self, place: str, used: Sequence[str]) -> None:
        """Note folders and pictures that lie beside the used folders and may be meant as data."""
        tree = self.tree
        rest = [folder for folder in tree.folders(place) if folder not in used and (tree.folders(folder) or tree.files(folder))]
        parts = [f"{folder}/" for folder in rest[:SHOWN_NAMES]]
        if len(rest) > SHOWN_NAMES:
            parts.append(f"{len(rest) - SHOWN_NAMES} more folders")
        if pictures := len(tree.files(place, SUFFIXES)):
            parts.append(f"{pictures} picture{'s' if pictures > 1 else ''}")
        if parts:
            self._notes.append(f"not used, beside {', '.join(f'{folder}/' for folder in used)}: {', '.join(parts)}")

    def _lacks(self, places: Sequence[str], missing: Sequence[str]) -> str:
        """Describe the missing class folders, the folders that exist, and the sub-folder that has both classes."""
        tree = self.tree
        shown = ", ".join(str(tree.path(place)) for place in places)
        folders = [folder for place in places for folder in tree.folders(place)]
        files = [path for place in places for path in tree.files(place) if class_of_folder(_name(path)) is not None]
        names = ", ".join([*map(_name, folders), *(f"{_name(path)} (a file)" for path in files)][:SHOWN_NAMES])
        inside = [folder for folder in folders if all(self._class_folders(folder).values())]
        hint = f" {inside[0]}/ has both: give that folder." if inside else ""
        return (
            f"{shown} needs the sub-folders real/ and fake/ (or train/, val/ and test/ with real/ and fake/ in each); missing: "
            f"{', '.join(missing)}; found: {names or 'no sub-folder'}{_passed({}, tree.troubles)}.{hint}"
        )


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _passed(others: Mapping[str, int], troubles: Sequence[Trouble]) -> str:
    passed = passed_over(others, troubles)
    return f"; passed over: {passed}" if passed else ""


# --- groups ----------------------------------------------------------------------------------------------------------


def grouped(pictures: Sequence[Picture], groups: str) -> list[Picture]:
    """
    Assign a group to every picture of one split, or of all where there is none.

    Parameters
    ----------
    pictures : sequence of Picture
    groups : str
        See `Folder`.

    Raises
    ------
    DataError
        If `groups` is neither a grouping nor a regular expression with one group, or if that fits no picture.
    """
    if groups == "none":
        return list(pictures)
    if groups == "auto":
        return _grouped_by_habit(pictures)
    keys = {"folder": folder_key, "name": name_key}.get(groups) or _pattern_key(groups)
    with_groups = [replace(picture, group=key, by=groups) if (key := keys(picture.inner)) else picture for picture in pictures]
    if groups not in GROUPINGS and pictures and not any(picture.group for picture in with_groups):
        raise DataError(f"groups={groups} fits no picture; it is searched for in paths like {pictures[0].inner!r}.")
    return with_groups


def _grouped_by_habit(pictures: Sequence[Picture]) -> list[Picture]:
    """Group by sub-folder, else by a name that repeats; a single sub-folder that holds a whole class is no group."""
    folders = [folder_key(picture.inner) for picture in pictures]
    by_class: dict[int, set[str]] = {}
    for picture, folder in zip(pictures, folders, strict=True):
        by_class.setdefault(picture.label, set()).add(folder)
    if all(len(keys) == 1 for keys in by_class.values()):
        folders = [""] * len(pictures)
    keys = [
        (folder, "folder") if folder else (name_key(picture.inner), "name")
        for picture, folder in zip(pictures, folders, strict=True)
    ]
    repeats = Counter(key for key, _ in keys)
    return [
        replace(picture, group=key, by=by) if key and repeats[key] > 1 else picture
        for picture, (key, by) in zip(pictures, keys, strict=True)
    ]


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

    >>> folder_key("clip3/0001.png"), folder_key("0001.png")
    ('clip3', '')
    """
    return "/".join(part for part in inner.split("/")[:-1] if part.lower() not in (*LABEL_NAMES, *SPLIT_NAMES))


def name_key(inner: str) -> str:
    """
    Return the name without its last number and without class and split words at both ends; empty if nothing remains.

    >>> name_key("id7_002.png"), name_key("real_id7_2.png"), name_key("real_0001.png"), name_key("201600.jpg")
    ('id7', 'id7', '', '')
    """
    name = inner.rpartition("/")[2]
    match = NUMBERED.fullmatch(name.rpartition(".")[0] or name)
    return without_sides(match[1]) if match else ""


def without_sides(key: str) -> str:
    """Strip words for a class or a split from both ends of a name."""
    words = SEPARATORS.split(key)  # with what stands between them
    while words:
        if _is_side(words):
            return ""
        if _is_side(words[:1]):
            words = words[2:]
        elif _is_side(words[-1:]):
            words = words[:-2]
        else:
            break
    return "".join(words)


def _is_side(words: Sequence[str]) -> bool:
    """Return whether words together name a class or a split; with a number among them they may name a person or clip."""
    name = "".join(words)
    return not any(map(str.isdigit, words)) and (class_of_folder(name) is not None or name.lower() in SPLIT_NAMES)


def _pattern_key(pattern: str) -> Callable[[str], str]:
    """Return the function that finds the group in a path by a regular expression."""
    expected = "groups is auto, folder, name, none or a regular expression with one group, like (id\\d+)_"
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


def groups_text(pictures: Sequence[Picture], groups: str) -> str:
    """
    Describe the grouping: ``60 groups by name up to the last number``, ``no groups``.

    Parameters
    ----------
    pictures : sequence of Picture
        Grouped.
    groups : str
        See `Folder`.
    """
    keys: dict[str, set[str]] = {}
    for picture in pictures:
        if picture.group:
            keys.setdefault(picture.by, set()).add(picture.group)
    if not keys:
        return "no groups"
    counts = [f"{len(some)} groups by {GROUPINGS.get(by, groups)}" for by, some in keys.items()]
    alone = sum(not picture.group for picture in pictures)
    return ", ".join([*counts, *([f"{alone} pictures in no group"] if alone else [])])
