"""Our detectors pass every check, and every check fails for a detector that breaks its promise."""

import re
from typing import Any

import numpy as np
import pytest

from bandbench.benchmark.contracts import Detector, ViewSpec
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.registry import DetectorSpec, detectors
from bandbench.benchmark.testing import DETECTOR_CHECKS, check_detector, run_detector_check
from bandbench.benchmark.testing.detector_checks import SIDE, with_blurred_middle
from conftest import noise_picture

# Presets that need no weights from elsewhere; the other detectors need none by default.
WITHOUT_WEIGHTS = {
    **{name: f"{name}/random" for name in ("clip_probe", "dino_probe", "consistency_probe", "sensitivity")},
    "warping_cnn": "warping_cnn/tiny",
}
OURS = [*(WITHOUT_WEIGHTS.get(name, name) for name in detectors.names()), "spectral_svm/faithful", "dct_cnn/band_masked"]


@pytest.mark.parametrize("check", DETECTOR_CHECKS)
@pytest.mark.parametrize("name", OURS)
def test_ours(name: str, check: str) -> None:
    result = run_detector_check(check, DetectorSpec.parse(name))
    assert result.ok, result.detail


class Honest(Detector):
    """A detector that keeps every promise; the broken ones below change one thing each."""

    name = "honest"

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    @property
    def view(self) -> ViewSpec:
        return ViewSpec("profile")

    def fit(self, view, labels):
        self.weights_ = view.values[labels == 1].mean(axis=0) - view.values[labels == 0].mean(axis=0)
        return self

    def score(self, view):
        return (view.values * self.weights_).sum(axis=1)


class Copies(Honest):
    def __init__(self, alphas: list = [1.0]) -> None:  # noqa: B006 (the point is that it is copied)
        self.alphas = list(alphas)


class SetsMore(Honest):
    def __init__(self, seed: int = 0) -> None:
        super().__init__(seed)
        self.ready = False


class NotJson(Honest):
    def __init__(self, dtype: Any = np.float64) -> None:
        self.dtype = dtype


class Unseeded(Honest):
    stochastic = True

    def __init__(self) -> None:
        pass


class UnknownView(Honest):
    @property
    def view(self) -> ViewSpec:
        return ViewSpec("smell")


class ReturnsNothing(Honest):
    def fit(self, view, labels):
        super().fit(view, labels)


class LearnsInTheOpen(Honest):
    def fit(self, view, labels):
        self.count = len(labels)
        return super().fit(view, labels)


class ChangesItsSeed(Honest):
    def fit(self, view, labels):
        self.seed = 99
        return super().fit(view, labels)


class HalfPrecision(Honest):
    def score(self, view):
        return super().score(view).astype(np.float32)


class Infinite(Honest):
    def score(self, view):
        return super().score(view) / 0.0


class Inverted(Honest):
    def score(self, view):
        return -super().score(view)


class Random(Honest):
    def score(self, view):
        return super().score(view) + np.random.default_rng().normal(size=len(view))


class Ranks(Honest):
    def score(self, view):
        return super().score(view) + 10.0 * np.arange(len(view))


class NormalisesTheBatch(Honest):
    def score(self, view):
        scores = super().score(view)
        return scores - scores.mean()


class WritesIntoTheView(Honest):
    def score(self, view):
        view.values[:] = 0
        return super().score(view)


class WritesIntoTheLabels(Honest):
    def fit(self, view, labels):
        super().fit(view, labels)
        labels[:] = 0
        return self


class RefusesEverything(Honest):
    def score(self, view):
        raise PluginError("these crops are impossible")


class FailsToScore(Honest):
    def score(self, view):
        raise SystemExit(1)


class ForgetsWhenSaved(Honest):
    def fit(self, view, labels):
        self._hidden = 1.0
        return super().fit(view, labels)

    def score(self, view):
        return super().score(view) + self._hidden


class LearnsAFunction(Honest):
    def fit(self, view, labels):
        self.rule_ = lambda values: values.sum(axis=1)
        return self

    def score(self, view):
        return self.rule_(view.values)


@pytest.mark.parametrize(
    ("check", "broken", "message"),
    [
        ("constructor_only_stores", Copies, "attribute 'alphas' is"),
        ("constructor_only_stores", SetsMore, "the constructor also sets ready"),
        ("parameters_round_trip", NotJson, "parameters of detector honest are numbers, texts"),
        ("seed_is_a_parameter", Unseeded, "needs a parameter `seed`"),
        ("view_is_known", UnknownView, "unknown view 'smell'"),
        ("fit_returns_self", ReturnsNothing, "fit returned None"),
        ("fit_returns_self", LearnsInTheOpen, "fit sets count"),
        ("parameters_survive_fit", ChangesItsSeed, "fit changed the parameters"),
        ("scores_are_finite_float64", HalfPrecision, r"must return float64 \(60,\), got float32"),
        ("scores_are_finite_float64", Infinite, "60 scores that are not finite"),
        ("higher_is_more_fake", Inverted, "seems to be inverted"),
        ("fit_is_deterministic", Random, "two fits with the same seed differ"),
        ("order_does_not_matter", Ranks, "when the crops are permuted"),
        ("batches_do_not_matter", NormalisesTheBatch, "when the crops are scored"),
        ("inputs_are_left_alone", WritesIntoTheView, "the scored view was changed in place"),
        ("inputs_are_left_alone", WritesIntoTheLabels, "the labels was changed in place"),
        ("saved_model_scores_alike", ForgetsWhenSaved, "_hidden"),
        ("saved_model_scores_alike", LearnsAFunction, "rule_ is a function"),
        (
            "impossible_input_is_refused",
            RefusesEverything,
            r"possible input is to be scored, and is refused .* \(PluginError: these crops are impossible\)",
        ),
        ("impossible_input_is_refused", FailsToScore, r"possible input is to be scored, .* \(SystemExit: 1\)"),
        ("impossible_input_is_refused", HalfPrecision, "possible input is to be scored, .* must return float64"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
def test_a_broken_promise_is_found(check: str, broken: type[Detector], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = spec_of(broken, monkeypatch)
    result = run_detector_check(check, spec)
    assert not result.ok
    assert re.search(message, result.detail), result.detail


def spec_of(plugin: type[Detector], monkeypatch: pytest.MonkeyPatch) -> DetectorSpec:
    monkeypatch.setattr(detectors, "get", lambda reference: plugin)
    return DetectorSpec("honest")


def test_the_honest_one_passes_and_one_failure_hurts_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    assert all(result.ok for result in check_detector(spec_of(Honest, monkeypatch)))
    results = {result.name: result.ok for result in check_detector(spec_of(Inverted, monkeypatch))}
    assert [name for name, ok in results.items() if not ok] == ["higher_is_more_fake"]


def test_refusals_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine refuses impossible input for every detector; without it the check must notice."""
    from bandbench.benchmark.testing import detector_checks

    monkeypatch.setattr(detector_checks, "score_detector", lambda detector, view: np.zeros(len(view)))
    result = run_detector_check("impossible_input_is_refused", spec_of(Honest, monkeypatch))
    assert result.detail == "scoring before fitting is not refused"


def test_fakes_for_detectors_of_reals_are_blurred_in_the_middle_alone() -> None:
    crop = noise_picture(3, SIDE)
    fake = with_blurred_middle(crop)
    middle = np.zeros((SIDE, SIDE), bool)
    middle[16:48, 16:48] = True
    assert (fake == crop)[~middle].all()
    steps, before = (np.abs(np.diff(picture[16:48, 16:48].astype(float), axis=1)).mean() for picture in (fake, crop))
    assert steps < 0.7 * before
