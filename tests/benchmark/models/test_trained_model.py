"""A kept model: probabilities that mean something, and a folder that cannot run code."""

import hashlib
import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.domains.seen import Learned
from bandbench.benchmark.errors import BenchError, DataError, PluginError
from bandbench.benchmark.metrics.calibration import Calibration, ambiguous_stretch
from bandbench.benchmark.metrics.clips import MAJORITY, ClipRule
from bandbench.benchmark.metrics.detection import best_threshold
from bandbench.benchmark.metrics.roc import Scored
from bandbench.benchmark.models.domain_check import DomainCheck, Doubt, Judgement
from bandbench.benchmark.models.spectrum_reference import Profiles, SpectrumReference, crop_profiles
from bandbench.benchmark.models.trained_model import TrainedModel
from conftest import noise_picture, trained_model

PICTURES = [noise_picture(i, 64, 1.0 if i < 20 else 1.6) for i in range(40)]


@pytest.fixture
def model() -> TrainedModel:
    return trained_model()


def test_a_loaded_model_scores_alike(model: TrainedModel, tmp_path: Path) -> None:
    model.save(tmp_path / "model")
    loaded = TrainedModel.load(tmp_path / "model")
    assert loaded.recipe == model.recipe
    np.testing.assert_array_equal(loaded.score_pictures(PICTURES), model.score_pictures(PICTURES))
    assert loaded.verdicts(loaded.score_pictures(PICTURES[:1]))[1] == model.verdicts(model.score_pictures(PICTURES[:1]))[1]
    assert loaded.has_seen("abc")
    assert not loaded.has_seen("abd")
    assert not loaded.has_seen("")
    kinds = {path.suffix for path in (tmp_path / "model").rglob("*") if path.is_file()}
    assert kinds == {"", ".json", ".txt", ".safetensors"}  # the first is MLmodel; nothing that could run


def test_a_picture_alone_scores_as_among_others(model: TrainedModel) -> None:
    alone = np.concatenate([model.score_pictures([picture]) for picture in PICTURES[:5]])
    np.testing.assert_allclose(alone, model.score_pictures(PICTURES)[:5], rtol=1e-9)
    with pytest.raises(DataError, match="smaller than the 48x48 crop"):
        model.score_pictures([PICTURES[0][:40]])


def test_calibrated_probabilities_are_frequencies() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 2, 20_000)
    scores = 3 * (rng.standard_normal(20_000) + labels)[:, None]
    probability = Calibration.of(scores, labels).probabilities(scores)[:, 1]
    for low in (0.2, 0.4, 0.6):
        mine = (probability > low) & (probability < low + 0.2)
        assert labels[mine].mean() == pytest.approx(probability[mine].mean(), abs=0.02)


def test_classes_count_alike_however_many_there_were() -> None:
    rng = np.random.default_rng(0)
    labels = (rng.random(20_000) < 0.05).astype(int)
    scores = (rng.standard_normal(20_000) + 2 * labels)[:, None]
    assert Calibration.of(scores, labels).probabilities(np.array([[1.0]]))[0, 1] == pytest.approx(0.5, abs=0.03)


def test_ambiguous_stretch() -> None:
    share = np.concatenate([np.linspace(0, 0.6, 100), np.linspace(0.3, 1, 100)])
    overlap = ambiguous_stretch(np.stack([1 - share, share], axis=1), np.repeat([0, 1], 100))
    assert overlap == pytest.approx((0.3 + 0.05 * 0.7, 0.57), abs=0.01)
    apart = np.concatenate([np.linspace(0, 0.2, 100), np.linspace(0.7, 1, 100)])
    gap = ambiguous_stretch(np.stack([1 - apart, apart], axis=1), np.repeat([0, 1], 100))
    assert gap == pytest.approx((0.19, 0.715), abs=0.01)
    three = np.array([[0.9, 0.1, 0.0], [0.5, 0.3, 0.2], [0.4, 0.35, 0.25]])
    assert ambiguous_stretch(three, np.array([0, 0, 2])) == (0.0, pytest.approx(0.4))


def test_verdicts(model: TrainedModel) -> None:
    shares = [0.1, 0.45, 0.55, 0.7]
    assert [model.verdict_of(np.array([1 - p, p])) for p in shares] == ["real", "unsure", "unsure", "fake"]


def test_margins_are_negative_where_a_verdict_has_turned(model: TrainedModel) -> None:
    fake = np.array([0.1, 0.5, 0.7, 0.1, 0.5, 0.7])
    names = np.repeat(["real", "fake"], 3)
    margins = model.margins(names, np.stack([1 - fake, fake], axis=1))
    assert (margins < 0).tolist() == [False, False, True, True, False, False]  # unsure is between 0.4 and 0.6
    assert margins[0] == pytest.approx(np.log(0.6 / 0.4) - np.log(0.1 / 0.9))
    several = replace(model, recipe=replace(model.recipe, classes=("real", "a", "b")))
    shares = np.array([[0.2, 0.7, 0.1], [0.6, 0.3, 0.1]])
    assert several.margins(np.array(["a", "a"]), shares) == pytest.approx([np.log(3.5), -np.log(2)])


def test_the_check_of_a_model_is_kept(model: TrainedModel, tmp_path: Path) -> None:
    crops = np.stack([noise_picture(i, 48) for i in range(40)])
    pictures = Profiles(crop_profiles(crops), np.arange(40) % 2, np.zeros(40, np.intp))
    reference = SpectrumReference.learn(48, pictures, pictures)
    assert reference is not None
    checked = replace(model, check=DomainCheck(reference, ("jpeg:quality=95", "noise:sd=1")))
    checked.save(tmp_path / "model", describe=False)
    loaded = TrainedModel.load(tmp_path / "model")
    assert loaded.check is not None
    assert loaded.check.reencodings == ("jpeg:quality=95", "noise:sd=1")
    measurements, again = checked.examine_pictures(PICTURES), loaded.examine_pictures(PICTURES)
    np.testing.assert_array_equal(again.distances, measurements.distances)
    np.testing.assert_array_equal(again.probabilities, measurements.probabilities)
    assert measurements.probabilities.shape == (40, 3, 2)
    plain = model.verdicts(model.score_pictures(PICTURES))[0]
    np.testing.assert_allclose(measurements.probabilities[:, 0], plain, rtol=1e-9)
    (tmp_path / "model" / "check.safetensors").write_bytes(b"x")
    with pytest.raises(PluginError, match="is damaged"):
        TrainedModel.load(tmp_path / "model")


def test_a_model_of_an_earlier_version_has_no_check(model: TrainedModel, tmp_path: Path) -> None:
    model.save(tmp_path / "model", describe=False)
    assert "check" not in json.loads((tmp_path / "model" / "model.json").read_text())
    loaded = TrainedModel.load(tmp_path / "model")
    measurements = loaded.examine_pictures(PICTURES[:2])
    assert loaded.check is None
    assert np.isnan(measurements.distances).all()
    assert measurements.probabilities.shape == (2, 1, 2)


def test_thresholds_of_clips_are_kept_where_there_are_clips(model: TrainedModel, tmp_path: Path) -> None:
    labels = np.repeat([0, 1], 12)
    scores = np.random.default_rng(0).normal(size=24) + 2 * labels
    clips = np.repeat(np.arange(8), 3).astype(str)
    about = (model.recipe, model.classifier, Scored(labels, scores, clips), 40, Learned(frozenset(), frozenset()), {})
    with_clips, without = TrainedModel.calibrated(*about, clips), TrainedModel.calibrated(*about)
    means = scores.reshape(8, 3).mean(axis=1)
    assert with_clips.clip_threshold(ClipRule.MEAN) == best_threshold(labels[::3], means)
    assert with_clips.clip_threshold(ClipRule.VOTE) == MAJORITY
    assert [without.clip_threshold(rule) for rule in ClipRule] == [without.threshold, MAJORITY, without.threshold]
    for name, one in (("with", with_clips), ("without", without)):
        one.save(tmp_path / name, describe=False)
        assert TrainedModel.load(tmp_path / name).clip_thresholds == one.clip_thresholds
    assert "clip_thresholds" not in json.loads((tmp_path / "without" / "model.json").read_text())


def test_clips_of_both_labels_leave_a_model_without_thresholds_of_clips(model: TrainedModel) -> None:
    labels, scores = np.tile([0, 1], 12), np.random.default_rng(0).normal(size=24)
    clips = np.repeat(np.arange(8), 3).astype(str)
    about = (model.recipe, model.classifier, Scored(labels, scores, clips), 40, Learned(frozenset(), frozenset()), {})
    localised = TrainedModel.calibrated(*about, clips)
    assert localised.clip_thresholds == {}
    assert localised.threshold == TrainedModel.calibrated(*about).threshold


def test_nothing_is_overwritten(model: TrainedModel, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(BenchError, match="is not empty"):
        model.save(tmp_path)


def test_folders_that_cannot_be_loaded(model: TrainedModel, tmp_path: Path) -> None:
    with pytest.raises(PluginError, match="is no model"):
        TrainedModel.load(tmp_path)
    folder = tmp_path / "model"
    model.save(folder)
    good = json.loads((folder / "model.json").read_text())

    def with_meta(**changes: object) -> Path:
        (folder / "model.json").write_text(json.dumps(good | changes))
        return folder

    with pytest.raises(PluginError, match="has format 99"):
        TrainedModel.load(with_meta(format=99))
    with pytest.raises(PluginError, match="trained with version 7"):
        TrainedModel.load(with_meta(detector=good["detector"] | {"version": 7}))
    with pytest.raises(PluginError, match="is damaged"):
        TrainedModel.load(with_meta(band={"kind": "low"}, crop={"side": "x"}))
    (folder / "model.json").write_text("{")
    with pytest.raises(PluginError, match="is damaged"):
        TrainedModel.load(folder)


def damage(folder: Path, what: str) -> None:
    """Damage a kept model of `spectral_logreg` in one way."""
    detector, arrays = folder / "detector-0" / "detector.json", folder / "detector-0" / "arrays.safetensors"
    meta = json.loads(detector.read_text())
    if what in ("pipe", "device", "link out"):
        detector.unlink()
        if what == "pipe":
            os.mkfifo(detector)
        else:
            detector.symlink_to("/dev/zero" if what == "device" else "/etc/hostname")
    elif what == "deep":
        detector.write_text("[" * 100_000)
    elif what == "an estimator elsewhere":
        detector.write_text(json.dumps(meta | {"estimators": ["../../x"]}))
    elif what == "a method":
        detector.write_text(json.dumps(meta | {"values": meta["values"] | {"score": 1}}))
    elif what == "a parameter":
        detector.write_text(json.dumps(meta | {"parameters": {"C": -1}}))
    elif what == "a shape":
        detector.write_text(json.dumps(meta | {"shape": [3]}))
    elif what == "no numbers":
        save_file({"coef_": np.full(35, np.nan)}, arrays)
    elif what == "weights of another length":
        save_file({"coef_": np.zeros(3)}, arrays)
    elif what == "no weights":
        save_file({"other_": np.zeros(3)}, arrays)


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("pipe", "detector.json: neither a file nor a folder"),
        ("device", "detector.json is a link out of the folder"),
        ("link out", "detector.json is a link out of the folder"),
        ("deep", "detector.json"),
        ("an estimator elsewhere", "estimators are not named like"),
        ("a method", "'score' is no name of what a detector learns"),
        ("a parameter", "detector.json: parameter C"),
        ("a shape", "it cannot score a picture"),
        ("no numbers", "'coef_' has values that are not finite"),
        ("weights of another length", "it cannot score a picture"),
        ("no weights", "it cannot score a picture"),
    ],
)
def test_whatever_is_damaged_is_said(model: TrainedModel, tmp_path: Path, what: str, reason: str) -> None:
    folder = tmp_path / "model"
    model.save(folder, describe=False)
    damage(folder, what)
    with pytest.raises(PluginError, match=f"the model in {folder}(/detector-0)? is damaged: .*{reason}.*train it again"):
        TrainedModel.load(folder)


FILES = ("check.safetensors", "detector-0/arrays.safetensors", "detector-0/detector.json", "looks.txt", "names.txt", "seen.txt")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every file that a model may have."""
    folder = tmp_path_factory.mktemp("whole") / "model"
    crops = np.stack([noise_picture(i, 48) for i in range(40)])
    pictures = Profiles(crop_profiles(crops), np.arange(40) % 2, np.zeros(40, np.intp))
    reference = SpectrumReference.learn(48, pictures, pictures)
    assert reference is not None
    more = {"names": frozenset({"0123456789abcdef"}), "looks": frozenset({2**40}), "check": DomainCheck(reference)}
    replace(trained_model(), **more).save(folder)
    return folder


def test_model_json_has_the_digest_of_every_file_that_is_read(whole: Path) -> None:
    files = json.loads((whole / "model.json").read_text())["files"]
    assert tuple(files) == FILES
    assert files == {name: hashlib.sha256((whole / name).read_bytes()).hexdigest() for name in FILES}
    TrainedModel.load(whole)


@pytest.mark.parametrize("name", [*FILES, "model.json"])
def test_a_flipped_bit_that_leaves_a_model_is_noticed(name: str, whole: Path, tmp_path: Path) -> None:
    """The lowest bit of a number, in the middle of the file: what is loaded scores pictures as before, or nearly."""
    folder = tmp_path / "model"
    shutil.copytree(whole, folder)
    content = (folder / name).read_bytes()
    arrays = 8 + int.from_bytes(content[:8], "little")  # where those of a safetensors file begin
    digit = [match.start() for match in re.finditer(rb"(?<=\d)[02468]", content)]
    place = arrays if name.endswith(".safetensors") else digit[len(digit) // 2]
    (folder / name).write_bytes(content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :])
    with pytest.raises(PluginError, match=f"the model in {folder} is damaged: {name} is not as the training wrote it"):
        TrainedModel.load(folder)


def test_a_model_without_digests_is_of_an_earlier_version(whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "model")
    document = json.loads((whole / "model.json").read_text())
    early = {name: value for name, value in document.items() if name not in ("files", "digest")}
    (tmp_path / "model" / "model.json").write_text(json.dumps(early))
    again, loaded = TrainedModel.load(tmp_path / "model"), TrainedModel.load(whole)
    np.testing.assert_array_equal(again.score_pictures(PICTURES), loaded.score_pictures(PICTURES))


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"../secret": "0" * 64}, "../secret is a link out of the folder"),
        ({"seen.txt": "0"}, "model.json: files.seen.txt"),
        ({"seen.txt": 3}, "model.json: files.seen.txt"),
        ([], "model.json: files"),
        ({"pipe": "0" * 64}, "pipe: neither a file nor a folder"),
    ],
)
def test_digests_of_strangers(files: Any, reason: str, whole: Path, tmp_path: Path) -> None:
    shutil.copytree(whole, tmp_path / "model")
    (tmp_path / "secret").touch()
    os.mkfifo(tmp_path / "model" / "pipe")
    document = json.loads((whole / "model.json").read_text())
    document |= {"files": files, "digest": None}
    (tmp_path / "model" / "model.json").write_text(json.dumps(document))
    with pytest.raises(PluginError, match=f"is damaged: {reason}"):
        TrainedModel.load(tmp_path / "model")


def test_a_probability_that_is_no_number_is_no_verdict(model: TrainedModel) -> None:
    nothing = np.array([[np.nan, np.nan]])
    assert model.verdict_of(nothing[0]) == "unsure"
    assert model.judge(nothing, 0.5) == Judgement("unsure", Doubt.NOT_A_NUMBER)
    assert model.judge(np.array([[0.9, 0.1]]), 0.5).doubt is not Doubt.NOT_A_NUMBER


def test_a_model_cannot_name_code_to_run(model: TrainedModel, tmp_path: Path) -> None:
    folder, mark = tmp_path / "model", tmp_path / "ran"
    model.save(folder)
    (folder / "evil.py").write_text(f"open({str(mark)!r}, 'w')\n")
    meta = json.loads((folder / "model.json").read_text())
    meta["detector"]["reference"] = f"{folder}/evil.py:Evil"
    (folder / "model.json").write_text(json.dumps(meta))
    with pytest.raises(PluginError, match="is not registered here"):
        TrainedModel.load(folder)
    assert not mark.exists()


def test_features_that_differ_are_refused(model: TrainedModel) -> None:
    with pytest.raises(PluginError, match="was fitted on crops of shape"):
        model.score_view(Features(np.zeros((1, 3))), np.array([0]))
