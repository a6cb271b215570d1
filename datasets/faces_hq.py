"""Faces-HQ: large faces of two collections of reals and of two generators."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ..benchmark.contracts import FAKE, REAL, Shown
from .copies.draw import draw_apart
from .copies.reals import format_notes, format_of_name, iter_pictures, of_class
from .copies.sources import SourceDataset
from .copies.survey import Source, Survey
from .copies.tree import ARCHIVE, Tree, suffix_of

N_PICTURES = 10_000  # in each folder of a whole copy


@dataclass(frozen=True)
class Part:
    """A folder of Faces-HQ: its name in the archive, its label, what made its fakes, and what a folder is known by."""

    name: str
    label: int
    generator: str
    pattern: re.Pattern[str]


PARTS = (
    Part("celebA-HQ_10K", REAL, "", re.compile("celebahq")),
    Part("Flickr-Faces-HQ_10K", REAL, "", re.compile("ffhq|flickrfaces")),
    Part("100KFake_10K", FAKE, "100KFake", re.compile("^100k")),
    Part("thispersondntexists_10K", FAKE, "thispersondoesnotexist", re.compile("thisperson|tpdne")),
)


class FacesHQ(SourceDataset):
    """
    Faces of 1024x1024 pixels; every generator is a domain, against the reals of both collections.

    Splits are drawn by rule, a fifth of every folder for test and for validation. Persons are unknown.
    """

    name = "faces_hq"
    source = "Durall et al., 2019, arXiv:1911.00686"
    licence = "none stated; CelebA-HQ and FFHQ: non-commercial use"
    obtain = "https://github.com/cc-hpc-itwm/DeepFakeDetection (Faces-HQ)"
    layout = "celebA-HQ_10K/*.jpg, Flickr-Faces-HQ_10K/*.jpg, 100KFake_10K/*.jpg, thispersondntexists_10K/*.jpg"
    what = "Faces-HQ (celebA-HQ_10K/, Flickr-Faces-HQ_10K/, 100KFake_10K/, thispersondntexists_10K/)"
    shown = Shown.FACES
    draw = "identities"
    dates: ClassVar[Mapping[str, str]] = {"": "2018-12"}  # both collections of fakes are StyleGAN's, arXiv:1812.04948

    def survey(self, tree: Tree) -> Survey:
        base = tree.find_base(lambda place: len(part_folders(tree, place)) > 1, self.what)
        folders = part_folders(tree, base)
        fakes = tuple(part.generator for part in PARTS if part.generator and part.name in folders)
        sources: list[Source] = []
        missing: list[str] = []
        for part in PARTS:
            domains = (part.generator,) if part.label == FAKE else fakes or ("",)
            pictures = [
                Source(path, "still", part.label, domains, generator=part.generator)
                for path in part_pictures(tree, folders.get(part.name), part.label)
            ]
            sources += pictures
            if len(pictures) < N_PICTURES:
                missing.append(
                    f"{part.name}/" + (f": {N_PICTURES - len(pictures):,} of {N_PICTURES:,} pictures" if pictures else "")
                )
        report_others(tree, base, folders)
        notes = format_notes(sources, lambda source: format_of_name(source.id))
        return Survey(tuple(sources), tuple(missing), (), notes)

    def drawn(self, sources: Sequence[Source]) -> list[Source]:
        return draw_apart(sources, folder_key, super().drawn)


def part_pictures(tree: Tree, folder: str | None, label: int) -> Iterator[str]:
    """Yield the pictures of a part, if it is there; leave out and report those in folders of the other class."""
    if folder is not None:
        yield from of_class(tree, list(iter_pictures(tree, folder)), label, lambda _: folder)


def folder_key(source: Source) -> str:
    """Return the part of Faces-HQ in which a source lies; the id of its folder if that is none of the parts."""
    folders = source.id.split("/")[:-1]
    return next((part.name for folder in folders for part in PARTS if is_part(folder, part)), "/".join(folders))


def is_part(folder: str, part: Part) -> bool:
    """Return whether the name of a folder or archive stands for a part, in any spelling."""
    return part.pattern.search(re.sub("[^a-z0-9]", "", folder.lower())) is not None


def part_folders(tree: Tree, place: str) -> dict[str, str]:
    """Find the folders of the parts by name; an archive where there is no folder."""
    folders = sorted(tree.folders(place), key=lambda folder: suffix_of(folder) == ARCHIVE)
    by_part: dict[str, str] = {}
    for folder in reversed(folders):
        for part in PARTS:
            if is_part(folder.rpartition("/")[2], part):
                by_part[part.name] = folder
    return by_part


def report_others(tree: Tree, place: str, used: dict[str, str]) -> None:
    """Report the folders beside the parts that are not used."""
    for folder in tree.folders(place):
        part = next((part for part in PARTS if is_part(folder.rpartition("/")[2], part)), None)
        if part is None:
            tree.report(folder, "unknown", "is none of the folders of Faces-HQ; it is passed over.")
        elif used[part.name] != folder:
            tree.report(folder, "duplicate", f"is {part.name} as well; {used[part.name]} is used.")
