"""
Collections of pictures: listing them, and making domains of reals with a folder of fakes that somebody else made.

A collection of reals alone is no task. Given the folder of fakes, each of its sub-folders is a generator, and each
generator a domain: its fakes against all the reals.
"""

import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...benchmark.contracts import FAKE, LABEL_NAMES, REAL, SPLITS, Split
from ...benchmark.errors import DataError, listed
from ...benchmark.pictures.crops import SUFFIXES
from .draw import draw_apart
from .generators import generator_release
from .sources import SourceDataset
from .survey import OTHER_CLASS, Source, Survey
from .tree import ARCHIVE, SPLIT_NAMES, Tree, Trouble, child_key, class_of_folder, suffix_of

FAKES = "fakes"
# Without ``training`` and ``testing``: since the first version, collections of reals take such a folder for a part of the
# collection, or for a generator. Counting it as a split would move items between splits, which takes a new version of each.
SPLIT_FOLDERS: dict[str, Split] = {name: split for name, split in SPLIT_NAMES.items() if name not in ("training", "testing")}
SHOWN_FOLDERS = 3


@dataclass(eq=False, repr=False)
class RealDataset(SourceDataset):
    """
    Base of collections of reals; a subclass sets its facts and writes `survey_reals`, and `read_real` if it crops.

    Without fakes there is one domain, of reals only. With them, every generator is a domain that all reals belong to. Ids
    of fakes begin with ``fakes/``. Splits of the reals are those of the collection or drawn; fakes have a draw of
    their own, a fifth of every generator for test and for validation, unless their folder has ``train/``, ``val/``
    and ``test/``.

    Parameters
    ----------
    root, seed, replicate, follow_links
        See `SourceDataset`.
    fakes : str, optional
        Folder whose sub-folders are generators; pictures right in it are those of a generator called ``fakes``.
    """

    classes: ClassVar[tuple[str, ...]] = ("real",)
    draw = "identities"  # nobody is put into somebody else's picture, so no two identities are linked

    fakes: str | None = None

    def survey_reals(self, tree: Tree) -> Survey:
        """
        List the reals; their domains are filled in afterwards.

        Raises
        ------
        DataError
            If there are none.
        """
        raise NotImplementedError

    def read_real(self, source_id: str) -> bytes:
        """Return the bytes of a real as a picture file; a subclass may crop it first (losslessly)."""
        return self.tree.read(source_id)

    def format_of(self, source: Source) -> str:
        """Return the file format in which a source was distributed; empty if unknown."""
        return format_of_name(source.id)

    def survey(self, tree: Tree) -> Survey:
        if self.fakes is None:
            note = f"hold only reals; give fakes with --data {self.name}.fakes=DIR"
            return add_notes(self._without_fake_folders(tree, self.survey_reals(tree)), note)
        fakes = self.fake_tree
        fake_survey = survey_fakes(fakes, self.name)
        reals = self._without_fake_folders(tree, self._without_fakes(tree, self.survey_reals(tree)))
        generators = tuple(sorted({source.domains[0] for source in fake_survey.sources}))
        sources = (*(replace(real, domains=generators) for real in reals.sources), *fake_survey.sources)
        troubles = (*reals.troubles, *fake_survey.troubles)
        notes = (*reals.notes, *fake_survey.notes, *format_notes(sources, self.format_of))
        return Survey(sources, reals.missing, troubles, notes)

    def released(self, variant: str) -> str:
        """Return the release date of a domain: that of the generator whose name its folder has (`generators.RELEASED`)."""
        return super().released(variant) or generator_release(variant.partition("@")[0])

    def read_still(self, source_id: str) -> bytes:
        if self.fakes is not None and source_id.startswith(f"{FAKES}/"):
            return self.tree.read(source_id)
        return self.read_real(source_id)

    @cached_property
    def tree(self) -> Tree:
        """The files below the root, and the fakes."""
        return TreeWithFakes(self.folder, self.follow_links, None if self.fakes is None else self.fake_tree)

    @cached_property
    def fake_tree(self) -> Tree:
        """
        The files below the folder of fakes.

        Raises
        ------
        DataError
            If it is no folder, or one in which the reals are.
        """
        path = Path(str(self.fakes)).expanduser()  # a folder called 2024 is read as a number
        if not path.is_dir():
            raise DataError(f"{self.name}: the folder of fakes {path.absolute()} does not exist or is not a folder.")
        if self.folder.resolve().is_relative_to(path.resolve()):
            raise DataError(
                f"{self.name}: the reals in {self.root} lie inside the folder of fakes {path}; give a folder with fakes alone."
            )
        return Tree(path, self.follow_links)

    def is_given_as_fake(self, tree: Tree, source_id: str) -> bool:
        """Return whether a picture of the root lies in the folder of fakes, which may be inside the root."""
        if self.fakes is None:
            return False
        own, fakes = tree.root.resolve(), self.fake_tree.root.resolve()
        return fakes.is_relative_to(own) and source_id.startswith(f"{fakes.relative_to(own).as_posix()}/")

    def _without_fakes(self, tree: Tree, reals: Survey) -> Survey:
        """Remove pictures in the folder of fakes from the reals, and those whose id would be that of a fake."""
        outside = [source for source in reals.sources if not self.is_given_as_fake(tree, source.id)]
        clashing = [source for source in outside if source.id.startswith(f"{FAKES}/")]
        if clashing:
            detail = f"{len(clashing)} reals have ids of fakes (first: {clashing[0].id}); rename the folder {FAKES}/."
            tree.report(FAKES, "duplicate", detail)
        sources = tuple(source for source in outside if not source.id.startswith(f"{FAKES}/"))
        if not sources:
            raise DataError(f"{self.name}: no real is left in {tree.root} outside of the fakes in {self.fake_tree.root}.")
        return replace(reals, sources=sources)

    def _without_fake_folders(self, tree: Tree, reals: Survey) -> Survey:
        """Remove pictures in folders that are named like fakes from the reals."""
        ids = set(of_class(tree, [source.id for source in reals.sources], REAL))
        if reals.sources and not ids:
            raise DataError(
                f"{self.name}: every picture in {tree.root} lies in a folder that is called like fakes "
                f"({first_folder(tree)}); give a folder of reals, and fakes with --data {self.name}.fakes=DIR."
            )
        return replace(reals, sources=tuple(source for source in reals.sources if source.id in ids))

    def drawn(self, sources: Sequence[Source]) -> list[Source]:
        return draw_apart(sources, lambda source: source.domains if source.label == FAKE else REAL, super().drawn)


class TreeWithFakes(Tree):
    """
    A folder of reals, in which ids that begin with ``fakes/`` lead to a folder elsewhere; listings show the reals only.

    Parameters
    ----------
    root, follow_links
        See `Tree`.
    fakes : Tree, optional
        Tree of the other folder; without it all ids lead into the root.
    """

    def __init__(self, root: Path, follow_links: bool = False, fakes: Tree | None = None) -> None:
        super().__init__(root, follow_links)
        self.fakes = fakes

    def path(self, place: str) -> Path:
        tree, inside = self._where(place)
        return super().path(place) if tree is None else tree.path(inside)

    def read(self, place: str) -> bytes:
        tree, inside = self._where(place)
        return super().read(place) if tree is None else tree.read(inside)

    def _where(self, place: str) -> tuple[Tree | None, str]:
        """Return the other tree if an id leads there, and the id inside it."""
        inside = place.removeprefix(f"{FAKES}/")
        return (None if inside == place else self.fakes), inside


# --- the folder of fakes ---------------------------------------------------------------------------------------------


def survey_fakes(tree: Tree, name: str) -> Survey:
    """
    List a folder of fakes.

    Parameters
    ----------
    tree : Tree
        Tree of that folder.
    name : str
        Name of the data set, for messages.

    Returns
    -------
    Survey
        With ids that begin with ``fakes/`` and one domain each; no missing parts. Below a generator, at any depth, class
        folders count (``0_real`` and ``1_fake``, ``nature`` and ``ai``): reals of a generator are left out and reported,
        because they are not those of the data set.

    Raises
    ------
    DataError
        If it holds no picture, or reals in the place of a generator, or a generator's name cannot be used.
    """
    by_generator: dict[str, list[Source]] = {}
    paths = list(iter_pictures(tree))
    for path in paths:
        variant, _ = place_of_fake(path)
        if class_of_folder(variant) == REAL:
            raise DataError(
                f"{name}: the folder of fakes {tree.root} holds {variant}/; give a folder with fakes alone. "
                f"Reals and fakes that belong together are a data set of their own: --data NAME={tree.root}."
            )
    for path in of_class(tree, paths, FAKE, generator_folder):
        variant, split = place_of_fake(path)
        if "+" in variant:
            raise DataError(f"{name}: the generator's folder '{variant}' in {tree.root} has a '+' in its name; rename it.")
        generator, _, compression = variant.partition("@")
        fake = Source(
            f"{FAKES}/{path}", "still", FAKE, (variant,), split, generator=generator or FAKES, compression=compression
        )
        by_generator.setdefault(variant, []).append(fake)
    if paths and not by_generator:
        raise DataError(f"{name}: the folder of fakes {tree.root} holds only reals ({first_folder(tree)}); give fakes.")
    if not by_generator:
        raise DataError(
            f"{name}: the folder of fakes {tree.root} holds no picture ({', '.join(SUFFIXES)}){first_trouble(tree)}."
        )
    sources = [fake for members in by_generator.values() for fake in fill_splits(members)]
    troubles = tuple(Trouble(f"{FAKES}/{t.path}", t.status, t.detail) for t in tree.troubles)
    drawn = sorted({fake.domains[0] for fake in sources if fake.split is None})
    notes = (f"splits of the fakes are drawn by rule: {', '.join(drawn)}",) if drawn else ()
    return Survey(tuple(sources), (), troubles, notes)


def place_of_fake(path: str) -> tuple[str, Split | None]:
    """
    Return generator and split in the folder names of a fake; an archive is a folder without its suffix.

    >>> place_of_fake("ProGAN/a/1.png"), place_of_fake("test/ADM.zip/1.png"), place_of_fake("1.png")
    (('ProGAN', None), ('ADM', 'test'), ('fakes', None))
    """
    folders = [plain_name(part) for part in path.split("/")[:-1]]
    generators = [folder for folder in folders if folder.lower() not in SPLIT_FOLDERS]
    return generators[0] if generators else FAKES, split_of_path("/".join([*folders, ""]))


def plain_name(folder: str) -> str:
    """Return the name of a folder, and of an archive without its suffix."""
    return folder[: -len(ARCHIVE)] if folder.lower().endswith(ARCHIVE) else folder


def generator_folder(path: str) -> str:
    """
    Return the id of a fake's generator folder: the first that is not named like a split; the root if there is none.

    >>> generator_folder("test/progan/airplane/1_fake/1.png"), generator_folder("1.png")
    ('test/progan', '')
    """
    folders = path.split("/")[:-1]
    place = next((i for i, folder in enumerate(folders) if plain_name(folder).lower() not in SPLIT_FOLDERS), len(folders) - 1)
    return "/".join(folders[: place + 1])


def split_of_path(path: str) -> Split | None:
    """
    Return the split that a folder in a path is named after; None if there is none.

    >>> split_of_path("faces/Validation/1.png"), split_of_path("train.png")
    ('val', None)
    """
    return next((SPLIT_FOLDERS[part.lower()] for part in path.split("/")[:-1] if part.lower() in SPLIT_FOLDERS), None)


def fill_splits(sources: Sequence[Source]) -> list[Source]:
    """Leave training sources to the draw where there are no validation sources: some of them become those."""
    if "val" in {source.split for source in sources}:
        return list(sources)
    return [replace(source, split=None) if source.split == "train" else source for source in sources]


# --- class folders -----------------------------------------------------------------------------------------------------


def class_folder(path: str, label: int, below: str = "") -> str:
    """
    Return the id of the first folder in a picture's path that is named like a class; empty if there is none.

    >>> class_folder("progan/0_real/a/1.png", 0), class_folder("progan/0_real/1.png", 0, below="progan/0_real")
    ('progan/0_real', '')
    """
    folders = path.split("/")[:-1]
    start = len(below.split("/")) if below else 0
    depths = (i for i in range(start, len(folders)) if class_of_folder(plain_name(folders[i])) == label)
    return next(("/".join(folders[: i + 1]) for i in depths), "")


def of_class(tree: Tree, paths: Sequence[str], label: int, begin: Callable[[str], str] = lambda path: "") -> Iterator[str]:
    """
    Yield the pictures that no folder in their path assigns to the other class; report those folders.

    Fakes are also passed over where they lie beside class folders of both kinds and in neither.

    Parameters
    ----------
    tree : Tree
    paths : sequence of str
        Ids.
    label : int
        Class of the pictures.
    begin : callable
        Returns, for an id, the folder below which the names of classes count.
    """
    folders_of = {path: [class_folder(path, side, begin(path)) for side in (REAL, FAKE)] for path in paths}
    parents = [{folders[side].rpartition("/")[0] for folders in folders_of.values() if folders[side]} for side in (REAL, FAKE)]
    divided = parents[REAL] & parents[FAKE] if label == FAKE else set()
    other: Counter[str] = Counter()
    unclear: Counter[str] = Counter()
    for path, folders in folders_of.items():
        beside = "" if any(folders) else next((f"{place}/" for place in _folders_above(path) if place in divided), "")
        if folders[1 - label]:
            other[folders[1 - label]] += 1
        elif beside:
            unclear[beside] += 1
        else:
            yield path
    words = f"a folder of {LABEL_NAMES[1 - label]}s among {LABEL_NAMES[label]}s"
    for place, n in other.items():
        tree.report(place, OTHER_CLASS, f"is {words}; its {n} pictures are not used.")
    for place, n in unclear.items():
        tree.report(place, OTHER_CLASS, f"holds {n} pictures in neither of its class folders; they are not used.")


def _folders_above(path: str) -> Iterator[str]:
    """Yield the folders above a picture, the nearest first, the root last."""
    folders = path.split("/")[:-1]
    return ("/".join(folders[:i]) for i in range(len(folders), -1, -1))


def first_folder(tree: Tree) -> str:
    """List the first folders that were passed over because of their class, for a message."""
    return listed((f"{trouble.path}/" for trouble in tree.troubles if trouble.status == OTHER_CLASS), SHOWN_FOLDERS)


# --- pictures --------------------------------------------------------------------------------------------------------


def iter_pictures(tree: Tree, place: str = "") -> Iterator[str]:
    """
    Yield the ids of the pictures in a folder and below it, folder by folder.

    An archive beside a folder of its name is passed over and reported: it was unpacked.
    """
    for below in tree.walk(place, into=lambda folder: not _was_unpacked(tree, folder)):
        yield from tree.files(below, SUFFIXES)


def _was_unpacked(tree: Tree, folder: str) -> bool:
    """Return whether a folder is an archive beside the folder that it was unpacked to, and report it."""
    if suffix_of(folder) != ARCHIVE:
        return False
    beside = tree.folders(folder.rpartition("/")[0])
    if child_key(folder[: -len(ARCHIVE)]) not in {child_key(other) for other in beside if suffix_of(other) != ARCHIVE}:
        return False
    tree.report(folder, "duplicate", "lies beside the folder that it was unpacked to, which is used.")
    return True


def numbered_pictures(tree: Tree, place: str, n_digits: int) -> dict[str, str]:
    """
    Find the pictures whose name is a number of `n_digits` digits, by that number.

    If two files have one number, the lossless one is used, else the first one; other names are reported.
    """
    pictures: dict[str, str] = {}
    unnumbered: list[str] = []
    for path in iter_pictures(tree, place):
        number = PurePosixPath(path).stem
        if len(number) != n_digits or not (number.isascii() and number.isdigit()):
            unnumbered.append(path)
            continue
        first = pictures.setdefault(number, path)
        if first != path:
            better = path if (suffix_of(path), suffix_of(first)) in ((".png", ".jpg"), (".png", ".jpeg")) else first
            pictures[number] = better
            tree.report(first if better == path else path, "duplicate", f"is picture {number} again; {better} is used.")
    if unnumbered:
        detail = (
            f"{len(unnumbered)} pictures are not called by a number of {n_digits} digits (first: {unnumbered[0]}); passed over."
        )
        tree.report(place or ".", "unknown", detail)
    return pictures


def format_of_name(name: str) -> str:
    """
    Return the format of a picture file by its suffix; empty if unknown.

    >>> format_of_name("a/1.JPG"), format_of_name("1.webp"), format_of_name("1")
    ('JPEG', 'WebP', '')
    """
    picture_format = Image.registered_extensions().get(suffix_of(name), "")
    return {"WEBP": "WebP"}.get(picture_format, picture_format)


def as_bmp(picture: NDArray[np.uint8]) -> bytes:
    """Encode a picture (rows, cols[, 3]) as an uncompressed file, which keeps its pixels and is fast."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "BMP")
    return out.getvalue()


# --- notes on a copy -----------------------------------------------------------------------------------------------------


def add_notes(survey: Survey, *notes: str) -> Survey:
    """Return a survey with further notes."""
    return replace(survey, notes=(*survey.notes, *notes))


def count_text(names: Sequence[str], what: str, whole: int) -> str:
    """
    Describe a subset by its size and its first member.

    >>> count_text(["00003", "00004"], "pictures", 70_000)
    '2 of 70,000 pictures (first: 00003)'
    """
    return f"{len(names):,} of {whole:,} {what} (first: {names[0]})"


def first_trouble(tree: Tree) -> str:
    """Return the first trouble of a tree as the end of a message; empty if there is none."""
    first = next(iter(tree.troubles), None)
    return f"; {first.path} {first.detail.rstrip('.')}" if first else ""


def format_notes(sources: Iterable[Source], format_of: Callable[[Source], str]) -> tuple[str, ...]:
    """Warn of file formats that differ between reals and fakes."""
    formats: tuple[set[str], set[str]] = (set(), set())
    for source in sources:
        formats[source.label].add(format_of(source))
    reals, fakes = ("/".join(sorted(filter(None, formats[label]))) for label in (REAL, FAKE))
    if not reals or not fakes or reals == fakes:
        return ()
    return (
        f"reals are {reals} and fakes are {fakes}: a codec leaves a trace of its own, which a detector may take for theirs",
    )


def group_notes(sources: Iterable[Source]) -> tuple[str, ...]:
    """Warn of too few persons or groups for three splits."""
    groups = {s.target or s.video or s.id for s in sources if s.split is None and s.label == REAL}
    if not 0 < len(groups) < len(SPLITS):
        return ()
    return (f"all reals are training: {len(groups)} persons or groups cannot be split into {', '.join(SPLITS)}",)
