"""Texts of ``bench evaluate``: a domain of one class, intervals, the document."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bandbench.benchmark.cli.evaluate import _as_document, _interval_text, _one_sided
from bandbench.benchmark.metrics.roc import Interval
from bandbench.benchmark.models.evaluation import Evaluation

MODEL: Any = SimpleNamespace(recipe=SimpleNamespace(classes=("real", "fake")))


def evaluation(**changes: Any) -> Evaluation:
    fields: dict[str, Any] = {"numbers": {"auc": 0.9}, "confusion": None, "scores": pa.table({}), "problems": ()}
    return Evaluation("mine", 40, 50, **(fields | changes))


@pytest.mark.parametrize(
    ("missing", "numbers", "end"),
    [
        (("fake",), {"false_alarms": 0.025}, "real pictures 2.5 % are called fake (false alarms), at the model's threshold."),
        (("real",), {"detections": 0.9}, "fake pictures 90.0 % are called fake (detections), at the model's threshold."),
        (("real", "fake"), {}, "AUC, balanced accuracy, EER and PD take both classes."),
    ],
)  # fmt: skip
def test_one_class_alone_gives_a_rate(missing: tuple[str, ...], numbers: dict[str, float], end: str) -> None:
    text = _one_sided(evaluation(missing=missing, numbers=numbers))
    assert text.startswith(f"mine has no {' and '.join(missing)} pictures that could be scored;")
    assert text.endswith(end)


def test_an_interval_stands_below_its_auc() -> None:
    assert _interval_text(Interval(float("nan"), float("nan"), float("nan"), float("nan"))) == "–"
    assert _interval_text(Interval(0.9998, 0.9996, 1.0, 0.0001)) == "0.999\n0.999-1.000"
    assert _interval_text(Interval(0.5, float("nan"), float("nan"), float("nan"))) == "0.500"
    assert _interval_text(Interval(0.5, 0.4, 0.6, 0.05)) == "0.500\n0.400-0.600"


def test_the_document_has_coverage_and_a_confusion_matrix_if_there_is_one() -> None:
    document = _as_document(evaluation(n_dropped=3), MODEL)
    assert (document["domain"], document["coverage"], document["dropped_leaks"], document["auc"]) == ("mine", 0.8, 3, 0.9)
    assert "confusion" not in document
    matrix = np.array([[20, 0], [1, 19]])
    assert _as_document(evaluation(confusion=matrix), MODEL)["confusion"] == [[20, 0], [1, 19]]
