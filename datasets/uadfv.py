"""UADFV: 49 clips from YouTube and a face swap of each."""

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar

from ..benchmark.contracts import FAKE, LABEL_NAMES, REAL
from ..benchmark.errors import DataError
from ..benchmark.pictures.video import SUFFIXES as CLIP_SUFFIXES
from .copies.sources import SourceDataset
from .copies.survey import Kind, Source, Survey
from .copies.tree import Tree

N_CLIPS = 49
NUMBER = re.compile(r"(?P<number>\d{4})(?P<fake>_fake)?")
FRAME_FOLDERS = ("frames", "images")
EXAMPLES = ("0000", "0000_fake")  # by label


class UADFV(SourceDataset):
    """
    Clips ``real/0000.mp4`` to ``real/0048.mp4`` and the swaps ``fake/0000_fake.mp4`` to ``fake/0048_fake.mp4`` made of them.

    One domain. No splits are distributed: a fifth of the numbers is test and a fifth validation, by rule; a clip and its fake
    have one number and stay together.
    """

    name = "uadfv"
    source = "Yang, Li and Lyu 2019, Exposing deep fakes using inconsistent head poses, arXiv:1811.00661"
    licence = "none stated; for research, by courtesy of the authors"
    dates: ClassVar[Mapping[str, str]] = {"": "2018-11"}
    obtain = "ask the authors of arXiv:1811.00661 (Computer Vision and Machine Learning Lab, University at Albany and Buffalo)"
    layout = "real/0000.mp4 to 0048.mp4 and fake/0000_fake.mp4 to 0048_fake.mp4, or real/frames/0000/*.png and so on"
    what = "UADFV (real/0000.mp4, fake/0000_fake.mp4)"
    clips = True
    draw = "components"
    may_be_shown = False

    def survey(self, tree: Tree) -> Survey:
        base = tree.find_base(lambda place: all(tree.folder(place, name) is not None for name in LABEL_NAMES), self.what)
        sources: list[Source] = []
        missing, notes = [], []
        for label in (REAL, FAKE):
            by_number, doubles = _find_clips(tree, tree.folder(base, LABEL_NAMES[label]) or "", label)
            sources += by_number.values()
            absent = [i for i in range(N_CLIPS) if f"{i:04d}" not in by_number]
            if absent:
                missing.append(f"{LABEL_NAMES[label]}: {len(by_number)} of {N_CLIPS} clips, without {_ranges(absent)}")
            if doubles:
                notes.append(f"{doubles} clips of {LABEL_NAMES[label]}/ are there as videos and as frames; the videos are used")
        if len({source.label for source in sources}) < 2:
            raise DataError(f"{self.name}: {self.root} makes no domain: {'; '.join(missing)}. It takes reals and fakes.")
        return Survey(tuple(sources), tuple(missing), (), tuple(notes))


def _find_clips(tree: Tree, place: str, label: int) -> tuple[dict[str, Source], int]:
    """Find the sources of a class by number, a video before its frames; count those that are there as both."""
    videos = tree.files(place, CLIP_SUFFIXES)
    folder = tree.folder(place, "videos")
    videos += tree.files(folder, CLIP_SUFFIXES) if folder else []
    framed = tree.folder(place, *FRAME_FOLDERS)
    clips = _by_number(tree, videos, "clip", label)
    frames = _by_number(tree, tree.folders(framed) if framed else [], "frames", label)
    return {**frames, **clips}, len(clips.keys() & frames.keys())


def _by_number(tree: Tree, ids: Sequence[str], kind: Kind, label: int) -> dict[str, Source]:
    sources: dict[str, Source] = {}
    for path in ids:
        name = path.rpartition("/")[2]
        stem = name.rpartition(".")[0] if kind == "clip" else name
        match = NUMBER.fullmatch(stem.lower())
        if not match or bool(match["fake"]) > label or int(match["number"]) >= N_CLIPS:
            tree.report(path, "unknown", f"is none of {N_CLIPS} clips such as {EXAMPLES[label]}; it is not used.")
        elif match["number"] in sources:
            tree.report(path, "duplicate", f"is the same clip as {sources[match['number']].id}, which is used.")
        else:
            number = match["number"]
            generator = "FakeApp" if label == FAKE else ""
            sources[number] = Source(path, kind, label, ("",), None, target=number, video=stem.lower(), generator=generator)
    return sources


def _ranges(numbers: Sequence[int]) -> str:
    """Write 3, 7, 8 and 9 as ``0003, 0007 to 0009``."""
    starts = [n for n in numbers if n - 1 not in numbers]
    ends = [n for n in numbers if n + 1 not in numbers]
    return ", ".join(f"{a:04d}" if a == b else f"{a:04d} to {b:04d}" for a, b in zip(starts, ends, strict=True))
