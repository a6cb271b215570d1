"""FaceForensics++: the distributed layout, the mistakes people make with it, splits that share nobody, and a study on it."""

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from bandbench.benchmark.contracts import SPLITS
from bandbench.benchmark.domains.catalogue import Catalogue, DatasetSpec
from bandbench.benchmark.domains.guard import check_no_leak
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.testing.dataset_checks import check_dataset
from bandbench.datasets.copies.settings import Settings
from bandbench.datasets.copies.survey import Source, Survey
from bandbench.datasets.copies.tree import Tree
from bandbench.datasets.faces.preparation import prepare_dataset
from bandbench.datasets.ffpp import FFPP, official_lists
from bandbench.datasets.uadfv import UADFV
from conftest import run, small_study
from trees.video_trees import PAIRS, make_dfd, make_ffpp, make_uadfv, put, put_frames, put_lists

REALS = "original_sequences/youtube/c23/videos"
FAKES = "manipulated_sequences/Deepfakes/c23/videos"
PAIR = ["071_054"]


def survey(root: Path) -> Survey:
    return FFPP(root).survey_now()


def by_id(found: Survey) -> dict[str, Source]:
    return {source.id: source for source in found.sources}


def troubles(found: Survey) -> dict[str, str]:
    return {trouble.path: trouble.status for trouble in found.troubles}


def splits_of(root: Path, variant: str, **options: int) -> dict[str, list]:
    """Items by split; nothing is read, so that clips need not be prepared."""
    dataset = FFPP(root, **options)
    sources = [source for source in dataset.drawn(dataset.surveyed.sources) if variant in source.domains]
    return {split: [source.item(source.id) for source in sources if source.split == split] for split in (*SPLITS, "")}


def assert_no_leak(splits: dict[str, list]) -> None:
    check_no_leak("train and val", splits["train"], splits["val"])
    check_no_leak("train and test", splits["train"] + splits["val"], splits["test"])


# --- what is there ---------------------------------------------------------------------------------------------------


def test_clips_of_the_distributed_layout(tmp_path: Path) -> None:
    found = by_id(survey(make_ffpp(tmp_path, empty=True)))
    assert found[f"{REALS}/071.mp4"] == Source(
        f"{REALS}/071.mp4", "clip", 0, ("Deepfakes@c23", "FaceSwap@c23"), "train", "071", video="071", compression="c23"
    )
    assert found[f"{FAKES}/012_026.mp4"] == Source(
        f"{FAKES}/012_026.mp4", "clip", 1, ("Deepfakes@c23",), "test", "012", "026", "012_026", "Deepfakes", "c23"
    )
    assert Counter((s.label, s.split) for s in found.values()) == Counter(
        {(label, split): (1 + label) * n for label in (0, 1) for split, n in (("train", 6), ("val", 4), ("test", 4))}
    )


def test_reals_are_shared_within_a_compression_and_footage_across_them(tmp_path: Path) -> None:
    for compression in ("c0", "c23", "C40"):
        make_ffpp(tmp_path, PAIR, ("Deepfakes",), compression, empty=True)
    found = survey(tmp_path)
    assert FFPP(tmp_path).variants() == ("Deepfakes@c23", "Deepfakes@c40", "Deepfakes@raw")
    reals = [source for source in found.sources if source.target == "071" and not source.label]
    assert {source.video for source in reals} == {"071"}
    assert {(source.domains, source.compression) for source in reals} == {
        ((f"Deepfakes@{name}",), name) for name in ("raw", "c23", "c40")
    }


def test_a_full_copy_has_the_published_splits_and_shares_nobody(tmp_path: Path) -> None:
    pairs = [pair for split in SPLITS for pair in json.loads(_official().read_text())[split]]
    found = splits_of(make_ffpp(tmp_path, pairs, ("Deepfakes",), empty=True), "Deepfakes@c23")
    for split, n in (("train", 720), ("val", 140), ("test", 140), ("", 0)):
        assert Counter(item.label for item in found[split]) == ({0: n, 1: n} if n else {})
    assert_no_leak(found)
    assert Counter(official_lists().values()) == {"train": 720, "val": 140, "test": 140}
    assert not [line for line in survey(tmp_path).missing if "Deepfakes" in line or "youtube" in line]


def _official() -> Path:
    return Path(__file__).parents[2] / "datasets" / "splits" / "ffpp.json"


def test_names_on_the_command_line(tmp_path: Path) -> None:
    for compression in ("raw", "c23"):
        make_ffpp(tmp_path, PAIR, compression=compression, empty=True)
    catalogue = Catalogue({"ffpp": str(tmp_path)})
    assert catalogue.expand(["ffpp@c23"]) == ["ffpp/Deepfakes@c23", "ffpp/FaceSwap@c23"]
    assert catalogue.expand(["ffpp@c23", "ffpp/Deepfakes"]) == [
        "ffpp/Deepfakes@c23",
        "ffpp/FaceSwap@c23",
        "ffpp/Deepfakes@raw",
    ]
    assert catalogue.expand(["ffpp/Deepfakes@c0", "ffpp/deepfakes@RAW"]) == ["ffpp/Deepfakes@raw"]
    assert catalogue.expand(["ffpp@c0"]) == ["ffpp/Deepfakes@raw", "ffpp/FaceSwap@raw"]
    with pytest.raises(DataError, match="unknown domain of ffpp 'FaceShifter@c23'"):
        catalogue.expand(["ffpp/FaceShifter@c23"])


def test_folders_of_frames_where_there_is_no_video(tmp_path: Path) -> None:
    make_ffpp(tmp_path, PAIR, ("Deepfakes",), empty=True)
    (tmp_path / FAKES / "054_071.mp4").unlink()
    images = "manipulated_sequences/Deepfakes/c23/images"
    put_frames(tmp_path / images / "054_071", 54, 71)
    put_frames(tmp_path / images / "071_054", 71, 54)
    put(tmp_path / "manipulated_sequences/Deepfakes/c23/masks/071_054/0000.png")
    put(tmp_path / "manipulated_sequences/Deepfakes/masks/videos/071_054.mp4")
    found = survey(tmp_path)
    kinds = {source.id: source.kind for source in found.sources if source.label}
    assert kinds == {f"{images}/054_071": "frames", f"{FAKES}/071_054.mp4": "clip"}
    assert "1 clips are there as videos and as images; the videos are used" in found.notes
    assert not found.troubles


# --- DeepFakeDetection -----------------------------------------------------------------------------------------------


def test_actors_are_split_although_the_rest_has_lists(tmp_path: Path) -> None:
    root = make_dfd(make_ffpp(tmp_path, empty=True))
    drawn = splits_of(root, "DeepFakeDetection@c23")
    assert all({item.label for item in drawn[split]} == {0, 1} for split in SPLITS)
    assert_no_leak(drawn)
    assert {item.target for item in drawn["train"]} <= {f"actor {i:02d}" for i in range(1, 13)}
    assert drawn["test"] == splits_of(root, "DeepFakeDetection@c23", replicate=1)["test"]
    assert drawn["val"] != splits_of(root, "DeepFakeDetection@c23", replicate=1)["val"]
    given = splits_of(root, "Deepfakes@c23")
    assert {split: len(items) for split, items in given.items()} == {"train": 12, "val": 8, "test": 8, "": 0}


def test_swaps_between_the_sides_are_left_out_and_counted(tmp_path: Path) -> None:
    root = make_dfd(tmp_path)
    left_out = splits_of(root, "DeepFakeDetection@c23")[""]
    assert left_out and all(item.label for item in left_out)
    expected = f"DeepFakeDetection: {len(left_out)} of 72 fakes are between actors of two splits and are left out"
    assert expected in FFPP(root).facts()["notes"]
    assert "DeepFakeDetection@c23: 72 of 3068 clips" in FFPP(root).facts()["missing"]


def test_one_scene_under_two_compressions_is_one_clip_on_one_side(tmp_path: Path) -> None:
    make_dfd(tmp_path)
    for path in [*tmp_path.rglob("*.mp4")]:
        put(Path(str(path).replace("c23", "c40")))
    dataset = FFPP(tmp_path)
    sides: dict[str, set[str | None]] = {}
    for source in dataset.drawn(dataset.surveyed.sources):
        sides.setdefault(source.video, set()).add(source.split)
    assert len(sides) == 96 and all(len(found) == 1 for found in sides.values())


# --- split lists -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["splits", "dataset/splits", "Splits", ""])
def test_lists_of_the_copy_come_first(tmp_path: Path, place: str) -> None:
    root = make_ffpp(tmp_path, empty=True)
    put_lists(root / place, {"train": PAIRS[3:], "val": PAIRS[1:3], "test": PAIRS[:1]})
    found = survey(root)
    assert {source.target for source in found.sources if source.split == "test"} == {"071", "054"}
    assert any(f"{place}/train.json".strip("/") in note and "other than the official" in note for note in found.notes)


def test_the_official_lists_in_the_copy_are_recognised(tmp_path: Path) -> None:
    root = make_ffpp(tmp_path, PAIR, empty=True)
    put_lists(root / "splits", json.loads(_official().read_text()))
    assert any("the same as the official" in note for note in survey(root).notes)


def test_strange_ids_in_lists_are_named_and_the_rest_is_used(tmp_path: Path) -> None:
    root = make_ffpp(tmp_path, empty=True)
    put_lists(root / "splits", {"train": PAIRS[:5], "val": ["1000_054x"], "test": PAIRS[5:]})
    found = survey(root)
    assert troubles(found) == {"splits/val.json": "unknown"}
    assert "1000, 054x" in found.troubles[0].detail
    assert {source.split for source in found.sources} == {"train", "test"}


def test_clips_in_no_list_are_named_and_not_used(tmp_path: Path) -> None:
    root = make_ffpp(tmp_path, methods=("Deepfakes",), empty=True)
    put(root / FAKES / "071_953.mp4")
    put_lists(root / "splits", {"train": PAIRS[:3], "val": PAIRS[3:5], "test": PAIRS[5:6]})
    found = survey(root)
    unused = {source.video for source in found.sources if source.split == ""}
    assert unused == {"012", "026", "012_026", "026_012", "071_953"}
    (note,) = [note for note in found.notes if "no split list" in note]
    assert note.startswith("5 clips") and f"{FAKES}/071_953.mp4" in note


@pytest.mark.parametrize(
    ("broken", "status"),
    [
        (b"[[", "unreadable"),
        (b'{"071": "054"}', "unreadable"),
        (b'["071_054"]', "unreadable"),
        (b'[["071", "054"]]', "duplicate"),
        (b"\xff\xfe", "unreadable"),
        (None, "unreadable"),
    ],
)
def test_lists_that_cannot_be_used_give_way_to_the_official_ones(tmp_path: Path, broken: bytes | None, status: str) -> None:
    root = make_ffpp(tmp_path, empty=True)
    put_lists(root / "splits", {"train": PAIRS[:3], "val": PAIRS[3:5]})
    if broken is not None:
        put(root / "splits/test.json", broken)
    found = survey(root)
    assert list(troubles(found).values()) == [status]
    assert {(s.target, s.split) for s in found.sources} == {(n, official_lists()[n]) for p in PAIRS for n in p.split("_")}
    assert "splits: the official lists of pairs (720, 140 and 140 videos)" in found.notes


# --- mistakes people make --------------------------------------------------------------------------------------------


def test_a_root_that_is_one_or_two_levels_too_high_works(tmp_path: Path) -> None:
    make_ffpp(tmp_path / "data/FaceForensics++", PAIR, empty=True)
    assert len(survey(tmp_path / "data").sources) == len(survey(tmp_path).sources) == 6


@pytest.mark.parametrize("below", ["manipulated_sequences", "manipulated_sequences/Deepfakes"])
def test_a_root_inside_is_told_where_to_go(tmp_path: Path, below: str) -> None:
    make_ffpp(tmp_path, PAIR, empty=True)
    with pytest.raises(DataError, match=f"lies inside the data set; give the folder above: {tmp_path}"):
        survey(tmp_path / below)


def test_something_else_is_told_what_was_wanted(tmp_path: Path) -> None:
    put(tmp_path / "real/1.png")
    with pytest.raises(DataError, match=r"does not hold FaceForensics\+\+ \(original_sequences/.*found: real/"):
        survey(tmp_path)


def test_case_and_hidden_files_do_not_matter(tmp_path: Path) -> None:
    make_ffpp(tmp_path, PAIR, ("deepfakes",), "C23", ".MP4", empty=True)
    (tmp_path / "original_sequences").rename(tmp_path / "Original_Sequences")
    videos = tmp_path / "manipulated_sequences/deepfakes/C23/videos"
    put(videos / "._071_054.mp4")
    put(videos / ".DS_Store")
    put(tmp_path / "manipulated_sequences/.git/c23/videos/071_054.mp4")
    found = survey(tmp_path)
    assert FFPP(tmp_path).variants() == ("Deepfakes@c23",)
    assert {s.id.rpartition("/")[2] for s in found.sources} == {"071.MP4", "054.MP4", "071_054.MP4", "054_071.MP4"}
    assert not found.troubles


def test_clips_without_the_folder_videos_work(tmp_path: Path) -> None:
    make_ffpp(tmp_path, PAIR, ("Deepfakes",), empty=True)
    for path in [*(tmp_path / FAKES).iterdir()]:
        path.rename(path.parents[1] / path.name)
    assert len(survey(tmp_path).sources) == 4


def test_unknown_folders_are_named_with_what_is_known(tmp_path: Path) -> None:
    make_ffpp(tmp_path, PAIR, ("Deepfakes", "Deep Fakes 2"), empty=True)
    make_ffpp(tmp_path, PAIR, ("Deepfakes",), "high quality", empty=True)
    put(tmp_path / FAKES / "../videos.zip", b"")
    found = survey(tmp_path)
    assert troubles(found) == {
        "manipulated_sequences/Deep Fakes 2": "unknown",
        "manipulated_sequences/Deepfakes/high quality": "unknown",
        "manipulated_sequences/Deepfakes/c23/videos.zip": "unknown",
        "original_sequences/youtube/high quality": "unknown",
    }
    detail = {trouble.path: trouble.detail for trouble in found.troubles}
    assert "raw, c0, c23, c40" in detail["original_sequences/youtube/high quality"]
    assert "Deepfakes, Face2Face" in detail["manipulated_sequences/Deep Fakes 2"]


def test_nothing_but_a_renamed_quality_says_so(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"makes no domain.*youtube/HQ is none of raw, c0, c23, c40; rename"):
        survey(make_ffpp(tmp_path, PAIR, compression="HQ", empty=True))


@pytest.mark.parametrize(
    ("kept", "named"),
    [("original_sequences", r"youtube@c23 \(2 clips\)"), ("manipulated_sequences", r"Deepfakes@c23 \(2 clips\)")],
)
def test_one_class_alone_is_no_domain(tmp_path: Path, kept: str, named: str) -> None:
    make_ffpp(tmp_path / "whole", PAIR, empty=True)
    (tmp_path / "part").mkdir()
    (tmp_path / "whole" / kept).rename(tmp_path / "part" / kept)
    with pytest.raises(DataError, match=f"makes no domain, which takes fakes and their originals.*found: .*{named}"):
        survey(tmp_path / "part")


def test_parts_without_their_other_class_are_named(tmp_path: Path) -> None:
    make_ffpp(tmp_path, PAIR, ("Deepfakes",), empty=True)
    put(tmp_path / "manipulated_sequences/FaceSwap/c40/videos/071_054.mp4")
    put(tmp_path / "original_sequences/youtube/raw/videos/071.mp4")
    put(tmp_path / "original_sequences/actors/c23/videos/01__kitchen_pan.mp4")
    found = survey(tmp_path)
    assert FFPP(tmp_path).variants() == ("Deepfakes@c23",)
    assert set(found.notes) >= {
        "FaceSwap@c40: 1 clips are not used, because youtube@c40 is not there",
        "youtube@raw: 1 clips are not used, because fakes of them are not there",
        "actors@c23: 1 clips are not used, because fakes of them are not there",
    }


def test_what_is_missing_is_one_line_a_part(tmp_path: Path) -> None:
    assert survey(make_ffpp(tmp_path, empty=True)).missing == (
        "raw",
        "youtube@c23: 14 of 1000 clips",
        "actors@c23: 0 of 363 clips",
        "Deepfakes@c23: 14 of 1000 clips",
        "Face2Face@c23: 0 of 1000 clips",
        "FaceSwap@c23: 14 of 1000 clips",
        "NeuralTextures@c23: 0 of 1000 clips",
        "FaceShifter@c23: 0 of 1000 clips",
        "DeepFakeDetection@c23: 0 of 3068 clips",
        "c40",
    )


def test_two_clips_of_one_name_and_names_of_something_else(tmp_path: Path) -> None:
    make_ffpp(tmp_path, PAIR, ("Deepfakes",), empty=True)
    for name in ("071_054.avi", "071.mp4", "1071_054.mp4", "01_02__kitchen_pan__YVGY8LOK.mp4", "readme.txt"):
        put(tmp_path / FAKES / name)
    make_ffpp(tmp_path, PAIR, ("Deepfakes",), "raw", empty=True)
    put(tmp_path / "original_sequences/youtube/c0/videos/071.mp4")
    found = survey(tmp_path)
    assert troubles(found) == {
        f"{FAKES}/071_054.mp4": "duplicate",
        f"{FAKES}/071.mp4": "unknown",
        f"{FAKES}/1071_054.mp4": "unknown",
        f"{FAKES}/01_02__kitchen_pan__YVGY8LOK.mp4": "unknown",
        "original_sequences/youtube/raw": "duplicate",
    }
    assert f"{FAKES}/071_054.avi" in by_id(found)


def test_links_out_of_the_root_are_named_and_followed_on_demand(tmp_path: Path) -> None:
    make_ffpp(tmp_path / "root", PAIR, ("Deepfakes",), empty=True)
    inside = tmp_path / "root" / FAKES
    inside.rename(tmp_path / "elsewhere")
    inside.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DataError, match=r"makes no domain.*is a link out of the folder"):
        survey(tmp_path / "root")
    followed = FFPP(tmp_path / "root", follow_links=True)
    assert len(followed.survey(Tree(tmp_path / "root", follow_links=True)).sources) == 4


# --- from the copy to a row of the leaderboard -----------------------------------------------------------------------

SETTINGS = Settings(frames=2)


def test_clips_become_items_and_rows(tmp_path: Path, empty_store: Path) -> None:
    ffpp, uadfv = make_ffpp(tmp_path / "ffpp"), make_uadfv(tmp_path / "uadfv", range(8), ".avi")
    made = [prepare_dataset(dataset, SETTINGS) for dataset in (FFPP(ffpp), UADFV(uadfv))]
    assert all(outcome.complete for outcome in made)

    items = FFPP(ffpp).items("Deepfakes@c23")
    assert Counter((item.split, item.label) for item in items) == Counter(
        {(split, label): 2 * n for split, n in (("train", 6), ("val", 4), ("test", 4)) for label in (0, 1)}
    )
    assert {item.video for item in items if item.target == "071" and item.label} == {"071_054"}
    reals = {item.id for item in items if not item.label}
    assert reals == {item.id for item in FFPP(ffpp).items("FaceSwap@c23") if not item.label}
    assert FFPP(ffpp).read(items[0]).startswith(b"\x89PNG")
    for name, root in (("ffpp", ffpp), ("uadfv", uadfv)):
        assert [result for result in check_dataset(DatasetSpec(name, str(root))) if not result.ok] == []

    shutil.copy(empty_store, tmp_path / "home")
    study = small_study(
        train=["ffpp/Deepfakes@c23"],
        test=["ffpp/FaceSwap@c23", "uadfv"],
        crop={"side": 96},
        sweep=None,
        search={"trials": 0},
    )
    outcome = run(study, {"ffpp": ffpp, "uadfv": uadfv})
    assert outcome.complete
    (row,) = outcome.rows
    assert {(test.domain, test.n) for test in row.tests} == {("ffpp/FaceSwap@c23", 16), ("uadfv", 8)}
    assert all(0 <= test.auc <= 1 for test in row.tests)


def test_frames_and_clips_that_give_nothing_are_told(tmp_path: Path) -> None:
    root = make_ffpp(tmp_path / "ffpp", PAIR, ("Deepfakes",))
    put(root / FAKES / "071_054.mp4", b"")
    (root / REALS / "054.mp4").unlink()
    images = "original_sequences/youtube/c23/images/054"
    put_frames(root / images, 54)
    outcome = prepare_dataset(FFPP(root), SETTINGS)
    assert {problem.path: problem.status for problem in outcome.problems} == {f"{FAKES}/071_054.mp4": "error"}
    assert {item.id.rpartition("/")[0]: item.video for item in FFPP(root).items("Deepfakes@c23")} == {
        f"{REALS}/071.mp4": "071",
        images: "054",
        f"{FAKES}/054_071.mp4": "054_071",
    }
    assert "1 of 4 sources not decodable" in FFPP(root).facts()["missing"]
