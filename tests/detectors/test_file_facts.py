"""Trees on facts of files: numbers, codes without an order, and facts that few files have."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.pictures.file_facts import CATEGORICAL, COLUMNS, MISSING, no_facts
from bandbench.detectors.file_facts import FileFacts

N = 60


def fitted_auc(name: str, reals: list[float], fakes: list[float]) -> float:
    """AUC on pictures that were not fitted, of files that have one fact, with values drawn from lists."""
    rng = np.random.default_rng(0)
    labels = np.arange(2 * N) % 2
    views = []
    for _ in range(2):
        facts = no_facts(2 * N)
        facts[:, COLUMNS["side"]] = 128
        facts[:, COLUMNS[name]] = np.where(labels, rng.choice(fakes, 2 * N), rng.choice(reals, 2 * N))
        views.append(Features(facts, categorical=CATEGORICAL))
    return roc_auc(labels, FileFacts().fit(views[0], labels).score(views[1]))


@pytest.mark.parametrize(
    ("name", "reals", "fakes"),
    [
        ("quality", [75], [90]),
        ("quality", [75, 95], [85]),
        ("quality", [MISSING], [75]),
        ("format", [0, 2], [1]),  # no threshold on the codes tells them
        ("metadata", [1, 4, 16], [2, 8, 32]),
    ],
)
def test_values_that_only_one_class_has(name: str, reals: list[float], fakes: list[float]) -> None:
    assert fitted_auc(name, reals, fakes) == 1


def test_equal_facts_say_nothing() -> None:
    assert fitted_auc("quality", [75], [75]) == 0.5
    assert fitted_auc("quality", [75, 90, MISSING], [75, 90, MISSING]) == pytest.approx(0.5, abs=0.1)
