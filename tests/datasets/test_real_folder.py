"""A folder of real pictures alone: all of them are test reals, and none is a fake."""

from pathlib import Path

import pytest

from bandbench.benchmark.contracts import REAL
from bandbench.benchmark.errors import DataError
from bandbench.datasets.real_folder import RealFolder
from trees.picture_trees import write


def groups(root: Path, *names: str) -> dict[str, str]:
    items = RealFolder(write(root, dict.fromkeys(names, b""))).items("")
    assert {(item.label, item.split) for item in items} == {(REAL, "test")}
    return {item.id: item.group for item in items}


def test_fakes_are_left_out_whatever_their_folder_is_called(tmp_path: Path) -> None:
    found = groups(tmp_path, "real/a.png", "1_fake/b.png", "train/real/c.png", "test/fake/d.png")
    assert sorted(found) == ["real/a.png", "train/real/c.png"]


def test_pictures_of_one_name_or_sub_folder_belong_together(tmp_path: Path) -> None:
    found = groups(tmp_path, "id1_001.png", "id1_002.png", "id2_001.png", "clip/x.png", "clip/y.png")
    assert found["id1_001.png"] == found["id1_002.png"] == "id1"
    assert found["clip/x.png"] == found["clip/y.png"] == "clip"
    assert found["id2_001.png"] == "id2_001.png"


def test_one_name_of_all_pictures_is_no_group(tmp_path: Path) -> None:
    found = groups(tmp_path, *(f"img_{i:04d}.png" for i in range(5)))
    assert len(set(found.values())) == 5


def test_a_folder_of_fakes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"does not hold real pictures; found: fake/"):
        groups(tmp_path, "fake/a.png")
