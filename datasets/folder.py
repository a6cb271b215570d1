"""A folder of one's own: ``real/`` and ``fake/``, optionally under ``train/``, ``val/`` and ``test/``."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..benchmark.contracts import FAKE, LABEL_NAMES, REAL, Dataset, Item, Split
from ..benchmark.errors import DataError
from ..benchmark.images import SUFFIXES
from ..benchmark.protocol import draw_splits

SPLIT_NAMES: dict[str, Split] = {"train": "train", "val": "val", "valid": "val", "validation": "val", "test": "test"}
NUMBERED = re.compile(r"(.+)[_-]\d+")


class Folder(Dataset):
    """
    Pictures in ``real/`` and ``fake/`` below `root`; sub-folders are searched too.

    Pictures that belong together stay in one split: those of one sub-folder, else those whose names agree up to the last
    ``_`` or ``-`` and digits (``id7_001.png``, ``id7_002.png``), in both classes alike. Without given splits a fifth of the
    groups is test (drawn from `seed`), a fifth validation (from `seed` and `replicate`); with ``train/`` but no ``val/``,
    validation is a fifth of train.

    Parameters
    ----------
    root, seed, replicate
        See `Dataset`.
    may_be_shown : bool
        Whether pictures may appear in reports, which get sent around.
    """

    name = "folder"
    source = "your own disk"
    licence = "yours"

    def __init__(self, root: Path | None = None, seed: int = 0, replicate: int = 0, may_be_shown: bool = False) -> None:
        super().__init__(root, seed, replicate)
        self.may_be_shown = may_be_shown

    def items(self, variant: str) -> Sequence[Item]:
        root = self._existing_root()
        parts: dict[Split | None, Path] = {}
        for child in sorted(root.iterdir()):
            if child.is_dir() and child.name.lower() in SPLIT_NAMES:
                parts[SPLIT_NAMES[child.name.lower()]] = child
        if not parts:
            return draw_splits(self._grouped(list_pictures(root, root, "train")), self.seed, self.replicate)
        found: list[Item] = []
        for split, folder in parts.items():
            listed = self._grouped(list_pictures(root, folder, split or "train"))
            if split == "train" and "val" not in parts:
                listed = draw_splits(listed, self.seed, self.replicate, test=False)
            found += listed
        return sorted(found, key=lambda item: item.id)

    def _existing_root(self) -> Path:
        if self.root is None or not self.root.is_dir():
            raise DataError(f"data folder {self.root} does not exist or is not a folder; check the path.")
        return self.root

    @staticmethod
    def _grouped(items: Sequence[Item]) -> list[Item]:
        """Mark as one clip what shares a sub-folder, or a numbered name that repeats."""
        keys = [group_key(item.id) for item in items]
        repeats = Counter(keys)
        return [replace(item, video=key) if key and repeats[key] > 1 else item for item, key in zip(items, keys, strict=True)]

    def read(self, item: Item) -> bytes:
        return (self._existing_root() / item.id).read_bytes()


def group_key(item_id: str) -> str:
    """
    Sub-folder below the class folder, else the name without its last number; empty if there is neither.

    >>> group_key("train/fake/clip3/0001.png"), group_key("real/id7_002.png"), group_key("real/201600.jpg")
    ('clip3', 'id7', '')
    """
    parts = [part for part in item_id.split("/")[:-1] if part.lower() not in (*LABEL_NAMES, *SPLIT_NAMES)]
    if parts:
        return "/".join(parts)
    match = NUMBERED.fullmatch(item_id.rpartition("/")[2].rpartition(".")[0])
    return match[1] if match else ""


def list_pictures(root: Path, folder: Path, split: Split) -> list[Item]:
    """
    List the pictures of ``folder/real`` and ``folder/fake``; ids are paths relative to `root` with forward slashes.

    Raises
    ------
    DataError
        If a class folder is missing or holds no picture.
    """
    children = {child.name.lower(): child for child in sorted(folder.iterdir()) if child.is_dir()}
    missing = [name for name in LABEL_NAMES if name not in children]
    if missing:
        there = ", ".join(sorted(child.name for child in children.values())[:8]) or "no sub-folder"
        raise DataError(
            f"{folder} needs the sub-folders real/ and fake/ (or train/, val/ and test/ with real/ and fake/ in each); "
            f"missing: {', '.join(missing)}; found: {there}."
        )
    items: list[Item] = []
    for label in (REAL, FAKE):
        class_folder = children[LABEL_NAMES[label]]
        paths = sorted(p for p in class_folder.rglob("*") if p.suffix.lower() in SUFFIXES and not p.name.startswith("."))
        if not paths:
            raise DataError(f"{class_folder} holds no picture; wanted {', '.join(SUFFIXES)}.")
        items += [Item(path.relative_to(root).as_posix(), label, split) for path in paths]
    return items
