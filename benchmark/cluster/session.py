"""Records that a client and the workers of its cluster exchange."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from .software import Software


@dataclass(frozen=True)
class Probe:
    """
    A function of this package whose value has to be the same in the client and in every worker.

    Attributes
    ----------
    function : callable
        Returns texts by subject: ``{"the folder /data/mine": "there"}``.
    arguments : tuple
    """

    function: Callable[..., Mapping[str, str]]
    arguments: tuple[Any, ...] = ()

    def values(self) -> dict[str, str]:
        """Call the function, here."""
        return dict(self.function(*self.arguments))


@dataclass(frozen=True)
class Session:
    """
    One client's use of a cluster: what a worker's processes need to be like those of the client's own machine.

    Attributes
    ----------
    key : str
        Of its own.
    environment : dict of str to str
        Variables of the processes.
    directory : str
        The client's working folder; processes begin there, where it exists.
    paths : tuple of str
        Places of modules, for plugins that are given as ``module:Class``; they come after the worker's own.
    preload : tuple of str
        Modules that a process imports at its start.
    folders : dict of str to str
        Shared folders, by the variable that names each.
    software : Software
        Of the client.
    probe : Probe or None
    probed : dict of str to str
        Its value on the client.
    """

    key: str
    environment: dict[str, str]
    directory: str
    paths: tuple[str, ...]
    preload: tuple[str, ...]
    folders: dict[str, str]
    software: Software
    probe: Probe | None = None
    probed: dict[str, str] = field(default_factory=dict)


class FolderFault(StrEnum):
    """Reason why a worker cannot share a folder with the client."""

    ABSENT = "absent"
    ANOTHER = "another"
    UNWRITABLE = "unwritable"


@dataclass(frozen=True)
class Report:
    """
    Facts about a worker's machine and software, as one of its processes finds them.

    Attributes
    ----------
    host : str
    user : str
        Name or number of the account.
    software : Software
    folders : dict of str to (FolderFault, str)
        Faults of the shared folders with the system's words, by the variable that names each.
    probed : dict of str to str
        Of the session's probe.
    """

    host: str
    user: str
    software: Software
    folders: dict[str, tuple[FolderFault, str]] = field(default_factory=dict)
    probed: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """Value of a piece of work, or the exception that it raised."""

    value: Any = None
    error: Exception | None = None
