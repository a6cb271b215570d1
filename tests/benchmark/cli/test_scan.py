"""``bench scan``: what is refused before a model is loaded, and the words of a verdict."""

import csv
import io
import json
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from bandbench.benchmark.cli.app import app
from bandbench.benchmark.cli.scan import DOUBTS, _frames_text, _legend, _verdict_text
from bandbench.benchmark.errors import BenchError, StudyError
from bandbench.benchmark.models import scanning
from bandbench.benchmark.models.domain_check import Doubt
from bandbench.benchmark.models.scanning import ScanResult
from conftest import noise_picture, trained_model


def test_a_folder_that_is_no_model_leads_to_the_way_to_make_one(tmp_path: Path) -> None:
    error = CliRunner().invoke(app, ["scan", str(tmp_path)]).exception
    assert isinstance(error, BenchError)
    assert f"{tmp_path} is no model. Make one:" in str(error)
    assert f"bench scan model {tmp_path}" in str(error)


def test_a_model_that_is_not_there_is_no_picture_to_score(tmp_path: Path) -> None:
    error = CliRunner().invoke(app, ["scan", str(tmp_path / "modl"), str(tmp_path)]).exception
    assert isinstance(error, BenchError)
    assert f"there is no model {tmp_path / 'modl'}, check the path." in str(error)
    assert "scan model" not in str(error)


@pytest.mark.parametrize(
    ("doubts", "line"),
    [
        ((), "None of these is unsure; 12.5 % of the validation pictures of the model are unsure."),
        ((Doubt.NO_FACE,), "By the same rules 12.5 % of the validation pictures of the model are unsure."),
    ],
)
def test_a_scan_without_doubts_names_no_rules(doubts: tuple[Doubt, ...], line: str) -> None:
    model: Any = SimpleNamespace(check=True, validation={"unsure": 0.125})
    assert line in _legend(model, doubts)


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
        (
            ScanResult("a.png", "picture", verdict="unsure", probabilities={"real": 0.1, "fake": 0.9}, doubt=Doubt.UNSTABLE),
            "unsure: unstable",
        ),
        (ScanResult("a.png", "picture", detail="cannot be decoded"), "error: cannot be decoded"),
    ],
)
def test_a_verdict_without_probabilities_has_its_reason(result: ScanResult, text: str) -> None:
    assert _verdict_text(result) == text


def test_every_reason_has_a_text() -> None:
    assert set(DOUBTS) == set(Doubt)


def test_a_scan_counts_the_reasons_and_a_model_without_a_check_says_so(tmp_path: Path) -> None:
    trained_model().save(tmp_path / "model", describe=False)
    Image.fromarray(noise_picture(500, 64, 1.6)).save(tmp_path / "fake.png")
    between = next(
        picture
        for picture in (noise_picture(seed, 64, 1.3) for seed in range(50))
        if trained_model().verdicts(trained_model().score_pictures([picture]))[1] == ["unsure"]
    )
    Image.fromarray(between).save(tmp_path / "between.png")
    files = [str(tmp_path / name) for name in ("model", "fake.png", "between.png")]
    lines = CliRunner().invoke(app, ["scan", *files]).stdout.splitlines()
    assert "unsure: 1 between the classes" in lines
    assert any(line.startswith("'between the classes' is p(fake) from 0.40 to 0.60") for line in lines)
    assert any(line.startswith("This model has no out-of-domain check") for line in lines)
    rows = json.loads(CliRunner().invoke(app, ["scan", *files, "--json", "-"]).stdout)
    assert rows["check"] is None
    assert [row["reason"] for row in rows["rows"]] == ["", "between_classes"]
    assert [row["distance"] for row in rows["rows"]] == [None, None]


def test_verdicts_are_written_as_they_come(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The scan ends at its third picture, and the verdicts on two are there; names that are formulas or markup are text."""
    trained_model().save(tmp_path / "model", describe=False)
    monkeypatch.chdir(tmp_path)
    names = ["+1.png", "=1.png", "[bold]\x1b[31m.png"]
    for i, name in enumerate(names):
        Image.fromarray(noise_picture(500 + i, 64, 1.0)).save(name)
    arguments = ["scan", "model", *names, "--csv", "x.csv"]
    whole = CliRunner().invoke(app, arguments)
    assert whole.exit_code == 0
    assert "wrote 3 verdicts to x.csv" in whole.output
    assert "\x1b[31m" not in whole.output
    rows = list(csv.DictReader(io.StringIO(Path("x.csv").read_text())))
    assert [row["path"] for row in rows] == ["'+1.png", "'=1.png", "[bold]\\x1b[31m.png"]
    assert {row["verdict"] for row in rows} == {"real"}
    judged = scanning._judged
    calls: list[int] = []

    def interrupted(*args: object) -> dict:
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return judged(*args)  # pyright: ignore[reportArgumentType]

    monkeypatch.setattr(scanning, "_judged", interrupted)
    CliRunner().invoke(app, arguments)
    assert [row["path"] for row in csv.DictReader(io.StringIO(Path("x.csv").read_text()))] == ["'+1.png", "'=1.png"]


def test_a_scan_of_nothing_leaves_an_earlier_table_and_says_nothing_of_verdicts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained_model().save(tmp_path / "model", describe=False)
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    Path("x.csv").write_text("verdicts of an earlier scan\n")
    for nothing, reason in (("empty", "no picture"), ("gone", "is not there")):
        done = CliRunner().invoke(app, ["scan", "model", nothing, "--csv", "x.csv"])
        assert reason in str(done.exception)
        assert done.output == ""
    assert Path("x.csv").read_text() == "verdicts of an earlier scan\n"


def test_what_cannot_be_read_has_a_line_with_the_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None of them is opened, all of them are named, and the model judges the rest."""
    trained_model().save(tmp_path / "model", describe=False)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "pictures"
    folder.mkdir()
    Image.fromarray(noise_picture(500, 64, 1.0)).save(folder / "real.png")
    (folder / "notes.txt").touch()
    os.mkfifo(folder / "pipe.jpg")
    (folder / "clip.mp4").symlink_to("/dev/zero")
    for i in range(4):
        (folder / f"gone{i}.png").symlink_to("nowhere")
    done = CliRunner().invoke(app, ["scan", "model", "pictures", "--csv", "x.csv"])
    assert done.exit_code == 3
    assert "passed over: 1 .txt\n" in done.output
    assert "wrote 1 verdict, 6 files without a verdict to x.csv" in done.output
    lines = list(csv.DictReader(io.StringIO(Path("x.csv").read_text())))
    names = ["real.png", "clip.mp4", *(f"gone{i}.png" for i in range(4)), "pipe.jpg"]
    assert [line["path"] for line in lines] == [f"pictures/{name}" for name in names]
    assert [line["status"] for line in lines] == ["ok", *["error"] * 6]
    assert [line["kind"] for line in lines[:2]] == ["picture", "clip"]
    assert {line["detail"] for line in lines[1:]} == {
        "it is neither a file nor a folder.",
        "it is a link to nowhere, which is not there; mend or delete it.",
    }


def test_a_model_that_was_not_copied_as_a_whole_is_damaged(tmp_path: Path) -> None:
    trained_model().save(tmp_path / "model", describe=False)
    (tmp_path / "model" / "seen.txt").unlink()
    error = CliRunner().invoke(app, ["scan", str(tmp_path / "model"), str(tmp_path)]).exception
    assert str(error) == f"the model in {tmp_path / 'model'} is damaged: seen.txt is missing; train it again."
