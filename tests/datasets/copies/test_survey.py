"""Sources and surveys as records: items made of them, the manifest's form, and the stamp of their files."""

import os
from pathlib import Path

import pytest

from bandbench.datasets.copies.survey import Source, Survey, source_stamp
from bandbench.datasets.copies.tree import Tree, Trouble


def test_a_survey_survives_its_manifest() -> None:
    source = Source("real1", "still", 0, ("a", "b"), target="p")
    survey = Survey((source,), ("c40",), (Trouble("x", "unknown", "what"),), ("note",))
    assert Survey.from_dict(survey.as_dict()) == survey


def test_an_item_has_the_facts_of_its_source() -> None:
    source = Source("a/1.mp4", "clip", 1, ("x@c23",), "test", "p", "q", "take", "x", "c23")
    item = source.item("a/1.mp4/000.png", "sha")
    assert (item.id, item.label, item.split, item.target, item.donor) == ("a/1.mp4/000.png", 1, "test", "p", "q")
    assert (item.video, item.generator, item.compression, item.fingerprint) == ("take", "x", "c23", "sha")


@pytest.mark.parametrize(("kind", "video"), [("clip", "id"), ("frames", "id"), ("still", "")])
def test_crops_of_one_clip_share_a_video_and_stills_do_not(kind: str, video: str) -> None:
    assert Source("id", kind, 0, ("",)).item("id/1.png").video == video  # type: ignore[arg-type]


def stamp(root: Path, kind: str, source_id: str) -> tuple[int, int]:
    return source_stamp(Tree(root), Source(source_id, kind, 0, ("",)))  # type: ignore[arg-type]


def write(path: Path, n_bytes: int, modified: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * n_bytes)
    os.utime(path, ns=(modified, modified))


def test_the_stamp_is_of_the_file_or_of_the_archive_around_it(tmp_path: Path) -> None:
    write(tmp_path / "a" / "1.mp4", 5, 10**9)
    write(tmp_path / "b.zip", 7, 2 * 10**9)
    assert stamp(tmp_path, "clip", "a/1.mp4") == (5, 10**9)
    assert stamp(tmp_path, "still", "b.zip/c/1.png") == (7, 2 * 10**9)


def test_the_stamp_of_frames_sums_bytes_and_takes_the_latest_change(tmp_path: Path) -> None:
    write(tmp_path / "f" / "1.png", 5, 3 * 10**9)
    write(tmp_path / "f" / "2.png", 6, 10**9)
    assert stamp(tmp_path, "frames", "f") == (11, 3 * 10**9)


def test_the_stamp_of_a_record_is_that_of_the_largest_file_of_its_database(tmp_path: Path) -> None:
    write(tmp_path / "bedroom_lmdb" / "data.mdb", 50, 10**9)
    write(tmp_path / "bedroom_lmdb" / "lock.mdb", 5, 3 * 10**9)
    assert stamp(tmp_path, "still", "bedroom_lmdb/0a1b") == (50, 10**9)


def test_a_source_without_any_file_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "1.png", 5, 10**9)
    (tmp_path / "empty").mkdir()
    for source_id in ("gone.png", "empty"):
        with pytest.raises(FileNotFoundError, match=source_id):
            stamp(tmp_path, "frames", source_id)
