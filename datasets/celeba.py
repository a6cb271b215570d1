"""CelebA: aligned faces of celebrities, reals only."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ..benchmark.contracts import REAL, Shown, Split
from ..benchmark.errors import DataError, unknown_name
from ..benchmark.pictures.crops import SUFFIXES, decode
from .copies.reals import RealDataset, as_bmp, count_text, numbered_pictures
from .copies.survey import Source, Survey
from .copies.tree import Tree, child_key

PICTURES = "img_align_celeba"
PARTITION = ("list_eval_partition.txt", "list_eval_partition.csv")
IDENTITIES = ("identity_CelebA.txt", "identity_CelebA.csv")
N_PICTURES = 202_599
N_DIGITS = 6
PARTS: dict[str, Split] = {"0": "train", "1": "val", "2": "test"}
CROPS = ("128", "none")
CENTRE, SIDE = (121, 89), 128  # row, column; in pixels


@dataclass(eq=False, repr=False)
class CelebA(RealDataset):
    """
    Aligned faces of CelebA under the official partition, which keeps every person on one side.

    Parameters
    ----------
    root, seed, replicate, follow_links, fakes
        See `RealDataset`.
    crop : {"128", "none"}
        ``128``: the window of 128x128 pixels around row 121, column 89 that generators of this size were trained on, cut
        out of the decoded picture as it is. ``none``: the whole file, 178x218 pixels.
    """

    name = "celeba"
    source = "Liu et al., ICCV 2015, arXiv:1411.7766; window: Yu et al., ICCV 2019, arXiv:1811.08180"
    licence = "CelebA agreement: non-commercial research only, pictures not to be passed on"
    obtain = "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html (Align&Cropped Images, Eval, Anno)"
    layout = "img_align_celeba/000001.jpg (or img_align_celeba.zip), list_eval_partition.txt, identity_CelebA.txt"
    what = "CelebA (img_align_celeba/ or img_align_celeba.zip, list_eval_partition.txt)"
    shown = Shown.FACES

    crop: str = "128"

    def survey_reals(self, tree: Tree) -> Survey:
        self._check_crop()
        base = tree.find_base(lambda place: pictures_folder(tree, place) is not None, self.what)
        place = pictures_folder(tree, base)
        pictures = numbered_pictures(tree, base if place is None else place, N_DIGITS)
        people, missing_people = self._listed(tree, base, IDENTITIES, pictures)
        parts, missing = self._listed(tree, base, PARTITION, pictures)
        splits: dict[str, Split | Literal[""]] = {number: PARTS.get(part, "") for number, part in parts.items()}
        notes: tuple[str, ...] = ()
        if not parts:
            persons = "" if people else "; persons are unknown, and one may be on two sides"
            notes = (f"splits are drawn by rule and are not the official ones{persons}",)
            absent = N_PICTURES - len(pictures)
            missing += (f"{absent:,} of {N_PICTURES:,} pictures",) if absent > 0 else ()
        sources = tuple(
            Source(path, "still", REAL, ("",), splits.get(number, "") if parts else None, target=people.get(number, ""))
            for number, path in pictures.items()
        )
        return Survey(sources, (*missing, *missing_people), (), notes)

    def _listed(
        self, tree: Tree, base: str, names: tuple[str, ...], pictures: Mapping[str, str]
    ) -> tuple[dict[str, str], tuple[str, ...]]:
        """Read the values of a list by picture number, and the listed pictures that the copy lacks; report odd lines."""
        path = find_list(tree, base, names)
        if path is None:
            return {}, (names[0],)
        listed, odd = parse_list(tree.read_text(path))
        if names == PARTITION:
            odd += [f"{number} {part}" for number, part in listed.items() if part not in PARTS]
        if not listed:
            raise DataError(f"{self.name}: {path} lists no picture; wanted lines such as '000001.jpg 0'. Get it again.")
        unlisted = [number for number in pictures if number not in listed]
        details = []
        if odd:
            details.append(f"{len(odd):,} lines are not understood (first: '{odd[0]}')")
        if unlisted:
            fate = "they are not used" if names == PARTITION else "their person is unknown"
            details.append(f"{count_text(unlisted, 'pictures', len(pictures))} are not in it; {fate}")
        if details:
            tree.report(path, "unknown", "; ".join(details) + ".")
        absent = [number for number in listed if number not in pictures]
        gap = (f"{count_text(absent, 'pictures', len(listed))} of {path}",) if absent and names == PARTITION else ()
        return listed, gap

    def read_real(self, source_id: str) -> bytes:
        self._check_crop()
        data = super().read_real(source_id)
        return data if str(self.crop) == "none" else as_bmp(window(decode(data, colour=True)))

    def _check_crop(self) -> None:
        if str(self.crop) not in CROPS:
            raise DataError(unknown_name(f"crop of {self.name}", str(self.crop), CROPS))


def window(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """
    Cut the window that GAN studies use, without resampling; moved inwards where the picture ends before it.

    Parameters
    ----------
    picture : array of uint8 (rows, cols, 3)

    Returns
    -------
    array of uint8 (128, 128, 3), less where the picture is smaller
    """
    corner = [max(0, min(c - SIDE // 2, n - SIDE)) for c, n in zip(CENTRE, picture.shape, strict=False)]
    return np.ascontiguousarray(picture[corner[0] : corner[0] + SIDE, corner[1] : corner[1] + SIDE])


def pictures_folder(tree: Tree, place: str) -> str | None:
    """Find the folder or archive with the pictures of a copy that begins in `place`; None if none begins there."""
    for inner in (place, tree.folder(place, "Img")):
        folder = None if inner is None else tree.folder(inner, PICTURES, f"{PICTURES}.zip", f"{PICTURES}_png")
        if folder is not None:
            return folder
    own_name = PurePosixPath(place).name or tree.root.name
    if child_key(own_name) == PICTURES and not place:
        return None  # the lists are in the folder above
    return place if any(is_numbered(path) for path in tree.files(place, SUFFIXES)) else None


def is_numbered(path: str) -> bool:
    """Return whether a file's name is a number of `N_DIGITS` digits, as every picture of CelebA has."""
    return re.fullmatch(rf"\d{{{N_DIGITS}}}", PurePosixPath(path).stem) is not None


def find_list(tree: Tree, base: str, names: tuple[str, ...]) -> str | None:
    """Find a list by one of its names: beside the pictures, in ``Eval/`` or in ``Anno/``."""
    places = (base, tree.folder(base, "Eval"), tree.folder(base, "Anno"))
    paths = (tree.file(place, *names) for place in places if place is not None)
    return next((path for path in paths if path is not None), None)


def parse_list(text: str) -> tuple[dict[str, str], list[str]]:
    r"""
    Read lines of a picture's name and a value; return values by picture number, and the lines of another form.

    >>> parse_list("image_id,partition\n000001.jpg,0\n000002.jpg 1\nwhat")
    ({'000001': '0', '000002': '1'}, ['what'])
    """
    listed: dict[str, str] = {}
    odd: list[str] = []
    for line in _lines(text):
        fields = line.replace(",", " ").split()
        if len(fields) == 2 and is_numbered(fields[0]):
            listed[PurePosixPath(fields[0]).stem] = fields[1]
        else:
            odd.append(line[:60])
    return listed, odd


def _lines(text: str) -> Iterator[str]:
    """Yield the lines of a list without empty ones and without the header."""
    for number, line in enumerate(text.splitlines()):
        if line.strip() and not (number == 0 and line.lower().startswith("image")):
            yield line.strip()
