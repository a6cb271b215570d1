"""Scores of pictures of any type: each keeps its place, and none is lost."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bandbench.api.scanning import score_frame, score_sources
from bandbench.benchmark.models.trained_model import TrainedModel
from bandbench.benchmark.results.scores import Status
from conftest import noise_picture, trained_model

REAL, FAKE = noise_picture(5000, 64, 1.0), noise_picture(5001, 64, 1.6)


@pytest.fixture(scope="module")
def model() -> TrainedModel:
    return trained_model()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.fromarray(REAL).save(tmp_path / "real.png")
    Image.fromarray(FAKE).save(tmp_path / "sub.png")
    (tmp_path / "text.png").write_text("text")
    return tmp_path


def score(model: TrainedModel, pictures: Any) -> Any:
    return score_frame(model, score_sources(model, pictures))


def test_mixed_pictures_keep_their_order_and_none_is_lost(model: TrainedModel, folder: Path) -> None:
    pictures = [FAKE, folder / "text.png", REAL, FAKE[:20], "absent.png", np.stack([REAL, FAKE]), 3, FAKE / 255, folder]
    scores = score(model, pictures)
    assert list(scores["status"]) == ["ok", "error", "ok", "error", "error", "ok", "ok", "error", "error", "ok", "ok", "error"]
    assert list(scores["verdict"]) == ["fake", "", "real", "", "", "real", "fake", "", "", "real", "fake", ""]
    assert [bool(detail) for detail in scores["detail"]] == [status == "error" for status in scores["status"]]
    assert scores["p_fake"].isna().tolist() == [status == "error" for status in scores["status"]]
    assert scores["p_fake"].dtype == np.float64
    scored = scores[scores["status"] == "ok"]
    np.testing.assert_allclose(scored["p_real"] + scored["p_fake"], 1)


def test_probabilities_do_not_depend_on_what_is_scored_beside(model: TrainedModel) -> None:
    pictures = [noise_picture(6000 + i, 64, 1 + i % 2 / 2) for i in range(40)]  # more than are scored together
    together = score(model, pictures)["p_fake"]
    assert together.tolist() == [score(model, picture)["p_fake"][0] for picture in pictures]


def test_what_cannot_be_read_in_a_folder_is_not_lost(model: TrainedModel, folder: Path) -> None:
    (folder / "gone.png").symlink_to("nowhere")
    scores = score(model, folder)
    assert list(scores["status"]) == ["ok", "ok", "error", "error"]
    assert scores["detail"].iloc[-1] == "it is a link to nowhere, which is not there; mend or delete it."


def test_no_picture_is_a_table_without_lines(model: TrainedModel) -> None:
    empty = score(model, [])
    assert (len(empty), list(empty)) == (
        0,
        ["picture", "status", "verdict", "reason", "p_real", "p_fake", "distance", "detail"],
    )


def test_an_empty_text_is_not_the_working_directory(model: TrainedModel) -> None:
    (result,) = score_sources(model, "")
    assert (result.status, result.detail) == (Status.ERROR, "an empty text is no path.")
