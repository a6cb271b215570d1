"""`bandbench.detectors` and `bandbench.datasets`: the plugins of this installation."""

from dataclasses import dataclass, field, fields
from html import escape
from typing import Any

from ..benchmark.contracts import Dataset, Detector
from ..benchmark.errors import unknown_name
from ..benchmark.invocation import bench
from ..benchmark.registry import Registry
from ..benchmark.registry import datasets as registered_datasets
from ..benchmark.registry import detectors as registered_detectors
from ..datasets.copies.own_folders import CLIPS, PICTURES
from ..datasets.copies.sources import SourceDataset
from .options import public


@dataclass(frozen=True)
class Card:
    """
    A detector or data set.

    Attributes
    ----------
    name : str
    summary : str
        First line of its documentation.
    parameters : dict of str to object
        Defaults by name.
    version : int
        Changes with its results.
    source : str
        Paper, repository or address that it comes from.
    missing : str
        Reason why it cannot be used here; empty if it can.
    """

    name: str
    summary: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    version: int = 0
    source: str = ""
    missing: str = ""

    @property
    def facts(self) -> dict[str, Any]:
        """Fields that are not empty, by name."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: value for name, value in values.items() if value not in ("", {}, (), 0)}

    def __repr__(self) -> str:
        lines = [f"  {name}: {_plain(value)}" for name, value in self.facts.items() if name not in ("name", "summary")]
        return "\n".join([f"{self.name}: {self.summary}" if self.summary else self.name, *lines])

    def _repr_html_(self) -> str:
        rows = (f"<tr><th>{name}</th><td>{escape(_plain(value))}</td></tr>" for name, value in self.facts.items())
        return f"<table>{''.join(rows)}</table>"


@dataclass(frozen=True, repr=False)
class DetectorCard(Card):
    """
    A detector; see `Card`.

    Attributes
    ----------
    presets : dict of str to dict
        Parameters by name of the preset (``NAME/PRESET``).
    """

    presets: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass(frozen=True, repr=False)
class DatasetCard(Card):
    """
    A data set; see `Card`.

    Attributes
    ----------
    needs : str
        Options and preparation that it needs, as the command line takes them.
    licence : str
    obtain : str
        How one gets it.
    """

    needs: str = ""
    licence: str = ""
    obtain: str = ""


class Cards(tuple[Card, ...]):
    """Cards in the order of their names; ``cards["NAME"]`` is one of them."""

    def __getitem__(self, place: Any) -> Any:
        if not isinstance(place, str):
            return super().__getitem__(place)
        for card in self:
            if card.name == place:
                return card
        raise KeyError(unknown_name("card", place, (card.name for card in self)))

    def __repr__(self) -> str:
        width = max((len(card.name) for card in self), default=0)
        return "\n".join(f"{card.name:<{width}}  {_line(card)}" for card in self)

    def _repr_html_(self) -> str:
        rows = (f"<tr><th>{card.name}</th><td>{escape(_line(card))}</td></tr>" for card in self)
        return f"<table>{''.join(rows)}</table>"


@public
def detectors() -> Cards:
    """
    List the detectors that are registered, ours and those of other packages.

    Returns
    -------
    Cards
        A `DetectorCard` each. One that cannot be used is among them, with the reason as ``missing``.
    """
    return Cards(_cards(registered_detectors, _detector_card))


@public
def datasets() -> Cards:
    """
    List the data sets that are registered, ours and those of other packages.

    Returns
    -------
    Cards
        A `DatasetCard` each. One that cannot be used is among them, with the reason as ``missing``.
    """
    return Cards(_cards(registered_datasets, _dataset_card))


def _cards(registry: Registry[Any], card_of: Any) -> list[Card]:
    cards = [card_of(plugin) for plugin in registry.found.classes.values()]
    return cards + [Card(name, missing=reason) for name, reason in registry.found.failures.items()]


def _detector_card(plugin: type[Detector]) -> DetectorCard:
    presets = {name: dict(values) for name, values in plugin.presets.items()}
    return DetectorCard(**_common(plugin), presets=presets)


def _dataset_card(plugin: type[Dataset]) -> DatasetCard:
    return DatasetCard(**_common(plugin), needs=needs_text(plugin), licence=plugin.licence, obtain=plugin.obtain)


def _common(plugin: type[Detector] | type[Dataset]) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "summary": (plugin.__doc__ or "").strip().partition("\n")[0],
        "parameters": plugin.parameter_defaults(),
        "version": plugin.version,
        "source": plugin.source,
        "missing": plugin.missing(),
    }


def needs_text(plugin: type[Dataset]) -> str:
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


def _line(card: Card) -> str:
    return f"{card.summary} ({card.missing})" if card.missing and card.summary else card.summary or card.missing


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={entry!r}" for name, entry in value.items())
    return str(value)
