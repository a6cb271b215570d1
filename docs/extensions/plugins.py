"""Reference of detectors, data sets and studies: those that ``bench list`` lists."""

import inspect

from bandbench.benchmark.registry import datasets, detectors
from bandbench.benchmark.study.study_file import load_study, shipped_studies

from .markdown import code, escape, table


def detectors_text() -> str:
    """Return a table of the detectors, and the documentation of each class with its parameters."""
    classes = detectors.found.classes
    rows = [
        (f"[`{name}`](#{_anchor(name)})", escape(_about(plugin)), escape(plugin.source), ", ".join(map(code, plugin.presets)))
        for name, plugin in classes.items()
    ]
    parts = [f"## {name}\n\n```{{eval-rst}}\n.. autoclass:: {_path(plugin)}\n```\n" for name, plugin in classes.items()]
    return table(("detector", "description", "source", "presets"), rows) + "\n" + "\n".join(parts)


def datasets_text() -> str:
    """Return a table of the data sets, and the documentation of each class with its parameters."""
    classes = datasets.found.classes
    rows = [
        (f"[`{name}`](#{_anchor(name)})", escape(_about(plugin)), escape(plugin.licence), escape(plugin.source))
        for name, plugin in classes.items()
    ]
    parts = [f"## {name}\n\n```{{eval-rst}}\n.. autoclass:: {_path(plugin)}\n```\n" for name, plugin in classes.items()]
    return table(("data set", "description", "licence", "source"), rows) + "\n" + "\n".join(parts)


def studies_text() -> str:
    """Return a table of the shipped studies."""
    studies = {name: load_study(str(path)) for name, path in shipped_studies().items()}
    rows = [
        (code(name), escape(study.description), ", ".join(code(entry.name) for entry in study.detectors), escape(study.needs))
        for name, study in studies.items()
    ]
    return table(("study", "description", "detectors", "needs"), rows)


def _about(plugin: type) -> str:
    return (inspect.getdoc(plugin) or "").partition("\n")[0]


def _anchor(name: str) -> str:
    return name.lower()


def _path(plugin: type) -> str:
    return f"{plugin.__module__}.{plugin.__qualname__}"
