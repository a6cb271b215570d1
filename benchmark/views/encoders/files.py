"""Local files of encoders: their checks before a library is loaded, and their content."""

import hashlib
import os
from pathlib import Path

from ...errors import PluginError
from ...store.files import digest, read_json, write_json
from ...store.folders import cache_root

RANDOM = "random"
TINY = "tiny"
CLIP_TYPES = ("clip", "clip_vision_model")


def require_file(place: str, what: str) -> None:
    path = Path(place).expanduser().absolute()
    if not path.is_file():
        raise PluginError(f"there is no {what} {path} for open_clip; check the path.")


def folder_kind(folder: Path) -> str:
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
    content = f"its config.json is of the type {kind!r}" if kind else "it has none of them"
    raise PluginError(
        f"{folder.absolute()} is no folder with a CLIP model: that has an open_clip_config.json, or a config.json with the "
        f"model_type 'clip' and a model.safetensors, and {content}. A single file is given as weights=FILE."
    )


def is_local(model: str) -> bool:
    return model != TINY and (model.startswith((".", "~", os.sep)) or Path(model).exists())


def dino_place(model: str, weights: str) -> str:
    """Name or folder of a model that exists."""
    if not is_local(model):
        return model
    folder = Path(model).expanduser()
    for needed in ("config.json", "model.safetensors")[: 1 if weights == RANDOM else 2]:
        sharded = needed == "model.safetensors" and (folder / "model.safetensors.index.json").is_file()
        if not (folder / needed).is_file() and not sharded:
            raise PluginError(f"there is no {needed} in {folder.absolute()}; a transformers model is a folder with both files.")
    return str(folder)


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


def _file_content(path: Path) -> str:
    facts = path.stat()
    note = cache_root() / "weights" / f"{digest([str(path.resolve()), facts.st_size, facts.st_mtime_ns])[:32]}.json"
    remembered = read_json(note)
    if remembered:
        return remembered["sha256"]
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    write_json(note, {"sha256": sha256}, durable=False)
    return sha256


def unknown_statistics(who: str, place: str, whose: str) -> str:
    """
    Build the warning for a local folder of transformers without mean and standard deviation for normalising pictures.

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
