"""The sources of a copy and the survey that lists them."""

import errno
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from ...benchmark.contracts import Item, Split
from .tree import Tree, Trouble

Kind = Literal["clip", "frames", "still"]
OTHER_CLASS = "other_class"  # status of pictures in a folder that is called like the class that they are not taken for
SHOWN = 5  # lines of one kind


@dataclass(frozen=True)
class Source:
    """
    A clip, a folder of frames or a still, as it was distributed.

    Attributes
    ----------
    id : str
        Path relative to the root, with forward slashes (see `Tree`); a folder for ``frames``.
    kind : {"clip", "frames", "still"}
    label : int
        0 real, 1 fake.
    domains : tuple of str
        Variants of the data set that it belongs to; a real belongs to several.
    split : {"train", "val", "test"}, "" or None
        As distributed; None where it is drawn; empty where it belongs to none and is not used.
    target, donor, video, generator, compression : str
        As in `Item`. One clip under several compressions or manipulations is one ``video`` where they share the footage.
    """

    id: str
    kind: Kind
    label: int
    domains: tuple[str, ...]
    split: Split | Literal[""] | None = None
    target: str = ""
    donor: str = ""
    video: str = ""
    generator: str = ""
    compression: str = ""

    def item(self, item_id: str, fingerprint: str = "") -> Item:
        """Return a picture of this source as an item."""
        return Item(
            item_id,
            self.label,
            self.split or "train",
            target=self.target,
            donor=self.donor,
            video=self.video or ("" if self.kind == "still" else self.id),
            fingerprint=fingerprint,
            generator=self.generator,
            compression=self.compression,
        )


@dataclass(frozen=True)
class Survey:
    """
    The sources that an adapter finds below a root, and notes on the copy.

    Attributes
    ----------
    sources : tuple of Source
        Sorted by id.
    missing : tuple of str
        Parts of the distribution that are not there, as a user would name them.
    troubles : tuple of Trouble
        Files and folders that are passed over.
    notes : tuple of str
        Further facts about the copy, for example the origin of the split lists.
    """

    sources: tuple[Source, ...]
    missing: tuple[str, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-like data, for a manifest."""
        return asdict(self)

    @classmethod
    def from_dict(cls, known: Mapping[str, Any]) -> "Survey":
        """Read the result of `as_dict`."""
        sources = tuple(Source(**{**source, "domains": tuple(source["domains"])}) for source in known["sources"])
        troubles = tuple(Trouble(**trouble) for trouble in known["troubles"])
        return cls(sources, tuple(known["missing"]), troubles, tuple(known["notes"]))


def source_stamp(tree: Tree, source: Source) -> tuple[int, int]:
    """
    Return size (bytes) and time of change (ns) of the files behind a source.

    These are all files of a folder of frames; else the file, archive or database in which the source lies.

    Raises
    ------
    OSError
        If nothing is there.
    """
    path = tree.path(source.id)
    while not path.exists() and path != path.parent and path != tree.root:
        path = path.parent
    if not path.is_dir():
        facts = path.stat()
        return facts.st_size, facts.st_mtime_ns
    files = [entry.stat() for entry in os.scandir(path) if entry.is_file()]
    if path == tree.root or not files:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), source.id)
    if source.kind == "frames":
        return sum(facts.st_size for facts in files), max(facts.st_mtime_ns for facts in files)
    largest = max(files, key=lambda facts: facts.st_size)  # a database, beside which a lock changes whenever it is read
    return largest.st_size, largest.st_mtime_ns
