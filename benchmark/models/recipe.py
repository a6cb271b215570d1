"""The recipe of a trained model."""

from dataclasses import dataclass

from ..frequency.bands import Band
from ..pictures.crops import CropSpec
from ..registry import DetectorSpec

DETECTION, ATTRIBUTION = TASKS = ("detection", "attribution")


@dataclass(frozen=True)
class Recipe:
    """
    Detector, classes, band, crop and training domains of a trained model.

    Attributes
    ----------
    detector : DetectorSpec
    task : {"detection", "attribution"}
    classes : tuple of str
        Names by label.
    band : Band
    crop : CropSpec
    train : tuple of str
        Domains.
    seed : int
    """

    detector: DetectorSpec
    task: str
    classes: tuple[str, ...]
    band: Band
    crop: CropSpec
    train: tuple[str, ...]
    seed: int

    @property
    def label(self) -> str:
        """Name in tables: the detector, and the band if there is one."""
        return self.detector.label + ("" if self.band.kind == "all" else f" [{self.band}]")
