"""Chains: what is drawn follows from the content, and old chains do not change by a pixel."""

import hashlib

import numpy as np
import pytest

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.pictures.perturbations import RingSums, needs_reals, perturb
from conftest import textured_picture

# Of two contents of four pictures each, before the perturbations of spectra came; none of these goes through a codec.
PIXELS = {
    "noise": "d5d209af9082a47c",
    "noise:sd=5-20": "9d6927d14ba55972",
    "noise:faithful": "b1febecd44070903",
    "lowpass": "2b81df175856e6a9",
    "highpass:order=3": "3ae3d90f95dcec35",
    "bandpass": "192108de712ec570",
    "bandstop": "9156ff22a5cb2d80",
    "fda": "2ab3de935b720373",
    "lowpass:cutoff=0.134-0.67:probability=0.7": "7c35bfeb8f5a6b2a",
}


@pytest.mark.parametrize("chain", PIXELS)
def test_pixels_stay_as_they_were(chain: str) -> None:
    pixels = hashlib.sha256()
    for shape in [(64, 64), (61, 40), (64, 64, 3), (37, 90, 3)]:
        for content in "ab":
            pixels.update(perturb(textured_picture(shape), chain, content).tobytes())
    assert pixels.hexdigest()[:16] == PIXELS[chain]


@pytest.mark.parametrize("name", ["match_spectrum", "phase_only"])
def test_pictures_outside_of_a_domain_have_no_reals(name: str) -> None:
    with pytest.raises(DataError, match=f"{name} takes the mean spectrum of training reals, .* perturb a domain that is split"):
        perturb(textured_picture((64, 64)), f"blur+{name}", "a")


def test_chains_of_reals_tell_which_one_needs_them() -> None:
    assert needs_reals("") == ""
    assert needs_reals("jpeg+depeak+amplitude_only") == ""
    assert needs_reals("jpeg+phase_only+match_spectrum") == "phase_only"


def test_probability_holds_for_those_of_reals() -> None:
    picture = textured_picture((32, 32))
    statistics = RingSums.of(textured_picture((32, 40))).statistics("")
    changed = [
        not np.array_equal(perturb(picture, "match_spectrum:probability=0.3", str(i), statistics), picture) for i in range(300)
    ]
    assert np.mean(changed) == pytest.approx(0.3, abs=0.09)
