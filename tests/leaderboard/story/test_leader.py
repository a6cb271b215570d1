"""The set of rows in which somebody leads, and the study of the detectors."""

from collections.abc import Callable
from typing import Any

from bandbench.leaderboard.ranking.detectors import DetectorPlace
from bandbench.leaderboard.story.leader import leading
from bandbench.leaderboard.story.parts import Sentence, Topic

Maker = Callable[..., Any]
FIRST = {"rank_low": 1, "rank_high": 1, "tie_group": 1, "seeds": 5}


def test_the_set_with_most_ranked_rows_is_told(row_maker: Maker) -> None:
    small = [row_maker("high", "set/b", 0.95, **FIRST)]
    large = [row_maker("svm", **FIRST), row_maker("ridge", level=0.7, **FIRST | {"tie_group": 2})]
    assert leading([*small, *large], [], [*small, *large]).subject is large[0]


def test_a_ranking_of_one_training_leaves_the_word_to_the_rows(row_maker: Maker) -> None:
    rows = [row_maker("svm", **FIRST)]
    places = [DetectorPlace(name, "made", 0.8, 0.7, 0.9, 1, 1, 1, train=("set/a",)) for name in ("svm", "ridge")]
    text = Sentence.of(Topic.LEADER, leading(rows, places, rows).parts).text
    assert text.startswith("svm, trained on set/a, is the only row with a rank")


def test_of_several_studies_the_one_is_named(row_maker: Maker) -> None:
    rows = [row_maker("svm", **FIRST), row_maker("svm", "set/b", **FIRST)]
    train = ("set/a", "set/b")
    places = [
        DetectorPlace(name, "made", auc, auc, auc, rank, rank, rank, train=train)
        for name, auc, rank in (("svm", 0.8, 1), ("x", 0.7, 2))
    ]
    places.append(DetectorPlace("svm", "other", 0.9))
    told = leading(rows, places, rows)
    assert Sentence.of(Topic.LEADER, told.parts).text.startswith("In made, svm leads: ")
    assert told.subject in rows
