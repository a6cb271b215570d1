"""Clips are listed at any depth; those in archives are reported, and a layout in an archive is refused."""

import zipfile
from pathlib import Path

import pytest

from bandbench.benchmark.errors import DataError
from bandbench.datasets.copies.clips import is_packed, loose_clips, refuse_packed
from bandbench.datasets.copies.tree import Tree


def write(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")
    return root


def pack(path: Path, *names: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, b"x")
    return path


def test_clips_are_listed_below_a_folder_and_nothing_else_is(tmp_path: Path) -> None:
    tree = Tree(write(tmp_path, "a/1.mp4", "a/b/2.AVI", "a/notes.txt", "a/3.png", "c/4.mp4"))
    assert sorted(loose_clips(tree, "a")) == ["a/1.mp4", "a/b/2.AVI"]
    assert tree.troubles == []


def test_an_archive_with_clips_is_reported_and_not_entered(tmp_path: Path) -> None:
    write(tmp_path, "1.mp4")
    pack(tmp_path / "more.zip", "2.mp4", "deep/3.mp4", "list.txt")
    pack(tmp_path / "labels.zip", "list.txt")
    tree = Tree(tmp_path)
    assert list(loose_clips(tree, "")) == ["1.mp4"]
    assert [(trouble.path, trouble.status) for trouble in tree.troubles] == [("more.zip", "packed")]
    assert tree.troubles[0].detail.startswith("is an archive with 2 clips")


def test_a_folder_is_no_archive_even_if_its_name_is_that_of_one(tmp_path: Path) -> None:
    tree = Tree(write(tmp_path, "folder.zip/1.mp4"))
    assert not is_packed(tree, "folder.zip")
    assert list(loose_clips(tree, "")) == ["folder.zip/1.mp4"]


def test_a_layout_in_an_archive_is_refused_with_its_path(tmp_path: Path) -> None:
    pack(tmp_path / "set.zip", "real/1.mp4")
    write(tmp_path, "folder.zip/real/1.mp4")
    tree = Tree(tmp_path)
    with pytest.raises(DataError, match=r"uadfv: .*set\.zip is an archive, from which clips are not read; unpack it"):
        refuse_packed("uadfv", tree, "set.zip/real")
    refuse_packed("uadfv", tree, "folder.zip/real")
    refuse_packed("uadfv", tree, "")
