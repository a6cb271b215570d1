"""Real faces of any folder: whom a picture shows, and what must not count as real."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bandbench.benchmark.contracts import FAKE, REAL
from bandbench.benchmark.errors import DataError
from bandbench.datasets.real_faces import RealFaces, person_of
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


def muct(people: range, cameras: str = "abcde") -> list[str]:
    return [f"jpg/i{p:03d}q{c}-fn.jpg" for p in people for c in cameras]


def sides(dataset: RealFaces) -> dict[str, set[str]]:
    """Splits in which each person or group is."""
    found: dict[str, set[str]] = {}
    for item in dataset.items(dataset.variants()[0]):
        if item.label == REAL:
            found.setdefault(item.group, set()).add(item.split)
    return found


@pytest.mark.parametrize(
    ("path", "names", "person"),
    [
        ("muct/jpg/i000qa-fn.jpg", "auto", "i000"),
        ("muct-a-jpg-v1/I624ze-MG.JPG", "auto", "i624"),
        ("utrecht/m4001s.jpg", "auto", "m4001"),
        ("f4021a00.jpg", "auto", "f4021"),
        ("PICS/Aberdeen/kim12.jpg", "auto", "kim"),
        ("Aberdeen.zip/peter_hancock3.jpg", "auto", "peter_hancock"),
        ("photos/img12.jpg", "auto", ""),
        ("photos/img12.jpg", "aberdeen", "img"),
        ("muct/jpg/i000qa-fn.jpg", "folder", ""),
        ("utrecht/m4001s.jpg", "muct", ""),
    ],
)
def test_persons_are_told_by_names(path: str, names: str, person: str) -> None:
    assert person_of(path, names) == person


def test_the_root_may_be_called_aberdeen() -> None:
    assert person_of("kim12.jpg", "auto", "aberdeen faces") == "kim"


def test_persons_stay_on_one_side(tmp_path: Path) -> None:
    names = [f"aberdeen/{name}{i}.jpg" for name in ("abi", "bob", "kim", "liz", "tom") for i in range(4)]
    names += [f"utrecht/{sex}40{i:02d}{pose}.jpg" for sex in "fm" for i in range(5) for pose in "ns"]
    dataset = RealFaces(write(tmp_path, pictures(muct(range(5)) + names, 24, 24)))
    found = sides(dataset)
    assert len(found) == 5 + 5 + 10 and all(len(splits) == 1 for splits in found.values())
    assert "20 persons are told by the names of 65 of 65 pictures" in said(dataset)
    assert not dataset.surveyed.missing


def test_other_folders_are_grouped_like_a_folder_of_ones_own(tmp_path: Path) -> None:
    names = [f"lfw/{name}/{name}_{i:04d}.jpg" for name in ("Ann_Lee", "Bo_Ek", "Cy_Li", "Di_Oh", "Ed_Ox") for i in range(3)]
    names += [f"{name}.jpg" for name in ("x", "y")] + ["clip_1.jpg", "clip_2.jpg", "once_1.jpg"]
    found = sides(RealFaces(write(tmp_path, pictures(names, 24, 24))))
    assert set(found) == {f"lfw/{n}" for n in ("Ann_Lee", "Bo_Ek", "Cy_Li", "Di_Oh", "Ed_Ox")} | {
        "x.jpg",
        "y.jpg",
        "once_1.jpg",
        "clip",
    }
    assert all(len(splits) == 1 for splits in found.values())


def test_given_splits_and_too_few_persons(tmp_path: Path) -> None:
    names = [
        f"{split}/{name}.jpg"
        for split, n in (("train", 8), ("test", 3))
        for name in (f"{split[0]}{'abcdefgh'[i]}" for i in range(n))
    ]
    dataset = RealFaces(write(tmp_path / "given", pictures(names, 24, 24)))
    assert by_split(dataset.items(""), REAL) == {"train": 6, "val": 2, "test": 3}
    few = RealFaces(write(tmp_path / "few", pictures(muct(range(2)), 24, 24)))
    assert by_split(few.items(""), REAL) == {"train": 10}
    assert "all reals are training: 2 persons or groups cannot be split" in said(few)


def test_archives_and_missing_cameras_of_muct(tmp_path: Path) -> None:
    write_zip(tmp_path / "muct-a.zip", pictures(muct(range(5), "ac"), 24, 24))
    write(tmp_path, {"muct-b-jpg-v1.tar.gz": b"x", "muct-landmarks/muct76.csv": b"x", "jpg/.hidden.jpg": b"x"})
    dataset = RealFaces(tmp_path)
    assert len(dataset.items("")) == 10
    assert dataset.surveyed.missing == tuple(f"muct-{camera}-jpg-v1 (camera {camera})" for camera in "bde")
    assert "muct-b-jpg-v1.tar.gz: packed" in troubles(dataset)
    assert dataset.read(dataset.items("")[0]) == pictures(muct(range(5), "ac"), 24, 24)["jpg/i000qa-fn.jpg"]


def test_what_is_called_fake_is_no_real(tmp_path: Path) -> None:
    names = [*[f"real/{i}.jpg" for i in range(5)], *[f"Fake/gan/{i}.jpg" for i in range(5)]]
    dataset = RealFaces(write(tmp_path, pictures(names, 24, 24)))
    assert {item.id.partition("/")[0] for item in dataset.items("")} == {"real"}
    assert troubles(dataset) == "Fake: other_class: is a folder of fakes among reals; its 5 pictures are not used."
    both = RealFaces(tmp_path, fakes=str(tmp_path / "Fake"))
    assert both.variants() == ("gan",)
    assert [by_split(both.items("gan"), label) for label in (REAL, FAKE)] == [{"train": 3, "val": 1, "test": 1}] * 2


def test_mistakes_are_named(tmp_path: Path) -> None:
    write(tmp_path, {"readme.txt": b"x", "muct.tar.gz": b"x"})
    with pytest.raises(
        DataError, match=r"does not hold pictures of real faces; found: readme.txt; muct.tar.gz is an archive that is not read"
    ):
        RealFaces(tmp_path).items("")
    with pytest.raises(DataError, match="unknown names of real_faces 'mucd'. Did you mean 'muct'"):
        RealFaces(tmp_path, names="mucd").items("")


def test_a_study_runs_on_it_and_the_contract_holds(tmp_path: Path, picture_folder: Callable[..., Path]) -> None:
    root = write(tmp_path / "faces", pictures(muct(range(10), "ab")))
    fakes = str(write_fakes(tmp_path / "made", ("warped",), suffix=".jpg"))
    assert not failed_checks("real_faces", root, fakes=fakes)
    assert auc_of_one_cell("real_faces", "warped", root, fakes=fakes) > 0.7
