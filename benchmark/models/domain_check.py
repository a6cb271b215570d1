"""
Out-of-domain check of a model: reasons for which a picture has no verdict.

A probability holds for pictures like those of the validation. A picture is taken for none of them if its spectrum lies beyond
the training spectra, or if a mild re-encoding changes its class.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..pictures.crops import in_colour
from ..pictures.perturbations import perturb_alike
from .spectrum_reference import SpectrumReference

FILE = "check.safetensors"
LIMIT = 1.0  # of a distance


class Doubt(StrEnum):
    """Reason why a picture has no verdict, as JSON and CSV spell it."""

    NO_FACE = "no_face"  # the model was trained on faces, and none was detected
    UNLIKE_TRAINING = "unlike_training"  # the spectrum lies beyond those of the training pictures
    BETWEEN_CLASSES = "between_classes"  # validation pictures of both classes have such probabilities, or none has
    UNSTABLE = "unstable"  # a mild re-encoding changes the class
    NOT_A_NUMBER = "not_a_number"  # the detector's score is none


@dataclass(frozen=True)
class Judgement:
    """
    Verdict on a picture or a clip.

    Attributes
    ----------
    verdict : str
        A class, or ``unsure``.
    doubt : Doubt, or None
        Reason for ``unsure``.
    """

    verdict: str
    doubt: Doubt | None = None


@dataclass(frozen=True, eq=False)
class Measurements:
    """
    Class probabilities and spectral distances that the verdicts on some pictures rest on.

    Attributes
    ----------
    probabilities : array of float64 (n_pictures, n_versions, n_classes)
        Of the pictures as they are, then of each re-encoding; where no picture has a verdict anyway, the same once more.
    distances : array of float64 (n_pictures,)
        From the training spectra, as a multiple of the limit; NaN for a model without a check.
    """

    probabilities: NDArray[np.float64]
    distances: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DomainCheck:
    """
    Training spectra, and the re-encodings that a verdict has to survive.

    Attributes
    ----------
    reference : SpectrumReference
    reencodings : tuple of str
        Chains of `pictures.perturbations`. They act on the crops, so that the size of a picture costs nothing.
    """

    reference: SpectrumReference
    reencodings: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return the part of the check that is no array, for ``model.json``."""
        return {"reencodings": list(self.reencodings)}

    def save(self, folder: Path) -> None:
        """Write the arrays of the check into the folder of a model."""
        self.reference.save(folder / FILE)

    @classmethod
    def load(cls, folder: Path, side: int, reencodings: Sequence[str]) -> "DomainCheck":
        """
        Read the output of `save`; `reencodings` are those of `as_dict`.

        Raises
        ------
        ValueError, OSError
            If the file is damaged or missing.
        """
        return cls(SpectrumReference.load(folder / FILE, side), tuple(reencodings))


def reencode(crops: NDArray[np.uint8], chain: str) -> NDArray[np.uint8]:
    """Perturb crops (n_crops, side, side[, 3]), each on its own; noise is the same for all, so that verdicts repeat."""
    perturbed = perturb_alike(list(crops), chain)
    return np.stack([in_colour(crop) for crop in perturbed] if crops.ndim == 4 else perturbed)
