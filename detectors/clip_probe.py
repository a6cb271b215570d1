"""Linear probe on frozen CLIP embeddings."""

from typing import Any

from ..benchmark.probes import EmbeddingProbe


class ClipProbe(EmbeddingProbe):
    """
    Logistic regression on the image tower of a CLIP model of open_clip.

    Parameters
    ----------
    architecture : str
        Of open_clip (``ViT-L-14``, ``ViT-g-14`` …), the path of a configuration (JSON), or ``tiny``.
    weights : str
        Path of a file, tag of published weights (fetched by open_clip on first use), or ``random``. There is no default:
        nothing is fetched that nobody named.
    options
        Those of `bandbench.benchmark.probes.EmbeddingProbe`.

    Notes
    -----
    The encoder's own mean and standard deviation are used, where the published program takes those of ImageNet (preset
    ``faithful``), and filtered and unfiltered pictures are resized in one way. The preset ``random`` needs no file: a
    small transformer that was never trained, to try things out.
    """

    name = "clip_probe"
    source = "The Role of Middle Frequencies in General Deepfake Detection (2024); open_clip"
    needs = ("torch", "open_clip")
    library = "open_clip"
    trial_preset = "random"
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

    def __init__(self, architecture: str = "ViT-L-14", weights: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.architecture = architecture
        self.weights = weights

    @property
    def encoder(self) -> tuple[str, str]:
        return self.architecture, self.weights
