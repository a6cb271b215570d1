"""DFDC: parts with their metadata, originals and fakes together, validation and test as they are handed out."""

import json
import shutil
import zipfile
from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from bandbench.benchmark.contracts import FAKE, REAL, SPLITS, Item
from bandbench.benchmark.domains.guard import check_no_leak
from bandbench.benchmark.domains.splits import missing_classes
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.registry import datasets
from bandbench.datasets.copies.survey import Source, Survey
from bandbench.datasets.dfdc import DFDC
from bandbench.datasets.faces.preparation import prepare_dataset
from bandbench.datasets.faces.request import merge_settings
from conftest import run, small_study
from trees.more_video_trees import clip_bytes, failed_checks, make_dfdc_part, make_dfdc_preview, own_store, put, write_metadata

FIRST = {f"aa{k}": k for k in range(6)}
SECOND = {f"bb{k}": 6 + k for k in range(6)}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_dfdc_part(tmp_path / "set" / "dfdc_train_part_2", FIRST)
    make_dfdc_part(tmp_path / "set" / "dfdc_train_part_10", SECOND)
    return tmp_path / "set"


def found(root: Path) -> Survey:
    return DFDC(root).survey_now()


def split_up(root: Path) -> list[Source]:
    """The sources with their splits, given or drawn."""
    return DFDC(root)._with_splits()


def as_items(sources: list[Source]) -> list[Item]:
    return [source.item(source.id) for source in sources if source.split]


def troubles(survey: Survey) -> list[tuple[str, str]]:
    return [(trouble.path, trouble.status) for trouble in survey.troubles]


def no_leak(items: list[Item]) -> None:
    for one, other in combinations(SPLITS, 2):
        check_no_leak(f"{one} and {other}", *([i for i in items if i.split == split] for split in (one, other)))


def test_it_is_registered_with_its_facts() -> None:
    assert datasets.get("dfdc") is DFDC and not DFDC.may_be_shown
    assert all((DFDC.licence, DFDC.source, DFDC.obtain, DFDC.layout, DFDC.what))


def test_metadata_tell_classes_and_originals(root: Path) -> None:
    survey = found(root)
    assert Counter((s.label, s.kind, s.split) for s in survey.sources) == {(REAL, "clip", None): 12, (FAKE, "clip", None): 12}
    by_id = {s.id: s for s in survey.sources}
    fake, real = by_id["dfdc_train_part_10/bb0fake.mp4"], by_id["dfdc_train_part_10/bb0.mp4"]
    assert (fake.target, fake.video) == (real.target, real.video) == ("bb0", "bb0")
    assert not survey.troubles
    assert any("does not say who is shown" in note for note in survey.notes)


# --- splits ----------------------------------------------------------------------------------------------------------


def test_drawn_splits_keep_an_original_and_its_fakes_together(root: Path) -> None:
    sources = split_up(root)
    split = {s.video: s.split for s in sources if s.label == REAL}
    assert all(s.split == split[s.video] for s in sources)
    assert not missing_classes(as_items(sources), SPLITS)
    no_leak(as_items(sources))


def test_fakes_of_an_absent_original_stay_together(root: Path) -> None:
    part = root / "dfdc_train_part_2"
    write_metadata(
        part, {f"only{k}.mp4": {"label": "FAKE", "split": "train", "original": f"gone{k // 4}.mp4"} for k in range(20)}
    )
    for k in range(20):
        put(part / f"only{k}.mp4", b"")
    fakes = [s for s in split_up(root) if "only" in s.id]
    assert len(fakes) == 20 and all(len({s.split for s in fakes if s.target == f"gone{k}"}) == 1 for k in range(5))
    assert len({s.split for s in fakes}) > 1
    assert "the originals of 20 fakes" in found(root).missing


def add_labels(root: Path, folder: str, n: int = 4, clips: str = "") -> Path:
    """Write a part with labels.csv: even numbers are fake."""
    names = [f"{folder}{k}.mp4" for k in range(n)]
    for name in names:
        put(root / folder / clips / name, b"")
    rows = [f"{name},{1 - k % 2}" for k, name in enumerate(names)]
    return put(root / folder / "labels.csv", "\n".join(["filename,label", *rows]).encode())


def test_validation_and_test_are_as_they_are_handed_out(root: Path) -> None:
    add_labels(root, "validation")
    (root / "test").mkdir()
    write_metadata(root / "test", {f"t{k}.mp4": {"is_fake": k % 2, "augmentations": []} for k in range(4)})
    for k in range(4):
        put(root / "test" / f"t{k}.mp4", b"")
    sources = split_up(root)
    by_split = {split: {s.id: s.label for s in sources if s.split == split} for split in SPLITS}
    assert by_split["val"] == {f"validation/validation{k}.mp4": 1 - k % 2 for k in range(4)}
    assert by_split["test"] == {f"test/t{k}.mp4": k % 2 for k in range(4)}
    assert len(by_split["train"]) == 24
    no_leak(as_items(sources))
    assert any(note.startswith("test and val as distributed") for note in found(root).notes)


def test_a_given_test_part_gets_no_further_test_clips(root: Path) -> None:
    add_labels(root, "dfdc_test", clips="videos")
    sources = split_up(root)
    assert {s.id for s in sources if s.split == "test"} == {f"dfdc_test/videos/dfdc_test{k}.mp4" for k in range(4)}
    assert Counter(s.split for s in sources if "train" in s.id) == {"train": 20, "val": 4}
    no_leak(as_items(sources))


@pytest.mark.parametrize(
    ("said", "split"), [("validate", "val"), ("VAL", "val"), ("test", "test"), ("train", None), ("?", None)]
)
def test_what_the_metadata_say_of_a_split_counts(tmp_path: Path, said: str, split: str | None) -> None:
    root = make_dfdc_part(tmp_path / "dfdc", FIRST)
    entries = json.loads((root / "metadata.json").read_text())
    write_metadata(root, {name: {**entry, "split": said} for name, entry in entries.items()})
    assert {s.split for s in found(root).sources} == {split}


def test_metadata_and_labels_of_one_folder_complete_each_other(root: Path) -> None:
    add_labels(root, "dfdc_train_part_2")
    survey = found(root)
    assert len(survey.sources) == 28
    assert next(s for s in survey.sources if s.id.endswith("aa0fake.mp4")).target == "aa0"


# --- layouts ---------------------------------------------------------------------------------------------------------


def test_a_part_alone_may_be_the_root(root: Path) -> None:
    survey = found(root / "dfdc_train_part_2")
    assert len(survey.sources) == 12 and survey.sources[0].id == "aa0.mp4"


def test_other_spellings_and_deeper_folders_are_understood(tmp_path: Path) -> None:
    part = make_dfdc_part(tmp_path / "data" / "DFDC" / "dfdc_train_part_00" / "dfdc_train_part_0", FIRST)
    (part / "aa0.mp4").rename(part / "AA0.MP4")
    (part / "metadata.json").rename(part / "METADATA.JSON")
    (part / "videos").mkdir()
    (part / "aa1.mp4").rename(part / "videos" / "aa1.mp4")
    (part / "aa2.mp4").rename(part / "aa2.avi")
    put(part / "._aa0.mp4", b"hidden")
    survey = found(tmp_path / "data")
    assert len(survey.sources) == 12 and not survey.troubles
    assert survey.missing == ("dfdc_train_part_*/: only 1 of 50 parts",)


def test_a_root_without_labels_is_named(tmp_path: Path) -> None:
    put(tmp_path / "pictures" / "one.mp4", b"")
    with pytest.raises(DataError, match="does not hold DFDC .*no metadata.json and no labels.csv; found: pictures/"):
        found(tmp_path)


def test_partial_copies_are_used_and_tell_what_is_missing(root: Path) -> None:
    (root / "dfdc_train_part_2" / "aa0fake.mp4").unlink()
    (root / "dfdc_train_part_2" / "aa1fake.mp4").unlink()
    (root / "dfdc_train_part_10" / "bb0.mp4").unlink()
    assert found(root).missing == (
        "dfdc_train_part_*/: only 2 of 50 parts",
        "dfdc_train_part_2: 2 of 12 clips that it lists, for example aa0fake",
        "dfdc_train_part_10: 1 of 12 clips that it lists, for example bb0",
        "the originals of 1 fakes",
    )


def test_a_whole_training_set_misses_nothing(tmp_path: Path) -> None:
    for k in range(50):
        make_dfdc_part(tmp_path / f"dfdc_train_part_{k:02d}", {f"clip{k}": k})
    assert found(tmp_path).missing == ()


def test_clips_without_an_entry_are_one_line_per_part(root: Path) -> None:
    for name in ("x1.mp4", "x2.mp4"):
        put(root / "dfdc_train_part_2" / name, b"")
        put(root / "test_videos" / name, b"")
    survey = found(root)
    assert troubles(survey) == [("dfdc_train_part_2", "unknown"), ("test_videos", "unknown")]
    assert "2 clips without an entry" in survey.troubles[0].detail and "x1.mp4" in survey.troubles[0].detail
    assert len(survey.sources) == 24


@pytest.mark.parametrize("text", ["{", "[1, 2]", '{"aa0.mp4": 1}', ""])
def test_a_broken_part_leaves_the_others(root: Path, text: str) -> None:
    put(root / "dfdc_train_part_2" / "metadata.json", text.encode())
    survey = found(root)
    assert troubles(survey) == [("dfdc_train_part_2/metadata.json", "unreadable")]
    assert {s.id.partition("/")[0] for s in survey.sources} == {"dfdc_train_part_10"}


@pytest.mark.parametrize("text", ["clip,answer\na.mp4,1\n", ""])
def test_a_table_with_other_columns_is_named(root: Path, text: str) -> None:
    put(root / "test" / "labels.csv", text.encode())
    put(root / "test" / "a.mp4", b"")
    assert troubles(found(root)) == [("test/labels.csv", "unreadable")]


def test_an_entry_without_a_class_is_no_entry(root: Path) -> None:
    write_metadata(root / "dfdc_train_part_2", {"aa0.mp4": {"label": "MAYBE"}, "aa1.mp4": {"label": "real"}})
    survey = found(root)
    assert [s.id for s in survey.sources if "part_2/" in s.id] == ["dfdc_train_part_2/aa1.mp4"]
    assert troubles(survey) == [("dfdc_train_part_2", "unknown")]


def test_of_two_clips_with_one_name_the_first_is_used(root: Path) -> None:
    shutil.copytree(root / "dfdc_train_part_2", root / "train_sample_videos")
    survey = found(root)
    assert len(survey.sources) == 24
    assert Counter(t.status for t in survey.troubles) == {"duplicate": 12}
    # Parts are taken by their numbers, 2 before 10, and before other folders.
    assert all(t.path.startswith("train_sample_videos/") for t in survey.troubles)
    assert "dfdc_train_part_2/aa0.mp4" in survey.troubles[0].detail


def test_archives_with_clips_ask_to_be_unpacked(root: Path) -> None:
    with zipfile.ZipFile(root / "dfdc_train_part_03.zip", "w") as archive:
        archive.writestr("dfdc_train_part_3/metadata.json", json.dumps({"cc.mp4": {"label": "REAL", "split": "train"}}))
        archive.writestr("dfdc_train_part_3/cc.mp4", clip_bytes(0))
    survey = found(root)
    assert troubles(survey) == [("dfdc_train_part_03.zip", "packed")] and "unpack" in survey.troubles[0].detail
    assert len(survey.sources) == 24


# --- all the way -----------------------------------------------------------------------------------------------------


def test_from_clips_to_a_cell(tmp_path: Path, empty_store: Path) -> None:
    own_store(tmp_path, empty_store)
    root = tmp_path / "set"
    make_dfdc_part(root / "dfdc_train_part_0", FIRST, empty=False)
    make_dfdc_part(root / "dfdc_train_part_1", SECOND, ".mkv", "mpeg4", empty=False)
    made = prepare_dataset(DFDC(root), merge_settings(DFDC(root), {"frames": 2}))
    assert made.complete
    items = DFDC(root).items("")
    assert len(items) == 48 and not missing_classes(items, SPLITS)
    no_leak(list(items))
    assert failed_checks("dfdc", made.preparation.folder) == []
    keys = {"train": ["dfdc"], "test": ["dfdc"], "crop": {"side": 96}, "sweep": None, "search": {"trials": 0}}
    outcome = run(small_study(**keys, allow_lookalikes=True), {"dfdc": root})  # drawn faces look alike
    assert outcome.complete and len(outcome.rows) == 1


# --- the preview -----------------------------------------------------------------------------------------------------


def test_the_preview_tells_who_is_shown(tmp_path: Path) -> None:
    root = make_dfdc_preview(tmp_path / "dfdc_preview_set")
    survey = found(root)
    assert Counter((s.label, s.split) for s in survey.sources) == {
        (REAL, None): 20,
        (FAKE, None): 40,
        (REAL, "test"): 8,
        (FAKE, "test"): 16,
    }
    by_id = {s.id: s for s in survey.sources}
    real, fake = by_id["original_videos/101/101_B_001.mp4"], by_id["method_B/101/101_B/102_101_B_001.mp4"]
    assert (real.target, real.donor, real.video) == ("actor 101", "", "101_b")
    assert (fake.target, fake.donor, fake.video, fake.generator) == ("actor 101", "actor 102", "101_b", "method_B")
    assert not survey.troubles and not survey.missing
    assert not any("does not say who is shown" in note for note in survey.notes)


def test_training_clips_of_the_preview_are_split_by_actor(tmp_path: Path) -> None:
    root = make_dfdc_preview(tmp_path / "dfdc_preview_set")
    sources = split_up(root)
    assert not missing_classes(as_items(sources), SPLITS)
    no_leak(as_items(sources))
    assert {s.id for s in sources if s.split == "test"} == {s.id for s in sources if "/9" in s.id}
    n_left_out = sum(not s.split for s in sources)
    assert 0 < n_left_out < 40
    assert (
        f"{n_left_out} fakes of the preview are left out: their two actors are on different sides"
        in DFDC(root).facts()["notes"]
    )


def test_a_preview_that_is_not_whole(tmp_path: Path) -> None:
    root = make_dfdc_preview(tmp_path / "set" / "dfdc_preview_set")
    (root / "original_videos/100/100_A_001.mp4").unlink()
    put(root / "method_A" / "100" / "stray.mp4", b"")
    survey = found(tmp_path / "set")
    assert survey.missing == ("dfdc_preview_set: 1 of 84 clips that it lists, for example original_videos/100/100_a_001",)
    assert troubles(survey) == [("dfdc_preview_set", "unknown")]
    put(root / "dataset.json", b"[]")
    with pytest.raises(DataError, match="holds nothing of DFDC"):
        found(root)
