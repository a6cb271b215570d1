"""Whether a run of the board gives the scores that somebody brought."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ...benchmark.frequency.bands import Band
from ...benchmark.results.cell_document import find_cell, read_cell
from ...benchmark.results.rows import Row
from ...benchmark.results.scores import ok_rows
from ...benchmark.store import digest

TOLERANCE = 1e-6
SAME_EDGE = 1e-3  # cycles/pixel: bands are told with three digits
ROLES = ("chosen", "fixed", "allpass")  # an oracle is nobody's detector: it was picked on the test items


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
        Of the run that was compared; empty if there is none.
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
    Compare brought scores with the recorded runs of the same detector, training domain and band.

    They are verified if one run has, draw by draw, a score within `TOLERANCE` of each brought one, for every item of every
    domain that was brought. A part of the domains would not do: the mean of the row is over all of them.

    Parameters
    ----------
    folder : Path
        With ``cell.json`` and the score files that were brought.
    rows : sequence of Row
        Recorded rows of the board, with ``run_id``.
    folders : mapping of str to Path
        Artifacts by run.
    """
    document = read_cell(folder)
    (brought,) = document.tested
    mine = [folder / file for file in brought.files]
    who = f"{document.detector} trained on {document.train}"
    named = [row for row in rows if (row.detector, row.train) == (document.detector, document.train)]
    runs = {row.run_id: folders[row.run_id] for row in named if row.run_id in folders}
    if not runs:
        return Verification(False, f"not verified: no run on this board has the detector {who}.", scores=files_digest(mine))
    tried = [_compare(mine, brought.band, run_id, run) for run_id, run in runs.items()]
    return max(tried, key=lambda one: (one.verified, -(np.inf if one.difference is None else one.difference)))


def files_digest(files: Sequence[Path]) -> str:
    """Digest of the content of some files."""
    return digest([hashlib.sha256(file.read_bytes()).hexdigest() for file in files])


def _compare(mine: Sequence[Path], band: Band, run_id: str, run: Path) -> Verification:
    document = find_cell(run)
    same = [one for one in document.tested if one.role in ROLES and _same(one.band, band)] if document else []
    if not same:
        return Verification(False, f"not verified: run {run_id} has no row with the band {band}.", run_id, files_digest(mine))
    theirs = [run / file for file in same[0].files]
    try:
        reason, difference = _difference(mine, theirs, run_id)
        known = run_id, files_digest(mine), files_digest(theirs)
    except (OSError, ValueError, KeyError, pa.ArrowException) as error:
        return Verification(False, f"not verified: the scores of run {run_id} cannot be read ({error}).", run_id)
    if reason:
        return Verification(False, f"not verified: {reason}.", *known, difference)
    return Verification(True, f"verified: run {run_id} gives the same scores.", *known, difference)


def _same(one: Band, other: Band) -> bool:
    return one.kind == other.kind and bool(np.allclose(one.half_gain, other.half_gain, rtol=0, atol=SAME_EDGE))


def _difference(mine: Sequence[Path], theirs: Sequence[Path], run_id: str) -> tuple[str, float | None]:
    """Why the scores are not the same, empty if they are; and by how much they differ at most."""
    if len(mine) != len(theirs):
        return f"draws: {len(theirs)} in run {run_id}, {len(mine)} in the submission", None
    worst = 0.0
    for brought, run in zip(map(_scores, mine), map(_scores, theirs), strict=True):
        domains = {domain for domain, _ in brought}
        run = {key: score for key, score in run.items() if key[0] in domains}
        if odd := brought.keys() ^ run.keys():
            return f"run {run_id} was not tested on the same items ({_named(min(odd))} is in one of them only)", None
        if odd := {key for key in brought if (brought[key] is None) != (run[key] is None)}:
            return f"{_named(min(odd))} has a score either here or in run {run_id} ({len(odd):,} in all)", None
        gap, key = max((abs(score - run[key]), key) for key, score in brought.items() if score is not None)  # pyright: ignore[reportOperatorIssue]
        worst = max(worst, gap)
        if gap > TOLERANCE:
            return f"differs from run {run_id} by {gap:.3g} on {_named(key)}", worst
    return "", worst


def _named(key: tuple[str, str]) -> str:
    return f"item {key[1][:80]!r} of {key[0]}"


def _scores(file: Path) -> dict[tuple[str, str], float | None]:
    table = pq.read_table(file, filters=[("split", "==", "test")])
    ok = ok_rows(table)
    keys = zip(table["domain"].to_pylist(), table["item"].to_pylist(), strict=True)
    return {key: s if usable else None for key, s, usable in zip(keys, table["score"].to_pylist(), ok, strict=True)}
