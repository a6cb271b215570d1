"""`bandbench.detectors` and `bandbench.datasets`: the plugins of this installation."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Card:
    """
    A detector or data set.

    Attributes
    ----------
    name : str
    summary : str
        First line of its documentation.
    parameters : dict of str to object
        Defaults by name.
    version : str
    source : str
        Paper, repository or address that it comes from.
    missing : str
        Reason why it cannot be used here; empty if it can.
    """

    name: str
    summary: str
    parameters: dict[str, Any]
    version: str
    source: str
    missing: str = ""


def detectors() -> list[Card]:
    """List the detectors that are registered."""
    raise NotImplementedError


def datasets() -> list[Card]:
    """List the data sets that are registered."""
    raise NotImplementedError
