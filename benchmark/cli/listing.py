"""``bench list``: detectors, data sets and studies."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ...api.plugins import Card, DatasetCard, DetectorCard, datasets, detectors
from ..errors import StudyError
from ..invocation import bench
from ..store.files import dump_json
from ..study.study_file import load_study, shipped_studies
from .options import check_text_target, write_text
from .report import Step, print_steps
from .requests.plugins import ListRequest, What


def list_(request: ListRequest) -> None:
    """List detectors, data sets or studies; what cannot be used is listed with its reason."""
    check_text_target(request.json_file)
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
    return [_entry(card) for card in (detectors() if what is What.detectors else datasets())]


def _entry(card: Card) -> dict[str, Any]:
    """Return the facts of a card that are listed, in their order."""
    entry: dict[str, Any] = {"name": card.name, "status": card.missing or "ok"}
    about = {"about": card.summary, "source": card.source}
    if isinstance(card, DetectorCard):
        return {**entry, "presets": list(card.presets), **about}
    if isinstance(card, DatasetCard):
        return {**entry, "needs": card.needs, "licence": card.licence, "obtain": card.obtain, **about}
    return entry


def _named(name: str, params: Mapping[str, Any]) -> str:
    """Name a detector of a study with its parameters, as in rows: ``dct_ridge(transform=dct)``."""
    return f"{name}({', '.join(f'{key}={value}' for key, value in sorted(params.items()))})" if params else name


def _studies() -> list[dict[str, Any]]:
    entries = []
    for name in shipped_studies():
        try:
            study = load_study(name)
            named = [_named(entry.name, entry.params) for entry in study.detectors]
            facts = {"detectors": named, "needs": study.needs or "nothing", "about": study.description}
            entries.append({"name": name, "status": "ok", **facts})
        except StudyError as error:
            entries.append({"name": name, "status": str(error)})
    return entries
