"""Image towers of CLIP models, from open_clip or a folder in the format of transformers."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...devices import quiet
from ...errors import PluginError, unknown_name
from .activations import ARCHIVE_ENTRIES, array_names, is_archive, is_place, settle
from .files import RANDOM, TINY, folder_kind
from .spec import OPENAI_MEAN, OPENAI_STD, TINY_CLIP, EncoderSpec
from .weights import Loaded, fetching, first, not_loaded, preprocessor, require_weights

if TYPE_CHECKING:
    import torch
    from torch import nn


def clip_encoder(spec: EncoderSpec) -> Loaded:
    """Load the image tower of a CLIP model: its network, side, mean and standard deviation."""
    import open_clip
    import torch

    folder = Path(spec.weights).expanduser()
    in_folder = is_place(spec.weights) and folder.is_dir()
    if in_folder and folder_kind(folder) == "config.json":
        return _clip_of_transformers(spec, folder)
    try:
        architecture = f"local-dir:{folder}" if in_folder else _clip_architecture(spec.model)
        weights = "" if spec.weights == RANDOM or in_folder else _clip_weights(spec, architecture)
        in_file = is_place(weights)
        with quiet(), fetching(spec, bool(weights) and not in_file), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            state = _state_of_archive(weights) if in_file else None
            weights = weights if state is None else ""
            model = open_clip.create_model(
                architecture,
                weights or None,
                load_weights=bool(weights) or in_folder,
                force_image_size=spec.side or None,
                force_preprocess_cfg=_shared_statistics(architecture) if in_file else None,
                require_pretrained=in_folder,
                weights_only=True,
                **_activation_option(spec),
            )
            if state is not None:
                open_clip.factory.resize_pos_embed(state, model)
                model.load_state_dict(state)
    except PluginError:
        raise
    except Exception as error:  # files and servers fail in many ways, and the library names them all
        raise PluginError(not_loaded(spec, error)) from error
    chosen = open_clip.get_model_preprocess_cfg(model)
    return model.visual, int(first(chosen["size"])), tuple(chosen["mean"]), tuple(chosen["std"])  # pyright: ignore


def _activation_option(spec: EncoderSpec) -> dict[str, Any]:
    """Option of the network where its activation is not the one that its architecture has by itself."""
    settled = settle(spec.model, spec.weights, spec.activation, TINY_CLIP)
    return {} if settled.activation in (None, settled.own) else {"quick_gelu": settled.activation == "quickgelu"}


def _state_of_archive(weights: str) -> "dict[str, torch.Tensor] | None":
    """
    Weights of a file in the way of OpenAI's distribution, which has entries besides weights; None for other files.

    Raises
    ------
    PluginError
        For the TorchScript archive itself, which holds code.
    """
    from open_clip import factory

    if is_archive(Path(weights)):
        code = (
            f"import torch; state = torch.jit.load({weights!r}, 'cpu').state_dict(); "
            f"torch.save({{k: v for k, v in state.items() if k not in {ARCHIVE_ENTRIES}}}, 'clip-openai.pt')"
        )
        raise PluginError(
            f"{weights} is a TorchScript archive, as OpenAI distributes them, which holds code, and none is run from a file. "
            f'Take weights=openai, or keep its weights alone in a file, once, if you trust it: python -c "{code}"'
        )
    if not any(entry in array_names(Path(weights)) for entry in ARCHIVE_ENTRIES):
        return None
    state: Any = factory.load_state_dict(weights, weights_only=True)
    return {name: value for name, value in state.items() if name not in ARCHIVE_ENTRIES}


def _shared_statistics(architecture: str) -> dict[str, Any] | None:
    """Mean and standard deviation of all published weights of an architecture; None where they have not one (OpenAI's then)."""
    import open_clip

    tags = open_clip.list_pretrained_tags_by_model(architecture)
    entries = [open_clip.get_pretrained_cfg(architecture, tag) or {} for tag in tags]
    pairs = {(entry.get("mean", OPENAI_MEAN), entry.get("std", OPENAI_STD)) for entry in entries}
    return dict(zip(("mean", "std"), pairs.pop(), strict=True)) if len(pairs) == 1 else None


def _clip_architecture(model: str) -> str:
    """Name of an architecture, after making a described one known to the library."""
    import open_clip
    from open_clip import factory

    if model == TINY:
        factory._MODEL_CONFIGS.setdefault("bandbench-tiny", TINY_CLIP)
        return "bandbench-tiny"
    if model.endswith(".json"):
        open_clip.add_model_config(Path(model).expanduser())
        return Path(model).stem
    if model not in open_clip.list_models():
        raise PluginError(unknown_name("open_clip architecture", model, open_clip.list_models()))
    return model


def _clip_weights(spec: EncoderSpec, architecture: str) -> str:
    """Tag or path of weights that exist."""
    import open_clip

    if is_place(spec.weights):
        return str(Path(spec.weights).expanduser())
    tags = open_clip.list_pretrained_tags_by_model(architecture)
    if spec.weights not in tags:
        raise PluginError(unknown_name(f"weights of open_clip {spec.model}", spec.weights, tags) + " Or give a path.")
    return spec.weights


def _clip_of_transformers(spec: EncoderSpec, folder: Path) -> Loaded:
    """Image tower with its projection of a folder in the format of transformers; embeddings are those of open_clip."""
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    settled = settle(spec.model, spec.weights, spec.activation, TINY_CLIP)
    try:
        with quiet(), torch.random.fork_rng(devices=[]):
            config = transformers.CLIPVisionConfig.from_pretrained(folder)
            config.hidden_act = "quick_gelu" if settled.activation == "quickgelu" else "gelu"
            loaded: Any = transformers.CLIPVisionModelWithProjection.from_pretrained(
                folder, config=config, use_safetensors=True, output_loading_info=True, ignore_mismatched_sizes=True
            )
            model, report = loaded
            require_weights(spec, report)
            statistics = preprocessor(str(folder))
    except PluginError:
        raise
    except Exception as error:  # files fail in many ways
        raise PluginError(not_loaded(spec, error)) from error
    mean, std = tuple(statistics.get("image_mean", OPENAI_MEAN)), tuple(statistics.get("image_std", OPENAI_STD))
    return _image_embeds(model, bool(spec.side)), int(first(config.image_size)), mean, std


def _image_embeds(model: "nn.Module", interpolated: bool) -> "nn.Module":
    from torch import nn

    class ImageEmbeds(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, pictures: "torch.Tensor") -> "torch.Tensor":
            return self.model(pixel_values=pictures, interpolate_pos_encoding=interpolated).image_embeds

    return ImageEmbeds()
