"""The files of a folder without a layout of its own: pictures and clips, and what is passed over, counted by suffix."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...benchmark.errors import DataError
from ...benchmark.pictures import crops as images
from ...benchmark.pictures import video
from .tree import ARCHIVE, PACKED, Tree, Trouble, printable, suffix_of

SUFFIX = re.compile(r"\.(?=.*[a-z])[\w~!-]{1,12}")  # ".0001", ". Smith" and the like are parts of a name
NO_SUFFIX = "without a suffix"
SHOWN_TROUBLES = 3


@dataclass(frozen=True)
class Listing:
    """
    What a walk found.

    Attributes
    ----------
    files : tuple of str
        Ids of what is used, sorted.
    others : mapping of str to int
        How many files are not, by suffix in lower case.
    troubles : tuple of Trouble
        What is passed over for another reason.
    """

    files: tuple[str, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()

    @property
    def passed_over(self) -> str:
        """What is not used, in a line: ``34 .heic (extra heic), 12 .txt``; empty if there is nothing."""
        return passed_over(self.others, self.troubles)


def own_tree(root: Path) -> Tree:
    """
    Tree of a folder that somebody put together: links are followed wherever they lead, archives are files.

    An archive often lies beside what was unpacked from it, so its pictures would be there twice.
    """
    return Tree(root, follow_links=True, archives=False)


def list_files(
    tree: Tree,
    places: Iterable[str] = ("",),
    suffixes: Sequence[str] = images.SUFFIXES,
    seen: set[tuple[int, int]] | None = None,
) -> Listing:
    """
    List some folders and all below them.

    Parameters
    ----------
    tree : Tree
    places : iterable of str
        Ids of folders.
    suffixes : sequence of str
        What is used. A file without a suffix is used if it begins like a picture.
    seen : set, optional
        See `Tree.walk`.

    Returns
    -------
    Listing
        With all troubles of the tree so far.
    """
    files: list[str] = []
    others: Counter[str] = Counter()
    seen = set() if seen is None else seen
    for place in places:
        for here in tree.walk(place, seen):
            for path in tree.files(here):
                suffix = known_suffix(path)
                if suffix in suffixes if suffix else _begins_like_a_picture(tree, path):
                    files.append(path)
                else:
                    others[shown_suffix(path)] += 1
    return Listing(tuple(sorted(files)), others, tuple(tree.troubles))


def known_suffix(path: str) -> str:
    """Suffix of a file's name; empty where what follows the last full stop is part of the name."""
    suffix = suffix_of(path)
    return suffix if SUFFIX.fullmatch(suffix) else ""


def shown_suffix(path: str) -> str:
    """Suffix of a file's name, or words that say that it has none."""
    return known_suffix(path) or NO_SUFFIX


def _begins_like_a_picture(tree: Tree, path: str) -> bool:
    try:
        with tree.path(path).open("rb") as file:
            return images.is_picture(file.read(images.HEAD))
    except OSError as error:
        tree.report(path, "unreadable", f"cannot be read ({error.strerror}); mend its permissions.")
        return False


def passed_over(others: Mapping[str, int], troubles: Sequence[Trouble] = ()) -> str:
    """What is not used, in a line: numbers by suffix, then the first troubles; empty if there is nothing."""
    ordered = sorted(others.items(), key=lambda item: (-item[1], item[0]))
    parts = [", ".join(f"{n} {suffix}{_hint(suffix)}" for suffix, n in ordered)] if ordered else []
    parts += [f"{trouble.path} {trouble.detail.rstrip('.')}" for trouble in troubles[:SHOWN_TROUBLES]]
    if len(troubles) > SHOWN_TROUBLES:
        parts.append(f"and {len(troubles) - SHOWN_TROUBLES} more")
    return "; ".join(parts)


def _hint(suffix: str) -> str:
    """What could make something of such files."""
    if suffix in images.HEIC_SUFFIXES and images.heic_missing():
        return f" (extra {images.HEIC_EXTRA})"
    if suffix in video.SUFFIXES:
        return " (clips: bench data prepare)"
    return " (unpack it)" if suffix in (ARCHIVE, *PACKED) else ""


SUFFIXES = (*images.SUFFIXES, *video.SUFFIXES)


@dataclass(frozen=True)
class FoundFiles:
    """
    What there is to score.

    Attributes
    ----------
    paths : tuple of Path
        Pictures and clips, each once.
    passed_over : str
        What else lies there, in a line; empty if nothing does.
    """

    paths: tuple[Path, ...]
    passed_over: str = ""


def find_files(places: Sequence[Path]) -> FoundFiles:
    """
    Find pictures and clips: folders are searched through, a file that is named is taken whatever it is called.

    Raises
    ------
    DataError
        If a place does not exist, or there is nothing at all.
    """
    found: list[Path] = []
    others: Counter[str] = Counter()
    troubles: list[Trouble] = []
    for place in places:
        if place.is_dir():
            tree = own_tree(place)
            listing = list_files(tree, suffixes=SUFFIXES)
            found += map(tree.path, listing.files)
            others.update(listing.others)
            troubles += listing.troubles
        elif place.is_file():
            found.append(place)
        else:
            what = "is neither a file nor a folder" if place.exists() else "is not there"
            raise DataError(f"{printable(str(place.absolute()))} {what}; there is no file or folder to score, check the path.")
    left = passed_over(others, troubles)
    if not found:
        shown = ", ".join(printable(str(place)) for place in places)
        more = f"; passed over: {left}" if left else ""
        raise DataError(f"no picture ({images.KINDS}) and no clip ({', '.join(video.SUFFIXES)}) in {shown}{more}.")
    return FoundFiles(tuple(dict.fromkeys(found)), left)
