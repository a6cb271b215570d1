"""``bench list`` and ``bench show``: what there is."""

from enum import StrEnum
from typing import Annotated, Any

import typer

from ..invocation import bench
from . import completion
from .next_steps import Step, print_steps
from .options import Command, JsonOption, write_text


class What(StrEnum):
    """Kinds of things that can be listed."""

    detectors = "detectors"
    datasets = "datasets"
    studies = "studies"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command("list", cls=Command)(list_)
    app.command(cls=Command)(show)


def list_(what: Annotated[What, typer.Argument(help="detectors, datasets or studies")], json_file: JsonOption = None) -> None:
    """List detectors, datasets or studies; what cannot be used is listed with its reason."""
    from rich.console import Console

    from ..store.files import dump_json

    entries = _studies() if what is What.studies else _plugins(what)
    if json_file:
        write_text(json_file, dump_json(entries))
        return
    _print_blocks(entries)
    example = {What.detectors: "spectral_svm", What.datasets: "procedural", What.studies: "band_search"}[what]
    steps = [Step(bench(f"show {example}"), "all about one of them")]
    if what is What.studies:
        steps.append(Step(bench(f"run {example}"), "run it"))
    print_steps(steps, Console(stderr=True))


def _print_blocks(entries: list[dict[str, Any]]) -> None:
    """One entry below the other, a fact a line: what has several facts fits into no table. That all is well goes unsaid."""
    from rich.console import Console
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    console = Console()
    for entry in entries:
        console.print(Text(entry["name"], "bold"), Text(str(entry.get("about", ""))), sep="  ")
        facts = Table.grid(padding=(0, 2))
        facts.add_column(no_wrap=True)
        facts.add_column(overflow="fold")
        for name, value in entry.items():
            if name not in ("name", "about") and value and (name, value) != ("status", "ok"):
                facts.add_row(Text(name, "dim"), _plain(value))
        console.print(Padding(facts, (0, 0, 1, 4)))


def _plain(value: Any) -> Any:
    from rich.text import Text

    return Text(", ".join(value) if isinstance(value, list) else str(value))


def _plugins(what: What) -> list[dict[str, Any]]:
    from ..registry import datasets, detectors

    registry = detectors if what is What.detectors else datasets
    entries = [{"name": name, "status": _status(plugin), **_facts(plugin)} for name, plugin in registry.found.classes.items()]
    return entries + [{"name": name, "status": reason} for name, reason in registry.found.failures.items()]


def _status(plugin: Any) -> str:
    return plugin.missing() or "ok"


def _facts(plugin: Any) -> dict[str, Any]:
    from ..contracts import Detector

    about = {"about": (plugin.__doc__ or "").strip().partition("\n")[0], "source": plugin.source}
    if issubclass(plugin, Detector):
        return {"presets": list(plugin.presets), **about}
    return {"needs": _needs(plugin), "licence": plugin.licence, "obtain": plugin.obtain, **about}


def _needs(plugin: Any) -> str:
    """What a user gives to a data set, and does with it, before it can be used."""
    from ...datasets.copies.own import CLIPS, PICTURES
    from ...datasets.copies.sources import SourceDataset

    if plugin.name == PICTURES:
        return "--data NAME=DIR"
    if plugin.name == CLIPS:
        return f"--data NAME=DIR; faces cut out once: {bench('data prepare folder --root DIR')}"
    needs = [f"--data {plugin.name}=DIR" if plugin.needs_root else "nothing"]
    if plugin.classes == ("real",):
        needs.append(f"--data {plugin.name}.fakes=DIR for fakes")
    if plugin.extra and not plugin.needs:
        needs.append(f"the extra `{plugin.extra}` for archives")
    if issubclass(plugin, SourceDataset) and plugin.clips:
        needs.append(f"faces cut out once: {bench(f'data prepare {plugin.name} --root DIR')}")
    return "; ".join(needs)


def _studies() -> list[dict[str, Any]]:
    from ..errors import StudyError
    from ..study.study_file import load_study, shipped_studies

    entries = []
    for name in shipped_studies():
        try:
            study = load_study(name)
            detectors = [entry.name for entry in study.detectors]
            facts = {"detectors": detectors, "needs": study.needs or "nothing", "about": study.description}
            entries.append({"name": name, "status": "ok", **facts})
        except StudyError as error:
            entries.append({"name": name, "status": str(error)})
    return entries


def show(
    name: Annotated[str, typer.Argument(help="Of a detector, dataset or study.", autocompletion=completion.everything)],
    json_file: JsonOption = None,
) -> None:
    """Show one detector, dataset or study: what it is, its parameters and where it comes from."""
    from ..store.files import dump_json
    from ..store.yaml_text import dump_yaml

    facts = _find(name)
    if json_file:
        write_text(json_file, dump_json(facts))
        return
    about = str(facts.pop("about", ""))
    typer.echo(dump_yaml(_simple(facts), width=100) + (f"\n{about}" if about else ""))


def _simple(value: Any) -> Any:
    """Tuples as lists, and nothing empty: what YAML shows well."""
    if isinstance(value, dict):
        return {k: _simple(v) for k, v in value.items() if v not in ("", {}, [], ())}
    return [_simple(v) for v in value] if isinstance(value, list | tuple) else value


def _find(name: str) -> dict[str, Any]:
    import inspect

    from ..contracts import Dataset
    from ..errors import PluginError, unknown_name
    from ..registry import datasets, detectors
    from ..study.study_file import find_study, load_study, shipped_studies

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
                facts |= {"needs": _needs(plugin), "licence": plugin.licence, "obtain": plugin.obtain, "layout": plugin.layout}
            if issubclass(plugin, Dataset) and not plugin.needs_root:
                facts["domains"] = [f"{plugin.name}/{v}" if v else plugin.name for v in plugin().variants()]
            facts |= {"parameters": plugin.parameter_defaults()}
            if plugin_presets := getattr(plugin, "presets", None):
                facts |= {"presets": {k: dict(v) for k, v in plugin_presets.items()}}
            return facts | {"file": inspect.getsourcefile(plugin), "about": inspect.getdoc(plugin) or ""}
    if name in shipped_studies() or name.endswith((".yaml", ".yml")):
        return {"kind": "study", "file": str(find_study(name)), **load_study(name).model_dump(mode="json")}
    known = [*detectors.names(), *datasets.names(), *shipped_studies()]
    raise PluginError(unknown_name("detector, dataset or study", name, known))
