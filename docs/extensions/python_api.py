"""Reference of the Python interface: the names of the facade, by the modules that define them."""

import ast
import inspect
from importlib import import_module
from pathlib import Path

import bandbench

TITLES = {
    "study": "Studies",
    "board": "Leaderboards",
    "models": "Models",
    "pictures": "Pictures",
    "plugins": "Detectors and data sets",
    "bands": "Bands",
    "errors": "Errors",
}


def facade_text() -> str:
    """Return the documentation of every name of ``import bandbench``, under a heading for each module."""
    parts = []
    for module, names in facade_names().items():
        last = module.rpartition(".")[2]
        entries = "".join(_entry(module, name) for name in names)
        parts.append(f"## {TITLES.get(last, last)}\n\n```{{eval-rst}}\n{entries}\n```\n")
    return "\n".join(parts)


def facade_names() -> dict[str, list[str]]:
    """Return the names of the facade by the module that defines them, as its stub states."""
    stub = Path(str(bandbench.__file__)).with_suffix(".pyi")
    names: dict[str, list[str]] = {}
    for node in ast.parse(stub.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            names.setdefault(f"bandbench.{node.module}", []).extend(alias.name for alias in node.names)
    return names


def _entry(module: str, name: str) -> str:
    value = getattr(import_module(module), name)
    if inspect.isclass(value) and issubclass(value, BaseException):
        return f".. autoexception:: {module}.{name}\n\n"
    if inspect.isclass(value):
        return f".. autoclass:: {module}.{name}\n   :members:\n\n"
    return f".. autofunction:: {module}.{name}\n\n"
