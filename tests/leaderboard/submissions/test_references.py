"""Lists of test items that submitted scores are checked against."""

from pathlib import Path

import numpy as np
from made_submissions import write_meta

from bandbench.benchmark.cli.board_inputs import RegisteredDomains
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.tracking.store import default_tracking_uri
from bandbench.leaderboard.submissions.add import add_submission
from bandbench.leaderboard.submissions.score_csv import COLUMNS


def test_embedded_data_are_a_reference_without_any_run(tmp_path: Path) -> None:
    items = Catalogue().domain("procedural/blend", 0).split("test")
    rng = np.random.default_rng(0)
    lines = [
        f"{name},{item.id},,{item.label},{rng.normal()}," for item in items for name in ("procedural/blend", "procedural/x")
    ]
    (tmp_path / "s.csv").write_text("\n".join([",".join(COLUMNS), *lines[:-2], "procedural/blend,nobody,,1,0.5,"]))
    uri = default_tracking_uri()
    report = add_submission(write_meta(tmp_path), [tmp_path / "s.csv"], uri, RegisteredDomains())
    said = "\n".join(report.findings)
    assert "procedural/x: left out, unknown domain 'procedural/x'" in said
    assert "procedural/blend: 1 id is unknown to the data set procedural" in said
    assert f"{len(items) - 1} of {len(items)} items have a usable score" in said
    assert "no recorded runs to check against" in " ".join(report.remarks)
    assert [test.domain for test in report.tests] == ["procedural/blend"]
