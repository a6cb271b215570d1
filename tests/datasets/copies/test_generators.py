"""Generators by the names of their folders."""

import pytest

from bandbench.benchmark.domains.release_date import Release
from bandbench.datasets.celeba import CelebA
from bandbench.datasets.copies.generators import RELEASED, generator_release
from bandbench.datasets.faces_hq import FacesHQ


@pytest.mark.parametrize(
    ("folder", "date"),
    [("StyleGAN2", "2019-12"), ("stylegan_2", "2019-12"), ("Stable Diffusion", "2022-08"), ("stylegan9", ""), ("", "")],
)
def test_case_and_punctuation_do_not_count(folder: str, date: str) -> None:
    assert generator_release(folder) == date


def test_every_date_can_be_read() -> None:
    assert all(Release.parse(text).first.year >= 2017 for text in RELEASED.values())


def test_collections_of_reals_know_the_generators_of_their_fakes() -> None:
    assert CelebA().released("ProGAN@c23") == "2017-10"
    assert CelebA().released("mine") == ""
    assert FacesHQ().released("thispersondoesnotexist") == "2018-12"
