"""Files of a folder that anybody may have made: regular ones inside the folder, of bounded size and depth."""

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..errors import ACTS_ON_TERMINAL, DataError
from .files import read_file, sha256_of

Taken = TypeVar("Taken")
MOST_BYTES = 2**31  # of a file of arrays
MOST_JSON_BYTES = 2**28
MOST_NESTED = 64  # lists and objects in each other


@dataclass(frozen=True)
class ForeignFolder:
    """
    Reader of a folder that somebody else may have made.

    Every method raises OSError for a file that cannot be read, and ValueError, with the file's name, for one that is damaged
    or not what it should be.

    Attributes
    ----------
    root : Path
    """

    root: Path

    def has(self, name: str) -> bool:
        """Return True if something of that name is there, were it a broken link."""
        path = self.root / name
        return path.exists() or path.is_symlink()

    def read(self, name: str, most_bytes: int = MOST_BYTES) -> bytes:
        """Return the content of a file."""
        return self._taken(read_file, name, most_bytes)

    def sha256(self, name: str, most_bytes: int = MOST_BYTES) -> str:
        """Return the SHA-256 of a file (64 hex digits), which is not held in memory."""
        return self._taken(sha256_of, name, most_bytes)

    def _taken(self, take: Callable[[Path, int, str], Taken], name: str, most_bytes: int) -> Taken:
        """Return what is taken from a file, which is named where it is not what it should be."""
        path = self._inside(name)
        try:
            return take(path, most_bytes, "such a file")
        except DataError as error:
            raise ValueError(f"{name}: {str(error).rstrip('.')}") from error

    def _inside(self, name: str) -> Path:
        """Return the path of a file; refuse one that leads out of the folder."""
        path = self.root / name
        try:
            inside = path.resolve().is_relative_to(self.root.resolve())
        except RuntimeError:  # links in a circle
            inside = False
        if not inside:
            raise ValueError(f"{name} is a link out of the folder; put a copy of what it points to in its place")
        return path

    def read_text(self, name: str, most_bytes: int = MOST_JSON_BYTES) -> str:
        """Return the content of a text file in UTF-8."""
        try:
            return self.read(name, most_bytes).decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"{name} is not UTF-8 text") from error

    def read_json(self, name: str, most_bytes: int = MOST_JSON_BYTES) -> Any:
        """Return the content of a JSON file: finite numbers, bounded nesting, and no text that acts on a terminal."""
        try:
            value = json.loads(self.read_text(name, most_bytes), parse_constant=_refuse_constant)
        except RecursionError:
            raise ValueError(f"{name} is nested too deeply") from None
        except ValueError as error:
            text = str(error)
            raise ValueError(text if text.startswith(name) else f"{name}: {text}") from error
        if reason := _defect(value):
            raise ValueError(f"{name} {reason}")
        return value

    def read_arrays(self, name: str) -> dict[str, NDArray]:
        """Return the arrays of a safetensors file, which are finite."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        data = self.read(name)
        try:
            arrays = {key: np.array(value) for key, value in load(data).items()}
        except (SafetensorError, KeyError, TypeError, ValueError, OverflowError) as error:  # types that NumPy lacks, too
            raise ValueError(f"{name}: {error}") from error
        for key, value in arrays.items():
            if value.dtype.kind == "f" and not np.isfinite(value).all():
                raise ValueError(f"{name}: {key[:80]!r} has values that are not finite")
        return arrays

    def read_tokens(self, name: str, pattern: str) -> frozenset[str]:
        """Return the words of a text file, each of which matches a pattern."""
        tokens = frozenset(self.read_text(name).split())
        fits = re.compile(pattern)
        if wrong := next((token for token in tokens if not fits.fullmatch(token)), ""):
            raise ValueError(f"{name} has {wrong[:40]!r} in it")
        return tokens


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number of JSON")


def _defect(value: Any) -> str:
    """Return the first reason why a JSON value is refused; empty if there is none."""
    for depth, part in _parts(value):
        if depth > MOST_NESTED:
            return f"is nested more than {MOST_NESTED} levels deep"
        if isinstance(part, float) and not math.isfinite(part):
            return "has a number that is too large"
        if isinstance(part, str) and ACTS_ON_TERMINAL.search(part):
            return "has a text with control characters"
    return ""


def _parts(value: Any) -> Iterator[tuple[int, Any]]:
    """Yield a JSON value and everything in it, names of objects too, each with its depth."""
    stack = [(0, value)]
    while stack:
        depth, part = stack.pop()
        yield depth, part
        if isinstance(part, dict):
            stack += [(depth + 1, name) for name in part]
            stack += [(depth + 1, inner) for inner in part.values()]
        elif isinstance(part, list):
            stack += [(depth + 1, inner) for inner in part]
