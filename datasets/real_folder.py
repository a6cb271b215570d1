"""A folder of real pictures alone, which a study names as a source of reals."""

from collections import Counter
from dataclasses import dataclass

from ..benchmark.contracts import LABEL_NAMES, REAL
from ..benchmark.errors import DataError
from .copies.reals import first_trouble, iter_pictures, of_class
from .copies.sources import SourceDataset
from .copies.survey import Source, Survey
from .copies.tree import Tree
from .grouping.groups import group_key


@dataclass(eq=False, repr=False)
class RealFolder(SourceDataset):
    """
    Real pictures below a folder, all of them test pictures: nothing is trained on a source of reals.

    A folder with ``real/`` and ``fake/`` serves as well, since pictures in folders called like fakes are left out. Pictures of
    one sub-folder, or whose names agree up to the last number, belong together, as in `folder`; where that would make one group
    of all, each is on its own.

    Parameters
    ----------
    root, seed, replicate, follow_links
        See `SourceDataset`.
    """

    name = "real_folder"
    own = True
    classes = LABEL_NAMES[:1]
    source = "your own disk"
    licence = "yours"
    layout = "pictures in any folders and ZIP archives, or in real/"
    what = "real pictures"

    follow_links: bool = True

    def survey(self, tree: Tree) -> Survey:
        paths = list(of_class(tree, list(iter_pictures(tree)), REAL))
        if not paths:
            entries = ", ".join([*(f"{folder}/" for folder in tree.folders()), *tree.files()][:8]) or "nothing"
            raise DataError(f"{tree.root} does not hold {self.what}; found: {entries}{first_trouble(tree)}.")
        keys = {path: group_key(path) for path in paths}
        repeats = Counter(keys.values())
        groups = {path: key for path, key in keys.items() if 1 < repeats[key] < len(paths)}
        return Survey(tuple(Source(path, "still", REAL, ("",), "test", video=groups.get(path, "")) for path in paths))
