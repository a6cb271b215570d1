"""Models with an estimator of scikit-learn are tried in another process, whose end harms nobody."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.fitted import fit_detector
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.models.attribution import Classifier
from bandbench.benchmark.models.recipe import Recipe
from bandbench.benchmark.models.trained_model import TrainedModel
from bandbench.benchmark.models.trial import main
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.views import features_from_crops, view_kernel
from conftest import trained_model

PLUGIN = """
import os
from pathlib import Path
import numpy as np
from sklearn.linear_model import LogisticRegression
from bandbench.benchmark.contracts import Detector, ViewSpec

class Estimated(Detector):
    name = "estimated"
    source = "a test"

    @property
    def view(self):
        return ViewSpec("profile")

    def fit(self, view, labels):
        self.machine_ = LogisticRegression().fit(view.values, labels)
        return self

    def score(self, view):
        deadly = Path(__file__).with_name("deadly")
        if deadly.exists() and deadly.read_text() != str(os.getpid()):
            os.kill(os.getpid(), 11)
        return self.machine_.decision_function(view.values)
"""


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Path, str]:
    (tmp_path / "plugin.py").write_text(PLUGIN)
    reference = f"{tmp_path}/plugin.py:Estimated"
    like = trained_model()
    spec = DetectorSpec.parse(reference)
    crops = np.random.default_rng(0).integers(0, 256, (20, 48, 48), np.uint8)
    view = features_from_crops(view_kernel(spec.build().view), crops, Band("all"))
    detector = fit_detector(spec.build(), view, np.arange(20) % 2)
    recipe = Recipe(spec, "detection", ("real", "fake"), Band("all"), CropSpec(48), ("mine",), 0)
    model = TrainedModel(recipe, Classifier([detector], 2), like.calibration, (0.4, 0.6), 0.0, {}, frozenset())
    model.save(tmp_path / "model", describe=False)
    return tmp_path / "model", reference


def test_a_whole_model_is_loaded(kept: tuple[Path, str]) -> None:
    folder, reference = kept
    assert TrainedModel.load(folder, reference).recipe.detector.reference == reference


def test_code_beside_a_model_is_not_run(kept: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, reference = kept
    for name in ("resource", "numpy", "bandbench"):
        (folder / f"{name}.py").write_text(f"open({str(tmp_path / 'run')!r}, 'w').close()")
    monkeypatch.chdir(folder)
    TrainedModel.load(folder, reference)
    assert not (tmp_path / "run").exists()


def test_the_end_of_the_other_process_is_told(kept: tuple[Path, str]) -> None:
    folder, reference = kept
    folder.with_name("deadly").write_text(str(os.getpid()))  # to every process but this one
    with pytest.raises(PluginError, match=r"is damaged: loading its estimator ends the process \(SIGSEGV\)"):
        TrainedModel.load(folder, reference)


def test_archives_that_are_damaged_or_unpack_to_too_much(kept: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, reference = kept
    path = folder / "detector-0" / "machine_.skops"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(PluginError, match=r"is damaged: machine_.skops: BadZipFile"):
        TrainedModel.load(folder, reference, tried=True)
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", bytes(2**24))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("schema.json", "{}")
        archive.writestr("bomb.npz", inner.getvalue())
    monkeypatch.setattr("bandbench.benchmark.fitted.MOST_UNPACKED", 2**20)
    with pytest.raises(PluginError, match="machine_.skops: ValueError: unpacks to more than"):
        TrainedModel.load(folder, reference, tried=True)


def test_the_other_process_says_what_is_damaged(
    kept: tuple[Path, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, reference = kept
    monkeypatch.setattr("resource.setrlimit", lambda *_: None)
    assert main(str(folder), reference) == 0
    (folder / "seen.txt").write_text("\x1b[31m")
    assert main(str(folder), reference) == 2
    assert "is damaged: seen.txt has" in capsys.readouterr().out
