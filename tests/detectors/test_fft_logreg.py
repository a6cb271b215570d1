"""The penalty is chosen on crops that were held out."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.errors import PluginError
from bandbench.detectors.fft_logreg import FftLogReg

RNG = np.random.default_rng(0)


def test_a_weak_signal_wants_a_strong_penalty() -> None:
    labels = np.arange(200) % 2
    weak = RNG.standard_normal((200, 100)) + 0.25 * labels[:, None] * (np.arange(100) < 40)
    lambdas = [FftLogReg(lambdas=(1e-4, 1e3)).fit(Features(values), labels).lambda_ for values in (weak, 1000 * weak)]
    assert lambdas == [1e3, 1e3]  # z-scored: units do not matter


def test_equals_go_to_the_first() -> None:
    labels = np.arange(200) % 2
    clear = 9.0 * labels[:, None] + RNG.standard_normal((200, 3))
    assert FftLogReg(lambdas=(1e-4, 1e3)).fit(Features(clear), labels).lambda_ == 1e-4


def test_too_few_crops_to_hold_some_out() -> None:
    with pytest.raises(PluginError, match="needs 4 crops of each, got 3"):
        FftLogReg().fit(Features(RNG.standard_normal((9, 5))), np.repeat([0, 1], [6, 3]))


@pytest.mark.parametrize("transform", ["pixels", "dct", "log_dct", "fft", "log_fft"])
def test_every_transform_has_a_view(transform: str) -> None:
    assert FftLogReg(transform).view.name == transform.removeprefix("log_")


def test_as_published_it_is_not_fitted_again() -> None:
    labels = np.arange(110) % 2
    values = RNG.standard_normal((110, 20)) + labels[:, None]
    once, again = (FftLogReg(lambdas=(1.0,), refit=refit).fit(Features(values), labels).coef_ for refit in (False, True))
    assert not np.allclose(once, again)


def test_several_classes() -> None:
    labels = np.arange(120) % 3
    values = RNG.standard_normal((120, 8)) + 4 * np.eye(8)[labels]
    scores = FftLogReg().fit(Features(values), labels).class_scores(Features(values))
    assert (scores.argmax(axis=1) == labels).mean() > 0.95
