"""A small data set of clips, frames and stills for tests of the preparation, and its adapter."""

import os
import signal
from pathlib import Path
from typing import Any

from bandbench.datasets.copies.settings import Settings
from bandbench.datasets.copies.sources import SourceDataset
from bandbench.datasets.copies.survey import Source, Survey
from bandbench.datasets.copies.tree import Tree
from bandbench.datasets.faces.outcome import PreparationOutcome
from bandbench.datasets.faces.preparation import prepare_dataset
from bandbench.datasets.faces.request import merge_settings
from trees.faces import write_face_clip

FRAMES = 3
REFERENCE = f"{__file__}:Clips"


class Clips(SourceDataset):
    """
    ``<domain>/<real or fake>/``: clips, folders of frames, and stills.

    Parameters
    ----------
    root, seed, replicate, follow_links
        See `SourceDataset`.
    fatal : str
        Id of a still whose reading ends the process.
    """

    name = "clips"
    what = "clips in <domain>/real and <domain>/fake"
    preparation = {"frames": FRAMES, "faces": "none"}  # looking for faces takes most of the time

    def __init__(
        self, root: Path | None = None, seed: int = 0, replicate: int = 0, follow_links: bool = False, fatal: str = ""
    ) -> None:
        super().__init__(root, seed, replicate, follow_links)
        self.fatal = fatal

    def survey(self, tree: Tree) -> Survey:
        sources = []
        for domain in tree.folders():
            for label, name in enumerate(("real", "fake")):
                place = f"{domain}/{name}"
                sources += [Source(folder, "frames", label, (domain,), target=folder[-1]) for folder in tree.folders(place)]
                for file in tree.files(place):
                    kind = "still" if file.endswith(".png") else "clip"
                    sources.append(Source(file, kind, label, (domain,), target=Path(file).stem[1:]))
        return Survey(tuple(sources), ("masks",))

    def read_still(self, source_id: str) -> bytes:
        if source_id == self.fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().read_still(source_id)


def write_clips(root: Path) -> Path:
    """Write three real and three fake clips of five frames in several containers, in the domain ``a``."""
    for i, (suffix, codec) in enumerate(((".mp4", "libx264"), (".avi", "mpeg4"), (".mkv", "mjpeg"))):
        write_face_clip(root / "a" / "real" / f"r{i}{suffix}", i, 5, codec)
        write_face_clip(root / "a" / "fake" / f"f{i}{suffix}", i, 5, codec, donor=i + 10)
    return root


def prepared(root: Path, out: Path | None = None, **options: Any) -> PreparationOutcome:
    """Prepare `Clips`; options that are settings are taken for such, the others go to `prepare_dataset`."""
    given = {key: options.pop(key) for key in list(options) if key in Settings.__dataclass_fields__ and key != "weights"}
    dataset = options.pop("dataset", None) or Clips(root)
    return prepare_dataset(dataset, merge_settings(dataset, given), out, **options)


def crop_files(folder: Path) -> dict[str, bytes]:
    """Content of every file below the crops of a prepared folder, by path."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.glob("crops/**/*")) if p.is_file()}
