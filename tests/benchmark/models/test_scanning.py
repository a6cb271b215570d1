"""Folders, files and clips to findings; what cannot be read is a finding too."""

import os
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.contracts import Framing, Shown
from bandbench.benchmark.errors import BenchError, DataError, NotFiniteError, StudyError
from bandbench.benchmark.metrics.clips import ClipRule, Frames, clip_scores
from bandbench.benchmark.metrics.roc import Scored
from bandbench.benchmark.models import scanning
from bandbench.benchmark.models.check_calibration import LabelledCrops, with_check
from bandbench.benchmark.models.domain_check import Doubt
from bandbench.benchmark.models.scanning import ScanResult, pool_frames, pooling_rule, scan_file, scan_files
from bandbench.benchmark.models.trained_model import TrainedModel
from bandbench.datasets.copies.listing import find_files
from bandbench.datasets.faces.windows import ScanRegion
from conftest import noise_picture, trained_model, write_clip
from trees.faces import draw_face, scene, write_face_clip


def scan(model: TrainedModel, path: Path, region: ScanRegion | None = None, n_frames: int = 32) -> list[ScanResult]:
    """Scan a file where the model was trained, or elsewhere."""
    return list(scan_file(model, path, region or ScanRegion.of(model.framing), n_frames))


def test_files_of_a_folder_and_by_name(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpg", "sub/c.mp4", "notes.txt", "odd.data", ".hidden/d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = find_files([tmp_path, tmp_path / "odd.data", tmp_path / "a.jpg"])
    assert [path.name for path in found.paths] == ["a.jpg", "b.PNG", "c.mp4", "odd.data"]
    assert found.passed_over == "1 .data, 1 .txt"
    with pytest.raises(DataError, match="no file or folder"):
        find_files([tmp_path / "gone"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no picture"):
        find_files([tmp_path / "empty"])
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="pipe is neither a file nor a folder"):
        find_files([tmp_path / "pipe"])


def test_a_name_of_any_bytes_is_scored_and_printable(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\n.png"))
    with path.open("wb") as file:
        Image.fromarray(noise_picture(500, 64, 1.0)).save(file, "PNG")
    (only,) = find_files([tmp_path]).paths
    (finding,) = scan(trained_model(), only)
    assert (finding.verdict, finding.path) == ("real", f"{tmp_path}/caf\\xe9\\x0a.png")


def test_pictures(tmp_path: Path) -> None:
    model = trained_model()
    Image.fromarray(noise_picture(500, 64, 1.0)).save(tmp_path / "real.png")
    Image.fromarray(noise_picture(501, 64, 1.6)).save(tmp_path / "fake.png")
    Image.fromarray(noise_picture(502, 32)).save(tmp_path / "small.png")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    found = {
        name: list(scan(model, tmp_path / name)) for name in ("real.png", "fake.png", "small.png", "broken.jpg", "gone.png")
    }
    assert all(len(findings) == 1 for findings in found.values())
    assert [found[name][0].verdict for name in found] == ["real", "fake", "", "", ""]
    assert "smaller than the 48x48 crop" in found["small.png"][0].detail
    assert "not a JPEG" in found["broken.jpg"][0].detail
    assert "cannot be read" in found["gone.png"][0].detail
    assert sum(found["real.png"][0].probabilities.values()) == pytest.approx(1)


@pytest.mark.parametrize(("pictures", "crops"), [(32, 256), (2, 256), (32, 3)])
def test_files_that_are_scored_together_have_the_results_of_single_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pictures: int, crops: int
) -> None:
    """Pictures at home and abroad, some that cannot be scored, and a clip between them, in the order of the files."""
    monkeypatch.setattr(scanning, "PICTURES_AT_A_TIME", pictures)
    monkeypatch.setattr(scanning, "CROPS_AT_A_TIME", crops)
    model = checked_model()
    for i in range(6):
        Image.fromarray(noise_picture(500 + i, 64, (1.0, 1.6, 1.3)[i % 3])).save(tmp_path / f"a{i}.png")
        Image.fromarray(noise_picture(600 + i, 48 + 8 * i, 1.0)).resize((64, 64)).save(tmp_path / f"e{i}.png")
    Image.fromarray(noise_picture(502, 32)).save(tmp_path / "b.png")
    (tmp_path / "c.jpg").write_bytes(b"\xff\xd8\xff")
    frames = [np.repeat(noise_picture(i, 64, 1.6)[:, :, None], 3, axis=2) for i in range(3)]
    write_clip(tmp_path / "d.mkv", frames, "ffv1")
    paths = [*find_files([tmp_path]).paths, tmp_path / "gone.png"]
    region = ScanRegion.of(model.framing)
    together = list(scan_files(model, paths, region))
    single = [scan(model, path) for path in paths]
    assert [len(results) for results in together] == [len(results) for results in single]
    rows = [[one.as_row() for results in some for one in results] for some in (together, single)]
    numbers = ("p_real", "p_fake", "distance")
    for row, alone in zip(*rows, strict=True):
        assert {k: v for k, v in row.items() if k not in numbers} == {k: v for k, v in alone.items() if k not in numbers}
        assert {k: row.get(k) for k in numbers} == pytest.approx({k: alone.get(k) for k in numbers})
    assert {row["verdict"] for row in rows[0]} == {"real", "fake", "unsure", ""}


def test_a_clip_has_frames_and_one_verdict(tmp_path: Path) -> None:
    frames = [np.repeat(noise_picture(i, 64, 1.6)[:, :, None], 3, axis=2) for i in range(12)]
    write_clip(tmp_path / "clip.mkv", frames, "ffv1")
    *each, clip = scan(trained_model(), tmp_path / "clip.mkv", n_frames=6)
    assert [one.kind for one in each] == ["frame"] * 6
    assert [one.frame for one in each] == [0, 2, 4, 7, 9, 11]
    assert (clip.kind, clip.verdict, clip.n_frames) == ("clip", "fake", 6)
    assert clip.probabilities["fake"] == pytest.approx(np.mean([one.probabilities["fake"] for one in each]))
    (tmp_path / "bad.mp4").write_bytes(b"")
    (bad,) = scan(trained_model(), tmp_path / "bad.mp4")
    assert (bad.kind, bad.status) == ("clip", "error")


def test_a_clip_is_scored_where_the_face_is(tmp_path: Path) -> None:
    """The model was trained on faces; the face is in a corner, where the middle shows none of it."""
    side, pictures = 140, []
    for k in range(3):
        picture = scene(None, k, (400, 560))
        picture[:side, k : side + k] = draw_face(1, side)
        pictures.append(picture)
    write_clip(tmp_path / "clip.mkv", pictures, "ffv1")
    model = trained_model()
    *each, clip = scan(model, tmp_path / "clip.mkv", n_frames=3)
    assert {one.looked_at for one in each} == {"middle"}, "nobody says that it was trained on faces"
    assert [one.box for one in each] == [(256, 176, 48, 48)] * 3
    model = replace(model, framing=Framing(Shown.FACES))
    *each, clip = scan(model, tmp_path / "clip.mkv", n_frames=3)
    assert [one.looked_at for one in (*each, clip)] == ["face"] * 4
    assert all(left + width <= side + 30 and top + height <= side + 30 for left, top, width, height in (o.box for o in each))
    assert (clip.n_frames, clip.n_looked, clip.detail) == (3, 3, "")
    row = each[0].as_row()
    assert (row["looked_at"], (row["left"], row["top"], row["width"], row["height"])) == ("face", each[0].box)


def test_without_a_face_there_is_no_verdict(tmp_path: Path) -> None:
    write_face_clip(tmp_path / "clip.mkv", None, 2, "ffv1")
    model = replace(trained_model(), framing=Framing(Shown.FACES))
    (clip,) = scan(model, tmp_path / "clip.mkv")
    assert (clip.status, clip.verdict, clip.probabilities) == ("ok", "unsure", {})
    assert (clip.looked_at, clip.n_frames, clip.n_looked) == ("", 0, 2)
    assert clip.detail == "no face of 64 pixels or more in 2 frames"
    assert (clip.doubt, clip.distance) == (Doubt.NO_FACE, None)
    Image.fromarray(scene(None)).save(tmp_path / "empty.png")
    Image.fromarray(scene(1)).save(tmp_path / "face.png")
    region = ScanRegion.of(model.framing, "haar")
    (empty,) = scan(model, tmp_path / "empty.png", region=region)
    (face,) = scan(model, tmp_path / "face.png", region=region)
    (as_it_is,) = scan(model, tmp_path / "empty.png")
    assert (empty.verdict, empty.probabilities, empty.looked_at) == ("unsure", {}, "")
    assert empty.as_row()["reason"] == "no_face"
    assert (face.looked_at, as_it_is.looked_at) == ("face", "middle")
    assert as_it_is.probabilities


def test_a_clip_that_breaks_off_says_so(tmp_path: Path) -> None:
    frames = [np.repeat(noise_picture(i, 64)[:, :, None], 3, axis=2) for i in range(30)]
    write_clip(tmp_path / "clip.mkv", frames, "mjpeg")
    data = (tmp_path / "clip.mkv").read_bytes()
    (tmp_path / "clip.mkv").write_bytes(data[: len(data) // 2])
    *_, clip = scan(trained_model(), tmp_path / "clip.mkv", n_frames=4)
    assert clip.status == "ok" and "is cut off" in clip.detail


def checked_model() -> TrainedModel:
    """`trained_model` with the check of its training pictures."""
    labels = np.arange(80) % 2
    parts = [
        np.stack([noise_picture(first + i, 48, 1.6 if label else 1.0) for i, label in enumerate(labels)])
        for first in (1000, 2000)
    ]
    train, val = (LabelledCrops([(crops, np.arange(80))], labels, np.zeros(80, np.intp)) for crops in parts)
    return with_check("it", trained_model(), train, val)


def test_a_picture_that_was_resized_is_unlike_the_training_pictures(tmp_path: Path) -> None:
    model = checked_model()
    for name, boost in (("real", 1.0), ("fake", 1.6)):
        picture = Image.fromarray(noise_picture(3000, 48, boost))
        picture.save(tmp_path / f"{name}.png")
        small = picture.resize((36, 36), Image.Resampling.BICUBIC)
        small.resize((48, 48), Image.Resampling.BICUBIC).save(tmp_path / f"{name}-resized.png")
        (at_home,), (abroad,) = scan(model, tmp_path / f"{name}.png"), scan(model, tmp_path / f"{name}-resized.png")
        assert (at_home.verdict, at_home.doubt) == (name, None)
        assert (abroad.verdict, abroad.doubt) == ("unsure", Doubt.UNLIKE_TRAINING)
        assert at_home.distance is not None
        assert abroad.distance is not None
        assert at_home.distance < 1 < abroad.distance
        assert abroad.probabilities, "its probability is told all the same"
        assert abroad.as_row() | {"reason": "unlike_training", "distance": abroad.distance} == abroad.as_row()
        assert at_home.as_row()["reason"] == ""
        assert scan(replace(model, check=None), tmp_path / f"{name}-resized.png")[0].distance is None


def test_a_clip_is_judged_by_the_evidence_of_its_frames(tmp_path: Path) -> None:
    model = checked_model()
    for name, sizes in (("home", (48, 48)), ("away", (36, 48))):
        pictures = []
        for i in range(4):
            picture = Image.fromarray(noise_picture(i + 50, 48, 1.6)).resize((sizes[0],) * 2).resize((sizes[1],) * 2)
            pictures.append(np.asarray(picture.convert("RGB")))
        write_clip(tmp_path / f"{name}.mkv", pictures, "ffv1")
    *frames, home = scan(model, tmp_path / "home.mkv", n_frames=4)
    assert (home.verdict, home.doubt) == ("fake", None)
    assert home.distance == pytest.approx(np.median([one.distance for one in frames if one.distance]))
    away = scan(model, tmp_path / "away.mkv", n_frames=4)[-1]
    assert (away.kind, away.verdict, away.doubt) == ("clip", "unsure", Doubt.UNLIKE_TRAINING)


def test_pooling() -> None:
    fake = np.array([0.1, 0.2, 0.3, 0.9, 0.95, 0.4, 0.45])
    shares = np.stack([1 - fake, fake], axis=1)
    assert pool_frames(shares, ClipRule.MEAN)[1] == pytest.approx(fake.mean())
    assert pool_frames(shares, ClipRule.VOTE)[1] == pytest.approx(2 / 7)
    assert pool_frames(shares, ClipRule.TOP_THIRD)[1] == pytest.approx((0.95 + 0.9 + 0.45) / 3)


@pytest.mark.parametrize("rule", ClipRule)
def test_frames_of_a_scan_are_pooled_as_those_of_an_evaluation(rule: ClipRule) -> None:
    fake = np.random.default_rng(0).random(8)
    frames = Frames(Scored(np.ones(8, np.int64), fake, np.array(["p"] * 8)), np.array(["clip"] * 8))
    wanted = clip_scores(frames, rule, threshold=0.5).scores
    np.testing.assert_allclose(pool_frames(np.stack([1 - fake, fake], axis=1), rule)[1], wanted, rtol=1e-12)


def test_rules_by_name() -> None:
    assert [pooling_rule(name) for name in ("mean", "vote", "top_third")] == [*ClipRule]
    assert pooling_rule("majority") is ClipRule.VOTE  # its name in an earlier version
    with pytest.raises(StudyError, match="median.*Known: mean, top_third, vote"):
        pooling_rule("median")


def failing_model(error: Exception, level: float) -> TrainedModel:
    """A model whose detector fails on pictures that are brighter than a level."""
    model = trained_model()
    view_of = model.score_crops

    class Failing(TrainedModel):
        def score_crops(self, crops: np.ndarray, rows: np.ndarray) -> np.ndarray:
            if any(crop.mean() > level for crop in crops):
                raise error
            return view_of(crops, rows)

    return Failing(**{field.name: getattr(model, field.name) for field in fields(model)})


@pytest.mark.parametrize("error", [NotFiniteError("means.score returned 1 scores that are not finite."), ValueError("torn")])
def test_a_picture_without_a_number_costs_no_other_its_verdict(tmp_path: Path, error: Exception) -> None:
    for i in range(3):
        Image.fromarray(noise_picture(500 + i, 64, 1.0)).save(tmp_path / f"a{i}.png")
    Image.fromarray(np.full((64, 64), 250, np.uint8)).save(tmp_path / "b.png")
    frames = [np.repeat(noise_picture(i, 64, 1.6)[:, :, None], 3, axis=2) for i in range(3)]
    write_clip(tmp_path / "c.mkv", [*frames, np.full((64, 64, 3), 250, np.uint8)], "ffv1")
    model = failing_model(error, 240)
    results = [of_file[-1] for of_file in scan_files(model, find_files([tmp_path]).paths, ScanRegion.of(model.framing))]
    assert [result.verdict for result in results] == ["real", "real", "real", "unsure", "fake"]
    bright, clip = results[3:]
    assert (bright.doubt, bright.probabilities, bright.status.value) == (Doubt.NOT_A_NUMBER, {}, "ok")
    assert bright.detail.startswith("cannot be judged: ")
    assert (clip.n_frames, clip.n_looked) == (3, 4)
    assert "1 of 4 frames cannot be judged" in clip.detail


def test_what_no_picture_can_be_scored_with_ends_the_scan(tmp_path: Path) -> None:
    Image.fromarray(noise_picture(500, 64, 1.0)).save(tmp_path / "a.png")
    model = failing_model(BenchError("the encoder is gone."), 0)
    with pytest.raises(BenchError, match="the encoder is gone"):
        list(scan_files(model, [tmp_path / "a.png"], ScanRegion.of(model.framing)))
