"""Columns and metrics are described once, and what is described there is shown everywhere."""

import csv
import io
import json
import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from rich.console import Console

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.recording.recorder import row_metrics
from bandbench.benchmark.results import columns
from bandbench.benchmark.results.cell_document import CellDocument, TestedBand, keep_cell_document
from bandbench.benchmark.results.cell_rows import cell_rows
from bandbench.benchmark.results.columns import Better, Metric, Terminal, Unit, row_columns, test_columns
from bandbench.benchmark.results.rows import Row, TestResult
from bandbench.benchmark.results.scores import SCORE_SCHEMA, write_table
from bandbench.benchmark.store.files import dump_json
from bandbench.leaderboard.exports import as_csv, as_document, as_tests_csv
from bandbench.leaderboard.page.details import Details
from bandbench.leaderboard.page.payload import payload
from bandbench.leaderboard.rows import Board
from bandbench.leaderboard.terminal.table import as_table

DOCS = Path(__file__).parents[3] / "docs" / "reference" / "columns.md"
SHARE_OF_FAKES = Metric(
    name="share_of_fakes",
    heading="share\nof fakes",
    meaning="Share of the test pictures that are fake.",
    unit=Unit.SHARE,
    better=Better.NEITHER,
    terminal=Terminal("fakes"),
    latex="fakes",
    mlflow=True,
    measure=lambda verdicts: float(np.mean(verdicts.labels)),
    board=True,
)


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> Metric:
    """A metric that nobody has heard of, in the one table."""
    monkeypatch.setattr(columns, "METRICS", (*columns.METRICS, SHARE_OF_FAKES))
    return SHARE_OF_FAKES


def cell_folder(folder: Path) -> Path:
    """A cell with two test domains of 8 pictures, 2 of which are fake."""
    lines = [
        {"domain": domain, "split": split, "item": f"{split}{i}", "label": int(i < 2), "group": f"{domain}{i}", "status": "ok",
         "detail": "", "score": float(-i), "target": None, "donor": None, "video": None}
        for domain, split in (("set/a", "val"), ("set/a", "test"), ("set/b", "test"))
        for i in range(8)
    ]  # fmt: skip
    lines = [{name: line.get(name) for name in SCORE_SCHEMA.names} for line in lines]
    write_table(folder / "scores" / "0.parquet", pa.Table.from_pylist(lines, schema=SCORE_SCHEMA))
    document = CellDocument(
        key="k", study="made", study_key="s", settings="", variant="", detector="svm", detector_identity={}, train="set/a",
        tests=("set/a", "set/b"), seed=0, seeds=1, attempt=0, bootstrap=50, crop=None, band=Band(), rule="best", evidence=None,
        trials=(), narrow=(), tested=(TestedBand("chosen", Band(), "", ("scores/0.parquet",), 1.0, 1.0),), decode_ms=1.0,
        gaps=(), problems=(), digests={}, splits={}, split_id="", test_splits={}, pictures={},
        dropped_leaks={"train": 0, "val": 0}, data={}, lookalikes={}, versions={}, finished=0.0,
    )  # fmt: skip
    keep_cell_document(document, folder)
    return folder


def test_a_metric_is_added_in_one_place(added: Metric, tmp_path: Path) -> None:
    rows = cell_rows(cell_folder(tmp_path))
    (row,) = rows
    assert [test.metrics[added.name] for test in row.tests] == [0.25, 0.25]
    assert row.metrics[added.name] == 0.25

    console = Console(width=200, record=True, file=io.StringIO())
    console.print(as_table(rows, "made"))
    shown = console.export_text()
    assert "fakes" in shown and "25.0 %" in shown
    (line,) = csv.DictReader(io.StringIO(as_csv(rows)))
    assert line[added.name] == "0.25"
    tests = list(csv.DictReader(io.StringIO(as_tests_csv(rows))))
    assert [test[f"test.{added.name}"] for test in tests] == ["0.25", "0.25"]
    document = json.loads(dump_json(as_document("made", rows)))
    assert document["rows"][0][added.name] == document["rows"][0]["tests"][1][added.name] == 0.25
    metrics = row_metrics(row)
    assert (metrics[added.name], metrics[f"test/set/b/{added.name}"]) == (0.25, 0.25)

    data = payload(Board("made", rows, []), Details())
    assert data["columns"][data["fields"].index(added.name)] == [0.25]
    for level in ("rows", "tests"):
        (described,) = [one for one in data["described"][level] if one["id"] == added.name]
        assert (described["head"], described["unit"], described["latex"]) == ("share\nof fakes", "share", "fakes")


def test_a_kept_row_keeps_its_metrics(added: Metric, tmp_path: Path) -> None:
    (row,) = cell_rows(cell_folder(tmp_path))
    again = Row.from_json(json.loads(dump_json(row.to_json())))
    assert repr(again) == repr(row)


def test_names_are_unique_and_described() -> None:
    for described in ((*row_columns(), *columns.CLIP_ROW_COLUMNS), (*test_columns(), *columns.CLIP_COLUMNS)):
        names = [name for column in described for name in column.names]
        assert len(names) == len(set(names))
        assert all(column.meaning.endswith((".", ".)")) for column in described)


@pytest.mark.parametrize(("record", "described"), [(Row, row_columns), (TestResult, test_columns)])
def test_no_field_is_forgotten(record: type, described: object) -> None:
    """Fields that are no column hold others, or are shown as other columns."""
    of_all = (*described(), *columns.CLIP_COLUMNS)  # pyright: ignore[reportCallIssue]
    known = {name for column in of_all for name in column.names}
    missing = {one.name for one in fields(record)} - known
    others = {"splits", "data", "tests", "robustness", "carriers", "metrics", "standing"}
    assert missing == (others if record is Row else {"metrics"})


def test_every_column_of_a_csv_is_in_the_table(tmp_path: Path) -> None:
    rows = cell_rows(cell_folder(tmp_path))
    known = {name for column in row_columns() if not column.derived for name in column.names}
    heads = next(csv.reader(io.StringIO(as_csv(rows))))
    assert {head.partition(".")[0] for head in heads} <= known
    known = {name for column in test_columns() for name in column.names}
    heads = [head for head in next(csv.reader(io.StringIO(as_tests_csv(rows)))) if head.startswith("test.")]
    assert {head.removeprefix("test.").partition(".")[0] for head in heads} == known


def as_markdown(described: tuple[columns.Column, ...]) -> list[list[str]]:
    """Lines of the table in the docs."""
    return [[f"`{one.name}`", one.meaning, one.unit.value, one.better.value] for one in described if not one.derived]


def test_what_an_interval_is_over_is_said_alike_of_every_auc() -> None:
    described = {column.name: column.meaning for column in (*row_columns(), *test_columns(), *columns.CLIP_COLUMNS)}
    for name in ("in_domain_auc", "auc", "clip_auc"):
        assert described[name].endswith(f"{columns.INTERVAL_OVER}.")


def test_the_docs_list_every_column() -> None:
    text = DOCS.read_text(encoding="utf-8")
    lines = [re.split(r"\s*\|\s*", line.strip("| \n")) for line in text.splitlines() if line.startswith("| `")]
    padded = [line + [""] * (4 - len(line)) for line in lines]
    described = (row_columns(), test_columns(), columns.CLIP_ROW_COLUMNS, columns.CLIP_COLUMNS)
    assert padded == [line for some in described for line in as_markdown(some)]
