"""A plugin is called with its contract checked, and comes back from a folder as it was."""

import json
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest
from numpy.typing import NDArray

from bandbench.benchmark.contracts import Detector, Features, ViewSpec
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.fitted import fit_detector, load_detector, save_detector, score_classes, score_detector

VIEW = Features(np.random.default_rng(0).standard_normal((6, 3)))
LABELS = np.array([0, 1, 0, 1, 0, 1])


class Means(Detector):
    """Scores by the gap of the class means; `answer` takes the place of the scores."""

    name = "means"

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer

    @property
    def view(self) -> ViewSpec:
        return ViewSpec("profile")

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        self.weights_ = view.values[labels == 1].mean(axis=0) - view.values[labels == 0].mean(axis=0)
        self.parts_ = {"first": self.weights_[:1]}
        self.n_ = len(view)
        return self

    def score(self, view: Features) -> NDArray[np.float64]:
        return view.values @ self.weights_ if self.answer is None else self.answer

    def class_scores(self, view: Features) -> NDArray[np.float64]:
        return np.stack([-self.score(view), self.score(view)], axis=1)


def test_a_fitted_detector_comes_back(tmp_path: Path) -> None:
    detector = fit_detector(Means(), VIEW, LABELS)
    save_detector(detector, tmp_path)
    loaded = load_detector(Means, tmp_path)
    np.testing.assert_array_equal(score_detector(loaded, VIEW), score_detector(detector, VIEW))
    assert loaded.learned().keys() == {"weights_", "parts_", "n_"}
    with pytest.raises(PluginError, match=r"means was fitted on crops of shape \(3,\), got \(2,\)"):
        score_detector(loaded, Features(VIEW.values[:, :2]))


@pytest.mark.parametrize(
    ("view", "labels", "message"),
    [
        (VIEW, LABELS[:5], "got 6 crops and 5 labels"),
        (VIEW, np.zeros(6, dtype=int), "needs both classes, got no fake among 6 crops"),
        (Features(np.full((6, 3), np.nan)), LABELS, "handed a view with values that are not finite"),
    ],
)
def test_input_that_a_detector_cannot_be_blamed_for(view: Features, labels: np.ndarray, message: str) -> None:
    with pytest.raises(PluginError, match=message):
        fit_detector(Means(), view, labels)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (np.zeros(5), r"must return float64 \(6,\), got float64 \(5,\)"),
        (np.zeros(6, np.float32), r"must return float64 \(6,\), got float32"),
        (np.array([0, 1, np.inf, 0, np.nan, 0]), "returned 2 scores that are not finite"),
    ],
)
def test_answers_that_break_the_contract(answer: np.ndarray, message: str) -> None:
    detector = fit_detector(Means(answer), VIEW, LABELS)
    with pytest.raises(PluginError, match=message):
        score_detector(detector, VIEW)


def test_nobody_scores_before_fit() -> None:
    with pytest.raises(PluginError, match="means.score was called before fit"):
        score_detector(Means(), VIEW)


def test_scores_of_classes() -> None:
    detector = fit_detector(Means(), VIEW, LABELS)
    assert isinstance(detector, Means)
    assert score_classes(detector, VIEW, 2).shape == (6, 2)
    with pytest.raises(PluginError, match=r"must return float64 \(6, 3\), got shape \(6, 2\)"):
        score_classes(detector, VIEW, 3)


def test_what_has_no_safe_form_is_refused(tmp_path: Path) -> None:
    detector = fit_detector(Means(), VIEW, LABELS)
    vars(detector)["thing_"] = object()
    with pytest.raises(PluginError, match="means.thing_ is a object; what fit learns must be arrays"):
        save_detector(detector, tmp_path)


def test_the_folder_of_another_detector(tmp_path: Path) -> None:
    save_detector(fit_detector(Means(), VIEW, LABELS), tmp_path)
    meta = json.loads((tmp_path / "detector.json").read_text())
    (tmp_path / "detector.json").write_text(json.dumps(meta | {"name": "other"}))
    with pytest.raises(PluginError, match="is a 'other', not a 'means'"):
        load_detector(Means, tmp_path)
    (tmp_path / "detector.json").write_text("{")
    with pytest.raises(PluginError, match="is damaged: detector.json: Expecting property name"):
        load_detector(Means, tmp_path)
