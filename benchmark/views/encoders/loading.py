"""The one way to an encoder: by its description, once per process."""

from functools import lru_cache

from ...devices import find_device
from .clip import clip_encoder
from .dino import dino_encoder
from .encoder import Encoder
from .spec import IMAGENET_MEAN, IMAGENET_STD, EncoderSpec


@lru_cache(maxsize=2)
def load_encoder(spec: EncoderSpec, device: str = "auto") -> Encoder:
    """
    Load an encoder, once per process.

    Parameters
    ----------
    spec : EncoderSpec
    device : {"auto", "cpu", "cuda"}

    Raises
    ------
    PluginError
        If the model or its weights are unknown, absent, damaged or of another architecture, or the device is absent.
    """
    device = find_device(device, spec.title)
    network, side, mean, std = (clip_encoder if spec.library == "open_clip" else dino_encoder)(spec)
    if spec.statistics == "imagenet":
        mean, std = IMAGENET_MEAN, IMAGENET_STD
    return Encoder(spec, network, spec.side or side, mean, std, device)
