"""Linear probe on frozen CLIP embeddings."""

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ..benchmark.contracts import Features
from ..benchmark.views.encoders.activations import Settled, choice_message, is_place, settle
from ..benchmark.views.encoders.files import unknown_statistics
from ..benchmark.views.encoders.spec import TINY_CLIP
from .learning.probes import EmbeddingProbe
from .published import middle_frequencies


class ClipProbe(EmbeddingProbe):
    """
    Logistic regression on the image tower of a CLIP model of open_clip.

    Parameters
    ----------
    architecture : str
        Of open_clip (``ViT-L-14``, ``ViT-g-14`` …), the path of a configuration (JSON), or ``tiny``.
    weights : str
        Path of a file, path of a folder in the format of transformers or open_clip (which says its own architecture), tag of
        published weights (fetched by open_clip on first use), or ``random``. There is no default: nothing is fetched that
        nobody named.
    activation : {"auto", "gelu", "quickgelu"}
        Of the image tower. ``auto``: what an architecture ``…-quickgelu`` says, else what is known of the weights (metadata, a
        configuration beside them, their name, open_clip's list of published ones), else the architecture's own, which is said.
    options
        Those of `bandbench.detectors.learning.probes.EmbeddingProbe`.

    Notes
    -----
    The encoder's own mean and standard deviation are used, where the published program takes those of ImageNet (preset
    ``faithful``), and filtered and unfiltered pictures are resized in one way. The preset ``random`` needs no file: a
    small transformer that was never trained, to try things out.

    Attributes
    ----------
    activation_ : str
        The activation of the embeddings that the head was fitted to; empty for a network without that choice.
    """

    name = "clip_probe"
    source = "The Role of Middle Frequencies in General Deepfake Detection (2024); open_clip"
    needs = ("torch", "open_clip")
    library = "open_clip"
    reported = middle_frequencies.CLIP
    presets = {
        "faithful": {
            "architecture": "ViT-g-14",
            "weights": "laion2b_s34b_b88k",
            "head": "faithful",
            "statistics": "imagenet",
            "resize": "bilinear",
        },
        "random": {"architecture": "tiny", "weights": "random"},
    }

    def __init__(self, architecture: str = "ViT-L-14", weights: str = "", activation: str = "auto", **options: Any) -> None:
        super().__init__(**options)
        self.architecture = architecture
        self.weights = weights
        self.activation = activation

    @property
    def encoder(self) -> tuple[str, str]:
        return self.architecture, self.weights

    def fit(self, view: Features, labels: NDArray[np.int64]) -> Self:
        super().fit(view, labels)
        self.activation_ = self._settled().activation or ""
        return self

    def taken(self) -> dict[str, str]:
        """Settle the activation, and say so where that was a decision; a fitted head keeps the one that it was fitted with."""
        if hasattr(self, "coef_"):
            # A model that was kept before there was a choice has no such attribute: it was the architecture's own.
            activation = getattr(self, "activation_", self._settled().own or "")
            return {"activation": activation} if activation else {}
        settled = self._settled()
        self.say(choice_message(self.name, self.architecture, self.weights, settled))
        if self.statistics == "own" and is_place(self.weights):
            self.say(unknown_statistics(self.name, self.weights, "OpenAI"))
        return {"activation": settled.activation} if settled.activation else {}

    def _settled(self) -> Settled:
        return settle(self.architecture, self.weights, self.activation, TINY_CLIP)
