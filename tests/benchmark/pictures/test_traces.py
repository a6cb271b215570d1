"""Traces that codecs and resampling leave in pixels."""

import io

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.pictures.traces import LEVEL, MISSING, NAMES, WINDOW, Traces, middle
from conftest import noise_picture


def saved(array: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(array).save(out, kind, **options)
    return out.getvalue()


def traces(pictures: list[np.ndarray]) -> dict[str, np.ndarray]:
    measured = Traces()
    for picture in pictures:
        measured.add(picture)
    return dict(zip(NAMES, measured.table().T, strict=True))


def test_blocks_leave_a_trace_wherever_they_begin() -> None:
    pictures = [noise_picture(seed, 128) for seed in range(6)]
    coded = [np.asarray(Image.open(io.BytesIO(saved(one, "JPEG", quality=50)))) for one in pictures]
    clean = traces(pictures)["grid"]
    for corner in (0, 3):
        cut = traces([one[corner:, corner:] for one in coded])
        assert cut["grid"].min() > clean.max()
        assert set(cut["grid_phase"].tolist()) == {9.0 * ((8 - corner) % 8)}


@pytest.mark.parametrize("method", [Image.Resampling.BILINEAR, Image.Resampling.BICUBIC, Image.Resampling.LANCZOS])
@pytest.mark.parametrize("sides", [(112, 110, 112), (128, 127, 128), (128, 127)])
def test_resampling_leaves_a_trace_even_where_the_size_hardly_changes(method: Image.Resampling, sides: tuple[int, ...]) -> None:
    pictures = [Image.fromarray(noise_picture(seed, sides[0])) for seed in range(12)]
    resized = pictures
    for side in sides[1:]:
        resized = [picture.resize((side, side), method) for picture in resized]
    before, after = (traces([np.asarray(picture) for picture in of_kind])["resampling"] for of_kind in (pictures, resized))
    assert after.min() > before.max()


def test_a_round_trip_over_a_smaller_size_loses_the_finest_detail() -> None:
    """From 96 to 128 pixels interpolation repeats every 4 pixels, like a grid of blocks; the sharpness tells of it, too."""
    pictures = [Image.fromarray(noise_picture(seed, 128)) for seed in range(12)]
    small = [
        picture.resize((96, 96), Image.Resampling.BICUBIC).resize((128, 128), Image.Resampling.BICUBIC) for picture in pictures
    ]
    before, after = (traces([np.asarray(picture) for picture in of_kind]) for of_kind in (pictures, small))
    assert after["detail"].max() < before["detail"].min()
    assert after["grid"].min() > before["grid"].max()


def test_traces_do_not_depend_on_the_pictures_that_are_measured_with_them() -> None:
    pictures = [noise_picture(seed, side) for seed, side in enumerate((64, 96, 20, 64, 300, *[128] * 100, 64))]
    pictures += [picture[:, :-9] for picture in pictures]
    together = Traces()
    for picture in pictures:
        together.add(picture)
    for row, picture in zip(together.table(), pictures, strict=True):
        alone = Traces()
        alone.add(middle(picture))
        assert alone.table()[0] == pytest.approx(row, rel=1e-4)


def test_the_middle_keeps_the_phase_of_a_grid() -> None:
    picture = np.add.outer(np.arange(301) % 8 * 10, np.arange(283) % 8).astype(np.uint8)
    assert middle(picture).shape == (WINDOW, WINDOW) and middle(picture)[0, 0] == 0


@pytest.mark.parametrize("picture", [np.full((64, 64), 7, np.uint8), np.full((20, 300), 7, np.uint8), noise_picture(0, 16)])
def test_flat_and_small_pictures_have_finite_traces(picture: np.ndarray) -> None:
    measured = np.concatenate(list(traces([picture]).values()))
    assert np.isfinite(measured).all() and (measured >= MISSING).all()


@pytest.mark.parametrize("shape", [(96, 96), (64, 150)])
def test_steps_are_means_of_absolute_differences_even_where_they_are_as_large_as_they_can_be(shape: tuple[int, int]) -> None:
    """Pixels of 0 and 255 in turn have the largest differences of every order; sums of 16 bits must not overflow."""
    picture = np.indices(shape).sum(axis=0).astype(np.uint8) % 2 * np.uint8(255)
    measured = traces([picture])
    # Differences of the orders 1, 2 and 4 are 255, 510 and 2040 everywhere.
    assert measured["sharpness"] == pytest.approx((510 + LEVEL) / (255 + LEVEL))
    assert measured["detail"] == pytest.approx((2040 + LEVEL) / (510 + LEVEL))
    assert (measured["contrast"], measured["mean"]) == (pytest.approx(127.5, rel=1e-3), pytest.approx(127.5, rel=1e-3))


def test_traces_agree_with_their_definition() -> None:
    """Computed with plain NumPy from the lines of one picture."""
    picture = noise_picture(3, 128)
    measured = {name: values[0] for name, values in traces([picture]).items()}
    ratios, grids, powers = [], [], 0
    for turned in (picture.astype(float), picture.T.astype(float)):
        lines, neighbours = turned[0:127:11], turned[1:128:11]
        first, second, fourth, sixth = (np.abs(np.diff(lines, order)).mean(axis=0) for order in (1, 2, 4, 6))
        ratios.append([(b.mean() + LEVEL) / (a.mean() + LEVEL) for a, b in ((first, second), (second, fourth))])
        phases = np.abs(np.diff(neighbours - lines)).mean(axis=0)[:120].reshape(15, 8).mean(axis=0)
        grids.append(phases.max() / np.median(phases) - 1)
        sequence = np.log(sixth + LEVEL) - np.log(second[2:-2] + LEVEL)
        powers = powers + np.abs(np.fft.rfft(sequence)) ** 2
    cycles = np.arange(62)
    harmonics = np.arange(1, 5)[:, None] * 122 / 8
    powers = powers[(cycles > 0) & (np.abs(cycles - harmonics) > 1.5).all(axis=0)]
    assert [measured["sharpness"], measured["detail"]] == pytest.approx(np.mean(ratios, axis=0).tolist(), rel=1e-5)
    assert measured["grid"] == pytest.approx(np.mean(grids), rel=1e-4)
    assert measured["resampling"] == pytest.approx(powers.max() / powers.sum(), rel=1e-4)
    lines = picture[0:127:11].astype(float)
    assert (measured["contrast"], measured["mean"]) == (
        pytest.approx(lines.std(), rel=1e-4),
        pytest.approx(lines.mean(), rel=1e-5),
    )
