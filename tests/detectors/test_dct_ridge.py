"""Ridge regression: the closed form, and the penalty that leave-one-out chooses."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge, RidgeCV
from sklearn.preprocessing import StandardScaler

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.pictures.crops import decode
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.views import features_from_crops, view_kernel
from bandbench.datasets.procedural import Procedural
from bandbench.detectors.dct_ridge import DctRidge

ALPHAS = (0.1, 10.0, 1000.0)


def task(n_crops: int, n_features: int) -> tuple[np.ndarray, np.ndarray]:
    labels = np.arange(n_crops) % 2
    return np.random.default_rng(0).normal(size=(n_crops, n_features)) + 0.6 * labels[:, None], labels


@pytest.mark.parametrize("shape", [(60, 8), (20, 50)], ids=["more crops", "more features"])
def test_equals_scikit_learn_on_standardised_coefficients(shape: tuple[int, int]) -> None:
    values, labels = task(*shape)
    z = StandardScaler().fit_transform(values)
    reference = Ridge(alpha=10.0).fit(z, 2.0 * labels - 1).predict(z)
    detector = DctRidge(alphas=(10.0,)).fit(Features(values), labels)
    np.testing.assert_allclose(detector.score(Features(values)), reference, atol=1e-8)


@pytest.mark.parametrize("shape", [(60, 8), (20, 50)], ids=["more crops", "more features"])
def test_the_penalty_is_the_one_of_leave_one_out(shape: tuple[int, int]) -> None:
    values, labels = task(*shape)
    reference = RidgeCV(alphas=ALPHAS).fit(StandardScaler().fit_transform(values), 2.0 * labels - 1)
    assert DctRidge(ALPHAS).fit(Features(values), labels).alpha_ == reference.alpha_


def test_fakes_score_higher() -> None:
    values, labels = task(60, 8)
    scores = DctRidge().fit(Features(values), labels).score(Features(values))
    assert scores[labels == 1].mean() > 0 > scores[labels == 0].mean()


def test_views() -> None:
    assert DctRidge().view.name == "dct"
    assert DctRidge(transform="pixels").view.name == "pixels"
    assert DetectorSpec("dct_ridge", "faithful").build().view == DctRidge(colour=True, window=False).view != DctRidge().view


def test_evidence_of_zero_insertion_lies_on_the_lattice_of_two_pixels() -> None:
    """Zeros between pixels repeat the spectrum at 1/2 cycle/pixel; a comb there holds that and the anticomb does not."""
    data = Procedural(n_train=60, n_val=2, n_test=60, side=64)
    items = data.items("zeroinsert")
    parts = [[item for item in items if item.split == split] for split in ("train", "test")]
    crops = [np.stack([decode(data.read(item), colour=False) for item in part]) for part in parts]
    labels = [np.array([item.label for item in part]) for part in parts]
    kernel = view_kernel(DctRidge().view)

    def auc(band: Band) -> float:
        learned, tested = (features_from_crops(kernel, some, band) for some in crops)
        return roc_auc(labels[1], DctRidge().fit(learned, labels[0]).score(tested))

    comb, anticomb = (auc(Band(kind, period=2)) for kind in ("comb", "anticomb"))
    assert comb > max(0.95, auc(Band()) - 0.02)
    assert anticomb < comb - 0.15
