"""Detectors that rest on a frozen picture encoder: which one, its content, and what is settled about it."""

import multiprocessing
import warnings
from pathlib import Path
from typing import Any, ClassVar, Literal

from ...benchmark.contracts import Detector
from ...benchmark.errors import BenchWarning, PluginError
from ...benchmark.views.encoders.activations import choice_message, is_place, settle
from ...benchmark.views.encoders.files import RANDOM, content_of, unknown_statistics
from ...benchmark.views.encoders.spec import TINY_CLIP

OPEN_CLIP = "open_clip"


class FrozenEncoder(Detector):
    """
    Base of detectors on a frozen encoder: a subclass sets `library` and `encoder`.

    Parameters
    ----------
    statistics, side, resize, precision, compiled, device
        Preprocessing of pictures and arithmetic of the encoder; see
        `bandbench.benchmark.views.encoders.spec.EncoderSpec`.

    Attributes
    ----------
    content_ : str
        `bandbench.benchmark.views.encoders.files.content_of` the encoder; empty for one that was fetched by name or drawn.
        `fit` sets it.
    """

    extra = "deep"
    library: str
    content_: str

    def __init__(
        self,
        statistics: str = "own",
        side: int = 0,
        resize: str = "bicubic",
        precision: Literal["float32", "bfloat16", "float16"] = "float32",
        compiled: bool = False,
        device: Literal["auto", "cpu", "cuda"] = "auto",
    ) -> None:
        self.statistics = statistics
        self.side = side
        self.resize = resize
        self.precision = precision
        self.compiled = compiled
        self.device = device

    @property
    def encoder(self) -> tuple[str, str]:
        """Model and weights, as in `EncoderSpec`."""
        raise NotImplementedError(f"{type(self).__name__} does not say which encoder it wants.")

    @property
    def is_fitted(self) -> bool:
        """True after `fit`."""
        return bool(self.learned())

    def encoder_options(self) -> dict[str, Any]:
        """
        Return the fields of `EncoderSpec` and the device; another encoder than the one of the fit is refused.

        Raises
        ------
        PluginError
            If local weights are gone, or are others now.
        """
        model, weights = self.encoder
        shared = {name: getattr(self, name) for name in ("statistics", "side", "resize", "precision", "compiled", "device")}
        content = content_of(model, weights)
        if content != getattr(self, "content_", content):
            raise PluginError(self._another_encoder(content))
        return {"library": self.library, "model": model, "weights": weights, "content": content, **shared, **self.taken()}

    def taken(self) -> dict[str, str]:
        """Return the settings of the encoder that the parameters leave open: fields of `EncoderSpec`."""
        return {}

    def say(self, text: str) -> None:
        """Warn with a message, unless it is empty: once for all workers."""
        if text and multiprocessing.parent_process() is None:
            warnings.warn(text, BenchWarning, stacklevel=2)

    def _another_encoder(self, content: str) -> str:
        places = [Path(place).expanduser().absolute() for place in self.encoder if place and place != RANDOM]
        missing = [str(place) for place in places if not place.exists()]
        now = f"there is nothing at {' and '.join(missing)}" if missing else f"the present files are others ({content[:12]}…)"
        if not self.content_:
            now = "a local copy has taken the place of the published name"
        fitted = f"SHA-256 {self.content_[:12]}…" if self.content_ else "no local file"
        return (
            f"{self.name} was fitted to the embeddings of the encoder {' '.join(filter(None, self.encoder))} ({fitted}), "
            f"which the model does not contain, and {now}. Put that encoder back, or train again."
        )


class AnyEncoder(FrozenEncoder):
    """
    Base of detectors that take an encoder of either library: a subclass writes `view`, `fit` and `score`.

    Parameters
    ----------
    model : str
        transformers: path of a folder with ``config.json`` and ``model.safetensors``, a published name such as
        ``facebook/dinov2-base`` (fetched on first use), or ``tiny``. open_clip: architecture, path of a configuration (JSON),
        or ``tiny``. There is no default: nothing is fetched that nobody named.
    weights : str
        transformers: empty, or ``random``. open_clip: path of a file or folder, tag of published weights, or ``random``.
    library : {"transformers", "open_clip"}
        DINO models, or the image towers of CLIP models.
    activation : {"auto", "gelu", "quickgelu"}
        Of the image tower of open_clip; ``auto`` takes what is known of the weights.
    options
        Those of `FrozenEncoder`.

    Attributes
    ----------
    activation_ : str
        The activation that was settled when it was fitted; empty for a network without that choice.
    """

    needs: ClassVar[tuple[str, ...]] = ("torch", "transformers", "open_clip")
    activation_: str

    def __init__(
        self,
        model: str = "",
        weights: str = "",
        library: Literal["transformers", "open_clip"] = "transformers",
        activation: str = "auto",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.model = model
        self.weights = weights
        self.library = library
        self.activation = activation

    @property
    def encoder(self) -> tuple[str, str]:
        return self.model, self.weights

    def taken(self) -> dict[str, str]:
        """Settle the activation, and say so where that was a decision; a fitted detector keeps its own."""
        if self.library != OPEN_CLIP:
            if self.statistics == "own" and self.weights != RANDOM and not self.is_fitted:
                self.say(unknown_statistics(self.name, self.model, "ImageNet"))
            return {}
        if self.is_fitted:
            return {"activation": self.activation_} if self.activation_ else {}
        settled = settle(self.model, self.weights, self.activation, TINY_CLIP)
        self.say(choice_message(self.name, self.model, self.weights, settled))
        if self.statistics == "own" and is_place(self.weights):
            self.say(unknown_statistics(self.name, self.weights, "OpenAI"))
        return {"activation": settled.activation} if settled.activation else {}

    def remember_encoder(self) -> None:
        """Set `content_` and `activation_`; `fit` calls it first."""
        settled = self.library == OPEN_CLIP and settle(self.model, self.weights, self.activation, TINY_CLIP).activation
        self.content_ = content_of(*self.encoder)
        self.activation_ = settled or ""
