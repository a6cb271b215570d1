"""Collections of reals: a folder of fakes beside them, its splits, and the mistakes people make with it."""

from pathlib import Path

import pytest

from bandbench.benchmark.contracts import FAKE, REAL
from bandbench.benchmark.errors import DataError
from bandbench.datasets.copies.reals import RealDataset, count_text, iter_pictures, numbered_pictures, place_of_fake
from bandbench.datasets.copies.survey import Source, Survey
from bandbench.datasets.copies.tree import SPLIT_NAMES, Tree
from trees.picture_trees import by_split, pictures, said, troubles, write, write_fakes, write_zip


class Portraits(RealDataset):
    """Reals whose names may tell the test pictures."""

    name = "portraits"
    what = "portraits"

    def survey_reals(self, tree: Tree) -> Survey:
        return Survey(tuple(Source(p, "still", REAL, ("",), "test" if "test_" in p else None) for p in iter_pictures(tree)))


@pytest.fixture
def reals(tmp_path: Path) -> Path:
    return write(tmp_path / "portraits", pictures([f"{i:03d}.jpg" for i in range(20)]))


def test_without_fakes_it_says_what_to_do(reals: Path) -> None:
    dataset = Portraits(reals)
    assert dataset.variants() == ("",) and dataset.classes == ("real",)
    assert by_split(dataset.items(""), REAL) == {"train": 12, "val": 4, "test": 4}
    assert "hold only reals; give fakes with --data portraits.fakes=DIR" in said(dataset)


def test_every_generator_is_a_domain_of_all_reals(reals: Path, tmp_path: Path) -> None:
    fakes = write_fakes(tmp_path / "fakes", ("ProGAN", "SNGAN@c40"), n=10)
    write(fakes, pictures([f"{i}.png" for i in range(5)], boost=1.6))
    dataset = Portraits(reals, fakes=str(fakes))
    assert dataset.variants() == ("ProGAN", "SNGAN@c40", "fakes")
    for variant, n in (("ProGAN", 10), ("SNGAN@c40", 10), ("fakes", 5)):
        items = dataset.items(variant)
        assert by_split(items, REAL) == {"train": 12, "val": 4, "test": 4}
        assert by_split(items, FAKE) == {"train": 3 * n // 5, "val": n // 5, "test": n // 5}
        assert all(item.id.startswith("fakes/") == (item.label == FAKE) for item in items)
    one = next(item for item in dataset.items("SNGAN@c40") if item.label == FAKE)
    assert (one.generator, one.compression) == ("SNGAN", "c40")
    assert dataset.tree.path(one.id) == fakes / one.id.removeprefix("fakes/")
    assert dataset.read(one) == (fakes / one.id.removeprefix("fakes/")).read_bytes()
    assert "splits of the fakes are drawn by rule: ProGAN, SNGAN@c40, fakes" in said(dataset)
    assert "reals are JPEG and fakes are PNG" in said(dataset)


def test_fakes_are_drawn_even_where_reals_have_a_test_list(tmp_path: Path) -> None:
    names = [*[f"test_{i}.png" for i in range(3)], *[f"{i}.png" for i in range(10)]]
    dataset = Portraits(
        write(tmp_path / "portraits", pictures(names)), fakes=str(write_fakes(tmp_path / "fakes", ("GAN",), n=10))
    )
    items = dataset.items("GAN")
    assert by_split(items, REAL) == {"train": 8, "val": 2, "test": 3}
    assert by_split(items, FAKE) == {"train": 6, "val": 2, "test": 2}
    other = dataset.for_replicate(1).items("GAN")
    assert [i for i in other if i.split == "test"] == [i for i in items if i.split == "test"]
    assert other != items


@pytest.mark.parametrize("layout", ["{split}/GAN/{i}.png", "GAN/{split}/{i}.png", "{split}.zip/GAN/{i}.png"])
def test_split_folders_of_fakes_count(reals: Path, tmp_path: Path, layout: str) -> None:
    for split, n in (("train", 5), ("val", 2), ("test", 3)):
        files = pictures([layout.format(split=split, i=i) for i in range(n)], boost=1.6)
        if ".zip/" in layout:
            write_zip(tmp_path / "fakes" / f"{split}.zip", {name.partition("/")[2]: data for name, data in files.items()})
        else:
            write(tmp_path / "fakes", files)
    dataset = Portraits(reals, fakes=str(tmp_path / "fakes"))
    assert dataset.variants() == ("GAN",)
    assert by_split(dataset.items("GAN"), FAKE) == {"train": 5, "val": 2, "test": 3}
    assert "drawn by rule" not in said(dataset)


def test_validation_is_drawn_where_only_train_and_test_are_given(reals: Path, tmp_path: Path) -> None:
    names = [f"{split}/GAN/{i}.png" for split, n in (("train", 10), ("test", 3)) for i in range(n)]
    dataset = Portraits(reals, fakes=str(write(tmp_path / "fakes", pictures(names))))
    assert by_split(dataset.items("GAN"), FAKE) == {"train": 8, "val": 2, "test": 3}


def test_fakes_inside_the_root_are_no_reals(reals: Path) -> None:
    write_fakes(reals / "made up", ("GAN",), n=5)
    assert len(Portraits(reals).items("")) == 25
    dataset = Portraits(reals, fakes=str(reals / "made up"))
    assert by_split(dataset.items("GAN"), REAL) == {"train": 12, "val": 4, "test": 4}
    assert sum(by_split(dataset.items("GAN"), FAKE).values()) == 5


def test_reals_with_ids_of_fakes_are_named(reals: Path, tmp_path: Path) -> None:
    write(reals, pictures(["fakes/1.png"], seed=90))
    dataset = Portraits(reals, fakes=str(write_fakes(tmp_path / "other", ("GAN",), n=5)))
    assert sum(by_split(dataset.items("GAN"), REAL).values()) == 20
    assert "fakes: duplicate: 1 reals have ids of fakes (first: fakes/1.png); rename the folder fakes/" in troubles(dataset)


def test_mistakes_with_the_folder_of_fakes_are_named(reals: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    both = write(tmp_path / "both", pictures(["real/1.png", "fake/1.png"]))
    plus = write(tmp_path / "plus", pictures(["GAN+blur/1.png"]))
    for fakes, message in (
        (tmp_path / "nowhere", "portraits: the folder of fakes .*nowhere does not exist"),
        (tmp_path / "empty", r"portraits: the folder of fakes .*empty holds no picture \(.jpg"),
        (reals, "the reals in .*portraits lie inside the folder of fakes"),
        (tmp_path, "the reals in .*portraits lie inside the folder of fakes"),
        (both, "both holds real/; give a folder with fakes alone"),
        (plus, r"'GAN\+blur' in .*plus has a '\+' in its name"),
    ):
        with pytest.raises(DataError, match=message):
            Portraits(reals, fakes=str(fakes)).variants()
    (tmp_path / "empty" / "GAN").symlink_to(both)
    with pytest.raises(DataError, match=r"holds no picture .*; GAN is a link out of the folder, .* or set follow_links"):
        Portraits(reals, fakes=str(tmp_path / "empty")).variants()
    with pytest.raises(DataError, match="holds no picture .*GAN is a link to a folder above it"):
        (tmp_path / "empty" / "GAN").unlink()
        (tmp_path / "empty" / "GAN").symlink_to(tmp_path)
        Portraits(reals, fakes=str(tmp_path / "empty"), follow_links=True).variants()
    inner = write(tmp_path / "all", pictures(["fakes/GAN/1.png"]))
    with pytest.raises(DataError, match="no real is left"):
        Portraits(inner, fakes=str(inner / "fakes")).variants()


def test_a_bad_entry_in_an_archive_of_fakes_is_reported(reals: Path, tmp_path: Path) -> None:
    files = pictures(["1.png", "2.png"])
    write_zip(tmp_path / "fakes" / "GAN.zip", files | {"../3.png": b"x"})
    dataset = Portraits(reals, fakes=str(tmp_path / "fakes"))
    assert sum(by_split(dataset.items("GAN"), FAKE).values()) == 2
    assert "fakes/GAN.zip/../3.png: bad_entry" in troubles(dataset)


def test_an_archive_beside_its_folder_is_not_read_again(tmp_path: Path) -> None:
    files = pictures(["1.png", "2.png"])
    write(tmp_path / "set" / "GAN", files)
    write_zip(tmp_path / "set" / "GAN.zip", files)
    tree = Tree(tmp_path / "set")
    assert list(iter_pictures(tree)) == ["GAN/1.png", "GAN/2.png"]
    assert [(t.path, t.status) for t in tree.troubles] == [("GAN.zip", "duplicate")]


def test_pictures_only_whatever_the_case_of_their_suffix(tmp_path: Path) -> None:
    names = ["a.PNG", "b.Jpeg", "c/d.webp", ".hidden.png", ".git/e.png", "__MACOSX/f.png", "notes.txt", "Thumbs.db"]
    write(tmp_path, dict.fromkeys(names, b""))
    assert list(iter_pictures(Tree(tmp_path))) == ["a.PNG", "b.Jpeg", "c/d.webp"]


def test_numbered_pictures(tmp_path: Path) -> None:
    write(
        tmp_path,
        dict.fromkeys(["00001.jpg", "x/00001.png", "00002.jpg", "y/00002.jpg", "cat.jpg", "0003.jpg", "٠٠٠٠١.jpg"], b""),
    )
    tree = Tree(tmp_path)
    assert numbered_pictures(tree, "", 5) == {"00001": "x/00001.png", "00002": "00002.jpg"}
    told = {trouble.path: trouble.detail for trouble in tree.troubles}
    assert told["00001.jpg"] == "is picture 00001 again; x/00001.png is used."
    assert told["y/00002.jpg"] == "is picture 00002 again; 00002.jpg is used."
    assert told["."].startswith("3 pictures are not called by a number of 5 digits (first: 0003.jpg)")


@pytest.mark.parametrize("folder", ["training", "testing"])
def test_words_that_released_versions_take_for_a_generator_are_no_split(folder: str) -> None:
    assert place_of_fake(f"{folder}/1.png") == (folder, None)
    assert folder in SPLIT_NAMES


def test_texts() -> None:
    assert place_of_fake("Valid/ADM.ZIP/a/1.png") == ("ADM", "val")
    assert place_of_fake("test/1.png") == ("fakes", "test")
    assert count_text(["3"], "clips", 2000) == "1 of 2,000 clips (first: 3)"


# --- class folders below generators ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reals_of", "fakes_of"),
    [
        ("progan/0_real", "progan/1_fake"),
        ("progan/airplane/0_real", "progan/airplane/1_fake"),
        ("test/progan/cat/0_real", "test/progan/cat/1_fake"),
        ("progan/train/nature", "progan/train/ai"),
        ("progan/Real", "progan/Fake"),
        ("progan/real_images", "progan"),
        ("progan.zip/0_real", "progan.zip/1_fake"),
    ],
)
def test_reals_of_a_generator_are_no_fakes(reals: Path, tmp_path: Path, reals_of: str, fakes_of: str) -> None:
    files = {f"{reals_of}/{i}.png": b"x" for i in range(7)} | {f"{fakes_of}/{i}.png": b"x" for i in range(10)}
    if ".zip/" in reals_of:
        write_zip(tmp_path / "fakes" / "progan.zip", {name.partition("/")[2]: data for name, data in files.items()})
    else:
        write(tmp_path / "fakes", files)
    dataset = Portraits(reals, fakes=str(tmp_path / "fakes"))
    assert dataset.variants() == ("progan",)
    found = [item.id for item in dataset.items("progan") if item.label == FAKE]
    assert sorted(found) == sorted(f"fakes/{name}" for name in files if not name.startswith(f"{reals_of}/"))
    left_out = f"fakes/{reals_of}: other_class: is a folder of reals among fakes; its 7 pictures are not used."
    assert left_out in troubles(dataset)


def test_generators_whose_names_are_words_for_fakes_stay_generators(reals: Path, tmp_path: Path) -> None:
    files = pictures([f"{generator}/071_054/{i}.png" for generator in ("Deepfakes", "FaceSwap") for i in range(5)])
    dataset = Portraits(reals, fakes=str(write(tmp_path / "fakes", files)))
    assert dataset.variants() == ("Deepfakes", "FaceSwap")
    assert not troubles(dataset)


def test_what_lies_beside_both_class_folders_is_neither(reals: Path, tmp_path: Path) -> None:
    names = ["GAN/0_real/1.png", "GAN/1_fake/2.png", "GAN/3.png", "GAN/more/4.png", "other/5.png"]
    dataset = Portraits(reals, fakes=str(write(tmp_path / "fakes", dict.fromkeys(names, b"x"))))
    fakes = [source.id for source in dataset.surveyed.sources if source.label == FAKE]
    assert fakes == ["fakes/GAN/1_fake/2.png", "fakes/other/5.png"]
    assert "fakes/GAN/: other_class: holds 2 pictures in neither of its class folders" in troubles(dataset)


def test_folders_without_any_fake_are_refused_by_name(reals: Path, tmp_path: Path) -> None:
    write(tmp_path / "fakes", {"GAN/0_real/1.png": b"x"})
    with pytest.raises(DataError, match=r"holds only reals \(GAN/0_real/\); give fakes"):
        Portraits(reals, fakes=str(tmp_path / "fakes")).variants()
    write(tmp_path / "both", {"train/0_real/1.png": b"x", "train/1_fake/1.png": b"x"})
    with pytest.raises(DataError, match="both holds 0_real/; give a folder with fakes alone"):
        Portraits(reals, fakes=str(tmp_path / "both")).variants()


def test_fakes_among_the_reals_are_left_out(reals: Path) -> None:
    write(reals, {"progan/1_fake/1.jpg": b"x", "progan/0_real/2.jpg": b"x"})
    dataset = Portraits(reals)
    assert len(dataset.items("")) == 21
    assert "progan/1_fake: other_class: is a folder of fakes among reals; its 1 pictures are not used." in troubles(dataset)
    with pytest.raises(DataError, match=r"lies in a folder that is called like fakes \(fake/\); give a folder of reals"):
        Portraits(write(reals.parent / "only", {"fake/1.jpg": b"x"})).items("")
