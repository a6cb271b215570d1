"""The doctor finds what was planted, and nothing in what is whole."""

import dataclasses
import hashlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import pytest
from PIL import Image

from bandbench.benchmark.contracts import Split
from bandbench.benchmark.domains.catalogue import DatasetSpec
from bandbench.benchmark.errors import DataError, PluginError
from bandbench.benchmark.invocation import install_extra
from bandbench.benchmark.pictures.crops import SUFFIXES
from bandbench.benchmark.store.files import write_json
from bandbench.datasets.copies.prepared import Crop, Origin, Preparation, SourceRecord, note_place
from bandbench.datasets.copies.settings import Settings
from bandbench.datasets.copies.sources import SourceDataset
from bandbench.datasets.copies.survey import Kind, Source, Survey, source_stamp
from bandbench.datasets.copies.tree import Tree
from bandbench.datasets.doctor import examination as doctor
from bandbench.datasets.doctor.diagnosis import Options, Report
from bandbench.datasets.doctor.examination import examine
from bandbench.datasets.doctor.inventory import Finding
from conftest import SilentReporter, noise_picture
from trees.faces import write_face_clip

SIDE = 48
SMALL = Options(crop=SIDE)
SPLITS: dict[str, Split] = {"train": "train", "val": "val", "test": "test"}
HERE = f"{__file__}:Miniature"


class Miniature(SourceDataset):
    """``<split>/<class>/<person>[_<donor>].<suffix>``, folders of frames too; ``list.txt`` names what should be there."""

    name = "miniature"
    what = "train/, val/ and test/ with real/ and fake/"
    layout = "train|val|test/real|fake/*"

    def survey(self, tree: Tree) -> Survey:
        base = tree.find_base(lambda place: tree.folder(place, "train") is not None, self.what)
        sources = []
        for split in SPLITS:
            for label, class_name in enumerate(("real", "fake")):
                place = tree.folder(tree.folder(base, split) or "", class_name)
                for path in [*tree.files(place), *tree.folders(place)] if place else []:
                    sources += self._source(tree, path, split, label)
        listed = tree.read_text("list.txt").split() if tree.file(base, "list.txt") else []
        there = {source.id for source in sources}
        return Survey(tuple(sources), tuple(f"{path} of list.txt" for path in listed if path not in there))

    @staticmethod
    def _source(tree: Tree, path: str, split: str, label: int) -> list[Source]:
        stem, dot, suffix = path.rpartition("/")[2].partition(".")
        target, _, donor = stem.partition("_")
        kind: Kind = "frames" if not dot else "clip" if suffix in ("mp4", "avi") else "still"
        if kind == "still" and f".{suffix}" not in SUFFIXES:
            tree.report(path, "unknown", "is no picture.")
            return []
        domains = ("A", "B@c23") if label == 0 else ("B@c23",) if "b" in stem else ("A",)
        return [Source(path, kind, label, domains, SPLITS[split], target, donor, generator="" if label == 0 else "A")]


def save(path: Path, seed: int, side: int = 64, kind: str = "JPEG", **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise_picture(seed, side)).convert("RGB").save(path, kind, **options)
    return path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A whole copy: nine persons a split and class, nobody on two sides, everything saved in one way."""
    folder = tmp_path / "set"
    for k, split in enumerate(SPLITS):
        for i in range(9):
            person = f"{k}{i}"
            save(folder / split / "real" / f"{person}.jpg", 100 * k + i)
            save(folder / split / "fake" / f"{person}{'ab'[i % 2]}.jpg", 100 * k + i + 50)
    return folder


def look(root: Path, options: Options = SMALL, variant: str = "", reference: str = HERE, **parameters: object) -> Report:
    return examine({"mini": DatasetSpec(reference, str(root), parameters)}, options, SilentReporter(), variant)


def found(report: Report, kind: str, part: int = 0) -> list[Finding]:
    return [finding for finding in report.diagnoses[part].findings if finding.kind == kind]


def paths(findings: Sequence[Finding]) -> set[str]:
    return {path for finding in findings for path, _ in finding.files}


def needs_doing(report: Report) -> list[Finding]:
    return [finding for d in report.diagnoses for finding in d.findings if finding.level != "note"] + report.across


# --- a copy of a distribution ----------------------------------------------------------------------------------------


def test_a_whole_copy_is_complete(root: Path) -> None:
    report = look(root)
    assert (report.verdict, report.exit_code, needs_doing(report)) == ("complete", 0, [])
    rows = {(row.domain, row.split, row.label): row for row in report.diagnoses[0].counts}
    assert {row.n for key, row in rows.items() if key[2] == 0} == {9}
    assert [rows["A", "test", 1].n, rows["B@c23", "test", 1].n] == [5, 4]
    assert rows["A", "test", 0].identities == 9 and not any(row.bad for row in rows.values())
    assert report.opened == 54


Plant = Callable[[Path], object]


def break_off(root: Path) -> None:
    path = write_face_clip(root / "test/fake/29.avi", 3, n_frames=24, codec="mjpeg")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def save_again(root: Path) -> None:
    with Image.open(root / "train/real/03.jpg") as picture:
        picture.resize((80, 80)).save(root / "test/real/99.jpg", quality=60)


def copy(root: Path, source: str, target: str) -> None:
    shutil.copy(root / source, root / target)


def break_frame(root: Path) -> None:
    save(root / "test/real/x/1.png", 1, kind="PNG").write_bytes(b"x")


# What is planted, the kind of finding, and a path or a word that has to be in it.
FAULTS: dict[str, tuple[Plant, str, str]] = {
    "a part that is not there": (lambda r: (r / "list.txt").write_text("test/real/77.jpg"), "missing", "test/real/77.jpg"),
    "an empty file": (lambda r: (r / "val/real/15.jpg").write_bytes(b""), "undecodable", "val/real/15.jpg"),
    "text": (lambda r: (r / "val/fake/15b.jpg").write_text("x"), "undecodable", "val/fake/15b.jpg"),
    "an empty clip": (lambda r: (r / "val/fake/x.mp4").write_bytes(b""), "undecodable", "val/fake/x.mp4"),
    "a folder without frames": (lambda r: (r / "test/real/x").mkdir(), "undecodable", "test/real/x"),
    "a frame that is broken": (break_frame, "undecodable", "test/real/x"),
    "a clip that was cut off": (break_off, "truncated", "test/fake/29.avi"),
    "a small picture": (lambda r: save(r / "val/fake/15b.jpg", 7, side=40), "size", "val/fake/15b.jpg"),
    "a file on two sides": (lambda r: copy(r, "train/real/01.jpg", "test/real/99.jpg"), "duplicate", "test/real/99.jpg"),
    "a file in two classes": (lambda r: copy(r, "val/real/12.jpg", "val/fake/12b.jpg"), "duplicate", "val/fake/12b.jpg"),
    "a picture saved again": (save_again, "copy", "test/real/99.jpg"),
    "a person on two sides": (lambda r: save(r / "test/real/01.jpg", 999), "leak", "identity '01'"),
    "a donor on two sides": (lambda r: save(r / "test/fake/21_05.jpg", 999), "leak", "identity '05'"),
    "a link out": (lambda r: (r / "train/real/out.jpg").symlink_to(__file__), "extra", "train/real/out.jpg"),
    "an archive": (lambda r: (r / "train/real/more.tar").write_bytes(b"x"), "extra", "train/real/more.tar"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_and_named(root: Path, fault: str) -> None:
    plant, kind, named = FAULTS[fault]
    plant(root)
    report = look(root)
    assert (report.verdict, report.exit_code) == ("partial", 3)
    (finding,) = [f for f in needs_doing(report) if f.kind == kind]
    assert named in f"{finding.text} {finding.files}" and finding.remedy


def test_an_archive_entry_that_leads_out_is_found(root: Path) -> None:
    with zipfile.ZipFile(root / "train/more.zip", "w") as archive:
        archive.writestr("../evil.jpg", b"x")
        archive.write(root / "train/real/01.jpg", "good.jpg")
    report = look(root, reference="real_faces")
    assert "train/more.zip/../evil.jpg" in paths([f for f in found(report, "extra") if f.level == "gap"])
    assert "train/more.zip/good.jpg" in {entry.item.id for entry in report.diagnoses[0].inventory.entries}


def test_what_does_not_matter_is_a_note(root: Path) -> None:
    (root / "train/real/readme.txt").write_text("x")
    shutil.copy(root / "train/real/01.jpg", root / "train/real/01again.jpg")
    Image.new("RGB", (64, 64)).save(root / "test/fake/2x.jpg", quality=75)
    report = look(root)
    assert report.verdict == "complete"
    assert paths(found(report, "extra")) == {"train/real/readme.txt"}
    assert paths(found(report, "blank")) == {"test/fake/2x.jpg"}
    (twice,) = found(report, "duplicate")
    assert twice.level == "note" and twice.files == (("train/real/01.jpg", "is also train/real/01again.jpg"),)


def test_copies_of_clips_are_found_by_size_and_content(root: Path) -> None:
    for name, identity in (("train/real/0x.mp4", 1), ("test/real/2x.mp4", 1), ("test/real/2y.mp4", 2)):
        write_face_clip(root / name, identity, n_frames=2)
    assert paths([f for f in found(look(root), "duplicate") if f.level == "gap"]) == {"test/real/2x.mp4"}


def test_a_class_that_is_saved_in_another_way_is_a_confound(root: Path) -> None:
    for path in list(root.glob("*/fake/*.jpg")):
        with Image.open(path) as picture:
            picture.save(path.with_suffix(".png"))
        path.unlink()
    report = look(root)
    (finding,) = [f for f in found(report, "confound") if f.level == "gap"]
    assert "format alone tells the classes: AUC 1.00 (real: JPEG" in finding.text
    assert "--recode" in finding.remedy and report.exit_code == 3
    told = [c for c in report.diagnoses[0].as_dict()["confounds"] if c["fact"] == "format"]
    assert {c["domain"]: c["AUC"] for c in told} == {"A": 1, "B@c23": 1}


def test_what_cannot_be_learned_from_or_tested_on_is_said(root: Path) -> None:
    for path in (root / "val/fake").iterdir():
        path.write_bytes(b"")
    report = look(root)
    assert report.exit_code == 3
    assert {f.where for f in found(report, "unusable")} == {"A", "B@c23"}
    assert all("tested on but not trained on: val has no usable fake" in f.text for f in found(report, "unusable"))
    for path in (root / "test/fake").iterdir():
        path.write_bytes(b"")
    report = look(root)
    assert (report.verdict, report.exit_code) == ("unusable", 2)


def test_one_domain_can_be_looked_at_alone(root: Path) -> None:
    (root / "test/fake/20a.jpg").write_bytes(b"")
    assert look(root, variant="B").verdict == look(root, variant="@c23").verdict == "complete"
    assert look(root, variant="A").verdict == "partial"
    with pytest.raises(DataError, match=r"unknown domain of mini 'C'.*Known: A, B@c23"):
        look(root, variant="C")


def test_a_sample_is_said_and_always_the_same(root: Path) -> None:
    few = dataclasses.replace(SMALL, sample=3)
    one, other = look(root, few), look(root, few)
    assert one.opened == 9  # reals of two domains are the same ones
    assert list(one.diagnoses[0].facts) == list(other.diagnoses[0].facts)
    (note,) = found(one, "sample")
    assert "9 of 54 files were opened" in note.text
    assert sum(row.n for row in one.diagnoses[0].counts if row.domain == "A") == 42


def test_workers_see_the_same(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(root / "train/fake/0y.jpg", 5, side=40)
    here = look(root)
    monkeypatch.setattr(doctor, "FEW", 0)
    there = look(root, dataclasses.replace(SMALL, jobs=2))
    assert {k: repr(f) for k, f in here.diagnoses[0].facts.items()} == {k: repr(f) for k, f in there.diagnoses[0].facts.items()}
    assert here.diagnoses[0].findings == there.diagnoses[0].findings


def test_everything_goes_into_the_document(root: Path) -> None:
    for i in range(30):
        (root / f"train/real/{i}x.jpg").write_bytes(b"")
    document = json.loads(json.dumps(look(root).as_dict()))
    (finding,) = [f for f in document["datasets"][0]["findings"] if f["kind"] == "undecodable"]
    assert finding["count"] == len(finding["files"]) == 30
    assert finding["files"][0]["detail"] == "the file is empty (0 bytes)."


# --- roots that are wrong --------------------------------------------------------------------------------------------


def test_a_root_of_another_data_set_is_recognised(root: Path, tmp_path: Path) -> None:
    for split in SPLITS:
        shutil.move(root / split, tmp_path / "mine" / split)
    (fault,) = found(look(tmp_path / "mine", reference="uadfv"), "layout")
    assert fault.level == "fault" and "this looks like folder" in fault.remedy and "bench data doctor folder" in fault.remedy


@pytest.mark.parametrize("reference", [HERE, "folder", "real_faces"])
def test_an_empty_root_is_unusable(tmp_path: Path, reference: str) -> None:
    (tmp_path / "empty").mkdir()
    report = look(tmp_path / "empty", reference=reference)
    assert (report.exit_code, [f.level for f in found(report, "layout")]) == (2, ["fault"])


def test_a_root_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    report = look(tmp_path / "nowhere")
    assert report.exit_code == 2 and "does not exist" in found(report, "layout")[0].text
    with pytest.raises(PluginError, match="Did you mean 'uadfv'"):
        look(tmp_path, reference="uadvf")


def test_a_root_that_may_not_be_read_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def closed(path: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "scandir", closed)
    report = look(root, reference="folder")
    assert report.exit_code == 2
    assert "Permission denied" in found(report, "layout")[0].text


def test_a_root_that_lies_too_deep_is_told_the_folder_above(root: Path) -> None:
    (fault,) = found(look(root / "train"), "layout")
    assert f"give the folder above: {root}" in fault.text


def test_an_extra_that_is_missing_is_said(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SourceDataset, "missing", classmethod(lambda cls: "needs the extra `x`: pip install 'bandbench[x]'"))
    report = look(root)
    assert report.exit_code == 2 and "needs the extra `x`" in found(report, "layout")[0].text


def test_clips_without_their_extra_are_not_opened(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_face_clip(root / "train/fake/0z.mp4", 1, n_frames=1)
    monkeypatch.setattr(doctor.importlib.util, "find_spec", lambda name: None)
    report = look(root)
    assert report.exit_code == 3 and install_extra("video") in found(report, "video")[0].remedy
    assert found(report, "undecodable") == []


# --- other data sets -------------------------------------------------------------------------------------------------


def test_a_folder_of_ones_own(root: Path) -> None:
    assert look(root, reference="folder").verdict == "complete"
    save(root / "spare/1.jpg", 4321)
    (root / "train/real/clip.mp4").write_bytes(b"x")
    (root / "notes.txt").write_text("x")
    report = look(root, reference="folder")
    assert report.verdict == "partial"
    assert paths(found(report, "extra")) == {"spare/1.jpg", "train/real/clip.mp4", "notes.txt"}
    assert {f.level for f in found(report, "extra") if "notes.txt" in paths([f])} == {"note"}


def test_what_is_computed_is_complete() -> None:
    spec = DatasetSpec("procedural")
    report = examine({"procedural": spec}, Options(sample=4), SilentReporter(), "blend")
    assert report.verdict == "complete" and report.opened == 8
    assert {row.domain for row in report.diagnoses[0].counts} == {"blend"}


def test_data_sets_are_compared(root: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    for k, split in enumerate(SPLITS):
        for i in range(9):
            save(other / split / "real" / f"o{k}{i}.jpg", 5000 + 100 * k + i)
            save(other / split / "fake" / f"o{k}{i}a.jpg", 5050 + 100 * k + i)
    both = {"mini": DatasetSpec(HERE, str(root)), "other": DatasetSpec(HERE, str(other))}
    assert examine(both, SMALL, SilentReporter()).across == []
    shutil.copy(root / "train/real/01.jpg", other / "test/real/copy.jpg")
    with Image.open(root / "val/real/11.jpg") as picture:
        picture.save(other / "test/real/again.jpg", quality=50)
    report = examine(both, SMALL, SilentReporter())
    where = "training on mini, testing on other"
    assert {(f.kind, f.where, f.files) for f in report.across} == {
        ("duplicate", where, (("test/real/copy.jpg", "is also train/real/01.jpg"),)),
        ("copy", where, (("test/real/again.jpg", "looks like val/real/11.jpg"),)),
    }
    assert report.exit_code == 3


def test_reals_and_fakes_of_two_places_are_asked_what_tells_them(root: Path, tmp_path: Path) -> None:
    reals = tmp_path / "reals"
    for i in range(30):
        save(reals / f"{i}x{i}.png", 7000 + i, kind="PNG")
    specs = {"reals": DatasetSpec("real_faces", str(reals)), "mini": DatasetSpec(HERE, str(root))}
    (finding,) = [f for f in examine(specs, SMALL, SilentReporter()).across if f.level == "gap"]
    assert finding.where == "reals of reals with fakes of mini" and "(real: PNG; fake: JPEG 75)" in finding.text


# --- what was prepared -----------------------------------------------------------------------------------------------


def crop_of(source: Source, folder: Path, name: str = "000000.png") -> Crop:
    data = io.BytesIO()
    Image.fromarray(noise_picture(int.from_bytes(source.id.encode()[-7:], "big") % 10**6)).save(data, "PNG")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data.getvalue())
    sha256 = hashlib.sha256(data.getvalue()).hexdigest()
    return Crop(name, 0, 0.0, (0, 0, 64, 64), float("nan"), (), sha256, 64, 64)


def prepare(root: Path, out: Path, without_face: Sequence[str] = (), left: Sequence[str] = ()) -> Preparation:
    """What a preparation leaves: crops, records, an index and a manifest."""
    dataset = Miniature(root)
    survey, origin = dataset.survey_now(), Origin("miniature", root)
    made = Preparation.create(out, origin, Miniature.version, Settings(), survey.as_dict())
    for source in survey.sources:
        if source.id in left:
            continue
        stamp = source_stamp(dataset.tree, source)
        status = "no_face" if source.id in without_face else "ok"
        crops = () if status == "no_face" else (crop_of(source, made.source_folder(source.id)),)
        write_json(made.source_folder(source.id) / "source.json", asdict(SourceRecord(source.id, status, "", *stamp, 1, crops)))
    made.write_index()
    note_place(origin, Settings(), out)
    return made


def test_a_preparation_is_found_from_its_root_and_by_itself(root: Path, tmp_path: Path) -> None:
    prepare(root, tmp_path / "out")
    report = look(root)
    assert [d.inventory.place.prepared for d in report.diagnoses] == ["", str(tmp_path / "out")]
    assert (report.verdict, needs_doing(report)) == ("complete", [])
    alone = look(tmp_path / "out")
    assert (alone.verdict, len(alone.diagnoses), alone.opened) == ("complete", 1, 54)


ONE, OTHER = "test/fake/20a.jpg", "val/real/10.jpg"
CROP = "000000.png"
PREPARED_FAULTS: dict[str, tuple[Plant, str, str]] = {
    "a crop is gone": (lambda crops: (crops / ONE / CROP).unlink(), "missing", f"{ONE}/{CROP}"),
    "a crop has changed": (lambda crops: save(crops / OTHER / CROP, 1), "changed", f"{OTHER}/{CROP}"),
    "a crop is broken": (lambda crops: (crops / OTHER / CROP).write_bytes(b"x"), "undecodable", f"{OTHER}/{CROP}"),
    "a record is gone": (lambda crops: (crops / ONE / "source.json").unlink(), "unfinished", ONE),
    "a record is broken": (lambda crops: (crops / ONE / "source.json").write_text("{"), "unfinished", ONE),
}


@pytest.mark.parametrize("fault", PREPARED_FAULTS)
def test_crops_are_held_against_the_manifest(root: Path, tmp_path: Path, fault: str) -> None:
    plant, kind, path = PREPARED_FAULTS[fault]
    prepare(root, tmp_path / "out")
    plant(tmp_path / "out" / "crops")
    report = look(tmp_path / "out")
    assert report.exit_code == 3
    assert path in paths([f for f in found(report, kind) if f.level == "gap"])


def test_files_beside_the_crops_are_named(root: Path, tmp_path: Path) -> None:
    prepare(root, tmp_path / "out")
    (tmp_path / "out/crops/test/fake/20a.jpg/mine.png").write_bytes(b"x")
    report = look(tmp_path / "out")
    assert (report.verdict, paths(found(report, "extra"))) == ("complete", {"test/fake/20a.jpg/mine.png"})


def test_an_unfinished_preparation_says_how_to_go_on(root: Path, tmp_path: Path) -> None:
    prepare(root, tmp_path / "out", left=["test/fake/20a.jpg", "test/fake/21b.jpg"])
    (finding,) = found(look(tmp_path / "out"), "unfinished")
    assert "2 of 54 sources" in finding.text and "bench data prepare miniature --root" in finding.remedy


def test_sources_that_have_changed_since_are_named(root: Path, tmp_path: Path) -> None:
    prepare(root, tmp_path / "out")
    save(root / "train/real/01.jpg", 4444, quality=90)
    save(root / "train/real/0n.jpg", 4445)
    (root / "train/real/02.jpg").unlink()
    report = look(tmp_path / "out")
    told = {f.text.partition(" that ")[2][:15]: paths([f]) for f in found(report, "manifest")}
    assert [{"train/real/0n.jpg"}, {"train/real/02.jpg"}, {"train/real/01.jpg"}] == list(
        told[key] for key in ("were not there ", "it was prepared", "have changed si")
    )
    shutil.rmtree(root)
    assert look(tmp_path / "out").verdict == "complete"


def test_a_class_that_loses_more_faces_is_a_bias(root: Path, tmp_path: Path) -> None:
    fakes = [path.relative_to(root).as_posix() for path in sorted(root.glob("*/fake/*"))]
    prepare(root, tmp_path / "out", without_face=fakes[::2])
    findings = found(look(tmp_path / "out"), "no_face")
    assert any("no face in 0 % of the real and 52 % of the fake sources" in f.text for f in findings)
    assert paths(findings) == set(fakes[::2])


def test_a_few_lost_faces_are_no_bias(root: Path, tmp_path: Path) -> None:
    prepare(root, tmp_path / "out", without_face=["test/fake/20a.jpg"])
    assert [f.where for f in found(look(tmp_path / "out"), "no_face")] == ["fake"]


def test_a_manifest_that_cannot_be_read_is_said(root: Path, tmp_path: Path) -> None:
    made = prepare(root, tmp_path / "out")
    for broken in ({**made.manifest, "survey": {"sources": [{"id": "x"}]}}, {**made.manifest, "settings": {"odd": 1}}):
        write_json(tmp_path / "out/manifest.json", broken)
        report = look(tmp_path / "out")
        assert report.exit_code == 2 and found(report, "layout"), broken
    write_json(tmp_path / "out/manifest.json", {**made.manifest, "dataset": "other"})
    assert "prepared from other" in found(look(tmp_path / "out"), "layout")[0].remedy


def test_another_version_of_the_adapter_is_said(root: Path, tmp_path: Path) -> None:
    made = prepare(root, tmp_path / "out")
    write_json(tmp_path / "out/manifest.json", {**made.manifest, "version": 0})
    assert "version 0 of miniature, which is now 1" in found(look(tmp_path / "out"), "manifest")[0].text


def test_two_preparations_have_to_be_told_apart(root: Path, tmp_path: Path) -> None:
    prepare(root, tmp_path / "one")
    dataset = Miniature(root)
    Preparation.create(tmp_path / "two", dataset.origin, 1, Settings(frames=8), dataset.survey_now().as_dict())
    note_place(dataset.origin, Settings(frames=8), tmp_path / "two")
    report = look(root)
    (finding,) = found(report, "prepare")
    assert f"--data miniature={tmp_path / 'one'}" in finding.remedy and "frames=8" in finding.remedy
    assert len(report.diagnoses) == 3
