"""Choice of the adapter for a folder that a user put together: pictures, clips, or prepared crops."""

from pathlib import Path

from ...benchmark.contracts import FAKE, REAL
from ...benchmark.pictures import crops as images
from ...benchmark.pictures import video
from .listing import own_tree
from .prepared import Preparation, has_preparations
from .tree import class_of_folder, suffix_of

PICTURES, CLIPS = "folder", "clip_folder"
OWN = (PICTURES, CLIPS)  # adapters of folders that a user put together


def adapter_of(root: Path) -> str:
    """
    Return the name of the data set that reads a folder with ``real/`` and ``fake/``.

    Parameters
    ----------
    root : Path
        Exists.

    Returns
    -------
    str
        That of a prepared folder is the data set which it was prepared from. A folder whose clips were prepared is one of
        clips, and so is one that has clips and lacks pictures of a class; any other is one of pictures.
    """
    prepared = Preparation.at(root)
    if prepared:
        return prepared.dataset
    if has_preparations(CLIPS, root):
        return CLIPS
    clips, labels = False, set()
    tree = own_tree(root)
    for place in tree.walk():
        label = next((c for part in place.split("/") if (c := class_of_folder(part)) is not None), None)
        suffixes = {suffix_of(path) for path in tree.files(place)}
        clips |= not suffixes.isdisjoint(video.SUFFIXES)
        if not suffixes.isdisjoint(images.SUFFIXES):
            labels.add(label)
        if {REAL, FAKE} <= labels:
            return PICTURES
    return CLIPS if clips else PICTURES


def has_clips(root: Path) -> bool:
    """Return whether a folder holds a clip, at any depth."""
    tree = own_tree(root)
    return any(tree.files(place, video.SUFFIXES) for place in tree.walk())
