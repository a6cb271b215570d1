"""Clips in folders: those in archives are not read, which adapters say in one way."""

from collections.abc import Iterator

from ...benchmark.errors import DataError
from ...benchmark.pictures import video
from .tree import Tree, split_archive


def loose_clips(tree: Tree, place: str) -> Iterator[str]:
    """Ids of the clips in a folder and in its folders; archives that hold clips are reported."""
    for here in tree.walk(place, into=lambda folder: not is_packed(tree, folder)):
        yield from tree.files(here, video.SUFFIXES)


def is_packed(tree: Tree, folder: str) -> bool:
    """Whether one of a tree's folders is an archive; if it holds clips, it is reported."""
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
        If it does.
    """
    archive = split_archive(base)[0]
    if archive and tree.path(archive).is_file():
        raise DataError(f"{name}: {tree.path(archive)} is an archive, from which clips are not read; unpack it.")
