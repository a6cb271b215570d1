"""Rows are computed once, and again as soon as a score file is not what it was."""

import ast
import importlib.util
import inspect
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bandbench.benchmark.results import cell_rows
from bandbench.benchmark.store.cache import cache_usage, prune_cache
from bandbench.benchmark.tracking.reading import cell_runs, store_folder
from bandbench.benchmark.tracking.store import client_for, default_tracking_uri
from bandbench.leaderboard import row_cache
from bandbench.leaderboard.row_cache import RowCache, fingerprint
from bandbench.leaderboard.rows import load_board
from conftest import SilentReporter, run, small_study

Maker = Callable[..., Path]


@pytest.fixture
def uri(picture_folder: Maker) -> str:
    """A store with one recorded cell, whose files have lain there for a moment."""
    run(small_study(detectors=["coin_flip"]), {"mine": picture_folder()})
    time.sleep(2 * row_cache.SETTLED)
    return default_tracking_uri()


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let computing rows be an error."""

    def computed(*_: object) -> None:
        raise AssertionError("rows were computed")

    monkeypatch.setattr(row_cache, "cell_rows", computed)


def test_rows_are_computed_once(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    reporter = SilentReporter()
    first = load_board(uri, reporter=reporter)
    assert (reporter.stages, reporter.done) == (["computing rows from score files"], 1)
    forbid(monkeypatch)
    again = load_board(uri, reporter=reporter)
    assert repr(again) == repr(first)
    assert reporter.done == 1
    assert len(first.rows) >= 1

    client_for(uri).log_metric(first.rows[0].run_id, "in_domain_auc", 0.999)
    changed = load_board(uri)
    assert not changed.rows
    assert "it shows 0.999" in changed.refused[0]

    client_for(uri).delete_run(first.rows[0].run_id)
    gone = load_board(uri)
    assert (gone.rows, gone.refused) == ([], [])


def test_a_score_file_that_was_changed_afterwards_is_noticed(uri: str) -> None:
    load_board(uri)
    with cell_runs(uri) as runs:
        path = next((runs[0].folder / "scores").glob("*chosen*"))
    known, size = path.stat(), path.stat().st_size
    table = pq.read_table(path)
    turned = pa.array([None if score is None else -score for score in table.column("score").to_pylist()], pa.float64())
    pq.write_table(table.set_column(table.column_names.index("score"), "score", turned), path, compression="zstd")
    os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))  # as if nothing had been written
    board = load_board(uri)
    assert not board.rows, f"{size} bytes before, {path.stat().st_size} now"
    assert "its score files give in_domain_auc" in board.refused[0]


def test_a_damaged_table_is_begun_again_and_can_be_pruned(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first = load_board(uri)
    table = store_folder(uri) / "rows.sqlite"
    table.write_bytes(b"no database at all" * 100)
    assert repr(load_board(uri)) == repr(first)
    assert cache_usage()["boards"][1] > 0
    prune_cache(0)
    assert not table.exists()
    assert repr(load_board(uri)) == repr(first)


def test_many_cells_are_computed_by_workers(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_cache, "WORTH_WORKERS", 1)
    with cell_runs(uri) as runs, RowCache(uri) as cache:
        folders = {runs[0].run_id: runs[0].folder, "gone": runs[0].folder / "nowhere"}
        outcomes = cache.of(folders)
    assert outcomes[runs[0].run_id].rows
    assert "holds no result of a cell" in outcomes["gone"].refused


def test_a_file_that_was_just_written_is_not_trusted(tmp_path: Path) -> None:
    (tmp_path / "cell.json").write_text("{}")
    assert fingerprint(tmp_path) == ""
    time.sleep(2 * row_cache.SETTLED)
    assert fingerprint(tmp_path) != ""


def imported(module: ModuleType) -> set[str]:
    """Names of the modules that one imports from, as far as they are loaded."""
    package = module.__name__.rpartition(".")[0]
    nodes = [node for node in ast.walk(ast.parse(inspect.getsource(module))) if isinstance(node, ast.ImportFrom) and node.level]
    bases = [importlib.util.resolve_name("." * node.level + (node.module or ""), package) for node in nodes]
    names = {f"{base}.{alias.name}" for base, node in zip(bases, nodes, strict=True) for alias in node.names}
    return {*bases, *names} & sys.modules.keys()


def test_an_edit_of_any_code_that_moves_a_number_computes_rows_again() -> None:
    """All that `results.cell_rows` is built on, of results and metrics, is part of the fingerprint."""
    waiting, reached = [cell_rows], {cell_rows.__name__}
    while waiting:
        below = {name for name in imported(waiting.pop()) if ".results." in name or ".metrics." in name}
        waiting += [sys.modules[name] for name in below - reached]
        reached |= below
    assert len(reached) > 5
    assert reached <= {module.__name__ for module in row_cache.CODE}
