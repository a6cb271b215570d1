"""Submitted score files of other programs, and cells that cannot be read."""

from pathlib import Path

import pytest

from bandbench.api.board_inputs import RegisteredDomains
from bandbench.leaderboard.submissions.add import add_submission
from bandbench.leaderboard.submissions.score_csv import COLUMNS
from bandbench.leaderboard.submissions.score_files import read_score_file
from made_submissions import recorded_rows, write_meta


def test_names_of_another_workbench(store: str, tmp_path: Path) -> None:
    lines = [",".join(COLUMNS)]
    lines += [f"Their {r['domain']},{r['item']},,{r['label']},{r['score']}," for r in recorded_rows(store)]
    (tmp_path / "s.csv").write_text("\ufeff" + "\r\n".join(lines))
    meta = write_meta(tmp_path, domains={"Their mine": "mine", "Their yours": "yours"})
    report = add_submission(meta, [tmp_path / "s.csv"], store, RegisteredDomains())
    assert (report.findings, report.verification.verified) == ([], True)


def test_cells_that_mean_nothing_are_told(store: str, tmp_path: Path) -> None:
    rows = recorded_rows(store)
    lines = [f"{r['domain']},{r['item']},,{r['label']},{r['score']},ok" for r in rows]
    lines[0] = lines[0].replace(f",{rows[0]['label']},", ",bogus,")
    lines[1] = lines[1].replace(f"{rows[1]['score']}", "high")
    lines[2] = lines[2].replace(",ok", ",fine")
    (tmp_path / "s.csv").write_text("\n".join([",".join(COLUMNS), *lines]))
    report = add_submission(write_meta(tmp_path), [tmp_path / "s.csv"], store, RegisteredDomains())
    assert "1 row has a label that is none of 0, 1, real, fake (such as 'bogus')." in report.findings
    assert "1 row has a score that is no number (such as 'high'); not scored." in report.findings
    assert any("a status that is none of ok, missing, error (such as 'fine')" in finding for finding in report.findings)
    assert report.tests[0].coverage == pytest.approx(8 / 10)  # the label is the reference's


def test_domains_get_their_full_names(tmp_path: Path) -> None:
    """Names of the file are translated first; the rest of a name is left as it is."""
    (tmp_path / "s.csv").write_text("dataset,key,score\nTheirs,a,1\nx+noise,a,1\n")
    table, findings = read_score_file(tmp_path / "s.csv", {"Theirs": "y+blur"}, lambda chain: f"{chain}:full")
    assert table["domain"].to_pylist() == ["y+blur:full", "x+noise:full"]
    assert findings == []


def test_only_finite_scores_are_ok(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("dataset,key,score,status\nx,a,1,\nx,b,inf,\nx,c,,missing\nx,d,2,odd\n")
    table, findings = read_score_file(tmp_path / "s.csv")
    assert table["status"].to_pylist() == ["ok", "error", "missing", "error"]
    assert table["score"].to_pylist() == [1.0, None, None, None]
    assert findings == [
        "1 row has a status that is none of ok, missing, error (such as 'odd'); not scored.",
        "1 row has a score that is NaN, infinite or empty; not scored.",
    ]
