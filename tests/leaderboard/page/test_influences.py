"""Influences of groups, as the page holds them: variances follow from them, and they shrink to the room there is."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from made_boards import DOMAINS, MadeBoard, made_board

from bandbench.benchmark.metrics.delong import GroupCodes
from bandbench.benchmark.metrics.replicates import auc_replicates, mean_of
from bandbench.benchmark.results.cell_document import read_cell
from bandbench.benchmark.results.rows import Row
from bandbench.benchmark.results.scores import DomainScores, read_scores
from bandbench.leaderboard.page.influences import AS_TESTED, RESOLUTIONS, InfluenceWriter, RowInfluences, read_influences
from made_pages import block_of


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> MadeBoard:
    return made_board(tmp_path_factory.mktemp("board"), trains=DOMAINS[:1], sources=("other",), lbp=3)


def draws_of(board: MadeBoard, row: Row) -> list[list[DomainScores]]:
    folder = board.folders[row.run_id]
    return [read_scores(folder / file) for file in read_cell(folder).files_of(row)]


def influences_of(board: MadeBoard, row: Row) -> RowInfluences:
    return read_influences(row, draws_of(board, row), "training", row.train_overlap)


def test_every_test_domain_and_source_has_an_auc_that_is_the_row_s(board: MadeBoard) -> None:
    for row in board.rows:
        found = influences_of(board, row)
        assert len(found.aucs) == 8
        for test in row.tests:
            own = found.aucs[found.places[test.domain, AS_TESTED]]
            assert own.values.mean() == pytest.approx(test.auc, abs=1e-12)
            assert (
                found.places[test.domain, "set"] == found.places[test.domain, AS_TESTED]
            )  # its own reals are no other pictures
            for result in test.by_reals:
                auc = found.aucs[found.places[test.domain, result.source]]
                assert auc.values.mean() == pytest.approx(result.auc, abs=1e-12)


def test_the_variance_of_a_mean_follows_from_what_is_packed(board: MadeBoard) -> None:
    row = next(row for row in board.rows if row.seeds == 5)
    writer = InfluenceWriter()
    writer.add("r", influences_of(board, row))
    block = block_of(writer.packed())
    names = [entry.scored.groups for entry in draws_of(board, row)[0] if entry.split == "test"]
    codes = GroupCodes(np.unique(np.concatenate(names)))
    tested = [[e.scored for draw in draws_of(board, row) for e in draw if (e.domain, e.split) == (n, "test")] for n in DOMAINS]
    wanted = mean_of([auc_replicates(scored, codes) for scored in tested])
    (packed,), layout = block["rows"], block["layouts"][0]
    places = [at for domain, source, at in layout["places"] if block["sources"][source] == AS_TESTED]
    total = np.zeros(sum(block["classes"]["columns"]))
    starts = np.concatenate([[0], np.cumsum(block["classes"]["columns"])])
    at = 0
    for place, number in enumerate(layout["sets"]):
        columns = np.concatenate([np.arange(starts[c], starts[c + 1]) for c in block["sets"][number]["classes"]])
        if place in places:
            total[columns] += block["influences"][at : at + len(columns)] * block["scales"][place] / len(places)
        at += len(columns)
    assert at == len(block["influences"])
    assert float(total @ total) == pytest.approx(float(wanted.covariance.mean()), rel=1e-4)
    n = len(layout["sets"])
    traces = np.zeros((n, n))
    traces[np.triu_indices(n)] = block["traces"]
    both = traces + np.triu(traces, 1).T
    assert both[np.ix_(places, places)].mean() == pytest.approx(float(np.trace(wanted.covariance)), rel=1e-5)
    assert packed["draws"] == 5
    everyone = np.concatenate([auc.pictures.groups for auc in influences_of(board, row).aucs])
    assert sum(block["classes"]["groups"]) == len(np.unique(everyone))


def packed_rows(board: MadeBoard, rows: Sequence[Row], budget: int) -> dict:
    writer = InfluenceWriter(budget)
    for row in rows:
        writer.add(row.cell + row.role, influences_of(board, row))
    return block_of(writer.packed())


def test_few_draws_are_kept_one_by_one(board: MadeBoard) -> None:
    few = next(row for row in board.rows if row.seeds == 3)
    many = next(row for row in board.rows if row.seeds == 5)
    sizes = {len(packed_rows(board, [row], 10**6)["influences"]) / len(influences_of(board, row).aucs) for row in (few, many)}
    assert max(sizes) == pytest.approx(3 * min(sizes))


def test_a_page_with_less_room_has_fewer_bits_then_fewer_columns_then_fewer_rows(tmp_path: Path) -> None:
    board = made_board(tmp_path, trains=DOMAINS[:1], n=10)
    rows = board.rows[:3]
    whole = packed_rows(board, rows, 10**6)
    assert (whole["bits"], whole["columns"], whole["left_out"]) == (16, 0, 0)
    size = 2 * len(whole["influences"])
    halved = packed_rows(board, rows, size - 1)
    assert (halved["bits"], halved["columns"], len(halved["influences"])) == (8, 0, len(whole["influences"]))
    small = packed_rows(board, rows, size // 4)
    assert small["bits"] == 8
    assert small["columns"] in [one.columns for one in RESOLUTIONS[2:]]
    assert len(small["influences"]) <= size // 4
    assert sum(small["classes"]["groups"]) == sum(whole["classes"]["groups"])
    tiny = packed_rows(board, rows, 800)
    assert tiny["left_out"] == 2
    assert [row["id"] for row in tiny["rows"]] == [rows[0].cell + rows[0].role]
    assert InfluenceWriter().packed() == ""


def test_folding_keeps_variances_within_the_error_that_the_page_tells(tmp_path: Path) -> None:
    board = made_board(tmp_path, trains=DOMAINS[:1], n=10)
    rows = board.rows
    whole, small = packed_rows(board, rows, 10**7), packed_rows(board, rows, 6_000)
    assert small["columns"] > 0
    ratios = []
    for block in (whole, small):
        widths = [sum(block["classes"]["columns"][c] for c in one["classes"]) for one in block["sets"]]
        values, at = [], 0
        for number, (row, scale) in enumerate(zip(np.repeat(block["rows"], 4), block["scales"], strict=True)):
            width = widths[block["layouts"][row["layout"]]["sets"][number % 4]]
            values.append(float(np.sum((block["influences"][at : at + width] * float(scale)) ** 2)))
            at += width
        ratios.append(values)
    errors = np.array(ratios[1]) / np.array(ratios[0]) - 1
    assert len(errors) == 4 * len(rows)
    expected = np.sqrt(2 / small["columns"])
    assert np.abs(errors).max() < 4 * expected
    assert errors.std() > expected / 10  # it is no copy


def test_scores_that_are_no_numbers_have_a_reason_and_no_auc(board: MadeBoard) -> None:
    row = board.rows[0]
    draws = draws_of(board, row)
    entry = next(entry for entry in draws[0] if (entry.domain, entry.split) == ("set/b", "test"))
    entry.scored.scores[0] = np.nan
    found = read_influences(row, draws)
    damaged = found.aucs[found.places["set/b", AS_TESTED]]
    assert "not finite" in damaged.trouble
    assert np.isnan(damaged.values).all()
    assert found.aucs[found.places["set/c", AS_TESTED]].trouble == ""
    assert read_influences(row, []).aucs == []
