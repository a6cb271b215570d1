"""Clips, folders of frames and stills give frames alike."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.errors import DataError
from bandbench.datasets.copies.settings import Settings
from bandbench.datasets.copies.survey import Source
from bandbench.datasets.copies.tree import Tree
from bandbench.datasets.faces.frames import iter_source_frames, list_frames
from trees.faces import read_code, scene, write_face_clip


def source(name: str, kind: str) -> Source:
    return Source(name, kind, 0, ("",))  # type: ignore[arg-type]


def jpeg(number: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(scene(1, number, size=(64, 96), face=48)).save(file, "JPEG", quality=95)
    return file.getvalue()


def frame_folder(root: Path, names: list[str]) -> Path:
    root.mkdir(parents=True)
    for number, name in enumerate(names):
        (root / name).write_bytes(jpeg(number))
    return root


@pytest.mark.parametrize("decoder", ["pyav", "opencv"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_clip_on_the_disk_and_in_an_archive(tmp_path: Path, packed: bool, decoder: str) -> None:
    clip = write_face_clip(tmp_path / "made" / "clip.mp4", 3, 12)
    place = "clips/clip.mp4"
    (tmp_path / "root").mkdir()
    if packed:
        place = "clips.zip/clip.mp4"
        with zipfile.ZipFile(tmp_path / "root" / "clips.zip", "w") as archive:
            archive.write(clip, "clip.mp4")
    else:
        (tmp_path / "root" / "clips").mkdir()
        clip.rename(tmp_path / "root" / place)
    settings = Settings(frames=4, decoder=decoder)  # type: ignore[arg-type]
    frames = iter_source_frames(Tree(tmp_path / "root"), source(place, "clip"), settings)
    found = list(frames)
    assert [frame.number for frame in found] == [read_code(frame.picture) for frame in found] == [0, 4, 7, 11]
    assert (frames.report.total, frames.report.looked_at, frames.report.notes) == (12, 4, [])


def test_a_clip_in_a_folder_that_is_called_like_an_archive(tmp_path: Path) -> None:
    write_face_clip(tmp_path / "part.zip" / "clip.avi", 3, 3, codec="mjpeg")
    frames = list(iter_source_frames(Tree(tmp_path), source("part.zip/clip.avi", "clip"), Settings(frames=3)))
    assert [read_code(frame.picture) for frame in frames] == [0, 1, 2]


@pytest.mark.parametrize("names", [[f"{k}.jpg" for k in range(1, 13)], [f"{k:03d}" for k in range(1, 13)]])
def test_a_folder_of_frames_in_the_order_of_their_numbers(tmp_path: Path, names: list[str]) -> None:
    """Suffix-less JPEG frames are how VidTIMIT comes."""
    frame_folder(tmp_path / "head", names)
    (tmp_path / "head" / ".hidden").write_bytes(b"")
    (tmp_path / "head" / "sound.wav").write_bytes(b"RIFF")
    frames = iter_source_frames(Tree(tmp_path), source("head", "frames"), Settings(frames=5))
    found = list(frames)
    assert [frame.number for frame in found] == [read_code(frame.picture) for frame in found] == [0, 3, 6, 8, 11]
    assert frames.report.total == 12
    stepped = iter_source_frames(Tree(tmp_path), source("head", "frames"), Settings(frames=0, every=5))
    assert [read_code(frame.picture) for frame in stepped] == [0, 5, 10]


def test_a_readme_among_the_frames_is_none(tmp_path: Path) -> None:
    frame_folder(tmp_path / "head", ["b10.png", "b9.png", "README"])
    assert list_frames(Tree(tmp_path), "head") == ["head/b9.png", "head/b10.png"]


def test_frames_that_do_not_decode_are_counted(tmp_path: Path) -> None:
    folder = frame_folder(tmp_path / "head", [f"{k}.jpg" for k in range(4)])
    (folder / "1.jpg").write_bytes(b"")
    (folder / "2.jpg").write_bytes(jpeg(2)[:200])
    frames = iter_source_frames(Tree(tmp_path), source("head", "frames"), Settings(frames=9))
    assert [frame.number for frame in frames] == [0, 3]
    assert frames.report.text == "2 of 4 pictures do not decode (1.jpg: the file is empty (0 bytes).)"


def test_nothing_that_decodes(tmp_path: Path) -> None:
    frame_folder(tmp_path / "none", [])
    (frame_folder(tmp_path / "bad", ["1.png"]) / "1.png").write_text("no picture")
    (tmp_path / "empty.mp4").write_bytes(b"")
    for name, kind, message in (
        ("none", "frames", "holds no picture"),
        ("bad", "frames", "1.png: not a JPEG"),
        ("bad/1.png", "still", "1.png: not a JPEG"),
        ("bad/2.png", "still", "2.png: .*No such file"),
        ("empty.mp4", "clip", "cannot be decoded as a video"),
    ):
        with pytest.raises(DataError, match=message):
            list(iter_source_frames(Tree(tmp_path), source(name, kind), Settings()))


def test_a_still_is_one_frame_whoever_reads_it(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(jpeg(7))
    (frame,) = iter_source_frames(Tree(tmp_path), source("a.jpg", "still"), Settings(frames=0, every=3))
    assert (frame.number, frame.seconds, read_code(frame.picture)) == (0, 0.0, 7)
    asked: list[str] = []

    def read(place: str) -> bytes:
        asked.append(place)
        return jpeg(9)

    (frame,) = iter_source_frames(Tree(tmp_path), source("record/12", "still"), Settings(), read)
    assert asked == ["record/12"] and read_code(frame.picture) == 9


def test_a_grey_picture_has_three_channels(tmp_path: Path) -> None:
    Image.fromarray(np.full((20, 30), 77, dtype=np.uint8)).save(tmp_path / "a.png")
    (frame,) = iter_source_frames(Tree(tmp_path), source("a.png", "still"), Settings())
    assert frame.picture.shape == (20, 30, 3) and (frame.picture == 77).all()
