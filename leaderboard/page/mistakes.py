"""Pictures of a detector's worst mistakes, as the page shows them."""

import base64
import binascii
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...benchmark.errors import DataError
from ...benchmark.results.inline_pictures import WEBP_ADDRESS
from ...benchmark.results.mistakes import FILE, NAMES, PER_CLASS
from ...benchmark.results.run_files import read_run_json

LARGEST = 40_000  # bytes of one picture
MOST_PICTURE_TEXT = 2**20  # characters of one picture as text


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
    try:
        recorded = read_run_json(folder / FILE, MOST_PICTURE_TEXT)
    except DataError:
        return {}
    if not isinstance(recorded, Mapping):
        return {}
    by_domain = {name: _of_domain(recorded[name]) for name in domains if isinstance(recorded.get(name), Mapping)}
    return {name: entries for name, entries in by_domain.items() if any(entries.values())}


def _of_domain(recorded: Mapping[str, Any]) -> dict[str, list[list[Any]]]:
    return {
        kind: [_entry(each) for each in _list(recorded.get(kind))[:PER_CLASS] if _is_picture(each)] for kind in NAMES.values()
    }


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _entry(mistake: Mapping[str, Any]) -> list[Any]:
    score = mistake.get("score")
    return [str(mistake.get("item", "")), score if isinstance(score, int | float) else None, mistake["picture"]]


def _is_picture(mistake: Any) -> bool:
    """Decide if an entry has a small WebP: the run may come from somebody else, and its page is sent to others."""
    address = mistake.get("picture") if isinstance(mistake, Mapping) else None
    if not isinstance(address, str) or not address.startswith(WEBP_ADDRESS):
        return False
    try:
        content = base64.b64decode(address.removeprefix(WEBP_ADDRESS), validate=True)
    except (binascii.Error, ValueError):
        return False
    return len(content) <= LARGEST and content[:4] == b"RIFF" and content[8:12] == b"WEBP"
