"""Face crops of one source: the files and the record, damaged content, disks that fail, and records that are out of date."""

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark import invocation
from bandbench.benchmark.errors import DataError, DiskError
from bandbench.benchmark.pictures import crops as images
from bandbench.datasets.copies.prepared import SOURCE, WORK, Preparation
from bandbench.datasets.copies.settings import Settings
from bandbench.datasets.copies.survey import Source
from bandbench.datasets.faces import cut as cutting
from bandbench.datasets.faces.cut import FaceCropper, as_png, writing
from bandbench.datasets.faces.outcome import UNREAD
from conftest import write_clip
from trees.faces import draw_face, scene
from trees.small_clips import Clips

STILL = Source("a/real/r0.png", "still", 0, ("a",))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A still that is a face."""
    (tmp_path / "root" / "a" / "real").mkdir(parents=True)
    Image.fromarray(draw_face(3, 48)).save(tmp_path / "root" / STILL.id)
    return tmp_path / "root"


@pytest.fixture
def preparation(tmp_path: Path) -> Preparation:
    (tmp_path / "out").mkdir()
    return Preparation(tmp_path / "out", {})


def cropper(root: Path, **settings: Any) -> FaceCropper:
    return FaceCropper(Clips(root), Settings(**{"faces": "none", **settings}))


def picture_of(path: Path) -> np.ndarray:
    return images.decode(path.read_bytes(), colour=True)


# --- crops and records -----------------------------------------------------------------------------------------------


def test_a_still_becomes_one_crop_with_its_record(root: Path, preparation: Preparation) -> None:
    outcome = cropper(root).publish(STILL, preparation)
    assert (outcome.id, outcome.status, outcome.n_crops) == (STILL.id, "ok", 1)
    folder = preparation.source_folder(STILL.id)
    assert {path.name for path in folder.iterdir()} == {SOURCE, "000000.png"}
    np.testing.assert_array_equal(picture_of(folder / "000000.png"), draw_face(3, 48))
    record = preparation.record(STILL.id)
    assert record and record.bytes == (root / STILL.id).stat().st_size
    assert (record.crops[0].box, record.crops[0].rows, record.crops[0].cols) == ((0, 0, 48, 48), 48, 48)
    assert not list((preparation.folder / WORK).iterdir()), "no temporary folder is left"


def test_of_two_faces_the_larger_track_is_kept_and_the_other_leaves_no_file(tmp_path: Path, preparation: Preparation) -> None:
    pictures = []
    for k in range(3):
        picture = scene(1, k, (220, 420))
        picture[40:160, 5:125] = draw_face(2, 120)
        pictures.append(picture)
    path = tmp_path / "root" / "a" / "real" / "r1.mkv"
    path.parent.mkdir(parents=True)
    write_clip(path, pictures, "mjpeg")
    source = Source("a/real/r1.mkv", "clip", 0, ("a",))
    assert cropper(tmp_path / "root", faces="haar", min_size=80).publish(source, preparation).n_crops == 3
    record = preparation.record(source.id)
    assert record and [crop.box[0] > 100 for crop in record.crops] == [True] * 3
    names = {path.name for path in preparation.source_folder(source.id).iterdir()}
    assert names == {SOURCE, *(crop.file for crop in record.crops)}


def test_frames_are_recoded_before_they_are_cut(root: Path, tmp_path: Path) -> None:
    """Without a finder the frame is the crop."""
    cuts = []
    for recode in ("", "jpeg:50"):
        folder = tmp_path / f"crops{recode}"
        folder.mkdir()
        cropper(root, recode=recode).cut(STILL, folder)
        cuts.append(picture_of(folder / "000000.png").astype(int))
    np.testing.assert_array_equal(cuts[0], draw_face(3, 48))
    assert cuts[0].shape == cuts[1].shape and 0 < abs(cuts[0] - cuts[1]).mean() < 10


@pytest.mark.parametrize(
    ("content", "settings", "status", "detail"),
    [
        (b"", {}, "error", "r0.png: the file is empty (0 bytes)."),
        (b"text", {}, "error", "r0.png: not a JPEG"),
        (None, {"faces": "haar"}, "no_face", "no face of 64 pixels or more in 1 frame"),
    ],
)
def test_content_without_a_crop_is_recorded(
    root: Path, tmp_path: Path, content: bytes | None, settings: dict[str, Any], status: str, detail: str
) -> None:
    if content is not None:
        (root / STILL.id).write_bytes(content)
    record = cropper(root, **settings).cut(STILL, tmp_path)
    assert (record.status, record.crops) == (status, ()) and record.detail.startswith(detail)


def test_a_png_is_lossless(tmp_path: Path) -> None:
    picture = np.random.default_rng(0).integers(0, 256, (9, 7, 3)).astype(np.uint8)
    np.testing.assert_array_equal(cv2.imdecode(np.frombuffer(as_png(picture), np.uint8), cv2.IMREAD_COLOR_RGB), picture)


# --- disks that fail -------------------------------------------------------------------------------------------------


def test_a_source_that_cannot_be_read_now_is_not_recorded(
    root: Path, preparation: Preparation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: Clips, source_id: str) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Clips, "read_still", fail)
    outcome = cropper(root).publish(STILL, preparation)
    assert outcome.status == UNREAD
    assert outcome.detail == "cannot be read now (Input/output error); the next run tries again."
    assert preparation.record(STILL.id) is None and not list((preparation.folder / WORK).iterdir())


def test_a_clip_that_may_not_be_read_is_not_taken_for_a_damaged_one(root: Path, preparation: Preparation) -> None:
    """A decoder would say that a folder is no video."""
    (root / "a" / "real" / "r1.mp4").mkdir()
    (root / "a" / "real" / "r1.mp4" / "part").touch()
    outcome = cropper(root).publish(Source("a/real/r1.mp4", "clip", 0, ("a",)), preparation)
    assert (outcome.status, outcome.detail) == (
        UNREAD,
        "cannot be read now (Is a directory); the next run tries again.",
    )


def test_a_crop_that_cannot_be_written_stops_the_run(
    root: Path, preparation: Preparation, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(cutting, "write_bytes", fail)
    with pytest.raises(DiskError, match=r"cannot write .*000000.png: the disk is full .*MB are free.*same command continues"):
        cropper(root).publish(STILL, preparation)
    assert not list((preparation.folder / WORK).iterdir())


def test_only_failed_writes_are_disk_errors(tmp_path: Path) -> None:
    with pytest.raises(DiskError, match=f"cannot write {tmp_path}: Permission denied"), writing(tmp_path):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    with pytest.raises(DataError, match="damaged"), writing(tmp_path):
        raise DataError("damaged")


# --- records that are out of date ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "fresh"),
    [
        (lambda source, crop: None, True),
        (lambda source, crop: os.utime(source, ns=(1, 1)), False),
        (lambda source, crop: source.unlink(), False),
        (lambda source, crop: crop.unlink(), False),
        (lambda source, crop: crop.write_bytes(b""), False),
    ],
    ids=["nothing", "another time", "no source", "no crop", "an empty crop"],
)
def test_a_record_is_fresh_while_the_source_and_its_crops_are_as_they_were(
    root: Path, preparation: Preparation, change: Callable[[Path, Path], object], fresh: bool
) -> None:
    faces = cropper(root)
    faces.publish(STILL, preparation)
    record = preparation.record(STILL.id)
    assert record
    change(root / STILL.id, preparation.source_folder(STILL.id) / "000000.png")
    assert faces.is_fresh(record, STILL, preparation) == fresh
    assert not faces.is_fresh(replace(record, bytes=record.bytes + 1), STILL, preparation)


def test_crops_of_an_older_state_are_replaced(root: Path, preparation: Preparation) -> None:
    cropper(root).publish(STILL, preparation)
    stale = preparation.source_folder(STILL.id) / "000009.png"
    stale.write_bytes(b"older")
    Image.fromarray(draw_face(5, 40)).save(root / STILL.id)
    cropper(root).publish(STILL, preparation)
    assert not stale.exists()
    assert picture_of(preparation.source_folder(STILL.id) / "000000.png").shape == (40, 40, 3)


# --- what is missing before the work begins --------------------------------------------------------------------------


CLIP = Source("a/real/r1.mp4", "clip", 0, ("a",))


@pytest.mark.parametrize(
    ("settings", "source", "message"),
    [
        ({}, CLIP, "decoder=pyav needs the extra `video` .*or decode with OpenCV: --decoder opencv"),
        ({"recode": "h264:23", "decoder": "opencv"}, STILL, "recode=h264 needs the extra `video`"),
        ({"faces": "yunet"}, STILL, "yunet needs its weights"),
    ],
)
def test_what_is_missing_is_said_before_the_work_begins(
    root: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], source: Source, message: str
) -> None:
    find_spec = invocation.importlib.util.find_spec
    monkeypatch.setattr(invocation.importlib.util, "find_spec", lambda name: None if name == "av" else find_spec(name))
    with pytest.raises(DataError, match=message):
        cropper(root, **settings).check([source])
    cropper(root).check([STILL])
    cropper(root, decoder="opencv").check([CLIP])


def test_the_finder_is_opened_once(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names: list[str] = []
    open_finder = cutting.open_finder
    monkeypatch.setattr(cutting, "open_finder", lambda name, *rest: names.append(name) or open_finder(name, *rest))
    faces = cropper(root)
    faces.check([STILL])
    faces.cut(STILL, tmp_path)
    assert names == ["none"]
