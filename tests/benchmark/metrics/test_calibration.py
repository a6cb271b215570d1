"""Probabilities of scores, and the range in which the classes overlap."""

import numpy as np
import pytest

from bandbench.benchmark.metrics.calibration import AMBIGUOUS, Calibration, ambiguous_stretch


def drawn(n_real: int, n_fake: int, separation: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    labels = np.repeat([0, 1], [n_real, n_fake])
    scores = np.random.default_rng(0).normal(size=len(labels)) + separation * labels
    return scores[:, None], labels


def test_probabilities_rise_with_the_score_and_sum_to_one() -> None:
    scores, labels = drawn(200, 200)
    probabilities = Calibration.of(scores, labels).probabilities(np.array([[-3.0], [1.0], [5.0]]))
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    assert (np.diff(probabilities[:, 1]) > 0).all()
    assert probabilities[1, 1] == pytest.approx(0.5, abs=0.05)


def test_classes_count_alike_however_many_pictures_each_has() -> None:
    """A score halfway between the classes is even odds, also with twenty reals for each fake."""
    scores, labels = drawn(2000, 100)
    assert Calibration.of(scores, labels).probabilities(np.array([[1.0]]))[0, 1] == pytest.approx(0.5, abs=0.08)


def test_the_unit_of_the_scores_does_not_matter() -> None:
    scores, labels = drawn(100, 100)
    plain = Calibration.of(scores, labels).probabilities(scores)
    scaled = Calibration.of(1e4 * scores + 7, labels).probabilities(1e4 * scores + 7)
    np.testing.assert_allclose(scaled, plain, atol=1e-6)


def test_equal_scores_give_even_odds() -> None:
    probabilities = Calibration.of(np.ones((20, 1)), np.arange(20) % 2).probabilities(np.ones((1, 1)))
    np.testing.assert_allclose(probabilities, [[0.5, 0.5]], atol=1e-6)


def test_three_classes() -> None:
    labels = np.arange(300) % 3
    scores = np.random.default_rng(0).normal(size=(300, 3)) + 4 * np.eye(3)[labels]
    probabilities = Calibration.of(scores, labels).probabilities(scores)
    assert probabilities.shape == (300, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-12)
    assert (probabilities.argmax(axis=1) == labels).mean() > 0.95


def two_classes(fake: np.ndarray) -> np.ndarray:
    return np.stack([1 - fake, fake], axis=1)


def test_overlap_leaves_out_one_picture_in_twenty_of_either_class() -> None:
    labels = np.repeat([0, 1], 101)
    fake = np.concatenate([np.linspace(0, 0.6, 101), np.linspace(0.4, 1, 101)])
    low, high = ambiguous_stretch(two_classes(fake), labels)
    assert low == pytest.approx(0.4 + 0.6 * AMBIGUOUS)
    assert high == pytest.approx(0.6 * (1 - AMBIGUOUS))


def test_between_separated_classes_it_is_the_gap() -> None:
    labels = np.repeat([0, 1], 3)
    low, high = ambiguous_stretch(two_classes(np.array([0.1, 0.1, 0.1, 0.9, 0.9, 0.9])), labels)
    assert (low, high) == pytest.approx((0.1, 0.9))


def test_of_several_classes_it_ends_above_most_wrong_decisions() -> None:
    top = np.array([0.4, 0.5, 0.9, 0.95])
    probabilities = np.stack([top, (1 - top) / 2, (1 - top) / 2], axis=1)
    assert ambiguous_stretch(probabilities, np.array([1, 2, 0, 0])) == pytest.approx((0.0, 0.495))
    assert ambiguous_stretch(probabilities, np.zeros(4, int)) == pytest.approx((0.0, 0.4 + 0.15 * 0.1))
