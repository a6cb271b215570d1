"""The adapter of a folder that a user put together follows from the files in it."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from bandbench.datasets.copies.own_folders import CLIPS, OWN, PICTURES, adapter_of, has_clips
from bandbench.datasets.copies.prepared import Origin, Preparation, note_place
from bandbench.datasets.copies.settings import Settings
from bandbench.datasets.copies.survey import Source, Survey


def write(root: Path, names: Iterable[str]) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


def prepare(folder: Path, dataset: str, root: Path) -> Preparation:
    """An empty preparation of a root, which is found from it."""
    origin = Origin(dataset, root)
    survey = Survey((Source("real/a.mp4", "clip", 0, ("",)),))
    preparation = Preparation.create(folder, origin, 1, Settings(), survey.as_dict(), command="bench data prepare")
    note_place(origin, Settings(), folder)
    return preparation


@pytest.mark.parametrize(
    ("names", "adapter"),
    [
        (["real/a.png", "fake/b.png"], "folder"),
        (["real/a.png", "fake/b.png", "fake/c.mp4"], "folder"),
        (["real/a.mp4", "fake/b.mp4"], "clip_folder"),
        (["real/sub/a.MP4", "train/fake/b.mkv", "fake/x.txt"], "clip_folder"),
        (["real/a.png", "fake/b.mp4"], "clip_folder"),
        (["0_real/a.mp4", "1_fake/b.mp4"], "clip_folder"),
        (["real/notes.txt"], "folder"),
    ],
)
def test_clips_are_read_where_pictures_of_a_class_are_missing(tmp_path: Path, names: list[str], adapter: str) -> None:
    assert adapter_of(write(tmp_path / "data", names)) == adapter


def test_a_prepared_folder_belongs_to_the_data_set_that_it_was_prepared_from(tmp_path: Path) -> None:
    root = write(tmp_path / "root", ["real/a.mp4"])
    assert adapter_of(prepare(tmp_path / "crops", "celebdf", root).folder) == "celebdf"


def test_a_folder_whose_clips_were_prepared_is_one_of_clips(tmp_path: Path) -> None:
    root = write(tmp_path / "root", ["real/a.png", "fake/b.png", "fake/c.mp4"])
    assert adapter_of(root) == PICTURES
    prepare(tmp_path / "crops", CLIPS, root)
    assert adapter_of(root) == CLIPS


def test_clips_are_found_at_any_depth(tmp_path: Path) -> None:
    assert has_clips(write(tmp_path / "a", ["x/y/z.webm"]))
    assert not has_clips(write(tmp_path / "b", ["x/y/z.png", "mp4"]))
    assert OWN == ("folder", "clip_folder")
