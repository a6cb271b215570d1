"""Distributions of FaceForensics++ and UADFV in miniature: the real layout, real clips of drawn faces."""

import json
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from functools import cache
from pathlib import Path

from PIL import Image

from bandbench.benchmark.store.files import write_json
from bandbench.datasets.copies.prepared import Crop, Preparation, SourceRecord, note_place
from bandbench.datasets.copies.settings import Settings
from bandbench.datasets.copies.sources import SourceDataset
from bandbench.datasets.copies.survey import Source
from conftest import noise_picture
from trees.faces import scene, write_face_clip

# Of every split of the official lists; each gives two originals and two fakes of a method.
TRAIN_PAIRS = ("071_054", "087_081", "881_856")
VAL_PAIRS = ("720_672", "939_115")
TEST_PAIRS = ("953_974", "012_026")
PAIRS = TRAIN_PAIRS + VAL_PAIRS + TEST_PAIRS
METHODS = ("Deepfakes", "FaceSwap")
CODECS = {".mp4": "libx264", ".avi": "mpeg4", ".mkv": "mjpeg"}  # of the containers


@cache
def clip_bytes(identity: int, donor: int | None = None, suffix: str = ".mp4", n_frames: int = 3) -> bytes:
    """A clip of a drawn face; with a donor it is a fake."""
    with tempfile.TemporaryDirectory() as folder:
        path = write_face_clip(Path(folder) / f"clip{suffix}", identity, n_frames, CODECS[suffix.lower()], donor)
        return path.read_bytes()


@cache
def frame_bytes(identity: int, donor: int | None = None, frame: int = 0) -> bytes:
    """A frame of such a clip as PNG."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.png"
        Image.fromarray(scene(identity, frame, donor=donor)).save(path, compress_level=1)
        return path.read_bytes()


def put(path: Path, content: bytes = b"") -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def put_frames(folder: Path, identity: int, donor: int | None = None, n_frames: int = 3) -> Path:
    """Write a clip as a folder of pictures."""
    for k in range(n_frames):
        put(folder / f"{k:04d}.png", frame_bytes(identity, donor, k))
    return folder


def both_ways(pairs: Iterable[str]) -> list[tuple[str, str]]:
    """Target and donor of the fakes that pairs stand for."""
    split = [tuple(pair.split("_")) for pair in pairs]
    return [*((a, b) for a, b in split), *((b, a) for a, b in split)]


def make_ffpp(
    root: Path,
    pairs: Iterable[str] = PAIRS,
    methods: Iterable[str] = METHODS,
    compression: str = "c23",
    suffix: str = ".mp4",
    empty: bool = False,
) -> Path:
    """
    Write originals and fakes of pairs of ids as the download script leaves them.

    Parameters
    ----------
    root : Path
    pairs : iterable of str
    methods : iterable of str
    compression : str
        Name of that folder.
    suffix : str
        Of the clips; it decides the codec, too.
    empty : bool
        Files without content, where only names matter.
    """
    pairs = list(pairs)

    def clip(place: str, name: str, *people: str) -> None:
        content = b"" if empty else clip_bytes(*map(int, people), suffix=suffix)  # type: ignore[misc]
        put(root / place / compression / "videos" / f"{name}{suffix}", content)

    for name in sorted({name for pair in pairs for name in pair.split("_")}):
        clip("original_sequences/youtube", name, name)
    for method in methods:
        for target, donor in both_ways(pairs):
            clip(f"manipulated_sequences/{method}", f"{target}_{donor}", target, donor)
    return root


def make_frames(root: Path, n_clips: int = 12, n_frames: int = 4) -> Path:
    """Write clips as folders of frames, `n_clips` of each class in given splits: noise, and a little more of it in fakes."""
    for i, split in enumerate(("train", "val", "test")):
        for label, boost in (("real", 1.0), ("fake", 1.25)):
            for clip in range(n_clips):
                folder = root / split / label / f"{split}{clip:02d}"
                folder.mkdir(parents=True)
                for frame in range(n_frames):
                    seed = 10_000 * i + 1000 * (label == "fake") + n_frames * clip + frame
                    Image.fromarray(noise_picture(seed, 64, boost)).save(folder / f"{frame:04d}.png")
    return root


def make_dfd(root: Path, n_actors: int = 12, scenes: Iterable[str] = ("exit_phone_room", "kitchen_pan")) -> Path:
    """Write DeepFakeDetection without content: every actor in every scene, swapped with the next three."""
    for scene_name in scenes:
        for i in range(1, n_actors + 1):
            put(root / f"original_sequences/actors/c23/videos/{i:02d}__{scene_name}.mp4")
            for step in (1, 2, 3):
                donor = (i + step - 1) % n_actors + 1
                name = f"{i:02d}_{donor:02d}__{scene_name}__YVGY8LO{step}.mp4"
                put(root / "manipulated_sequences/DeepFakeDetection/c23/videos" / name)
    return root


def put_lists(folder: Path, lists: Mapping[str, Iterable[str]]) -> None:
    """Write split lists as the authors' repository has them."""
    for split, pairs in lists.items():
        put(folder / f"{split}.json", json.dumps([pair.split("_") for pair in pairs]).encode())


def make_uadfv(root: Path, numbers: Iterable[int] = range(10), suffix: str = ".mp4", empty: bool = False) -> Path:
    """Write clips and their fakes by number; faces of other people than in `make_ffpp`."""
    for i in numbers:
        put(root / f"real/{i:04d}{suffix}", b"" if empty else clip_bytes(5000 + i, suffix=suffix))
        put(root / f"fake/{i:04d}_fake{suffix}", b"" if empty else clip_bytes(5000 + i, 6000 + i, suffix=suffix))
    return root


def prepare_without_pictures(
    dataset: SourceDataset, out: Path, left: Callable[[Source], bool] = lambda source: False
) -> Preparation:
    """
    Write what a preparation leaves, one crop of each source, but for the crops themselves.

    Parameters
    ----------
    dataset : SourceDataset
    out : Path
    left : callable
        Says of a source that it was not reached.
    """
    survey = dataset.survey_now()
    made = Preparation.create(out, dataset.origin, dataset.version, Settings(), survey.as_dict(), command="bench data prepare")
    for source in survey.sources:
        if not left(source):
            crop = Crop("000000.png", 0, 0.0, (0, 0, 64, 64), float("nan"), (), "0" * 64, 64, 64)
            record = SourceRecord(source.id, "ok", "", 0, 0, 1, (crop,))
            made.source_folder(source.id).mkdir(parents=True)
            write_json(made.source_folder(source.id) / "source.json", asdict(record))
    made.write_index()
    note_place(dataset.origin, Settings(), out)
    return made
