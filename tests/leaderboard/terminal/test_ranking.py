"""The second table of the terminal: detectors over their training domains."""

import io
import math
from dataclasses import replace

import pytest
from rich.console import Console

from bandbench.benchmark.results.marks import Mark
from bandbench.leaderboard.ranking.detectors import DetectorPlace
from bandbench.leaderboard.terminal.ranking import COIN_NOTE, auc_of, print_ranking, rank_text, remark

TRAIN = ("a", "b")
GOOD = DetectorPlace("[bold]good", "made", 0.8, 0.7, 0.9, 1, 1, 1, train=TRAIN, draws=5)
FAIR = DetectorPlace("fair", "made", 0.55, 0.45, 0.65, 2, 3, 2, marks=(Mark.LIKE_COIN_FLIP,), train=TRAIN, draws=5)
COIN = DetectorPlace(
    "coin_flip", "made", 0.5, 0.45, 0.55, reason="control", marks=(Mark.CONTROL, Mark.LIKE_COIN_FLIP), train=TRAIN, draws=5
)
LOST = DetectorPlace("lost", "made", reason="not trained on b")


def shown(*places: DetectorPlace, width: int = 120) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    print_ranking(places, console)
    return console.export_text()


def test_the_table_has_ranks_intervals_and_the_coin() -> None:
    text = shown(GOOD, FAIR, COIN, LOST)
    lines = {
        name: next(line for line in text.splitlines() if name in line) for name in ("[bold]good", "fair", "coin_flip", "lost")
    }
    assert lines["[bold]good"].split() == ["1", "[bold]good", "0.800", "(0.700-0.900)"]
    assert lines["fair"].split()[0] == "2-3"
    assert lines["fair"].rstrip().endswith("like a coin flip")
    assert lines["coin_flip"].split()[0] == "coin_flip"
    assert lines["coin_flip"].rstrip().endswith(COIN_NOTE)
    assert lines["lost"].split() == ["lost", "–", "not", "trained", "on", "b"]
    assert "over 2 training domains" in text
    assert "among the 2 detectors that may be ranked" in " ".join(text.split())


def test_without_ranks_no_number_of_ranked_detectors_is_told() -> None:
    text = " ".join(shown(LOST, replace(FAIR, rank_low=None, rank_high=None)).split())
    assert "training draws; no detector may be ranked." in text


@pytest.mark.parametrize("width", [60, 80])
def test_it_fits_a_narrow_terminal(width: int) -> None:
    assert max(map(len, shown(GOOD, FAIR, COIN, LOST, width=width).splitlines())) <= width


def test_one_detector_is_no_ranking_and_each_study_has_a_table() -> None:
    assert shown(GOOD) == ""
    other = DetectorPlace("other", "another", 0.6, 0.5, 0.7)
    assert shown(GOOD, FAIR, other).count("mean cross-domain") == 1


def test_pools_are_called_trainings_and_those_with_shots_are_counted_apart() -> None:
    train, left_out = ("a", "a & b"), ("a & 10 shots of c", "a & 50 shots of c")
    partly = replace(FAIR, train=train, nothing_learned_on=("a",), left_out=left_out)
    text = " ".join(shown(replace(GOOD, train=train, left_out=left_out), partly).split())
    assert "detectors over their trainings" in text
    assert "nothing learned on 1 of 2 trainings" in text
    assert "over 2 trainings, which weigh the same" in text
    assert text.endswith("Not counted: 2 trainings with shots of a target domain.")
    assert "training domain" not in text
    assert "Not counted" not in shown(GOOD, FAIR)


def test_texts_of_single_cells() -> None:
    assert (rank_text(None, None), rank_text(2, 2), rank_text(1, 3)) == ("", "2", "1-3")
    assert auc_of(DetectorPlace("x", "made", 0.75)) == "0.750"
    assert auc_of(DetectorPlace("x", "made", 0.99, 0.9, 0.99999)) == "0.990 (0.900-0.999)"
    assert math.isnan(LOST.auc)
    partly = DetectorPlace("x", "made", 0.6, train=TRAIN, nothing_learned_on=("a",))
    assert remark(partly) == "nothing learned on 1 of 2 training domains"
    assert remark(DetectorPlace("x", "made", reason="one draw", marks=(Mark.ONE_DRAW,))) == "one draw"
