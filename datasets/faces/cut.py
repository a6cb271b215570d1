"""
One source to crops: its frames, the faces in them, the crops that are kept, and a record of what was wrong.

A source is done in a folder of its own that is moved into place when it is whole. What is wrong with the content of a source is
recorded with it; what is wrong with the disk is not, and is tried again by the next run.
"""

import contextlib
import copy
import errno
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...benchmark.errors import BenchError, DataError
from ...benchmark.invocation import extra_missing
from ...benchmark.pictures.video import Frame
from ...benchmark.store.files import write_json
from ..copies.losses import NONE_LOST, Losses, frames_without_face
from ..copies.prepared import ERROR, NO_FACE, OK, SOURCE, WORK, Crop, Preparation, SourceRecord
from ..copies.settings import Settings
from ..copies.sources import SourceDataset
from ..copies.survey import Source, source_stamp
from ..copies.tree import split_archive
from .face import Face, FaceFinder, choose, cut_face
from .finders import faces_of, open_finder
from .frames import iter_source_frames
from .recode import recode

UNREAD = "unread"  # a status that is told and not recorded


class DiskError(BenchError):
    """The prepared folder cannot be written any more."""


@dataclass(frozen=True)
class Done:
    """
    What became of one source, without its crops.

    Attributes
    ----------
    id, status, detail : str
        As in `SourceRecord`, or the status ``unread``.
    n_crops : int
    losses : Losses
        Frames that were looked at, and those that gave no crop.
    """

    id: str
    status: str
    detail: str
    n_crops: int
    losses: Losses = NONE_LOST

    @classmethod
    def of(cls, record: SourceRecord) -> "Done":
        """Say the same with less."""
        return cls(record.id, record.status, record.detail, len(record.crops), record.losses)


class Workshop:
    """
    Everything that one process needs to cut faces out of sources; the finder is opened once.

    Parameters
    ----------
    dataset : SourceDataset
    settings : Settings
    weights : Path, optional
        File of the finder.
    """

    def __init__(self, dataset: SourceDataset, settings: Settings, weights: Path | None = None) -> None:
        self.dataset = dataset
        self.settings = settings
        self.weights = weights

    @cached_property
    def finder(self) -> FaceFinder:
        """Finds faces in a picture."""
        return open_finder(self.settings.faces, self.weights, self.settings.threshold)

    def check(self, sources: Sequence[Source]) -> None:
        """
        Say what is missing before the work begins.

        Raises
        ------
        DataError
            If the finder or the decoder cannot be used here.
        """
        clips = any(source.kind == "clip" for source in sources)
        if missing := extra_missing("video", ["av"]):
            if clips and self.settings.decoder == "pyav":
                raise DataError(f"decoder=pyav {missing}; or decode with OpenCV: --decoder opencv.")
            if self.settings.recode.startswith("h264"):
                raise DataError(f"recode=h264 {missing}")
        _ = self.finder

    def publish(self, source: Source, preparation: Preparation) -> Done:
        """
        Make the crops of a source and move them into place, whole.

        Raises
        ------
        DiskError
            If they cannot be written.
        """
        with writing(preparation.folder):
            work = preparation.folder / WORK
            work.mkdir(exist_ok=True)
            temporary = Path(tempfile.mkdtemp(dir=work))
        try:
            record = self.cut(source, temporary, stop_sign(preparation.folder))
            with writing(preparation.folder):
                write_json(temporary / SOURCE, asdict(record), durable=False)
                _move_into_place(temporary, preparation.source_folder(source.id), work)
        except OSError as error:
            return Done(source.id, UNREAD, f"cannot be read now ({error.strerror or error}); the next run tries again.", 0)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return Done.of(record)

    def is_fresh(self, record: SourceRecord, source: Source, preparation: Preparation) -> bool:
        """Whether a source need not be done again: its file has not changed, and its crops are all there."""
        try:
            if (record.bytes, record.modified) != source_stamp(self.dataset.tree, source):
                return False
            there = {entry.name: entry.stat().st_size for entry in os.scandir(preparation.source_folder(source.id))}
        except FileNotFoundError:
            return False
        return all(there.get(crop.file) for crop in record.crops)  # a power cut leaves files of 0 bytes

    def cut(self, source: Source, folder: Path, stop: Path | None = None) -> SourceRecord:
        """
        Write the crops of a source into a folder; what is wrong with its content is told by the record.

        Parameters
        ----------
        source : Source
        folder : Path
        stop : Path, optional
            A file whose appearance ends the work.

        Raises
        ------
        OSError
            If the source cannot be read now, or the work was stopped.
        DiskError
            If a crop cannot be written.
        """
        dataset = self._fresh_dataset(source)
        stamp = source_stamp(dataset.tree, source)
        try:
            n_frames, crops, notes = self._crops(dataset, source, folder, stop)
        except DataError as error:
            return SourceRecord(source.id, ERROR, str(error), *stamp)
        status = OK if crops else NO_FACE
        return SourceRecord(source.id, status, "; ".join(notes), *stamp, n_frames, tuple(crops))

    def _crops(
        self, dataset: SourceDataset, source: Source, folder: Path, stop: Path | None
    ) -> tuple[int, list[Crop], list[str]]:
        """
        Cut every face out of every frame, then keep those that are chosen.

        Which face of a frame is wanted can depend on all frames, and frames are too large to be held. So all crops are
        written, and those that nobody wants are deleted.

        Returns
        -------
        n_frames : int
        crops : list of Crop
        notes : list of str
            What was wrong with frames.
        """
        faces: list[list[Face]] = []
        made: list[dict[int, Crop]] = []
        limit, too_small = 0, []
        with _minding_the_disk(dataset, source) as read:
            frames = iter_source_frames(dataset.tree, source, self.settings, read)
            for frame in frames:
                if stop and stop.exists():
                    raise InterruptedError(errno.EINTR, "stopped")
                picture = recode(frame.picture, self.settings.recode)
                found = faces_of(self.finder, picture, self.settings)
                limit = found.limit
                too_small += [found.too_small] if found.too_small else []
                faces.append(found.faces)
                made.append({k: self._write(frame, picture, face, folder, k) for k, face in enumerate(found.faces)})
        kept = []
        for crops, wanted in zip(made, choose(faces, self.settings.choice), strict=True):
            kept += [crops.pop(wanted)] if wanted is not None else []
            for crop in crops.values():
                (folder / crop.file).unlink()
        lost = len(faces) - len(kept)
        notes = [frames_without_face(len(faces), lost, too_small, limit)] if lost else []
        return len(faces), kept, notes + frames.report.notes

    def _write(self, frame: Frame, picture: NDArray[np.uint8], face: Face, folder: Path, number: int) -> Crop:
        cut = cut_face(picture, face, self.settings)
        data = as_png(cut.picture)
        path = folder / (f"{frame.number:06d}.png" if number == 0 else f"{frame.number:06d}-{number}.png")
        with writing(path):
            write_bytes(path, data)
        sha256 = hashlib.sha256(data).hexdigest()
        rows, cols = cut.picture.shape[:2]
        return Crop(path.name, frame.number, frame.seconds, cut.box, face.confidence, cut.landmarks, sha256, rows, cols)

    def _fresh_dataset(self, source: Source) -> SourceDataset:
        """
        A data set to read one source with.

        A tree remembers every folder that it has listed. So each source gets a new one, unless it lies in an archive, whose
        contents are listed once.
        """
        if split_archive(source.id)[0]:
            return self.dataset
        fresh = copy.copy(self.dataset)
        fresh.__dict__.pop("tree", None)
        return fresh


def stop_sign(folder: Path) -> Path:
    """A file that tells workers to leave what they are doing; the next run sweeps it away."""
    return folder / WORK / "stop"


def as_png(picture: NDArray[np.uint8]) -> bytes:
    """Encode a picture (rows, cols, 3) without loss, and quickly rather than small."""
    import cv2

    ok, data = cv2.imencode(".png", picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    assert ok
    return data.tobytes()


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file."""
    path.write_bytes(data)


@contextlib.contextmanager
def writing(place: Path) -> Iterator[None]:
    """Tell apart what cannot be written from what cannot be read."""
    try:
        yield
    except OSError as error:
        raise DiskError(
            f"cannot write {place} ({error.strerror or error}). What was finished is kept; when this is mended, the same "
            f"command continues."
        ) from error


@contextlib.contextmanager
def _minding_the_disk(dataset: SourceDataset, source: Source) -> Iterator:
    """
    Yield `dataset.read_still`; what it failed to read is raised when the block ends, whatever was made of it inside.

    Decoders take a file that may not be read for one that is no video, so it is opened here first.
    """
    path = dataset.tree.path(source.id)
    if source.kind == "clip" and not split_archive(source.id)[0]:
        path.open("rb").close()
    failures: list[OSError] = []

    def read(place: str) -> bytes:
        try:
            return dataset.read_still(place)
        except OSError as error:
            failures.append(error)
            raise

    try:
        yield read
    finally:
        if failures:
            raise failures[0]


def _move_into_place(temporary: Path, final: Path, work: Path) -> None:
    """Move a finished source to its name; an older one, made of another state of the file, goes first."""
    if final.exists():
        old = Path(tempfile.mkdtemp(dir=work))
        final.rename(old / "old")
        shutil.rmtree(old, ignore_errors=True)
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary.rename(final)
