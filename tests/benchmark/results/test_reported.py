"""A published number beside a measured one: the difference, the answer of the interval, and the JSON form."""

import json
import math
from typing import Any

import pytest

from bandbench.benchmark.contracts import HowKnown, Reported
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.results.reported import HOW_KNOWN, MEANINGS, Incomparable, ReportedResult
from bandbench.benchmark.store.files import dump_json

PUBLISHED = Reported(0.9, "auc", "mine", "A paper, table 1", HowKnown.READ)


@pytest.mark.parametrize(
    ("low", "high", "holds"), [(0.85, 0.95, True), (0.9, 0.95, True), (0.91, 0.95, False), (0.8, 0.89, False)]
)
def test_the_interval_holds_its_ends_too(low: float, high: float, holds: bool) -> None:
    result = ReportedResult(PUBLISHED, 0.92, low, high)
    assert result.holds is holds
    assert result.difference == pytest.approx(0.02)
    assert ("does not hold" in result.remark) is not holds


def test_without_an_interval_there_is_no_answer() -> None:
    result = ReportedResult(PUBLISHED, 0.92)
    assert result.holds is None
    assert result.remark == "the measured number has no interval"


def test_accuracy_is_said_to_be_no_balanced_accuracy() -> None:
    accuracy = Reported(0.9, "accuracy", "mine", "A paper", HowKnown.MEMORY)
    assert "balanced accuracy is another number" in ReportedResult(accuracy, reason=Incomparable.METRIC).remark


@pytest.mark.parametrize(
    "result", [ReportedResult(PUBLISHED, 0.92, 0.9, 0.95), ReportedResult(PUBLISHED, reason=Incomparable.DATA)]
)
def test_json_and_back(result: ReportedResult) -> None:
    data = json.loads(dump_json(result.to_json()))
    assert repr(ReportedResult.from_json(data)) == repr(result)
    assert data["how_known"] == "read"
    assert (data["measured"] is None) is math.isnan(result.measured)


def test_every_reason_has_words() -> None:
    assert set(MEANINGS) == set(Incomparable)
    assert set(HOW_KNOWN) == set(HowKnown)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"value": 97.4}, "share from 0 to 1"),
        ({"value": math.nan}, "share from 0 to 1"),
        ({"source": ""}, "the source of 0.9 is empty"),
        ({"how_known": "heard"}, "how_known is one of read, second_hand, memory, got 'heard'"),
    ],
)
def test_a_number_without_its_source_is_refused(changes: dict[str, Any], message: str) -> None:
    values = {"value": 0.9, "metric": "auc", "data": "mine", "source": "A paper", "how_known": "read"} | changes
    with pytest.raises(PluginError, match=message):
        Reported(**values)
