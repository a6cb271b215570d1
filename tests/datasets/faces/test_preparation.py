"""Preparation of clips, frames and stills, good and bad; interrupted and killed runs; folders and domains."""

import csv
import errno
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.errors import DataError, DiskError
from bandbench.benchmark.pictures import crops as images
from bandbench.benchmark.pictures.video import iter_frames
from bandbench.benchmark.store.locks import holding
from bandbench.datasets.copies.prepared import LOCK, PROBLEMS, SOURCE, Preparation, default_folder
from bandbench.datasets.faces import cut as cutting
from bandbench.datasets.faces.outcome import PreparationOutcome
from bandbench.datasets.faces.preparation import command_of, preview
from bandbench.datasets.faces.request import merge_settings
from conftest import SilentReporter, run, small_study, write_clip
from trees.faces import read_code, scene, write_code, write_face_clip
from trees.small_clips import FRAMES, REFERENCE, Clips, crop_files, prepared, write_clips

TESTS = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def originals(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clips(tmp_path_factory.mktemp("originals"))


@pytest.fixture
def root(originals: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(originals, tmp_path / "root"))


def statuses(outcome: PreparationOutcome) -> dict[str, str]:
    return {source_id: record.status for source_id, record in outcome.preparation.index.items()}


# --- what a crop is --------------------------------------------------------------------------------------------------


def test_crops_are_windows_of_their_frames(root: Path) -> None:
    outcome = prepared(root, faces="haar")
    assert outcome.complete and (outcome.done, outcome.known) == (6, 0)
    dataset = Clips(root)
    assert dataset.variants() == ("a",) and len(dataset.items("a")) == 6 * FRAMES
    for source_id, record in outcome.preparation.index.items():
        pictures = {frame.number: frame.picture for frame in iter_frames(root / source_id, FRAMES)}
        assert [crop.frame for crop in record.crops] == [0, 2, 4] == sorted(pictures)
        for crop in record.crops:
            left, top, width, height = crop.box
            cut = images.decode(outcome.preparation.read(f"{source_id}/{crop.file}"), colour=True)
            np.testing.assert_array_equal(cut, pictures[crop.frame][top : top + height, left : left + width])
            assert crop.file == f"{crop.frame:06d}.png" and cut.shape == (crop.rows, crop.cols, 3)
            assert 120 < min(width, height) <= max(width, height) < 192, "a face and not the frame"


def test_a_study_runs_on_prepared_clips(root: Path, picture_folder: Callable[..., Path]) -> None:
    picture_folder("unused", n=1)  # the results folder with its empty store
    for i in range(3, 7):
        write_face_clip(root / "a" / "real" / f"r{i}.mp4", i, 5)
        write_face_clip(root / "a" / "fake" / f"f{i}.mp4", i, 5, donor=i + 10)
    outcome = prepared(root)
    keys = {"train": ["clips"], "test": ["clips"], "sweep": None, "search": {"trials": 0}}
    study = small_study(**keys, allow_lookalikes=True)  # drawn faces look alike
    whole = run(study, {REFERENCE: root})
    (row,) = whole.rows
    assert (row.train, row.coverage) == ("clips/a", 1.0)
    assert whole.complete and whole.lost == []  # what the distribution lacks, the masks, is no gap of the preparation
    by_split = [item.split for item in Clips(root).items("a")]
    assert {split: by_split.count(split) for split in ("train", "val", "test")} == {"train": 30, "val": 6, "test": 6}
    assert outcome.preparation.settings_text in Clips(root).facts()["preparation"]
    (root / "a" / "real" / "r9.mp4").write_text("no video at all")
    prepared(root)
    partial = run(study, {REFERENCE: root})
    assert partial.lost == ["clips/a: 1 of 15 sources not decodable."]
    assert not partial.complete


def test_stills_and_folders_of_frames(tmp_path: Path) -> None:
    root = tmp_path / "root"
    folder = root / "a" / "real" / "clip1"
    folder.mkdir(parents=True)
    for k in (1, 2, 10):
        Image.fromarray(scene(1, k)).save(folder / f"{k}.jpg")
    Image.fromarray(scene(2)).save(root / "a" / "real" / "r2.png")
    outcome = prepared(root)
    assert {i: [c.frame for c in r.crops] for i, r in outcome.preparation.index.items()} == {
        "a/real/clip1": [0, 1, 2],
        "a/real/r2.png": [0],
    }


# --- bad input -------------------------------------------------------------------------------------------------------


def test_every_bad_source_has_a_line_and_a_status(root: Path, tmp_path: Path) -> None:
    real = root / "a" / "real"
    (real / "zero.mp4").touch()
    (real / "text.mp4").write_text("no video at all")
    write_face_clip(real / "empty.mp4", None, 2)
    write_face_clip(real / "small.mp4", 4, 2, face=70)
    frames = real / "frames"
    frames.mkdir()
    Image.fromarray(scene(1)).save(frames / "1.jpg")
    (frames / "2.jpg").write_bytes((frames / "1.jpg").read_bytes()[:900])
    outside = write_face_clip(tmp_path / "outside.mp4", 1, 2)
    (real / "link.mp4").symlink_to(outside)
    outcome = prepared(root, faces="haar")
    assert not outcome.complete
    bad = {"zero.mp4": "error", "text.mp4": "error", "empty.mp4": "no_face", "small.mp4": "no_face", "frames": "ok"}
    assert statuses(outcome) == {
        **{f"a/real/{name}": status for name, status in bad.items()},
        **{f"a/{c}/{c[0]}{i}{s}": "ok" for c in ("real", "fake") for i, s in enumerate((".mp4", ".avi", ".mkv"))},
    }
    with (outcome.preparation.folder / PROBLEMS).open() as file:
        told = {row["path"]: (row["status"], row["detail"]) for row in csv.DictReader(file)}
    assert {p.path for p in outcome.problems} == set(told) == {f"a/real/{name}" for name in (*bad, "link.mp4")}
    assert told["a/real/link.mp4"][0] == "outside"
    assert told["a/real/empty.mp4"][1] == "no face of 64 pixels or more in 2 frames"
    assert re.fullmatch(
        r"no face of 64 pixels or more in 2 frames: in 2 the largest is of 5\d( to 5\d)? pixels, "
        r"the limit is 64 \(--min-size 50\)",
        told["a/real/small.mp4"][1],
    )
    assert "1 of 2 pictures do not decode" in told["a/real/frames"][1]
    (count,) = [count for count in outcome.counts if count.label == 0]
    assert (count.sources, count.crops, count.no_face, count.errors, count.left) == (8, 3 * FRAMES + 1, 2, 2, 0)
    facts = Clips(root).facts()
    assert facts["missing"] == ["masks", "2 of 11 sources without a face", "2 of 11 sources not decodable"]
    assert Clips(root).lost_sources("a") == facts["missing"][1:]


def test_what_the_disk_fails_to_give_is_tried_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Image.fromarray(scene(2)).save(root / "a" / "real" / "r9.png")

    def fail(self: Clips, source_id: str) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as broken:
        broken.setattr(Clips, "read_still", fail)
        outcome = prepared(root)
    assert "a/real/r9.png" not in statuses(outcome) and not outcome.complete
    assert [(p.path, p.status) for p in outcome.problems] == [("a/real/r9.png", "unread")]
    assert sum(count.left for count in outcome.counts) == 1
    outcome = prepared(root)
    assert outcome.complete and (outcome.done, outcome.known) == (1, 6)


def test_sources_without_a_crop_are_done_again_only_when_asked(root: Path) -> None:
    (root / "a" / "real" / "zero.mp4").touch()
    prepared(root)
    assert prepared(root).done == 0
    assert prepared(root, retry=True).done == 1


# --- what can happen in between --------------------------------------------------------------------------------------


class Impatient(SilentReporter):
    """Presses Ctrl-C after so many sources."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def advance(self, steps: int = 1) -> None:
        if self.stages[-1] == "cutting faces":
            self.after -= steps
            if self.after < 0:
                raise KeyboardInterrupt


def test_an_interrupted_run_on_two_workers_ends_like_one_on_one(root: Path, tmp_path: Path) -> None:
    prepared(root, tmp_path / "one")
    with pytest.raises(KeyboardInterrupt):
        prepared(root, tmp_path / "two", jobs=2, reporter=Impatient(1))
    half = Preparation.at(tmp_path / "two")
    assert half
    finished = {p.parent.relative_to(half.folder / "crops").as_posix() for p in half.folder.glob(f"crops/**/{SOURCE}")}
    assert finished and set(half.index) == finished, "the index tells what was finished"
    outcome = prepared(root, tmp_path / "two", jobs=2)
    assert outcome.known == len(half.index) and outcome.complete
    assert crop_files(tmp_path / "one") == crop_files(tmp_path / "two")
    assert not (tmp_path / "two" / ".work").exists()


def test_a_killed_run_continues_and_ends_with_the_same_crops(root: Path, tmp_path: Path) -> None:
    for i in range(3, 12):
        shutil.copy(root / "a" / "real" / "r1.avi", root / "a" / "real" / f"r{i}.avi")
    out = tmp_path / "killed"
    code = "from bandbench.benchmark.cli import main; main()"
    command = [sys.executable, "-c", code, "data", "prepare", REFERENCE, "--root", str(root), "--out", str(out), "--jobs", "1"]
    command += ["--faces", "haar"]  # slow enough to be caught in the middle
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        while len(list(out.glob(f"crops/**/{SOURCE}"))) < 2 and process.poll() is None:
            time.sleep(0.002)
    finally:
        process.send_signal(signal.SIGKILL)
        _, err = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, err
    n_done = len(list(out.glob(f"crops/**/{SOURCE}")))
    assert 2 <= n_done < 15
    (out / ".work" / "left").mkdir(parents=True, exist_ok=True)
    (out / ".work" / "left" / "000000.png").write_bytes(b"half")
    with pytest.raises(DataError, match="only in part; go on with: bench data prepare"):
        _ = Preparation.at(out).index  # type: ignore[union-attr]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0 and f"{15 - n_done} sources done now, {n_done} before" in ended.stderr, ended.stderr
    prepared(root, tmp_path / "whole", faces="haar")
    assert crop_files(out) == crop_files(tmp_path / "whole")
    assert not (out / ".work").exists()


def test_what_changed_is_done_again_and_what_vanished_is_kept(root: Path) -> None:
    old = prepared(root).preparation.index
    write_face_clip(root / "a" / "real" / "r0.mp4", 40, 5)
    (root / "a" / "fake" / "f1.avi").unlink()
    after = prepared(root)
    assert (after.done, after.known, after.vanished) == (1, 4, ("a/fake/f1.avi",))
    new = after.preparation.index
    changed = {i for i in old if [c.sha256 for c in old[i].crops] != [c.sha256 for c in new[i].crops]}
    assert changed == {"a/real/r0.mp4"}
    assert len([item for item in Clips(root).items("a") if item.video == "a/fake/f1.avi"]) == FRAMES
    for item in Clips(root).items("a"):
        assert images.decode(Clips(root).read(item)).size
    assert prepared(root).done == 0


@pytest.mark.parametrize("damage", [Path.unlink, lambda path: path.write_bytes(b"")], ids=["deleted", "emptied by a power cut"])
def test_a_source_whose_crops_are_not_all_there_is_done_again(root: Path, damage: Callable[[Path], object]) -> None:
    folder = prepared(root).preparation.folder
    before = crop_files(folder)
    damage(folder / "crops" / "a" / "real" / "r0.mp4" / "000002.png")
    assert prepared(root).done == 1
    assert crop_files(folder) == before


def test_a_full_disk_stops_the_run_and_costs_nothing_that_was_done(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepared(root, tmp_path / "whole")
    written = 0

    def write(path: Path, data: bytes) -> None:
        nonlocal written
        written += 1
        if written > 2 * FRAMES + 1:
            path.write_bytes(data[:100])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        path.write_bytes(data)

    with monkeypatch.context() as full:
        full.setattr(cutting, "write_bytes", write)
        with pytest.raises(DiskError, match=r"cannot write .*the disk is full.*same command continues"):
            prepared(root, tmp_path / "out")
    kept = Preparation.at(tmp_path / "out")
    assert kept and set(kept.index) == {"a/fake/f0.mp4", "a/fake/f1.avi"}
    assert prepared(root, tmp_path / "out").known == 2
    assert crop_files(tmp_path / "out") == crop_files(tmp_path / "whole")


def test_two_runs_never_work_on_one_folder(root: Path, tmp_path: Path) -> None:
    busy = f"another `bench data prepare` is working on {tmp_path / 'out'}"
    with holding(tmp_path / "out" / LOCK), pytest.raises(DataError, match=busy):
        prepared(root, tmp_path / "out")
    assert prepared(root, tmp_path / "out").complete


# --- what is not mixed -----------------------------------------------------------------------------------------------


def test_other_settings_go_elsewhere_and_never_into_the_same_folder(root: Path, tmp_path: Path) -> None:
    first, second = prepared(root), prepared(root, frames=2)
    assert first.preparation.folder != second.preparation.folder
    with pytest.raises(DataError, match="prepared in 2 ways; choose one: --data clips="):
        Clips(root).items("a")
    assert len(Clips(second.preparation.folder).items("a")) == 12
    prepared(root, tmp_path / "out", margin=0.3)
    with pytest.raises(DataError, match=r"\(frames=3 there, frames=2 now; margin=0.3 there, margin=0.15 now\)"):
        prepared(root, tmp_path / "out", frames=2)


def test_an_out_folder_is_found_from_the_root(root: Path, tmp_path: Path) -> None:
    outcome = prepared(root, tmp_path / "out")
    assert not default_folder(Clips(root).origin, outcome.preparation.settings).exists()
    assert len(Clips(root).items("a")) == 6 * FRAMES == len(Clips(tmp_path / "out").items("a"))


def test_domains_one_after_the_other(root: Path) -> None:
    shutil.copytree(root / "a", root / "b@c23")
    outcome = prepared(root, domains=("a",))
    assert {count.domain for count in outcome.counts} == {"a"} and outcome.complete
    with pytest.raises(
        DataError, match=r"none of 6 sources of this domain .* was prepared yet; go on with: bench data prepare"
    ):
        Clips(root).items("b@c23")
    assert "6 of 12 sources not prepared yet" in Clips(root).facts()["missing"]
    assert (Clips(root).lost_sources("a"), Clips(root).lost_sources("b@c23")) == ([], ["6 of 6 sources not prepared yet"])
    assert prepared(root, domains=("clips/@c23",)).done == 6
    assert prepared(root).done == 0 and len(Clips(root).items("b@c23")) == 6 * FRAMES
    with pytest.raises(DataError, match=r"unknown domain of clips 'c'.*Known: a, b@c23"):
        prepared(root, domains=("c",))


# --- previews and commands -------------------------------------------------------------------------------------------


def test_a_preview_extrapolates_from_a_sample_and_keeps_nothing(root: Path, tmp_path: Path) -> None:
    for i in range(3, 9):
        shutil.copy(root / "a" / "real" / "r0.mp4", root / "a" / "real" / f"r{i}.mp4")
    dataset = Clips(root)
    before = sorted(tmp_path.rglob("*"))
    real, fake, total = preview(dataset, merge_settings(dataset, {}))
    assert sorted(tmp_path.rglob("*")) == before
    assert (real.sources, fake.sources, total.sources, total.sampled) == (9, 3, 12, 6)
    outcome = prepared(root)
    assert (real.crops, total.crops) == (9 * FRAMES, 12 * FRAMES)
    size = sum(path.stat().st_size for path in outcome.preparation.folder.glob("crops/**/*") if path.is_file())
    assert total.bytes == pytest.approx(size, rel=0.3)
    assert [e.known for e in preview(dataset, merge_settings(dataset, {}))] == [9, 3, 12]


def test_the_command_that_continues_a_preparation_names_every_deviation(tmp_path: Path) -> None:
    (tmp_path / "root").mkdir()
    dataset = Clips(tmp_path / "root", fatal="x.png")
    settings = merge_settings(dataset, {})
    start = f"bench data prepare {REFERENCE} --root {tmp_path}/root --param fatal=x.png"
    usual = default_folder(dataset.origin, settings)
    assert command_of(dataset, settings, usual, None) == start
    other = merge_settings(dataset, {"every": 4})
    assert command_of(dataset, other, tmp_path / "o ut", tmp_path / "w.onnx") == (
        f"{start} --every 4 --weights {tmp_path}/w.onnx --out '{tmp_path}/o ut'"
    )


def test_frames_carry_their_numbers(tmp_path: Path) -> None:
    """The number in a crop's name is the one that is written into the frame."""
    path = tmp_path / "root" / "a" / "real" / "r1.mp4"
    path.parent.mkdir(parents=True)
    pictures = [np.full((64, 128, 3), 90, dtype=np.uint8) for _ in range(11)]
    for k, picture in enumerate(pictures):
        write_code(picture, k)
    write_clip(path, pictures, "libx264")
    outcome = prepared(tmp_path / "root", every=4)
    (record,) = outcome.preparation.index.values()
    codes = {c.file: read_code(images.decode(outcome.preparation.read(f"{record.id}/{c.file}"))) for c in record.crops}
    assert codes == {"000000.png": 0, "000004.png": 4, "000008.png": 8}
