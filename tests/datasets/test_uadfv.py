"""UADFV: clips and frames by number, both classes of a number on one side."""

from collections import Counter
from pathlib import Path

import pytest

from bandbench.benchmark.contracts import SPLITS
from bandbench.benchmark.domains.guard import check_no_leak
from bandbench.benchmark.errors import DataError
from bandbench.datasets.copies.survey import Source, Survey
from bandbench.datasets.uadfv import UADFV
from trees.video_trees import make_uadfv, put, put_frames


def survey(root: Path) -> Survey:
    return UADFV(root).survey_now()


def troubles(found: Survey) -> dict[str, str]:
    return {trouble.path: trouble.status for trouble in found.troubles}


def test_a_whole_copy(tmp_path: Path) -> None:
    dataset = UADFV(make_uadfv(tmp_path, range(49), empty=True))
    found = dataset.survey_now()
    assert (found.missing, found.troubles, found.notes) == ((), (), ())
    assert found.sources[7] == Source(
        "fake/0007_fake.mp4", "clip", 1, ("",), None, "0007", video="0007_fake", generator="FakeApp"
    )
    assert found.sources[49] == Source("real/0000.mp4", "clip", 0, ("",), None, "0000", video="0000")
    drawn = dataset.drawn(found.sources)
    counts = Counter((source.split, source.label) for source in drawn)
    assert counts == {(split, label): n for split, n in (("train", 29), ("val", 10), ("test", 10)) for label in (0, 1)}
    train, val, test = ([source.item(source.id) for source in drawn if source.split == split] for split in SPLITS)
    check_no_leak("train and val", train, val)
    check_no_leak("train and test", train + val, test)


def test_a_partial_copy_names_the_numbers(tmp_path: Path) -> None:
    make_uadfv(tmp_path, range(49), empty=True)
    for number in (0, 3, 4, 5, 48):
        (tmp_path / f"real/{number:04d}.mp4").unlink()
    found = survey(tmp_path)
    assert found.missing == ("real: 44 of 49 clips, without 0000, 0003 to 0005, 0048",)
    assert len(found.sources) == 93


def test_frames_in_place_of_videos(tmp_path: Path) -> None:
    make_uadfv(tmp_path, [0], empty=True)
    put_frames(tmp_path / "real/frames/0000", 1)
    put_frames(tmp_path / "real/frames/0001", 2)
    put_frames(tmp_path / "fake/Frames/0001_fake", 2, 3)
    put(tmp_path / "fake/landmarks/0001_fake/000.npy")
    found = survey(tmp_path)
    assert {(source.id, source.kind) for source in found.sources} == {
        ("real/0000.mp4", "clip"),
        ("fake/0000_fake.mp4", "clip"),
        ("real/frames/0001", "frames"),
        ("fake/Frames/0001_fake", "frames"),
    }
    assert found.notes == ("1 clips of real/ are there as videos and as frames; the videos are used",)


def test_mistakes_work_or_are_named(tmp_path: Path) -> None:
    make_uadfv(tmp_path / "data/UADFV", [0, 1], suffix=".MP4", empty=True)
    (tmp_path / "data/UADFV/real").rename(tmp_path / "data/UADFV/Real")
    place = tmp_path / "data/UADFV/fake"
    for name in ("._0000_fake.mp4", ".DS_Store", "0000_FAKE.avi", "0049_fake.mp4", "holiday.mp4", "0002.mp4"):
        put(place / name)
    put(tmp_path / "data/UADFV/Real/0003_fake.mp4")
    found = survey(tmp_path)
    assert troubles(found) == {
        "data/UADFV/fake/0000_fake.MP4": "duplicate",
        "data/UADFV/fake/0049_fake.mp4": "unknown",
        "data/UADFV/fake/holiday.mp4": "unknown",
        "data/UADFV/Real/0003_fake.mp4": "unknown",
    }
    assert Counter((s.label, s.target) for s in found.sources) == Counter(
        [(0, "0000"), (0, "0001"), (1, "0000"), (1, "0001"), (1, "0002")]
    )


def test_roots_that_cannot_be_used(tmp_path: Path) -> None:
    make_uadfv(tmp_path / "uadfv", [0], empty=True)
    with pytest.raises(DataError, match="lies inside the data set; give the folder above"):
        survey(tmp_path / "uadfv/fake")
    (tmp_path / "uadfv/fake/0000_fake.mp4").unlink()
    with pytest.raises(DataError, match=r"makes no domain: .*fake: 0 of 49 clips"):
        survey(tmp_path / "uadfv")
    (tmp_path / "other/real").mkdir(parents=True)
    with pytest.raises(DataError, match=r"does not hold UADFV .*found: real/"):
        survey(tmp_path / "other")


def test_links_out_of_the_root_are_named(tmp_path: Path) -> None:
    make_uadfv(tmp_path / "uadfv", [0, 1], empty=True)
    (tmp_path / "uadfv/real/0002.mp4").symlink_to(put(tmp_path / "clip.mp4"))
    found = survey(tmp_path / "uadfv")
    assert troubles(found) == {"real/0002.mp4": "outside"}
    assert len(found.sources) == 4
