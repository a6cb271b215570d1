"""Folders and parameters of data sets, as the options of a function give them."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

from ..benchmark.domains.catalogue import Catalogue
from ..benchmark.errors import unknown_name
from ..benchmark.registry import check_parameters, datasets
from .options import OptionError

Folders = Mapping[str, Any]
Groups = str | PathLike[str] | Mapping[str, str | PathLike[str]]
GIVEN_ELSEWHERE = {"seed": "seed", "replicate": "seed"}  # parameters of every data set, and the option that sets them


@dataclass(frozen=True)
class GivenData:
    """
    Folders and parameters of data sets.

    Attributes
    ----------
    folders : dict of str to str
        By data set.
    options : dict of str to dict
        Parameters by data set.
    """

    folders: dict[str, str] = field(default_factory=dict)
    options: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        """Names of the data sets that have a folder."""
        return [datasets.get(name).name if ":" in name else name for name in self.folders]

    def catalogue(self) -> Catalogue:
        """Return the catalogue of these and of all registered data sets."""
        return Catalogue(self.folders, self.options)


def given_data(data: Folders | None, groups: Groups | None = None, group_by: Groups | None = None) -> GivenData:
    r"""
    Read the options ``data``, ``groups`` and ``group_by``.

    Parameters
    ----------
    data : mapping of str to path or mapping, or None
        Folder by data set: ``{"mine": "pictures"}``. A mapping holds parameters, and the folder as ``root``.
    groups : path, mapping of str to path, or None
        CSV list of the pictures that belong together, by data set; a single path is that of the only folder.
    group_by : str, mapping of str to str, or None
        Regular expression that finds the group in a path, such as ``(id\d+)_``, or ``folder``, ``name``, ``none``; a single
        one is that of every folder of the user's own.

    Raises
    ------
    OptionError
        If a value has another form.
    PluginError
        If a data set has no such parameter.
    """
    folders: dict[str, str] = {}
    options: dict[str, dict[str, Any]] = {}
    if data is not None and not isinstance(data, Mapping):
        raise OptionError(f"data is a mapping of names to folders such as {{'mine': 'pictures'}}, got {data!r}.")
    for name, value in (data or {}).items():
        if not isinstance(name, str) or not name:
            raise OptionError(f"data: a name is text, got {name!r}.")
        parameters = dict(value) if isinstance(value, Mapping) else {"root": value}
        root = parameters.pop("root", None)
        if root is not None:
            folders[name] = _folder(name, root)
        if parameters:
            alias = datasets.get(name).name if ":" in name else name
            options[alias] = {key: os.fspath(v) if isinstance(v, PathLike) else v for key, v in parameters.items()}
    own = [name for name in folders if _takes_groups(name)]
    for option, given in (("groups", groups), ("group_by", group_by)):
        for name, value in _by_name(option, given, own).items():
            if "groups" in options.setdefault(name, {}):
                raise OptionError(f"{option}: the groups of {name} are given twice; give them once.")
            options[name]["groups"] = value
    for name, parameters in options.items():
        _check(name, parameters, folders)
    return GivenData(folders, options)


def _folder(name: str, root: Any) -> str:
    if not isinstance(root, str | PathLike) or not os.fspath(root):
        raise OptionError(f"data: the folder of {name} is a path, got {root!r}.")
    return str(Path(root).expanduser())


def _takes_groups(name: str) -> bool:
    """Return True for a folder of the user's own, or a prepared one."""
    return ":" not in name and (name not in datasets.names() or "groups" in datasets.get(name).parameter_types())


def _by_name(option: str, given: Groups | None, own: Sequence[str]) -> dict[str, str]:
    if given is None:
        return {}
    if isinstance(given, Mapping):
        for name in given:
            if name not in own:
                raise OptionError(f"{option}: {unknown_name('folder of data', str(name), own)}")
        return {name: _group_value(option, value) for name, value in given.items()}
    if not own:
        raise OptionError(f"{option}: data brings no folder of your own, such as {{'mine': 'pictures'}}.")
    if option == "groups" and len(own) > 1:
        raise OptionError(f"{option}: say which folder the list is of, as {{{own[0]!r}: {os.fspath(given)!r}}}.")
    return dict.fromkeys(own, _group_value(option, given))


def _group_value(option: str, value: Any) -> str:
    if not isinstance(value, str | PathLike):
        raise OptionError(f"{option} takes text, got {value!r}.")
    text = os.fspath(value)
    if option == "groups" and not text.lower().endswith(".csv"):
        raise OptionError(
            f"groups takes the path of a list that ends in .csv, got {text!r}; for a regular expression there is group_by."
        )
    return text


def _check(name: str, parameters: Mapping[str, Any], folders: Mapping[str, str]) -> None:
    """Refuse parameters that a data set does not have, and values that they cannot have."""
    references = {datasets.get(given).name: given for given in folders if ":" in given}
    reference = references.get(name) or (name if name in datasets.names() else "folder")
    if reference == "folder" and name not in folders:
        raise OptionError(
            f"data: {unknown_name('data set', name, [*datasets.names(), *folders])} A folder of its own is its root."
        )
    for parameter in parameters:
        if parameter in GIVEN_ELSEWHERE:
            raise OptionError(f"data: {parameter} of {name} is given by the option {GIVEN_ELSEWHERE[parameter]}.")
    check_parameters(datasets.get(reference), parameters, f"data set {name}")
