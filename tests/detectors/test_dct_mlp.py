"""Network with one hidden layer: its size, and the penalty on the hidden layer alone."""

import numpy as np
import pytest
from torch import nn

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.registry import DetectorSpec
from bandbench.detectors.dct_mlp import DctMLP
from bandbench.detectors.learning.networks import held_out, weights_of


def parameter_count(network: nn.Module) -> int:
    return sum(values.size for values in weights_of(network).values())


def test_size_by_hand() -> None:
    network = DctMLP().network((128, 128, 3), 5)
    assert parameter_count(network) == (128 * 128 * 3) * 128 + 128 + 128 * 5 + 5 == 6_292_229


def test_penalty_is_part_of_the_loss() -> None:
    """The recorded loss is the cross-entropy plus 0.01 times the sum of squares of the hidden layer's weights, biases free."""
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 2
    values = rng.standard_normal((40, 3, 3, 3)).astype(np.float32)
    values[labels == 1, 0, 0] += 2
    detector = DctMLP(epochs=12, learning_rate=0.01).fit(Features(values), labels)
    _, validation = held_out(labels, detector.validation, detector.seed)
    chosen = detector.class_scores(Features(values[validation]))[np.arange(len(validation)), labels[validation]]
    penalty = 0.01 * np.square(detector.weights_["1.weight"].astype(np.float64)).sum()
    assert penalty > 0.05
    assert min(epoch["val_loss"] for epoch in detector.history_) == pytest.approx(penalty - chosen.mean(), rel=1e-5)


def test_faithful_keeps_the_order() -> None:
    assert DetectorSpec("dct_mlp", "faithful").build().parameters() == DctMLP(validation=0.1, reshuffle=False).parameters()
