"""``bench show``: one detector, data set or study."""

import inspect
from typing import Any

import typer

from ...api.plugins import needs_text
from ..contracts import Dataset
from ..errors import PluginError, unknown_name
from ..registry import datasets, detectors
from ..results.reported import HOW_KNOWN
from ..store.files import dump_json
from ..store.yaml_text import dump_yaml
from ..study.study_file import find_study, load_study, shipped_studies
from .options import check_text_target, write_text
from .requests.plugins import ShowRequest


def show(request: ShowRequest) -> None:
    """Show one detector, data set or study: what it is, its parameters and where it comes from."""
    check_text_target(request.json_file)
    facts = _find(request.name)
    if request.json_file:
        write_text(request.json_file, dump_json(facts))
        return
    about = str(facts.pop("about", ""))
    typer.echo(dump_yaml(_simple(facts), width=100) + (f"\n{about}" if about else ""))


def _simple(value: Any) -> Any:
    """Tuples as lists, and nothing empty: what YAML shows well."""
    if isinstance(value, dict):
        return {k: _simple(v) for k, v in value.items() if v not in ("", {}, [], ())}
    return [_simple(v) for v in value] if isinstance(value, list | tuple) else value


def _find(name: str) -> dict[str, Any]:
    if ":" not in name and not name.endswith((".yaml", ".yml")):
        name = name.partition("/")[0]  # a preset or a domain is shown with what it belongs to
    for kind, registry in (("detector", detectors), ("dataset", datasets)):
        if name in registry.found.failures:
            raise PluginError(f"{kind} '{name}' cannot be used: {registry.found.failures[name]}")
        if name in registry.found.classes or ":" in name:
            try:
                plugin = registry.get(name)
            except PluginError:
                if kind == "detector" and ":" in name:
                    continue  # it may be a data set
                raise
            facts: dict[str, Any] = {"kind": kind, "name": plugin.name, "version": plugin.version, "source": plugin.source}
            if issubclass(plugin, Dataset):
                facts |= {"needs": needs_text(plugin), "licence": plugin.licence, "obtain": plugin.obtain}
                facts["layout"] = plugin.layout
            if issubclass(plugin, Dataset) and not plugin.needs_root:
                dataset = plugin()
                variants = (*dataset.variants(), *dataset.further_variants())
                facts["domains"] = [f"{plugin.name}/{v}" if v else plugin.name for v in variants]
            facts |= {"parameters": plugin.parameter_defaults()}
            if plugin_presets := getattr(plugin, "presets", None):
                facts |= {"presets": {k: dict(v) for k, v in plugin_presets.items()}}
            if reported := getattr(plugin, "reported", ()):
                facts |= {"reported": [one.to_json() | {"how_known": HOW_KNOWN[one.how_known]} for one in reported]}
            return facts | {"file": inspect.getsourcefile(plugin), "about": inspect.getdoc(plugin) or ""}
    if name in shipped_studies() or name.endswith((".yaml", ".yml")):
        return {"kind": "study", "file": str(find_study(name)), **load_study(name).model_dump(mode="json")}
    candidates = [*detectors.names(), *datasets.names(), *shipped_studies()]
    raise PluginError(unknown_name("detector, data set or study", name, candidates))
