"""What ``bench new`` writes works as it is."""

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from bandbench.benchmark.cli.app import app
from bandbench.benchmark.errors import BenchError


@pytest.mark.parametrize(("kind", "class_name"), [("detector", "MyOwnIdea"), ("dataset", "MyOwnIdea")])
def test_a_new_plugin_passes_its_own_test_and_the_check(kind: str, class_name: str, tmp_path: Path) -> None:
    written = CliRunner().invoke(app, ["new", kind, "my_own_idea", "--into", str(tmp_path)])
    assert written.exit_code == 0, written.output
    checked = CliRunner().invoke(app, ["check", kind, f"{tmp_path}/my_own_idea.py:{class_name}"])
    assert checked.exit_code == 0, checked.output
    tested = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert tested.returncode == 0, tested.stdout
    assert "failed" not in tested.stdout


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("precious")
    with pytest.raises(BenchError, match=r"mine.py exists already"):
        CliRunner().invoke(app, ["new", "detector", "mine", "--into", str(tmp_path)], catch_exceptions=False)
    assert (tmp_path / "mine.py").read_text() == "precious"
    assert not (tmp_path / "test_mine.py").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [("Mine", "lower-case letters"), ("my-idea", "lower-case"), ("coin_flip", "already"), ("class", "a word of Python")],
)
def test_names_that_cannot_be_used(name: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=message):
        CliRunner().invoke(app, ["new", "detector", name, "--into", str(tmp_path)], catch_exceptions=False)
