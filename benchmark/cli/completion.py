"""Values that the shell completes: studies, detectors, data sets and domains, by file names, without imports."""

import importlib.metadata
import pkgutil
from collections.abc import Iterable, Iterator
from importlib import import_module, resources
from typing import Any

import typer

from ..store.yaml_text import parse_yaml

PACKAGE = __package__.rsplit(".", 2)[0] if __package__ else "bandbench"


def studies(incomplete: str) -> list[str]:
    """Names of the shipped studies; a file of one's own is completed by the shell."""
    return _beginning(incomplete, _study_names())


def detectors(incomplete: str) -> list[str]:
    """Names of detectors, those of other packages too."""
    return _beginning(incomplete, _plugin_names("detectors"))


def datasets(incomplete: str) -> list[str]:
    """Names of data sets, those of other packages too."""
    return _beginning(incomplete, _plugin_names("datasets"))


def domains(context: typer.Context, incomplete: str) -> list[str]:
    """Names of data sets, the domains that shipped studies name, and what ``--data`` has brought before on the line."""
    names = (text.partition("=")[0] for text in context.params.get("data") or ())
    return _beginning(incomplete, [*names, *_plugin_names("datasets"), *_study_domains()])


def everything(incomplete: str) -> list[str]:
    """Names of all that ``bench show`` shows."""
    return _beginning(incomplete, [*_plugin_names("detectors"), *_plugin_names("datasets"), *_study_names()])


def _beginning(incomplete: str, names: Iterable[str]) -> list[str]:
    return sorted({name for name in names if name.startswith(incomplete)})


def _plugin_names(kind: str) -> list[str]:
    """Return the names of plugins without importing them, which would take a second: a module bears the name of its plugin."""
    modules = pkgutil.iter_modules(import_module(f"{PACKAGE}.{kind}").__path__)
    own = [module.name for module in modules if not module.ispkg]  # packages hold what several plugins share
    foreign = [entry.name for entry in importlib.metadata.entry_points(group=f"{PACKAGE}.{kind}")]
    return [name for name in (*own, *foreign) if not name.startswith("_")]


def _study_files() -> list[Any]:
    return [file for file in resources.files(f"{PACKAGE}.studies").iterdir() if file.name.endswith(".yaml")]


def _study_names() -> list[str]:
    return [file.name.removesuffix(".yaml") for file in _study_files()]


def _study_domains() -> Iterator[str]:
    for file in _study_files():
        study = parse_yaml(file.read_text(encoding="utf-8")).data
        entries = (entry for side in ("train", "test") for entry in study[side])
        yield from (name for entry in entries for name in (entry if isinstance(entry, list) else [entry]))
