"""Folders that no adapter knows: what is used, and one line on what is not."""

import os
from pathlib import Path

import pytest

from bandbench.benchmark.pictures import crops as images
from bandbench.datasets.copies.listing import find_files, known_suffix, list_files, own_tree, passed_over
from bandbench.datasets.copies.tree import Trouble


def put(root: Path, *names: str, content: bytes = b"x") -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(content)
    return root


def test_pictures_are_listed_and_the_rest_is_counted(tmp_path: Path) -> None:
    root = put(tmp_path, "a/1.PNG", "a.jpg/2.jfif", "3.avif", ".hidden/4.png", "a/5.txt", "6.txt", "7.zip", "8.mp4", "9")
    put(root, "photo.0001", "Mr. Smith", content=b"\x89PNG\r\n\x1a\n")
    listing = list_files(own_tree(root))
    assert listing.files == ("3.avif", "Mr. Smith", "a.jpg/2.jfif", "a/1.PNG", "photo.0001")
    assert listing.passed_over == "2 .txt, 1 .mp4 (clips: bench data prepare), 1 .zip (unpack it), 1 without a suffix"


def test_several_walks_share_what_they_have_seen(tmp_path: Path) -> None:
    put(tmp_path, "store/1.png", "a/2.png", "b/3.png")
    for folder in ("a", "b"):
        (tmp_path / folder / "more").symlink_to(tmp_path / "store")
    tree, seen = own_tree(tmp_path), set()
    assert list_files(tree, ["a"], seen=seen).files == ("a/2.png", "a/more/1.png")
    assert list_files(tree, ["b"], seen=seen).files == ("b/3.png",)
    assert [trouble.path for trouble in tree.troubles] == ["b/more"]


def test_pipes_and_links_to_nothing_are_named_and_not_opened(tmp_path: Path) -> None:
    put(tmp_path, "1.png")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device.png").symlink_to("/dev/zero")
    (tmp_path / "gone.png").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    listing = list_files(own_tree(tmp_path))
    assert listing.files == ("1.png",)
    assert [trouble.path for trouble in listing.troubles] == ["device.png", "gone.png", "loop", "pipe"]
    assert "device.png is neither a file nor a folder; gone.png" in listing.passed_over
    assert "passed over" not in listing.passed_over
    found = find_files([tmp_path])
    assert found.passed_over == ""
    assert [lost.path.name for lost in found.lost] == ["device.png", "gone.png", "loop", "pipe"]
    assert listing.passed_over.endswith("; and 1 more")


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("a.JPG", ".jpg"), ("a.7z", ".7z"), ("a.0001", ""), ("a.jpg copy", ""), ("a", ""), (".png", ""), ("a/b.c/d", "")],
)
def test_a_suffix_is_told_from_a_name_with_a_full_stop(name: str, suffix: str) -> None:
    assert known_suffix(name) == suffix


def test_an_extra_that_would_help_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "heic_missing", lambda: "needs the extra")
    assert passed_over({".txt": 12, ".heic": 34}) == "34 .heic (extra heic), 12 .txt"
    assert passed_over({}, [Trouble("a", "outside", "is a link.")]) == "a is a link"
    assert passed_over({}) == ""
