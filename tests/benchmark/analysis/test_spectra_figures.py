"""What the pictures of spectra show."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.analysis import spectra_figures
from bandbench.benchmark.analysis.mean_spectra import TRANSFORMS, ClassSpectra, DomainSpectra, Family, accumulate
from bandbench.benchmark.analysis.spectra_figures import MapRow, pictures, save_html, save_png
from conftest import noise_picture


def spectra_of_class(family: Family, first_seed: int, boost: float = 1.0, side: int = 32) -> ClassSpectra:
    crops = np.stack([noise_picture(first_seed + i, side, boost) for i in range(6)])
    return ClassSpectra(accumulate(crops, family, list(TRANSFORMS[family])), (), ())


@pytest.mark.parametrize("family", ["clean", "published"])
def test_same_numbers_same_files(family: Family, tmp_path: Path) -> None:
    real = spectra_of_class(family, 0)
    domains = [DomainSpectra(name, real, spectra_of_class(family, seed, 1.6)) for name, seed in (("a", 50), ("b", 90))]
    shown = pictures(domains, 32, family)
    assert [picture.name for picture in shown] == ["profile", "dct", "fft_highpass", "density_error"]
    for picture in (shown[0], shown[2]):
        paths = {suffix: tmp_path / f"{picture.name}.{suffix}" for suffix in ("png", "html")}
        found = []
        for _ in range(2):
            save_png(paths["png"], picture)
            save_html(paths["html"], picture)
            found.append([path.read_bytes() for path in paths.values()])
        assert found[0] == found[1]
        assert b"<script src" not in found[0][1]
        with Image.open(paths["png"]) as drawn:
            assert min(drawn.size) > 400


def test_differences_are_taken_from_the_reference() -> None:
    real, other = spectra_of_class("clean", 0), spectra_of_class("clean", 20)
    fakes = [spectra_of_class("clean", seed, 1.6) for seed in (50, 90)]
    shared = pictures([DomainSpectra("a", real, fakes[0]), DomainSpectra("b", real, fakes[1])], 32, "clean")[1]
    titles = [row.title.partition("\n")[0] for row in shared.maps]
    assert titles == ["real", "fake", "fake − real", "fake − fake of"]  # the reals are the same pictures
    apart = pictures([DomainSpectra("a", real, fakes[0]), DomainSpectra("b", other, fakes[1])], 32, "clean")[1]
    assert [row.title for row in apart.maps[3:]] == ["real − real of\na", "fake − fake of\na"]
    reference, gap = apart.maps[4].planes
    assert reference == "reference"
    decibels = 20 / np.log(10) * (fakes[1].planes["dct"].mean - fakes[0].planes["dct"].mean)
    np.testing.assert_allclose(gap, decibels)  # type: ignore[arg-type]
    assert len(pictures([DomainSpectra("a", real, fakes[0])], 32, "clean")[1].maps) == 3


def test_ranges_of_colours() -> None:
    plane = np.random.default_rng(0).normal(3, 1, (40, 40))
    low, high = spectra_figures._limits([MapRow("", "", (plane, "reference")), MapRow("", "", (plane + 10,))])
    assert plane.min() < low < 2
    assert 14 < high < plane.max() + 10
    low, high = spectra_figures._limits([MapRow("", "", (plane,), difference=True)])
    assert low == -high
    assert spectra_figures._limits([MapRow("", "", (plane,), limits=(-5, -1))]) == (-5, -1)
    assert spectra_figures._limits([MapRow("", "", (0 * plane,), difference=True)]) == (-0.1, 0.1)


@pytest.mark.parametrize("side", [256, 500, 1024])
def test_no_peak_is_lost_where_cells_are_merged(side: int) -> None:
    plane = np.random.default_rng(1).normal(0, 1, (side, side))
    plane[side - 1, 77], plane[301 % side, side - 1] = 50, -50
    x = np.arange(side) / side
    shown, axis = spectra_figures._shown(plane), spectra_figures._shown_axis(x)
    assert shown.shape == (axis.size, axis.size)
    assert axis.size <= 256
    for value, row, col in ((50, side - 1, 77), (-50, 301 % side, side - 1)):
        ((found_row, found_col),) = np.argwhere(shown == value)
        assert axis[found_row] == pytest.approx(x[row], abs=axis[1] - axis[0])
        assert axis[found_col] == pytest.approx(x[col], abs=axis[1] - axis[0])
