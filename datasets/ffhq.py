"""FFHQ: faces of Flickr in high quality, reals only."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from ..benchmark.contracts import REAL, Shown
from ..benchmark.errors import DataError, unknown_name
from .copies.reals import RealDataset, count_text, numbered_pictures
from .copies.survey import Source, Survey
from .copies.tree import Tree, suffix_of

PARTS = ("images1024x1024", "thumbnails128x128")
N_PICTURES, FIRST_TEST = 70_000, 60_000
N_DIGITS = 5
NUMBER = re.compile(rf"\d{{{N_DIGITS}}}")


@dataclass(eq=False, repr=False)
class FFHQ(RealDataset):
    """
    Faces of FFHQ: the first 60,000 are for training, the last 10,000 are test.

    FFHQ has no third part: validation is a fifth of the training pictures, drawn from `seed` and `replicate`.

    Parameters
    ----------
    root, seed, replicate, follow_links, fakes
        See `RealDataset`.
    pictures : {"auto", "images1024x1024", "thumbnails128x128"}
        Which size; ``auto`` is the large one where both are there.
    """

    name = "ffhq"
    source = "Karras et al., CVPR 2019, arXiv:1812.04948"
    licence = "CC BY-NC-SA 4.0 (Nvidia); every picture has a licence of its own"
    obtain = "https://github.com/NVlabs/ffhq-dataset"
    layout = "images1024x1024/00000/00000.png or thumbnails128x128/00000/00000.png (or without sub-folders)"
    what = "FFHQ (images1024x1024/ or thumbnails128x128/ with 00000.png to 69999.png)"
    shown = Shown.FACES

    pictures: str = "auto"

    def survey_reals(self, tree: Tree) -> Survey:
        if self.pictures not in ("auto", *PARTS):
            raise DataError(unknown_name(f"pictures of {self.name}", self.pictures, ("auto", *PARTS)))
        base = tree.find_base(lambda place: bool(part_folders(tree, place)) or is_numbered(tree, place), self.what)
        place, notes = self._choose(tree, base)
        pictures = numbered_pictures(tree, place, N_DIGITS)
        beyond = [number for number in pictures if int(number) >= N_PICTURES]
        if beyond:
            detail = f"{len(beyond)} pictures have numbers above {N_PICTURES - 1} (first: {pictures[beyond[0]]}); passed over."
            tree.report(f"{place}/" if place else "./", "unknown", detail)
        numbers = [number for number in pictures if int(number) < N_PICTURES]
        sources = tuple(
            Source(pictures[number], "still", REAL, ("",), "test" if int(number) >= FIRST_TEST else None) for number in numbers
        )
        return Survey(sources, missing_numbers(set(numbers)), (), (*notes, *split_notes(sources), *codec_notes(sources)))

    def _choose(self, tree: Tree, base: str) -> tuple[str, tuple[str, ...]]:
        """Choose the folder of the requested size; return it with a note on the other one."""
        parts = part_folders(tree, base)
        if not parts:  # the numbers begin in `base` itself, whose name may be that of a size
            own_name = PurePosixPath(base).name or tree.root.name
            parts = {own_name if own_name in PARTS or self.pictures == "auto" else "unnamed pictures": base}
        if self.pictures != "auto" and self.pictures not in parts:
            names = ", ".join(parts)
            raise DataError(f"{self.name}: {tree.root} has no folder {self.pictures}; there: {names} (pictures=auto takes it).")
        chosen = next(iter(parts)) if self.pictures == "auto" else self.pictures
        unused = [part for part in parts if part != chosen]
        return parts[chosen], tuple(f"{chosen} are used; pictures={part} takes the others" for part in unused)


def part_folders(tree: Tree, place: str) -> dict[str, str]:
    """Find the folders or archives of pictures by size, the large one first."""
    folders = {part: tree.folder(place, part, f"{part}.zip") for part in PARTS}
    return {part: folder for part, folder in folders.items() if folder is not None}


def is_numbered(tree: Tree, place: str) -> bool:
    """Return whether a folder holds numbered pictures, or folders of a thousand of them."""
    return any(NUMBER.fullmatch(PurePosixPath(path).stem) for path in (*tree.folders(place), *tree.files(place)))


def missing_numbers(numbers: set[str]) -> tuple[str, ...]:
    """Count the pictures that a partial copy lacks, of training and test separately."""
    gaps = []
    for what, expected in (("training", range(FIRST_TEST)), ("test", range(FIRST_TEST, N_PICTURES))):
        absent = [name for name in (f"{number:0{N_DIGITS}}" for number in expected) if name not in numbers]
        if absent:
            gaps.append(count_text(absent, f"{what} pictures", len(expected)))
    return tuple(gaps)


def split_notes(sources: tuple[Source, ...]) -> tuple[str, ...]:
    """Describe the splits that are drawn by rule."""
    if all(source.split for source in sources):
        return ("only test pictures are there",)
    if any(source.split for source in sources):
        return (f"validation is drawn by rule, a fifth of the first {FIRST_TEST:,}",)
    return (f"no picture from {FIRST_TEST} on is there: test and validation are drawn by rule from the training pictures",)


def codec_notes(sources: tuple[Source, ...]) -> tuple[str, ...]:
    """Warn of pictures in another format than the distributed one."""
    recoded = [source.id for source in sources if suffix_of(source.id) != ".png"]
    if not recoded:
        return ()
    return (f"{count_text(recoded, 'pictures', len(sources))} are no PNG as distributed but copies, with the trace of a codec",)
