"""The part of ``make perf`` on ``bench data prepare``: against bare decoding of the same frames, and its memory."""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bandbench.datasets.copies.sources import SourceDataset
from bandbench.datasets.copies.survey import Source, Survey
from bandbench.datasets.copies.tree import Tree

ROOT = Path(__file__).parents[2]
DISTINCT, SIZE, FACE, LENGTH = 6, (480, 640), 220, 96  # clips, (rows, cols), pixels, frames of each clip
FRAMES = 32


class Clips(SourceDataset):
    """A folder of clips."""

    name = "perf_clips"
    what = "clips"

    def survey(self, tree: Tree) -> Survey:
        """Every other one counts as fake."""
        return Survey(tuple(Source(file, "clip", k % 2, ("",)) for k, file in enumerate(tree.files())))


def make_clips(folder: Path, n: int) -> str:
    """Make n clips of drawn faces, of which some are the same file under several names."""
    sys.path.append(str(ROOT / "tests"))
    from trees.faces import write_face_clip

    folder.mkdir(parents=True)
    distinct = folder.parent / "distinct"
    for k in range(min(n, DISTINCT)):
        if not (distinct / f"{k}.mp4").exists():
            write_face_clip(distinct / f"{k}.mp4", k, LENGTH, size=SIZE, face=FACE)
    for number in range(n):
        os.link(distinct / f"{number % DISTINCT}.mp4", folder / f"{number:05d}.mp4")
    return str(folder)


# --- one measurement each, in a process of its own -------------------------------------------------------------------


def preparing(folder: str, rounds: int = 3) -> dict[str, float]:
    """Median seconds of each way to go through all clips, taking turns."""
    from bandbench.benchmark.workers import one_thread, warm_up

    warm_up()
    ways: dict[str, Callable[[], Any]] = {
        "decoding": lambda: _frames(folder, 0),
        "faces": lambda: _frames(folder, 1),
        "one": lambda: _prepare(folder, 1),
        "two": lambda: _prepare(folder, 2),
    }
    times: dict[str, list[float]] = {name: [] for name in ways}
    with one_thread():
        for _ in range(rounds):
            for name, way in ways.items():
                start = time.perf_counter()
                way()
                times[name].append(time.perf_counter() - start)
    return {name: statistics.median(found) for name, found in times.items()}


def _frames(folder: str, faces: int) -> None:
    """Decode the frames that are prepared, and look for faces in them if asked to."""
    from bandbench.benchmark.pictures.video import iter_frames
    from bandbench.datasets.faces.finders import open_finder

    finder = open_finder("haar")
    for path in sorted(Path(folder).iterdir()):
        for frame in iter_frames(path, FRAMES):
            if faces:
                finder.find(frame.picture)


def _prepare(folder: str, jobs: int, frames: int = FRAMES) -> None:
    from bandbench.datasets.copies.settings import Settings
    from bandbench.datasets.faces.preparation import prepare_dataset

    with tempfile.TemporaryDirectory() as place:
        outcome = prepare_dataset(Clips(Path(folder)), Settings(frames=frames), Path(place, "out"), jobs=jobs)
    assert outcome.complete and outcome.n_crops == frames * outcome.done


def preparing_memory(folder: str) -> dict[str, float]:
    """Nothing but a preparation on two workers whose peak memory the caller watches."""
    start = time.perf_counter()
    _prepare(folder, 2, 2)
    return {"seconds": time.perf_counter() - start}


# --- the section -----------------------------------------------------------------------------------------------------

HEAD = """
## Preparation of clips

`bench data prepare` with Haar, {frames} of {length} frames of H.264 clips of {cols}x{rows}, against bare decoding of the
same frames in one process. *and faces*: decoding and looking for faces, in one process. The rest of a preparation is cutting,
PNG files, hashes, records, index and contact sheets; two workers include their start.

| clips | decoding | and faces | 1 worker | 2 workers | 1 worker / and faces | 1 worker / 2 |
|---|---|---|---|---|---|---|"""
MEMORY_HEAD = """
Peak memory on two workers, all processes added up, shared pages counted once.

| clips | MiB | against the first |
|---|---|---|"""


def section(place: Path, divisor: int, measure: Callable[..., dict[str, Any]]) -> str:
    """
    Measure, and write the section of the report.

    Parameters
    ----------
    place : Path
        For the clips.
    divisor : int
        1, or more for fewer clips.
    measure : callable
        Runs one measurement in a fresh process (`measure.measure`).
    """
    n = max(4, 12 // divisor)
    times = measure("preparing", folder=make_clips(place / f"clips-{n}", n), rounds=3 if divisor == 1 else 1)
    base = times["decoding"]
    ratios = " | ".join(f"{times[name] / base:.2f}" for name in ("decoding", "faces", "one", "two"))
    rows, cols = SIZE
    lines = [HEAD.format(frames=FRAMES, length=LENGTH, rows=rows, cols=cols)]
    lines.append(f"| {n} | {ratios} | {times['one'] / times['faces']:.2f} | {times['one'] / times['two']:.2f} |")
    lines.append(MEMORY_HEAD)
    peaks: list[float] = []
    for many in (8 * n, 64 * n):
        folder = make_clips(place / f"memory-{many}", many)
        peaks.append(measure("preparing_memory", watch_memory=True, folder=folder)["peak_mib"])
        lines.append(f"| {many} | {peaks[-1]:.0f} | {peaks[-1] / peaks[0]:.2f} |")
    return "\n".join(lines)
