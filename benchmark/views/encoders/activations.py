"""
Activation of the image tower of a CLIP model: GELU or QuickGELU.

OpenAI trained with QuickGELU, ``x * sigmoid(1.702 x)``, and so did some after them; the rest with GELU. Both load the same
weights without an error, and their embeddings differ by a third. So it is settled once, by what is known of the weights, it
belongs to the description of the encoder, and where nothing is known that is said.
"""

import importlib.util
import json
import os
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, Literal

from ...errors import PluginError, unknown_name

Activation = Literal["gelu", "quickgelu"]
CHOICES = ("auto", "gelu", "quickgelu")
SHOWN: dict[Activation, str] = {"gelu": "GELU", "quickgelu": "QuickGELU"}
TWIN = "-quickgelu"  # end of the name of an architecture of open_clip
# What OpenAI's state dict holds besides weights, where it was taken out of the TorchScript archive that is distributed.
ARCHIVE_ENTRIES = ("input_resolution", "context_length", "vocab_size")
# Words in the names of published files; laion400m is left out, of which there are both.
WORDS: dict[Activation, re.Pattern[str]] = {
    "quickgelu": re.compile(r"(?<![a-z])(?:openai|quick[-_]?gelu|metaclip|dfn[25]b)(?![a-z])", re.IGNORECASE),
    "gelu": re.compile(r"(?<![a-z])(?:laion[-_]?2b|laion[-_]?5b|datacomp|commonpool)(?![a-z])", re.IGNORECASE),
}
CONFIGURATIONS = ("open_clip_config.json", "config.json")
MOST_BYTES = 1_000_000  # of a configuration, or of the part of a file that describes its arrays


class ActivationSource(Enum):
    """Source that an activation was read from."""

    ASKED = "asked"
    ARCHITECTURE = "architecture"  # it has one only, or nothing was loaded into it
    TWIN_NAME = "twin_name"
    PUBLISHED = "published"
    METADATA = "metadata"
    CONFIGURATION = "configuration"
    ARCHIVE = "archive"
    FILE_NAME = "file_name"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Settled:
    """
    The chosen activation, and the source that it was read from.

    Attributes
    ----------
    activation : {"gelu", "quickgelu"} or None
        None for a network that has no such choice (ResNets, the networks of timm).
    source : ActivationSource
    place : str
        File that told it.
    own : {"gelu", "quickgelu"} or None
        What the architecture takes by itself.
    """

    activation: Activation | None
    source: ActivationSource
    place: str = ""
    own: Activation | None = None


def is_place(text: str) -> bool:
    """Test if weights are given as a path, and not as the tag of published ones."""
    return os.sep in text or text.startswith((".", "~")) or Path(text).suffix in (".pt", ".pth", ".bin", ".safetensors")


def settle(model: str, weights: str, asked: str, tiny: dict[str, Any]) -> Settled:
    """
    Settle the activation of the image tower of a model of open_clip.

    Parameters
    ----------
    model, weights : str
        As in `bandbench.benchmark.views.encoders.spec.EncoderSpec`.
    asked : {"auto", "gelu", "quickgelu"}
        ``auto``: the end of the architecture's name, else what is known of the weights, else the architecture's own.
    tiny : dict
        Configuration of the architecture ``tiny``.

    Raises
    ------
    PluginError
        If `asked` is none of these, or the network has no such choice.
    """
    if asked not in CHOICES:
        raise PluginError(unknown_name("activation of open_clip", asked, CHOICES))
    place = Path(weights).expanduser() if is_place(weights) else None
    if place is not None and place.is_dir():
        return _of_folder(place, asked)
    config = tiny if model == "tiny" else _configuration(model)
    own = _own(config)
    if own is None:
        if asked != "auto":
            raise PluginError(
                f"the image tower of {model} (open_clip) has no choice of activation; leave out activation={asked}."
            )
        return Settled(None, ActivationSource.ARCHITECTURE)
    if asked != "auto":
        return Settled(_known(asked), ActivationSource.ASKED, "", own)
    if model.endswith(TWIN):
        return Settled("quickgelu", ActivationSource.TWIN_NAME, "", own)
    if weights in ("", "random") or "quick_gelu" in config:
        return Settled(own, ActivationSource.ARCHITECTURE, "", own)
    if place is not None:
        settled = _of_file(place, own)
        no_twin = settled.source is ActivationSource.NOTHING and not _configuration(model + TWIN)
        return Settled(own, ActivationSource.ARCHITECTURE, "", own) if no_twin else settled
    return Settled(_published(model, weights) or own, ActivationSource.PUBLISHED, "", own)


def choice_message(who: str, model: str, weights: str, settled: Settled) -> str:
    """
    Build the message about a chosen activation; empty where the user chose it, or the architecture has only one.

    Parameters
    ----------
    who : str
        Detector.
    model, weights : str
    settled : Settled
    """
    if settled.activation is None or settled.source in (ActivationSource.ASKED, ActivationSource.ARCHITECTURE):
        return ""
    activation, file = SHOWN[settled.activation], Path(weights).expanduser()
    other: Activation = "gelu" if settled.activation == "quickgelu" else "quickgelu"
    way_out = f"activation={other} takes {SHOWN[other]}"
    if settled.source is ActivationSource.NOTHING:
        return (
            f"{who}: nothing says which activation the weights {file} were trained with, and {model} has a twin with the other "
            f"one; {activation} is taken. Give activation=gelu or activation=quickgelu to settle it (OpenAI's have QuickGELU)."
        )
    if settled.source is ActivationSource.TWIN_NAME:
        of_file = _of_file(file, settled.own or "gelu") if is_place(weights) else settled
        if of_file.source is ActivationSource.NOTHING or of_file.activation == settled.activation:
            return ""
        return (
            f"{who}: the activation is {activation}, as the name of the architecture {model} says, although "
            f"{_source(of_file, file)} says {SHOWN[of_file.activation or 'gelu']}; {way_out}."
        )
    if settled.source is ActivationSource.PUBLISHED:
        if settled.activation == settled.own:
            return ""
        return f"{who}: the activation of {model} is {activation}, with which the weights {weights} were trained; {way_out}."
    return f"{who}: the activation of {model} is {activation}, as {_source(settled, file)} says; {way_out}."


def _source(found: Settled, file: Path) -> str:
    return {
        ActivationSource.METADATA: f"the metadata of {file.name}",
        ActivationSource.CONFIGURATION: f"the configuration {found.place}",
        ActivationSource.ARCHIVE: f"{file.name}, a state dict of OpenAI's distribution,",
        ActivationSource.FILE_NAME: f"the name of {found.place}",
    }[found.source]


def _of_file(file: Path, own: Activation) -> Settled:
    """Settle it by a local file, the surest source first."""
    beside = [*(file.with_name(name) for name in CONFIGURATIONS), file.with_suffix(".json")]
    if activation := _named_activation(_metadata(file)):
        return Settled(activation, ActivationSource.METADATA, str(file), own)
    for place in beside:
        if activation := _named_activation(_read(place)):
            return Settled(activation, ActivationSource.CONFIGURATION, str(place), own)
    if any(entry in array_names(file) for entry in ARCHIVE_ENTRIES):
        return Settled("quickgelu", ActivationSource.ARCHIVE, str(file), own)
    folder = file.absolute().parent
    named, place = _words(file.stem), file.name
    if not named:
        named, place = _words(folder.name, at_start=True), str(folder)
    return (
        Settled(named[0], ActivationSource.FILE_NAME, place, own)
        if len(named) == 1
        else Settled(own, ActivationSource.NOTHING, "", own)
    )


def _words(name: str, at_start: bool = False) -> list[Activation]:
    """Activations that the words of a name stand for."""
    return [activation for activation, words in WORDS.items() if (words.match if at_start else words.search)(name)]


def _of_folder(folder: Path, asked: str) -> Settled:
    """Settle it by the configuration of a folder; those of transformers default to QuickGELU."""
    config = next((content for name in CONFIGURATIONS if (content := _read(folder / name))), {})
    place = next((str(folder / name) for name in CONFIGURATIONS if (folder / name).is_file()), "")
    own: Activation | None = _named_activation(config)
    if own is None:
        own = "quickgelu" if "model_type" in config else _own(config.get("model_cfg", config))
    if asked != "auto" and own is not None:
        return Settled(_known(asked), ActivationSource.ASKED, place, own)
    return Settled(own, ActivationSource.CONFIGURATION, place, own)


def _known(asked: str) -> Activation:
    return "quickgelu" if asked == "quickgelu" else "gelu"


def _own(config: dict[str, Any]) -> Activation | None:
    """Activation of an architecture by itself; None where its image tower has no such choice."""
    tower = config.get("vision_cfg", {})
    if "timm_model_name" in tower or isinstance(tower.get("layers"), list):
        return None
    return "quickgelu" if config.get("quick_gelu") else "gelu"


def _named_activation(config: dict[str, Any]) -> Activation | None:
    """Activation that a configuration or metadata name, of open_clip or transformers; None where they do not."""
    for part in (config.get("model_cfg"), config.get("vision_config"), config.get("vision_cfg"), config):
        if not isinstance(part, dict):
            continue
        if "quick_gelu" in part:
            return "quickgelu" if str(part["quick_gelu"]).lower() in ("true", "1", "yes") else "gelu"
        for key in ("hidden_act", "activation", "act_layer"):
            name = re.sub(r"[^a-z]", "", str(part.get(key, "")).lower())
            if name in ("quickgelu", "gelu"):
                return _known(name)
    return None


def _published(model: str, tag: str) -> Activation | None:
    """Activation that published weights were trained with, as open_clip lists them."""
    if tag == "openai":
        return "quickgelu"  # known without the library, which takes seconds to load
    if importlib.util.find_spec("open_clip") is None:
        return None
    import open_clip

    entry = open_clip.get_pretrained_cfg(model, tag)
    return None if not entry else "quickgelu" if entry.get("quick_gelu") else "gelu"


def _configuration(model: str) -> dict[str, Any]:
    """Configuration of an architecture, from its own file or the library's; empty where there is none."""
    if model.endswith(".json"):
        return _read(Path(model).expanduser())
    library = importlib.util.find_spec("open_clip")
    places = (library.submodule_search_locations if library else None) or []
    name = model.replace("/", "-")
    return next((_read(Path(place, "model_configs", f"{name}.json")) for place in places), {})


def _read(path: Path) -> dict[str, Any]:
    """JSON of a file; empty where it has none that is a mapping."""
    try:
        content = json.loads(path.read_text(encoding="utf-8")) if path.stat().st_size <= MOST_BYTES else {}
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _metadata(file: Path) -> dict[str, Any]:
    """Metadata of a safetensors file; empty for others."""
    return _header(file).get("__metadata__", {})


def _header(file: Path) -> dict[str, Any]:
    """Description of the arrays of a safetensors file, which stands at its beginning; empty for others."""
    if file.suffix != ".safetensors":
        return {}
    try:
        with file.open("rb") as opened:
            size = int.from_bytes(opened.read(8), "little")
            header = json.loads(opened.read(size)) if size <= 100 * MOST_BYTES else {}
    except (OSError, ValueError):
        return {}
    return header if isinstance(header, dict) else {}


def array_names(file: Path) -> str:
    """
    Return the names of the arrays of a file, in a text that may hold other things, too.

    Of a PyTorch file the bytes that describe the arrays, which are looked at and not run.
    """
    if file.suffix == ".safetensors":
        return " ".join(_header(file))
    return "".join(_descriptions(file))


def is_archive(file: Path) -> bool:
    """Test for a TorchScript archive, which holds code besides weights; OpenAI distributes such."""
    try:
        with zipfile.ZipFile(file) as archive:
            return any(name.endswith("constants.pkl") for name in archive.namelist())
    except (OSError, zipfile.BadZipFile):
        return False


def _descriptions(file: Path) -> Iterator[str]:
    try:
        with zipfile.ZipFile(file) as archive:
            for entry in archive.infolist():
                if entry.filename.endswith("/data.pkl") and entry.file_size <= 100 * MOST_BYTES:
                    yield archive.read(entry).decode("latin-1")
    except (OSError, zipfile.BadZipFile):
        return
