"""Folders of one's own: layouts, groups, splits and mistakes."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.protocol import check_no_leak
from bandbench.datasets.folder import Folder, group_key

Maker = Callable[..., Path]


def split_of(items: list[Item]) -> dict[str, str]:
    return {item.id: item.split for item in items}


def touch(root: Path, *names: str) -> Path:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"")
    return root


def test_fifths(picture_folder: Maker) -> None:
    items = Folder(picture_folder(n=20)).items("")
    for label in (0, 1):
        mine = [item.split for item in items if item.label == label]
        assert (mine.count("train"), mine.count("val"), mine.count("test")) == (12, 4, 4)


def test_the_test_split_follows_the_seed_alone(picture_folder: Maker) -> None:
    root = picture_folder()
    first, again, replicate, seed = (
        split_of(Folder(root, *arguments).items("")) for arguments in ((0, 0), (0, 0), (0, 1), (1, 0))
    )
    assert first == again
    assert replicate != first
    assert {i for i, s in replicate.items() if s == "test"} == {i for i, s in first.items() if s == "test"}
    assert {i for i, s in seed.items() if s == "test"} != {i for i, s in first.items() if s == "test"}


def test_splits_do_not_depend_on_where_the_folder_lies(picture_folder: Maker, tmp_path: Path) -> None:
    root = picture_folder()
    shutil.copytree(root, tmp_path / "elsewhere" / "copy")
    assert split_of(Folder(root).items("")) == split_of(Folder(tmp_path / "elsewhere" / "copy").items(""))


def test_group_key() -> None:
    assert group_key("real/id7_002.png") == "id7"
    assert group_key("fake/id7-13.png") == "id7"
    assert group_key("test/fake/clip3/0001.png") == "clip3"
    assert group_key("real/201600.jpg") == ""
    assert group_key("real/portrait.jpg") == ""


def test_numbered_names_stay_together_in_both_classes(tmp_path: Path) -> None:
    names = [f"{label}/person{p}_{i:03d}.png" for label in ("real", "fake") for p in range(10) for i in range(4)]
    items = Folder(touch(tmp_path, *names)).items("")
    by_person: dict[str, set[str]] = {}
    for item in items:
        by_person.setdefault(item.group, set()).add(item.split)
    assert len(by_person) == 10
    assert all(len(splits) == 1 for splits in by_person.values())
    for a, b in (("train", "val"), ("train", "test"), ("val", "test")):
        check_no_leak("sides", [i for i in items if i.split == a], [i for i in items if i.split == b])


def test_a_prefix_that_does_not_repeat_is_no_group(tmp_path: Path) -> None:
    names = [f"{label}/{label}{i}_1.png" for label in ("real", "fake") for i in range(8)]
    assert all(item.video == "" for item in Folder(touch(tmp_path, *names)).items(""))


def test_given_splits_are_kept_and_validation_is_drawn_where_it_is_missing(tmp_path: Path) -> None:
    names = [f"{s}/{label}/{i}.png" for s in ("train", "Test") for label in ("Real", "FAKE") for i in range(10)]
    items = Folder(touch(tmp_path, *names)).items("")
    assert all(item.split == "test" for item in items if item.id.startswith("Test"))
    drawn = [item.split for item in items if item.id.startswith("train")]
    assert (drawn.count("train"), drawn.count("val")) == (16, 4)


def test_other_files_are_left_alone(picture_folder: Maker) -> None:
    root = picture_folder(n=10)
    touch(root, "real/notes.txt", "real/.hidden.png", ".DS_Store")
    assert len(Folder(root).items("")) == 20


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["real/1.png"], "missing: fake; found: real"),
        (["a/1.png", "b/1.png"], r"needs the sub-folders real/ and fake/.*missing: real, fake; found: a, b"),
        (["real/1.png", "fake/readme.txt"], "fake holds no picture; wanted .jpg"),
        (["real/1.png", "fake/1.png"], "2 pictures in 2 groups cannot be split"),
        (["train/real/1.png", "train/fake/1.png", "test/real/1.png"], "missing: fake"),
    ],
)
def test_layout_mistakes_are_named(tmp_path: Path, names: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        Folder(touch(tmp_path, *names)).items("")


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        Folder(tmp_path / "nowhere").items("")
