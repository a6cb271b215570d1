"""Folders of models, and what a training notes."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bandbench.api.training import Trained, free_folder, notes_on_training, usual_folder
from bandbench.benchmark.errors import BenchError
from bandbench.benchmark.registry import DetectorSpec


def test_a_folder_is_free_if_nothing_is_in_it(tmp_path: Path) -> None:
    assert free_folder(None) is None
    assert free_folder(tmp_path / "new") == tmp_path / "new"
    assert free_folder(tmp_path) == tmp_path
    assert free_folder("~/model") == Path("~/model").expanduser()
    (tmp_path / "file").touch()
    for taken in (tmp_path, tmp_path / "file"):
        with pytest.raises(BenchError, match="is there already; name another folder"):
            free_folder(taken)


def test_the_usual_folder_is_named_after_the_detector() -> None:
    assert usual_folder(DetectorSpec.parse("spectral_svm/faithful")) == Path("models/spectral_svm-faithful")
    assert usual_folder(DetectorSpec.parse("spectral_svm", {"C": 3.0})) == Path("models/spectral_svm-C=3.0")


def test_a_training_notes_what_was_left_out_and_not_recorded() -> None:
    data = {"dropped_leaks": {"train": 2, "val": 0}, "data": {"mine": {"missing": ["part 2"]}}}
    model: Any = SimpleNamespace(recipe=SimpleNamespace(train=("mine",)), data=data)
    dropped, missing, unsent = notes_on_training(Trained(model, None, (), (), "the store does not answer."))
    assert dropped.startswith("mine: 2 training pictures were left out")
    assert missing == "mine is not complete: part 2."
    assert unsent == "not recorded: the store does not answer."


def test_a_folder_that_cannot_be_made_is_refused_before_the_training(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BenchError, match=r"cannot be made .*Not a directory.*name another folder for the model"):
        free_folder(tmp_path / "file" / "model")


def test_what_a_killed_training_left_is_removed(tmp_path: Path) -> None:
    code = """
import os, sys
from pathlib import Path
from bandbench.benchmark.store.files import atomic_folder

with atomic_folder(Path(sys.argv[1])) as folder:
    (folder / "half").touch()
    os._exit(9)
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "model")], check=False)
    assert len(list(tmp_path.iterdir())) == 1
    assert free_folder(tmp_path / "model") == tmp_path / "model"
    assert list(tmp_path.iterdir()) == []
