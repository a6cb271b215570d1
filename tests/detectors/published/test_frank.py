"""Published numbers of the DCT paper: recalled, and said to be so."""

from bandbench.benchmark.contracts import HowKnown
from bandbench.detectors.published.frank import CNN, EIGENFACES, KNN, PRNU, RIDGE


def test_nothing_recalled_is_said_to_be_read() -> None:
    numbers = (*KNN, *EIGENFACES, *PRNU, *CNN, *RIDGE)
    assert {number.how_known for number in numbers} == {HowKnown.MEMORY, HowKnown.SECOND_HAND}


def test_every_up_sampling_has_both_features() -> None:
    settings = {number.setting: number.value for number in RIDGE if "up-sampling" in number.setting}
    assert len(settings) == 6
    assert settings["bilinear up-sampling, DCT"] == 0.8596
    assert settings["binomial up-sampling, pixels"] == 0.6405
