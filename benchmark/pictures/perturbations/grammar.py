"""
The grammar of perturbations: ``NAME[:faithful][:parameter=value ...]``, joined by ``+``.

A chain has one name, in which every strength is told, and one key, which digests of perturbed pictures contain.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

import numpy as np

from ...errors import StudyError, unknown_name
from .levels import Kernel
from .table import CHECKS, CLEAN, NOT_DRAWN, OF_REALS, PUBLISHED, RANGES, TOLD, TOLD_PUBLISHED, WORDS, defaults_of

VERSION = 1  # raised when a change moves a pixel
NUMBER = r"\d*\.?\d+(?:e-?\d+)?"

Strength = float | str | tuple[float, float]


@dataclass(frozen=True)
class Step:
    """
    One perturbation of a chain, every parameter known.

    Attributes
    ----------
    name : str
    faithful : bool
        As published.
    parameters : tuple of (name, value)
        Of the kernel; a value may be a word, or a range (low, high).
    probability : float
        Share of pictures that are changed.
    """

    name: str
    faithful: bool = False
    parameters: tuple[tuple[str, Strength], ...] = ()
    probability: float = 1.0

    @property
    def kernel(self) -> Kernel:
        """Function of the perturbation."""
        return (PUBLISHED if self.faithful else CLEAN)[self.name]

    @property
    def needs_reals(self) -> bool:
        """True if it takes the spectrum statistics of training reals."""
        return not self.faithful and self.name in OF_REALS

    def __str__(self) -> str:
        defaults = defaults_of(self.kernel)
        always = TOLD_PUBLISHED if self.faithful else () if self.name == "combined" else TOLD
        shown = [(n, v) for n, v in self.parameters if v != defaults[n] or n in always]
        shown += [("probability", self.probability)] if self.probability != 1 else []
        return ":".join([self.name, *["faithful"] * self.faithful, *(f"{n}={_shown(v)}" for n, v in shown)])

    def settled(self, seed: Sequence[str]) -> dict[str, float | str]:
        """Parameters for one picture. Draws have a generator of their own, so noise of a drawn strength is the same noise."""
        return {n: _drawn(*v, generator([*seed, n])) if isinstance(v, tuple) else v for n, v in self.parameters}


def _drawn(low: float, high: float, rng: np.random.Generator) -> float:
    if isinstance(low, int):
        return int(rng.integers(low, int(high), endpoint=True))
    return float(rng.uniform(low, high))


def _shown(value: Strength) -> str:
    if isinstance(value, str):
        return value
    return "-".join(f"{v:.12g}" for v in (value if isinstance(value, tuple) else (value,)))


@lru_cache(maxsize=1024)
def parse_chain(chain: str) -> tuple[Step, ...]:
    """
    Read ``NAME[:faithful][:parameter=value ...]``, several of them joined by ``+``.

    A value is a number or a word, or a range ``low-high`` from which every picture gets its own number.

    Raises
    ------
    StudyError
        If a perturbation or a parameter is unknown, or a value impossible.
    """
    return tuple(_parse_step(text) for text in chain.split("+"))


def _parse_step(text: str) -> Step:
    name, *words = text.split(":")
    if name not in CLEAN:
        raise StudyError(unknown_name("perturbation", name, CLEAN))
    faithful = bool(words) and words[0] == "faithful"
    if faithful and name not in PUBLISHED:
        raise StudyError(unknown_name("faithful perturbation", name, PUBLISHED))
    defaults: dict[str, float | str] = {**defaults_of((PUBLISHED if faithful else CLEAN)[name]), "probability": 1.0}
    values: dict[str, Strength] = dict(defaults)
    for word in words[faithful:]:
        parameter, _, value = word.partition("=")
        if parameter not in defaults:
            what = f"parameter of {'faithful ' if faithful else ''}perturbation {name}"
            raise StudyError(f"{unknown_name(what, parameter, defaults)}{_meant(name, word, defaults)}")
        default, where = defaults[parameter], f"{name}:{parameter}"
        values[parameter] = _word(where, value) if isinstance(default, str) else _strength(where, value, default)
    if name in CHECKS:
        CHECKS[name]({n: value[1] if isinstance(value, tuple) else value for n, value in values.items()})
    probability = values.pop("probability")
    return Step(name, faithful, tuple(values.items()), probability)  # pyright: ignore[reportArgumentType] (never a range)


def _meant(name: str, word: str, defaults: Mapping[str, float | str]) -> str:
    """Return a hint for a value without its parameter: ``platform:feed`` is ``platform:preset=feed``."""
    if re.fullmatch(rf"{NUMBER}(-{NUMBER})?", word):
        parameter = next((n for n, default in defaults.items() if not isinstance(default, str) and n != "probability"), None)
        return "" if parameter is None else f" Write {name}:{parameter}={word}."
    for parameter in (n for n, default in defaults.items() if isinstance(default, str)):
        if near := get_close_matches(word, WORDS[parameter], 1):
            return f" Write {name}:{parameter}={near[0]}."
    return ""


def _word(where: str, text: str) -> str:
    """Return the value of a parameter that is a word."""
    words = WORDS[where.partition(":")[2]]
    if text not in words:
        raise StudyError(unknown_name(f"value of perturbation {where}", text, words))
    return text


def _strength(where: str, text: str, default: float) -> Strength:
    """Value of a parameter, or a range ``low-high`` of values."""
    ends = re.fullmatch(rf"({NUMBER})-({NUMBER})", text)
    if ends is None:
        return _number(where, text, default)
    if where.partition(":")[2] in NOT_DRAWN:
        raise StudyError(f"perturbation {where} is one number, got the range {text}.")
    low, high = (_number(where, end, default) for end in ends.groups())
    if low > high:
        raise StudyError(f"perturbation {where} is drawn from a range low-high, got {text}.")
    return (low, high) if low < high else low


def _number(where: str, text: str, default: float) -> float:
    """Number for a parameter; whole where its default is."""
    parameter = where.partition(":")[2]
    whole = isinstance(default, int)
    try:
        value = int(text) if whole else float(text)
    except ValueError:
        raise StudyError(f"perturbation {where} is a {'whole ' * whole}number, got {text!r}.") from None
    low, high = RANGES[parameter]
    if not low <= value <= high:
        raise StudyError(f"perturbation {where} lies between {low} and {high}, got {text}.")
    if parameter == "kernel" and value % 2 == 0:
        raise StudyError(f"perturbation {where} is odd, got {text}.")
    return value


def canonical(chain: str) -> str:
    """
    Return the one name of a chain, its strengths told: ``noise`` is ``noise:sd=10``.

    Raises
    ------
    StudyError
        As `parse_chain`.
    """
    return "+".join(map(str, parse_chain(chain)))


def chain_key(chain: str) -> list[Any]:
    """Return the steps of a chain, every parameter known, as they go into digests; empty for no perturbation."""
    return [VERSION, [asdict(step) for step in parse_chain(chain)]] if chain else []


def needs_reals(chain: str) -> str:
    """Return the first perturbation of a chain that takes the spectrum statistics of training reals; empty if none does."""
    return next((step.name for step in parse_chain(chain) if step.needs_reals), "") if chain else ""


def generator(seed: Sequence[str]) -> np.random.Generator:
    """Return a generator of random numbers that follow from some texts."""
    return np.random.default_rng(int.from_bytes(hashlib.sha256("\0".join(seed).encode()).digest()))
