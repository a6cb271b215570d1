"""What facts of files, the audit and the controls cost, as shares of times that were taken in one run."""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HEAD = """
## Facts of files, audit, controls and draws

*facts*: time to read the facts of the files and their traces, as a share of the pass that reads, hashes, decodes, crops and
stores the pictures and makes radial profiles. The other shares are of the time of a
study (`spectral_svm`, a sweep, {draws} draws): *audit*, of the shortcut audit; *controls*, of the two controls of every run;
*draws*, of all draws but the first. Whole studies were measured in turn, from start to end.

| pictures | facts | audit | controls | draws |
|---|---|---|---|---|"""
DRAWS = 5  # as in the shipped studies


def files(folder: str, crop: int) -> dict[str, float]:
    """Seconds of the pass and, within it, of all that reads facts; of the turn in which their share was the least of seven."""
    from bandbench.benchmark.contracts import ViewSpec
    from bandbench.benchmark.domains.catalogue import Catalogue, OpenDomain
    from bandbench.benchmark.features import chunks
    from bandbench.benchmark.pictures import file_facts
    from bandbench.benchmark.pictures.crops import CropSpec
    from bandbench.benchmark.store.folders import cache_root

    domain = OpenDomain("mine", Catalogue({"mine": folder}).spec("mine"), 0, 0)
    domain.split("train")
    spent = 0.0

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            nonlocal spent
            start = time.perf_counter()
            value = function(*arguments)
            spent += time.perf_counter() - start
            return value

        return call

    file_facts.header_facts = watched(file_facts.header_facts)
    chunks._Facts.add = watched(chunks._Facts.add)  # type: ignore[method-assign]
    chunks._Facts.table = watched(chunks._Facts.table)  # type: ignore[method-assign]
    turns = []
    for turn in range(7):
        places = chunks.Places(str(cache_root() / f"turn-{turn}"), str(cache_root() / "scratch"), "")
        tasks = chunks.chunk_tasks(domain, ("train", "val", "test"), CropSpec(crop), [ViewSpec("profile")], places)
        spent, start = 0.0, time.perf_counter()
        for task in tasks:
            chunks.prepare_chunk(task)
        turns.append({"pass": time.perf_counter() - start, "facts": spent})
    return min(turns, key=lambda one: one["facts"] / one["pass"])


def section(place: Path, divisor: int, measure: Callable[..., dict[str, Any]]) -> str:
    """Take the measurements; return their part of the report."""
    from pictures import make_folder

    lines = [HEAD.format(draws=DRAWS)]
    setups = {"whole": (DRAWS, True), "without controls": (DRAWS, False), "one draw": (1, True)}
    for n, side in ((2000, 128), (1000, 256), (500, 512), (250, 1024)):
        folder = str(make_folder(place / f"audited-{side}", n // divisor, side))
        passes = measure("files", folder=folder, crop=128)
        keys = {"detectors": ["spectral_svm"], "search": {"trials": 0}, "folder": folder, "jobs": 2}
        turns = [
            {name: measure("study", seeds=draws, controls=controls, **keys) for name, (draws, controls) in setups.items()}
            for _ in range(3)
        ]
        whole, *without = (statistics.median(turn[name]["seconds"] for turn in turns) for name in setups)
        shares = [passes["facts"] / passes["pass"]]
        shares += [statistics.median(turn["whole"]["audit"] for turn in turns) / whole]
        shares += [1 - seconds / whole for seconds in without]
        lines.append(f"| {n // divisor} of {side}x{side} | {' | '.join(f'{100 * share:.1f} %' for share in shares)} |")
    return "\n".join(lines)
