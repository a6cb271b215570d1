"""Weights and preprocessing of a model, however its library loads them."""

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import PluginError
from .published import from_server
from .spec import COPIES, EncoderSpec

if TYPE_CHECKING:
    from torch import nn

Loaded = tuple["nn.Module", int, tuple[float, ...], tuple[float, ...]]


def fetching(spec: EncoderSpec, fetched: bool) -> "contextlib.AbstractContextManager[None]":
    return from_server(spec.title, COPIES[spec.library]) if fetched else contextlib.nullcontext()


def require_weights(spec: EncoderSpec, told: dict[str, Any]) -> None:
    """Refuse weights that the file lacks or has in another shape; the library draws those at random."""
    lacking = {name for name in told["missing_keys"] if not name.startswith("pooler")}
    lacking |= {name for name, *_ in told["mismatched_keys"]}
    if lacking:
        reason = f"{len(lacking)} weights are not in the file, or have another shape there ({min(lacking)}, for one)"
        raise PluginError(not_loaded(spec, ValueError(reason)))


def not_loaded(spec: EncoderSpec, error: Exception) -> str:
    reason = " ".join(str(error).split())[:300] or type(error).__name__
    return (
        f"{spec.title} cannot be loaded: {reason.rstrip('.')}. Weights must belong to the architecture and be whole; "
        f"a local copy is given as {COPIES[spec.library]}."
    )


def preprocessor(place: str) -> dict[str, Any]:
    """Return the settings of the preprocessor of a model of transformers; empty if there is none."""
    from transformers.utils.hub import cached_file

    file = cached_file(place, "preprocessor_config.json", _raise_exceptions_for_missing_entries=False)
    return json.loads(Path(file).read_text(encoding="utf-8")) if file else {}


def first(value: Any) -> Any:
    return value[0] if isinstance(value, tuple | list) else value
