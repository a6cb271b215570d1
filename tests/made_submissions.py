"""Submitted scores for tests: those of recorded rows, changed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import yaml
from PIL import Image

from bandbench.api.board_inputs import RegisteredDomains
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.cell_document import read_cell
from bandbench.benchmark.results.rows import Row
from bandbench.benchmark.tracking.reading import cell_runs
from bandbench.leaderboard.rows import Board, load_board
from bandbench.leaderboard.submissions.board import with_submissions
from conftest import noise_picture

Change = Callable[[list[dict[str, Any]]], Any]


PLAIN = {"sweep": None, "search": {"trials": 0}, "bands": [{"kind": "low", "high": 0.3}]}


META = {"name": "brought", "detector": "spectral_svm", "train": "mine", "band": "low:0.3"}  # the fixed band


def write_pictures(root: Path, first: int) -> Path:
    for name, boost, offset in (("real", 1.0, 0), ("fake", 1.25, 1000)):
        (root / name).mkdir(parents=True)
        for i in range(25):
            picture = noise_picture(first + offset + i, 64, boost)
            Image.fromarray(picture).save(root / name / f"{name}{chr(97 + i)}.png")
    return root


def write_meta(folder: Path, **changes: Any) -> Path:
    path = folder / "meta.yaml"
    path.write_text(yaml.safe_dump(META | changes, allow_unicode=True), encoding="utf-8")
    return path


def recorded_rows(uri: str, detector: str = "spectral_svm", split: str = "test") -> list[dict[str, Any]]:
    return pq.read_table(score_file(uri, detector), filters=[("split", "==", split)]).to_pylist()


def score_file(uri: str, detector: str) -> Path:
    """Scores with the fixed band, chosen or not, of the first draw."""
    with cell_runs(uri) as runs:
        cells = [(run.folder, read_cell(run.folder)) for run in runs]
    tested = [(folder, tested) for folder, cell in cells if cell.detector == detector for tested in cell.tested]
    return next(folder / tested.files[0] for folder, tested in tested if tested.band == Band("low", 0.3))


def of_domain(rows: list[dict[str, Any]], domain: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["domain"] == domain]


def board_of(uri: str, study: str | None = None) -> Board:
    return with_submissions(load_board(uri, study), RegisteredDomains())[0]


def brought(board: Board) -> Row:
    (row,) = [row for row in board.rows if row.is_submitted]
    return row


def drop(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return rows[1:]


def negate(rows: list[dict[str, Any]]) -> None:
    for row in of_domain(rows, "mine"):
        row["score"] = -row["score"]
