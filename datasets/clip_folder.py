"""Clips of one's own: ``real/`` and ``fake/``, optionally under ``train/``, ``val/`` and ``test/``."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from ..benchmark.contracts import FAKE, LABEL_NAMES, REAL, SPLITS
from ..benchmark.errors import DataError
from ..benchmark.pictures import crops as images
from ..benchmark.pictures import video
from .copies.draw import draw_source_splits, two_sides_text
from .copies.listing import own_tree, passed_over
from .copies.sources import SourceDataset
from .copies.survey import Source, Survey
from .copies.tree import Tree, suffix_of
from .folder import read_folder
from .grouping.groups import GROUPINGS, Picture, declared, doubt_text, grouped, name_key, outer_folders, with_places
from .grouping.name_schemes import Named
from .grouping.pairs import Place, read_mentions, read_pairs
from .grouping.persons import by_person
from .grouping.readings import AmbiguousNamesError, Reading
from .grouping.words import without_sides

PAIR = re.compile(r"(.+)[_-](\d+)")  # a target and a donor, as in 071_054


@dataclass(eq=False, repr=False)
class ClipFolder(SourceDataset):
    r"""
    Clips in ``real/`` and ``fake/`` below `root`; sub-folders are searched too, and links are followed.

    Every clip is one group. Clips that share an identity stay in one split, in both classes alike: those whose names agree up
    to the last ``_`` or ``-`` and digits (``id7_001.mp4``, ``id7_002.mp4``), a clip and the fake of that name (``0003.mp4``
    and ``0003_fake.mp4``), and a fake and the clips that it was made of (``071_054.mp4``, ``071.mp4`` and ``054.mp4``, or
    ``id3_id7_0000.mp4``, ``id3_0001.mp4`` and ``id7_0000.mp4``). Where everybody is swapped with many others, fakes whose two
    persons are on different sides are left out.
    Without given splits a fifth of the identities is test, a fifth validation; with ``train/`` but no ``val/``, training and
    validation are drawn from ``train/``. Pictures beside the clips are prepared, too, as one frame each.

    Parameters
    ----------
    root, seed, replicate
        See `Dataset`.
    follow_links : bool
        Links are always followed.
    groups : str
        Which clips share an identity, as in `Folder`: ``auto`` (the list ``groups.csv``, else as above), ``folder``, ``name``,
        ``none``, the path of a list or a regular expression with one group that is searched for in the path below ``real/`` or
        ``fake/``: ``(id\d+)_``.
    """

    name = "clip_folder"
    own = True
    source = "your own disk"
    licence = "yours"
    layout = "real/ and fake/ with clips, or train/, val/ and test/ with real/ and fake/ in each"
    what = "a folder of clips (real/, fake/)"
    clips = True
    prepare_as = "folder"

    follow_links: bool = True
    groups: str = "auto"

    @cached_property
    def tree(self) -> Tree:
        """The files below the root."""
        return own_tree(self.folder)

    def survey(self, tree: Tree) -> Survey:
        content = read_folder(tree, (*video.SUFFIXES, *images.SUFFIXES), f"clip; wanted {', '.join(video.SUFFIXES)}")
        pictures = declared(content.pictures, self.groups, tree.root) or content.pictures
        splits = {picture.split for picture in pictures}
        sources: list[Source] = []
        for split in splits:
            some = [picture for picture in pictures if picture.split == split]
            drawn = split is None or (split == "train" and "val" not in splits)
            sources += identified(self._grouped(some), drawn, self.groups != "none")
        passed = [f"passed over: {text}"] if (text := passed_over(content.others)) else []
        return Survey(tuple(sources), notes=(*passed, *content.notes, *mixture(sources)))

    def _grouped(self, pictures: list[Picture]) -> list[Picture]:
        """Group clips by sub-folder or name; ignore groups that are too few for three splits (``take_1``, ``take_2``)."""
        if any(picture.by for picture in pictures):  # declared in a list
            return pictures
        if self.groups != "auto":
            return grouped(pictures, self.groups)
        try:
            with_groups = with_persons(by_habit(pictures))
        except AmbiguousNamesError as error:
            raise DataError(doubt_text(error, pictures, self.alias or self.name)) from error
        keys = {picture.group or picture.id for picture in with_groups}
        return pictures if len(keys) < len(SPLITS) else with_groups

    def drawn(self, sources: Sequence[Source]) -> list[Source]:
        drawn = super().drawn(sources)
        splits = {source.split for source in drawn}
        if splits >= set(SPLITS) or not any(source.donor for source in sources):
            return drawn
        return draw_source_splits(sources, "identities", self.seed, self.replicate)

    def facts(self) -> dict[str, Any]:
        facts = super().facts()
        if n := sum(source.split == "" for source in self._with_splits()):
            facts["notes"].append(two_sides_text(n))
        return facts


def with_persons(pictures: Sequence[Picture]) -> list[Picture]:
    """
    Give clips that are called after persons their target as group, and the donor.

    Raises
    ------
    AmbiguousNamesError
        If names cross persons with sentences or scenes, and two parts may be the person.
    """
    named = [Named(picture.inner, picture.label) for picture in pictures]
    if places := read_pairs(named):
        return _of_clips(pictures, places)
    keys = tuple(picture.group or stem_of(picture.inner) for picture in pictures)
    labels = tuple(picture.label for picture in pictures)
    by_clip = Reading("name of the clip", labels, keys, (-1,) * len(keys))
    persons = by_person(by_clip, [one.stem for one in named])
    if persons is not by_clip:
        return [
            replace(picture, group=key, by=persons.name) if key else picture
            for picture, key in zip(pictures, persons.keys, strict=True)
        ]
    places = read_mentions(named, [key if label == REAL else "" for key, label in zip(keys, labels, strict=True)])
    return _of_clips(pictures, places) if places else list(pictures)


def _of_clips(pictures: Sequence[Picture], places: Sequence[Place]) -> list[Picture]:
    """Give clips the persons that they tell; the video that a name tells is that of a picture, and each clip is one."""
    return list(with_places(pictures, [replace(place, video="") for place in places]))


def by_habit(pictures: Sequence[Picture]) -> list[Picture]:
    """Group by sub-folder, else by a name that repeats; a single sub-folder that holds a whole class is no group."""
    folders = list(outer_folders(pictures))
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
        replace(picture, group=key, by=GROUPINGS[by]) if key and repeats[key] > 1 else picture
        for picture, (key, by) in zip(pictures, keys, strict=True)
    ]


def identified(pictures: Sequence[Picture], drawn: bool, by_name: bool) -> list[Source]:
    """
    Make sources of the clips of one split, with the identities in their names.

    Parameters
    ----------
    pictures : sequence of Picture
        Clips and pictures of one split, or of all where there is none, with groups.
    drawn : bool
        True if their split is drawn.
    by_name : bool
        True if clips of one name share an identity, and a fake shares those of the clips in its name.
    """
    stems = {stem_of(picture.inner) for picture in pictures} if by_name else set()
    sources = []
    for picture in pictures:
        kind = "clip" if suffix_of(picture.id) in video.SUFFIXES else "still"
        target, donor = picture.group, ""
        if by_name and kind == "clip" and not target:
            stem = stem_of(picture.inner)
            pair = PAIR.fullmatch(stem)
            target, donor = (pair[1], pair[2]) if pair and {pair[1], pair[2]} <= stems else (stem, "")
            target = name_key(picture.inner) if not donor and name_key(picture.inner) in stems else target
        split = None if drawn else picture.split
        target, donor = (picture.unit or target, picture.donor or donor)
        sources.append(Source(picture.id, kind, picture.label, ("",), split, target, donor, picture.video))
    return sources


def stem_of(inner: str) -> str:
    """
    Return a clip's name without its suffix and without class words at both ends; the whole stem if nothing else remains.

    >>> stem_of("a/0003_fake.mp4"), stem_of("071_054.mp4"), stem_of("fake.mp4")
    ('0003', '071_054', 'fake')
    """
    stem = PurePosixPath(inner).stem
    return without_sides(stem) or stem


def mixture(sources: Sequence[Source]) -> list[str]:
    """Describe a folder with both clips and pictures, and warn if the file format separates the classes."""
    counts = {(label, kind): 0 for label in (REAL, FAKE) for kind in ("clip", "still")}
    for source in sources:
        counts[source.label, source.kind] += 1
    n_stills = counts[REAL, "still"] + counts[FAKE, "still"]
    n_clips = len(sources) - n_stills
    if not (n_clips and n_stills):
        return []
    note = f"holds {n_clips} clips and {n_stills} pictures; both are prepared, a picture as one frame"
    if all(counts.values()):
        return [note]
    parts = [
        f"{counts[label, 'clip']} clips and {counts[label, 'still']} pictures in {LABEL_NAMES[label]}/"
        for label in (REAL, FAKE)
    ]
    return [f"{note}; {', '.join(parts)}: the format may tell the classes apart (--recode jpeg:75 puts both through one codec)"]
