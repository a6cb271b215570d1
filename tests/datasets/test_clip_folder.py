"""Clips of one's own: which belong together, what is said of pictures among them, and how they come into a run."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from PIL import Image

from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.errors import DataError
from bandbench.datasets.clip_folder import ClipFolder
from bandbench.datasets.faces.preparation import prepare_dataset
from bandbench.datasets.faces.request import merge_settings
from trees.faces import scene, write_face_clip
from trees.video_trees import put


def tree(root: Path, names: Iterable[str]) -> Path:
    for name in names:
        put(root / name)
    return root


def targets(root: Path, **options: str) -> dict[str, tuple[str, str]]:
    survey = ClipFolder(root, **options).survey_now()
    return {source.id: (source.target, source.donor) for source in survey.sources}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["real/0001.mp4", "fake/0001_fake.mp4"], {"real/0001.mp4": ("0001", ""), "fake/0001_fake.mp4": ("0001", "")}),
        (
            ["real/id1_1.mp4", "real/id1_2.mp4", "fake/id1_7.mp4", "fake/x.mp4", "real/y.mov"],
            {"real/id1_1.mp4": ("id1", ""), "fake/id1_7.mp4": ("id1", ""), "fake/x.mp4": ("x", ""), "real/y.mov": ("y", "")},
        ),
        (
            ["real/071.mp4", "real/054.mp4", "fake/071_054.mp4", "fake/054_999.mp4"],
            {"real/071.mp4": ("071", ""), "fake/071_054.mp4": ("071", "054"), "fake/054_999.mp4": ("054", "")},
        ),
        (
            ["real/take_1.mp4", "real/take_2.mp4", "fake/take_3.mp4"],
            {"real/take_1.mp4": ("take_1", ""), "real/take_2.mp4": ("take_2", ""), "fake/take_3.mp4": ("take_3", "")},
        ),
        (
            ["real/anna/1.mp4", "real/anna/2.mp4", "real/bert/1.mp4", "fake/anna/9.mp4", "fake/carl/9.mp4"],
            {"real/anna/1.mp4": ("anna", ""), "real/anna/2.mp4": ("anna", ""), "fake/anna/9.mp4": ("anna", "")},
        ),
    ],
)
def test_who_belongs_together(tmp_path: Path, names: list[str], expected: dict[str, tuple[str, str]]) -> None:
    found = targets(tree(tmp_path, names))
    assert {name: found[name] for name in expected} == expected
    assert set(found) == set(names)


def test_names_may_tell_nothing_or_something_else(tmp_path: Path) -> None:
    tree(tmp_path, ["real/id1_1.mp4", "real/id1_2.mp4", "real/x.mp4", "fake/a-id1-x.mp4"])
    assert set(targets(tmp_path, groups="none").values()) == {("", "")}
    assert targets(tmp_path, groups=r"(id\d+)")["fake/a-id1-x.mp4"] == ("id1", "")


def test_given_splits_count_and_validation_is_drawn(tmp_path: Path) -> None:
    names = [
        f"{split}/{label}/{k}{label[0]}.mp4" for split in ("train", "test") for label in ("real", "fake") for k in range(8)
    ]
    survey = ClipFolder(tree(tmp_path, names)).survey_now()
    splits = {source.id: source.split for source in ClipFolder(tmp_path).drawn(survey.sources)}
    assert {split for name, split in splits.items() if name.startswith("train/")} == {"train", "val"}
    assert {split for name, split in splits.items() if name.startswith("test/")} == {"test"}


def test_pictures_among_clips_are_said(tmp_path: Path) -> None:
    tree(tmp_path, ["real/a.mp4", "real/b.jpg", "fake/c.mp4", "fake/notes.txt"])
    passed, mixed = ClipFolder(tmp_path).survey_now().notes
    assert passed == "passed over: 1 .txt"
    assert mixed.startswith("holds 2 clips and 1 pictures; both are prepared")
    assert "1 clips and 1 pictures in real/, 1 clips and 0 pictures in fake/: the format may tell" in mixed
    put(tmp_path / "fake/d.png")
    assert ClipFolder(tmp_path).survey_now().notes[1] == (
        "holds 2 clips and 2 pictures; both are prepared, a picture as one frame"
    )


def test_from_clips_to_items_under_a_name_of_ones_own(tmp_path: Path) -> None:
    root = tmp_path / "my clips"
    for label, first in (("real", 0), ("fake", 50)):
        for k in range(5):
            write_face_clip(root / label / "sub" / f"{label}{k}x.mkv", first + k, 2, "mjpeg")
    Image.fromarray(scene(3)).save(root / "real" / "still.png")
    with pytest.raises(DataError, match=r"mine in .* consists of clips .* bench data prepare folder --root '.*my clips'"):
        _ = Catalogue({"mine": str(root)}).domain("mine", 0).items
    dataset = ClipFolder(root)
    outcome = prepare_dataset(dataset, merge_settings(dataset, {"faces": "none"}), tmp_path / "crops")
    assert (outcome.complete, outcome.n_crops) == (True, 21)
    for place in (root, tmp_path / "crops"):
        items = Catalogue({"mine": str(place)}).domain("mine", 0).items
        assert len(items) == 21
        by_clip = {item.id.rpartition("/")[0]: set() for item in items}
        for item in items:
            by_clip[item.id.rpartition("/")[0]].add((item.split, item.group, item.label))
        assert all(len(one) == 1 for one in by_clip.values()), "a clip is one group and on one side"
        assert {item.split for item in items} == {"train", "val", "test"}


def test_a_list_declares_the_identities_of_clips(tmp_path: Path) -> None:
    root = tree(tmp_path, ["real/a.mp4", "real/b.mp4", "fake/c.mp4"])
    (root / "groups.csv").write_text("path,group,donor\nreal/a.mp4,p,\nreal/b.mp4,q,\nfake/c.mp4,p,q\n")
    assert targets(root) == {"real/a.mp4": ("p", ""), "real/b.mp4": ("q", ""), "fake/c.mp4": ("p", "q")}
    assert targets(root, groups="none")["real/a.mp4"] == ("", "")


def test_persons_of_swaps_are_identities_and_fakes_of_two_sides_are_left_out(tmp_path: Path) -> None:
    reals = [f"real/id{i}_{c:04d}.mp4" for i in range(20) for c in range(2)]
    fakes = [f"fake/id{i}_id{(i + step) % 20}_0000.mp4" for i in range(20) for step in range(1, 11)]
    dataset = ClipFolder(tree(tmp_path, [*reals, *fakes]))
    sources = dataset.survey_now().sources
    assert {source.id: (source.target, source.donor) for source in sources}["fake/id3_id7_0000.mp4"] == ("id3", "id7")
    drawn = dataset.drawn(sources)
    sides: dict[str, set[str]] = {}
    for source in drawn:
        if source.split:
            for person in filter(None, (source.target, source.donor)):
                sides.setdefault(person, set()).add(source.split)
    assert len(sides) == 20
    assert {len(some) for some in sides.values()} == {1}
    assert {source.split for source in drawn} == {"train", "val", "test", ""}


def crossed(name: Callable[[int, int, int], str], sentences: int = 6) -> list[str]:
    """Clips of twelve persons who speak some sentences twice; three of the sentences are real."""
    return [f"{'fake' if s > 2 else 'real'}/{name(p, s, t)}.mp4" for p in range(12) for s in range(sentences) for t in range(2)]


@pytest.mark.parametrize(
    ("name", "person"),
    [
        (lambda p, s, t: f"S{p:03d}_{s:03d}_{t}", "S003"),
        (lambda p, s, t: f"M{p:03d}_front_{'abcdef'[s] * 3}_level_{t}", "M003"),
        (lambda p, s, t: f"{1001 + p}_{'abcdef'[s] * 3}_{('ANG', 'SAD')[t]}_XX", "1004"),
        (lambda p, s, t: f"id{p:05d}/0010{s}_{t}", "id00003"),
        (lambda p, s, t: f"{('Real', 'Fake')[s > 2]}Video/African/men/id{p:05d}/0010{s}_{t}", "id00003"),
    ],
)
def test_a_person_of_many_clips_is_an_identity(tmp_path: Path, name: Callable[[int, int, int], str], person: str) -> None:
    found = targets(tree(tmp_path, crossed(name)))
    assert len(set(found.values())) == 12
    assert found[f"real/{name(3, 0, 0)}.mp4"] == found[f"fake/{name(3, 5, 1)}.mp4"] == (person, "")


@pytest.mark.parametrize(
    ("name", "n_sentences"),
    [
        (
            lambda p, s, t: f"01-01-{s // 2 + 1:02d}-{s % 2 + 1:02d}-01-{t + 1:02d}-{p + 1:02d}",
            8,
        ),  # RAVDESS: the last
        (lambda p, s, t: f"{1001 + p}_{'abcdefghijkl'[s] * 3}_{('ANG', 'SAD')[t]}_XX", 12),  # CREMA-D: the first
    ],
)
def test_clips_whose_person_is_in_doubt_are_refused_with_the_way_out(
    tmp_path: Path, name: Callable[[int, int, int], str], n_sentences: int
) -> None:
    names = [f"{label}/{one.partition('/')[2]}" for one in crossed(name, n_sentences) for label in ("real", "fake")]
    root = tree(tmp_path, dict.fromkeys(names))
    with pytest.raises(DataError, match=r"two readings .*--groups clip_folder=FILE.csv, or groups.csv") as error:
        targets(root)
    assert "--group-by clip_folder=none" in str(error.value)
    assert len(set(targets(root, groups=r"(\d+)\." if "01-01" in names[0] else r"/?(\d+)_").values())) == 12


def test_fakes_mention_the_clips_that_they_were_made_of(tmp_path: Path) -> None:
    reals = [f"real/{a}nna.mp4" for a in "abcdef"]
    found = targets(tree(tmp_path, [*reals, "fake/anna_to_bnna.mp4", "fake/003_cnna.mp4"]))
    assert found["fake/anna_to_bnna.mp4"] == ("anna", "bnna")
    assert found["fake/003_cnna.mp4"] == ("cnna", "")
