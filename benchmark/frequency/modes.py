"""
Modes of a band: one class each for the action of a filter's gain on crops and coefficients.

A mode acts on the crops, before any view, or on the coefficients of a view: it leaves some out, or multiplies them.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Mode = Literal["keep", "reweight", "pixels"]
HALF = 0.5 - 1e-12  # gain 1/2, in spite of rounding


class BandMode:
    """
    One way in which a band acts.

    Attributes
    ----------
    name : str
        In study files and options.
    about : str
        Its description in a help text.
    sweep : str
        Name of the mode that locates evidence where a search uses this one.
    has_order : bool
        Whether the steepness of the filter has an effect.
    clips : bool
        Whether a band may leave no frequency at all, and is refused then.
    filters_crops : bool
        Whether the crops are filtered, and a view sees nothing of the band.
    """

    name: Mode
    sweep: Mode = "keep"
    has_order: bool = True
    clips: bool = False
    filters_crops: bool = False

    def kept(self, gain: NDArray) -> NDArray[np.bool_] | None:
        """Mask of the coefficients that are left, by the amplitude gain of each; None for all."""
        return None

    def weight(self, gain: NDArray) -> NDArray | None:
        """Factor of the amplitude of each coefficient, by its gain; None for 1."""
        return None


class Keep(BandMode):
    """Restriction to the frequencies with gain >= 1/2, which removes the information of all others."""

    name: Mode = "keep"
    has_order = False  # the order moves no point of gain 1/2
    clips = True

    def kept(self, gain: NDArray) -> NDArray[np.bool_]:
        return gain >= HALF


class Reweight(BandMode):
    """Multiplication of the spectrum by the gain. It removes no information, so a sweep, which is to locate it, uses `Keep`."""

    name: Mode = "reweight"

    def weight(self, gain: NDArray) -> NDArray:
        return gain


class Pixels(BandMode):
    """Filter of the picture that returns 8-bit pixels and keeps their mean; it applies to every view."""

    name: Mode = "pixels"
    sweep: Mode = "pixels"
    filters_crops = True


MODES: dict[str, BandMode] = {mode.name: mode for mode in (Keep(), Reweight(), Pixels())}
