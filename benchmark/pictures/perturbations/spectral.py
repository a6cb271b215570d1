"""
Attacks on one part of the spectrum: its peaks, its continuum, its amplitudes or its phases.

They tell what a detector lives on, since both classes of a domain are changed alike. All act on luma and colour differences of
the whole picture (`statistics.planes_of`), keep the mean, do not stretch the contrast, round and clip.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import scipy  # whose parts are imported when they are first used: `scipy.fft` takes as long as NumPy
from numpy.typing import NDArray

from ...errors import DataError, StudyError
from .levels import Picture, rounded
from .statistics import POWER_FLOOR, SpectrumStatistics, levels_of, picture_of, planes_of, ring_power, rings_of

NO_PHASE = 1e-9  # share of a picture's sum below which a coefficient is what rounding left of none
# Of 1/period, the distance of two peaks: within this reach of a peak are its coefficients, and between is the continuum.
MOST_HALFWIDTH = 0.4
MOST_FITTINGS = 20
LEAST_EXCESS = 0.01  # mean square of what clipping would cut off, grey levels squared; rounding costs 0.08


def depeak(picture: Picture, rng: np.random.Generator, *, period: int = 8, halfwidth: float = 0.02) -> Picture:
    """
    Set the amplitudes at the lattice peaks to those of the continuum around them; phases stay.

    The peaks are at (i/period, j/period) cycles/pixel down the rows and along the columns, not both zero. There up-sampling
    by a factor of `period` leaves copies of the low frequencies, and processing in blocks its grid.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
        Not used.
    period : int
        In pixels.
    halfwidth : float
        Distance up to which a coefficient belongs to a peak, in cycles/pixel; less than 0.4 / `period`.

    Returns
    -------
    array of uint8, shape of `picture`

    Raises
    ------
    DataError
        If a side of the picture has fewer than two periods, so that there is no continuum between the peaks.

    Notes
    -----
    The continuum is a plane through the logarithms of the amplitudes around a peak, from `halfwidth` to twice of it: the
    logarithm of a power law has the same mean on every circle as in its middle. Amplitudes of this level have 2.5 dB less
    power than noise whose logarithm has this mean, in both classes alike. What lies below the continuum is raised to
    it, too. If only excess were removed, a picture with peaks would come out with a smoother continuum than one without.

    Where a side is no multiple of the period, the picture is continued by its last period for the DFT, so that every peak is
    at one coefficient, and cut back.
    """
    rows, cols = picture.shape[:2]
    if min(rows, cols) < 2 * period:
        least = f"{2 * period}x{2 * period}"
        raise DataError(f"depeak:period={period} needs pictures of at least {least} pixels, two periods, got {cols}x{rows}.")
    down, along = (_continued(side, period) for side in (rows, cols))
    at, place = _lattice(len(down), len(along), period, halfwidth)
    planes = planes_of(picture)
    for number, plane in enumerate(planes):  # one by one, as a spectrum takes several times the memory of its picture
        spectrum = np.asarray(scipy.fft.rfft2(plane[down[:, None], along]))
        around = spectrum[at]
        least = np.sqrt(POWER_FLOOR * len(down) * len(along))
        amplitudes = np.exp(np.log(np.maximum(np.abs(around[:, ~place.of_peak]), least)) @ place.continuation)
        of_peak = tuple(index[:, place.of_peak] for index in at)
        spectrum[of_peak] = amplitudes * _phases(around[:, place.of_peak], spectrum, 1.0)
        planes[number] = np.asarray(scipy.fft.irfft2(spectrum, s=(len(down), len(along))))[:rows, :cols]
    return picture_of(planes)


def match_spectrum(picture: Picture, rng: np.random.Generator, reference: SpectrumStatistics) -> Picture:
    """
    Set the mean power of every ring of the spectrum to that of training reals.

    The coefficients of a ring get one gain. So phases stay, and within a ring the ratios of amplitudes: its directions, and
    peaks above the rest of their ring. The power that peaks add to a ring is taken from all of it.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
        Not used.
    reference : SpectrumStatistics

    Returns
    -------
    array of uint8, shape of `picture`
    """
    spectra, rows, cols = _spectra(picture)
    power = ring_power(spectra, rows, cols)
    wanted = np.exp(reference.log_power[: len(spectra)])
    # A ring without power (of a flat picture) cannot be scaled; it stays as it is.
    gain = np.ones_like(power)
    np.divide(wanted, power, out=gain, where=power > POWER_FLOOR)
    gain = np.sqrt(gain)[:, rings_of(rows, cols).ring]
    return _with_mean(spectra * gain, spectra, rows, cols)


def phase_only(picture: Picture, rng: np.random.Generator, reference: SpectrumStatistics) -> Picture:
    """
    Keep the phases of a picture and give it the amplitudes of training reals: the root of their mean ring power.

    Gone is all that lies in amplitudes: the fall of the spectrum, its peaks and its directions.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator
        Not used.
    reference : SpectrumStatistics

    Returns
    -------
    array of uint8, shape of `picture`
        A coefficient that is zero has no phase and stays zero.
    """
    spectra, rows, cols = _spectra(picture)
    amplitudes = np.sqrt(np.exp(reference.log_power[: len(spectra)]) * rows * cols)[:, rings_of(rows, cols).ring]
    return _with_mean(amplitudes * _phases(spectra, spectra, 0.0), spectra, rows, cols)


def amplitude_only(picture: Picture, rng: np.random.Generator) -> Picture:
    """
    Keep the amplitudes of a picture and give it the phases of white noise, to every plane its own.

    Gone is all that lies in phases: edges, shapes, the places of things.

    Parameters
    ----------
    picture : array of uint8 (rows, cols[, 3])
    rng : Generator

    Returns
    -------
    array of uint8, shape of `picture`

    Notes
    -----
    With such phases a picture of much contrast exceeds the range of grey levels, and clipping would add power at all
    frequencies: on computed portraits 15 grey levels squared on the average, where they have 10 at 0.5 cycles/pixel. So the
    phases are fitted to the range as by Gerchberg and Saxton (1972): those of the clipped picture are taken in turn with the
    given amplitudes, up to 20 times, after which clipping adds about 0.01.
    """
    spectra, rows, cols = _spectra(picture)
    amplitudes, means = np.abs(spectra), spectra[:, 0, 0].copy()

    def with_phases(turned: NDArray[np.complex128]) -> NDArray[np.float64]:
        turned = amplitudes * _phases(turned, turned, 1.0)
        turned[:, 0, 0] = means
        return levels_of(np.asarray(scipy.fft.irfft2(turned, s=(rows, cols))))

    levels = with_phases(np.asarray(scipy.fft.rfft2(rng.standard_normal((len(spectra), rows, cols)))))
    for _ in range(MOST_FITTINGS):
        clipped = np.clip(levels, 0, 255)
        if np.mean(np.square(clipped - levels)) <= LEAST_EXCESS:
            break
        levels = with_phases(np.asarray(scipy.fft.rfft2(planes_of(clipped))))
    return rounded(levels)


def check_halfwidth(period: float, halfwidth: float) -> None:
    """
    Refuse peaks between which there is no continuum.

    Raises
    ------
    StudyError
        If `halfwidth` is not below `MOST_HALFWIDTH` / `period`.
    """
    most = MOST_HALFWIDTH / period
    if halfwidth >= most:
        raise StudyError(
            f"perturbation depeak:halfwidth is below {most:.3g} for period {period:g} ({MOST_HALFWIDTH:g} / period), so that "
            f"there is a continuum between the peaks, got {halfwidth:g}; write "
            f"depeak:period={period:g}:halfwidth={most / 2:.3g}."
        )


def _spectra(picture: Picture) -> tuple[NDArray[np.complex128], int, int]:
    """Return ``rfft2`` of the planes of a picture, and its size."""
    return np.asarray(scipy.fft.rfft2(planes_of(picture))), picture.shape[0], picture.shape[1]


def _with_mean(spectra: NDArray, before: NDArray, rows: int, cols: int) -> Picture:
    """Return the picture of some spectra, with the means of those of `before`."""
    spectra[:, 0, 0] = before[:, 0, 0]
    return picture_of(np.asarray(scipy.fft.irfft2(spectra, s=(rows, cols))))


def _phases(coefficients: NDArray, spectra: NDArray, none: float) -> NDArray[np.complex128]:
    """Return coefficients of the `spectra` of a picture over their amplitudes; `none` where the amplitude is zero."""
    amplitudes = np.abs(coefficients)
    known = amplitudes > NO_PHASE * np.abs(spectra).max()
    return np.divide(coefficients, amplitudes, out=np.full(coefficients.shape, none, np.complex128), where=known)


def _continued(side: int, period: int) -> NDArray[np.intp]:
    """Return the places of a side and, up to a multiple of the period, those one period before the missing ones."""
    places = np.arange(-(-side // period) * period)
    places[side:] -= period
    return places


class _Surroundings(NamedTuple):
    """
    Coefficients around a lattice point; those of all points lie alike.

    Attributes
    ----------
    rows, cols : array of intp (n_places,)
        From the lattice point, in DFT bins.
    of_peak : array of bool (n_places,)
        False for the continuum.
    continuation : array of float64 (n_continuum, n_peak)
        Matrix from the values of the continuum to a plane through them, at the places of the peak.
    """

    rows: NDArray[np.intp]
    cols: NDArray[np.intp]
    of_peak: NDArray[np.bool_]
    continuation: NDArray[np.float64]


def _lattice(
    rows: int, cols: int, period: int, halfwidth: float
) -> tuple[tuple[NDArray[np.intp], NDArray[np.intp]], _Surroundings]:
    """
    Find the coefficients around the lattice points in ``rfft2`` of `rows` x `cols` pixels, multiples of the period.

    Returns
    -------
    tuple of array of intp (n_points, n_places)
        Row and column of each coefficient. One in the half that is not stored is told by its mirror image.
    _Surroundings
        Of every point.
    """
    place = _surroundings(rows, cols, period, halfwidth)
    points = np.array([(i, j) for i in range(period) for j in range(period) if (i, j) != (0, 0)])
    row = (points[:, :1] * (rows // period) + place.rows) % rows
    col = (points[:, 1:] * (cols // period) + place.cols) % cols
    mirrored = col > cols // 2
    return (np.where(mirrored, -row % rows, row), np.where(mirrored, cols - col, col)), place


@lru_cache(maxsize=16)
def _surroundings(rows: int, cols: int, period: int, halfwidth: float) -> _Surroundings:
    """Find the surroundings of lattice points in the DFT of `rows` x `cols` pixels, multiples of the period."""
    reach = max(2 * halfwidth, halfwidth + 1.5 / min(rows, cols))
    down, along = (np.arange(-int(reach * side), int(reach * side) + 1) for side in (rows, cols))
    y, x = np.meshgrid(down / rows, along / cols, indexing="ij")
    distance = np.hypot(y, x)
    # The next lattice points, and zero frequency among them, are in reach where the picture is small.
    nearest = np.hypot(y - np.rint(y * period) / period, x - np.rint(x * period) / period)
    of_peak = distance <= halfwidth
    used = of_peak | ((distance <= reach) & (nearest > halfwidth))
    design = np.stack([np.ones_like(y), y, x], axis=-1)
    fit = np.linalg.pinv(design[used & ~of_peak])
    places = np.argwhere(used)
    return _Surroundings(down[places[:, 0]], along[places[:, 1]], of_peak[used], (design[of_peak] @ fit).T)
