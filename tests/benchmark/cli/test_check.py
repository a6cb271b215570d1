"""``bench check`` on good and bad plugins."""

import json
from pathlib import Path

from typer.testing import CliRunner

from bandbench.benchmark.cli.app import app

INVERTED = """\
from bandbench.benchmark.contracts import Detector, ViewSpec

class Inverted(Detector):
    name = "inverted"
    view = ViewSpec("profile")

    def fit(self, view, labels):
        self.weights_ = view.values[labels == 0].mean(axis=0) - view.values[labels == 1].mean(axis=0)
        return self

    def score(self, view):
        return (view.values * self.weights_).sum(axis=1)
"""


def test_a_good_detector() -> None:
    result = CliRunner().invoke(app, ["check", "detector", "spectral_svm"])
    assert result.exit_code == 0
    assert "14 of 14 checks passed" in result.output


def test_a_bad_detector_fails_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(INVERTED)
    result = CliRunner().invoke(app, ["check", "detector", f"{tmp_path}/mine.py:Inverted", "--json"])
    assert result.exit_code == 2
    failed = [entry for entry in json.loads(result.output) if not entry["ok"]]
    assert [entry["name"] for entry in failed] == ["higher_is_more_fake"]
    assert "inverted" in failed[0]["detail"]


def test_a_dataset() -> None:
    result = CliRunner().invoke(app, ["check", "dataset", "procedural"])
    assert result.exit_code == 0
    assert "11 of 11 checks passed" in result.output
