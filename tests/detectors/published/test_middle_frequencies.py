"""Published accuracies of the probes on frozen encoders."""

from bandbench.detectors.published.middle_frequencies import CLIP, DINO, SETTINGS


def test_both_encoders_have_every_setting() -> None:
    for numbers in (CLIP, DINO):
        assert [number.setting for number in numbers] == list(SETTINGS)
    assert (CLIP[0].value, DINO[0].value) == (0.834, 0.865)
