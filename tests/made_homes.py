"""A recorded home with two cells whose files a test may damage, and ways to damage them."""

import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from bandbench.benchmark.tracking.reading import cell_runs
from bandbench.benchmark.tracking.store import default_tracking_uri
from conftest import noise_picture, run, small_study

DETECTORS = ("spectral_svm", "coin_flip")  # the first is the one that is damaged


@dataclass(frozen=True)
class RecordedHome:
    """
    A store with a cell of each of `DETECTORS`, which has a sweep, oracles, all-pass and a fixed band.

    Attributes
    ----------
    uri : str
    run_id : str
        Of the cell that is damaged.
    folder : Path
        Its artifacts.
    database : Path
    """

    uri: str
    run_id: str
    folder: Path
    database: Path

    @property
    def document(self) -> dict[str, Any]:
        """Its ``cell.json``."""
        return json.loads((self.folder / "cell.json").read_text())

    def score_file(self, role: str, draw: int = 0) -> Path:
        """Return the score file of the first band of a role."""
        return next(self.folder / entry["files"][draw] for entry in self.document["tested"] if entry["role"] == role)

    @contextmanager
    def changed(self, path: Path, content: bytes) -> Iterator[None]:
        """Let one of its files have another content for the time of a block."""
        before = path.read_bytes()
        path.write_bytes(content)
        try:
            yield
        finally:
            path.unlink()
            path.write_bytes(before)

    @contextmanager
    def changed_document(self, change: Callable[[dict[str, Any]], Any]) -> Iterator[None]:
        """Let its ``cell.json`` be another one; `change` edits it in place, or returns the new one."""
        document = self.document
        new = change(document)
        with self.changed(self.folder / "cell.json", json.dumps(document if new is None else new).encode()):
            yield

    @contextmanager
    def changed_scores(self, path: Path, change: Callable[[pa.Table], pa.Table]) -> Iterator[None]:
        """Let a score file hold another table."""
        table = change(pq.read_table(path))
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd")
        with self.changed(path, sink.getvalue().to_pybytes()):
            yield

    @contextmanager
    def changed_run(self, table: str, key: str, value: Any) -> Iterator[None]:
        """Let MLflow hold another value of a metric (``latest_metrics``), a tag (``tags``) or a parameter (``params``)."""
        query = f"UPDATE {table} SET value = ? WHERE run_uuid = ? AND key = ?"
        with closing(sqlite3.connect(self.database)) as database:
            where = f"FROM {table} WHERE run_uuid = ? AND key = ?"
            ((before,),) = database.execute(f"SELECT value {where}", (self.run_id, key)).fetchall()
            with database:
                database.execute(query, (value, self.run_id, key))
            try:
                yield
            finally:
                with database:
                    database.execute(query, (before, self.run_id, key))


def record_home(root: Path, patch: pytest.MonkeyPatch) -> RecordedHome:
    """Run a small study; `patch` sets the folders of results and cache."""
    patch.setenv("BANDBENCH_HOME", str(root / "home"))
    patch.setenv("BANDBENCH_CACHE", str(root / "cache"))
    folders = {"mine": _pictures(root / "mine", 0, 1.35), "yours": _pictures(root / "yours", 500, 1.2)}
    study = small_study(
        detectors=list(DETECTORS), test=["mine", "yours"], seeds=2, sweep={"width": 0.1, "step": 0.1},
        search={"trials": 0}, bands=[{"kind": "low", "high": 0.3}],
    )  # fmt: skip
    run(study, folders)
    uri = default_tracking_uri()
    with cell_runs(uri) as runs:
        damaged = next(one for one in runs if one.tags["detector"] == DETECTORS[0])
    return RecordedHome(uri, damaged.run_id, damaged.folder, root / "home" / "mlflow.db")


def _pictures(root: Path, first: int, boost: float) -> Path:
    """Write 40 pictures of each class; fakes have more power between 0.2 and 0.3 cycles/pixel."""
    for name, power, offset in (("real", 1.0, 0), ("fake", boost, 1000)):
        (root / name).mkdir(parents=True)
        for i in range(40):
            letters = f"{chr(97 + i // 26)}{chr(97 + i % 26)}"
            Image.fromarray(noise_picture(first + offset + i, 64, power)).save(root / name / f"{name}{letters}.png")
    return root


def with_column(name: str, values: Callable[[pa.ChunkedArray], Any]) -> Callable[[pa.Table], pa.Table]:
    """Return a change of a table that replaces one column."""

    def change(table: pa.Table) -> pa.Table:
        return table.set_column(table.column_names.index(name), name, values(table.column(name)))

    return change


def first_paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the place of every value of a JSON value, of lists the first entry alone."""
    if path:
        yield path
    if isinstance(value, Mapping):
        for name, below in value.items():
            yield from first_paths(below, (*path, name))
    elif isinstance(value, list) and value:
        yield from first_paths(value[0], (*path, 0))


def at(value: Any, path: tuple[str | int, ...]) -> Any:
    """Return the value at a place."""
    for part in path:
        value = value[part]
    return value
