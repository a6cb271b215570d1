"""Models from Python: pictures of every type get a line each, and what the commands keep and record is kept and recorded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import bandbench as bb
from bandbench.api.options import OptionError, UnknownOptionError
from bandbench.benchmark.errors import BenchError, DataError, PluginError
from bandbench.benchmark.tracking.store import client_for, default_tracking_uri
from conftest import noise_picture, trained_model

REAL, FAKE = noise_picture(5000, 64, 1.0), noise_picture(5001, 64, 1.6)


@pytest.fixture(scope="module")
def model() -> bb.Model:
    return bb.Model(trained_model())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.fromarray(REAL).save(tmp_path / "real.png")
    Image.fromarray(FAKE).save(tmp_path / "sub.png")
    (tmp_path / "text.png").write_text("text")
    return tmp_path


def test_one_picture_has_one_answer_in_every_form(model: bb.Model, folder: Path) -> None:
    forms: list[Any] = [folder / "sub.png", str(folder / "sub.png"), FAKE, FAKE[None], Image.fromarray(FAKE)]
    forms += [[FAKE], (FAKE,), iter([FAKE]), np.stack([FAKE, FAKE, FAKE], axis=2), FAKE[..., None], FAKE.astype(np.int64)]
    answers = [model.score(form) for form in forms]
    assert [len(answer) for answer in answers] == [1] * len(forms)
    assert {answer["verdict"][0] for answer in answers} == {"fake"}
    np.testing.assert_allclose([answer["p_fake"][0] for answer in answers], answers[0]["p_fake"][0], rtol=1e-12)


def test_a_scan_has_the_lines_of_the_command(model: bb.Model, folder: Path) -> None:
    lines = bb.scan(model, folder, progress=False)
    assert [Path(path).name for path in lines["path"]] == ["real.png", "sub.png", "text.png"]
    assert list(lines["verdict"]) == ["real", "fake", ""]
    assert list(lines["status"]) == ["ok", "ok", "error"]
    assert lines["left"].tolist()[:2] == [8, 8]
    with pytest.raises(DataError, match="absent.png is not there") as raised:
        bb.scan(model, [folder, "absent.png"], progress=False)
    assert isinstance(raised.value, ValueError)


def test_a_model_is_trained_kept_loaded_and_recorded(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    data = {"mine": picture_folder(n=24)}
    trained = bb.train("spectral_logreg", "mine", data=data, crop=64, band=bb.Band("low", 0.4), jobs=1, progress=False)
    assert trained.folder is None
    assert trained.problems == ()
    assert trained.trained.recipe.band == bb.Band("low", 0.4)
    kept = trained.save(tmp_path / "model")
    loaded = bb.load_model(tmp_path / "model")
    pictures = [REAL, FAKE]
    assert loaded.score(pictures).equals(trained.score(pictures))
    assert repr(loaded) == repr(kept)
    assert repr(kept).startswith("Model(spectral_logreg [low <0.400] trained on mine; AUC ")
    with pytest.raises(BenchError, match="is there already"):
        bb.train("spectral_logreg", "mine", data=data, crop=64, out=tmp_path / "model", progress=False)

    client = client_for(default_tracking_uri())
    (experiment,) = [e for e in client.search_experiments() if e.name == "models"]
    (logged,) = client.search_logged_models([experiment.experiment_id])
    from_mlflow = bb.load_model(f"models:/{logged.model_id}")
    assert from_mlflow.score(pictures).equals(trained.score(pictures))

    evaluated = loaded.evaluate("mine", data=data, jobs=1, progress=False)
    table = evaluated.to_pandas()
    assert (table["domain"][0], table["n"][0], table["n_items"][0]) == (
        "mine",
        len(evaluated.scores()),
        len(evaluated.scores()),
    )
    assert table["auc"][0] > 0.8


def test_a_scan_takes_paths_alone(model: bb.Model) -> None:
    with pytest.raises(OptionError, match="paths takes a name or a list of names, got 3"):
        bb.scan(model, [3])  # pyright: ignore[reportArgumentType] (the point)


def test_a_folder_without_a_model_says_how_one_is_made(tmp_path: Path) -> None:
    with pytest.raises(PluginError, match=r"is no model \(.*model.json is missing\)"):
        bb.load_model(tmp_path)


@pytest.mark.parametrize(
    ("call", "kind", "message"),
    [
        (
            lambda: bb.train("spectral_logreg", "mine", tile=2),
            UnknownOptionError,
            "bandbench.train 'tile'. Did you mean 'tiles'",
        ),
        (lambda: bb.train("spectral_logreg", "mine", task="detecting"), OptionError, "unknown task 'detecting'. Did you mean"),
        (lambda: bb.train("spectral_logreg", "mine", params={"D": 1}), ValueError, "unknown parameter .* 'D'"),
        (lambda: bb.train("spectral_logreg", "mine", band="lo:0.2"), ValueError, "unknown band kind 'lo'. Did you mean 'low'"),
        (lambda: bb.train("spectral_logreg", "mine", tiles=0), OptionError, "tiles is at least 1, got 0"),
        (
            lambda: bb.train("spectral_logreg", "mine", band=0.2),
            OptionError,
            r"band is text such as low:0\.2, or a Band, got 0\.2",
        ),
        (
            lambda: bb.train("spectral_logreg", "mine", band=bb.Band("low", 0.2), mode="pixels"),
            OptionError,
            "the band has the mode keep, and mode is 'pixels'; give it to the Band alone",
        ),
        (lambda: bb.train(5, "mine"), OptionError, "detector takes a name or a class, got 5"),
        (lambda: bb.leaderboard(5), OptionError, "study is text, got 5"),
        (lambda: bb.leaderboard(tracking_uri=Path("x")), OptionError, r"tracking_uri is text, got PosixPath\('x'\)"),
        (lambda: bb.load_model(3), OptionError, "model is a folder, or an address of MLflow .*, got 3"),
    ],
)
def test_a_mistake_is_named(call: Callable[[], Any], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message) as raised:
        call()
    assert isinstance(raised.value, BenchError)
