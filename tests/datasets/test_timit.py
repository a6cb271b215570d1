"""DeepfakeTIMIT and VidTIMIT: AVI fakes and stills without suffix, pairs of subjects, VidTIMIT wherever it is."""

import shutil
import zipfile
from collections import Counter
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.contracts import FAKE, REAL, SPLITS, Item
from bandbench.benchmark.domains.guard import check_no_leak
from bandbench.benchmark.domains.splits import missing_classes
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.pictures.crops import decode
from bandbench.benchmark.registry import datasets
from bandbench.datasets.copies.survey import Source, Survey
from bandbench.datasets.faces.frames import iter_source_frames
from bandbench.datasets.faces.preparation import prepare_dataset
from bandbench.datasets.faces.recode import recode
from bandbench.datasets.faces.request import merge_settings
from bandbench.datasets.timit import Timit
from conftest import run, small_study
from trees.more_video_trees import (
    clip_bytes,
    failed_checks,
    make_timit_fakes,
    make_vidtimit,
    own_store,
    put,
    still_bytes,
    subject,
)

A, B = subject(0), subject(1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    make_vidtimit(tmp_path / "set" / "VidTIMIT", n_subjects=12)
    return make_timit_fakes(tmp_path / "set", empty=True)


def found(root: Path, **options: str) -> Survey:
    return Timit(root, **options).survey_now()  # type: ignore[arg-type]


def by_label(survey: Survey, label: int) -> list[Source]:
    return [source for source in survey.sources if source.label == label]


def as_items(dataset: Timit, variant: str) -> list[Item]:
    """The sources of a domain, as items."""
    return [s.item(s.id) for s in dataset._with_splits() if variant in s.domains and s.split]


def test_it_is_registered_with_its_facts() -> None:
    assert datasets.get("timit") is Timit
    assert Timit.preparation == {"recode": "h264:23"} and not Timit.may_be_shown
    assert all((Timit.licence, Timit.source, Timit.obtain, Timit.layout, Timit.what))


def test_fakes_are_clips_and_reals_are_folders_of_stills(root: Path) -> None:
    survey = found(root)
    assert Counter((s.label, s.kind, s.domains) for s in survey.sources) == {
        (FAKE, "clip", ("higher_quality",)): 10,
        (FAKE, "clip", ("lower_quality",)): 10,
        (REAL, "frames", ("higher_quality", "lower_quality")): 12,
    }
    fake = next(s for s in survey.sources if s.id == f"higher_quality/{A}/sa1-video-{B}.avi")
    assert (fake.target, fake.donor, fake.video, fake.generator) == (A, B, f"{A}/sa1", "faceswap_gan_128")
    real = next(s for s in survey.sources if s.id == f"VidTIMIT/{A}/video/sa1")
    assert (real.target, real.donor, real.video) == (A, "", fake.video)
    assert not survey.troubles


def test_the_notes_tell_of_the_formats_and_of_head_movements(root: Path) -> None:
    notes = found(root).notes
    assert any("JPEG stills" in note and "AVI" in note and "recode=h264:23" in note for note in notes)
    assert any(note.startswith("12 head-movement sequences") for note in notes)
    assert not [s for s in found(root).sources if "head" in s.id]


def test_pairs_stay_together_and_every_split_has_both_classes(root: Path) -> None:
    dataset = Timit(root)
    for variant in dataset.variants():
        items = as_items(dataset, variant)
        assert not missing_classes(items, SPLITS)
        for one, other in combinations(SPLITS, 2):
            check_no_leak(variant, *([i for i in items if i.split == split] for split in (one, other)))
    split = {s.target: s.split for s in dataset._with_splits() if s.label == FAKE}
    assert all(split[subject(k)] == split[subject(k + 1)] for k in range(0, 10, 2))
    assert not [s for s in dataset._with_splits() if s.split == ""]


@pytest.mark.parametrize(
    ("text", "variants"),
    [("hq", ("higher_quality",)), ("LQ", ("lower_quality",)), ("higher_quality", ("higher_quality",)), ("medium", ())],
)
def test_qualities_have_short_names(root: Path, text: str, variants: tuple[str, ...]) -> None:
    assert Timit(root).find_variants(text) == variants


@pytest.mark.parametrize("place", ["VidTIMIT", "vidtimit/VidTIMIT", "", "DeepfakeTIMIT/VidTIMIT"])
def test_vidtimit_is_found_in_the_root(tmp_path: Path, place: str) -> None:
    make_timit_fakes(tmp_path / "set" / "DeepfakeTIMIT" if "Deep" in place else tmp_path / "set", 2, empty=True)
    make_vidtimit(tmp_path / "set" / place, 4)
    assert len(by_label(found(tmp_path / "set"), REAL)) == 4


def test_vidtimit_is_found_beside_a_folder_of_fakes(tmp_path: Path) -> None:
    make_timit_fakes(tmp_path / "set" / "DeepfakeTIMIT", 2, empty=True)
    make_vidtimit(tmp_path / "set" / "VidTIMIT", 4)
    survey = found(tmp_path / "set")
    assert len(by_label(survey, REAL)) == 4 and len(by_label(survey, FAKE)) == 8


def test_vidtimit_may_be_somewhere_else(tmp_path: Path) -> None:
    make_timit_fakes(tmp_path / "set", 2, empty=True)
    elsewhere = make_vidtimit(tmp_path / "other disk" / "VidTIMIT", 4)
    (elsewhere / "loop").symlink_to(elsewhere)
    dataset = Timit(tmp_path / "set", vidtimit=str(elsewhere))
    survey = dataset.survey_now()
    reals = by_label(survey, REAL)
    assert [s.id for s in reals] == [f"vidtimit/{subject(k)}/video/sa1" for k in range(4)]
    assert [t.path for t in survey.troubles] == ["vidtimit/loop"]
    still = f"{reals[0].id}/001"
    assert dataset.read_still(still) == still_bytes(0, 0) == dataset.tree.path(still).read_bytes()
    with pytest.raises((DataError, OSError)):
        dataset.read_still("vidtimit/../secret")
    assert dataset.survey_options() == {"vidtimit": str(elsewhere)}


def test_a_wrong_folder_for_vidtimit_is_named(tmp_path: Path) -> None:
    make_timit_fakes(tmp_path / "set", 2, empty=True)
    one = make_vidtimit(tmp_path / "VidTIMIT", 1) / A
    with pytest.raises(DataError, match="folder of one person; give the folder above"):
        found(tmp_path / "set", vidtimit=str(one))
    with pytest.raises(DataError, match="nowhere does not exist"):
        found(tmp_path / "set", vidtimit=str(tmp_path / "nowhere"))


def test_archives_of_vidtimit_are_read_and_those_of_clips_are_named(tmp_path: Path) -> None:
    make_timit_fakes(tmp_path / "set", 2, empty=True)
    make_vidtimit(tmp_path / "loose", 4)
    for k in range(4):
        person = tmp_path / "set" / "VidTIMIT" / f"{subject(k)}.zip"
        person.parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(person, "w") as archive:
            for still in sorted((tmp_path / "loose" / subject(k)).rglob("0*")):
                archive.write(still, still.relative_to(tmp_path / "loose").as_posix())
    with zipfile.ZipFile(tmp_path / "set" / "lower_quality" / "more.zip", "w") as archive:
        archive.writestr(f"{A}/sa2-video-{B}.avi", clip_bytes(0, 1, ".avi", "mpeg4"))
    dataset = Timit(tmp_path / "set")
    survey = dataset.survey_now()
    real = by_label(survey, REAL)[0]
    assert (real.id, real.target) == (f"VidTIMIT/{A}.zip/{A}/video/sa1", A)
    assert dataset.read_still(f"{real.id}/001") == still_bytes(0, 0)
    assert [(t.path, t.status) for t in survey.troubles] == [("lower_quality/more.zip", "packed")]


def test_a_packed_distribution_is_refused(tmp_path: Path) -> None:
    (tmp_path / "set").mkdir()
    with zipfile.ZipFile(tmp_path / "set" / "DeepfakeTIMIT.zip", "w") as archive:
        archive.writestr(f"DeepfakeTIMIT/higher_quality/{A}/sa1-video-{B}.avi", clip_bytes(0, 1, ".avi", "mpeg4"))
    with pytest.raises(DataError, match=r"DeepfakeTIMIT.zip is an archive.*unpack it"):
        found(tmp_path / "set")


def test_other_spellings_are_understood(tmp_path: Path) -> None:
    root = make_timit_fakes(tmp_path / "set" / "DeepfakeTIMIT" / "unpacked", 2, ("HQ", "Lower Quality"), empty=True)
    make_vidtimit(root / "vidTIMIT", 4, suffix=".JPG")
    clip = root / "HQ" / A / f"sa1-video-{B}.avi"
    clip.rename(clip.with_suffix(".AVI"))
    put(root / "HQ" / A / f"._sa1-video-{B}.avi", b"hidden")
    put(root / "HQ" / ".DS_Store", b"hidden")
    survey = found(tmp_path / "set")
    assert Counter(s.domains for s in by_label(survey, FAKE)) == {("higher_quality",): 4, ("lower_quality",): 4}
    assert len(by_label(survey, REAL)) == 4 and not survey.troubles


def test_a_root_that_is_too_deep_or_wrong_is_named(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"lies inside the data set; give the folder above: {root}"):
        found(root / "higher_quality" / A)
    with pytest.raises(DataError, match="does not hold DeepfakeTIMIT .*found: pictures/"):
        (tmp_path / "wrong" / "pictures").mkdir(parents=True)
        found(tmp_path / "wrong")


def test_partial_copies_are_used_and_tell_what_is_missing(root: Path) -> None:
    shutil.rmtree(root / "lower_quality")
    shutil.rmtree(root / "VidTIMIT" / B)
    dataset = Timit(root)
    missing = dataset.facts()["missing"]
    assert missing == ["higher_quality/: only 10 of 320 clips", "lower_quality/", f"VidTIMIT: the stills of {B}"]
    assert dataset.variants() == ("higher_quality",)
    shutil.rmtree(root / "VidTIMIT")
    assert any("VidTIMIT, the reals" in line and "vidtimit=DIR" in line for line in found(root).missing)


def test_a_whole_copy_misses_nothing(tmp_path: Path) -> None:
    utterances = [f"sx{k}" for k in range(10)]
    for quality in ("higher_quality", "lower_quality"):
        for k in range(32):
            for utterance in utterances:
                put(tmp_path / quality / subject(k) / f"{utterance}-video-{subject(k ^ 1)}.avi", b"x")
                put(tmp_path / subject(k) / "video" / utterance / "001", b"x")
    assert found(tmp_path).missing == ()


def test_what_cannot_be_used_is_named(root: Path) -> None:
    put(root / "higher_quality" / A / "holiday.avi", b"x")
    put(root / "higher_quality" / f"sa1-video-{B}.avi", b"x")
    put(root / "higher_quality" / A / f"sa1-video-{B}.MP4", b"x")
    (root / "VidTIMIT" / A / "video" / "sa2").mkdir()
    put(root / "VidTIMIT" / "again" / B / "video" / "sa1" / "001", b"x")
    survey = found(root)
    assert [(t.path, t.status) for t in survey.troubles] == [
        (f"VidTIMIT/{A}/video/sa2", "unreadable"),
        (f"VidTIMIT/{B}/video/sa1", "duplicate"),
        (f"higher_quality/{A}/holiday.avi", "unknown"),
        (f"higher_quality/{A}/sa1-video-{B}.avi", "duplicate"),
        (f"higher_quality/sa1-video-{B}.avi", "unknown"),
    ]
    assert len(survey.sources) == 32


# --- all the way -----------------------------------------------------------------------------------------------------


def test_from_clips_and_stills_to_a_cell(tmp_path: Path, empty_store: Path) -> None:
    own_store(tmp_path, empty_store)
    root = make_timit_fakes(tmp_path / "set", 5, ("higher_quality",))
    elsewhere = str(make_vidtimit(tmp_path / "elsewhere", 10))
    dataset = Timit(root, vidtimit=elsewhere)
    made = prepare_dataset(dataset, merge_settings(dataset, {"frames": 2}))
    assert made.complete and made.preparation.settings.recode == "h264:23"
    prepared = made.preparation.folder
    items = Timit(prepared).items("higher_quality")
    assert len(items) == 40 and items == Timit(root, vidtimit=elsewhere).items("higher_quality")
    assert failed_checks("timit", prepared) == []
    keys = {"train": ["timit/hq"], "test": ["timit/hq"], "crop": {"side": 96}, "sweep": None, "search": {"trials": 0}}
    outcome = run(small_study(**keys, allow_lookalikes=True), {"timit": prepared})  # drawn faces look alike
    assert outcome.complete and len(outcome.rows) == 1


def test_both_classes_go_through_the_codec(tmp_path: Path) -> None:
    """Every crop, real or fake, is a window of its frame after that went through the codec, and not of the frame itself."""
    root = make_timit_fakes(tmp_path / "set", 1, ("higher_quality",))
    make_vidtimit(root / "VidTIMIT", 2)
    dataset = Timit(root)
    made = prepare_dataset(dataset, merge_settings(dataset, {"frames": 3, "margin": 0.0}))
    checked = Counter()
    for source in dataset.survey_now().sources:
        frames = {f.number: f.picture for f in iter_source_frames(dataset.tree, source, made.preparation.settings)}
        record = made.preparation.record(source.id)
        assert record
        for crop in record.crops:
            left, top, width, height = crop.box
            window = (slice(top, top + height), slice(left, left + width))
            picture = decode(made.preparation.read(f"{source.id}/{crop.file}"), colour=True)
            np.testing.assert_array_equal(picture, recode(frames[crop.frame], "h264:23")[window])
            assert (picture != frames[crop.frame][window]).any()
            checked[source.label] += 1
    assert checked == {REAL: 6, FAKE: 6}
