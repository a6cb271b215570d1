"""What detectors live on, as lines of a board."""

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.carriers import Carrier
from bandbench.benchmark.results.rows import Row, rows_from_json, rows_to_json
from bandbench.leaderboard.carriers import carrier_lines
from bandbench.leaderboard.exports import as_document
from bandbench.leaderboard.notes import shown_rows
from made_carriers import carrier_row, comb_row


def test_lines_of_a_training_domain_stand_together_its_own_test_domain_first() -> None:
    rows = [
        carrier_row("b", "home", ("away", "home")),
        carrier_row("a", "away", ("home",)),
        carrier_row("a", "home", ("home",)),
    ]
    places = [(line.row.train, line.result.domain, line.row.detector) for line in carrier_lines(rows)]
    assert places == [("home", "home", "a"), ("home", "home", "b"), ("home", "away", "b"), ("away", "home", "a")]
    assert [line.at_home for line in carrier_lines(rows)] == [True, True, False, False]


def test_the_document_of_a_board_lists_carriers_beside_the_rows() -> None:
    row = carrier_row("dct_ridge", "home", ("home",))
    document = as_document("made", [row])
    (line,) = document["carriers"]
    assert (line["detector"], line["train"], line["domain"], line["in_domain"]) == ("dct_ridge", "home", "home", True)
    assert (line["carrier"], line["period"]) == (Carrier.PEAKS, 8)
    assert line["whole"] == {"auc": 0.9, "lo": 0.8, "hi": 1.0}
    assert line["sentences"][0].startswith("on home dct_ridge lives on the peaks of period 8: ")
    assert "carriers" not in document["rows"][0]


def test_a_row_keeps_its_carriers_and_one_without_keeps_its_form() -> None:
    rows = [carrier_row("dct_ridge", "home", ("home",)), Row("dct_ridge", "home", "chosen", Band())]
    assert [row.carriers for row in rows_from_json(rows_to_json(rows))] == [row.carriers for row in rows]
    assert "carriers" not in rows[1].to_json()


def test_a_table_leaves_out_combs_that_the_table_of_carriers_has() -> None:
    combs = [comb_row("home"), comb_row("another cell")]
    rows = [carrier_row("dct_ridge", "home", ("home",)), *combs]
    assert shown_rows(rows) == [rows[0], combs[1]]
