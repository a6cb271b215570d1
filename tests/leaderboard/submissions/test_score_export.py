"""Scores of recorded rows as CSV, which come back as a submission."""

import math
from pathlib import Path

import pytest

from bandbench.api.board_inputs import RegisteredDomains
from bandbench.benchmark.errors import DataError
from bandbench.leaderboard.submissions.add import add_submission
from bandbench.leaderboard.submissions.score_csv import COLUMNS
from bandbench.leaderboard.submissions.score_export import export_row
from made_submissions import board_of, brought


@pytest.mark.parametrize("detector", ["spectral_svm", "coin_flip", "spectral_logreg"])
@pytest.mark.parametrize("validation", [True, False])
def test_an_exported_row_comes_back(store: str, tmp_path: Path, detector: str, validation: bool) -> None:
    exported = export_row(store, detector=detector, validation=validation)
    assert len(exported.tables) == (2 if detector == "spectral_logreg" else 1)
    files = [tmp_path / f"scores-{k}.csv" for k in range(len(exported.tables))]
    for file, text in zip(files, exported.tables, strict=True):
        file.write_text(text)
        assert text.splitlines()[0].split(",") == [*COLUMNS, *["split"] * validation]
    (tmp_path / "meta.yaml").write_text(exported.meta)
    report = add_submission(tmp_path / "meta.yaml", files, store, RegisteredDomains())
    assert report.verification.verified, report.verification.reason
    assert report.verification.difference == 0.0

    board = board_of(store)
    mine, theirs = brought(board), next(r for r in board.rows if r.detector == detector and r.role == "chosen")
    assert mine.to_json().keys() >= theirs.to_json().keys()
    for test, recorded in zip(mine.tests, sorted(theirs.tests, key=lambda test: test.domain), strict=True):
        for name in ("domain", "n", "coverage", "split_list", "pictures"):
            assert test.value(name) == recorded.value(name)
        for name in ("auc", "eer", "average_precision", "pd10"):
            assert test.value(name) == pytest.approx(recorded.value(name), nan_ok=True)
        wanted = recorded.metrics["balanced_accuracy"] if validation else math.nan
        assert test.metrics["balanced_accuracy"] == pytest.approx(wanted, nan_ok=True)
        assert math.isnan(test.allpass_auc)
    assert mine.cross_domain_auc == pytest.approx(theirs.cross_domain_auc)
    assert mine.ms_per_picture == pytest.approx(theirs.ms_per_picture, abs=1e-3)
    assert any("validation scores" in note for note in mine.submission.notes) != validation


def test_an_export_is_told_from_others(store: str) -> None:
    with pytest.raises(DataError, match=r"3 cells are meant by that: .*spectral_svm on mine \(study small\)"):
        export_row(store)
    with pytest.raises(DataError, match="no recorded cell is meant"):
        export_row(store, detector="spectral_svn")
    assert export_row(store, study="double").tables != export_row(store, detector="coin_flip").tables
