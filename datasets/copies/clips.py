"""Clips in folders; clips in archives are not read but reported."""

from collections.abc import Iterator

from ...benchmark.errors import DataError
from ...benchmark.pictures import video
from .tree import Tree, split_archive


def loose_clips(tree: Tree, place: str) -> Iterator[str]:
    """Yield the ids of the clips in a folder and below it; report archives that hold clips."""
    for below in tree.walk(place, into=lambda folder: not is_packed(tree, folder)):
        yield from tree.files(below, video.SUFFIXES)


def is_packed(tree: Tree, folder: str) -> bool:
    """Return whether a folder of a tree is an archive; report it if it holds clips."""
    if not tree.path(folder).is_file():
        return False
    n = len(tree.files(folder, video.SUFFIXES, deep=True))
    if n:
        tree.report(folder, "packed", f"is an archive with {n} clips, which are not read from there; unpack it beside itself.")
    return True


def refuse_packed(name: str, tree: Tree, base: str) -> None:
    """
    Refuse a layout that begins in an archive.

    Raises
    ------
    DataError
        If `base` lies in an archive.
    """
    archive = split_archive(base)[0]
    if archive and tree.path(archive).is_file():
        raise DataError(f"{name}: {tree.path(archive)} is an archive, from which clips are not read; unpack it.")
