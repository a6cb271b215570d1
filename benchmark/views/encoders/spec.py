"""Description of a frozen picture encoder: a CLIP model of open_clip, or a DINO model of transformers."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ...errors import PluginError, unknown_name
from .activations import CHOICES, is_place
from .files import RANDOM, TINY, dino_place, folder_kind, require_file

LIBRARIES = ("open_clip", "transformers")
PRECISIONS = ("float32", "bfloat16", "float16")
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
OPENAI_MEAN, OPENAI_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
COPIES = {
    "open_clip": "weights=FILE, a .safetensors or .pt of this architecture, or a folder as transformers or open_clip keep them",
    "transformers": "model=DIR, a folder with config.json and model.safetensors",
}
MODELS = {
    "open_clip": "the name of an architecture (such as ViT-L-14), the path of its configuration (JSON)",
    "transformers": "the path of a folder, a published name (such as facebook/dinov2-base), which is then fetched",
}
# Small enough to be run anywhere, large enough that nothing in it degenerates.
TINY_CLIP = {
    "embed_dim": 64,
    "vision_cfg": {"image_size": 64, "layers": 2, "width": 64, "head_width": 32, "patch_size": 8},
    "text_cfg": {"context_length": 8, "vocab_size": 64, "width": 16, "heads": 2, "layers": 1},
}
TINY_DINO = {
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 56,
    "patch_size": 14,
    "initializer_range": 0.2,  # the published 0.02 is for a start of training: such a network hardly depends on its input
}


@dataclass(frozen=True)
class EncoderSpec:
    """
    Choice of an encoder, and of the preprocessing of its pictures.

    Attributes
    ----------
    library : {"open_clip", "transformers"}
    model : str
        open_clip: name of an architecture, path of its configuration (JSON), or ``tiny``. transformers: a name such as
        ``facebook/dinov2-giant``, the path of a folder with ``config.json``, or ``tiny``.
    weights : str
        open_clip: tag of published weights, path of a file, or path of a folder that holds the configuration, too (of open_clip
        or of transformers), which takes the place of `model`. transformers: empty, since they belong to the model.
        ``random``: drawn, always the same.
    content : str
        SHA-256 of local files, so that other weights under an old name are other embeddings; empty for names.
    statistics : {"own", "imagenet"}
        Mean and standard deviation that pixels are normalised with.
    side : int
        Pictures are resized to it; 0 is the encoder's own.
    resize : {"bicubic", "bilinear"}
        Always anti-aliased, and the same with and without a filter.
    precision : {"float32", "bfloat16", "float16"}
        Of the encoder's arithmetic; embeddings are float32.
    compiled : bool
        Compile the network before its first batch (`bandbench.benchmark.devices.Graph`), which takes up to some minutes.
    activation : {"auto", "gelu", "quickgelu"}
        Of the image tower of open_clip; ``auto`` is settled by `bandbench.benchmark.views.encoders.activations.settle`.

    Raises
    ------
    PluginError
        If a choice is unknown, the model or its weights are not named, or local files are not there.
    """

    library: str
    model: str
    weights: str = ""
    content: str = ""
    statistics: str = "own"
    side: int = 0
    resize: str = "bicubic"
    precision: str = "float32"
    compiled: bool = False
    activation: str = "auto"

    def __post_init__(self) -> None:
        for what, value, choices in (
            ("library of encoders", self.library, LIBRARIES),
            ("statistics", self.statistics, ("own", "imagenet")),
            ("resize", self.resize, ("bicubic", "bilinear")),
            ("precision", self.precision, PRECISIONS),
            ("activation", self.activation, CHOICES if self.library == "open_clip" else CHOICES[:1]),
        ):
            if value not in choices:
                raise PluginError(unknown_name(what, value, choices))
        if not self.model:
            raise PluginError(f"{self.library} needs a model: {MODELS[self.library]}, or 'tiny' with weights='random'.")
        if self.library == "open_clip" and not self.weights:
            raise PluginError(
                f"open_clip {self.model} needs weights: the path of a file, the tag of published ones (such as openai or "
                f"laion2b_s32b_b82k), which are then fetched, or 'random'."
            )
        self._require_files()

    def _require_files(self) -> None:
        """Refuse missing local files, before a picture is read or a library loaded."""
        if self.library == "transformers":
            dino_place(self.model, self.weights)
            return
        if self.model.endswith(".json"):
            require_file(self.model, "configuration")
        if not is_place(self.weights):
            return
        folder = Path(self.weights).expanduser()
        if folder.is_dir():
            folder_kind(folder)
        else:
            require_file(self.weights, "weights file")

    @property
    def encoder(self) -> "EncoderSpec":
        """The description of the encoder alone, which views that differ in other options have in common."""
        return EncoderSpec(**{part.name: getattr(self, part.name) for part in fields(EncoderSpec)})

    @property
    def title(self) -> str:
        """Name in messages and figures."""
        return " ".join(part for part in (self.library, self.model, self.weights) if part)


def is_random(options: Mapping[str, Any]) -> bool:
    """
    Decide if the options of a view describe an encoder whose weights were drawn at random and never trained.

    Parameters
    ----------
    options : mapping
        Of any view; those without an encoder describe none.
    """
    if "library" not in options:
        return False
    return options.get("weights") == RANDOM or (options["library"] == "transformers" and options.get("model") == TINY)
