"""A scikit-learn model is trained, evaluated and used without torch, also where that is installed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from conftest import noise_picture

# Stands before the real one, if there is one, and tells who imports it; in workers, too.
TORCH = 'import os\nopen(os.environ["TORCH_IMPORTED"], "a").write("imported\\n")\n'
DATA = ("--data", "mine=mine")
DETECTOR = """
from sklearn.linear_model import LogisticRegression

from bandbench.benchmark.contracts import Detector, ViewSpec


class Fitted(Detector):
    name = "fitted"

    @property
    def view(self):
        return ViewSpec("profile")

    def fit(self, view, labels):
        self.model_ = LogisticRegression(max_iter=1000).fit(view.values, labels)
        return self

    def score(self, view):
        return self.model_.decision_function(view.values)
"""
TRAIN = ("train", "fitted.py:Fitted", *DATA, "--train", "mine", "--crop", "64", "--out", "model")
OWN = ("--detector", "fitted.py:Fitted")
COMMANDS = (TRAIN, ("evaluate", "model", *DATA, "--test", "mine", *OWN), ("scan", "model", "mine/fake", *OWN))
RUN = ("run", "one.yaml", *DATA, "--crop", "64", "--jobs", "2")
STUDY = """
name: one
description: One cell.
detectors: ["fitted.py:Fitted"]
train: [mine]
test: [mine]
sweep: null
search: {trials: 0}
seeds: 1
"""


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "path" / "torch").mkdir(parents=True)
    (tmp_path / "path" / "torch" / "__init__.py").write_text(TORCH)
    for name, boost, offset in (("real", 1.0, 0), ("fake", 1.25, 1000)):
        (tmp_path / "mine" / name).mkdir(parents=True)
        for i in range(20):
            Image.fromarray(noise_picture(offset + i, 64, boost)).save(tmp_path / "mine" / name / f"{i}.png")
    (tmp_path / "one.yaml").write_text(STUDY)
    (tmp_path / "fitted.py").write_text(DETECTOR)
    places = {"BANDBENCH_HOME": tmp_path / "home", "BANDBENCH_CACHE": tmp_path / "cache", "PYTHONPATH": tmp_path / "path"}
    return os.environ | {name: str(path) for name, path in places.items()} | {"TORCH_IMPORTED": str(tmp_path / "imported")}


def run(code: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    return done.stdout + done.stderr


def test_an_import_of_torch_would_be_seen(tmp_path: Path, environment: dict[str, str]) -> None:
    run("import skops.io", tmp_path, environment)
    assert (tmp_path / "imported").exists()


@pytest.mark.parametrize("commands", [COMMANDS, (RUN,)], ids=["model", "run"])
def test_scikit_learn_models_import_no_torch(
    tmp_path: Path, environment: dict[str, str], commands: tuple[tuple[str, ...], ...]
) -> None:
    code = f"""
import sys
from bandbench.benchmark.cli import main
for command in {commands!r}:
    try:
        main(list(command))
    except SystemExit as ended:
        print("code", ended.code or 0)
print("skops is loaded:", "skops.io" in sys.modules)
"""
    out = run(code, tmp_path, environment)
    assert out.count("code 0") + out.count("code 3") == len(commands), out
    assert not (tmp_path / "imported").exists()
    if commands == COMMANDS:
        assert "skops is loaded: True" in out
