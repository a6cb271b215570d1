"""A folder that a user put together: ``real/`` and ``fake/``, optionally under ``train/``, ``val/`` and ``test/``."""

import copy
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Self

from ..benchmark.contracts import FAKE, LABEL_NAMES, REAL, SPLITS, Dataset, Item, Split
from ..benchmark.domains.splits import draw_splits, missing_classes
from ..benchmark.errors import DataError
from ..benchmark.pictures.crops import KINDS, SUFFIXES
from ..benchmark.store.files import read_file
from .copies.draw import two_sides_text
from .copies.listing import list_files, own_tree, passed_over
from .copies.own_folders import adapter_of
from .copies.tree import SPLIT_NAMES, Tree, Trouble, class_of_folder
from .grouping.groups import Grouping, Picture, group_pictures

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
        Which pictures belong together. ``auto``: as the list ``groups.csv`` in `root` says; without one, pictures of one
        sub-folder where a class has several, else pictures whose names agree in the person, clip or target that they tell
        (`name_schemes`). ``folder``: those of one sub-folder. ``name``: those whose names agree up to the last ``_`` or ``-``
        and digits (``id7_001.png``, ``id7_002.png``). ``none``: each is on its own. The path of a list, which ends in
        ``.csv``, see `read_group_list`. Anything else is a regular expression with one group, which is searched for in the
        path below ``real/`` or ``fake/``: ``(id\d+)_``.
    """

    name = "folder"
    version = 2
    own = True
    source = "your own disk"
    licence = "yours"

    may_be_shown: bool = False
    groups: str = "auto"
    _units: dict[str, str] = field(default_factory=dict, init=False)

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
        """The content of the root; listed once for all draws."""
        return _Reader(self.tree).read()

    @cached_property
    def grouping(self) -> Grouping:
        """The pictures of the root with their groups, those of one split after those of another."""
        pictures = self.content.pictures
        ordered = [picture for split in (None, *SPLITS) for picture in pictures if picture.split == split]
        return group_pictures(ordered, self.groups, self.tree.root, self.alias or self.name)

    def for_replicate(self, replicate: int) -> Self:
        _ = self.grouping  # listed before it is copied
        return super().for_replicate(replicate)

    def items(self, variant: str) -> Sequence[Item]:
        if self.grouping.doubt:
            raise DataError(self.grouping.doubt)
        listed = self.grouping.pictures
        splits = {picture.split for picture in listed}
        items = {split: [picture.item() for picture in listed if picture.split == split] for split in splits}
        for split in self._drawn_parts():
            units = self._units
            part = [replace(item, unit=units.get(item.id, item.unit)) for item in items[split]] if units else items[split]
            items[split] = self._drawn(part, test=split is None)
        return sorted((item for part in items.values() for item in part), key=lambda item: item.id)

    def _drawn(self, items: Sequence[Item], test: bool) -> list[Item]:
        """
        Draw splits; where fakes join so many persons that none can be drawn, draw persons and leave fakes of two sides out.

        A swap shows a person who gives the face and one who gives the rest. Where everybody is swapped with many others, all
        pictures are one group.
        """
        try:
            return draw_splits(items, self.seed, self.replicate, test, self.regrouping())
        except DataError:
            if not any(item.donor for item in items):
                raise
        donors = {item.id: item.donor for item in items}
        drawn = draw_splits([replace(item, donor="") for item in items], self.seed, self.replicate, test, self.regrouping())
        split_of = {item.target: item.split for item in drawn if item.target}
        kept = [item for item in drawn if split_of.get(donors[item.id], item.split) == item.split]
        if missing := missing_classes(kept, SPLITS if test else ("train", "val")):
            raise DataError(f"without the fakes whose two persons are on different sides, {missing}. {self.regrouping()}")
        return [replace(item, donor=donors[item.id]) for item in kept]

    def _left_out(self) -> list[str]:
        """Count the fakes that are left out of this draw."""
        if not any(picture.donor for picture in self.grouping.pictures):  # none has two persons, and nothing need be drawn
            return []
        try:
            n = len(self.grouping.pictures) - len(self.items(""))
        except DataError:  # which is told where items are asked for
            return []
        return [two_sides_text(n)] if n else []

    def _drawn_parts(self) -> tuple[Split | None, ...]:
        """Return the parts that splits are drawn from: all pictures, or training pictures where validation is not given."""
        splits = {picture.split for picture in self.content.pictures}
        if splits == {None}:
            return (None,)
        return ("train",) if "train" in splits and "val" not in splits else ()

    def with_units(self, units: Mapping[str, str]) -> Self | None:
        if not self._drawn_parts():
            return None
        other = copy.copy(self)
        other._units = dict(units)
        return other

    def all_items(self, variant: str) -> Sequence[Item]:
        try:
            items = {item.id: item for item in self.items(variant)}
        except DataError:  # too few to be split, or groups in doubt
            items = {}
        listed = [replace(picture.item(), split=picture.split or "") for picture in self.grouping.pictures]
        return sorted((items.get(item.id, item) for item in listed), key=lambda item: item.id) if items else listed

    def read(self, item: Item) -> bytes:
        return read_file(self.tree.path(item.id))

    def remarks(self) -> list[str]:
        content, grouping = self.content, self.grouping
        counts = f"{len(content.pictures)} pictures, {self._groups_text()}"
        passed = passed_over(content.others, content.troubles)
        return [counts, *([f"passed over: {passed}"] if passed else []), *content.notes, *grouping.notes, *self._left_out()]

    def _groups_text(self) -> str:
        """Describe the groups as they are used."""
        if self._units:
            return f"{len(set(self._units.values()))} groups by look-alikes"
        return "groups in doubt" if self.grouping.doubt else self.grouping.text

    def regrouping(self) -> str:
        name = self.alias or self.name
        return (
            f"{name} has {self._groups_text()}, and a group stays together. If its pictures are independent: "
            f"--group-by {name}=none. If another part of the name says what belongs together, a regular expression with one "
            f"group: --group-by '{name}=(id\\d+)_'. Or list the groups: --groups {name}=FILE.csv."
        )


# --- the content of a folder -----------------------------------------------------------------------------------------


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
            pictures += [Picture(path, label, split, folder) for path in listing.files]
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
