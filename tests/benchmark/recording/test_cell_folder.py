"""The folder of a cell: its document and score files, written from a result; a cell without a result has none."""

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.recording import cell_folder as module
from bandbench.benchmark.recording.cell_folder import cell_folder, finish_cell, keep_cell, keep_parts, write_cell
from bandbench.benchmark.recording.keys import cell_key
from bandbench.benchmark.records import RULE, Cell, CellResult, Trial
from bandbench.benchmark.records import Tested as ScoredBand  # a name that pytest does not take for tests
from bandbench.benchmark.results.cell_document import read_cell
from bandbench.benchmark.results.evidence import EvidenceStretch
from bandbench.benchmark.results.rows import read_rows
from bandbench.benchmark.store.folders import results_root
from made_cells import interval, item_set, made_cell, record_of

ALL, LOW = Band(), Band("low", 0.2)
EVIDENCE = (EvidenceStretch(0.1, 0.2, True, False), EvidenceStretch(0.3, 0.4, False, True))
REALS, FAKES = (0.1, 0.2, 0.3, 0.4), (0.5, 0.6, 0.7, 0.8)


def result_of(folder: Path, cell: Cell, oracles: tuple[str, ...] = ()) -> CellResult:
    """A result with a fit for each draw; the chosen band keeps low frequencies."""
    names = [items.domain for items in cell.replicates[0].tests]
    records = tuple(
        record_of(folder, f"{draw}", ("home", "val", REALS, FAKES), [(name, "test", REALS, FAKES) for name in names])
        for draw in range(len(cell.replicates))
    )
    trials = (Trial(ALL, "allpass", interval(0.8, 0.01), records), Trial(LOW, "search", interval(0.9, 0.01), records))
    tested = [ScoredBand("chosen", LOW, records), ScoredBand("allpass", ALL, records)]
    tested += [ScoredBand("oracle", ALL, records, name) for name in oracles]
    return CellResult(cell, trials, EVIDENCE, trials[1], tuple(tested), ("high 0.3: no memory",))


def test_a_cell_lies_under_its_key() -> None:
    assert cell_folder(made_cell()) == results_root() / "cells" / cell_key(made_cell())


def test_the_document_holds_what_was_tried_and_chosen(tmp_path: Path) -> None:
    cell = made_cell(draws=2)
    document = write_cell(result_of(tmp_path, cell), "key", tmp_path / "cell")
    assert read_cell(tmp_path / "cell") == document
    assert (document.key, document.band, document.rule, document.seeds) == ("key", LOW, RULE, 2)
    assert [(trial.stage, trial.auc) for trial in document.trials] == [("allpass", 0.8), ("search", 0.9)]
    assert document.evidence == EVIDENCE
    assert (document.gaps, document.tests, document.finished) == (("high 0.3: no memory",), ("home", "away"), 1000.0)
    assert document.digests["1/home/train"] == "train 1"


def test_score_files_hold_validation_and_test_scores_of_every_draw(tmp_path: Path) -> None:
    document = write_cell(result_of(tmp_path, made_cell(draws=2)), "key", tmp_path / "cell")
    assert [band.files for band in document.tested] == [
        ("scores/00-chosen-0.parquet", "scores/00-chosen-1.parquet"),
        ("scores/01-allpass-0.parquet", "scores/01-allpass-1.parquet"),
    ]
    table = pq.read_table(tmp_path / "cell" / "scores/00-chosen-1.parquet")
    sets = list(dict.fromkeys(zip(table["domain"].to_pylist(), table["split"].to_pylist(), strict=True)))
    assert sets == [("home", "val"), ("home", "test"), ("away", "test")]


def test_a_folder_is_replaced_whole(tmp_path: Path) -> None:
    write_cell(result_of(tmp_path, made_cell(draws=2)), "key", tmp_path / "cell")
    write_cell(result_of(tmp_path, made_cell()), "key", tmp_path / "cell")
    assert sorted(path.name for path in (tmp_path / "cell" / "scores").iterdir()) == [
        "00-chosen-0.parquet",
        "01-allpass-0.parquet",
    ]


@pytest.mark.parametrize(("train", "oracles"), [("home", ["home"]), ("home+blur:sigma=1", ["home", "home+blur:sigma=1"])])
def test_oracles_of_perturbed_domains_are_left_out_unless_trained_on(train: str, oracles: list[str], tmp_path: Path) -> None:
    names = ("home", "home+blur:sigma=1", "home+blur:sigma=2")
    cell = made_cell(names)
    cell = Cell(cell.study, cell.detector, train, cell.replicates, cell.records)
    document = write_cell(result_of(tmp_path, cell, names), "key", tmp_path / "cell")
    assert [band.domain for band in document.tested if band.role == "oracle"] == oracles


def test_the_time_of_perturbing_is_no_cost_of_a_detector(tmp_path: Path) -> None:
    cell = made_cell(("home", "home+blur:sigma=1"))
    slow = item_set("home+blur:sigma=1", "test", seconds_per_item=5.0)
    first = cell.replicates[0]
    cell = Cell(cell.study, cell.detector, "home", (type(first)(0, first.train, first.val, (first.tests[0], slow)),), "")
    assert write_cell(result_of(tmp_path, cell), "key", tmp_path / "cell").decode_ms == pytest.approx(2.0)


def test_a_cell_without_a_result_has_no_folder() -> None:
    assert keep_cell(CellResult(made_cell(), error="no memory")) == []
    assert not cell_folder(made_cell()).exists()


def test_a_kept_cell_has_rows_and_the_size_of_its_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_save_figures", lambda *_: None)
    monkeypatch.setattr(module, "keep_mistakes", lambda *_: None)
    monkeypatch.setattr(module, "keep_model", lambda result, folder: 1234)
    rows = keep_cell(result_of(tmp_path, made_cell()))
    folder = cell_folder(made_cell())
    assert [(row.role, row.band) for row in rows] == [("chosen", LOW), ("allpass", ALL)]
    assert [(row.role, row.cell) for row in read_rows(folder)] == [(row.role, cell_key(made_cell())) for row in rows]
    assert rows[0].model_bytes == read_cell(folder).model_bytes == 1234


def done(parts: Generator[Any, list[Any], Any]) -> tuple[Any, int]:
    """Do the tasks of a generator in this process; return its value and the number of tasks."""
    answers: list[Any] = []
    n_tasks = 0
    try:
        tasks = next(parts)
        while True:
            answers = [task.function(*task.args) for task in tasks]
            n_tasks += len(tasks)
            tasks = parts.send(answers)
    except StopIteration as stop:
        return stop.value, n_tasks


@pytest.mark.parametrize("comb", [False, True])
def test_a_folder_made_in_parts_is_that_of_one_piece(comb: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_save_figures", lambda *_: None)
    monkeypatch.setattr(module, "keep_mistakes", lambda *_: None)
    monkeypatch.setattr(module, "keep_model", lambda result, folder: 1234)
    monkeypatch.setattr(module, "BANDS_OF_A_PART", 2)
    cell = made_cell(draws=2)
    result = result_of(tmp_path, cell, ("home",))
    fixed = [Band("high", 0.1), Band("comb", period=4) if comb else Band("high", 0.2), Band("high", 0.3)]
    more = [ScoredBand("fixed", band, result.tested[0].records) for band in fixed]
    result = replace(result, tested=(*result.tested[:2], *more, result.tested[2]))

    def files() -> dict[str, bytes]:
        folder = cell_folder(cell)
        return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}

    rows = keep_cell(result)
    whole = files()
    parts, n_tasks = done(keep_parts(result))
    assert not read_rows(cell_folder(cell))  # which would count as finished
    assert repr(finish_cell(parts)) == repr(rows)  # some numbers are NaN
    assert files() == whole
    assert (len(rows), n_tasks) == (5, 3 + 1 + 1 + 3)


def test_a_folder_of_few_bands_is_made_in_one_piece(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "keep_cell", lambda result: ["row"])
    for result in (result_of(tmp_path, made_cell()), CellResult(made_cell(), error="no memory")):
        parts, n_tasks = done(keep_parts(result))
        assert (n_tasks, finish_cell(parts)) == (0, ["row"])
