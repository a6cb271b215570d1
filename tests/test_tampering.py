"""Results that somebody has changed: each column of the board, and each value of a ``cell.json``, is noticed."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from made_homes import DETECTORS, RecordedHome, at, first_paths, record_home, with_column

from bandbench.benchmark.results.columns import ROW_COLUMNS, TEST_COLUMNS, Source, row_columns, test_columns
from bandbench.benchmark.results.refusals import RefusedBecause
from bandbench.leaderboard.rows import Board, load_board


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedHome]:
    with pytest.MonkeyPatch.context() as patch:
        yield record_home(tmp_path_factory.mktemp("recorded"), patch)


def board_of(home: RecordedHome, changed: AbstractContextManager[None]) -> Board:
    """Return the board while something is changed; the row of the other detector has to stay."""
    with changed:
        board = load_board(home.uri)
    assert {row.detector for row in board.rows} - {DETECTORS[0]} == {DETECTORS[1]}
    return board


def reason_of(home: RecordedHome, changed: AbstractContextManager[None]) -> RefusedBecause:
    """Return the reason why the changed run is refused."""
    board = board_of(home, changed)
    (refusal,) = board.refusals
    assert (refusal.run_id, refusal.detector) == (home.run_id, DETECTORS[0])
    assert DETECTORS[0] not in {row.detector for row in board.rows}
    return refusal.reason


def edited(home: RecordedHome, path: tuple[str | int, ...], value: Any) -> AbstractContextManager[None]:
    def change(document: dict[str, Any]) -> None:
        at(document, path[:-1])[path[-1]] = value

    return home.changed_document(change)


def shifted(value: Any) -> Any:
    """Return another value of the same type, as a cautious forger would take."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + (1 if isinstance(value, int) else 1e-3)
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, dict):
        return {}
    return 0.25 if value is None else value[:-1]


def test_the_home_is_whole(home: RecordedHome) -> None:
    board = load_board(home.uri)
    assert (board.refused, board.refusals) == ([], [])
    assert {row.role for row in board.rows} == {"chosen", "allpass", "fixed"}
    assert {entry["role"] for entry in home.document["tested"]} == {"chosen", "allpass", "fixed", "oracle"}


PARTS = {  # of a ``cell.json``, by the column that shows it
    "key": "cell", "study": "study", "settings": "settings", "variant": "variant", "detector": "detector", "train": "train",
    "seeds": "seeds", "band": "band", "rule": "rule", "evidence": "evidence", "plateau": "plateau", "trials": "swept",
    "tested": "role", "decode_ms": "ms_per_picture", "gaps": "gaps", "splits": "split_id", "split_id": "split_id",
    "test_splits": "split_list", "pictures": "pictures", "dropped_leaks": "dropped_leaks", "data": "missing",
    "lookalikes": "lookalikes", "finished": "finished", "model_bytes": "model_bytes", "train_overlap": "train_overlap",
    "shortcuts": "shortcut", "detector_identity": "control", "tests": "domain", "reported": "reported",
}  # fmt: skip


@pytest.mark.parametrize("part", PARTS)
def test_an_edit_of_each_part_of_the_document_is_noticed(part: str, home: RecordedHome) -> None:
    document = home.document
    inside = next(
        (path for path in first_paths(document[part], (part,)) if not isinstance(at(document, path), list | dict)), (part,)
    )
    value = at(document, inside)
    new = ["more"] if value == [] else {"mine": {}} if value == {} else shifted(value)
    assert reason_of(home, edited(home, inside, new)) in set(RefusedBecause) - {RefusedBecause.FAILED}


def better(table: pa.Table) -> pa.Table:
    """Let every fake score above every real."""
    scores = table.column("label").to_numpy() + np.linspace(0, 0.5, len(table))
    return with_column("score", lambda _: pa.array(scores))(table)


def turned(table: pa.Table) -> pa.Table:
    """Let every fake score below every real."""
    return with_column("score", lambda scores: pa.array(-scores.to_numpy()))(better(table))


@pytest.mark.parametrize("change", [better, turned])
@pytest.mark.parametrize("role", ["chosen", "allpass", "oracle", "fixed"])
def test_other_scores_of_a_band_are_noticed(role: str, change: Callable[[pa.Table], pa.Table], home: RecordedHome) -> None:
    reason = reason_of(home, home.changed_scores(home.score_file(role), change))
    assert reason in {RefusedBecause.DIFFERS, RefusedBecause.INCONSISTENT, RefusedBecause.EDITED}


@pytest.mark.parametrize("place", [0.001, 0.5, 0.9])
@pytest.mark.parametrize("role", ["chosen", "oracle"])
def test_a_flipped_bit_of_a_score_file_is_called_a_damage(role: str, place: float, home: RecordedHome) -> None:
    """Whatever follows from it: scores that cannot be read, another AUC, or none that anybody would see."""
    file = home.score_file(role)
    content = bytearray(file.read_bytes())
    content[int(place * len(content))] ^= 1
    (refusal,) = board_of(home, home.changed(file, bytes(content))).refusals
    assert "its files were damaged or edited after they were sent: they have the digest" in refusal.text.replace("Its", "its")


def test_a_gain_over_spoilt_all_pass_scores_is_refused(home: RecordedHome) -> None:
    """Scores of all-pass alone make the gain: it is compared with the one that was recorded."""
    (refusal,) = board_of(home, home.changed_scores(home.score_file("allpass"), turned)).refusals
    assert refusal.reason is RefusedBecause.DIFFERS
    assert refusal.text.startswith(("its files give allpass_auc", "its files give gain"))


@pytest.mark.parametrize("column", ["item", "group", "video", "detail", "target"])
def test_an_edit_of_a_column_of_a_score_file_is_noticed(column: str, home: RecordedHome) -> None:
    change = with_column(column, lambda values: pa.array([f"{value}x" for value in values.to_pylist()]))
    reason = reason_of(home, home.changed_scores(home.score_file("chosen"), change))
    assert reason in {RefusedBecause.EDITED, RefusedBecause.INCONSISTENT, RefusedBecause.DIFFERS}


@pytest.mark.parametrize(
    ("table", "key", "value"),
    [
        ("latest_metrics", "gain", 0.991),
        ("latest_metrics", "allpass_auc", 0.1),
        ("latest_metrics", "oracle_auc", 1.0),
        ("latest_metrics", "worst_auc", 0.99),
        ("latest_metrics", "val_auc", 0.99),
        ("latest_metrics", "fit_seconds", 1e-4),
        ("latest_metrics", "evidence.high", 0.7),
        ("latest_metrics", "test/yours/auc", 0.99),
        ("tags", "detector", "better_svm"),
        ("tags", "train", "yours"),
        ("tags", "bandbench.contents", "0" * 64),
        ("params", "band.cutoff", "0.123"),
        ("params", "rule", "by hand"),
    ],
)
def test_what_mlflow_holds_is_compared(table: str, key: str, value: Any, home: RecordedHome) -> None:
    board = board_of(home, home.changed_run(table, key, value))
    (refusal,) = board.refusals
    assert refusal.reason is (RefusedBecause.EDITED if key == "bandbench.contents" else RefusedBecause.DIFFERS)
    assert DETECTORS[0] not in {row.detector for row in board.rows}


def test_a_gain_that_the_scores_do_not_give_is_refused_with_both_numbers(home: RecordedHome) -> None:
    gain = next(row.gain for row in load_board(home.uri).rows if (row.detector, row.role) == (DETECTORS[0], "chosen"))
    (refusal,) = board_of(home, home.changed_run("latest_metrics", "gain", 0.991)).refusals
    assert refusal.text == f"its files give gain {gain:.6g}, it shows 0.991."


def test_a_file_that_was_added_is_noticed(home: RecordedHome) -> None:
    extra = home.folder / "scores" / "99-extra.parquet"
    extra.write_bytes(b"x")
    try:
        assert load_board(home.uri).refusals[0].reason is RefusedBecause.EDITED
    finally:
        extra.unlink()


def test_every_column_says_what_it_is_checked_by() -> None:
    """And what a document alone says of a column is covered by the edits above."""
    from_document = {column.name for column in (*ROW_COLUMNS, *TEST_COLUMNS) if column.source is Source.DIGEST}
    assert from_document <= {*PARTS.values(), *DERIVED_FROM_PARTS}


def test_the_docs_list_every_column_by_what_it_is_checked_by() -> None:
    text = DOCS.read_text(encoding="utf-8")
    for source, heading in HEADINGS.items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"| {heading}")]
        listed = re.findall("`([a-z0-9_]+)`", line)
        described = [column.name for column in (*row_columns(), *test_columns()) if column.source is source]
        assert listed == list(dict.fromkeys(described)), source


def test_the_docs_list_every_reason() -> None:
    text = DOCS.read_text(encoding="utf-8")
    assert [f"| `{reason.value}` | {reason.meaning} |" in text for reason in RefusedBecause] == [True] * len(RefusedBecause)


DOCS = Path(__file__).parents[1] / "docs" / "explanation" / "trust.md"
HEADINGS = {
    Source.SCORES: "scores, and",
    Source.COMPARED: "a metric, tag",
    Source.DIGEST: "the digest alone",
    Source.BOARD: "nothing: the board",
    Source.SUBMISSION: "nothing: a contributor",
}


# Columns that follow from a part that another column is named for above.
DERIVED_FROM_PARTS = {
    "score_ms", "random_encoder", "selection", "shots", "not_counted", "released", "oracle_band", "by_reals", "reals_spread",
}  # fmt: skip


def test_edits_of_a_json_file_keep_the_other_rows_on_the_page(home: RecordedHome, tmp_path: Path) -> None:
    from bandbench.leaderboard.page.details import Details
    from bandbench.leaderboard.page.payload import payload

    board = board_of(home, edited(home, ("evidence",), None))
    texts = payload(board, Details(), "", "now", ())["refused"]
    assert len(texts) == 1
    assert home.run_id in texts[0]
    assert str(home.folder) not in json.dumps(texts)
