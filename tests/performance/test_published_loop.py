"""The programs that the fast path is held against compute what it computes."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.frequency.spectra import published_profile
from conftest import noise_picture
from performance.published_loop import centre_third, naive_features, published_fits, read_grey, vectorised_features
from performance.settings import Setting

SETTINGS = [Setting("low", 5, 1), Setting("low", 15, 10), Setting("high", 5, 1), Setting("high", 15, 5)]


@pytest.fixture
def pictures(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{i}.png" for i in range(6)]
    for i, path in enumerate(paths):
        Image.fromarray(noise_picture(i, 128)).save(path)
    return paths


@pytest.mark.parametrize("setting", SETTINGS, ids=str)
def test_all_three_agree(pictures: list[Path], setting: Setting) -> None:
    naive = np.stack([naive_features(path, setting) for path in pictures])
    crops = [centre_third(read_grey(path)) for path in pictures]
    assert crops[0].shape == (44, 44)
    np.testing.assert_allclose(vectorised_features(crops, setting), naive, rtol=1e-8)
    band = Band(setting.kind, setting.cutoff / 44, order=setting.order, mode="reweight")
    np.testing.assert_allclose(published_profile(np.stack(crops), 300, band), naive, rtol=1e-8)


def test_the_classifier_learns(pictures: list[Path]) -> None:
    labels = np.arange(200) % 2
    features = np.random.default_rng(0).normal(labels[:, None] * 1.0, 0.3, (200, 5))
    assert min(published_fits(features, labels)) > 0.95
