"""The files of a folder without a layout of its own: pictures and clips, and what is passed over, counted by suffix."""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ...benchmark.errors import DataError, listed
from ...benchmark.pictures import crops as images
from ...benchmark.pictures import video
from ...benchmark.store.files import open_file, printable
from .tree import ARCHIVE, LOST, PACKED, Tree, Trouble, suffix_of

SUFFIX = re.compile(r"\.(?=.*[a-z])[\w~!-]{1,12}")  # ".0001", ". Smith" and the like are parts of a name
NO_SUFFIX = "without a suffix"
SHOWN_TROUBLES = 3


@dataclass(frozen=True)
class Listing:
    """
    The files of some folders, and those that are passed over.

    Attributes
    ----------
    files : tuple of str
        Ids of what is used, sorted.
    others : mapping of str to int
        Counts of the files that are not used, by suffix in lower case.
    troubles : tuple of Trouble
        Files and folders that are passed over for another reason.
    """

    files: tuple[str, ...] = ()
    others: Mapping[str, int] = field(default_factory=dict)
    troubles: tuple[Trouble, ...] = ()

    @property
    def passed_over(self) -> str:
        """The files that are not used, in a line: ``34 .heic (extra heic), 12 .txt``; empty if there are none."""
        return passed_over(self.others, self.troubles)


def own_tree(root: Path) -> Tree:
    """
    Return the tree of a folder that a user put together: all links are followed, archives are files.

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
        Suffixes of the files that are used. A file without a suffix is used if it begins like a picture.
    seen : set, optional
        See `Tree.walk`.

    Returns
    -------
    Listing
        With all troubles of the tree so far.
    """
    files: list[str] = []
    counts: Counter[str] = Counter()
    seen = set() if seen is None else seen
    for place in places:
        for folder in tree.walk(place, seen):
            for path in tree.files(folder):
                suffix = known_suffix(path)
                if suffix in suffixes if suffix else _begins_like_a_picture(tree, path):
                    files.append(path)
                else:
                    counts[shown_suffix(path)] += 1
    return Listing(tuple(sorted(files)), counts, tuple(tree.troubles))


def known_suffix(path: str) -> str:
    """Return the suffix of a file's name; empty where the text after the last full stop belongs to the name."""
    suffix = suffix_of(path)
    return suffix if SUFFIX.fullmatch(suffix) else ""


def shown_suffix(path: str) -> str:
    """Return the suffix of a file's name, or the words for a name without one."""
    return known_suffix(path) or NO_SUFFIX


def _begins_like_a_picture(tree: Tree, path: str) -> bool:
    try:
        with open_file(tree.path(path), sys.maxsize) as file:
            return images.is_picture(file.read(images.HEAD))
    except OSError as error:
        tree.report(path, "unreadable", f"cannot be read ({error.strerror}); mend its permissions.")
        return False


def passed_over(others: Mapping[str, int], troubles: Sequence[Trouble] = ()) -> str:
    """Summarise the files that are not used in a line: counts by suffix, then the first troubles; empty if there are none."""
    ordered = sorted(others.items(), key=lambda item: (-item[1], item[0]))
    parts = [", ".join(f"{n} {suffix}{_hint(suffix)}" for suffix, n in ordered)] if ordered else []
    parts += [f"{trouble.path} {_reason(trouble)}" for trouble in troubles]
    return listed(parts, SHOWN_TROUBLES + bool(ordered), "; ")


def _is_unscored(trouble: Trouble) -> bool:
    """Return True for what a scan would score if it could be read; a name without a suffix may be that of a folder."""
    return trouble.status in UNSCORED and Path(trouble.path).suffix.lower() in ("", *SUFFIXES)


def _reason(trouble: Trouble) -> str:
    """Return why something is passed over, without saying that it is."""
    return trouble.detail.rstrip(".").removesuffix("; it is passed over")


def _hint(suffix: str) -> str:
    """Return the step that makes files of a suffix usable, in brackets; empty if there is none."""
    if suffix in images.HEIC_SUFFIXES and images.heic_missing():
        return f" (extra {images.HEIC_EXTRA})"
    if suffix in video.SUFFIXES:
        return " (clips: bench data prepare)"
    return " (unpack it)" if suffix in (ARCHIVE, *PACKED) else ""


SUFFIXES = (*images.SUFFIXES, *video.SUFFIXES)
UNSCORED = LOST - {"packed"}  # troubles that cost a picture its score; an archive is no picture


@dataclass(frozen=True)
class LostFile:
    """
    A file or folder that would be scored if it could be read.

    Attributes
    ----------
    path : Path
    reason : str
        Without a subject: "is neither a file nor a folder."
    """

    path: Path
    reason: str


@dataclass(frozen=True)
class FoundFiles:
    """
    The pictures and clips to score.

    Attributes
    ----------
    paths : tuple of Path
        Pictures and clips, each once.
    passed_over : str
        The files of other kinds, in a line; empty if there are none.
    lost : tuple of LostFile
        Links to nothing, pipes, devices, and what must not be read.
    """

    paths: tuple[Path, ...]
    passed_over: str = ""
    lost: tuple[LostFile, ...] = ()


def find_files(places: Sequence[Path]) -> FoundFiles:
    """
    Find pictures and clips in folders, at any depth; a file that is named itself is taken with any suffix.

    Raises
    ------
    DataError
        If a place does not exist, or there is nothing at all.
    """
    paths: list[Path] = []
    counts: Counter[str] = Counter()
    troubles: list[Trouble] = []
    lost: list[LostFile] = []
    for place in places:
        if place.is_dir():
            tree = own_tree(place)
            listing = list_files(tree, suffixes=SUFFIXES)
            paths += map(tree.path, listing.files)
            counts.update(listing.others)
            troubles += listing.troubles
            lost += [LostFile(tree.path(t.path), f"{_reason(t)}.") for t in listing.troubles if _is_unscored(t)]
        elif place.is_file():
            paths.append(place)
        else:
            what = "is neither a file nor a folder" if place.exists() else "is not there"
            raise DataError(f"{printable(str(place.absolute()))} {what}; there is no file or folder to score, check the path.")
    rest = passed_over(counts, troubles)
    if not paths:
        shown = ", ".join(printable(str(place)) for place in places)
        more = f"; passed over: {rest}" if rest else ""
        raise DataError(f"no picture ({images.KINDS}) and no clip ({', '.join(video.SUFFIXES)}) in {shown}{more}.")
    others = passed_over(counts, [trouble for trouble in troubles if not _is_unscored(trouble)])
    return FoundFiles(tuple(dict.fromkeys(paths)), others, tuple(dict.fromkeys(lost)))
