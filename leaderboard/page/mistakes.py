"""The pictures that a row's detector got most wrong, small, for the page."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...benchmark.results.inline_pictures import WEBP_ADDRESS
from ...benchmark.results.mistakes import FILE, NAMES, PER_CLASS
from ...benchmark.store.files import read_json

LARGEST = 40_000  # bytes of one picture


def mistakes(folder: Path, domains: Sequence[str]) -> dict[str, Any]:
    """
    Read the recorded mistakes of a cell's chosen band.

    Parameters
    ----------
    folder : Path
        Of the cell; see `recording.mistakes.keep_mistakes`.
    domains : sequence of str
        Test domains to read.

    Returns
    -------
    dict
        By domain: ``reals`` (highest scores) and ``fakes`` (lowest), lists of ``[item, score, data address]``. What is no small
        WebP is left out. Empty where nothing was recorded.
    """
    told = read_json(folder / FILE)
    if not isinstance(told, Mapping):
        return {}
    found = {name: _of_domain(told[name]) for name in domains if isinstance(told.get(name), Mapping)}
    return {name: each for name, each in found.items() if any(each.values())}


def _of_domain(told: Mapping[str, Any]) -> dict[str, list[list[Any]]]:
    return {
        kind: [_entry(one) for one in list(told.get(kind) or ())[:PER_CLASS] if _is_picture(one)] for kind in NAMES.values()
    }


def _entry(one: Mapping[str, Any]) -> list[Any]:
    return [str(one.get("item", "")), one.get("score"), one["picture"]]


def _is_picture(one: Any) -> bool:
    """Whether an entry has a small WebP: a run may be anybody's, and its page is sent around."""
    address = one.get("picture") if isinstance(one, Mapping) else None
    if not isinstance(address, str) or not address.startswith(WEBP_ADDRESS):
        return False
    try:
        content = base64.b64decode(address.removeprefix(WEBP_ADDRESS), validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(content) <= LARGEST and content[:4] == b"RIFF" and content[8:12] == b"WEBP"
