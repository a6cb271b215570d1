"""Celeb-DF v2: the official list, in which 1 is real, splits by identity, and copies that are not whole."""

import shutil
import zipfile
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from pathlib import Path

import pytest

from bandbench.benchmark.contracts import FAKE, REAL, SPLITS, Item
from bandbench.benchmark.domains.guard import check_no_leak
from bandbench.benchmark.domains.splits import missing_classes
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.registry import datasets
from bandbench.datasets.celebdf import PARTS, CelebDF
from bandbench.datasets.copies.settings import Settings
from bandbench.datasets.copies.survey import Source, Survey
from bandbench.datasets.faces.preparation import prepare_dataset
from bandbench.datasets.faces.request import merge_settings
from conftest import run, small_study
from trees.more_video_trees import clip_bytes, failed_checks, make_celebdf, own_store, put, write_test_list

OFFICIAL = ("1 Celeb-real/id0_0000.mp4", "0 Celeb-synthesis/id0_id1_0000.mp4", "1 YouTube-real/00000.mp4")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_celebdf(tmp_path / "set")
    write_test_list(tmp_path / "set", *OFFICIAL)
    return tmp_path / "set"


def found(root: Path, split: str = "official") -> Survey:
    return CelebDF(root, split=split).survey_now()


def split_up(dataset: CelebDF) -> list[Source]:
    """The sources with their splits, whether given, drawn or empty."""
    return dataset._with_splits()


def side(dataset: CelebDF, split: str) -> list[Item]:
    return [s.item(s.id) for s in split_up(dataset) if s.split == split]


def troubles(survey: Survey, status: str) -> list[str]:
    return [trouble.detail for trouble in survey.troubles if trouble.status == status]


def test_it_is_registered_with_its_facts() -> None:
    assert datasets.get("celebdf") is CelebDF and not CelebDF.may_be_shown
    assert all((CelebDF.licence, CelebDF.source, CelebDF.obtain, CelebDF.layout, CelebDF.what))


def test_names_tell_identities_and_footage(root: Path) -> None:
    survey = found(root)
    assert Counter((s.label, s.kind) for s in survey.sources) == {(REAL, "clip"): 15, (FAKE, "clip"): 45}
    by_id = {s.id: s for s in survey.sources}
    fake, real = by_id["Celeb-synthesis/id2_id3_0000.mp4"], by_id["Celeb-real/id2_0000.mp4"]
    assert (fake.target, fake.donor, fake.video, fake.generator) == ("id2", "id3", "id2_0000", "celeb_synthesis")
    assert (real.target, real.donor, real.video, real.generator) == ("id2", "", "id2_0000", "")
    nobody = by_id["YouTube-real/00000.mp4"]
    assert (nobody.target, nobody.donor) == ("", "") and nobody.video not in {s.video for s in survey.sources if s.target}
    assert not survey.troubles


# --- splits ----------------------------------------------------------------------------------------------------------


def test_the_official_list_is_the_test_split(root: Path) -> None:
    dataset = CelebDF(root)
    assert {item.id: item.label for item in side(dataset, "test")} == {
        "Celeb-real/id0_0000.mp4": REAL,
        "Celeb-synthesis/id0_id1_0000.mp4": FAKE,
        "YouTube-real/00000.mp4": REAL,
    }
    train, val = side(dataset, "train"), side(dataset, "val")
    assert not missing_classes([*train, *val], ("train", "val"))
    check_no_leak("train and val", train, val)


def test_the_official_list_shares_identities_which_is_said_and_refused(root: Path) -> None:
    dataset = CelebDF(root)
    with pytest.raises(DataError, match="share identity 'id"):
        check_no_leak("train and test", [*side(dataset, "train"), *side(dataset, "val")], side(dataset, "test"))
    notes = dataset.facts()["notes"]
    assert any("2 of 2 identities of the official test list" in note and "split=identity" in note for note in notes)
    left_out = sum(s.split == "" for s in split_up(dataset))
    assert left_out and any(note.startswith(f"{left_out} fakes are left out") for note in notes)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_split_by_identity_shares_nobody(root: Path, seed: int) -> None:
    dataset = CelebDF(root, seed=seed, split="identity")
    sides = {split: side(dataset, split) for split in SPLITS}
    assert not missing_classes([item for items in sides.values() for item in items], SPLITS)
    for one, other in combinations(SPLITS, 2):
        check_no_leak(f"{one} and {other}", sides[one], sides[other])
    left_out = [s for s in split_up(dataset) if s.split == ""]
    assert left_out and all(s.label == FAKE for s in left_out)
    assert any("official test list is not used" in note for note in dataset.facts()["notes"])


def test_a_preparation_is_found_whatever_the_split(root: Path) -> None:
    assert CelebDF(root).origin == CelebDF(root, split="identity").origin
    assert found(root) == found(root, "identity")


def test_without_the_list_all_splits_are_drawn(root: Path) -> None:
    (root / "List_of_testing_videos.txt").unlink()
    dataset = CelebDF(root)
    assert {s.split for s in split_up(dataset)} == {"train", "val", "test", ""}
    check_no_leak("train and test", [*side(dataset, "train"), *side(dataset, "val")], side(dataset, "test"))
    facts = dataset.facts()
    assert any("List_of_testing_videos.txt" in line for line in facts["missing"])
    assert any("without List_of_testing_videos.txt" in note for note in facts["notes"])


def test_an_unknown_split_names_the_two(root: Path) -> None:
    for ask in (CelebDF(root, split="random").survey_now, CelebDF(root, split="random").variants):
        with pytest.raises(DataError, match="split is one of official and identity, got 'random'"):
            ask()


# --- the list --------------------------------------------------------------------------------------------------------


def listed(root: Path, *lines: str) -> tuple[Survey, set[str]]:
    write_test_list(root, *lines)
    survey = found(root)
    return survey, {s.id for s in survey.sources if s.split == "test"}


def test_a_list_that_contradicts_a_folder_is_named_and_the_folder_counts(root: Path) -> None:
    survey, test = listed(root, *OFFICIAL, "0 Celeb-real/id3_0000.mp4")
    assert troubles(survey, "unknown") == ["line 4 calls Celeb-real/id3_0000.mp4 fake; its folder says real, which counts."]
    assert "Celeb-real/id3_0000.mp4" in test
    assert next(s.label for s in survey.sources if s.id == "Celeb-real/id3_0000.mp4") == REAL


def test_a_list_with_all_labels_turned_is_one_note(root: Path) -> None:
    survey, test = listed(root, *(f"{1 - int(line[0])}{line[1:]}" for line in OFFICIAL))
    assert len(test) == 3 and not survey.troubles
    assert any("other way round" in note for note in survey.notes)


def test_lines_that_name_nothing_are_named(root: Path) -> None:
    strange = ("1 Celeb-fake/id0_0000.mp4", "2 Celeb-real/id1_0000.mp4", "Celeb-real/id1_0000.mp4", "1 Celeb-real/idx.mp4", "1")
    survey, test = listed(root, *OFFICIAL, "", *strange)
    assert len(test) == 3
    details = troubles(survey, "unknown")
    assert [detail.partition(",")[0] for detail in details] == [f"line {number}" for number in range(5, 10)]
    assert {t.path for t in survey.troubles} == {"List_of_testing_videos.txt"}


def test_clips_of_the_list_that_are_not_there_are_missing(root: Path) -> None:
    survey, test = listed(root, *OFFICIAL, "0 Celeb-synthesis/id8_id9_0007.mp4", "1 Celeb-real/id77_0000.mp4")
    assert len(test) == 3 and not survey.troubles
    assert "2 clips that List_of_testing_videos.txt names, for example Celeb-synthesis/id8_id9_0007.mp4" in survey.missing


def test_a_list_of_absent_clips_leaves_splits_to_be_drawn(root: Path) -> None:
    _, test = listed(root, "1 Celeb-real/id77_0000.mp4")
    assert not test
    dataset = CelebDF(root)
    assert side(dataset, "test") and any("drawn by identity" in note for note in dataset.facts()["notes"])


# --- layouts ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "names", [("celeb-real", "youtube-REAL", "celeb_synthesis"), ("Celeb-Real", "Youtube-real", "Celeb-Synthesis")]
)
def test_other_spellings_are_understood(tmp_path: Path, names: Sequence[str]) -> None:
    made = make_celebdf(tmp_path / "set" / "Celeb-DF-v2" / "Celeb-DF-v2", 4, n_youtube=2, within="videos")
    for part, name in zip(PARTS, names, strict=True):
        (made / part.name).rename(made / f"{name}_")
        (made / f"{name}_").rename(made / name)
    clip = made / names[0] / "videos" / "id0_0000.mp4"
    clip.rename(clip.with_name("ID0_0000.MP4"))
    put(clip.with_name("._id0_0000.mp4"), b"hidden")
    write_test_list(made, "1 Celeb-real\\id0_0000.mp4", "0  Celeb-synthesis/id0_id1_0000.mp4")
    survey = found(tmp_path / "set")
    assert Counter(s.label for s in survey.sources) == {REAL: 6, FAKE: 6}
    assert sorted(s.label for s in survey.sources if s.split == "test") == [REAL, FAKE]
    assert not survey.troubles


def test_other_containers_are_clips_too(tmp_path: Path) -> None:
    root = make_celebdf(tmp_path, 2, n_youtube=0)
    put(root / "Celeb-synthesis" / "id1_id0_0001.avi", b"")
    put(root / "Celeb-synthesis" / "id1_id0_0002.MKV", b"")
    assert sum(s.label for s in found(root).sources) == 3


def test_a_root_that_is_too_deep_or_wrong_is_named(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"lies inside the data set; give the folder above: {root}"):
        found(root / "Celeb-real")
    (tmp_path / "wrong" / "pictures").mkdir(parents=True)
    with pytest.raises(DataError, match="does not hold Celeb-DF v2 .*found: pictures/"):
        found(tmp_path / "wrong")


def test_partial_copies_are_used_and_tell_what_is_missing(root: Path) -> None:
    shutil.rmtree(root / "YouTube-real")
    missing = found(root).missing
    assert "YouTube-real/" in missing and "Celeb-real/: only 10 of 590 clips" in missing
    assert any("1 clips that" in line and "YouTube-real/00000.mp4" in line for line in missing)


def test_what_cannot_be_used_is_named(root: Path) -> None:
    put(root / "Celeb-real" / "holiday.mp4", b"x")
    put(root / "Celeb-real" / "videos" / "id0_0000.mp4", b"x")
    with zipfile.ZipFile(root / "Celeb-synthesis" / "more.zip", "w") as archive:
        archive.writestr("id3_id2_0009.mp4", clip_bytes(3, 2))
    with zipfile.ZipFile(root / "Celeb-real.zip", "w") as archive:
        archive.writestr("id3_0009.mp4", clip_bytes(3))
    survey = found(root)
    assert [(t.path, t.status) for t in survey.troubles] == [
        ("Celeb-real.zip", "packed"),
        ("Celeb-real/holiday.mp4", "unknown"),
        ("Celeb-real/videos/id0_0000.mp4", "duplicate"),
        ("Celeb-synthesis/more.zip", "packed"),
    ]
    assert len(survey.sources) == 60


def test_a_packed_distribution_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "Celeb-DF-v2.zip", "w") as archive:
        archive.writestr("Celeb-DF-v2/Celeb-real/id0_0000.mp4", clip_bytes(0))
    with pytest.raises(DataError, match=r"Celeb-DF-v2.zip is an archive.*unpack it"):
        found(tmp_path)


# --- all the way -----------------------------------------------------------------------------------------------------


def test_from_clips_to_a_cell(tmp_path: Path, empty_store: Path) -> None:
    own_store(tmp_path, empty_store)
    root = make_celebdf(tmp_path / "set", 8, n_youtube=2, empty=False)
    write_test_list(root, *OFFICIAL)
    official, by_identity = CelebDF(root), CelebDF(root, split="identity")
    made = prepare_dataset(official, merge_settings(official, {"frames": 2}))
    assert made.complete and made.preparation.settings == Settings(frames=2)
    assert CelebDF(made.preparation.folder, split="identity").items("") == by_identity.items("") != official.items("")
    assert failed_checks("celebdf", made.preparation.folder, split="identity") == []
    keys = {"train": ["celebdf"], "test": ["celebdf"], "crop": {"side": 96}, "sweep": None, "search": {"trials": 0}}
    keys["allow_lookalikes"] = True  # drawn faces look alike
    outcome = run(small_study(**keys, datasets={"celebdf": {"split": "identity"}}), {"celebdf": root})
    assert outcome.complete and len(outcome.rows) == 1
