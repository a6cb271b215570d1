"""Bedrooms of GANs and diffusion models: splits as distributed, shared test reals, training reals that may be missing."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from bandbench.benchmark.contracts import FAKE, REAL
from bandbench.benchmark.errors import DataError
from bandbench.datasets.diffusion import Diffusion
from trees.picture_trees import BOOST, auc_of_one_cell, by_split, failed_checks, pictures, said, troubles, write, write_zip

COUNTS = {"train": 10, "val": 3, "test": 5}


def layout(
    generators: tuple[str, ...] = ("ADM", "Diff-StyleGAN2"), real: str = "0_real", suffix: str = ".png"
) -> dict[str, bytes]:
    files = pictures([f"test/Real/{i:08d}{suffix}" for i in range(COUNTS["test"])])
    for k, generator in enumerate(generators, 1):
        for split in ("train", "val"):
            seed = 1000 * k + 500 * (split == "val")
            files |= pictures([f"{split}/{generator}/{real}/{i:08d}{suffix}" for i in range(COUNTS[split])], seed=seed)
            fakes = [f"{split}/{generator}/1_fake/{i:08d}{suffix}" for i in range(COUNTS[split])]
            files |= pictures(fakes, boost=BOOST, seed=seed + 200)
        files |= pictures(
            [f"test/{generator}/{i:08d}{suffix}" for i in range(COUNTS["test"])], boost=BOOST, seed=1000 * k + 800
        )
    return files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write(tmp_path / "diffusion", layout())


def test_splits_as_distributed(root: Path) -> None:
    dataset = Diffusion(root)
    assert dataset.variants() == ("ADM", "Diff-StyleGAN2")
    listed = {variant: dataset.items(variant) for variant in dataset.variants()}
    for variant, items in listed.items():
        assert by_split(items, REAL) == by_split(items, FAKE) == COUNTS
        assert {item.generator for item in items if item.label == FAKE} == {variant}
        assert all(item.id.split("/")[:2] == [item.split, variant] for item in items if item.label == FAKE)
    shared = {item.id for item in listed["ADM"]} & {item.id for item in listed["Diff-StyleGAN2"]}
    assert shared == {f"test/Real/{i:08d}.png" for i in range(5)}
    assert dataset.for_replicate(1).items("ADM") == listed["ADM"]
    item = listed["ADM"][0]
    assert dataset.read(item) == (root / item.id).read_bytes()


def test_what_a_partial_copy_lacks(root: Path) -> None:
    shutil.rmtree(root / "train" / "ADM" / "0_real")
    shutil.rmtree(root / "test" / "Diff-StyleGAN2")
    dataset = Diffusion(root)
    assert by_split(dataset.items("ADM"), REAL) == {"val": 3, "test": 5}
    assert by_split(dataset.items("ADM"), FAKE) == COUNTS
    assert "train/: 0_real of ADM (cut them out of LSUN with the authors' program)" in said(dataset)
    assert "val/: 0_real" not in said(dataset)
    others = "ProGAN, StyleGAN, ProjectedGAN, {}Diff-ProjectedGAN, DDPM, IDDPM, PNDM, LDM"
    assert f"test/: fakes of {others.format('Diff-StyleGAN2, ')}" in said(dataset)
    assert f"train/: fakes of {others.format('')};" in said(dataset)
    shutil.rmtree(root / "train")
    shutil.rmtree(root / "val")
    shutil.rmtree(root / "test" / "Real")
    assert Diffusion(root).variants() == ("ADM",)
    assert said(Diffusion(root)).startswith("train/; val/; test/: fakes of") and "test/Real/" in said(Diffusion(root))


def test_names_archives_and_other_generators(tmp_path: Path) -> None:
    files = layout(("adm", "StyleGAN3"), real="REAL", suffix=".PNG")
    tests = {name.removeprefix("test/"): data for name, data in files.items() if name.startswith("test/")}
    write(tmp_path / "set", {name: data for name, data in files.items() if not name.startswith("test/")})
    (tmp_path / "set" / "val").rename(tmp_path / "set" / "Validation")
    write_zip(tmp_path / "set" / "test.zip", {f"test/{name}": data for name, data in tests.items()})
    dataset = Diffusion(tmp_path)  # one level above
    assert dataset.variants() == ("ADM", "StyleGAN3")
    assert all(by_split(dataset.items("ADM"), label) == COUNTS for label in (REAL, FAKE))
    item = next(item for item in dataset.items("ADM") if item.split == "test")
    assert item.id.startswith("set/test.zip/test/") and dataset.read(item) == tests[item.id.partition("/test/")[2]]


def test_foreign_folders_and_files(root: Path) -> None:
    write(root, pictures(["test/ADM+blur/1.png", "test/ADM/.hidden.png"]) | {"test/ADM/readme.txt": b"x"})
    write_zip(root / "test" / "ADM.zip", pictures(["1.png"]))
    dataset = Diffusion(root)
    assert by_split(dataset.items("ADM"), FAKE) == COUNTS
    assert "test/ADM+blur: unknown: has a '+' in its name" in troubles(dataset)
    assert "test/ADM.zip: duplicate: is ADM again" in troubles(dataset)


def test_reals_and_fakes_in_different_formats_are_told(root: Path) -> None:
    for path in sorted(root.glob("*/ADM/0_real/*.png")):
        path.rename(path.with_suffix(".jpg"))
    assert "reals are JPEG/PNG and fakes are PNG" in said(Diffusion(root))


def test_mistakes_are_named(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"train lies inside the data set; give the folder above: {root}"):
        Diffusion(root / "train").variants()
    write(tmp_path / "folder", pictures(["train/real/1.png", "train/fake/1.png", "test/cats/1.png"]))
    with pytest.raises(DataError, match=r"does not hold the bedrooms of GANs.*found: test/, train/"):
        Diffusion(tmp_path / "folder").variants()
    write(tmp_path / "reals", pictures(["test/Real/1.png"]))
    with pytest.raises(DataError, match="holds only reals"):
        Diffusion(tmp_path / "reals").variants()


def test_a_study_runs_on_it_and_the_contract_holds(root: Path, picture_folder: Callable[..., Path]) -> None:
    assert not failed_checks("diffusion", root)
    assert auc_of_one_cell("diffusion", "ADM", root) > 0.7


@pytest.mark.parametrize(("real", "fake"), [("0_real", "1_fake"), ("cat/nature", "cat/ai"), ("Real", "Fake")])
def test_class_folders_count_at_every_level(tmp_path: Path, real: str, fake: str) -> None:
    names = [f"{split}/ADM/{kind}/{i}.png" for split, n in COUNTS.items() for kind in (real, fake) for i in range(n)]
    dataset = Diffusion(write(tmp_path / "set", dict.fromkeys(names, b"x")))
    items = dataset.items("ADM")
    assert by_split(items, REAL) == by_split(items, FAKE) == COUNTS
    assert {item.label for item in items if f"/{real}/" in item.id} == {REAL}
    write(tmp_path / "set", {f"test/Real/{i}.png": b"x" for i in range(2)})
    again = Diffusion(tmp_path / "set")
    assert by_split(again.items("ADM"), REAL) == COUNTS | {"test": 2}
    assert f"test/ADM/{real}: other_class: is a folder of reals among fakes; its 5 pictures are not used." in troubles(again)
