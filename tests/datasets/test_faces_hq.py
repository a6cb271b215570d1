"""Faces-HQ: four folders under many names, a domain per generator."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bandbench.benchmark.contracts import FAKE, REAL
from bandbench.benchmark.errors import DataError
from bandbench.datasets.faces_hq import PARTS, FacesHQ, is_part
from trees.picture_trees import BOOST, auc_of_one_cell, by_split, failed_checks, pictures, said, troubles, write, write_zip

FOLDERS = [part.name for part in PARTS]


def write_part(root: Path, folder: str, n: int = 20, suffix: str = ".jpg", fake: bool = False, seed: int = 0) -> Path:
    return write(root, pictures([f"{folder}/{i}{suffix}" for i in range(n)], boost=BOOST if fake else 1.0, seed=seed))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for k, part in enumerate(PARTS):
        write_part(tmp_path / "faces", part.name, fake=bool(part.label), seed=1000 * k)
    return tmp_path / "faces"


def test_every_generator_is_a_domain_with_the_reals_of_both_collections(root: Path) -> None:
    dataset = FacesHQ(root)
    assert dataset.variants() == ("100KFake", "thispersondoesnotexist")
    for variant, folder in (("100KFake", FOLDERS[2]), ("thispersondoesnotexist", FOLDERS[3])):
        items = dataset.items(variant)
        assert by_split(items, REAL) == {"train": 24, "val": 8, "test": 8}
        assert by_split(items, FAKE) == {"train": 12, "val": 4, "test": 4}
        assert all(item.id.startswith(folder) and item.generator == variant for item in items if item.label == FAKE)
        for real in FOLDERS[:2]:  # each folder has its shares
            assert by_split([i for i in items if i.id.startswith(real)], REAL) == {"train": 12, "val": 4, "test": 4}
    assert "celebA-HQ_10K/: 9,980 of 10,000 pictures" in said(dataset)
    assert not troubles(dataset)


@pytest.mark.parametrize(
    ("folder", "k"),
    [
        ("CelebA-HQ", 0),
        ("celeba_hq_10k", 0),
        ("FFHQ", 1),
        ("flickr-faces-hq_10K", 1),
        ("Flickr_Faces_HQ_10K.zip", 1),
        ("100K-Faces", 2),
        ("100kfake", 2),
        ("thispersondoesnotexist_10K", 3),
        ("TPDNE", 3),
        ("Faces-HQ", None),
        ("celeba", None),
    ],
)
def test_names_are_matched_generously(folder: str, k: int | None) -> None:
    assert [is_part(folder, part) for part in PARTS] == [i == k for i in range(4)]


def test_partial_copies_and_archives(tmp_path: Path) -> None:
    write_part(tmp_path / "f", "FFHQ", suffix=".PNG")
    write_zip(tmp_path / "f" / "100KFake_10K.zip", pictures([f"100KFake_10K/{i}.jpg" for i in range(10)]))
    write_part(tmp_path / "f", "notes", n=1)
    dataset = FacesHQ(tmp_path)  # one level above
    assert dataset.variants() == ("100KFake",)
    assert by_split(dataset.items("100KFake"), FAKE) == {"train": 6, "val": 2, "test": 2}
    assert "celebA-HQ_10K/; Flickr-Faces-HQ_10K/: 9,980 of 10,000 pictures" in said(dataset)
    assert "thispersondntexists_10K/" in said(dataset)
    assert "reals are PNG and fakes are JPEG" in said(dataset)
    assert "f/notes: unknown: is none of the folders of Faces-HQ" in troubles(dataset)


def test_a_folder_beside_its_archive_counts_once(root: Path) -> None:
    write_zip(root / f"{FOLDERS[2]}.zip", pictures([f"{FOLDERS[2]}/{i}.jpg" for i in range(20)], boost=BOOST, seed=2000))
    assert sum(by_split(FacesHQ(root).items("100KFake"), FAKE).values()) == 20
    assert f"{FOLDERS[2]}.zip: duplicate" in troubles(FacesHQ(root))


def test_mistakes_are_named(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"{FOLDERS[2]} lies inside the data set; give the folder above: {root}"):
        FacesHQ(root / FOLDERS[2]).items("100KFake")
    shutil.move(root / FOLDERS[0], tmp_path / "alone" / FOLDERS[0])
    with pytest.raises(DataError, match=r"does not hold Faces-HQ \(celebA-HQ_10K/.*found: celebA-HQ_10K/"):
        FacesHQ(tmp_path / "alone").items("")


def test_a_study_runs_on_it_and_the_contract_holds(root: Path, picture_folder: Callable[..., Path]) -> None:
    assert not failed_checks("faces_hq", root)
    assert auc_of_one_cell("faces_hq", "100KFake", root) > 0.7


def test_class_folders_of_a_part_count(root: Path) -> None:
    write_part(root, f"{FOLDERS[2]}/x/0_real", n=3, seed=50)
    write_part(root, f"{FOLDERS[2]}/x/1_fake", n=4, seed=60)
    dataset = FacesHQ(root)
    folders = {item.id.rpartition("/")[0] for item in dataset.items("100KFake")}
    assert f"{FOLDERS[2]}/x/1_fake" in folders and f"{FOLDERS[2]}/x/0_real" not in folders
    assert f"{FOLDERS[2]}/x/0_real: other_class: is a folder of reals among fakes; its 3 pictures" in troubles(dataset)
