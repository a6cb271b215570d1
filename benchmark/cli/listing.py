"""``bench list``: detectors, data sets and studies."""

from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ...datasets.copies.own_folders import CLIPS, PICTURES
from ...datasets.copies.sources import SourceDataset
from ..contracts import Detector
from ..errors import StudyError
from ..invocation import bench
from ..registry import datasets, detectors
from ..store.files import dump_json
from ..study.study_file import load_study, shipped_studies
from .options import write_text
from .report import Step, print_steps
from .requests.plugins import ListRequest, What


def list_(request: ListRequest) -> None:
    """List detectors, datasets or studies; what cannot be used is listed with its reason."""
    entries = _studies() if request.what is What.studies else _plugins(request.what)
    if request.json_file:
        write_text(request.json_file, dump_json(entries))
        return
    _print_blocks(entries)
    example = {What.detectors: "spectral_svm", What.datasets: "procedural", What.studies: "band_search"}[request.what]
    steps = [Step(bench(f"show {example}"), "all about one of them")]
    if request.what is What.studies:
        steps.append(Step(bench(f"run {example}"), "run it"))
    print_steps(steps, Console(stderr=True))


def _print_blocks(entries: list[dict[str, Any]]) -> None:
    """Print entries as blocks with a fact per line, as several facts do not fit a table; the status ``ok`` is not printed."""
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
    return Text(", ".join(value) if isinstance(value, list) else str(value))


def _plugins(what: What) -> list[dict[str, Any]]:
    registry = detectors if what is What.detectors else datasets
    entries = [{"name": name, "status": _status(plugin), **_facts(plugin)} for name, plugin in registry.found.classes.items()]
    return entries + [{"name": name, "status": reason} for name, reason in registry.found.failures.items()]


def _status(plugin: Any) -> str:
    return plugin.missing() or "ok"


def _facts(plugin: Any) -> dict[str, Any]:
    about = {"about": (plugin.__doc__ or "").strip().partition("\n")[0], "source": plugin.source}
    if issubclass(plugin, Detector):
        return {"presets": list(plugin.presets), **about}
    return {"needs": needs_text(plugin), "licence": plugin.licence, "obtain": plugin.obtain, **about}


def needs_text(plugin: Any) -> str:
    """Return the options and preparation that a data set needs before it can be used."""
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
