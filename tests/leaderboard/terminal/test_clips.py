"""Numbers per clip in the terminal: only where there are clips, and legible at 60 columns."""

import csv
import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.rows import Row, TestResult
from bandbench.benchmark.store.files import dump_json
from bandbench.benchmark.tracking.store import client_for, default_tracking_uri
from bandbench.leaderboard.exports import as_csv, as_document, as_tests_csv
from bandbench.leaderboard.page.details import Details
from bandbench.leaderboard.page.payload import payload
from bandbench.leaderboard.rows import Board, load_board
from bandbench.leaderboard.terminal.clips import as_clip_table, print_clips
from conftest import run, small_study
from trees.video_trees import make_frames

NUMBERS = {
    f"clip_{name}{end}": value + step
    for name, value in (("auc", 0.9), ("balanced_accuracy", 0.8), ("pd10", 0.7), ("pd5", 0.6), ("pd1", float("nan")))
    for end, step in (("", 0.0), ("_lo", -0.05), ("_hi", 0.05))
}


def result(domain: str, clips: str = "mean", **changes: Any) -> TestResult:
    metrics = {"n_clips": 140, **NUMBERS} if clips else {}
    return TestResult(domain, 0.8, 0.7, 0.9, 4480, 1.0, clips=clips, metrics=metrics, **changes)


def row(*tests: TestResult) -> Row:
    return Row("spectral_svm", "ffpp/Deepfakes@c23", "chosen", Band("low", 0.2), tests=tests)


def printed(rows: list[Row], width: int = 100) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    print_clips(rows, "made", console)
    return console.export_text()


def test_a_line_per_row_and_domain_of_clips() -> None:
    text = printed([row(result("ffpp/Deepfakes@c23"), result("ffpp/FaceSwap@c23"), result("faces", clips=""))])
    assert text.startswith("made: per clip (mean score of its frames)")
    assert "faces" not in text
    assert text.count("140") == 2
    assert [text.count(number) for number in ("0.900", ".850-.950", "0.800", "0.700", "–")] == [2, 2, 2, 2, 2]


def test_the_table_says_that_a_clip_may_be_a_person() -> None:
    text = " ".join(printed([row(result("mine"))]).split())
    assert "Pictures of one group in one folder count as one clip, also the photographs of one person." in text


def test_nothing_is_printed_without_clips() -> None:
    assert as_clip_table([row(result("faces", clips=""))], "made") is None
    assert printed([row(result("faces", clips=""))]) == ""
    assert printed([row(result("ffpp/Deepfakes@c23+jpeg:quality=50"))]) == ""  # the table of perturbations is another one


def test_rules_are_named_where_they_differ() -> None:
    text = printed([row(result("a", clips="vote"), result("b", clips="top_third"))])
    assert text.splitlines()[0].strip() == "made: per clip"
    assert "140, vote" in text
    assert "140, top_third" in text


def test_a_domain_without_numbers_says_why() -> None:
    text = printed([row(result("a", clips="", clip_problem="the frames of clip x have more than one label."))])
    assert "a has no numbers per clip: the frames of clip x have more than one label." in text


@pytest.mark.parametrize("width", [60, 80, 140])
def test_lines_fit_the_terminal(width: int) -> None:
    text = printed([row(result("ffpp/NeuralTextures@c23"))], width)
    assert max(map(len, text.splitlines())) <= width
    assert "0.900" in text


def test_numbers_per_clip_of_a_run_are_everywhere(tmp_path: Path, picture_folder: Callable[..., Path]) -> None:
    """CSV, JSON, page and MLflow have what the score files give, and a vote is another board made of the same fits."""
    folders = {"mine": make_frames(tmp_path / "frames"), "pictures": picture_folder("pictures", n=12, first_seed=50_000)}
    catalogue = {"train": ["mine"], "test": ["mine", "pictures"], "detectors": ["spectral_logreg"], "sweep": None}
    mean = run(small_study(**catalogue, search={"trials": 0}), folders)
    vote = run(small_study(**catalogue, search={"trials": 0}, name="votes", clips="vote"), folders)
    assert (mean.computed, vote.computed) == (1, 0)
    (recorded,) = mean.rows
    home, abroad = recorded.tests
    assert (home.clips, abroad.clips) == ("mean", "")
    assert home.value("n_clips") == 24
    assert recorded.value("in_domain_clip_auc") == home.value("clip_auc") > home.auc
    assert math.isnan(recorded.value("cross_domain_clip_auc"))  # pictures are no clips
    assert vote.rows[0].tests[0].clips == "vote"
    board = load_board(default_tracking_uri(), "small")
    (read,) = board.rows
    assert dump_json([test.to_json() for test in read.tests]) == dump_json([test.to_json() for test in recorded.tests])
    lines = list(csv.DictReader(io.StringIO(as_tests_csv(board.rows))))
    assert float(lines[0]["test.clip_balanced_accuracy_lo"]) == home.value("clip_balanced_accuracy_lo")
    assert (lines[1]["test.domain"], lines[1]["test.clips"], lines[1]["test.clip_auc"]) == ("pictures", "", "")
    assert float(next(csv.DictReader(io.StringIO(as_csv(board.rows))))["in_domain_clip_auc"]) == home.value("clip_auc")
    entries = as_document("small", board.rows)["rows"][0]["tests"]
    assert entries[0]["clip_auc"] == home.value("clip_auc")
    assert not [name for name in entries[1] if "clip" in name]
    shown = payload(board, Details())
    assert shown["tests"]["clip_auc"][0] == home.value("clip_auc")
    assert [column["id"] for column in shown["described"]["rows"] if "clip" in column["id"]] == ["in_domain_clip_auc"]
    client = client_for(default_tracking_uri())
    logged = client.get_run(read.run_id).data
    assert logged.params["clips"] == "mean"
    assert logged.metrics["test/mine/clip_pd10"] == pytest.approx(home.value("clip_pd10"))
    assert logged.metrics["in_domain_clip_auc"] == pytest.approx(home.value("clip_auc"))
    assert not [name for name in logged.metrics if name.startswith("test/pictures/clip")]


def test_a_page_of_pictures_has_no_columns_of_clips() -> None:
    shown = payload(Board("made", [row(result("faces", clips=""))], []), Details())
    assert not [name for name in (*shown["tests"], *shown["fields"]) if "clip" in name]
    assert not [column["id"] for column in shown["described"]["rows"] if "clip" in column["id"]]
