"""Pictures through a codec: how much is lost, what is kept, and what is not understood."""

import io

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.errors import DataError
from bandbench.datasets.copies.settings import parse_codec
from bandbench.datasets.faces.recode import recode
from conftest import noise_picture
from trees.faces import scene


def loss(picture: np.ndarray, codec: str) -> float:
    return float(np.abs(recode(picture, codec).astype(int) - picture).mean())


@pytest.mark.parametrize("codecs", [("jpeg:95", "jpeg:75", "jpeg:20"), ("h264:1", "h264:23", "h264:45")])
def test_a_harder_setting_loses_more(codecs: tuple[str, ...]) -> None:
    losses = [loss(scene(3), codec) for codec in codecs]
    assert 0 < losses[0] < losses[1] < losses[2] < 20


@pytest.mark.parametrize("codec", ["jpeg:75", "h264:23"])
@pytest.mark.parametrize("size", [(96, 128), (97, 128), (96, 131), (33, 47), (1, 1), (2, 50)])
def test_every_size_comes_back(codec: str, size: tuple[int, int]) -> None:
    picture = scene(3, size=(192, 256))[: size[0], : size[1]]
    again = recode(picture, codec)
    assert again.shape == picture.shape and again.dtype == np.uint8
    assert np.abs(again.astype(int) - picture).mean() < 16
    assert np.array_equal(again, recode(picture, codec))


@pytest.mark.parametrize("codec", ["jpeg:60", "h264:28"])
def test_colours_stay_where_they_are(codec: str) -> None:
    picture = np.zeros((64, 96, 3), dtype=np.uint8)
    for third, colour in enumerate([(200, 30, 40), (20, 180, 60), (40, 50, 210)]):
        picture[:, 32 * third : 32 * third + 32] = colour
    again = recode(picture, codec)
    for third in range(3):
        inner = slice(32 * third + 8, 32 * third + 24)
        assert np.abs(again[8:-8, inner].mean((0, 1)) - picture[8:-8, inner].mean((0, 1))).max() < 6


def test_both_codecs_leave_less_of_the_high_frequencies() -> None:
    picture = np.repeat(noise_picture(1, 128)[..., None], 3, axis=2)

    def power(of: np.ndarray) -> float:
        spectrum = np.abs(np.fft.fft2(of[..., 1].astype(float))) ** 2
        radius = np.hypot(np.fft.fftfreq(128)[:, None], np.fft.fftfreq(128)[None, :])
        return float(spectrum[radius > 0.35].sum())

    assert power(recode(picture, "jpeg:20")) < 0.7 * power(picture)
    assert power(recode(picture, "h264:40")) < 0.7 * power(picture)


def test_jpeg_is_what_a_jpeg_file_is() -> None:
    picture = scene(4)
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=75)
    assert np.array_equal(recode(picture, "jpeg:75"), np.asarray(Image.open(file)))


def test_nothing_is_done_unasked() -> None:
    picture = scene(4)
    assert recode(picture, "") is picture


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mp3:4", "jpeg:QUALITY"),
        ("jpeg", "quality of jpeg is a whole number from 1 to 100"),
        ("jpeg:0", "from 1 to 100"),
        ("jpeg:101", "from 1 to 100"),
        ("jpeg:7.5", "whole number"),
        ("h264:", "CRF of h264 is a whole number from 0 to 51"),
        ("h264:52", "from 0 to 51"),
        ("h264:-1", "from 0 to 51"),
        ("h264:²", "from 0 to 51"),
    ],
)
def test_what_is_no_codec(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse_codec(text)
    with pytest.raises(DataError, match=message):
        recode(scene(1), text)
