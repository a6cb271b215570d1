"""Published numbers of registered detectors are those of their cards; other rows keep what was recorded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bandbench.api.board_inputs import published_numbers
from bandbench.benchmark.contracts import HowKnown, Reported
from bandbench.benchmark.registry import detectors
from bandbench.benchmark.results.reported import Incomparable
from bandbench.benchmark.results.rows import Row
from bandbench.benchmark.tracking.store import default_tracking_uri
from bandbench.benchmark.views.kernel import ALL_PASS
from bandbench.leaderboard.reported import with_reported
from bandbench.leaderboard.rows import load_board
from conftest import run, small_study

Maker = Callable[..., Any]
CARD = (Reported(0.79, "auc", "set/b", "A paper", HowKnown.READ),)
PLANTED = '''
from bandbench.benchmark.contracts import Detector, HowKnown, Reported, ViewSpec


class Planted(Detector):
    """Mean of the profile."""

    name = "planted_number"
    view = ViewSpec("profile")
    reported = (
        Reported(0.5, "auc", "mine", "A paper, table 2", HowKnown.SECOND_HAND),
        Reported(0.9, "accuracy", "mine", "A paper, table 2", HowKnown.READ),
    )

    def fit(self, view, labels):
        self.weights_ = view.values[labels == 1].mean(axis=0) - view.values[labels == 0].mean(axis=0)
        return self

    def score(self, view):
        return (view.values * self.weights_).sum(axis=1)
'''


def test_a_card_replaces_what_was_recorded(row_maker: Maker) -> None:
    every = {"band": ALL_PASS}
    rows = [
        *(row_maker("svm/faithful", **every), row_maker("svm", **every)),
        *(row_maker("svm", source="submitted"), row_maker("other"), row_maker("svm")),
    ]
    known = with_reported(rows, lambda name: CARD if name == "svm" else ())
    assert [len(row.reported) for row in known] == [1, 1, 0, 0, 1]
    assert [row.reported[0].holds for row in known[:2]] == [None, True]
    # A published detector sees all frequencies: a band has no published number.
    assert known[4].reported[0].reason is Incomparable.PARAMETERS


def test_cards_of_ours_name_their_sources() -> None:
    numbers = [number for plugin in detectors.found.classes.values() for number in plugin.reported]
    assert len(numbers) > 40
    assert all(number.source for number in numbers)
    assert published_numbers("warping_cnn")[0].metric == "auc"
    assert published_numbers("no_such_detector") == ()


def test_a_planted_number_is_compared_where_it_can_be(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    """An outside detector's card travels with the records: its file may be gone when a board is built."""
    file = tmp_path / "planted.py"
    file.write_text(PLANTED)
    plain = {"sweep": None, "search": {"trials": 0}}
    run(small_study(detectors=[f"{file}:Planted"], **plain), {"mine": picture_folder()})
    (row,) = [row for row in load_board(default_tracking_uri(), "small").rows if row.role == "chosen"]
    compared, other = row.reported
    test = row.tests[0]
    assert (compared.measured, compared.measured_lo, compared.measured_hi) == (test.auc, test.auc_lo, test.auc_hi)
    assert compared.difference == test.auc - 0.5
    assert compared.holds is (test.auc_lo <= 0.5 <= test.auc_hi)
    assert "accuracy" in other.remark
    assert repr(Row.from_json(row.to_json())) == repr(row)


@pytest.mark.parametrize("name", ["spectral_svm", "warping_cnn"])
def test_show_lists_what_was_published(name: str) -> None:
    from bandbench.benchmark.cli.show import _find

    shown = _find(name)["reported"]
    assert len(shown) == len(published_numbers(name))
    assert shown[0]["how_known"] == "read in the publication"
