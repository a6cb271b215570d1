"""
Frozen picture encoders: CLIP models of open_clip, and DINO models of transformers.

A model comes from its name (then its library fetches the weights, because somebody named them), from a local path, or with
random weights from its configuration. Nothing is loaded before it is used, and no code is taken from a file.
"""

import contextlib
import hashlib
import json
import logging
import os
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .activations import ARCHIVE_ENTRIES, CHOICES, array_names, is_archive, is_place, settle
from .errors import PluginError, unknown_name
from .networks import Graph, MicroBatches, find_device, memory_errors
from .store.files import digest, read_json, write_json
from .store.folders import cache_root

if TYPE_CHECKING:
    import torch
    from torch import nn

LIBRARIES = ("open_clip", "transformers")
PRECISIONS = ("float32", "bfloat16", "float16")
RANDOM = "random"
TINY = "tiny"
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
BATCH = {"cpu": 32, "cuda": 256}
SERVER_PATIENCE = 5.0  # seconds
OPENAI_MEAN, OPENAI_STD = (0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)
# Models of transformers whose first token stands for the picture.
CLASS_TOKENS = ("dinov2", "dinov2_with_registers", "dinov3_vit", "dinov3_convnext", "vit", "deit")
CLIP_TYPES = ("clip", "clip_vision_model")
COPIES = {
    "open_clip": "weights=FILE, a .safetensors or .pt of this architecture, or a folder as transformers or open_clip keep them",
    "transformers": "model=DIR, a folder with config.json and model.safetensors",
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
    Which encoder, and how pictures are handed to it.

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
        Compile the network before its first batch (`bandbench.benchmark.networks.Graph`), which takes up to some minutes.
    activation : {"auto", "gelu", "quickgelu"}
        Of the image tower of open_clip; ``auto`` is settled by `bandbench.benchmark.activations.settle`.

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
        for what, value, known in (
            ("library of encoders", self.library, LIBRARIES),
            ("statistics", self.statistics, ("own", "imagenet")),
            ("resize", self.resize, ("bicubic", "bilinear")),
            ("precision", self.precision, PRECISIONS),
            ("activation", self.activation, CHOICES if self.library == "open_clip" else CHOICES[:1]),
        ):
            if value not in known:
                raise PluginError(unknown_name(what, value, known))
        if not self.model:
            raise PluginError(
                f"{self.library} needs a model: the path of a folder, a published name (such as facebook/dinov2-base), "
                f"which is then fetched, or 'tiny' with weights='random'."
            )
        if self.library == "open_clip" and not self.weights:
            raise PluginError(
                f"open_clip {self.model} needs weights: the path of a file, the tag of published ones (such as openai or "
                f"laion2b_s32b_b82k), which are then fetched, or 'random'."
            )
        self._require_files()

    def _require_files(self) -> None:
        """Miss local files here, before a picture is read or a library loaded."""
        if self.library == "transformers":
            _dino_place(self)
            return
        if self.model.endswith(".json"):
            _require_file(self.model, "configuration")
        if not is_place(self.weights):
            return
        folder = Path(self.weights).expanduser()
        if folder.is_dir():
            _folder_kind(folder)
        else:
            _require_file(self.weights, "weights file")

    @property
    def name(self) -> str:
        """How messages and pictures call it."""
        return " ".join(part for part in (self.library, self.model, self.weights) if part)


def _require_file(place: str, what: str) -> None:
    path = Path(place).expanduser().absolute()
    if not path.is_file():
        raise PluginError(f"there is no {what} {path} for open_clip; check the path.")


def content_of(*paths: str) -> str:
    """
    SHA-256 of local files and of the model files of local folders; names that are no path are left out.

    A file of gigabytes takes seconds to read, so what was found is remembered by path, size and time.
    """
    files: list[Path] = []
    for path in (Path(path).expanduser() for path in paths if path not in ("", TINY, RANDOM)):
        if path.is_dir():
            files += sorted(p for p in path.iterdir() if p.suffix in (".json", ".safetensors", ".bin"))
        elif path.is_file():
            files.append(path)
    return hashlib.sha256("".join(map(_file_content, files)).encode()).hexdigest() if files else ""


def unknown_statistics(who: str, place: str, whose: str) -> str:
    """
    Say that a local folder of transformers does not tell with which mean and standard deviation pictures are normalised.

    Parameters
    ----------
    who : str
        Detector.
    place : str
        Model or weights, as they were given; what is no such folder is passed over.
    whose : str
        Those that are taken.
    """
    folder = Path(place).expanduser()
    if not place or not (folder / "config.json").is_file() or (folder / "open_clip_config.json").is_file():
        return ""
    if (folder / "preprocessor_config.json").is_file():
        return ""
    return f"{who}: {folder} has no preprocessor_config.json; mean and standard deviation of {whose} are taken."


def _file_content(path: Path) -> str:
    facts = path.stat()
    known = cache_root() / "weights" / f"{digest([str(path.resolve()), facts.st_size, facts.st_mtime_ns])[:32]}.json"
    remembered = read_json(known)
    if remembered:
        return remembered["sha256"]
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    write_json(known, {"sha256": found}, durable=False)
    return found


class Encoder:
    """
    A frozen encoder on a device.

    Parameters
    ----------
    spec : EncoderSpec
    network : Module
        From normalised pictures (n, 3, side, side) to embeddings (n, n_features); kept as an attribute, as is `run`, which does
        the same and may be compiled.
    side : int
    mean, std : tuples of 3 float
        Of channels in 0 to 1.
    device : {"cpu", "cuda"}
    """

    def __init__(
        self,
        spec: EncoderSpec,
        network: "nn.Module",
        side: int,
        mean: tuple[float, ...],
        std: tuple[float, ...],
        device: str,
    ) -> None:
        import torch

        self.spec = spec
        self.side = side
        self.device = device
        self.network = network.eval().requires_grad_(False).to(device, getattr(torch, spec.precision))
        self.run = Graph(self.network, spec.name) if spec.compiled else self.network
        self._micro_batches = MicroBatches(BATCH[device], spec.name)
        self._mean, self._std = (torch.tensor(values, device=device)[:, None, None] for values in (mean, std))

    def embed(self, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        """
        Embed crops.

        Parameters
        ----------
        crops : array of uint8 (n_crops, side, side, 3)

        Returns
        -------
        array of float32 (n_crops, n_features)

        Raises
        ------
        PluginError
            If an embedding is not finite, or not even one crop fits into the device's memory.
        """
        parts: list[torch.Tensor] = []

        def work(rows: NDArray[np.intp]) -> None:
            # On CUDA this returns at once: the next batch is copied while this one is computed, and all are fetched at the end.
            parts.append(self.embed_tensor(self._pinned(crops[rows])))

        self._micro_batches.run(np.arange(len(crops)), work, parts.clear)
        found = np.concatenate([part.float().cpu().numpy() for part in parts])
        if not np.isfinite(found).all():
            raise PluginError(f"{self.spec.name} gives embeddings that are not finite; use precision='float32'.")
        return found

    def iter_embeddings(self, batches: Iterable[NDArray[np.uint8]]) -> Iterator[NDArray[np.float32]]:
        """
        Embed batch after batch, the next one being made while the device computes.

        Parameters
        ----------
        batches : iterable of arrays of uint8 (n_crops, side, side, 3)

        Yields
        ------
        array of float32 (n_crops, n_features)
        """
        waiting: torch.Tensor | None = None
        for crops in ahead(batches):
            # On CUDA this returns at once; the answer of the batch before is fetched while this one runs.
            found = self._begun(crops)
            if waiting is not None:
                yield waiting.float().cpu().numpy()
            waiting = found
        if waiting is not None:
            yield waiting.float().cpu().numpy()

    def _begun(self, crops: NDArray[np.uint8]) -> "torch.Tensor":
        """Embeddings that may still be under way; where a whole batch has no room, in parts."""
        import torch

        try:
            with memory_errors():
                return self.embed_tensor(self._pinned(crops))
        except torch.OutOfMemoryError:
            pass
        return torch.from_numpy(self.embed(crops))  # outside the handler, whose traceback would keep the tensors alive

    def _pinned(self, crops: NDArray[np.uint8]) -> "torch.Tensor":
        import torch

        batch = torch.from_numpy(crops)
        return batch.pin_memory() if self.device == "cuda" else batch

    def embed_tensor(self, crops: "torch.Tensor") -> "torch.Tensor":
        """
        Embed a tensor of uint8 (n, rows, cols, 3); the answer (n, n_features) stays on the device.

        Raises
        ------
        PluginError
            If the network takes no pictures of this side, one smaller than its patches say.
        """
        import torch

        with torch.inference_mode():
            pictures = self.normalised(crops.to(self.device, non_blocking=True))
            try:
                with memory_errors():
                    return self.run(pictures)
            except torch.OutOfMemoryError:
                raise
            except (RuntimeError, ValueError, AssertionError) as error:
                reason = " ".join(str(error).split())[:200].rstrip(".") or type(error).__name__
                raise PluginError(
                    f"{self.spec.name} cannot embed pictures of {self.side}x{self.side} pixels: {reason}. "
                    f"Choose another side; 0 is the encoder's own."
                ) from error

    def normalised(self, crops: "torch.Tensor") -> "torch.Tensor":
        """Resize and normalise uint8 (n, rows, cols, 3) to what the network wants (n, 3, side, side)."""
        import torch

        pictures = crops.permute(0, 3, 1, 2).float() / 255
        if pictures.shape[2:] != (self.side, self.side):
            size = (self.side, self.side)
            pictures = torch.nn.functional.interpolate(pictures, size, mode=self.spec.resize, antialias=True).clamp(0, 1)
        pictures = (pictures - self._mean) / self._std
        return pictures.to(next(self.network.parameters()).dtype)


def ahead(batches: Iterable[Any], n: int = 2) -> Iterator[Any]:
    """Make up to `n` batches in a thread of their own while the last one is being used."""
    from concurrent.futures import ThreadPoolExecutor

    source = iter(batches)
    end = object()
    with ThreadPoolExecutor(1) as pool:
        waiting = [pool.submit(next, source, end) for _ in range(n)]
        while (batch := waiting.pop(0).result()) is not end:
            waiting.append(pool.submit(next, source, end))
            yield batch


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
    device = find_device(device, spec.name)
    network, side, mean, std = (_open_clip if spec.library == "open_clip" else _transformers)(spec)
    if spec.statistics == "imagenet":
        mean, std = IMAGENET_MEAN, IMAGENET_STD
    return Encoder(spec, network, spec.side or side, mean, std, device)


Loaded = tuple["nn.Module", int, tuple[float, ...], tuple[float, ...]]


def _open_clip(spec: EncoderSpec) -> Loaded:
    import open_clip
    import torch

    folder = Path(spec.weights).expanduser()
    in_folder = is_place(spec.weights) and folder.is_dir()
    if in_folder and _folder_kind(folder) == "config.json":
        return _clip_of_transformers(spec, folder)
    try:
        architecture = f"local-dir:{folder}" if in_folder else _clip_architecture(spec.model)
        weights = "" if spec.weights == RANDOM or in_folder else _clip_weights(spec, architecture)
        in_file = is_place(weights)
        with quiet(), _fetching(spec, bool(weights) and not in_file), torch.random.fork_rng(devices=[]):
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
        raise PluginError(_not_loaded(spec, error)) from error
    chosen = open_clip.get_model_preprocess_cfg(model)
    return model.visual, int(_first(chosen["size"])), tuple(chosen["mean"]), tuple(chosen["std"])  # pyright: ignore


def _activation_option(spec: EncoderSpec) -> dict[str, Any]:
    """Option of the network where its activation is not the one that its architecture has by itself."""
    found = settle(spec.model, spec.weights, spec.activation, TINY_CLIP)
    return {} if found.activation in (None, found.own) else {"quick_gelu": found.activation == "quickgelu"}


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
    found = [open_clip.get_pretrained_cfg(architecture, tag) or {} for tag in tags]
    pairs = {(one.get("mean", OPENAI_MEAN), one.get("std", OPENAI_STD)) for one in found}
    return dict(zip(("mean", "std"), pairs.pop(), strict=True)) if len(pairs) == 1 else None


def _folder_kind(folder: Path) -> str:
    """
    Name of the configuration in a folder with a CLIP model.

    Raises
    ------
    PluginError
        If there is none, or it is that of another model.
    """
    if (folder / "open_clip_config.json").is_file():
        return "open_clip_config.json"
    kind = str((read_json(folder / "config.json") or {}).get("model_type", ""))
    if kind in CLIP_TYPES:
        return "config.json"
    said = f"its config.json is of the type {kind!r}" if kind else "it has none of them"
    raise PluginError(
        f"{folder.absolute()} is no folder with a CLIP model: that has an open_clip_config.json, or a config.json with the "
        f"model_type 'clip' and a model.safetensors, and {said}. A single file is given as weights=FILE."
    )


def _clip_of_transformers(spec: EncoderSpec, folder: Path) -> Loaded:
    """Image tower with its projection of a folder in the format of transformers; embeddings are those of open_clip."""
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    found = settle(spec.model, spec.weights, spec.activation, TINY_CLIP)
    try:
        with quiet(), torch.random.fork_rng(devices=[]):
            config = transformers.CLIPVisionConfig.from_pretrained(folder)
            config.hidden_act = "quick_gelu" if found.activation == "quickgelu" else "gelu"
            loaded: Any = transformers.CLIPVisionModelWithProjection.from_pretrained(
                folder, config=config, use_safetensors=True, output_loading_info=True, ignore_mismatched_sizes=True
            )
            model, told = loaded
            _require_weights(spec, told)
            known = _preprocessor(str(folder))
    except PluginError:
        raise
    except Exception as error:  # files fail in many ways
        raise PluginError(_not_loaded(spec, error)) from error
    mean, std = tuple(known.get("image_mean", OPENAI_MEAN)), tuple(known.get("image_std", OPENAI_STD))
    return _image_embeds(model, bool(spec.side)), int(_first(config.image_size)), mean, std


def _image_embeds(model: "nn.Module", interpolated: bool) -> "nn.Module":
    from torch import nn

    class ImageEmbeds(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, pictures: "torch.Tensor") -> "torch.Tensor":
            return self.model(pixel_values=pictures, interpolate_pos_encoding=interpolated).image_embeds

    return ImageEmbeds()


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


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep libraries from telling in many lines what the error that they raise tells in one."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@contextlib.contextmanager
def from_server(what: str, copy: str) -> Iterator[None]:
    """
    For a block that fetches published weights: no progress bars, and where their server does not answer, a look at what was
    fetched before and at once an error. Left to themselves, the libraries ask again and again for a minute, file by file.

    Parameters
    ----------
    what : str
        Named in the message.
    copy : str
        How a local copy is given.

    Raises
    ------
    PluginError
        If it was not fetched before, and cannot be now.
    """
    from huggingface_hub import constants
    from huggingface_hub.errors import LocalEntryNotFoundError
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or not _server_answers(constants.ENDPOINT)
    try:
        yield
    except Exception as error:
        if not (constants.HF_HUB_OFFLINE and any(isinstance(e, LocalEntryNotFoundError) for e in _causes(error))):
            raise
        reason = "HF_HUB_OFFLINE is set" if before else f"{constants.ENDPOINT} does not answer"
        raise PluginError(
            f"{what} is not on this machine and cannot be fetched: {reason}. Give a local copy ({copy}), "
            f"or fetch it once while connected: it is kept in {constants.HF_HUB_CACHE}."
        ) from error
    finally:
        constants.HF_HUB_OFFLINE = before


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error, and those that it was raised for."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _server_answers(address: str) -> bool:
    from huggingface_hub import get_session

    try:
        get_session().head(address, timeout=SERVER_PATIENCE)
    except Exception:  # whatever the HTTP library in use calls it
        return False
    return True


def _fetching(spec: EncoderSpec, fetched: bool) -> "contextlib.AbstractContextManager[None]":
    return from_server(spec.name, COPIES[spec.library]) if fetched else contextlib.nullcontext()


def _transformers(spec: EncoderSpec) -> Loaded:
    import torch
    import transformers

    transformers.utils.logging.disable_progress_bar()
    fetched = spec.model != TINY and not _is_local(spec.model)
    try:
        with quiet(), _fetching(spec, fetched), torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            if spec.model == TINY:
                model = transformers.AutoModel.from_config(transformers.AutoConfig.for_model("dinov2", **TINY_DINO))
            elif spec.weights == RANDOM:
                model = transformers.AutoModel.from_config(transformers.AutoConfig.from_pretrained(_dino_place(spec)))
            else:
                model, told = transformers.AutoModel.from_pretrained(
                    _dino_place(spec), use_safetensors=True, output_loading_info=True, ignore_mismatched_sizes=True
                )
                _require_weights(spec, told)
            _require_class_token(spec, model)
            side, mean, std = _dino_statistics(spec, model)
    except PluginError:
        raise
    except Exception as error:  # files and servers fail in many ways
        raise PluginError(_not_loaded(spec, error)) from error
    return _class_token(model), side, mean, std


def _require_weights(spec: EncoderSpec, told: dict[str, Any]) -> None:
    """Refuse what the library lets pass: weights that its file lacks, or has in another shape, it draws."""
    lacking = {name for name in told["missing_keys"] if not name.startswith("pooler")}
    lacking |= {name for name, *_ in told["mismatched_keys"]}
    if lacking:
        reason = f"{len(lacking)} weights are not in the file, or have another shape there ({min(lacking)}, for one)"
        raise PluginError(_not_loaded(spec, ValueError(reason)))


def _require_class_token(spec: EncoderSpec, model: Any) -> None:
    kind = model.config.model_type
    if kind in CLIP_TYPES:
        raise PluginError(f"{spec.name} is a CLIP model, which clip_probe takes: --param weights={spec.model} (its folder).")
    if kind not in CLASS_TOKENS:
        raise PluginError(
            f"{spec.name} is a model of the type {kind!r}, of which it is not known that its first token stands for the "
            f"picture; known: {', '.join(CLASS_TOKENS)}."
        )


def _is_local(model: str) -> bool:
    return model != TINY and (model.startswith((".", "~", os.sep)) or Path(model).exists())


def _dino_place(spec: EncoderSpec) -> str:
    """Name or folder of a model that exists."""
    if not _is_local(spec.model):
        return spec.model
    folder = Path(spec.model).expanduser()
    for needed in ("config.json", "model.safetensors")[: 1 if spec.weights == RANDOM else 2]:
        sharded = needed == "model.safetensors" and (folder / "model.safetensors.index.json").is_file()
        if not (folder / needed).is_file() and not sharded:
            raise PluginError(f"there is no {needed} in {folder.absolute()}; a transformers model is a folder with both files.")
    return str(folder)


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
    known = {} if spec.model == TINY or spec.weights == RANDOM else _preprocessor(_dino_place(spec))
    crop = known.get("crop_size") or known.get("size") or {}
    patch = model.config.patch_size
    own = min(model.config.image_size, 16 * patch)  # DINOv2 is configured for 518 pixels and used with 224
    side = int(crop.get("height") or crop.get("shortest_edge") or own) if isinstance(crop, dict) else int(crop)
    return side, tuple(known.get("image_mean", IMAGENET_MEAN)), tuple(known.get("image_std", IMAGENET_STD))


def _preprocessor(place: str) -> dict[str, Any]:
    """Return what the preprocessor of a model of transformers says of itself; empty where there is none."""
    from transformers.utils.hub import cached_file

    found = cached_file(place, "preprocessor_config.json", _raise_exceptions_for_missing_entries=False)
    return json.loads(Path(found).read_text(encoding="utf-8")) if found else {}


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, tuple | list) else value


def _not_loaded(spec: EncoderSpec, error: Exception) -> str:
    reason = " ".join(str(error).split())[:300] or type(error).__name__
    return (
        f"{spec.name} cannot be loaded: {reason.rstrip('.')}. Weights must belong to the architecture and be whole; "
        f"a local copy is given as {COPIES[spec.library]}."
    )
