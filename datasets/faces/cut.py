"""
Face crops of one source, and the record of its problems.

The crops are written into a temporary folder, which is moved into place when it is complete. A source whose content is damaged
is recorded as such. A source that the disk fails to deliver is not recorded, so that the next run tries it again.
"""

import contextlib
import copy
import hashlib
import os
import secrets
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...benchmark.errors import DataError
from ...benchmark.invocation import extra_missing
from ...benchmark.pictures.video import Frame
from ...benchmark.store.disk import disk_error
from ...benchmark.store.files import open_file, write_json
from ..copies.losses import frames_without_face
from ..copies.prepared import ERROR, NO_FACE, OK, SOURCE, WORK, Crop, Preparation, SourceRecord
from ..copies.settings import Settings
from ..copies.sources import SourceDataset
from ..copies.survey import Source, source_stamp
from ..copies.tree import split_archive
from .face import Face, FaceFinder, choose_faces, cut_face
from .finders import find_faces, open_finder
from .frames import Reader, iter_source_frames
from .outcome import UNREAD, SourceOutcome
from .recode import recode


class FaceCropper:
    """
    A cropper of sources: it finds the faces in their frames and writes their crops; the finder is opened once.

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
        """Face finder of the settings."""
        return open_finder(self.settings.faces, self.weights, self.settings.threshold)

    def check(self, sources: Sequence[Source]) -> None:
        """
        Refuse settings that need a library or a file that is missing here, before the work begins.

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

    def publish(self, source: Source, preparation: Preparation) -> SourceOutcome:
        """
        Make the crops of a source and move their folder into place when it is complete.

        Parameters
        ----------
        source : Source
        preparation : Preparation
            The folder that receives the crops.

        Returns
        -------
        SourceOutcome
            With the status ``unread``, and nothing moved, if the source cannot be read now.

        Raises
        ------
        DiskError
            If they cannot be written.
        """
        with writing(preparation.folder):
            work = preparation.folder / WORK
            work.mkdir(exist_ok=True)
            temporary = _new_folder(work)
        try:
            record = self.cut(source, temporary)
            with writing(preparation.folder):
                write_json(temporary / SOURCE, asdict(record), durable=False)
                _move_into_place(temporary, preparation.source_folder(source.id), work)
        except OSError as error:
            return SourceOutcome(
                source.id, UNREAD, f"cannot be read now ({error.strerror or error}); the next run tries again.", 0
            )
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        return SourceOutcome.of(record)

    def is_fresh(self, record: SourceRecord, source: Source, preparation: Preparation) -> bool:
        """Return True if the file of a source has not changed since its record, and all its crops are there."""
        try:
            if (record.bytes, record.modified) != source_stamp(self.dataset.tree, source):
                return False
            sizes = {entry.name: entry.stat().st_size for entry in os.scandir(preparation.source_folder(source.id))}
        except FileNotFoundError:
            return False
        return all(sizes.get(crop.file) for crop in record.crops)  # a power cut leaves files of 0 bytes

    def cut(self, source: Source, folder: Path) -> SourceRecord:
        """
        Write the crops of a source into a folder.

        Parameters
        ----------
        source : Source
        folder : Path

        Returns
        -------
        SourceRecord
            Its status and detail describe damaged content, which does not raise.

        Raises
        ------
        OSError
            If the source cannot be read now.
        DiskError
            If a crop cannot be written.
        """
        dataset = self._fresh_dataset(source)
        stamp = source_stamp(dataset.tree, source)
        try:
            n_frames, crops, notes = self._crops(dataset, source, folder)
        except DataError as error:
            return SourceRecord(source.id, ERROR, str(error), *stamp)
        status = OK if crops else NO_FACE
        return SourceRecord(source.id, status, "; ".join(notes), *stamp, n_frames, tuple(crops))

    def _crops(self, dataset: SourceDataset, source: Source, folder: Path) -> tuple[int, list[Crop], list[str]]:
        """
        Cut every face out of every frame, then delete the crops of faces that are not chosen.

        The choice of a face can depend on all frames, and frames are too large to be held in memory.

        Returns
        -------
        n_frames : int
        crops : list of Crop
        notes : list of str
            Frames without a face, and frames that do not decode.
        """
        faces: list[list[Face]] = []
        written: list[dict[int, Crop]] = []
        limit, too_small = 0, []
        with _raising_read_errors(dataset, source) as read:
            frames = iter_source_frames(dataset.tree, source, self.settings, read)
            for frame in frames:
                picture = recode(frame.picture, self.settings.recode)
                in_frame = find_faces(self.finder, picture, self.settings)
                limit = in_frame.limit
                too_small += [in_frame.too_small] if in_frame.too_small else []
                faces.append(in_frame.faces)
                written.append({k: self._write(frame, picture, face, folder, k) for k, face in enumerate(in_frame.faces)})
        chosen = []
        for crops, k in zip(written, choose_faces(faces, self.settings.choice), strict=True):
            chosen += [crops.pop(k)] if k is not None else []
            for crop in crops.values():
                (folder / crop.file).unlink()
        lost = len(faces) - len(chosen)
        notes = [frames_without_face(len(faces), lost, too_small, limit)] if lost else []
        return len(faces), chosen, notes + frames.report.notes

    def _write(self, frame: Frame, picture: NDArray[np.uint8], face: Face, folder: Path, number: int) -> Crop:
        """Write the crop of face `number` of a frame as a PNG file."""
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
        Return a data set for reading one source, without the tree's cache of folder listings.

        The cache would grow with every source. The contents of an archive are cached, as they are slow to list.
        """
        if split_archive(source.id)[0]:
            return self.dataset
        fresh = copy.copy(self.dataset)
        fresh.__dict__.pop("tree", None)
        return fresh


def as_png(picture: NDArray[np.uint8]) -> bytes:
    """Encode a picture, uint8 (rows, cols, 3) in RGB, as PNG at the fastest compression level."""
    import cv2

    ok, data = cv2.imencode(".png", picture[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
    assert ok
    return data.tobytes()


def write_bytes(path: Path, data: bytes) -> None:
    """Write the file of a crop."""
    path.write_bytes(data)


@contextlib.contextmanager
def writing(place: Path) -> Iterator[None]:
    """Raise `DiskError` for an OSError of the block, so that failed writes are not taken for failed reads."""
    try:
        yield
    except OSError as error:
        raise disk_error(place, error) from error


@contextlib.contextmanager
def _raising_read_errors(dataset: SourceDataset, source: Source) -> Iterator[Reader]:
    """
    Yield `dataset.read_still`; at the end of the block raise its first OSError, even if the block has handled it.

    A clip is opened once before: decoders report a file that may not be read as one that is no video.
    """
    path = dataset.tree.path(source.id)
    if source.kind == "clip" and not split_archive(source.id)[0]:
        open_file(path, sys.maxsize).close()
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


def _new_folder(parent: Path) -> Path:
    """Make a folder of a name of its own, with the rights of all folders: one of `tempfile` could be read by nobody else."""
    folder = parent / secrets.token_hex(8)
    folder.mkdir()
    return folder


def _move_into_place(temporary: Path, final: Path, work: Path) -> None:
    """Move the folder of a finished source to its final path; a folder of an older state of the file is removed first."""
    if final.exists():
        old = _new_folder(work)
        final.rename(old / "old")
        shutil.rmtree(old, ignore_errors=True)
    final.parent.mkdir(parents=True, exist_ok=True)
    temporary.rename(final)
