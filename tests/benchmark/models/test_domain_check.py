"""The out-of-domain check: its part of ``model.json``, and re-encodings of crops."""

from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.models.domain_check import DomainCheck, reencode
from bandbench.benchmark.models.spectrum_reference import Profiles, SpectrumReference, crop_profiles
from conftest import noise_picture

CROPS = np.stack([noise_picture(i, 32) for i in range(40)])


@pytest.mark.parametrize("chain", ["jpeg:quality=95", "crop:share=0.05", "noise:sd=1"])
def test_crops_are_re_encoded_one_by_one(chain: str) -> None:
    together = reencode(CROPS[:3], chain)
    assert (together.shape, together.dtype) == (CROPS[:3].shape, np.uint8)
    assert (together != CROPS[:3]).any(axis=(1, 2)).all()
    np.testing.assert_array_equal(reencode(CROPS[2:3], chain)[0], together[2])


def test_grey_pictures_in_colour_stay_in_colour() -> None:
    colour = np.repeat(CROPS[:2, :, :, None], 3, axis=3)
    np.testing.assert_array_equal(reencode(colour, "noise:sd=1")[..., 0], reencode(CROPS[:2], "noise:sd=1"))


def test_a_saved_check_is_read_again(tmp_path: Path) -> None:
    pictures = Profiles(crop_profiles(CROPS), np.arange(40) % 2, np.zeros(40, np.intp))
    reference = SpectrumReference.learn(32, pictures, pictures)
    assert reference is not None
    check = DomainCheck(reference, ("jpeg:quality=95",))
    check.save(tmp_path)
    again = DomainCheck.load(tmp_path, 32, check.as_dict()["reencodings"])
    assert again.reencodings == check.reencodings
    np.testing.assert_array_equal(again.reference.covariance, reference.covariance)
    with pytest.raises(ValueError, match="is not of crops of 64 pixels"):
        DomainCheck.load(tmp_path, 64, ())
