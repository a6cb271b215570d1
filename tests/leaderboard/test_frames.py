"""Frames of rows that were never run: names, types, and what is missing."""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.pictures.shortcuts import Shortcut
from bandbench.benchmark.results.evidence import Evidence, EvidenceStretch
from bandbench.benchmark.results.rows import RealsResult, SubmissionFacts
from bandbench.leaderboard.exports import as_tests_csv
from bandbench.leaderboard.frames import LEADING, in_evidence, rows_frame, scores_frame, tests_frame
from made_cells import score_file

Maker = Callable[..., Any]
COMB = Band("comb", period=4, halfwidth=0.03)


def kinds(frame: Any, *names: str) -> list[str]:
    return [str(frame[name].dtype) for name in names]


def test_the_columns_that_tell_rows_apart_come_first(row_maker: Maker) -> None:
    ranked = row_maker(rank_low=1, rank_high=2, tie_group=1)
    frame = rows_frame([ranked, row_maker("b")])
    assert tuple(frame.columns[: len(LEADING)]) == LEADING
    assert frame.rank_low.isna().tolist() == [False, True]
    assert kinds(frame, "rank_low", "shots", "in_domain_auc", "finished") == [
        "Int64",
        "Int64",
        "float64",
        "datetime64[ns, UTC]",
    ]


def test_nested_values_have_the_names_of_the_csv(row_maker: Maker) -> None:
    shortcut = Shortcut(0.9, 0.8, 0.95, "format", ("JPEG", "PNG"), ambiguous=True)
    told = SubmissionFacts("theirs", authors="A. U. Thor")
    rows = [row_maker(shortcut=shortcut, band=COMB), row_maker("b", source="submitted", submission=told, verified=True)]
    frame = rows_frame(rows)
    assert frame["shortcut.fact"].fillna("").tolist() == ["format", ""]
    assert kinds(frame, "shortcut.auc", "shortcut.ambiguous", "band.period") == ["float64", "boolean", "Int64"]
    assert frame["submission.authors"].fillna("").tolist() == ["", "A. U. Thor"]
    assert frame.verified.isna().tolist() == [True, False]
    assert frame.band.tolist() == ["comb:period=4:halfwidth=0.03", "low:0.2"]
    assert frame["band.cutoff"].isna().tolist() == [True, False]


def test_a_number_is_missing_where_it_is_undefined(row_maker: Maker) -> None:
    frame = rows_frame([row_maker(gain=float("nan")), row_maker("b")])
    assert np.isnan(frame.gain[0])
    assert frame.gain[1] == 0.02


def test_a_board_without_rows_has_columns_in_their_types() -> None:
    frame, tests = rows_frame([]), tests_frame([])
    assert len(frame) == len(tests) == 0
    assert tuple(frame.columns[: len(LEADING)]) == LEADING
    assert kinds(frame, "in_domain_auc", "seeds", "detector", "control") == ["float64", "Int64", "string", "boolean"]
    assert kinds(tests, "auc", "auc_lo", "n", "domain") == ["float64", "float64", "Int64", "string"]


def test_tests_name_their_row_and_their_sources_of_reals(row_maker: Maker, test_maker: Maker) -> None:
    against = (RealsResult("set/a", 0.8, 0.7, 0.9, 40), RealsResult("faces", 0.6, 0.5, 0.7, 30))
    row = row_maker(tests=[test_maker("set/a", 0.8, by_reals=against), test_maker("set/b", 0.7)])
    frame = tests_frame([row])
    assert frame.id.tolist() == [row.id] * 2
    assert frame.in_domain.tolist() == [True, False]
    assert frame["by_reals.faces.auc"].fillna(0).tolist() == [0.6, 0.0]
    assert kinds(frame, "by_reals.faces.n_real") == ["Int64"]
    written = next(csv.reader(io.StringIO(as_tests_csv([row]))))
    assert {name.removeprefix("test.") for name in written} <= set(frame)


def test_scores_are_those_of_the_files_draw_by_draw(tmp_path: Path) -> None:
    for draw in range(2):
        score_file(tmp_path / f"{draw}.parquet", [("set/a", "test", [0.1 + draw, float("nan")], [0.7])])
    frame = scores_frame(tmp_path, ["0.parquet", "1.parquet"])
    assert frame.draw.tolist() == [0, 0, 0, 1, 1, 1]
    assert frame.label.tolist() == [0, 0, 1] * 2
    assert frame.status.tolist() == ["ok", "error", "ok"] * 2
    np.testing.assert_array_equal(frame.score, [0.1, np.nan, 0.7, 1.1, np.nan, 0.7])
    assert frame.detail[1] == "damaged"
    with pytest.raises(DataError, match="no score files"):
        scores_frame(tmp_path, [])
    with pytest.raises(DataError, match="cannot be read"):
        scores_frame(tmp_path, ["2.parquet"])


STRETCHES: Evidence = (EvidenceStretch(0.2, 0.3, sufficient=True, necessary=False), EvidenceStretch(0.4, 0.5, True, True))


@pytest.mark.parametrize(
    ("text", "evidence", "inside"),
    [
        ("band:0.2-0.3", STRETCHES, True),
        ("band:0.05-0.1", STRETCHES, False),
        ("low:0.1", STRETCHES, False),
        ("stop:0.42-0.48", STRETCHES, True),
        ("stop:0.22-0.28", STRETCHES, False),  # what it takes out is not necessary
        ("stop:0.6-0.65", STRETCHES, False),
        ("band:0.2-0.3", (), False),
        ("band:0.2-0.3", None, None),
        ("all", STRETCHES, None),
        ("comb:period=4", STRETCHES, None),
    ],
)
def test_a_band_lies_in_the_evidence_if_it_shares_half_of_it(text: str, evidence: Evidence, inside: bool | None) -> None:
    assert in_evidence(Band.parse(text), evidence) is inside
