"""k nearest neighbours against stored predictions and against scikit-learn."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.neighbors import KNeighborsClassifier

from bandbench.benchmark.contracts import Features
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.metrics.roc import roc_auc
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.testing import check_detector
from bandbench.detectors.knn import KNN

GOLDEN = np.load(Path(__file__).parents[1] / "golden" / "baselines.npz")
TRAIN, LABELS, TEST = Features(GOLDEN["train"]), GOLDEN["ytrain"], Features(GOLDEN["test"])


def problem(n: int, n_classes: int = 2, seed: int = 0) -> tuple[NDArray, NDArray[np.int64]]:
    """Overlapping classes."""
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % n_classes
    return rng.standard_normal((n, 30)) + 0.7 * np.eye(n_classes, 30)[labels], labels


@pytest.mark.parametrize("k", [1, 3, 5, 9, 17])
def test_published_predictions(k: int) -> None:
    detector = KNN(n_neighbors=k).fit(TRAIN, LABELS)
    decided = detector.score(TEST) > 0
    np.testing.assert_array_equal(decided, GOLDEN[f"knn_pred/k{k}"])
    assert np.mean(decided == GOLDEN["ytest"]) == pytest.approx(float(GOLDEN[f"knn_acc/k{k}"]))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_number_of_neighbours_is_that_of_leaving_one_out(seed: int) -> None:
    values, labels = problem(70, seed=seed)
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    grid = [1, 3, 5, 9, 17, 33, 65]
    # Without an argument, crops that were fitted are not their own neighbours.
    accuracy = [np.mean(KNeighborsClassifier(k).fit(values, labels).predict(None) == labels) for k in grid]
    chosen = KNN(criterion="accuracy").fit(Features(values), labels).n_neighbors_
    assert chosen == grid[int(np.argmax(accuracy))]


def test_the_area_is_the_other_criterion() -> None:
    """Each training crop scored by a detector fitted on the others."""
    values, labels = problem(40)
    values = (values - values.mean(axis=0)) / values.std(axis=0)
    everybody = KNN(n_neighbors=1).fit(Features(values), labels)
    areas = {}
    for k in (1, 3, 5, 9, 17, 33):
        scores = np.empty(40)
        for i in range(40):
            others = np.arange(40) != i
            one = KNN(n_neighbors=k)
            vars(one).update(everybody.learned(), rows_=values[others], labels_=labels[others], n_neighbors_=k)
            scores[i] = one.score(Features(values[i : i + 1]))[0]
        areas[k] = roc_auc(labels, scores)
    assert KNN().fit(Features(values), labels).n_neighbors_ == max(areas, key=lambda k: round(areas[k], 9))


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("k", [1, 4, 9])
def test_votes_can_be_read_from_the_scores(n_classes: int, k: int) -> None:
    values, labels = problem(60, n_classes)
    others, _ = problem(50, n_classes, seed=1)
    scores = KNN(n_neighbors=k).fit(Features(values), labels).class_scores(Features(others))
    scaled = [(x - values.mean(axis=0)) / values.std(axis=0) for x in (values, others)]
    share = KNeighborsClassifier(k).fit(scaled[0], labels).predict_proba(scaled[1])
    np.testing.assert_array_equal(np.floor(k * scores), np.rint(k * share))


def test_nearness_refines_and_does_not_reorder() -> None:
    values, labels = problem(80)
    others, truth = problem(200, seed=1)
    detector = KNN(n_neighbors=5).fit(Features(values), labels)
    scores, votes = detector.score(Features(others)), np.floor(5 * detector.class_scores(Features(others)))[:, 1]
    assert len(np.unique(scores)) == 200
    for few in range(5):
        if (votes == few).any() and (votes > few).any():
            assert scores[votes == few].max() < scores[votes > few].min()
    assert roc_auc(truth, scores) > roc_auc(truth, votes)


def test_score_is_fake_minus_real() -> None:
    detector = KNN(n_neighbors=3).fit(TRAIN, LABELS)
    both = detector.class_scores(TEST)
    np.testing.assert_array_equal(detector.score(TEST), both[:, 1] - both[:, 0])


def test_crops_equally_far_away_are_ranked_by_their_place() -> None:
    """Pairs of equal training crops with both labels: the first one counts."""
    values, _ = problem(40)
    twice, labels = np.repeat(values, 2, axis=0), np.tile([0, 1], 40)
    detector = KNN(n_neighbors=1).fit(Features(twice), labels)
    others = Features(problem(60, seed=1)[0])
    np.testing.assert_array_equal(np.floor(detector.class_scores(others)), np.tile([1, 0], (60, 1)))


@pytest.mark.parametrize("labels", [[0, 0, 0, 1], [0, 1]])
def test_the_grid_ends_with_the_training_crops(labels: list[int]) -> None:
    values, _ = problem(len(labels))
    detector = KNN().fit(Features(values), np.array(labels))
    assert detector.n_neighbors_ < len(labels)
    assert np.isfinite(detector.score(Features(problem(10)[0]))).all()


def test_pixels_of_any_shape() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 3)).astype(np.uint8)
    labels = np.arange(20) % 2
    crops[labels == 1, :, ::2] //= 2
    detector = KNN(n_neighbors=3, transform="pixels", colour=True)
    assert (detector.view.name, detector.view.options) == ("pixels", {"colour": True})
    assert roc_auc(labels, detector.fit(Features(crops), labels).score(Features(crops))) > 0.9


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_neighbors": 121}, "1 to 120 neighbours among 120 crops, got 121"),
        ({"n_neighbors": 0}, "1 to 120 neighbours"),
        ({"criterion": "accurcy"}, "unknown criterion 'accurcy'. Did you mean 'accuracy'"),
    ],
)
def test_what_cannot_be_is_refused(parameters: dict, message: str) -> None:
    with pytest.raises(PluginError, match=message):
        KNN(**parameters).fit(TRAIN, LABELS)


def test_the_preset_keeps_the_contract() -> None:
    assert not [result for result in check_detector(DetectorSpec.parse("knn/faithful")) if not result.ok]
