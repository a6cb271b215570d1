"""
Frequency masking while a network is trained (Doloriel and Cheung, ICASSP 2024, arXiv 2401.06506).

In each training crop a share of the frequencies of a band is removed, others in every epoch, so that the network cannot rely on
a few of them. Nothing is removed from crops that are validated or scored.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import scipy  # whose parts are imported when they are first used: `scipy.fft` takes as long as NumPy
from numpy.typing import NDArray

from ...benchmark.errors import PluginError, unknown_name

MaskedBand = Literal["none", "low", "mid", "high", "all", "random"]
# Radial frequencies in cycles/pixel, lower edge included: quarters of the axis up to 0.5, the middle two taken together.
BANDS: dict[str, tuple[float, float]] = {"low": (0.0, 0.125), "mid": (0.125, 0.375), "high": (0.375, 1.0), "all": (0.0, 1.0)}
CHOICES = ("none", *BANDS, "random")
BAND_MASKED: dict[str, Any] = {"masked_band": "all", "masked_share": 0.15}  # the preset of every network


@dataclass(frozen=True)
class BandMasking:
    """
    Removal of random frequencies.

    Attributes
    ----------
    band : {"none", "low", "mid", "high", "all", "random"}
        Band that the frequencies are drawn from: below 0.125 cycles/pixel, up to 0.375, above, or all; ``random`` draws one of
        these four for each crop.
    share : float
        Share of the band's frequencies that is removed.

    Raises
    ------
    PluginError
        If the band is unknown, or the share is not between 0 and 1.
    """

    band: str = "none"
    share: float = BAND_MASKED["masked_share"]

    def __post_init__(self) -> None:
        if self.band not in CHOICES:
            raise PluginError(unknown_name("masked_band", self.band, CHOICES))
        if not 0 < self.share < 1:
            raise PluginError(f"frequency masking needs a masked_share between 0 and 1, got {self.share}.")

    @property
    def is_active(self) -> bool:
        """True if frequencies are removed."""
        return self.band != "none"

    def removed(self, frequency: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.bool_]:
        """
        Draw the frequencies that are removed from one crop.

        Parameters
        ----------
        frequency : array of float64 (rows, cols)
            Radial frequency of each coefficient in cycles/pixel. The zero frequency, the mean of a crop, is never removed.
        rng : Generator

        Returns
        -------
        array of bool (rows, cols)
            True for `share` of the coefficients of the band, rounded.
        """
        name = str(rng.choice(tuple(BANDS))) if self.band == "random" else self.band
        low, high = BANDS[name]
        candidates = np.flatnonzero((frequency >= low) & (frequency < high) & (frequency > 0))
        chosen = rng.choice(candidates, round(self.share * len(candidates)), replace=False)
        mask = np.zeros(frequency.shape, dtype=bool)
        mask.flat[chosen] = True
        return mask

    def of_coefficients(
        self, planes: NDArray[np.float32], frequency: NDArray[np.float64], generators: Sequence[np.random.Generator]
    ) -> NDArray[np.float32]:
        """
        Set the removed coefficients to their mean over the training crops, in all channels.

        A band of mode ``keep`` leaves constant coefficients, which standardisation takes to 0, too: a network sees what is
        removed in one way.

        Parameters
        ----------
        planes : array of float32 (n_crops, rows, cols, channels)
            Standardised coefficients.
        frequency : array of float64 (rows, cols)
            In cycles/pixel.
        generators : sequence of Generator
            One for each crop.

        Returns
        -------
        array of float32, shape of `planes`
        """
        masks = np.stack([self.removed(frequency, rng) for rng in generators])
        return np.where(masks[..., None], planes.dtype.type(0), planes)

    def of_pictures(self, pictures: NDArray[np.float32], generators: Sequence[np.random.Generator]) -> NDArray[np.float32]:
        """
        Remove frequencies of the DFT of pictures, in all channels.

        Parameters
        ----------
        pictures : array of float32 (n_crops, rows, cols, channels)
        generators : sequence of Generator
            One for each crop.

        Returns
        -------
        array of float32, shape of `pictures`
        """
        rows, cols = pictures.shape[1:3]
        # A frequency and its negative are one, so half of the plane is drawn; its first column, and the last where the number
        # of columns is even, hold both, of which the one without a twin further up decides.
        frequency = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(cols)[None, :])
        twins = [0, *([cols // 2] if cols % 2 == 0 else [])]
        single = frequency.copy()
        single[rows // 2 + 1 :, twins] = 0
        masks = np.stack([self.removed(single, rng) for rng in generators])
        lower = np.arange(rows // 2 + 1, rows)
        masks[:, lower[:, None], twins] = masks[:, (rows - lower)[:, None], twins]
        spectra = np.asarray(scipy.fft.rfft2(pictures, axes=(1, 2)))
        spectra *= ~masks[..., None]
        return np.asarray(scipy.fft.irfft2(spectra, s=(rows, cols), axes=(1, 2)), dtype=pictures.dtype)


def coefficient_frequency(transform: str, rows: int, cols: int) -> NDArray[np.float64]:
    """
    Radial frequency of the coefficients of a plane in cycles/pixel.

    Parameters
    ----------
    transform : {"dct", "log_dct", "fft", "log_fft"}
    rows, cols : int
        Of the plane. That of an FFT has half of the columns of its crop, whose sides are both even or both odd.

    Returns
    -------
    array of float64 (rows, cols)
    """
    if transform.endswith("fft"):
        return np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.rfftfreq(2 * (cols - 1) + rows % 2)[None, :])
    return np.hypot(np.arange(rows)[:, None] / (2 * rows), np.arange(cols)[None, :] / (2 * cols))
