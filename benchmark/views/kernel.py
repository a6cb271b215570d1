"""The contract of a view: crops turned into features, in two steps, of which a band changes the second only."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..contracts import Features
from ..errors import StudyError
from ..frequency.bands import Band

ALL_PASS = Band()


class ViewKernel:
    """
    Base of every view; a subclass is a frozen dataclass that sets `name` and writes `base` and `features`.

    Its fields are the options of the `ViewSpec`. ``base`` does all work that no band changes and is cached by content;
    ``features`` applies a band to it and is cheap.

    Attributes
    ----------
    name : str
        In the registry: lower case, digits and underscores.
    expensive : bool
        Whether features are worth keeping on disk for every band, too.
    of_files : bool
        The base is not computed from crops but is the table of facts of the files that they are from.
    version : int
        Raised when a change moves features.
    colour : bool
        Crops have three channels.
    """

    name: ClassVar[str]
    expensive: ClassVar[bool] = False
    of_files: ClassVar[bool] = False
    version: Any = 1
    colour: Any = False

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        """Compute the part that no band changes, (n_crops, ...), of crops (n_crops, side, side[, 3])."""
        raise NotImplementedError

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> Features:
        """Apply a band that acts on coefficients to what `base` returned for crops of `shape`."""
        raise NotImplementedError

    def needs_crops(self, band: Band) -> bool:
        """Test if the features of a band have to be computed from the crops, because the base does not determine them."""
        return band.kind != "all" and band.action.filters_crops

    def from_crops(self, crops: NDArray[np.uint8], band: Band) -> Features:
        """Features straight from crops, of a band that does not filter them."""
        return self.features(self.base(crops), crops.shape[1:3], band)

    def joins_bands(self, band: Band) -> bool:
        """Test if `from_crops_of` computes several such bands for less than one after the other."""
        return False

    def from_crops_of(self, crops: NDArray[np.uint8], bands: Sequence[Band]) -> list[Features]:
        """Features straight from crops under several bands, each equal to those of `from_crops`."""
        return [self.from_crops(crops, band) for band in bands]

    def require_side(self, side: int) -> None:
        """
        Refuse crops that are too small for the features; called before any picture is read.

        Parameters
        ----------
        side : int
            Of the square crops, in pixels.

        Raises
        ------
        StudyError
            If nothing can be computed of such crops. Here any side will do.
        """

    def require_no_band(self, band: Band) -> None:
        """
        Refuse a band on features without frequencies.

        Raises
        ------
        StudyError
            If it is one.
        """
        if band.kind != "all":
            raise StudyError(f"view '{self.name}' has no frequencies to {band.mode}; use mode pixels.")

    def require_no_comb(self, band: Band) -> None:
        """
        Refuse a comb on features that are rings of the spectrum.

        Raises
        ------
        StudyError
            If the band is a comb or an anticomb.
        """
        if band.is_comb:
            raise StudyError(
                f"view '{self.name}' has rings of the spectrum to {band.mode}, and rings mix the lattice points of a "
                f"{band.kind} with the rest; use mode pixels."
            )
