"""Pictures of mistakes: the worst ones, of data that may be shown, and of no other."""

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.recording.mistakes import SIDE, worst_mistakes
from bandbench.benchmark.results.cell_document import read_cell
from bandbench.benchmark.results.mistakes import PER_CLASS
from bandbench.benchmark.results.scores import read_scores
from bandbench.benchmark.store.files import read_json
from conftest import noise_picture, run, small_study

Maker = Callable[..., Path]
PLAIN: dict[str, Any] = {"sweep": None, "search": {"trials": 0}, "crop": {"side": 64}}


def test_only_what_is_on_the_wrong_side_is_a_mistake() -> None:
    labels = np.array([0, 0, 0, 1, 1, 1])
    scores = np.array([0.1, 0.5, 0.9, 0.4, 0.2, 0.8])
    assert worst_mistakes(labels, scores, 0.5, 0).tolist() == [2, 1]
    assert worst_mistakes(labels, scores, 0.5, 1).tolist() == [4, 3]
    assert not worst_mistakes(labels, labels, 0.5, 0).size
    assert len(worst_mistakes(np.zeros(50, int), np.arange(50.0), -1.0, 0)) == PER_CLASS


@pytest.fixture
def folder(picture_folder: Maker) -> Path:
    """A folder in which nobody can tell reals from fakes."""
    root = picture_folder(n=40)
    for i, path in enumerate(sorted((root / "fake").iterdir())):
        Image.fromarray(noise_picture(5000 + i, 64, 1.0)).save(path)
    return root


def cell_of(home: Path) -> Path:
    return next((home / "cells").iterdir())


def test_the_worst_are_shown_with_their_scores(folder: Path, tmp_path: Path) -> None:
    run(small_study(detectors=["coin_flip"], datasets={"mine": {"may_be_shown": True}}, **PLAIN), {"mine": folder})
    cell = cell_of(tmp_path / "home")
    told, chosen = read_json(cell / "mistakes.json"), read_cell(cell).chosen
    assert told is not None
    assert chosen is not None
    test = next(one.scored for one in read_scores(cell / chosen.files[0]) if one.split == "test")
    reals, fakes = told["mine"]["reals"], told["mine"]["fakes"]
    assert reals
    assert fakes
    assert reals[0]["score"] == test.scores[test.labels == 0].max()
    assert fakes[0]["score"] == test.scores[test.labels == 1].min()
    # The picture is that of the item.
    with Image.open(io.BytesIO(base64.b64decode(reals[0]["picture"].partition(",")[2]))) as small:
        shown = np.asarray(small.convert("L"), dtype=float)
    with Image.open(folder / reals[0]["item"]) as whole:
        item = np.asarray(whole, dtype=float)
    assert max(shown.shape) <= SIDE
    assert np.corrcoef(shown.ravel(), item.ravel())[0, 1] > 0.9
    assert (cell / "mistakes.png").exists()


def test_pictures_of_others_are_not_shown(folder: Path, tmp_path: Path) -> None:
    run(small_study(detectors=["coin_flip"], **PLAIN), {"mine": folder})
    assert not list(cell_of(tmp_path / "home").glob("mistakes*"))
