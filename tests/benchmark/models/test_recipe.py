"""The recipe of a trained model: its label in tables."""

from dataclasses import replace

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.models.recipe import ATTRIBUTION, DETECTION, TASKS, Recipe
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.registry import DetectorSpec

RECIPE = Recipe(DetectorSpec.parse("spectral_svm"), DETECTION, ("real", "fake"), Band(), CropSpec(64), ("mine",), 0)


def test_a_label_names_the_band_where_there_is_one() -> None:
    assert RECIPE.label == "spectral_svm"
    band = Band("low", 0.2)
    assert replace(RECIPE, band=band).label == f"spectral_svm [{band}]"


def test_a_label_names_the_parameters_of_the_detector() -> None:
    spec = DetectorSpec.parse("spectral_logreg", {"C": 0.5})
    assert replace(RECIPE, detector=spec).label == spec.label != "spectral_logreg"


def test_there_are_two_tasks() -> None:
    assert TASKS == (DETECTION, ATTRIBUTION) == ("detection", "attribution")
