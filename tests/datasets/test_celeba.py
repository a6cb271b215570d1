"""CelebA: partition, persons, archives, the window, and copies that are not whole."""

import io
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.contracts import FAKE, REAL
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.pictures.crops import decode
from bandbench.datasets.celeba import CelebA, parse_list, window
from trees.picture_trees import (
    auc_of_one_cell,
    by_split,
    encoded,
    failed_checks,
    pictures,
    said,
    troubles,
    write,
    write_fakes,
    write_zip,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "crops.npz"
NAMES = [f"{i:06d}.jpg" for i in range(1, 21)]
PARTITION = "".join(f"{name} {0 if i < 12 else 1 if i < 16 else 2}\n" for i, name in enumerate(NAMES))
PEOPLE = "".join(f"{name} {100 + i // 2}\n" for i, name in enumerate(NAMES))
SHARES = {"train": 12, "val": 4, "test": 4}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return pictures(NAMES, rows=218, cols=178)


@pytest.fixture
def root(tmp_path: Path, files: dict[str, bytes]) -> Path:
    write(tmp_path / "celeba", {f"img_align_celeba/{name}": data for name, data in files.items()})
    return write(tmp_path / "celeba", {"list_eval_partition.txt": PARTITION, "identity_CelebA.txt": PEOPLE})


def test_the_official_partition_counts(root: Path) -> None:
    dataset = CelebA(root)
    items = dataset.items("")
    assert by_split(items, REAL) == SHARES
    assert {item.id: item.split for item in items}["img_align_celeba/000013.jpg"] == "val"
    assert [item.target for item in items[:3]] == ["100", "100", "101"]
    assert dataset.for_replicate(1).items("") == items
    assert not dataset.surveyed.missing and not troubles(dataset)


def test_splits_without_the_partition_keep_persons_together(root: Path) -> None:
    (root / "list_eval_partition.txt").unlink()
    dataset = CelebA(root)
    splits: dict[str, set[str]] = {}
    for item in dataset.items(""):
        splits.setdefault(item.target, set()).add(item.split)
    assert len(splits) == 10 and all(len(found) == 1 for found in splits.values())
    assert by_split(dataset.items(""), REAL) == SHARES
    assert "splits are drawn by rule and are not the official ones" in said(dataset)
    assert "list_eval_partition.txt; 202,579 of 202,599 pictures" in said(dataset)
    (root / "identity_CelebA.txt").unlink()
    assert "persons are unknown, and one may be on two sides" in said(CelebA(root))


@pytest.mark.parametrize("place", ["img_align_celeba.zip", "Img/img_align_celeba.zip"])
def test_the_archive_is_read_in_place(tmp_path: Path, files: dict[str, bytes], place: str) -> None:
    entries = {f"img_align_celeba/{name}": data for name, data in files.items()}
    write_zip(tmp_path / "celeba" / place, entries | {"../../etc/000099.jpg": b"x", "__MACOSX/000098.jpg": b"x"})
    write(tmp_path / "celeba", {"Eval/list_eval_partition.txt": PARTITION, "Anno/identity_CelebA.txt": PEOPLE})
    dataset = CelebA(tmp_path / "celeba", crop="none")
    items = dataset.items("")
    assert by_split(items, REAL) == SHARES
    assert items[0].id == f"{place}/img_align_celeba/000001.jpg"
    assert dataset.read(items[0]) == files["000001.jpg"]
    assert troubles(dataset).startswith(f"{place}/../../etc/000099.jpg: bad_entry: is an entry that leads out of its archive")


def test_the_copy_of_kaggle(tmp_path: Path, files: dict[str, bytes]) -> None:
    """A folder in a folder of its name, and the partition as a table."""
    table = "image_id,partition\n" + PARTITION.replace(" ", ",")
    write(tmp_path / "celeba", {f"img_align_celeba/img_align_celeba/{name}": data for name, data in files.items()})
    write(tmp_path / "celeba", {"list_eval_partition.csv": table, "list_attr_celeba.csv": "x"})
    dataset = CelebA(tmp_path / "celeba")
    assert by_split(dataset.items(""), REAL) == SHARES
    assert dataset.surveyed.missing == ("identity_CelebA.txt",)


def test_places_of_the_root(root: Path, tmp_path: Path) -> None:
    assert len(CelebA(tmp_path).items("")) == 20  # one level above
    with pytest.raises(DataError, match=f"img_align_celeba lies inside the data set; give the folder above: {root}"):
        CelebA(root / "img_align_celeba").items("")
    shutil.move(root / "img_align_celeba", tmp_path / "faces")
    assert len(CelebA(tmp_path / "faces").items("")) == 20  # nothing but pictures
    with pytest.raises(DataError, match=r"celeba does not hold CelebA \(.*found: identity_CelebA.txt, list_eval"):
        CelebA(root).items("")


def test_pictures_and_lists_that_disagree(root: Path) -> None:
    (root / "img_align_celeba" / "000002.jpg").rename(root / "img_align_celeba" / "000077.jpg")
    (root / "img_align_celeba" / "000003.jpg").rename(root / "img_align_celeba" / "000004.PNG")
    (root / "img_align_celeba" / "000005.jpg").rename(root / "img_align_celeba" / "copy of 5.jpg")
    write(root, {"list_eval_partition.txt": PARTITION + "000020.jpg 7\nwhat is this\n"})
    dataset = CelebA(root)
    items = dataset.items("")
    assert not {item.id for item in items} & {"img_align_celeba/000077.jpg", "img_align_celeba/000020.jpg"}
    assert "3 of 20 pictures (first: 000002) of list_eval_partition.txt" in said(dataset)
    told = troubles(dataset)
    assert "2 lines are not understood (first: 'what is this')" in told
    assert "1 of 18 pictures (first: 000077) are not in it; they are not used" in told
    assert "img_align_celeba/000004.jpg: duplicate: is picture 000004 again; img_align_celeba/000004.PNG is used" in told
    assert "1 pictures are not called by a number of 6 digits (first: img_align_celeba/copy of 5.jpg)" in told


def test_an_empty_list_is_refused(root: Path) -> None:
    write(root, {"list_eval_partition.txt": "<html>404</html>"})
    with pytest.raises(DataError, match="celeba: list_eval_partition.txt lists no picture; wanted lines such as"):
        CelebA(root).items("")


def test_the_window_is_that_of_the_published_program(tmp_path: Path) -> None:
    with np.load(GOLDEN) as golden:
        for name in ("celeba", "celeba_small"):
            np.testing.assert_array_equal(window(golden[f"{name}_in"]), golden[f"{name}_out"])
            # PNG, so that what is read can be compared pixel by pixel
            write(tmp_path, {"img_align_celeba/000001.png": encoded(golden[f"{name}_in"])})
            dataset = CelebA(tmp_path)
            read = dataset.read(dataset.items("")[0])
            np.testing.assert_array_equal(decode(read, colour=True), golden[f"{name}_out"])


def test_the_window_adds_no_codec(root: Path) -> None:
    item = CelebA(root).items("")[0]
    whole = np.asarray(Image.open(root / item.id))
    cropped = CelebA(root).read(item)
    assert Image.open(io.BytesIO(cropped)).format == "BMP"
    np.testing.assert_array_equal(decode(cropped), whole[57:185, 25:153])
    assert CelebA(root, crop="none").read(item) == (root / item.id).read_bytes()
    assert window(np.zeros((100, 90, 3), np.uint8)).shape == (100, 90, 3)
    with pytest.raises(DataError, match="unknown crop of celeba '64'"):
        CelebA(root, crop="64").items("")
    write(root, {item.id: b""})
    with pytest.raises(DataError, match="empty"):
        CelebA(root).read(item)


def test_lists_are_read_with_blanks_tables_and_carriage_returns() -> None:
    assert parse_list("000001.jpg  0\r\n\r\n000002.jpg\t1\r\n") == ({"000001": "0", "000002": "1"}, [])
    assert parse_list("000001.jpg 0 1\n1.jpg 0") == ({}, ["000001.jpg 0 1", "1.jpg 0"])


def test_a_study_runs_on_it_and_the_contract_holds(root: Path, tmp_path: Path, picture_folder: Callable[..., Path]) -> None:
    fakes = str(write_fakes(tmp_path / "made", ("ProGAN", "SNGAN"), side=128))
    dataset = CelebA(root, fakes=fakes)
    assert dataset.variants() == ("ProGAN", "SNGAN")
    assert by_split(dataset.items("SNGAN"), FAKE) == SHARES
    assert not failed_checks("celeba", root, fakes=fakes)
    assert auc_of_one_cell("celeba", "ProGAN", root, fakes=fakes) > 0.7
