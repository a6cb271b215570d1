"""Sensitivity: how far the features of a frozen encoder move when a picture is disturbed."""

import hashlib
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..contracts import Features
from ..errors import StudyError
from ..frequency.bands import Band
from ..pictures.perturbations import canonical, chain_key, needs_reals, perturb
from .consistency import unit_vectors
from .encoders.loading import load_encoder
from .encoders.spec import EncoderSpec
from .kernel import ViewKernel

HAAR = "haar"


@dataclass(frozen=True)
class SensitivityView(EncoderSpec, ViewKernel):
    """
    One minus the cosine between the embeddings of a picture and of its disturbed copy, float64 (n_crops, 1).

    What is drawn for a disturbance is drawn from the picture's content, so that a value depends neither on order nor on
    workers. A band of the study acts on the crops before, in mode ``pixels`` only.

    Parameters
    ----------
    disturbance : str
        ``haar``: the high bands of a one-level Haar transform are set to 0, so that each block of 2x2 pixels becomes its mean.
        Else a chain of perturbations that keep the size and need no training reals, such as ``noise:sd=12.75``,
        ``blur:sigma=1`` or ``lowpass:cutoff=0.2``.
    patches : int
        0: crops are disturbed as they are, and the encoder resizes both copies. From 1 on: crops are resized to so many times
        the encoder's side, cut into ``patches ** 2`` pictures of that side, and the value is the mean over them.

    Raises
    ------
    StudyError
        If the disturbance is unknown, takes statistics of reals or changes the size of a picture, or the number of patches is
        negative.
    """

    name: ClassVar[str] = "sensitivity"
    expensive: ClassVar[bool] = True
    disturbance: str = "noise:sd=12.75"
    patches: int = 0
    device: str = "auto"
    version: Any = 1
    colour: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.patches < 0:
            raise StudyError(f"view '{self.name}' needs patches of at least 0, got {self.patches}.")
        if self.disturbance != HAAR:
            object.__setattr__(self, "disturbance", canonical(self.disturbance))
            if name := needs_reals(self.disturbance):
                raise StudyError(
                    f"view '{self.name}' disturbs one picture at a time, and {name} takes the mean spectrum of training reals; "
                    "choose another disturbance."
                )
            # A perturbation whose pixels have changed gives other features.
            object.__setattr__(self, "version", (type(self).version, chain_key(self.disturbance)[0]))

    def base(self, crops: NDArray[np.uint8]) -> NDArray:
        encoder = load_encoder(self.encoder, self.device)
        pictures = encoder.patches(crops, self.patches) if self.patches else crops
        disturbed = without_haar_details(pictures) if self.disturbance == HAAR else self._perturbed(pictures)
        distances = cosine_distances(encoder.embed(pictures), encoder.embed(disturbed))
        return distances.reshape(len(crops), -1).mean(axis=1, keepdims=True)

    def features(self, base: NDArray, shape: tuple[int, int], band: Band) -> Features:
        self.require_no_band(band)
        return Features(base)

    def _perturbed(self, pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
        disturbed = np.empty_like(pictures)
        for i, picture in enumerate(pictures):
            content = hashlib.sha256(repr(picture.shape).encode() + np.ascontiguousarray(picture).tobytes()).hexdigest()
            changed = perturb(picture, self.disturbance, content)
            if changed.shape[:2] != picture.shape[:2]:
                raise StudyError(
                    f"view '{self.name}' needs a disturbance that keeps the size of a picture; {self.disturbance} makes "
                    f"{picture.shape[1]}x{picture.shape[0]} pixels {changed.shape[1]}x{changed.shape[0]}."
                )
            disturbed[i] = changed if changed.ndim == picture.ndim else changed[..., None]
        return disturbed


def cosine_distances(first: NDArray, second: NDArray) -> NDArray[np.float64]:
    """
    One minus the cosine between the vectors of each row.

    Parameters
    ----------
    first, second : arrays (n_crops, n_features)

    Returns
    -------
    array of float64 (n_crops,)
        0 to 2; 1 where a vector is 0 and the other is not.

    Notes
    -----
    Computed as half of the squared distance of the unit vectors, which keeps its digits where the two nearly agree.
    """
    a, b = unit_vectors(first), unit_vectors(second)
    one_is_zero = a.any(axis=1) != b.any(axis=1)
    return np.where(one_is_zero, 1.0, np.square(a - b).sum(axis=1) / 2)


def without_haar_details(pictures: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """
    Set the high bands of a one-level Haar transform to 0: each block of 2x2 pixels becomes its mean, rounded.

    Parameters
    ----------
    pictures : array of uint8 (n, rows, cols, channels)
        Blocks begin in the upper left corner; those that an odd side cuts are averaged over what is there.

    Returns
    -------
    array of uint8, shape of `pictures`
    """
    rows, cols = pictures.shape[1:3]
    padded = np.pad(pictures, ((0, 0), (0, rows % 2), (0, cols % 2), (0, 0)), mode="edge").astype(np.float32)
    blocks = padded.reshape(len(pictures), -(-rows // 2), 2, -(-cols // 2), 2, pictures.shape[3])
    means = np.rint(blocks.mean(axis=(2, 4), keepdims=True))
    return np.broadcast_to(means, blocks.shape).reshape(padded.shape)[:, :rows, :cols].astype(np.uint8)
