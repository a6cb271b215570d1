"""LSUN: true databases, their keys, crops, exported pictures, and databases that cannot be read."""

import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.contracts import FAKE, REAL, Item
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.pictures.crops import decode
from bandbench.datasets.lsun import LSUN, category_of, square, strip
from trees.picture_trees import (
    auc_of_one_cell,
    by_split,
    encoded,
    failed_checks,
    picture,
    pictures,
    said,
    troubles,
    write,
    write_fakes,
    write_lmdb,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "crops.npz"


def records(n: int, suffix: str = ".jpg", rows: int = 64, cols: int = 80, seed: int = 0) -> dict[bytes, bytes]:
    """Records as LSUN has them: a hash as the key, a picture file as the value."""
    return {f"{i * 7919 % 65521:08x}".encode(): encoded(picture(seed + i, rows, cols), suffix) for i in range(n)}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write_lmdb(tmp_path / "lsun" / "bedroom_train_lmdb", records(18))
    write_lmdb(tmp_path / "lsun" / "bedroom_val_lmdb", records(2, seed=50))
    return tmp_path / "lsun"


def test_records_are_items(root: Path) -> None:
    dataset = LSUN(root)
    items = dataset.items("")
    assert by_split(items, REAL) == {"train": 12, "val": 4, "test": 4}
    assert {item.id.partition("/")[0] for item in items} == {"bedroom_train_lmdb", "bedroom_val_lmdb"}
    key = items[0].id.partition("/")[2]
    assert LSUN(root, crop="none").read(items[0]) == records(18)[key.encode()]
    assert not dataset.surveyed.missing and not troubles(dataset)
    assert dataset.tree.read(items[0].id) == records(18)[key.encode()], "as it was distributed, whatever is cut out of it"
    with pytest.raises(FileNotFoundError):
        dataset.read(Item("bedroom_train_lmdb/nobody", 0, "test"))
    with pytest.raises(DataError, match="leads out of"):
        dataset.read(Item(f"../{root.name}/bedroom_train_lmdb/{key}", 0, "test"))


def test_a_database_that_cannot_be_written_to(root: Path) -> None:
    (root / "bedroom_train_lmdb" / "lock.mdb").unlink()
    before = sorted(path.name for path in root.rglob("*"))
    assert LSUN(root).items("") and sorted(path.name for path in root.rglob("*")) == before


def test_crops(root: Path) -> None:
    item = LSUN(root).items("")[0]
    whole = decode(LSUN(root, crop="none").read(item))
    assert whole.shape == (64, 80)
    np.testing.assert_array_equal(decode(LSUN(root).read(item)), whole[:, 8:72])
    assert decode(LSUN(root, size=32).read(item)).shape == (32, 32)
    assert decode(LSUN(root, crop="faithful").read(item)).shape == (128, 128)
    assert "reals are resized to 32x32 (Lanczos)" in said(LSUN(root, size=32))
    assert "reals are the published strips, stretched to 128x128; fakes are not" in said(LSUN(root, crop="faithful"))
    for options, message in (
        ({"crop": "squared"}, "unknown crop of lsun 'squared'. Did you mean 'square'"),
        ({"crop": "none", "size": 64}, "size is 0 or, with crop=square"),
        ({"limit": 0}, "limit is at least 1, got 0"),
    ):
        with pytest.raises(DataError, match=message):
            LSUN(root, **options).items("")


def test_the_strip_is_that_of_the_published_program() -> None:
    with np.load(GOLDEN) as golden:
        names = [name.partition("/")[2] for name in golden if name.startswith("lsun_in/")]
        assert len(names) == 3
        for name in names:
            found, wanted = strip(golden[f"lsun_in/{name}"]), golden[f"lsun_out/{name}"]
            np.testing.assert_array_equal(found, wanted)
    with pytest.raises(DataError, match="257x256 pixels leave no strip"):
        strip(np.zeros((256, 257, 3), np.uint8))


@pytest.mark.parametrize("shape", [(256, 341), (341, 256), (256, 256), (301, 300)])
def test_the_square_is_in_the_middle_and_keeps_its_pixels(shape: tuple[int, int]) -> None:
    whole = np.arange(np.prod(shape) * 3, dtype=np.uint32).astype(np.uint8).reshape(*shape, 3)
    side = min(shape)
    top, left = (shape[0] - side) // 2, (shape[1] - side) // 2
    np.testing.assert_array_equal(square(whole), whole[top : top + side, left : left + side])
    np.testing.assert_array_equal(square(whole, side), square(whole))


def test_categories(root: Path) -> None:
    write_lmdb(root / "Church_Outdoor_train_lmdb", records(3, seed=90))
    write_lmdb(root / "tower_val_lmdb", records(1, seed=95))
    write_lmdb(root / "test_lmdb", records(5, seed=99))
    everything = LSUN(root)
    assert len(everything.items("")) == 24
    assert "categories are mixed: bedroom, church_outdoor, test, tower; category=NAME takes one" in said(everything)
    assert everything.surveyed.missing == ("tower_train_lmdb",)
    assert "test_lmdb: unknown: mixes all categories" in troubles(everything)
    assert len(LSUN(root, category="church-outdoor").items("")) == 3
    assert len(LSUN(root, category="bedroom").items("")) == 20
    with pytest.raises(DataError, match="unknown category of lsun in .* 'bedrooms'. Did you mean 'bedroom'"):
        LSUN(root, category="bedrooms").items("")
    assert category_of("x/conference_room_train_lmdb") == "conference_room"


def test_a_limit_takes_the_first_records_by_key(root: Path) -> None:
    dataset = LSUN(root, limit=5)
    taken = sorted(item.id.partition("/")[2] for item in dataset.items("") if "train_lmdb" in item.id)
    assert taken == sorted(key.decode() for key in records(18))[:5]
    assert "bedroom_train_lmdb: the first 5 of 18 records by key (limit=5)" in said(dataset)
    assert "val_lmdb" not in said(dataset)


def test_keys_that_are_no_names_are_reported(tmp_path: Path) -> None:
    bad = {
        b"../../etc/passwd": b"x",
        b"a/b": b"x",
        b"\xff\xfe": b"x",
        b"..": b"x",
        b"a\\b": b"x",
        b"new\nline": b"x",
        b".": b"x",
    }
    write_lmdb(tmp_path / "bedroom_train_lmdb", records(5) | bad)
    dataset = LSUN(tmp_path)
    assert len(dataset.items("")) == 5
    assert "bedroom_train_lmdb: bad_entry: 7 records have keys that are no names (first: b'.')" in troubles(dataset)


def test_databases_that_cannot_be_read(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "cut" / "a_train_lmdb", records(20))
    data = (tmp_path / "cut" / "a_train_lmdb" / "data.mdb").read_bytes()
    broken = {
        "cut": (data[: len(data) // 2], r"a_train_lmdb/data.mdb is cut off: [\d,]+ of [\d,]+ bytes are there; get it again"),
        "empty": (b"", r"a_train_lmdb/data.mdb is empty \(0 bytes\)"),
        "page": (b"<html>404</html>" * 1000, "is no lmdb database that can be read .*get it again"),
        "zeros": (data[:8192] + bytes(len(data) - 8192), "is no lmdb database that can be read .*get it again"),
    }
    for name, (content, message) in broken.items():
        write(tmp_path, {f"{name}/a_train_lmdb/data.mdb": content})
        with pytest.raises(DataError, match=message):
            LSUN(tmp_path / name).items("")
        write_lmdb(tmp_path / name / "b_train_lmdb", records(5))
        rest = LSUN(tmp_path / name)
        assert len(rest.items("")) == 5, "what can be read is used"
        assert "a_train_lmdb: unreadable: " in troubles(rest)


def test_an_empty_database(tmp_path: Path) -> None:
    write_lmdb(tmp_path / "bedroom_train_lmdb", {})
    with pytest.raises(DataError, match="lsun: bedroom_train_lmdb holds no record"):
        LSUN(tmp_path).items("")


def test_a_database_in_an_archive_has_to_be_unpacked(root: Path, tmp_path: Path) -> None:
    (tmp_path / "packed").mkdir()
    with zipfile.ZipFile(tmp_path / "packed" / "bedroom_val_lmdb.zip", "w") as archive:
        archive.write(root / "bedroom_val_lmdb" / "data.mdb", "bedroom_val_lmdb/data.mdb")
    with pytest.raises(
        DataError, match="found: bedroom_val_lmdb.zip; bedroom_val_lmdb.zip holds a database, .* unpack it beside itself"
    ):
        LSUN(tmp_path / "packed").items("")
    with pytest.raises(DataError, match=f"is a database of LSUN; give the folder above: {root}"):
        LSUN(root / "bedroom_val_lmdb").items("")
    assert len(LSUN(tmp_path).items("")) == 20, "one level above"


def test_exported_pictures_need_no_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, pictures([f"bedroom/{i % 3}/{i:04d}.webp" for i in range(10)] + ["church/1.webp"]))
    write_lmdb(tmp_path / "db" / "bedroom_val_lmdb", records(2))
    monkeypatch.setitem(sys.modules, "lmdb", None)
    with pytest.raises(DataError, match=r"needs the extra `lsun` \(lmdb missing\): .*lsun"):
        LSUN(tmp_path / "db").items("")
    (tmp_path / "db" / "bedroom_val_lmdb" / "data.mdb").unlink()
    dataset = LSUN(tmp_path, category="bedroom", crop="none")
    items = dataset.items("")
    assert len(items) == 10
    assert dataset.read(items[0]) == (tmp_path / items[0].id).read_bytes()
    assert "pictures were exported from LSUN" in said(dataset)
    assert len(LSUN(tmp_path).items("")) == 11
    assert "the first 4 pictures by path; there are more (limit=4)" in said(LSUN(tmp_path, limit=4))
    with pytest.raises(DataError, match="in a folder tower/; found: bedroom"):
        LSUN(tmp_path, category="tower").items("")


@pytest.mark.parametrize(("suffix", "name"), [(".jpg", "JPEG"), (".webp", "WebP")])
def test_the_format_of_records_is_told(tmp_path: Path, suffix: str, name: str) -> None:
    write_lmdb(tmp_path / "lsun" / "bedroom_train_lmdb", records(5, suffix))
    dataset = LSUN(tmp_path / "lsun", fakes=str(write_fakes(tmp_path / "fakes", n=5)))
    assert f"reals are {name} and fakes are PNG" in said(dataset)


def test_a_study_runs_on_it_and_the_contract_holds(root: Path, tmp_path: Path, picture_folder: Callable[..., Path]) -> None:
    fakes = str(write_fakes(tmp_path / "made", ("ProGAN",), suffix=".jpg"))
    assert by_split(LSUN(root, fakes=fakes).items("ProGAN"), FAKE) == {"train": 12, "val": 4, "test": 4}
    assert not failed_checks("lsun", root, fakes=fakes)
    assert auc_of_one_cell("lsun", "ProGAN", root, fakes=fakes) > 0.7


def test_records_that_hold_no_picture_are_no_items(root: Path) -> None:
    notes = {b"__keys__": b"x", b"__len__": b"18", b"num-samples": b"18", b"protocol": b"5"}
    damaged = {b"0000000": b"not a picture", b"zz": b""}
    write_lmdb(root / "kitchen_train_lmdb", records(6, ".webp", seed=70) | notes | damaged)
    dataset = LSUN(root, category="kitchen", limit=5)
    keys = sorted(records(6))
    assert {item.id for item in dataset.items("")} == {f"kitchen_train_lmdb/{key.decode()}" for key in keys[:5]}
    assert "kitchen_train_lmdb/0000000: unreadable: holds no picture; passed over." in troubles(dataset)
    everything = LSUN(root, category="kitchen")
    assert len(everything.items("")) == 6
    assert "kitchen_train_lmdb/0000000: unreadable: and 1 more records hold no picture; passed over." in troubles(everything)
    assert "kitchen_train_lmdb/__keys__: unknown: and 3 more records describe the database" in troubles(everything)
    assert "records by key" not in said(everything)
    write_lmdb(root / "tower_train_lmdb", notes)
    with pytest.raises(DataError, match="tower_train_lmdb holds no record that is a picture.*3 more records describe"):
        LSUN(root, category="tower").items("")
