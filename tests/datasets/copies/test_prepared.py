"""Manifest, records and index of a prepared folder are read back as they were written."""

import json
import math
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.store.files import write_json
from bandbench.datasets.copies.prepared import (
    INDEX,
    MANIFEST,
    SOURCE,
    Crop,
    Origin,
    Preparation,
    SourceRecord,
    default_folder,
    find_preparations,
    note_place,
)
from bandbench.datasets.copies.settings import Settings
from bandbench.datasets.copies.sources import prepared_items
from bandbench.datasets.copies.survey import Source, Survey


def crop(frame: int, landmarks: tuple[float, ...] = (), confidence: float = math.nan) -> Crop:
    return Crop(f"{frame:06d}.png", frame, frame / 25, (1, 2, 3, 4), confidence, landmarks, f"{frame:064x}", 4, 3)


RECORDS = [
    SourceRecord("b/real/2.mp4", "ok", "", 10, 2**62, 3, (crop(0), crop(7, tuple(map(float, range(10))), 0.75))),
    SourceRecord("a/fake/1.mp4", "no_face", "no face", 11, 5, 3),
    SourceRecord("a/fake/ü 'quoted'.mp4", "error", "0 bytes"),
]


def written(folder: Path, settings: Settings | None = None, records: list[SourceRecord] | None = None) -> Preparation:
    """A prepared folder with records and no pictures."""
    records = RECORDS if records is None else records
    sources = tuple(Source(record.id, "clip", 0, ("",)) for record in sorted(RECORDS, key=lambda record: record.id))
    survey = Survey(sources).as_dict()
    origin = Origin("clips", folder.parent / "root", {"quality": "higher"})
    made = Preparation.create(folder, origin, 1, settings or Settings(), survey, command="bench data prepare clips")
    for record in records:
        write_json(made.source_folder(record.id) / SOURCE, asdict(record))
    made.write_index()
    return made


def same(one: SourceRecord, other: SourceRecord) -> bool:
    """Equal, where NaN counts as equal to itself."""
    return repr(one) == repr(other)


def test_records_survive_their_files_and_the_table(tmp_path: Path) -> None:
    written(tmp_path / "out")
    known = Preparation.at(tmp_path / "out")
    assert known is not None and list(known.index) == sorted(record.id for record in RECORDS)
    for record in RECORDS:
        assert same(known.index[record.id], record)
        read = known.record(record.id)
        assert read is not None
        assert same(read, record)
    assert {problem[0] for problem in known.iter_problems()} == {"a/fake/1.mp4", "a/fake/ü 'quoted'.mp4"}
    assert known.gaps == ["1 of 3 sources without a face", "1 of 3 sources not decodable"]
    assert known.settings == Settings()


def test_the_table_holds_more_than_one_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bandbench.datasets.copies.prepared.ROWS_PER_GROUP", 2)
    assert len(written(tmp_path / "out").index) == 3


def test_an_empty_table(tmp_path: Path) -> None:
    assert written(tmp_path / "out", records=[]).index == {}


def test_items_carry_what_is_known_of_their_source(tmp_path: Path) -> None:
    made = written(tmp_path / "out")
    source = Source("b/real/2.mp4", "clip", 0, ("",), "test", target="7", generator="g", compression="c23")
    items = prepared_items(made, [source])
    assert [item.id for item in items] == ["b/real/2.mp4/000000.png", "b/real/2.mp4/000007.png"]
    assert {(i.split, i.target, i.video, i.generator, i.compression) for i in items} == {("test", "7", source.id, "g", "c23")}
    assert [item.fingerprint for item in items] == [f"{n:064x}" for n in (0, 7)]
    with pytest.raises(DataError, match="none of 1 sources of this domain .* go on with: bench data prepare clips"):
        prepared_items(made, [replace(source, id="b/real/3.mp4")])


def test_only_crops_are_read(tmp_path: Path) -> None:
    made = written(tmp_path / "out")
    with pytest.raises(DataError, match="is no crop"):
        made.read("../manifest.json")
    with pytest.raises(FileNotFoundError):
        made.read("b/real/2.mp4/000001.png")


def test_folders_that_are_none_of_ours(tmp_path: Path) -> None:
    assert Preparation.at(tmp_path) is None
    (tmp_path / MANIFEST).write_text("{")
    assert Preparation.at(tmp_path) is None
    (tmp_path / MANIFEST).write_text(json.dumps({"made_by": "somebody"}))
    assert Preparation.at(tmp_path) is None
    (tmp_path / MANIFEST).write_text(json.dumps({"made_by": "bench data prepare", "format": 99}))
    with pytest.raises(DataError, match=r"another version \(format 99\)"):
        Preparation.at(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"settings": Settings(frames=8)}, "frames=32 there, frames=8 now"),
        ({"version": 2}, "version=1 there, version=2 now"),
        ({"origin": Origin("others", Path("root"), {"quality": "higher"})}, "dataset=clips there, dataset=others now"),
        ({"origin": Origin("clips", Path("root"), {"quality": "lower"})}, "quality=higher there, quality=lower now"),
        ({"origin": Origin("clips", Path("elsewhere"), {"quality": "higher"})}, "elsewhere now"),
    ],
)
def test_a_folder_is_continued_only_in_the_same_way(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    written(tmp_path / "out")
    origin = Origin("clips", tmp_path / "root", {"quality": "higher"})
    same_way: dict[str, Any] = {"origin": origin, "version": 1, "settings": Settings()}
    assert Preparation.check(tmp_path / "out", **same_way) is not None
    with pytest.raises(DataError, match=message):
        Preparation.check(tmp_path / "out", **(same_way | change))


def test_a_table_that_was_dropped_names_the_way_out(tmp_path: Path) -> None:
    made = written(tmp_path / "out")
    assert made.index
    made.drop_index()
    assert not (made.folder / INDEX).exists()
    with pytest.raises(DataError, match="prepared only in part; go on with: bench data prepare clips"):
        _ = made.index


def test_preparations_are_found_wherever_they_went(tmp_path: Path) -> None:
    origin = Origin("clips", tmp_path / "root", {"quality": "higher"})
    made = written(tmp_path / "out")
    note_place(origin, made.settings, made.folder)
    usual = default_folder(origin, Settings(frames=8))
    written(usual, Settings(frames=8))  # another root, but found by its place
    assert {p.folder for p in find_preparations(origin)} == {tmp_path / "out", usual}
    assert find_preparations(Origin("clips", tmp_path / "root", {"quality": "lower"})) == []
    (tmp_path / "out").rename(tmp_path / "moved")
    assert [p.folder for p in find_preparations(origin)] == [usual]
