"""Every number of a sentence stands on the board, and no sentence claims more than the board does."""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.marks import Mark
from bandbench.benchmark.results.rows import NAN, Row, Shortcut, SubmissionFacts
from bandbench.leaderboard.exports import as_document
from bandbench.leaderboard.ranking.detectors import DetectorPlace
from bandbench.leaderboard.story.parts import Part, Sentence, Topic
from bandbench.leaderboard.story.story import story

Maker = Callable[..., Any]
CHANCE = {"cross_domain_auc": 0.5, "cross_domain_auc_lo": 0.45, "cross_domain_auc_hi": 0.55}


def place(detector: str, auc: float, rank: int | None, tie: int | None, **changes: Any) -> DetectorPlace:
    train = changes.pop("train", ("set/a", "set/b"))
    return DetectorPlace(detector, "made", auc, auc - 0.02, auc + 0.02, rank, rank, tie, train=train, **changes)


Board = tuple[list[Row], list[DetectorPlace]]
FIRST = {"rank_low": 1, "rank_high": 1, "tie_group": 1, "seeds": 5}
SECOND = {"rank_low": 2, "rank_high": 2, "tie_group": 2, "seeds": 5}
FEW = {"seeds": 3, "rank_reason": "fewer than 5 draws"}
LOST = {"in_domain_auc": 0.5, "in_domain_auc_lo": 0.4, "in_domain_auc_hi": 0.6, "rank_reason": "nothing learned", "seeds": 5}
AT_HOME = {"cross_domain_auc": NAN, "cross_domain_auc_lo": NAN, "cross_domain_auc_hi": NAN, "worst_auc": NAN, "seeds": 5}
BROUGHT = {"source": "submitted", "submission": SubmissionFacts("theirs"), "evidence": None}
FILES = Shortcut(0.93, 0.9, 0.95, "format", ("PNG", "JPEG"))
LATER = {"later_auc": 0.7, "later_auc_lo": 0.65, "later_auc_hi": 0.74}
COIN = place("coin_flip", 0.5, None, None, marks=(Mark.CONTROL,))


def boards(row_maker: Maker, test_maker: Maker) -> dict[str, Board]:
    """Boards of all kinds: rows with their standings, and the ranking of the detectors."""

    def two(**second: Any) -> list[Row]:
        return [row_maker("svm", **FIRST), row_maker("ridge", **({"level": 0.6} | SECOND | second))]

    rows = {
        "one": [row_maker("svm", **FIRST)],
        "leader": two(),
        "tie": two(level=0.79, **FIRST),
        "tie of three": [row_maker(name, level=level, **FIRST) for name, level in (("a", 0.8), ("b", 0.79), ("c", 0.78))],
        "few draws": [row_maker("svm", **FEW), row_maker("ridge", level=0.6, **FEW)],
        "one row, few draws": [row_maker("svm", **FEW)],
        "chance": [row_maker(name, **LOST, **CHANCE) for name in ("svm", "ridge")],
        "submissions": [row_maker("svm", **FIRST, **BROUGHT), row_maker("ridge", level=0.6, **SECOND, **BROUGHT)],
        "in-domain": [row_maker("svm", tests=[test_maker("set/a", 0.9)], **AT_HOME)],
        "detectors": [row_maker("svm", "set/b", **FIRST), *two()],
        "tied detectors": two(level=0.79, **FIRST),
        "shortcut": [
            row_maker("svm", shortcut=FILES, **FIRST),
            row_maker("ridge", level=0.6, shortcut=replace(FILES, ambiguous=True), **SECOND),
        ],
        "later": [row_maker("svm", **FIRST, **LATER)],
    }
    rankings = {
        "detectors": [place("svm", 0.8, 1, 1), place("ridge", 0.6, 2, 2), COIN],
        "tied detectors": [place("svm", 0.8, 1, 1), place("ridge", 0.79, 1, 1)],
    }
    return {name: (some, rankings.get(name, [])) for name, some in rows.items()}


NAMES = (
    *("one", "leader", "tie", "tie of three", "few draws", "one row, few draws", "chance", "submissions", "in-domain"),
    *("detectors", "tied detectors", "shortcut", "later"),
)


def value_of(part: Part, rows: Sequence[Row], ranking: Sequence[DetectorPlace]) -> list[float]:
    """Values that the board has at the place that a part names."""
    if part.counted:
        found = {row.id for row in rows} | {one.detector for one in ranking}
        return [float(len(set(part.counted) & found))]
    if part.detector:
        (found_place,) = [one for one in ranking if (one.study, one.detector) == (part.study, part.detector)]
        value = getattr(found_place, part.column)
        return [float(len(value)) if part.column == "train" else value]
    (row,) = [row for row in rows if row.id == part.row]
    if part.column == "evidence":
        return [end for stretch in row.evidence or () for end in (stretch.low, stretch.high)]
    if part.column == "shortcut":
        shortcuts = [row.shortcut] if not part.domain else [test.shortcut for test in row.tests if test.domain == part.domain]
        return [shortcut.auc for shortcut in shortcuts if shortcut]
    return [row.value(part.column)]


@pytest.mark.parametrize("name", NAMES)
def test_every_number_stands_on_the_board(name: str, row_maker: Maker, test_maker: Maker) -> None:
    rows, ranking = boards(row_maker, test_maker)[name]
    told = story(rows, ranking)
    assert 3 <= len(told) <= 5
    numbers = [part for sentence in told for part in sentence.parts if part.value is not None]
    assert numbers
    for part in numbers:
        assert part.value in value_of(part, rows, ranking), part
        shown = float(part.text.replace("\N{MINUS SIGN}", "-"))
        assert shown == pytest.approx(part.value, abs=0.0011)
    words = [part.text for sentence in told for part in sentence.parts if part == Part(part.text)]
    assert not [text for text in words if re.search(r"\d", text)]


def texts(rows: Sequence[Row], ranking: Sequence[DetectorPlace] = ()) -> dict[Topic, str]:
    return {sentence.topic: sentence.text for sentence in story(rows, ranking)}


LEADER = {
    "one": "svm, trained on set/a, is the only row with a rank; its mean cross-domain AUC is 0.800 (0.780–0.820).",
    "leader": (
        "svm, trained on set/a, leads the 2 ranked rows with the same test pictures: its mean cross-domain AUC is 0.800 "
        "(0.780–0.820), significantly above that of the other one."
    ),
    "tie": (
        "svm, trained on set/a, has the highest mean cross-domain AUC of the 2 ranked rows with the same test pictures, 0.800 "
        "(0.780–0.820), but it is a tie: ridge, trained on set/a, with 0.790 (0.770–0.810) is not significantly worse."
    ),
    "tie of three": (
        "a, trained on set/a, has the highest mean cross-domain AUC of the 3 ranked rows with the same test pictures, 0.800 "
        "(0.780–0.820), but it is a tie: 2 others are not significantly worse."
    ),
    "few draws": (
        "No row has a rank: both rows had fewer than five draws of the training pictures. The highest mean cross-domain AUC, "
        "0.800 (0.780–0.820), is that of svm, trained on set/a; it is not a rank."
    ),
    "one row, few draws": (
        "The only row has no rank, as it had fewer than five draws of the training pictures. The mean cross-domain AUC of svm, "
        "trained on set/a, is 0.800 (0.780–0.820)."
    ),
    "detectors": (
        "svm leads: its mean cross-domain AUC over 2 training domains is 0.800 (0.780–0.820), significantly above that of the "
        "other ranked detector."
    ),
    "tied detectors": (
        "svm has the highest mean cross-domain AUC over 2 training domains, 0.800 (0.780–0.820), but it is a tie: ridge with "
        "0.790 (0.770–0.810) is not significantly worse."
    ),
}
NOTHING_SURVIVES = (
    "Nothing is shown to survive on other domains: none of 2 rows has a cross-domain AUC whose interval lies above chance."
)
NOT_ABROAD = "No row was tested on another domain than its own, so nothing here shows transfer."
NEWER = (
    "On generators that came out after all of its training ones, svm, trained on set/a, has a mean AUC of 0.700 (0.650–0.740)."
)
NOT_ASKED = "No row says which frequencies carry its evidence: no narrow bands were tried."


@pytest.mark.parametrize(
    ("name", "topic", "wanted"),
    [
        *((name, Topic.LEADER, wanted) for name, wanted in LEADER.items()),
        ("chance", Topic.TRANSFER, NOTHING_SURVIVES),
        ("in-domain", Topic.TRANSFER, NOT_ABROAD),
        ("later", Topic.LATER, NEWER),
        ("submissions", Topic.FREQUENCIES, NOT_ASKED),
    ],
)
def test_sentences_as_they_are_read(name: str, topic: Topic, wanted: str, row_maker: Maker, test_maker: Maker) -> None:
    assert texts(*boards(row_maker, test_maker)[name])[topic] == wanted


def test_survival_takes_an_interval_above_chance(row_maker: Maker) -> None:
    row = row_maker("svm", seeds=5)
    assert "the only row keeps a cross-domain AUC whose interval lies above chance" in texts([row])[Topic.TRANSFER]
    touching = replace(row, cross_domain_auc_lo=0.5)
    assert texts([touching])[Topic.TRANSFER].startswith("Nothing is shown to survive")
    without = replace(row, cross_domain_auc_lo=NAN, cross_domain_auc_hi=NAN)
    assert texts([without])[Topic.TRANSFER].startswith("Nothing is shown to survive")


def test_a_leader_at_chance_is_said_to_be_there(row_maker: Maker) -> None:
    rows = [row_maker("svm", seeds=5, rank_low=1, rank_high=1, tie_group=1, **CHANCE)]
    assert texts(rows)[Topic.LEADER].endswith("That interval includes chance.")
    below = {"cross_domain_auc": 0.4, "cross_domain_auc_lo": 0.3, "cross_domain_auc_hi": 0.45}
    rows = [row_maker("svm", seeds=5, rank_low=1, rank_high=1, tie_group=1, **below)]
    assert texts(rows)[Topic.LEADER].endswith("That is below chance.")


def test_controls_and_other_bands_have_no_part_in_it(row_maker: Maker) -> None:
    rows = [row_maker("coin_flip"), row_maker("svm", role="allpass"), row_maker("svm", role="fixed")]
    assert story(rows) == []
    assert story([]) == []
    both = texts([*rows, row_maker("svm", seeds=5, cell="another")])
    assert "the only row" in both[Topic.TRANSFER]


def test_the_json_form_has_the_places(row_maker: Maker, test_maker: Maker) -> None:
    rows, ranking = boards(row_maker, test_maker)["leader"]
    told = as_document("made", rows, ranking=ranking)["story"]
    assert [one["topic"] for one in told] == ["leader", "transfer", "frequencies", "doubt"]
    parts = told[0]["parts"]
    assert "".join(part["text"] for part in parts) == told[0]["text"]
    assert {"text": "0.800", "value": rows[0].cross_domain_auc, "row": rows[0].id, "column": "cross_domain_auc"} in parts


def test_words_beside_each_other_are_one_part() -> None:
    sentence = Sentence.of(Topic.DOUBT, ["a ", "b ", Part("0.5", 0.5), "", " c"])
    assert [part.text for part in sentence.parts] == ["a b ", "0.5", " c"]


def test_frequencies_say_where_and_what_they_gain(row_maker: Maker) -> None:
    row = row_maker("svm", seeds=5, band=Band("band", 0.15, 0.1), gain=0.02, gain_lo=0.01, gain_hi=0.03)
    text = texts([row])[Topic.FREQUENCIES]
    assert text.startswith(
        "svm, trained on set/a, detects fakes in single narrow bands at 0.100–0.200 cycles/pixel; the search chose "
    )
    assert text.endswith("which gains +0.020 (+0.010 to +0.030) on all frequencies.")
    assert "may be nothing" in texts([replace(row, gain_lo=-0.01)])[Topic.FREQUENCIES]
    assert "loses against all frequencies" in texts([replace(row, gain_hi=-0.01, gain_lo=-0.03)])[Topic.FREQUENCIES]
    assert "has no narrow band that is clearly better" in texts([replace(row, evidence=())])[Topic.FREQUENCIES]
    assert "kept all frequencies" in texts([replace(row, band=Band())])[Topic.FREQUENCIES]


def test_a_mean_that_is_unknown_is_not_told(row_maker: Maker) -> None:
    row = row_maker("svm", seeds=5)
    assert math.isnan(row.later_auc)
    assert Topic.LATER not in texts([row])


def test_shots_and_unknown_trainings_show_no_transfer(row_maker: Maker) -> None:
    unknown = row_maker("svm", seeds=5, train="not stated")
    assert texts([unknown])[Topic.TRANSFER] == "No row states what it was trained on, so nothing here shows transfer."
    shots = row_maker("svm", seeds=5, shots=100)
    assert texts([shots])[Topic.TRANSFER].startswith("No row was tested on another domain than its own")
    both = texts([shots, row_maker("ridge", seeds=5, cell="another")])[Topic.TRANSFER]
    assert both.startswith("On other domains, the only row that can tell keeps a cross-domain AUC")


def test_rows_without_ranks_are_counted_over_the_whole_board(row_maker: Maker) -> None:
    elsewhere = row_maker("svm", train="set/b", cell="another")
    told = texts([row_maker("svm"), elsewhere])[Topic.LEADER]
    assert told.startswith("No row has a rank: both rows had one draw")
