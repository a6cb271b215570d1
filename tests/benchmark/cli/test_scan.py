"""``bench scan``: what is refused before a model is loaded, and the words of a verdict."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from bandbench.benchmark.cli.app import app
from bandbench.benchmark.cli.scan import _frames_text, _verdict_text
from bandbench.benchmark.errors import BenchError, StudyError
from bandbench.benchmark.models.scanning import ScanResult


def test_a_folder_that_is_no_model_leads_to_the_way_to_make_one(tmp_path: Path) -> None:
    error = CliRunner().invoke(app, ["scan", str(tmp_path)]).exception
    assert isinstance(error, BenchError)
    assert f"{tmp_path} is no model. Make one:" in str(error)
    assert f"bench scan model {tmp_path}" in str(error)


def test_a_rule_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    error = CliRunner().invoke(app, ["scan", str(tmp_path), "x.png", "--pool", "best"]).exception
    assert isinstance(error, StudyError)
    assert str(error) == "--pool: unknown rule for clips 'best'. Known: mean, top_third, vote."


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (ScanResult("a.png", "picture"), ""),
        (ScanResult("a.mp4", "clip", looked_at="face", n_frames=30, n_looked=32), " (face in 30 of 32 frames)"),
        (ScanResult("a.mp4", "clip", looked_at="middle", n_frames=32, n_looked=32), " (middle of 32 frames)"),
        (ScanResult("a.mp4", "clip", n_frames=0, n_looked=32), " (32 frames)"),
    ],
)
def test_a_clip_says_how_many_frames_were_scored(result: ScanResult, text: str) -> None:
    assert _frames_text(result) == text


@pytest.mark.parametrize(
    ("result", "text"),
    [
        (ScanResult("a.png", "picture", verdict="fake", probabilities={"real": 0.1, "fake": 0.9}), "fake"),
        (ScanResult("a.png", "picture", verdict="unsure", detail="no face"), "unsure: no face"),
        (ScanResult("a.png", "picture", detail="cannot be decoded"), "error: cannot be decoded"),
    ],
)
def test_a_verdict_without_probabilities_has_its_reason(result: ScanResult, text: str) -> None:
    assert _verdict_text(result) == text
