"""A board in Python: what a user asks it, against the score files themselves."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

import bandbench as bb
from bandbench.api.board import MOST_SHOWN, Board, leaderboard, rank_rows
from bandbench.benchmark.errors import BenchError, TrackingError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.metrics.digits import measured_text
from bandbench.benchmark.results.columns import CLIP_ROW_COLUMNS, row_columns
from bandbench.benchmark.results.rows import Row
from bandbench.leaderboard.exports import as_csv
from made_submissions import META


@pytest.fixture(scope="module")
def board(recorded_store: str) -> Board:
    """The whole store as a board."""
    return leaderboard(tracking_uri=recorded_store, progress=False)


def row_of(board: Board, detector: str = "spectral_svm", role: str = "chosen") -> Row:
    return next(row for row in board if (row.detector, row.role) == (detector, role))


def test_the_facade_has_it(recorded_store: str) -> None:
    found = bb.leaderboard("plain", tracking_uri=recorded_store, progress=False)
    assert isinstance(found, bb.Board)
    assert {row.study for row in found} == {"plain"}


def test_every_row_is_a_line_with_its_numbers(board: Board) -> None:
    frame = board.to_pandas()
    assert frame.id.tolist() == [row.id for row in board]
    assert len(set(frame.id)) == len(board)
    np.testing.assert_array_equal(frame.cross_domain_auc, [row.cross_domain_auc for row in board])
    np.testing.assert_array_equal(frame.in_domain_auc_lo, [row.in_domain_auc_lo for row in board])
    assert [Band.parse(text).half_gain for text in frame.band] == [pytest.approx(row.band.half_gain, abs=1e-6) for row in board]


def test_columns_are_those_of_the_one_table_in_their_types(board: Board) -> None:
    frame = board.to_pandas()
    known = {name for column in (*row_columns(), *CLIP_ROW_COLUMNS) if not column.derived for name in column.names}
    assert {name.partition(".")[0] for name in frame} <= known
    csv_names = as_csv(list(board.rows)).partition("\n")[0].split(",")
    assert set(csv_names) <= set(frame)
    kinds = {name: str(kind) for name, kind in frame.dtypes.items()}
    expected = {"detector": "string", "in_domain_auc": "float64", "gain_hi": "float64", "seeds": "Int64", "rank_low": "Int64"}
    assert {name: kinds[name] for name in expected} == expected
    assert (kinds["control"], kinds["dropped_leaks.train"], kinds["band.cutoff"]) == ("boolean", "Int64", "float64")
    assert str(frame.finished.dt.tz) == "UTC"
    assert (frame.finished > pd.Timestamp("2020-01-01", tz="UTC")).all()


def test_scores_give_the_auc_of_the_row_again(board: Board) -> None:
    """The mean over the draws of the AUCs on a test domain, recomputed by scikit-learn."""
    row = row_of(board)
    scores = board.scores(row.id)
    assert set(scores.draw) == {0, 1}
    for test in row.tests:
        of_domain = scores[(scores.domain == test.domain) & (scores.split == "test")]
        assert of_domain.groupby("draw").size().tolist() == [test.n, test.n]
        ok = of_domain[of_domain.status == "ok"]
        aucs = [roc_auc_score(draw.label, draw.score) for _, draw in ok.groupby("draw")]
        assert np.mean(aucs) == pytest.approx(test.auc, abs=1e-12)
    assert set(scores.split) == {"val", "test"}


def test_rows_of_one_cell_have_scores_of_their_own(board: Board) -> None:
    chosen, fixed = (board.scores(row_of(board, role=role)) for role in ("chosen", "fixed"))
    assert chosen.item.tolist() == fixed.item.tolist()
    assert not np.allclose(chosen.score, fixed.score)


def test_tests_have_a_line_per_row_and_domain(board: Board) -> None:
    tests = board.tests()
    assert len(tests) == sum(len(row.tests) for row in board)
    row = row_of(board)
    mine = tests[tests.id == row.id].set_index("domain")
    assert mine.in_domain.to_dict() == {"mine": True, "yours": False}
    assert mine.auc.to_dict() == {test.domain: test.auc for test in row.tests}
    assert (mine.auc_lo <= mine.auc).all()
    assert (str(mine.n.dtype), str(mine.eer.dtype)) == ("Int64", "float64")


def test_bands_are_those_that_were_tried(board: Board) -> None:
    row = row_of(board)
    bands = board.bands(row)
    document = board.document(row)
    assert len(bands) == len(document.trials)
    assert [Band.parse(text).kind for text in bands.band] == bands.kind.tolist()
    assert set(bands.kind) == {"all", "band", "stop", "low"}
    np.testing.assert_array_equal(bands.auc, [trial.auc for trial in document.trials])
    assert bands[bands.chosen].band.tolist() == [row.band.as_text()] * int(bands.chosen.sum())
    assert bands.chosen.sum() >= 1
    assert bands[bands.kind == "all"].in_evidence.isna().all()
    swept = bands[bands.stage == "sweep"].reset_index()
    assert (swept.low.iloc[0], swept.high.iloc[0]) == (0.0, 0.12)
    assert (swept.auc_lo <= swept.auc).all()


def test_where_keeps_rows_by_the_value_of_a_column(board: Board) -> None:
    assert {row.detector for row in board.where(detector="spectral_*")} == {"spectral_svm", "spectral_logreg"}
    assert {row.detector for row in board.where(detector=["coin_flip", "spectral_svm"])} == {"coin_flip", "spectral_svm"}
    narrowed = board.where(study="small", role="chosen", seeds=2)
    assert {(row.study, row.role) for row in narrowed} == {("small", "chosen")}
    assert list(board.where(seeds=1)) == [row for row in board if row.seeds == 1]
    assert len(board.where(seeds=[1, 2])) == len(board)
    nothing = board.where(detector="nobody")
    assert len(nothing) == 0
    assert nothing.to_pandas().in_domain_auc.dtype == "float64"
    assert len(nothing.tests()) == 0
    with pytest.raises(BenchError, match="no column 'detectr'. Did you mean 'detector'"):
        board.where(detectr="a")


def test_ranks_are_those_of_the_score_files(board: Board) -> None:
    bare = [replace(row, standing=None) for row in board]
    rows, detectors = rank_rows(bare, board.folders)
    assert [row.standing for row in rows] == [row.standing for row in board]
    assert list(board.detectors) == detectors
    without = leaderboard(tracking_uri=board.tracking_uri, ranks=False, progress=False)
    assert [row.standing for row in without] == [None] * len(board)
    assert without.detectors == ()


def test_the_short_form_says_how_to_go_on(board: Board) -> None:
    text, page = repr(board), board._repr_html_()
    shown = [i for i, row in enumerate(board) if row.role != "allpass"]
    assert text.splitlines()[0] == f"all studies: {len(shown)} rows"
    assert [int(line.split()[0]) for line in text.splitlines()[2 : 2 + len(shown)]] == shown
    for i in shown:
        assert board[i].id in text
        assert f"<code>{board[i].id}</code>" in page
    assert "coin_flip (control)" in text
    assert "study" in text.splitlines()[1]
    assert "study" not in repr(board.where(study="small")).splitlines()[1]
    assert "color" not in re.sub(r"text-align", "", page)  # the theme of the notebook decides


def test_names_are_no_markup_and_long_boards_are_cut(board: Board) -> None:
    row = replace(row_of(board), detector="<script>alert(1)</script>")
    rows = tuple(replace(row, cell=str(i)) for i in range(MOST_SHOWN + 3))
    page = replace(board, rows=rows, notes=("<b>note</b>",), refused=("run <i>",))._repr_html_()
    assert "<script" not in page
    assert "&lt;script&gt;" in page and "&lt;b&gt;note&lt;/b&gt;" in page and "refused: run &lt;i&gt;" in page
    assert page.count("<code>") == MOST_SHOWN
    assert "and 3 more rows" in page


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ((0.5, 0.4, 0.6), "0.500 (0.400–0.600)"),
        ((0.9998, 0.9, 0.9999), "0.999 (0.900–0.999)"),
        ((1.0, 0.9, 1.0), "1.000 (0.900–1.000)"),
        ((0.5, np.nan, np.nan), "0.500"),
        ((np.nan, np.nan, np.nan), "–"),
    ],
)
def test_what_is_below_one_does_not_look_like_one(value: tuple[float, float, float], text: str) -> None:
    assert measured_text(*value, "–") == text


def test_an_unknown_study_is_an_error_with_the_nearest_name(recorded_store: str) -> None:
    with pytest.raises(TrackingError, match="no study 'smal' .* Did you mean 'small'. Recorded there: plain, small"):
        leaderboard("smal", tracking_uri=recorded_store, progress=False)


def test_an_empty_home_says_what_to_run() -> None:
    with pytest.raises(BenchError, match="nothing is recorded .* `bench run band_search` records something"):
        leaderboard(progress=False)


@pytest.fixture
def submission(recorded_store: str, tmp_path: Path) -> Iterator[str]:
    """Name of a submission of recorded scores, which is kept in this test's own folder of results."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from bandbench.api.board_inputs import RegisteredDomains
    from bandbench.benchmark.results.scores import SCORE_SCHEMA
    from bandbench.leaderboard.submissions.add import add_submission
    from made_submissions import write_meta

    chosen = next(row for row in leaderboard("small", tracking_uri=recorded_store, progress=False) if row.role == "chosen")
    meta = write_meta(tmp_path, detector="theirs", band=chosen.band.as_text(), train="mine")
    scores = tmp_path / "scores.parquet"
    band = leaderboard("small", tracking_uri=recorded_store, progress=False).scores(chosen)
    table = band[(band.draw == 0) & (band.split == "test")].drop(columns="draw")
    pq.write_table(pa.Table.from_pandas(table[SCORE_SCHEMA.names], schema=SCORE_SCHEMA, preserve_index=False), scores)
    add_submission(meta, [scores], recorded_store, RegisteredDomains())
    yield META["name"]


def test_submitted_scores_are_rows_like_others(submission: str, recorded_store: str) -> None:
    found = leaderboard(tracking_uri=recorded_store, progress=False)
    (row,) = [row for row in found if row.is_submitted]
    frame = found.to_pandas().set_index("id")
    assert frame.loc[row.id, "source"] == "submitted"
    assert frame.loc[row.id, "submission.name"] == submission
    assert len(found.scores(row)) == sum(test.n for test in row.tests)
    assert len(found.bands(row)) == 0
    assert "auc" in found.bands(row)
    alone = leaderboard(tracking_uri=recorded_store, submissions=False, progress=False)
    assert not any(row.is_submitted for row in alone)
