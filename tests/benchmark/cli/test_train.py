"""``bench train``, ``evaluate`` and ``scan`` one after the other, on real files."""

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bandbench.benchmark.cli import main
from bandbench.benchmark.metrics.clips import ClipRule, clip_scores
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.results.scores import read_scores
from bandbench.benchmark.tracking.store import client_for, default_tracking_uri
from conftest import noise_picture
from trees.video_trees import make_frames

Maker = Callable[..., Path]


def bench(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error (on one line) of a command."""
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, " ".join(err.split())


def test_from_training_to_a_verdict(
    picture_folder: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data, model = picture_folder(n=30), tmp_path / "model"
    train = ("train", "spectral_logreg", "--train", "mine", "--data", f"mine={data}", "--crop", 64, "--out", model, "--jobs", 1)
    code, _, err = bench(capsys, *train, "--param", "C=0.5", "--band", "low:32px")
    assert (code, "Next steps" in err) == (0, True), err
    meta = json.loads((model / "model.json").read_text())
    assert meta["detector"]["params"] == {"C": 0.5}
    assert meta["band"]["cutoff"] == 0.5

    code, out, err = bench(capsys, "evaluate", model, "--test", "mine", "--data", f"mine={data}", "--json", "--jobs", 1)
    (found,) = json.loads(out)["tests"]
    assert (code, found["domain"], found["coverage"]) == (0, "mine", 1.0)
    assert found["auc"] > 0.9
    assert found["n"] < 60  # only the test split

    new = tmp_path / "new"
    new.mkdir()
    Image.fromarray(noise_picture(5000, 64, 1.6)).save(new / "one.png")
    (new / "two.png").write_text("text")
    code, out, err = bench(capsys, "scan", model, new, "--csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert code == 3
    assert [(Path(row["path"]).name, row["status"]) for row in rows] == [("one.png", "ok"), ("two.png", "error")]
    assert rows[0]["verdict"] == "fake"
    monkeypatch.chdir(new)
    (new / "two.png").rename("=two.png")
    _, out, _ = bench(capsys, "scan", model, "=two.png", "--csv")
    assert out.splitlines()[1].startswith("'=two.png,")  # no formula in a spreadsheet

    client = client_for(default_tracking_uri())
    (experiment,) = [e for e in client.search_experiments() if e.name == "models"]
    runs = {run.data.tags["bandbench.kind"]: run for run in client.search_runs([experiment.experiment_id])}
    assert runs["evaluation"].data.metrics["auc"] == pytest.approx(found["auc"])
    (logged,) = client.search_logged_models([experiment.experiment_id])
    assert (logged.source_run_id, logged.status) == (runs["model"].info.run_id, "READY")
    assert {"MLmodel", "model.json"} <= {file.path for file in client.list_logged_model_artifacts(logged.model_id)}


def test_what_was_learned_from_is_not_scored(picture_folder: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data, other, model = picture_folder(n=20), picture_folder("other", n=20, first_seed=2000), tmp_path / "model"
    bench(capsys, "train", "spectral_logreg", "--train", "mine", "--data", f"mine={data}", "--crop", 64, "--out", model)
    for path in list(other.glob("*/*")):  # whole test split of another data set; half of its reals are copies
        (other / "test" / path.parent.name).mkdir(parents=True, exist_ok=True)
        path.rename(other / "test" / path.parent.name / path.name)
    for path in sorted((data / "real").iterdir()):
        shutil.copy(path, other / "test" / "real" / f"copy-of-{path.name}")
    code, out, err = bench(capsys, "evaluate", model, "--test", "other", "--data", f"other={other}", "--json")
    (found,) = json.loads(out)["tests"]
    assert code == 3
    assert found["n"] == 44  # 20 + 20, and the four of `data` that were neither trained nor validated on
    assert found["coverage"] == pytest.approx(44 / 60)
    assert "16 pictures could not be used" in err
    assert "among those that the model has learned from" in err


def test_metrics_per_clip(
    empty_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    (tmp_path / "home").mkdir()
    shutil.copy(empty_store, tmp_path / "home")
    data, model = make_frames(tmp_path / "frames"), tmp_path / "model"
    given = ("--data", f"mine={data}")
    code, _, err = bench(capsys, "train", "spectral_logreg", "--train", "mine", *given, "--crop", 64, "--out", model)
    assert code == 0, err
    found = {}
    for rule in ("mean", "vote", "top_third"):
        code, out, err = bench(capsys, "evaluate", model, "--test", "mine", *given, "--clips", rule, "--json")
        assert code == 0, err
        (found[rule],) = json.loads(out)["tests"]
    assert [(one["clips"], one["n"], one["n_clips"]) for one in found.values()] == [(rule, 96, 24) for rule in found]
    assert len({one["auc"] for one in found.values()}) == 1  # of frames
    assert found["mean"]["clip_auc"] > found["mean"]["auc"]
    assert found["mean"]["clip_auc_lo"] < found["mean"]["clip_auc"]
    code, out, _ = bench(
        capsys, "evaluate", model, "--test", "mine", *given, "--clips", "vote", "--scores", tmp_path / "scores"
    )
    assert code == 0
    assert "per clip (share of its frames that are called fake)" in out
    (entry,) = read_scores(tmp_path / "scores" / "mine.parquet")
    votes = clip_scores(entry.frames, ClipRule.VOTE, json.loads((model / "model.json").read_text())["threshold"])
    assert roc_auc(votes.labels, votes.scores) == pytest.approx(found["vote"]["clip_auc"])
    client = client_for(default_tracking_uri())
    experiment = client.get_experiment_by_name("models")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id], "tags.`bandbench.kind` = 'evaluation'")
    kept = {run.data.params["clips"]: run.data.metrics["clip_auc"] for run in runs}
    assert kept == pytest.approx({rule: one["clip_auc"] for rule, one in found.items()})
    code, _, err = bench(capsys, "evaluate", model, "--test", "mine", *given, "--clips", "meen")
    assert (code, "unknown rule for clips 'meen'. Did you mean 'mean'?" in err) == (2, True)


def test_attribution(picture_folder: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = picture_folder("one", n=25), picture_folder("two", n=25, first_seed=3000)
    for path in (two / "fake").iterdir():  # the second generator: a pattern of its own
        picture = noise_picture(len(path.name) + int(path.stem[-3:]), 64)
        picture[::2, ::2] += 12
        Image.fromarray(picture).save(path)
    data = ("--data", f"one={one}", "--data", f"two={two}")
    model = tmp_path / "model"
    train = ("train", "spectral_logreg", "--train", "one", "--train", "two", *data, "--crop", 64, "--out", model)
    code, _, err = bench(capsys, *train, "--task", "attribution")
    assert code == 0, err
    assert json.loads((model / "model.json").read_text())["classes"] == ["real", "one", "two"]
    code, out, _ = bench(capsys, "evaluate", model, "--test", "one", "--test", "two", *data, "--json")
    (found,) = json.loads(out)["tests"]
    assert found["classes"] == ["real", "one", "two"]
    assert sum(map(sum, found["confusion"])) == found["n"]
    assert found["balanced_accuracy"] > 0.8
    client = client_for(default_tracking_uri())
    experiment = client.get_experiment_by_name("models")
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id], "tags.`bandbench.kind` = 'evaluation'")
    assert {file.path for file in client.list_artifacts(run.info.run_id)} == {"confusion.png", "scores.parquet"}
    code, _, err = bench(capsys, *train[:4], *data[:2], "--task", "attribution", "--out", tmp_path / "m2")
    assert (code, "at least two generators, got one" in err) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("scan", "pictures"), "there is no model pictures, check the path. `bench train DETECTOR"),
        (("scan", "."), ". is no model. Make one: bench train"),
        (("train", "spectral_svn", "--train", "procedural/planted"), "Did you mean 'spectral_svm'?"),
        (("train", "spectral_svm", "--train", "procedural/plant"), "Did you mean 'planted'?"),
        (("train", "spectral_svm", "--train", "procedural/planted", "--task", "attribute"), "Did you mean 'attribution'?"),
        (("train", "spectral_svm", "--train", "procedural/planted", "--band", "lo:3"), "a band is written all, low:0.2"),
        (("train", "spectral_svm", "--train", "procedural/planted", "--param", "C"), "--param wants NAME=VALUE"),
        (
            ("train", "dct_logreg", "--train", "procedural/planted", "--param", "penalty=l3"),
            "should be 'l2', 'none', 'l1'",
        ),
        (("evaluate", "gone", "--test", "procedural/planted"), "gone is no model"),
    ],
)
def test_mistakes(arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = bench(capsys, *arguments)
    assert code == 2
    assert message in err


def test_pictures_of_one_class(picture_folder: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No AUC, but the false alarms among reals, and the detections among fakes."""
    data, model = picture_folder(n=30), tmp_path / "model"
    train = ("train", "spectral_logreg", "--train", "mine", "--data", f"mine={data}", "--crop", 64, "--out", model, "--jobs", 1)
    assert bench(capsys, *train)[0] == 0
    plugin = tmp_path / "one_class.py"
    plugin.write_text(
        "from bandbench.datasets.folder import Folder\n\n\n"
        "class Reals(Folder):\n    name = 'reals'\n\n    def items(self, variant):\n"
        "        return [item for item in super().items(variant) if item.label == 0]\n"
    )
    other = picture_folder("other", n=30, first_seed=4000)
    given = ("--test", "reals", "--data", f"{plugin}:Reals={other}")
    code, out, err = bench(capsys, "evaluate", model, *given, "--json", "--jobs", 1)
    (found,) = json.loads(out)["tests"]
    assert (code, found["missing"], found["auc"], found["detections"]) == (3, ["fake"], None, None)
    assert 0 <= found["false_alarms"] <= 1
    assert "reals has no fake pictures that could be scored" in err
    assert f"{100 * found['false_alarms']:.1f} % are called fake (false alarms), at the model's threshold" in err
