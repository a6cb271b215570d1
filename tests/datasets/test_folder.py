"""Folders of one's own: layouts, groups, splits and mistakes."""

import os
import random
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.domains.guard import Fitted, all_names, check_no_leak, refuse_leaks
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.search.plan import make_plan
from bandbench.datasets.folder import Folder
from bandbench.datasets.grouping.groups import group_key, name_key
from conftest import small_study

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


@pytest.mark.parametrize(
    ("name", "key"),
    [
        *((f"{word}_0001.png", "") for word in ("real", "fake", "Fakes", "real_face", "train_real", "test", "AI-generated")),
        ("real_id7_002.png", "id7"),
        ("id7-fake_002.png", "id7"),
        ("0012_fake_03.png", "0012"),
        ("real_12_003.png", "12"),
        ("img_0001.png", "img"),
        ("realism_0001.png", "realism"),
        ("id7_002", "id7"),
        ("0001.png", ""),
    ],
)
def test_names_of_classes_in_file_names_are_no_group(name: str, key: str) -> None:
    assert name_key(name) == key


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
        (["real/1.png", "fake/readme.txt"], "fake holds no picture; wanted JPEG, .*; passed over: 1 .txt"),
        (["real/1.png", "fake"], r"missing: fake; found: real, fake \(a file\)"),
        (["set/0_real/1.png", "set/1_fake/1.png"], "missing: real, fake; found: set. set/ has both: give that folder"),
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


def both(*names: str) -> list[str]:
    return [f"{label}/{name}" for label in ("real", "fake") for name in names]


def counted(root: Path, **options: str) -> tuple[int, str]:
    """How many pictures are listed, and all that is said of it."""
    dataset = Folder(root, **options)
    return len(dataset.items("")), "; ".join(dataset.remarks())


def test_running_numbers_behind_the_name_of_a_class_are_independent(tmp_path: Path) -> None:
    names = [f"{label}/{label}_{i:04d}.png" for label in ("real", "fake") for i in range(20)]
    assert counted(touch(tmp_path, *names)) == (40, "40 pictures, no groups in names or sub-folders")


@pytest.mark.parametrize(
    ("groups", "said"),
    [
        ("auto", "2 groups by sub-folder, 18 groups by `idNN_`"),
        ("folder", "2 groups by sub-folder, 72 pictures in no group"),
        ("name", "18 groups by name up to the last number, 20 pictures in no group"),
        ("none", "no groups"),
        (r"(id\d)\d*_", r"9 groups by (id\d)\d*_, 20 pictures in no group"),
    ],
)
def test_groups_can_be_declared(tmp_path: Path, groups: str, said: str) -> None:
    names = [f"id{p}_{i}.png" for p in range(10, 28) for i in range(2)] + [
        f"clip{c}/{i}.png" for c in range(2) for i in range(5)
    ]
    root = touch(tmp_path, *both(*names))
    expected = said.replace("9 groups", "2 groups") if groups.startswith("(") else said
    assert counted(root, groups=groups) == (92, f"92 pictures, {expected}")


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (
            "names",
            "groups is auto, folder, name, none, a list .* or a regular .*got 'names', which has no groups",
        ),
        ("(a)(b)", "which has 2 groups"),
        ("(a", "missing \\), unterminated subpattern"),
        ("(person)", r"groups=\(person\) fits no picture; .* '0.png'"),
        (7, "got 7"),
    ],
)
def test_groups_that_cannot_be_are_refused(tmp_path: Path, groups: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Folder(touch(tmp_path, *both("0.png")), groups=groups).items("")


def test_what_cannot_be_split_is_told_how_to_declare_groups(tmp_path: Path) -> None:
    root = touch(tmp_path, *both(*(f"{name}_{i:04d}.png" for name in ("anna", "bert") for i in range(5))))
    dataset = Catalogue({"mine": str(root)}).open("mine", 0)
    with pytest.raises(DataError, match=r"20 pictures in 2 groups .*--group-by mine=none.* --group-by 'mine=\(id"):
        dataset.items("")
    assert len(Folder(root, groups="none").items("")) == 20


def test_one_subfolder_that_holds_a_whole_class_is_no_group(tmp_path: Path) -> None:
    names = [f"real/celeba/{i}.png" for i in range(10)] + [f"fake/stylegan/{i}.png" for i in range(10)]
    assert counted(touch(tmp_path, *names)) == (20, "20 pictures, no groups in names or sub-folders")
    touch(tmp_path, "fake/progan/1.png", "fake/progan/2.png")
    assert "2 groups by sub-folder, 10 pictures in no group" in "; ".join(Folder(tmp_path).remarks())


def test_folders_that_mean_the_same_are_one(tmp_path: Path) -> None:
    pairs = [("train", "Real"), ("Train", "real"), ("val", "REAL"), ("valid", "real"), ("validation", "real"), ("test", "real")]
    names = [f"{split}/{real}/{i}{split}{real}.png" for split, real in pairs for i in range(3)]
    names += [f"{split}/fake/{i}{split}.png" for split in ("train", "val", "test") for i in range(3)]
    items = Folder(touch(tmp_path, *names)).items("")
    assert Counter((item.split, item.label) for item in items) == {
        ("train", 0): 6,
        ("train", 1): 3,
        ("val", 0): 9,
        ("val", 1): 3,
        ("test", 0): 3,
        ("test", 1): 3,
    }


def test_what_lies_beside_is_named(tmp_path: Path) -> None:
    names = [f"{split}/{name}" for split in ("train", "test") for name in both(*(f"{i}.png" for i in range(10)))]
    n, said = counted(touch(tmp_path, *names, *both("1.png"), "masks/1.png", "loose.jpg", "train/reals/1.png"))
    assert n == 40
    assert "not used, beside train/, test/: fake/, masks/, real/, 1 picture" in said
    assert "not used, beside train/real/, train/fake/: train/reals/" in said


@pytest.mark.parametrize("names", [("Reals", "Fakes"), ("0_real", "1_fake"), ("original", "AI"), ("real images", "synthetic")])
def test_other_words_for_the_classes_are_understood(tmp_path: Path, names: tuple[str, str]) -> None:
    items = Folder(touch(tmp_path, *(f"{name}/{i}.png" for name in names for i in range(10)))).items("")
    assert all(item.label == names.index(item.id.partition("/")[0]) for item in items) and len(items) == 20


def test_files_of_other_kinds_are_counted_by_suffix(tmp_path: Path) -> None:
    root = touch(tmp_path, *both(*(f"{i}.GIF" for i in range(10))), "real/a.xcf", "fake/b.xcf", "real/notes.txt", "real/c.mp4")
    (root / "real/unnamed").write_bytes(b"\xff\xd8\xff\xe0")
    (root / "real/README").write_text("Python and BMW")
    n, said = counted(root)
    assert n == 21
    assert said.endswith("passed over: 2 .xcf, 1 .mp4 (clips: bench data prepare), 1 .txt, 1 without a suffix")


def test_links_are_followed_and_no_folder_is_listed_twice(tmp_path: Path) -> None:
    store = touch(tmp_path / "store", *both(*(f"{i}.png" for i in range(12))))
    root = touch(tmp_path / "mine", *both(*(f"{i}.png" for i in range(10))))
    for label in ("real", "fake"):
        (root / label / "more").symlink_to(store / label)
        (root / label / "again").symlink_to(store / label)
        (root / label / "up").symlink_to(root)
    (root / "real" / "x.png").symlink_to(store / "real" / "1.png")
    (root / "fake" / "gone.png").symlink_to(tmp_path / "nowhere")
    dataset = Folder(root)
    items = dataset.items("")
    assert len(items) == 45 and len({dataset.tree.path(item.id).resolve() for item in items}) == 44
    said = "; ".join(dataset.remarks())
    assert "fake/gone.png is a link to" in said and "fake/more is a link to a folder that is listed already" in said


def test_a_folder_that_is_both_classes_counts_once(tmp_path: Path) -> None:
    root = touch(tmp_path / "mine", *(f"real/{i}.png" for i in range(10)))
    (root / "fake").symlink_to(root / "real")
    with pytest.raises(DataError, match="fake holds no picture.*fake is a link to a folder that is listed already"):
        Folder(root).items("")


def test_names_of_any_bytes_are_read(tmp_path: Path) -> None:
    root = touch(tmp_path, *both(*(f"{i}.png" for i in range(10))))
    odd = Path(os.fsdecode(os.fsencode(root) + b"/real/caf\xe9\n.png"))
    odd.write_bytes(b"odd")
    dataset = Folder(root)
    (item,) = (item for item in dataset.items("") if "caf" in item.id)
    assert item.id == r"real/caf\xe9\x0a.png" and dataset.read(item) == b"odd"


def test_all_draws_share_one_walk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = Folder(touch(tmp_path, *both(*(f"{i}.png" for i in range(10)))))
    first = dataset.for_replicate(0).items("")
    monkeypatch.setattr(os, "scandir", None)
    assert {item.id for item in dataset.for_replicate(1).items("")} == {item.id for item in first}


def test_a_leak_between_given_splits_tells_how_to_declare_groups(tmp_path: Path) -> None:
    pictures = [f"{name}_{i}.png" for name in ("anna", "bert") for i in range(2)]
    names = [f"{split}/{name}" for split in ("train", "val", "test") for name in both(*pictures)]
    catalogue = Catalogue({"mine": str(touch(tmp_path, *names))})
    domain = catalogue.domain("mine", 0)
    side = Fitted("mine", domain.split("train"), [], domain.regrouping)
    with pytest.raises(DataError, match=r"share video 'anna', video 'bert'.*--group-by mine=none"):
        refuse_leaks([side], {"mine": all_names(domain.split("test"))})


@pytest.mark.parametrize("splits", [("",), ("train/", "val/", "test/")])
def test_pictures_that_are_called_after_their_class_are_independent(tmp_path: Path, splits: tuple[str, ...]) -> None:
    names = [f"{split}real/real_{i:05d}.jpg" for split in splits for i in range(20)]
    names += [f"{split}fake/fake_{i}.jpg" for split in splits for i in range(20)]
    catalogue = Catalogue({"mine": str(touch(tmp_path, *names))})
    plan = make_plan(small_study(drop_leaks=True), catalogue)
    assert plan.dropped == {}
    assert len({item.group for item in plan.domains["mine", 0].items}) == 40 * len(splits)


def test_names_that_fit_two_readings_are_refused_and_can_still_be_listed(tmp_path: Path) -> None:
    root = touch(tmp_path, *both(*(f"{c:03d}_{f:02d}.png" for c in range(30) for f in range(10))))
    dataset = Folder(root)
    with pytest.raises(DataError, match=r"two readings .*: 30 groups by `NNN_` .* or 10 groups by `_NN` .*--group-by"):
        dataset.items("")
    assert len(dataset.all_items("")) == 600
    assert dataset.remarks() == ["600 pictures, groups in doubt"]
    assert len({item.group for item in Folder(root, groups=r"(\d+)_").items("")}) == 30


def test_units_are_split_as_wholes_and_survive_a_new_draw(tmp_path: Path) -> None:
    dataset = Folder(touch(tmp_path, *both(*(f"{i:03d}.png" for i in range(60)))))
    units = {item.id: f"unit{int(item.id[-7:-4]) // 5}" for item in dataset.items("")}
    linked = dataset.with_units(units)
    assert linked is not None
    for draw in (linked, linked.for_replicate(1)):
        sides: dict[str, set[str]] = {}
        for item in draw.items(""):
            assert item.group == units[item.id]
            sides.setdefault(item.group, set()).add(item.split)
        assert {len(found) for found in sides.values()} == {1}
    assert linked.remarks() == ["120 pictures, 12 groups by look-alikes"]
    assert all(item.unit == "" for item in dataset.items(""))


def test_given_splits_are_not_drawn_again(tmp_path: Path) -> None:
    names = [f"{split}/{name}" for split in ("train", "val", "test") for name in both("1.png", "2.png")]
    assert Folder(touch(tmp_path / "all", *names)).with_units({}) is None
    some = [f"{split}/{name}" for split in ("train", "test") for name in both(*(f"{i}.png" for i in range(10)))]
    linked = Folder(touch(tmp_path / "some", *some)).with_units({"train/real/1.png": "u", "test/real/1.png": "u"})
    assert linked is not None
    assert {item.id for item in linked.items("") if item.unit} == {"train/real/1.png"}


@pytest.mark.parametrize(
    "name",
    [
        "id{clip:02d}_{frame:03d}",
        "id{clip:02d}_frame{frame:04d}",
        "{frame:04d}_id{clip:02d}",
        "id{clip:02d}_{frame:03d}_face0",
        "clip {clip:02d} ({frame})",
        "{clip:05d}-{frame}",
        "video{clip}-frame{frame}",
        "clip{clip:02d}/{frame:03d}",
    ],
)
def test_frames_of_a_clip_are_on_one_side_however_they_are_named(tmp_path: Path, name: str) -> None:
    """60 clips with random labels; running numbers and hashes, which tell nothing, are tests of `apart`."""
    labels = random.Random(0)
    clip_of = {}
    for clip in range(60):
        label = labels.choice(("real", "fake"))
        clip_of |= {f"{label}/{name.format(clip=clip, frame=frame)}.png": clip for frame in range(10)}
    dataset = Folder(touch(tmp_path, *clip_of))
    sides: dict[int, set[str]] = {}
    for item in dataset.items(""):
        sides.setdefault(clip_of[item.id], set()).add(item.split)
    assert [len(splits) for splits in sides.values()] == [1] * 60
    assert dataset.remarks()[0].startswith("600 pictures, 60 groups by ")


def test_fakes_of_two_sides_are_left_out_where_everybody_is_swapped_with_many(tmp_path: Path) -> None:
    names = [f"real/id{i}_{c:04d}.png" for i in range(40) for c in range(2)]
    names += [f"fake/id{i}_id{(i + step) % 40}_0000.png" for i in range(40) for step in range(1, 21)]
    for name in names:
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    folder = Folder(root=tmp_path)
    items = folder.items("")
    sides: dict[str, set[str]] = {}
    for item in items:
        for person in filter(None, (item.target, item.donor)):
            sides.setdefault(person, set()).add(item.split)
    assert len(sides) == 40
    assert {len(some) for some in sides.values()} == {1}
    assert {item.split for item in items if item.label} == {"train", "val", "test"}
    n = len(names) - len(items)
    assert n > 0
    assert folder.remarks()[-1] == f"{n} fakes are left out: their two persons are on different sides of the drawn splits"
    everything = folder.all_items("")
    assert sorted(item.id for item in everything) == sorted(names)
    assert sum(item.split == "" for item in everything) == n
