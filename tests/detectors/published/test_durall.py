"""Published numbers of the radial profile: accuracies, each with the figure or notebook that it was read in."""

from bandbench.benchmark.contracts import HowKnown
from bandbench.detectors.published.durall import K_MEANS, LOGISTIC_REGRESSION, SVM
from bandbench.detectors.spectral_svm import SpectralSVM


def test_numbers_were_read_and_are_accuracies() -> None:
    numbers = (*SVM, *LOGISTIC_REGRESSION, *K_MEANS)
    assert {number.how_known for number in numbers} == {HowKnown.READ}
    assert {number.metric for number in numbers} == {"accuracy"}


def test_presets_of_the_notebook_are_presets_of_ours() -> None:
    assert {number.preset for number in SVM} - {""} <= set(SpectralSVM.presets)
    assert {number.preset: number.value for number in SVM if number.preset} == {
        "faithful_linear": 0.9995,
        "faithful_poly": 0.9855,
    }
