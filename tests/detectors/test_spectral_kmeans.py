"""Clusters are found without labels; labels only name them."""

import numpy as np

from bandbench.benchmark.contracts import Features
from bandbench.detectors.spectral_kmeans import SpectralKMeans

RNG = np.random.default_rng(0)
LABELS = np.arange(80) % 2
VALUES = RNG.standard_normal((80, 6)) + 8 * LABELS[:, None]


def test_inverted_labels_invert_the_score() -> None:
    view = Features(VALUES)
    scores, inverted = (SpectralKMeans().fit(view, labels).score(view) for labels in (LABELS, 1 - LABELS))
    np.testing.assert_allclose(scores, -inverted)
    assert ((scores > 0) == LABELS).all()


def test_a_few_wrong_labels_move_no_centre() -> None:
    wrong = LABELS.copy()
    wrong[:8] = 1 - wrong[:8]
    centres = [SpectralKMeans().fit(Features(VALUES), labels).centres_ for labels in (LABELS, wrong)]
    np.testing.assert_array_equal(*centres)
