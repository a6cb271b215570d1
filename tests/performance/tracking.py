"""
How long ten thousand runs take: ``python tests/performance/tracking.py`` fills a store in two steps and times `load_board`, as JSON.

The cells are those of a small real study, copied with their score files under names of their own; their runs are put into
MLflow's tables in bulk, with all parameters, metrics, tags and data sets of the real ones. Every figure comes from a process
of its own that starts cold: it includes importing MLflow.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

STUDY = {
    "name": "small", "detectors": ["spectral_svm"], "train": ["procedural/planted"], "test": ["procedural"], "seeds": 1,
    "sweep": {"width": 0.06, "step": 0.06}, "search": {"trials": 4},
}  # fmt: skip
STEPS = {"200 cells and 9,800 trials": (200, 9800), "10,000 cells and as many trials": (10_000, 9800)}
BATCH = 500
PATTERNS = 20  # runs of a kind that are copied in turn


def record_study(folder: Path) -> None:
    """Run the small study into ``folder/home``."""
    (folder / "small.yaml").write_text(json.dumps(STUDY))
    command = [str(Path(sys.executable).with_name("bench")), "run", "--study", str(folder / "small.yaml")]
    subprocess.run(command, env=environment(folder), check=True, stdout=subprocess.PIPE)


def environment(folder: Path) -> dict[str, str]:
    """Variables of a process that works below a folder."""
    return os.environ | {"BANDBENCH_HOME": str(folder / "home"), "BANDBENCH_CACHE": str(folder / "cache")}


def multiply(folder: Path, n_cells: int, n_trials: int) -> None:
    """Copy the runs of the store until there are so many of either kind."""
    import sqlalchemy as sa
    from mlflow.store.tracking.dbmodels import models

    engine = sa.create_engine(f"sqlite:///{folder}/home/mlflow.db")
    tables = [
        getattr(models, name).__table__ for name in ("SqlRun", "SqlTag", "SqlParam", "SqlMetric", "SqlLatestMetric", "SqlInput")
    ]
    with engine.begin() as connection:
        for kind, wanted in (("cell", n_cells), ("trial", n_trials)):
            known = [r for (r,) in connection.execute(sa.text(f"SELECT run_uuid FROM tags WHERE value = '{kind}'"))]
            patterns = [_pattern(connection, tables, run_id) for run_id in known[:PATTERNS]]
            for start in range(len(known), wanted, BATCH):
                numbers = range(start, min(start + BATCH, wanted))
                _insert(connection, tables, [_copy(patterns[i % len(patterns)], i, kind) for i in numbers])
    engine.dispose()


Lines = list[list[dict[str, Any]]]  # of one run, one list per table


def _pattern(connection: Any, tables: Sequence[Any], run_id: str) -> Lines:
    import sqlalchemy as sa

    found = []
    for table in tables:
        column = table.c.destination_id if table.name == "inputs" else table.c.run_uuid
        found.append([dict(row._mapping) for row in connection.execute(sa.select(table).where(column == run_id))])
    return found


def _copy(pattern: Lines, number: int, kind: str) -> Lines:
    """A run like another, with a name and, if it is a cell, artifacts of its own."""
    new, detector = uuid.uuid4().hex, f"detector {number:05d}"
    old_place = pattern[0][0]["artifact_uri"]
    place = old_place.replace(pattern[0][0]["run_uuid"], new)
    changes = {"run_uuid": new, "name": f"{kind} {number}", "artifact_uri": place}
    lines = [[{**line, **{k: v for k, v in changes.items() if k in line and (k != "name" or t == 0)}} for line in table]
             for t, table in enumerate(pattern)]  # fmt: skip
    lines[5] = [{**line, "input_uuid": uuid.uuid4().hex, "destination_id": new} for line in lines[5]]
    for line in (*lines[1], *lines[2]):
        if line["key"] == "detector":
            line["value"] = detector
        if line["key"] == "bandbench.key":
            line["value"] = new
    if kind == "cell":
        _copy_artifacts(Path(old_place.removeprefix("file://")), Path(place.removeprefix("file://")), detector, new)
    return lines


def _copy_artifacts(old: Path, new: Path, detector: str, key: str) -> None:
    shutil.copytree(old / "scores", new / "scores")
    document = json.loads((old / "cell.json").read_text())
    (new / "cell.json").write_text(json.dumps({**document, "detector": detector, "key": key}))


def _insert(connection: Any, tables: Sequence[Any], runs: Sequence[Lines]) -> None:
    for t, table in enumerate(tables):
        lines = [line for run in runs for line in run[t]]
        if lines:
            connection.execute(table.insert(), lines)


def read_board(folder: Path) -> dict[str, Any]:
    """Time `load_board` in a process of its own."""
    answer = subprocess.run(
        [sys.executable, __file__, "--read"], env=environment(folder), check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(answer.stdout)


def reading() -> dict[str, Any]:
    """Seconds since this process began, and its peak memory, with the rows in hand."""
    start = time.perf_counter()
    from bandbench.benchmark.tracking import client_for, default_tracking_uri
    from bandbench.leaderboard.rows import load_board

    client_for(default_tracking_uri())
    imported = time.perf_counter()
    board = load_board(default_tracking_uri())
    done = time.perf_counter()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "rows": len(board.rows),
        "refused": len(board.refused),
        "seconds": round(done - start, 2),
        "of which MLflow's import and opening": round(imported - start, 2),
        "peak_mib": round(peak),
    }


def measure(steps: dict[str, tuple[int, int]], folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """First and second reading after each step."""
    record_study(folder)
    for name, (n_cells, n_trials) in steps.items():
        start = time.perf_counter()
        multiply(folder, n_cells, n_trials)
        made = round(time.perf_counter() - start, 1)
        yield name, {"filling the store": made, "first": read_board(folder), "second": read_board(folder)}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--read", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help="Where the store is made. (default: a temporary folder)")
    given = parser.parse_args()
    if given.read:
        print(json.dumps(reading()))
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        for name, figures in measure(STEPS, Path(folder)):
            print(json.dumps({name: figures}, indent=1), flush=True)


if __name__ == "__main__":
    main()
