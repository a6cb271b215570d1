"""FFHQ: splits by number, sizes, layouts and copies that are not whole."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bandbench.benchmark.contracts import REAL
from bandbench.benchmark.errors import DataError
from bandbench.datasets.ffhq import FFHQ
from trees.picture_trees import (
    auc_of_one_cell,
    by_split,
    failed_checks,
    pictures,
    said,
    troubles,
    write,
    write_fakes,
    write_zip,
)

NUMBERS = [*range(16), *range(60_000, 60_004)]


def numbered(folder: str = "", nested: bool = True, suffix: str = ".png") -> dict[str, bytes]:
    """Pictures of FFHQ: 16 of the first 60,000 and 4 of the last 10,000."""
    return pictures([f"{folder}{f'{n // 1000 * 1000:05d}/' if nested else ''}{n:05d}{suffix}" for n in NUMBERS])


@pytest.mark.parametrize("folder", ["images1024x1024/", "thumbnails128x128/", "ffhq-dataset/Thumbnails128x128/", ""])
@pytest.mark.parametrize("nested", [True, False])
def test_layouts(tmp_path: Path, folder: str, nested: bool) -> None:
    dataset = FFHQ(write(tmp_path, numbered(folder, nested)))
    items = dataset.items("")
    assert by_split(items, REAL) == {"train": 13, "val": 3, "test": 4}
    assert {item.id[-9:] for item in items if item.split == "test"} == {f"{n}.png" for n in range(60_000, 60_004)}
    assert dataset.read(items[0]) == (tmp_path / items[0].id).read_bytes()
    assert "59,984 of 60,000 training pictures (first: 00016); 9,996 of 10,000 test pictures (first: 60004)" in said(dataset)
    assert "validation is drawn by rule, a fifth of the first 60,000" in said(dataset)


def test_validation_follows_the_draw_and_test_does_not(tmp_path: Path) -> None:
    dataset = FFHQ(write(tmp_path, numbered("thumbnails128x128/")))
    first, second = dataset.items(""), dataset.for_replicate(1).items("")
    assert [i for i in first if i.split == "test"] == [i for i in second if i.split == "test"]
    assert first != second


def test_an_archive_is_read_in_place(tmp_path: Path) -> None:
    write_zip(tmp_path / "thumbnails128x128.zip", numbered("thumbnails128x128/"))
    dataset = FFHQ(tmp_path)
    assert by_split(dataset.items(""), REAL) == {"train": 13, "val": 3, "test": 4}
    assert dataset.read(dataset.items("")[0]) == numbered()["00000/00000.png"]


def test_which_size(tmp_path: Path) -> None:
    write(tmp_path, numbered("thumbnails128x128/") | pictures(["images1024x1024/00000.png"]))
    assert len(FFHQ(tmp_path).items("")) == 1
    assert "images1024x1024 are used; pictures=thumbnails128x128 takes the others" in said(FFHQ(tmp_path))
    small = FFHQ(tmp_path, pictures="thumbnails128x128")
    assert len(small.items("")) == 20 and small.items("")[0].id.startswith("thumbnails")
    with pytest.raises(DataError, match="unknown pictures of ffhq 'thumbnails'. Did you mean 'thumbnails128x128'"):
        FFHQ(tmp_path, pictures="thumbnails").items("")
    write(tmp_path / "other", numbered("images1024x1024/"))
    with pytest.raises(DataError, match="other has no folder thumbnails128x128; there: images1024x1024"):
        FFHQ(tmp_path / "other", pictures="thumbnails128x128").items("")
    assert len(FFHQ(tmp_path / "other" / "images1024x1024", pictures="images1024x1024").items("")) == 20


def test_a_copy_without_test_pictures_draws_them_and_says_so(tmp_path: Path) -> None:
    dataset = FFHQ(write(tmp_path, pictures([f"images1024x1024/{n:05d}.png" for n in range(10)])))
    assert by_split(dataset.items(""), REAL) == {"train": 6, "val": 2, "test": 2}
    assert "no picture from 60000 on is there: test and validation are drawn by rule from the training pictures" in said(
        dataset
    )


def test_copies_in_another_format_and_foreign_files(tmp_path: Path) -> None:
    write(tmp_path, numbered("images1024x1024/", suffix=".JPG"))
    write(tmp_path, pictures(["images1024x1024/00003.png", "images1024x1024/70000.png", "images1024x1024/cat.png"]))
    write(tmp_path, {"images1024x1024/LICENSE.txt": "x", "images1024x1024/.DS_Store": "x"})
    dataset = FFHQ(tmp_path)
    assert len(dataset.items("")) == 20
    assert "19 of 20 pictures (first: images1024x1024/00000/00000.JPG) are no PNG as distributed but copies" in said(dataset)
    told = troubles(dataset)
    assert "images1024x1024/00000/00003.JPG: duplicate: is picture 00003 again; images1024x1024/00003.png is used" in told
    assert "1 pictures have numbers above 69999 (first: images1024x1024/70000.png)" in told
    assert "1 pictures are not called by a number of 5 digits (first: images1024x1024/cat.png)" in told


def test_nothing_of_it(tmp_path: Path) -> None:
    write(tmp_path, pictures(["cats/1.png"]))
    with pytest.raises(DataError, match=r"does not hold FFHQ \(images1024x1024/.*found: cats/"):
        FFHQ(tmp_path).items("")


def test_a_study_runs_on_it_and_the_contract_holds(tmp_path: Path, picture_folder: Callable[..., Path]) -> None:
    root, fakes = write(tmp_path / "ffhq", numbered("images1024x1024/")), str(write_fakes(tmp_path / "made", ("StyleGAN",)))
    assert not failed_checks("ffhq", root, fakes=fakes)
    assert auc_of_one_cell("ffhq", "StyleGAN", root, fakes=fakes) > 0.7
