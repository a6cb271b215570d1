"""Seals: every damage of a file is found, and a folder that nobody sealed is not suspected."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bandbench.benchmark.store.files import read_json
from bandbench.benchmark.store.seal import SEAL, break_seal, damaged_files, is_sealed, seal_folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("rows.json", "splits/a.parquet", "splits/b.parquet", "model/weights"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"as it was written: " + name.encode())
    seal_folder(tmp_path, without=("model",))
    return tmp_path


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[3] ^= 1
    path.write_bytes(content)


def replaced_by_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def test_a_whole_folder_has_no_damaged_files(folder: Path) -> None:
    assert is_sealed(folder)
    assert sorted(read_json(folder / SEAL)) == ["rows.json", "splits/a.parquet", "splits/b.parquet"]
    assert damaged_files(folder) == []


@pytest.mark.parametrize("damage", [flipped, Path.unlink, lambda path: path.write_bytes(b""), replaced_by_a_folder])
def test_each_damage_of_a_file_is_found(damage: Callable[[Path], object], folder: Path) -> None:
    damage(folder / "splits" / "a.parquet")
    assert damaged_files(folder) == ["splits/a.parquet"]


def test_what_has_digests_of_its_own_or_was_added_is_not_looked_at(folder: Path) -> None:
    flipped(folder / "model" / "weights")
    (folder / "added").write_bytes(b"x")
    assert damaged_files(folder) == []


@pytest.mark.parametrize("seal", [b"{", b"[]", b'{"rows.json": 1}', b'{"../rows.json": "%s"}' % (b"0" * 64)])
def test_a_damaged_seal_is_the_damaged_file(seal: bytes, folder: Path) -> None:
    (folder / SEAL).write_bytes(seal)
    assert damaged_files(folder) == [SEAL]


def test_a_folder_without_a_seal_is_not_suspected(folder: Path) -> None:
    break_seal(folder)
    flipped(folder / "rows.json")
    assert not is_sealed(folder)
    assert damaged_files(folder) == []
