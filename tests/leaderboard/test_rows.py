"""Rows from a real store: recomputed from score files, refused where they disagree."""

import csv
import io
import json
import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from rich.console import Console
from sklearn.metrics import roc_auc_score

from bandbench.benchmark.cli import main
from bandbench.benchmark.errors import TrackingError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.rows import Row
from bandbench.benchmark.store.folders import results_root
from bandbench.benchmark.tracking.reading import cell_runs
from bandbench.benchmark.tracking.store import client_for, default_tracking_uri
from bandbench.leaderboard.exports import as_csv, as_document, as_tests_csv
from bandbench.leaderboard.rows import load_board, ranked
from bandbench.leaderboard.terminal.table import as_table
from conftest import run, small_study

Maker = Callable[..., Path]
KEYS = {
    "detector", "train", "band", "evidence", "in_domain_auc", "cross_domain_auc", "worst_auc", "oracle_auc",
    "allpass_auc", "coverage", "tests",
}  # fmt: skip


@pytest.fixture
def recorded(picture_folder: Maker) -> list[Row]:
    folders = {"mine": picture_folder(), "yours": picture_folder("other", first_seed=500)}
    return run(small_study(detectors=["spectral_svm", "coin_flip"], test=["mine", "yours"]), folders).rows


def test_rows_from_the_store_equal_those_of_the_run(recorded: list[Row]) -> None:
    board = load_board(default_tracking_uri(), "small")
    assert not board.refused
    assert repr([replace(row, run_id="") for row in board.rows]) == repr(ranked(recorded))
    data = board.rows[0].to_json()
    assert set(data) >= KEYS
    assert set(data["band"]) == {"kind", "cutoff", "width", "order", "mode"}
    assert set(data["tests"][0]) >= {"domain", "auc", "auc_lo", "auc_hi", "n"}
    assert {row.role for row in board.rows} >= {"chosen"}


def test_a_number_follows_from_the_score_file(recorded: list[Row]) -> None:
    with cell_runs(default_tracking_uri(), "small") as runs:
        folder = next(r.folder for r in runs if json.loads((r.folder / "cell.json").read_text())["detector"] == "spectral_svm")
        table = pq.read_table(folder / "scores" / "00-chosen-0.parquet").to_pandas()
    test = table[(table["domain"] == "yours") & (table["split"] == "test")]
    row = next(row for row in recorded if row.detector == "spectral_svm" and row.role == "chosen")
    entry = next(entry for entry in row.tests if entry.domain == "yours")
    assert entry.auc == pytest.approx(roc_auc_score(test["label"], test["score"]))
    assert entry.n == len(test)
    assert row.gain == pytest.approx(entry.auc - entry.allpass_auc)


def test_a_row_whose_scores_do_not_give_its_metrics_is_refused(recorded: list[Row]) -> None:
    uri = default_tracking_uri()
    with cell_runs(uri, "small") as runs:
        client_for(uri).log_metric(runs[0].run_id, "cross_domain_auc", 0.999)
    board = load_board(uri, "small")
    assert len({row.detector for row in board.rows}) == 1
    assert "its score files give cross_domain_auc" in board.refused[0]
    assert "it shows 0.999" in board.refused[0]


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_a_row_without_its_score_files_is_refused(recorded: list[Row], damage: str) -> None:
    with cell_runs(default_tracking_uri(), "small") as runs:
        scores = runs[0].folder / "scores"
    if damage == "missing":
        shutil.rmtree(scores)
    else:
        path = next(iter(sorted(scores.iterdir())))
        path.write_bytes(path.read_bytes()[:100])
    board = load_board(default_tracking_uri(), "small")
    assert len(board.refused) == 1
    assert "cannot be read" in board.refused[0]
    assert f"sends its files again: they are whole in {results_root()}." in board.refused[0]
    assert len({row.detector for row in board.rows}) == 1


def test_a_way_to_mend_files_is_named_where_it_does_mend_them(picture_folder: Maker) -> None:
    uri, folder = default_tracking_uri(), {"mine": picture_folder()}
    run(small_study(), folder)
    with cell_runs(uri, "small") as runs:
        path = next(iter(sorted((runs[0].folder / "scores").iterdir())))
        whole, key = path.read_bytes(), runs[0].tags["bandbench.key"]
    middle = len(whole) // 2
    path.write_bytes(whole[:middle] + bytes([whole[middle] ^ 255]) + whole[middle + 1 :])
    (refusal,) = load_board(uri, "small").refusals
    assert "The same `bench run` that computed it sends its files again" in refusal.remedy
    assert refusal.to_json()["remedy"] == refusal.remedy
    here = results_root() / "cells" / key / "scores" / path.name
    here.write_bytes(b"")
    (refusal,) = load_board(uri, "small").refusals
    assert not refusal.remedy
    here.write_bytes(whole)

    run(small_study(), folder)
    assert path.read_bytes() == whole
    assert not load_board(uri, "small").refusals
    with cell_runs(uri, "small") as runs:
        client_for(uri).log_metric(runs[0].run_id, "in_domain_auc", 0.999)
    (refusal,) = load_board(uri, "small").refusals
    assert not refusal.remedy


def test_a_cell_that_was_run_again_replaces_the_older_one(picture_folder: Maker) -> None:
    folder = {"mine": picture_folder()}
    run(small_study(), folder)
    run(small_study(search={"trials": 8}), folder)
    rows = [row for row in load_board(default_tracking_uri(), "small").rows if row.role == "chosen"]
    assert len(rows) == 1


def test_unknown_study(recorded: list[Row]) -> None:
    with pytest.raises(TrackingError, match=r"no study 'smal' in .* Recorded there: small"):
        load_board(default_tracking_uri(), "smal")


def test_a_study_that_was_run_with_other_settings_alone_shows_these(
    picture_folder: Maker, capsys: pytest.CaptureFixture[str]
) -> None:
    run(small_study(name="small~trials=4"), {"mine": picture_folder()})
    with pytest.raises(SystemExit) as ended:
        main(["leaderboard", "--study", "small", "--json"])
    assert not ended.value.code
    notes = json.loads(capsys.readouterr().out)["notes"]
    assert notes[-1] == "small was not run as its file says; shown is what was: small~trials=4."
    assert {row.study for row in load_board(default_tracking_uri(), "small").rows} == {"small~trials=4"}


def test_order_is_by_cross_domain_and_undefined_comes_last() -> None:
    def row(name: str, cross: float, home: float) -> Row:
        return Row(name, "t", "chosen", Band(), cross_domain_auc=cross, in_domain_auc=home)

    rows = [row("a", math.nan, math.nan), row("b", 0.6, 0.9), row("c", math.nan, 0.7), row("d", 0.8, 0.6)]
    assert [r.detector for r in ranked(rows)] == ["d", "b", "c", "a"]


def test_csv_has_one_line_per_row_and_tests_have_a_file_of_their_own(recorded: list[Row]) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(recorded))))
    assert [(line["detector"], line["role"], line["cell"]) for line in rows] == [
        (row.detector, row.role, row.cell) for row in recorded
    ]
    assert float(rows[0]["in_domain_auc"]) == recorded[0].in_domain_auc
    assert not any(name.startswith("test") for name in rows[0])
    lines = list(csv.DictReader(io.StringIO(as_tests_csv(recorded))))
    assert len(lines) == sum(len(row.tests) for row in recorded)
    assert float(lines[0]["test.auc"]) == pytest.approx(recorded[0].tests[0].auc)
    assert lines[0]["test.pd1"] == ""  # undefined with so few reals
    key = ("cell", "role", "band.kind", "band.cutoff", "band.width")
    assert {tuple(line[name] for name in key) for line in lines} == {tuple(line[name] for name in key) for line in rows}


def test_document_has_null_for_undefined(recorded: list[Row]) -> None:
    from bandbench.benchmark.store.files import dump_json

    text = dump_json(as_document("small", recorded))
    assert "NaN" not in text
    assert json.loads(text)["rows"][0]["tests"][0]["pd1"] is None


@pytest.mark.parametrize("width", [80, 140])
def test_table_fits_and_names_stay_text(recorded: list[Row], width: int) -> None:
    row = replace(recorded[0], detector="[bold]x[/bold]", train="<b>")
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(as_table([row], "board", wide=width >= 100))
    text = console.export_text()
    assert "[bold]x[/bold]" in text
    assert max(map(len, text.splitlines())) <= width
    assert f"{np.round(row.in_domain_auc, 3):.3f}" in text
    assert "oracle" in text
