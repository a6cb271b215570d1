"""Linear probe on frozen DINO embeddings."""

from typing import Any

from ..benchmark.views.encoders.files import RANDOM, unknown_statistics
from .learning.probes import EmbeddingProbe
from .published import middle_frequencies


class DinoProbe(EmbeddingProbe):
    """
    Logistic regression on the class token of a DINOv2 or DINOv3 model of transformers.

    Parameters
    ----------
    model : str
        Path of a folder with ``config.json`` and ``model.safetensors``, a published name such as ``facebook/dinov2-giant``
        (fetched by transformers on first use), or ``tiny``. There is no default: nothing is fetched that nobody named.
    weights : str
        Empty: those of the model. ``random``: drawn for its configuration.
    options
        Those of `bandbench.detectors.learning.probes.EmbeddingProbe`.

    Notes
    -----
    The preset ``faithful`` is the published encoder and head; ``random`` needs no file: a small transformer that was never
    trained, to try things out.
    """

    name = "dino_probe"
    source = "The Role of Middle Frequencies in General Deepfake Detection (2024); arXiv 2304.07193"
    needs = ("torch", "transformers")
    library = "transformers"
    reported = middle_frequencies.DINO
    presets = {
        "faithful": {"model": "facebook/dinov2-giant", "head": "faithful", "side": 224, "resize": "bilinear"},
        "random": {"model": "tiny", "weights": "random"},
    }

    def __init__(self, model: str = "", weights: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.model = model
        self.weights = weights

    @property
    def encoder(self) -> tuple[str, str]:
        return self.model, self.weights

    def taken(self) -> dict[str, str]:
        """Warn about a local folder without mean and standard deviation."""
        if self.statistics == "own" and self.weights != RANDOM and not hasattr(self, "coef_"):
            self.say(unknown_statistics(self.name, self.model, "ImageNet"))
        return {}
