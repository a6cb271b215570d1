"""DINO models and other vision transformers of transformers, by their class token."""

from typing import TYPE_CHECKING, Any

from ...devices import quiet
from ...errors import PluginError
from .files import CLIP_TYPES, RANDOM, TINY, dino_place, is_local
from .spec import IMAGENET_MEAN, IMAGENET_STD, TINY_DINO, EncoderSpec
from .weights import Loaded, fetching, not_loaded, preprocessor, require_weights

if TYPE_CHECKING:
    import torch
    from torch import nn

# Models of transformers whose first token stands for the picture.
CLASS_TOKENS = ("dinov2", "dinov2_with_registers", "dinov3_vit", "dinov3_convnext", "vit", "deit")


def dino_encoder(spec: EncoderSpec) -> Loaded:
    """Load a model of transformers: its network, side, mean and standard deviation."""
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    fetched = spec.model != TINY and not is_local(spec.model)
    place = dino_place(spec.model, spec.weights)
    try:
        with quiet(), fetching(spec, fetched), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            if spec.model == TINY:
                model = transformers.AutoModel.from_config(transformers.AutoConfig.for_model("dinov2", **TINY_DINO))
            elif spec.weights == RANDOM:
                model = transformers.AutoModel.from_config(transformers.AutoConfig.from_pretrained(place))
            else:
                model, report = transformers.AutoModel.from_pretrained(
                    dino_place(spec.model, spec.weights),
                    use_safetensors=True,
                    output_loading_info=True,
                    ignore_mismatched_sizes=True,
                )
                require_weights(spec, report)
            _require_class_token(spec, model)
            side, mean, std = _dino_statistics(spec, model)
    except PluginError:
        raise
    except Exception as error:  # files and servers fail in many ways
        raise PluginError(not_loaded(spec, error)) from error
    return _class_token(model), side, mean, std


def _require_class_token(spec: EncoderSpec, model: Any) -> None:
    kind = model.config.model_type
    if kind in CLIP_TYPES:
        raise PluginError(
            f"{spec.title} is a CLIP model, which clip_probe takes: --param weights={spec.model} (its folder). Detectors with "
            f"a parameter library take it with library=open_clip, the name of its architecture as model, and these weights."
        )
    if kind not in CLASS_TOKENS:
        raise PluginError(
            f"{spec.title} is a model of the type {kind!r}, of which it is not known that its first token stands for the "
            f"picture; known: {', '.join(CLASS_TOKENS)}."
        )


def _class_token(model: "nn.Module") -> "nn.Module":
    from torch import nn

    class ClassToken(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, pictures: "torch.Tensor") -> "torch.Tensor":
            return self.model(pixel_values=pictures).last_hidden_state[:, 0]

    return ClassToken()


def _dino_statistics(spec: EncoderSpec, model: Any) -> tuple[int, tuple[float, ...], tuple[float, ...]]:
    """Side, mean and standard deviation as the model's preprocessor says, else those of DINO."""
    settings = {} if spec.model == TINY or spec.weights == RANDOM else preprocessor(dino_place(spec.model, spec.weights))
    crop = settings.get("crop_size") or settings.get("size") or {}
    patch = model.config.patch_size
    own = min(model.config.image_size, 16 * patch)  # DINOv2 is configured for 518 pixels and used with 224
    side = int(crop.get("height") or crop.get("shortest_edge") or own) if isinstance(crop, dict) else int(crop)
    return side, tuple(settings.get("image_mean", IMAGENET_MEAN)), tuple(settings.get("image_std", IMAGENET_STD))
