"""Texts of the command line as the records that the engine takes."""

import difflib
import re
from collections.abc import Mapping, Sequence
from types import NoneType
from typing import Annotated, Any, get_args, get_origin

from ...api.data import GivenData
from ..errors import BenchError, unknown_name
from ..registry import NAME_PATTERN, DetectorSpec, datasets
from ..store.yaml_text import YamlError, parse_yaml


def parse_params(given: list[str] | None, option: str = "--param", types: Mapping[str, Any] | None = None) -> dict[str, Any]:
    r"""
    Read ``NAME=VALUE`` options; values are YAML (numbers, true, [1, 2], text).

    Parameters
    ----------
    given : list of str or None
    option : str
        For messages.
    types : mapping of str to type, optional
        Of parameters. The value of one that is text is taken as it stands: ``[a-z]+(\d+)`` is no list, ``2024`` no number.

    Raises
    ------
    BenchError
        If a text is no ``NAME=VALUE``, or a value is no YAML.
    """
    params: dict[str, Any] = {}
    for text in given or []:
        name, mark, value = text.partition("=")
        if not (name and mark):
            raise BenchError(f"{option} wants NAME=VALUE (for example {option} C=3), got {text!r}.")
        if _takes_text((types or {}).get(name), value):
            params[name] = value
            continue
        try:
            params[name] = parse_yaml(value).data
        except YamlError as error:
            raise BenchError(f"{option} {name}: {value!r} is no value such as 3, true, [1, 2] or text.") from error
    return params


def _takes_text(hint: Any, value: str) -> bool:
    """Return True if a type takes a value as text: `str`, or `str` or None where the value is not ``null``."""
    if get_origin(hint) is Annotated:
        hint = get_args(hint)[0]
    return hint is str or (set(get_args(hint)) == {str, NoneType} and value not in ("", "null", "~"))


def parse_detector(text: str, param: list[str] | None) -> DetectorSpec:
    """
    Read a detector and its ``--param`` options.

    Raises
    ------
    BenchError
        If the detector or a parameter is unknown, or a value cannot be that of its parameter.
    """
    types = DetectorSpec.parse(text).plugin.parameter_types()
    return DetectorSpec.parse(text, parse_params(param, types=types))


def data_words(
    given: Sequence[str] | None, groups: Sequence[str] | None, group_by: Sequence[str] | None, named: Sequence[str] = ()
) -> list[str]:
    r"""
    Return ``--data`` with ``--groups`` and ``--group-by`` as parameters of its data sets: ``mine.groups=(id\d+)_``.

    Parameters
    ----------
    given : sequence of str or None
        ``--data``.
    groups : sequence of str or None
        ``[NAME=]FILE.csv``.
    group_by : sequence of str or None
        ``[NAME=]REGEX``; without a name it is that of every folder of the user's own.
    named : sequence of str
        Data sets that other options or arguments of the command name.

    Raises
    ------
    BenchError
        If a name is none of the data sets, or the groups of one are given twice.
    """
    words = list(given or [])
    names = [*named, *(text.partition("=")[0] for text in words)]
    own = [name for name in dict.fromkeys(names) if _is_own(name)]
    taken = {name for name in own if f"{name}.groups" in names}
    for option, texts in (("--groups", groups or []), ("--group-by", group_by or [])):
        for text in texts:
            targets, value = _grouped_data(option, text, own)
            for name in targets:
                if name in taken:
                    raise BenchError(f"{option} {text}: the groups of {name} are given twice; give them once.")
                taken.add(name)
                words.append(f"{name}.groups={value}")
    return words


def _is_own(name: str) -> bool:
    """Return True for the name of a folder of the user's own, or of a prepared one."""
    return not set(".:/@+") & set(name) and (name not in datasets.names() or "groups" in datasets.get(name).parameter_types())


def _grouped_data(option: str, text: str, own: Sequence[str]) -> tuple[list[str], str]:
    """Return the data sets that a value of ``--groups`` or ``--group-by`` is for, and the value without their name."""
    name, mark, value = text.partition("=")
    brought = f"the folders of --data are {', '.join(own)}" if own else "--data brings no folder of your own (--data mine=DIR)"
    if mark and name in own:
        if not value:
            raise BenchError(f"{option} {text}: there is no value after {name}=.")
        return [name], _checked_list(option, text, value)
    if mark and NAME_PATTERN.fullmatch(name) and (option == "--groups" or difflib.get_close_matches(name, own, n=1)):
        raise BenchError(f"{option} {text}: {unknown_name('data set', name, own) if own else f'{brought}.'}")
    if not own or (option == "--groups" and len(own) > 1):
        wanted = f"; say which one it is of: {option} {own[0]}={text}" if own else ""
        raise BenchError(f"{option} {text}: {brought}{wanted}.")
    return list(own), _checked_list(option, text, text)


def _checked_list(option: str, text: str, value: str) -> str:
    """Return a value; refuse one of ``--groups`` that names no CSV file."""
    if option == "--groups" and not value.lower().endswith(".csv"):
        raise BenchError(
            f"{option} {text}: wanted the path of a list that ends in .csv, got {value!r}; for a regular "
            f"expression there is --group-by."
        )
    return value


def parse_data(given: list[str] | None, named: Sequence[str] = ()) -> GivenData:
    """
    Read ``NAME=DIR`` and ``NAME.PARAMETER=VALUE``, whose values are YAML.

    A dot is that of a parameter where a known data set or a name of another ``--data`` stands before it; no name holds one.

    Parameters
    ----------
    given : list of str or None
    named : sequence of str
        Data sets that other options or arguments of the command name.

    Raises
    ------
    BenchError
        If a text is neither, or the data set has no such parameter.
    """
    pairs = [_data_pair(text) for text in given or []]
    folders: dict[str, str] = {}
    options: dict[str, dict[str, Any]] = {}
    for name, folder in pairs:
        if "." in name and ":" not in name:
            continue
        if name in folders:
            raise BenchError(f"--data names '{name}' twice.")
        folders[name] = folder
    for name, value in pairs:
        if name not in folders:
            alias, _, parameter = name.partition(".")
            types = _types_of(alias, parameter, value, (*folders, *named))
            options.setdefault(alias, {}).update(parse_params([f"{parameter}={value}"], "--data " + alias, types))
    return GivenData(folders, options)


def _data_pair(text: str) -> tuple[str, str]:
    name, mark, value = text.partition("=")
    if not name or bool(mark) != bool(value) or (not mark and ":" not in name):
        raise BenchError(f"--data wants NAME=DIR (for example --data mine=pictures/), got {text!r}.")
    return name, value


def _types_of(alias: str, parameter: str, value: str, given: Sequence[str]) -> dict[str, Any]:
    """Return the types of a data set's parameters; refuse an unknown data set, or one without that parameter."""
    by_alias = {name: name for name in datasets.names()}
    by_alias |= {datasets.get(name).name: name for name in given if ":" in name}
    by_alias |= {name: "folder" for name in given if ":" not in name and name not in by_alias}
    if alias not in by_alias:
        near = difflib.get_close_matches(alias, by_alias, n=1)
        meant = f"Did you mean '{near[0]}.{parameter}'? " if near else ""
        plain = f"--data {_plain(alias, parameter)}={value}"
        raise BenchError(
            f"--data {alias}.{parameter}={value}: no data set '{alias}' is known, of which '{parameter}' could be a parameter. "
            f"{meant}A name of your own holds lower-case letters, digits and underscores: {plain}."
        )
    elsewhere = {"root": f"--data {alias}={value}", "seed": "--seed", "replicate": "--seed"}
    if parameter in elsewhere:
        raise BenchError(f"--data {alias}.{parameter}={value}: that is given by {elsewhere[parameter]}.")
    types = {name: hint for name, hint in datasets.get(by_alias[alias]).parameter_types().items() if name not in elsewhere}
    if parameter not in types:
        raise BenchError(f"--data {alias}.{parameter}={value}: {unknown_name(f'parameter of {alias}', parameter, types)}")
    return types


def _plain(*parts: str) -> str:
    """Make a valid name of a data set from some texts."""
    return re.sub(r"[^a-z0-9]+|^[^a-z]+", "_", "_".join(parts).lower()).strip("_") or "mine"
