"""Principal components and a linear machine against stored predictions and against scikit-learn."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.testing import check_detector
from bandbench.detectors import eigenfaces
from bandbench.detectors.eigenfaces import Eigenfaces, balanced_rows

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "baselines.npz")
TRAIN, LABELS, TEST = Features(GOLDEN["train"]), GOLDEN["ytrain"], Features(GOLDEN["test"])


def problem(labels: NDArray[np.int64], p: int, seed: int = 0) -> NDArray[np.float64]:
    """A few strong directions that all classes share, and a weak one per class."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(9).standard_normal((8, p))
    common = rng.standard_normal((len(labels), 8)) @ mixing
    return 5 + common + rng.standard_normal((len(labels), p)) + 1.5 * mixing[labels % 8]


def standardised(*stacks: NDArray) -> list[NDArray]:
    return [(x - stacks[0].mean(axis=0)) / stacks[0].std(axis=0) for x in stacks]


@pytest.mark.parametrize("C", ["0.0001", "0.001", "0.01", "0.1"])
@pytest.mark.parametrize("variance", ["0.25", "0.5", "0.75", "0.95"])
def test_published_predictions(variance: str, C: str) -> None:
    """The published solver takes random steps, so that a label or two may differ."""
    detector = Eigenfaces(variance=float(variance), C=float(C)).fit(TRAIN, LABELS)
    assert detector.n_components_ == GOLDEN[f"eigen_ncomp/v{variance}"]
    decided = detector.score(TEST) > 0
    assert (decided != GOLDEN[f"eigen_pred/v{variance}_C{C}"]).sum() <= 2
    assert np.mean(decided == GOLDEN["ytest"]) == pytest.approx(float(GOLDEN[f"eigen_acc/v{variance}_C{C}"]), abs=0.026)


@pytest.mark.parametrize("p", [20, 300])
@pytest.mark.parametrize("n_classes", [2, 4])
def test_the_model_is_that_of_sklearn(p: int, n_classes: int) -> None:
    """More features than crops, and fewer; two classes, and several."""
    labels = np.arange(80) % n_classes
    train, test = problem(labels, p), problem(np.arange(40) % n_classes, p, seed=1)
    plain = make_pipeline(PCA(0.9, svd_solver="full"), LinearSVC(C=0.01, dual=False, tol=1e-10))
    z = standardised(train, test)
    wanted = plain.fit(z[0], labels).decision_function(z[1])
    detector = Eigenfaces(variance=0.9, C=0.01).fit(Features(train), labels)
    scores = detector.class_scores(Features(test))
    assert detector.n_components_ == plain[0].n_components_
    if n_classes == 2:
        np.testing.assert_allclose(detector.score(Features(test)), wanted, atol=1e-3 * np.abs(wanted).max())
        np.testing.assert_allclose(scores, np.outer(wanted, [-0.5, 0.5]), atol=1e-3 * np.abs(wanted).max())
    else:
        np.testing.assert_allclose(scores, wanted, atol=1e-3 * np.abs(wanted).max())


@pytest.mark.parametrize("seed", range(3))
def test_parameters_are_those_of_a_grid_search(seed: int) -> None:
    """On tasks so hard that every choice has its own accuracy; the smallest of the best."""
    labels = np.arange(60) % 2
    values = problem(labels, 100, seed)
    plain = make_pipeline(PCA(0.5, svd_solver="full"), LinearSVC(dual=False))
    grid = {"pca__n_components": eigenfaces.PUBLISHED_VARIANCES, "linearsvc__C": eigenfaces.PUBLISHED_C}
    search = GridSearchCV(plain, grid, cv=StratifiedKFold(5), scoring="accuracy").fit(standardised(values)[0], labels)
    accuracy = np.array(search.cv_results_["mean_test_score"])
    best = [p for p, mean in zip(search.cv_results_["params"], accuracy, strict=True) if mean > accuracy.max() - 1e-9]
    assert len(best) < len(accuracy) / 2
    detector = Eigenfaces().fit(Features(values), labels)
    assert (detector.variance_, detector.C_) == min((p["pca__n_components"], p["linearsvc__C"]) for p in best)


@pytest.mark.parametrize("given", [{"variance": 0.4}, {"C": 0.05}])
def test_what_is_given_is_kept(given: dict[str, float]) -> None:
    detector = Eigenfaces(**given).fit(TRAIN, LABELS)
    chosen = {"variance": detector.variance_, "C": detector.C_}
    assert chosen.items() >= given.items()
    assert set(chosen.values()) - set(given.values()) <= {*eigenfaces.PUBLISHED_VARIANCES, *eigenfaces.PUBLISHED_C}


def test_unbalanced_crops() -> None:
    """Components come from equally many of each class, the machine from all."""
    labels = np.repeat([0, 1], [70, 30])
    train, test = problem(labels, 200), problem(np.arange(20) % 2, 200, seed=1)
    z, others = standardised(train, test)
    pca = PCA(0.8, svd_solver="full").fit(z[balanced_rows(labels)])
    wanted = LinearSVC(C=0.01, dual=False, tol=1e-10).fit(pca.transform(z), labels).decision_function(pca.transform(others))
    detector = Eigenfaces(variance=0.8, C=0.01).fit(Features(train), labels)
    np.testing.assert_allclose(detector.score(Features(test)), wanted, atol=1e-3 * np.abs(wanted).max())
    assert Eigenfaces().fit(Features(train), labels).variance_ in eigenfaces.PUBLISHED_VARIANCES


@pytest.mark.parametrize("most", [10_000, 30, 9])
def test_balanced_rows(most: int) -> None:
    labels = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [40, 7, 23]))
    picked = balanced_rows(labels, most)
    each = min(7, most // 3)
    np.testing.assert_array_equal(np.bincount(labels[picked]), [each, each, each])
    assert (np.diff(picked) > 0).all()
    first = np.flatnonzero(labels == 0)
    place = np.searchsorted(first, np.intersect1d(picked, first))
    assert np.ptp(np.diff(place)) <= 1  # evenly spread


def test_too_few_crops_for_folds() -> None:
    labels = np.repeat([0, 1], [20, 4])
    values = Features(problem(labels, 30))
    with pytest.raises(PluginError, match="takes 5 crops of each class, got 4 of class 1; give both parameters"):
        Eigenfaces(C=0.1).fit(values, labels)
    assert np.isfinite(Eigenfaces(variance=0.5, C=0.1).fit(values, labels).score(values)).all()


@pytest.mark.parametrize("variance", [0.0, 1.0, 95])
def test_impossible_share(variance: float) -> None:
    with pytest.raises(PluginError, match="share of the variance between 0 and 1"):
        Eigenfaces(variance=variance).fit(TRAIN, LABELS)


def test_pixels_of_any_shape() -> None:
    labels = np.arange(40) % 2
    crops = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3)).astype(np.uint8)
    crops[labels == 1, 2:5] //= 2
    detector = Eigenfaces(variance=0.95, C=0.01, transform="pixels", colour=True)
    scores = detector.fit(Features(crops), labels).score(Features(crops))
    assert scores[labels == 1].min() > scores[labels == 0].max()


def test_the_preset_keeps_the_contract() -> None:
    assert not [result for result in check_detector(DetectorSpec.parse("eigenfaces/faithful")) if not result.ok]
