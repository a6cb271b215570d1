"""Calibration of the out-of-domain check: at home it costs few verdicts, abroad it takes most of them away."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.contracts import FAKE, REAL
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.models import check_calibration
from bandbench.benchmark.models import trained_model as trained_model_module
from bandbench.benchmark.models.check_calibration import LADDERS, LabelledCrops, share_of_flips, with_check
from bandbench.benchmark.models.domain_check import Doubt
from bandbench.benchmark.models.recipe import DETECTION, Recipe
from bandbench.benchmark.models.trained_model import UNSURE, TrainedModel
from bandbench.benchmark.models.training import train_model
from bandbench.benchmark.pictures.crops import CropSpec, decode
from bandbench.benchmark.pictures.perturbations import parse_chain
from bandbench.benchmark.registry import DetectorSpec
from bandbench.datasets.procedural import Procedural
from conftest import Here, SilentReporter, noise_picture, trained_model

SIDE = 96
N_TEST = 60


@cache
def model_of(detector: str) -> TrainedModel:
    """A model of small computed portraits, trained as ``bench train`` does."""
    sizes = {"procedural": {"n_train": 80, "n_val": 40, "n_test": 5, "side": SIDE}}
    domain = "procedural/planted"
    recipe = Recipe(DetectorSpec.parse(detector), DETECTION, ("real", "fake"), Band(), CropSpec(SIDE), (domain,), 0)
    return train_model(recipe, Catalogue({}, sizes), Here(1), SilentReporter())[0]


@cache
def held_out(label: int) -> list[np.ndarray]:
    dataset = Procedural(side=SIDE, n_test=N_TEST)
    return [decode(dataset.read(i)) for i in dataset.items("planted") if i.split == "test" and i.label == label]


def round_trip(picture: np.ndarray) -> np.ndarray:
    small = Image.fromarray(picture).resize((SIDE * 3 // 4, SIDE * 3 // 4), Image.Resampling.BICUBIC)
    return np.asarray(small.resize((SIDE, SIDE), Image.Resampling.BICUBIC))


def doubts(model: TrainedModel, pictures: Sequence[np.ndarray]) -> list[Doubt | None]:
    measurements = model.examine_pictures(pictures)
    return [model.judge(*of_one).doubt for of_one in zip(measurements.probabilities, measurements.distances, strict=True)]


def share_unsure(model: TrainedModel, pictures: Sequence[np.ndarray]) -> float:
    return float(np.mean([doubt is not None for doubt in doubts(model, pictures)]))


@pytest.mark.parametrize("detector", ["dct_ridge", "spectral_svm"])
@pytest.mark.parametrize("label", [REAL, FAKE])
def test_home_keeps_its_verdicts_and_a_round_trip_loses_them(detector: str, label: int) -> None:
    model = model_of(detector)
    unchecked = replace(model, check=None)
    at_home, abroad = held_out(label), [round_trip(picture) for picture in held_out(label)]
    assert share_unsure(model, at_home) <= share_unsure(unchecked, at_home) + 0.05
    assert share_unsure(model, abroad) >= 0.9
    assert doubts(model, abroad).count(Doubt.UNLIKE_TRAINING) >= 0.8 * N_TEST


def test_the_share_of_unsure_validation_pictures_is_said() -> None:
    numbers = model_of("spectral_svm").validation
    parts = [numbers[f"unsure_{doubt.value}"] for doubt in Doubt if doubt not in (Doubt.NO_FACE, Doubt.NOT_A_NUMBER)]
    assert numbers["unsure"] == pytest.approx(sum(parts))
    assert numbers["unsure_between_classes"] > 0  # one in twenty of either class, where the classes overlap


def test_the_chosen_re_encodings_are_the_strongest_that_validation_verdicts_survive() -> None:
    model = model_of("spectral_svm")
    assert model.check is not None
    assert 1 <= len(model.check.reencodings) <= len(LADDERS)
    for ladder in LADDERS:
        assert len(set(ladder) & set(model.check.reencodings)) <= 1
    at_home = [*held_out(REAL), *held_out(FAKE)]
    assert doubts(model, at_home).count(Doubt.UNSTABLE) <= 0.03 * len(at_home)


@pytest.mark.parametrize("chain", [chain for ladder in LADDERS for chain in ladder])
def test_re_encodings_are_chains_of_perturbations(chain: str) -> None:
    assert len(parse_chain(chain)) == 1


def test_verdicts_that_turn_seldom_are_foreseen_in_few_pictures() -> None:
    """One in twelve of all turns; of 40 none may have, and the estimate sees it in most draws all the same."""
    rng = np.random.default_rng(0)
    before, change = rng.uniform(1, 4, (200, 40)), rng.normal(0, 1.4, (200, 40))
    turned = (before + change < 0).mean(axis=1)
    none = turned == 0
    assert none.any()
    estimates = np.array([share_of_flips(b, b + c) for b, c in zip(before[none], change[none], strict=True)])
    assert (estimates > 0.01).mean() > 0.9
    assert turned.mean() == pytest.approx(
        np.mean([share_of_flips(b, b + c) for b, c in zip(before, change, strict=True)]), rel=0.3
    )


def test_verdicts_that_do_not_move_do_not_turn() -> None:
    margins = np.array([0.5, 1.0, 3.0])
    assert share_of_flips(margins, margins) == 0
    assert share_of_flips(margins, np.array([0.5, -1.0, 3.0])) >= 1 / 3
    assert share_of_flips(margins[:1], np.array([-0.1])) == 1


def labelled(first: int, n: int) -> LabelledCrops:
    """Crops for `conftest.trained_model`, half of them fake, one part each."""
    labels = np.arange(n) % 2
    crops = np.stack([noise_picture(first + i, 48, 1.6 if label else 1.0) for i, label in enumerate(labels)])
    return LabelledCrops([(crops, np.arange(n))], labels, np.zeros(n, np.intp))


def test_a_re_encoding_that_turns_verdicts_at_home_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model tells boosted high frequencies: strong noise makes fakes of reals, faint noise does not."""
    monkeypatch.setattr(check_calibration, "LADDERS", (("noise:sd=60", "noise:sd=0.5"), ("noise:sd=50",)))
    model = with_check("it", trained_model(), labelled(1000, 80), labelled(2000, 60))
    assert model.check is not None
    assert model.check.reencodings == ("noise:sd=0.5",)


def test_the_re_encoded_pictures_are_spread_over_each_class() -> None:
    model = with_check("it", trained_model(), labelled(1000, 80), labelled(2000, 60), 10)
    share = model.validation["unsure"] * 20
    assert share == pytest.approx(round(share))  # a whole number of twenty pictures


def test_few_pictures_leave_a_model_without_a_check() -> None:
    model = trained_model()
    assert with_check("it", model, labelled(0, 40), labelled(100, 8)) is model


def test_a_detector_that_fails_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    model = trained_model()
    monkeypatch.setattr(model.classifier.members[0], "score", lambda view: 1 / 0)
    with pytest.raises(PluginError, match=r"it.*ZeroDivisionError"):
        with_check("it", model, labelled(1000, 40), labelled(2000, 20))


def test_pictures_without_a_verdict_are_not_re_encoded(monkeypatch: pytest.MonkeyPatch) -> None:
    model = with_check("it", trained_model(), labelled(1000, 80), labelled(2000, 60))
    assert model.check is not None
    calls: list[str] = []
    reencoded = trained_model_module.reencode
    monkeypatch.setattr(trained_model_module, "reencode", lambda crops, chain: calls.append(chain) or reencoded(crops, chain))
    black, at_home = np.zeros((48, 48), np.uint8), noise_picture(3000, 48)
    measurements = model.examine_pictures([black, black])
    assert calls == []
    assert (measurements.probabilities == measurements.probabilities[:, :1]).all()
    model.examine_pictures([black, at_home])
    assert calls == list(model.check.reencodings)


def test_an_unsure_picture_is_never_called_unstable() -> None:
    model = trained_model()
    shares = np.array([[0.5, 0.5], [0.1, 0.9], [0.9, 0.1]])
    assert model.judge(shares, 0.5).doubt is Doubt.BETWEEN_CLASSES
    assert model.judge(shares[1:], 0.5).doubt is Doubt.UNSTABLE
    assert model.judge(shares[[1, 0]], 0.5).verdict == "fake"  # unsure when re-encoded is no other class
    assert model.judge(shares[1:2], 1.5).verdict == UNSURE
    assert model.judge(shares[1:2], 1.5).doubt is Doubt.UNLIKE_TRAINING
    assert model.judge(shares[1:2], float("nan")).verdict == "fake"
