"""Verification of submitted scores: comparison with a recorded run of the same detector."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from ...benchmark.errors import DataError
from ...benchmark.frequency.bands import Band
from ...benchmark.results.cell_document import find_cell, read_cell
from ...benchmark.results.rows import Row
from ...benchmark.results.run_files import file_below
from ...benchmark.results.scores import ok_rows, score_table
from ...benchmark.store.files import digest

TOLERANCE = 1e-6
SAME_EDGE = 1e-3  # cycles/pixel: bands are written with three digits
ROLES = ("chosen", "fixed", "allpass")  # not the oracle, which is chosen on the test items


@dataclass(frozen=True)
class Verification:
    """
    Outcome of a comparison with the recorded runs.

    Attributes
    ----------
    verified : bool
    reason : str
        A sentence.
    run_id : str
        Run that was compared; empty if there is none.
    scores, run_scores : str
        Digests of the score files of both sides.
    difference : float or None
        Largest one between two scores of an item.
    """

    verified: bool
    reason: str
    run_id: str = ""
    scores: str = ""
    run_scores: str = ""
    difference: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name."""
        return asdict(self)


def verify(folder: Path, rows: Sequence[Row], folders: Mapping[str, Path]) -> Verification:
    """
    Compare submitted scores with the recorded runs of the same detector, training domain and band.

    They are verified if one run has, draw by draw, a score within `TOLERANCE` of each submitted one, for every item of every
    submitted domain. A part of the domains is not enough, as the mean of the row is over all of them.

    Parameters
    ----------
    folder : Path
        With ``cell.json`` and the submitted score files.
    rows : sequence of Row
        Recorded rows of the board, with ``run_id``.
    folders : mapping of str to Path
        Artifacts by run.
    """
    document = read_cell(folder)
    (tested,) = document.tested
    submitted = [folder / file for file in tested.files]
    who = f"{document.detector} trained on {document.train}"
    named = [row for row in rows if (row.detector, row.train) == (document.detector, document.train)]
    runs = {row.run_id: folders[row.run_id] for row in named if row.run_id in folders}
    if not runs:
        return Verification(
            False, f"not verified: no run on this board has the detector {who}.", scores=files_digest(submitted)
        )
    tried = [_compare(submitted, tested.band, run_id, run) for run_id, run in runs.items()]
    return max(tried, key=lambda outcome: (outcome.verified, -(np.inf if outcome.difference is None else outcome.difference)))


def files_digest(files: Sequence[Path]) -> str:
    """Return the digest of the content of some files."""
    return digest([hashlib.sha256(file.read_bytes()).hexdigest() for file in files])


def _compare(submitted: Sequence[Path], band: Band, run_id: str, run: Path) -> Verification:
    document = find_cell(run)
    same = [tested for tested in document.tested if tested.role in ROLES and _same(tested.band, band)] if document else []
    if not same:
        return Verification(
            False, f"not verified: run {run_id} has no row with the band {band}.", run_id, files_digest(submitted)
        )
    try:
        recorded = [file_below(run, file) for file in same[0].files]
        reason, difference = _difference(submitted, recorded, run_id)
        compared = run_id, files_digest(submitted), files_digest(recorded)
    except (DataError, OSError, ValueError, KeyError, pa.ArrowException) as error:
        return Verification(False, f"not verified: the scores of run {run_id} cannot be read ({error}).", run_id)
    if reason:
        return Verification(False, f"not verified: {reason}.", *compared, difference)
    return Verification(True, f"verified: run {run_id} gives the same scores.", *compared, difference)


def _same(one: Band, other: Band) -> bool:
    if one.kind != other.kind:
        return False
    if one.is_comb:
        return (one.period, one.points) == (other.period, other.points) and abs(one.halfwidth - other.halfwidth) <= SAME_EDGE
    return bool(np.allclose(one.half_gain, other.half_gain, rtol=0, atol=SAME_EDGE))


def _difference(submitted: Sequence[Path], recorded: Sequence[Path], run_id: str) -> tuple[str, float | None]:
    """Return the reason why the scores are not the same, empty if they are, and the largest difference."""
    if len(submitted) != len(recorded):
        return f"draws: {len(recorded)} in run {run_id}, {len(submitted)} in the submission", None
    worst = 0.0
    for ours, run in zip(map(_scores, submitted), map(_scores, recorded), strict=True):
        domains = {domain for domain, _ in ours}
        run = {key: score for key, score in run.items() if key[0] in domains}
        if odd := ours.keys() ^ run.keys():
            return f"run {run_id} was not tested on the same items ({_named(min(odd))} is in one of them only)", None
        if odd := {key for key in ours if (ours[key] is None) != (run[key] is None)}:
            return f"{_named(min(odd))} has a score either here or in run {run_id} ({len(odd):,} in all)", None
        gap, key = max((abs(score - run[key]), key) for key, score in ours.items() if score is not None)  # pyright: ignore[reportOperatorIssue]
        worst = max(worst, gap)
        if gap > TOLERANCE:
            return f"differs from run {run_id} by {gap:.3g} on {_named(key)}", worst
    return "", worst


def _named(key: tuple[str, str]) -> str:
    return f"item {key[1][:80]!r} of {key[0]}"


def _scores(file: Path) -> dict[tuple[str, str], float | None]:
    table = score_table(file)
    table = table.filter(pa.array(table["split"].to_numpy(zero_copy_only=False) == "test"))
    ok = ok_rows(table)
    keys = zip(table["domain"].to_pylist(), table["item"].to_pylist(), strict=True)
    return {key: s if usable else None for key, s, usable in zip(keys, table["score"].to_pylist(), ok, strict=True)}
