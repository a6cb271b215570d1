"""One command adds a row for each detector of a score matrix."""

from pathlib import Path

import numpy as np
import pytest

from bandbench.api.board_inputs import RegisteredDomains
from bandbench.benchmark.errors import DataError
from bandbench.leaderboard.submissions.add_matrix import MatrixReport, add_matrix
from bandbench.leaderboard.submissions.board import load_with_submissions
from bandbench.leaderboard.submissions.files import find_submissions
from bandbench.leaderboard.submissions.matrix import MatrixColumns

N = 60
META = "detectors: {good: {train: zoo/sd, higher: fake, url: 'https://example.org'}, turned: {higher: real}, bad: {}}"


def write_matrix(folder: Path, missing: int = 0) -> Path:
    rng = np.random.default_rng(0)
    lines = ["id,label,generator,source,good,turned,bad"]
    for i in range(N):
        fake = i % 2
        maker = f"{('sd', 'vqdm')[i // 2 % 2]}," if fake else f",{('coco', 'ffhq')[i // 2 % 2]}"
        score, noise = rng.normal() + 3 * fake, rng.normal()
        lines.append(f"{i}.png,{('real', 'fake')[fake]},{maker},{score},{-score},{'' if i < missing else noise}")
    path = folder / "zoo.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def add(folder: Path, matrix: Path, meta: str | None = META, **options: bool) -> MatrixReport:
    described = None
    if meta is not None:
        described = folder / "meta.yaml"
        described.write_text(meta, encoding="utf-8")
    return add_matrix(matrix, described, f"sqlite:///{folder}/no.db", RegisteredDomains(), MatrixColumns(), **options)


def test_every_detector_is_a_row_of_a_board_without_runs(tmp_path: Path) -> None:
    report = add(tmp_path, write_matrix(tmp_path))
    assert [one.name for one in report.reports] == ["zoo-good", "zoo-turned", "zoo-bad"]
    board, folders = load_with_submissions(f"sqlite:///{tmp_path}/no.db", RegisteredDomains())
    rows = {row.detector: row for row in board.rows}
    assert rows.keys() == {"good", "turned", "bad"} and len(folders) == 3
    good, turned = rows["good"], rows["turned"]
    assert {test.domain: test.auc for test in good.tests} == {test.domain: test.auc for test in turned.tests}
    assert min(test.auc for test in good.tests) > 0.9
    assert [result.source for result in good.tests[0].by_reals] == ["coco", "ffhq"]
    assert (good.train, turned.train) == ("zoo/sd", "not stated")
    assert good.in_domain_auc == next(test.auc for test in good.tests if test.domain == "zoo/sd")
    assert np.isnan(turned.in_domain_auc) and turned.submission is not None
    assert "the training data are not stated, so all test domains count as other domains." in turned.submission.notes


def test_release_dates_may_name_generators_as_the_matrix_does(tmp_path: Path) -> None:
    add(tmp_path, write_matrix(tmp_path), "released: {sd: 2022-08, zoo/vqdm: 2023}\ntrain: sd\n")
    board, _ = load_with_submissions(f"sqlite:///{tmp_path}/no.db", RegisteredDomains())
    assert {row.detector for row in board.rows} == {"good", "turned", "bad"}
    assert all(row.released == {"zoo/sd": "2022-08", "zoo/vqdm": "2023"} for row in board.rows)


def test_a_date_that_is_none_is_refused_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="meta.yaml, line 1: released.sd: .*got"):
        add(tmp_path, write_matrix(tmp_path), "released: {sd: soon}")


def test_a_dry_run_refuses_a_column_without_scores_as_the_real_one_does(tmp_path: Path) -> None:
    matrix = write_matrix(tmp_path, missing=N)
    assert add(tmp_path, matrix, dry_run=True).refused.keys() == add(tmp_path, matrix).refused.keys() == {"bad"}


def test_scores_that_are_no_numbers_are_counted_once_whatever_domains_a_real_counts_for(tmp_path: Path) -> None:
    path = write_matrix(tmp_path)
    text = path.read_text().splitlines()
    reals = [i for i, line in enumerate(text) if ",real," in line][:3]
    for i in reals:
        text[i] = ",".join([*text[i].split(",")[:4], "inf", *text[i].split(",")[5:]])
    path.write_text("\n".join(text))
    report = add(tmp_path, path)
    findings = next(one.findings for one in report.reports if one.name == "zoo-good")
    assert "3 rows have a score that is NaN, infinite or empty; not scored." in [finding.text for finding in findings]


def test_the_same_matrix_again_adds_nothing(tmp_path: Path) -> None:
    matrix = write_matrix(tmp_path)
    add(tmp_path, matrix)
    again = add(tmp_path, matrix)
    assert {one.outcome.value for one in again.reports} == {"unchanged"} and len(find_submissions()) == 3


def test_other_scores_under_a_name_change_nothing_unless_asked(tmp_path: Path) -> None:
    add(tmp_path, write_matrix(tmp_path))
    changed = write_matrix(tmp_path, missing=10)
    with pytest.raises(DataError, match="another submission 'zoo-bad'.*--replace"):
        add(tmp_path, changed)
    outcomes = [one.outcome.value for one in add(tmp_path, changed, replace=True).reports]
    assert outcomes == ["unchanged", "unchanged", "replaced"]


def test_a_dry_run_says_what_would_be_added_and_writes_nothing(tmp_path: Path) -> None:
    report = add(tmp_path, write_matrix(tmp_path, missing=10), dry_run=True)
    assert report.domains == {"zoo/sd": (15, 30), "zoo/vqdm": (15, 30)}
    assert [(row.name, row.higher, row.is_stated) for row in report.rows] == [
        ("zoo-good", "fake", True),
        ("zoo-turned", "real", True),
        ("zoo-bad", "fake", False),
    ]
    assert [row.n_scored for row in report.rows] == [N, N, N - 10]
    assert report.reports == () and find_submissions() == {}


def test_missing_scores_lower_the_coverage(tmp_path: Path) -> None:
    report = add(tmp_path, write_matrix(tmp_path, missing=10))
    bad = report.reports[2]
    assert all(test.coverage < 1 and test.n == 45 for test in bad.tests)
    assert any("of 45 items have a usable score" in str(finding) for finding in bad.findings)


def test_a_detector_without_scores_is_refused_and_the_others_are_added(tmp_path: Path) -> None:
    report = add(tmp_path, write_matrix(tmp_path, missing=N))
    assert list(report.refused) == ["bad"] and "no usable test scores" in report.refused["bad"]
    assert list(find_submissions()) == ["zoo-good", "zoo-turned"]
