"""
Processes that run studies at once, each with a results folder of its own, for tests of stores that they share.

A program of its own imports everything once and then forks: as many starts of Python would take longer than all studies.
"""

import contextlib
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

from bandbench.benchmark.errors import BenchError
from bandbench.benchmark.search import run as running
from conftest import Here, run, small_study

SECONDS = 300  # after which all of them are given up


@dataclass(frozen=True)
class Written:
    """Result of a writer: its study and error, fits that it computed, batches that it has not sent, notes and AUCs."""

    study: str
    error: str = ""
    computed: int = -1
    unsent: int = -1
    notes: tuple[str, ...] = ()
    aucs: tuple[float, ...] = ()


def write_at_once(
    studies: Sequence[str], pictures: Path, folder: Path, tracking_uri: str, storage: str | None
) -> list[Written]:
    """Run one study in each of the results folders ``home0``, ``home1``, … at once; equal names mean equal studies."""
    folder.mkdir(exist_ok=True)
    arguments = json.dumps([list(studies), str(pictures), str(folder), tracking_uri, storage])
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    command = [sys.executable, __file__, arguments]
    subprocess.run(command, env=environment, check=True, timeout=SECONDS, stdout=subprocess.DEVNULL)
    results = [json.loads((folder / f"home{i}.json").read_text()) for i in range(len(studies))]
    return [Written(**(result | {"notes": tuple(result["notes"]), "aucs": tuple(result["aucs"])})) for result in results]


def _write(study: str, pictures: str, tracking_uri: str, storage: str | None) -> Written:
    # A child of a fork that starts worker processes of its own would take seconds.
    running.running_workers = lambda jobs: contextlib.nullcontext(Here(jobs))
    keys = {"name": study, "detectors": ["coin_flip"], "sweep": None, "search": {"trials": 6, "batch": 2}, "keep_models": False}
    try:
        outcome = run(small_study(**keys), {"mine": Path(pictures)}, tracking_uri=tracking_uri, storage=storage)
    except BenchError as error:
        return Written(study, error=str(error))
    notes = (outcome.tracking_problem,) if outcome.tracking_problem else ()
    aucs = tuple(row.in_domain_auc for row in outcome.rows)
    return Written(study, computed=outcome.computed, unsent=outcome.unsent, notes=notes, aucs=aucs)


def _child(number: int, study: str, pictures: str, folder: str, tracking_uri: str, storage: str | None) -> NoReturn:
    os.environ["BANDBENCH_HOME"] = f"{folder}/home{number}"
    os.environ["BANDBENCH_CACHE"] = f"{folder}/cache{number}"
    try:
        written = _write(study, pictures, tracking_uri, storage)
        Path(folder, f"home{number}.json").write_text(json.dumps(asdict(written)))
        os._exit(0)
    except BaseException:
        traceback.print_exc()
        os._exit(1)


def main() -> None:
    studies, pictures, folder, tracking_uri, storage = json.loads(sys.argv[1])
    children = []
    for number, study in enumerate(studies):
        if not (pid := os.fork()):
            _child(number, study, pictures, folder, tracking_uri, storage)
        children.append(pid)
    codes = [os.waitpid(pid, 0)[1] for pid in children]
    sys.exit(any(codes))


if __name__ == "__main__":
    main()
