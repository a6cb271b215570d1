"""Real faces of any folder, with the persons of the Aberdeen, Utrecht and MUCT collections."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from ..benchmark.contracts import REAL
from ..benchmark.errors import DataError, unknown_name
from .copies.reals import RealDataset, fill_splits, first_trouble, group_notes, iter_pictures, of_class, split_of_path
from .copies.survey import Source, Survey
from .copies.tree import Tree
from .grouping.groups import group_key

NAMES = ("auto", "muct", "aberdeen", "utrecht", "folder")
MUCT = re.compile(r"(?P<person>i\d{3})[q-z](?P<camera>[a-e])-[fm][ng]")
UTRECHT = re.compile(r"(?P<person>[fm]\d{3,4})[a-z]\d*")
ABERDEEN = re.compile(r"(?P<person>[a-z]+(?:[ _-][a-z]+)*)[ _-]?\d+[a-z]?")
PATTERNS = {"muct": MUCT, "utrecht": UTRECHT, "aberdeen": ABERDEEN}


@dataclass(eq=False, repr=False)
class RealFaces(RealDataset):
    """
    Pictures of real faces below a folder, such as the collections for detectors that make their own fakes by warping.

    A person stays on one side. Persons are told by the names of MUCT (``i000qa-fn.jpg``), Utrecht (``m4001s.jpg``) and
    Aberdeen (``kim12.jpg``); elsewhere what shares a sub-folder or a numbered name belongs together, as in `folder`.
    Where the faces are a small part of the pictures, cut them out with ``bench data prepare``.

    Parameters
    ----------
    root, seed, replicate, follow_links, fakes
        See `RealDataset`.
    names : {"auto", "muct", "aberdeen", "utrecht", "folder"}
        Whose names the files have. ``auto`` goes by the name for MUCT and Utrecht, and by a folder called so for Aberdeen,
        whose names could be anybody's.
    """

    name = "real_faces"
    source = "MUCT: Milborrow et al., PRASA 2010; Aberdeen and Utrecht: Psychological Image Collection at Stirling"
    licence = "that of the collection; MUCT, Aberdeen and Utrecht: research, not commercial"
    obtain = "https://github.com/StephenMilborrow/muct (five archives), https://pics.stir.ac.uk; or any folder of reals"
    layout = "pictures in any folders and ZIP archives: muct/jpg/i000qa-fn.jpg, aberdeen/kim12.jpg, utrecht/m4001s.jpg"
    what = "pictures of real faces"

    names: str = "auto"

    def survey_reals(self, tree: Tree) -> Survey:
        if self.names not in NAMES:
            raise DataError(unknown_name(f"names of {self.name}", self.names, NAMES))
        paths = list(of_class(tree, [path for path in iter_pictures(tree) if not self.is_given_as_fake(tree, path)], REAL))
        if not paths:
            entries = ", ".join([*(f"{folder}/" for folder in tree.folders()), *tree.files()][:8]) or "nothing"
            raise DataError(f"{tree.root} does not hold {self.what}; found: {entries}{first_trouble(tree)}.")
        people = {path: person_of(path, self.names, tree.root.name) for path in paths}
        sources = fill_splits(list(grouped(paths, people)))
        n_persons = len({person for person in people.values() if person})
        notes = (
            f"{n_persons} persons are told by the names of {sum(map(bool, people.values())):,} of {len(paths):,} pictures",
        )
        return Survey(tuple(sources), tuple(missing_cameras(paths, self.names)), (), (*notes, *group_notes(sources)))


def person_of(path: str, names: str, root_name: str = "") -> str:
    """
    Return the person in a picture's name; empty if the name has none.

    Parameters
    ----------
    path : str
        Id of the picture.
    names : str
        Collection whose naming the files follow: a parameter of `RealFaces`.
    root_name : str
        Name of the folder in which the ids begin.

    >>> person_of("jpg/i000qa-fn.jpg", "auto"), person_of("Aberdeen/kim12.jpg", "auto"), person_of("a/kim12.jpg", "auto")
    ('i000', 'kim', '')
    """
    stem = PurePosixPath(path).stem.lower()
    tried = [names] if names != "auto" else ["muct", "utrecht"]
    if names == "auto" and any("aberdeen" in folder.lower() for folder in (root_name, *path.split("/")[:-1])):
        tried.append("aberdeen")
    matches = (PATTERNS[name].fullmatch(stem) for name in tried if name in PATTERNS)
    return next((match["person"] for match in matches if match), "")


def grouped(paths: Sequence[str], people: dict[str, str]) -> Iterator[Source]:
    """Make sources of pictures, grouped by person, else by sub-folder or numbered name."""
    keys = {path: group_key(path) for path in paths if not people[path]}
    repeats = Counter(keys.values())
    for path in paths:
        key = keys.get(path, "")
        group = key if repeats[key] > 1 else ""
        source = Source(path, "still", REAL, ("",), split_of_path(path), target=people[path])
        yield replace(source, video=group) if group else source


def missing_cameras(paths: Sequence[str], names: str) -> Iterator[str]:
    """Yield the archives of MUCT, one per camera, that a partial copy lacks entirely."""
    if names not in ("auto", "muct"):
        return
    cameras = {match["camera"] for match in (MUCT.fullmatch(PurePosixPath(path).stem.lower()) for path in paths) if match}
    if cameras:
        yield from (f"muct-{camera}-jpg-v1 (camera {camera})" for camera in "abcde" if camera not in cameras)
