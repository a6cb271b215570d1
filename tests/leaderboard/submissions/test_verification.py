"""The badge of submissions whose scores a recorded run gives."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bandbench.api.board_inputs import RegisteredDomains
from bandbench.benchmark.results.scores import SCORE_SCHEMA
from bandbench.leaderboard.submissions.add import SubmissionReport, add_submission
from bandbench.leaderboard.submissions.files import own_folder
from bandbench.leaderboard.submissions.score_export import export_row
from made_submissions import Change, board_of, brought, drop, of_domain, score_file, write_meta


def shift(by: float) -> Change:
    def change(rows: list[dict[str, Any]]) -> None:
        rows[-1]["score"] += by

    return change


@pytest.mark.parametrize(
    ("change", "meta", "reason"),
    [
        (shift(5e-7), {}, ""),
        (lambda rows: of_domain(rows, "yours"), {}, ""),
        (shift(2e-6), {}, r"differs from run \w+ by 2e-06 on item '.*' of yours"),
        (None, {"detector": "other"}, "no run on this board has the detector other trained on mine"),
        (None, {"train": "yours"}, "no run on this board has the detector spectral_svm trained on yours"),
        (None, {"band": "low:0.1"}, r"has no row with the band low <0.100"),
        (None, {"band": "comb:period=8"}, r"has no row with the band comb 8px ±0.02"),
        (None, {"band": "all"}, r"differs from run"),
        (drop, {}, r"has a score either here or in run"),
    ],
)
def test_who_is_verified(
    bring: Callable[..., SubmissionReport], change: Change | None, meta: dict[str, str], reason: str
) -> None:
    verification = bring(change, **meta).verification
    assert verification.verified == (not reason)
    assert re.search(reason, verification.reason)


def test_one_draw_of_several_is_not_the_row(store: str, tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(export_row(store, study="double").tables[0])
    report = add_submission(write_meta(tmp_path, detector="spectral_logreg"), [tmp_path / "s.csv"], store, RegisteredDomains())
    assert "draws: 2 in run" in report.verification.reason
    assert not report.verification.verified


def test_the_badge_goes_when_either_side_changes(bring: Callable[..., SubmissionReport], store: str) -> None:
    bring()
    first = brought(board_of(store)).submission.verification
    path = score_file(store, "spectral_svm")
    kept, rows = path.read_bytes(), pq.read_table(path).to_pylist()
    next(row for row in rows if row["split"] == "test")["score"] += 1e-5  # too little to change an AUC
    try:
        pq.write_table(pa.Table.from_pylist(rows, schema=SCORE_SCHEMA), path)
        changed = brought(board_of(store))
    finally:
        path.write_bytes(kept)
    assert not changed.verified
    assert changed.submission.verification["run_scores"] != first["run_scores"]
    again = brought(board_of(store))
    assert again.verified and again.submission.verification == first
    own = own_folder() / "brought" / "scores-0.parquet"
    mine = pq.read_table(own).to_pylist()
    mine[0]["score"] += 1e-5
    pq.write_table(pa.Table.from_pylist(mine, schema=SCORE_SCHEMA), own)
    assert not brought(board_of(store)).verified
