"""Directions of the spectrum are told apart."""

import numpy as np
import pytest

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.errors import EmptyBandError, StudyError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.frequency.grid import Frequencies
from bandbench.benchmark.frequency.spectra import POWER_FLOOR, hann_window
from bandbench.benchmark.views import features_from_crops, view_kernel


def test_directions_tell_rows_from_columns() -> None:
    stripes = np.tile(128 + 100 * np.cos(2 * np.pi * 0.25 * np.arange(48)), (48, 1)).astype(np.uint8)
    kernel = view_kernel(ViewSpec("directional", {"sectors": 4}))
    along, across = (kernel.features(kernel.base(crop[None]), (48, 48), Band()) for crop in (stripes, stripes.T))
    ring = np.flatnonzero(np.abs(along.frequency - 0.25) < 0.03)
    assert ring[np.argmax(along.values[0, ring])] % 4 != ring[np.argmax(across.values[0, ring])] % 4
    np.testing.assert_allclose(np.sort(along.values[0, ring])[-1], np.sort(across.values[0, ring])[-1], rtol=1e-3)


@pytest.mark.parametrize("sectors", [1, 65])
def test_too_few_or_too_many_sectors(sectors: int) -> None:
    with pytest.raises(StudyError, match=f"takes 2 to 64 sectors, got {sectors}"):
        view_kernel(ViewSpec("directional", {"sectors": sectors}))


def test_a_band_between_two_rings_is_refused() -> None:
    kernel = view_kernel(ViewSpec("directional", {"bin_width": 0.3}))
    with pytest.raises(EmptyBandError, match="keeps no ring of width 0.3 of a 48x48 crop"):
        kernel.features(kernel.base(np.zeros((1, 48, 48), np.uint8)), (48, 48), Band.between(0.001, 0.002))


def by_hand(crops: np.ndarray, band: Band, sectors: int, width: float) -> dict[tuple[int, int], np.ndarray]:
    """Mean power in the cells, coefficient by coefficient of the whole plane."""
    side = crops.shape[1]
    centred = crops - crops.mean(axis=(1, 2), keepdims=True)
    power = np.abs(np.fft.fft2(centred * hann_window(side, side))) ** 2 / side**2
    f = np.fft.fftfreq(side)
    plane = Frequencies.of_plane(f, f)
    kept = band.keeps(plane)
    cells: dict[tuple[int, int], list[np.ndarray]] = {}
    for v in range(side):
        for u in range(side):
            y, x = (f[v], f[u]) if f[u] >= 0 or f[u] == -0.5 else (-f[v] if f[v] != -0.5 else f[v], -f[u])
            if (v, u) != (0, 0) and kept[v, u]:
                sector = int(np.floor(np.arctan2(y, abs(x)) / np.pi * sectors + 0.5)) % sectors
                cells.setdefault((int(plane.radius[v, u] / width + 1e-9), sector), []).append(power[:, v, u])
    return {place: np.mean(values, axis=0) for place, values in sorted(cells.items())}


@pytest.mark.parametrize("kind", ["comb", "anticomb"])
def test_a_comb_takes_single_coefficients_out_of_the_cells(kind: str) -> None:
    """No cell of a ring and a direction lies on the lattice alone, so cells are means over what the comb leaves of them."""
    crops = np.random.default_rng(0).integers(0, 256, (3, 32, 32)).astype(np.uint8)
    kernel = view_kernel(ViewSpec("directional", {"sectors": 4, "bin_width": 0.1}))
    band = Band(kind, period=4, halfwidth=0.04)
    assert kernel.needs_crops(band)
    found = features_from_crops(kernel, crops, band)
    wanted = by_hand(crops, band, 4, 0.1)
    np.testing.assert_allclose(found.values, np.log(np.array(list(wanted.values())).T + POWER_FLOOR), atol=2e-4)
    assert found.frequency is not None
    assert len(found.frequency) == len(wanted)


def test_a_comb_reweights_power() -> None:
    crops = np.random.default_rng(0).integers(0, 256, (2, 32, 32)).astype(np.uint8)
    kernel = view_kernel(ViewSpec("directional"))
    whole = features_from_crops(kernel, crops, Band())
    weighed = features_from_crops(kernel, crops, Band("comb", period=4, mode="reweight"))
    np.testing.assert_array_equal(weighed.frequency, whole.frequency)
    assert (weighed.values < whole.values).all()


def test_a_comb_that_meets_no_coefficient_is_refused() -> None:
    kernel = view_kernel(ViewSpec("directional"))
    with pytest.raises(EmptyBandError, match="keeps no coefficient of a 32x32 crop"):
        features_from_crops(kernel, np.zeros((1, 32, 32), np.uint8), Band("comb", period=5, halfwidth=0.001))
