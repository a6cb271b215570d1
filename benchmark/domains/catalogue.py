"""The catalogue of data sets and domains of a run: names, options, folders and items."""

import contextlib
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ..contracts import FAKE, LABEL_NAMES, REAL, SPLITS, Dataset, Framing, Item
from ..errors import PLUGIN_FAILURES, BenchError, BenchWarning, DataError, PluginError, has_surrogate, listed, unknown_name
from ..fitted import failure
from ..pictures.perturbations import canonical
from ..registry import NAME_PATTERN, check_parameters, datasets, source_digest
from .names import REALS, DomainName, chain_of, dataset_name

FOLDER = "folder"  # data set that a folder of the user's becomes unless it is recognised as another
REAL_FOLDER = "real_folder"  # data set that a folder becomes whose reals alone are wanted
MOST_TEXT = 4096  # characters of an id, an identity or a clip; as many as a path has
SHOWN_TEXT = 60
SHOWN_FAULTS = 3  # of a list of items, in a message
CLASS_FOLDER = "real"  # a folder of that name is called after the one above it
ODD = re.compile(r"[^\w.-]+")  # characters of a folder's name that the name of a domain does not take


@dataclass(frozen=True)
class DatasetSpec:
    """
    A data set with its parameters, as it can be sent to a worker.

    Attributes
    ----------
    reference : str
        Name or address, as the registry of data sets takes it.
    root : str or None
    options : dict
        Further constructor parameters.
    """

    reference: str
    root: str | None = None
    options: dict[str, Any] = field(default_factory=dict)

    def open(self, seed: int, replicate: int) -> Dataset:
        """
        Make the data set.

        Raises
        ------
        PluginError, DataError
            If an option is unknown, or a folder is needed and missing.
        """
        plugin = datasets.get(self.reference)
        check_parameters(plugin, self.options, f"data set {plugin.name}")
        if plugin.needs_root and self.root is None:
            raise DataError(
                f"data set {plugin.name} needs the folder with its files: --data {plugin.name}=DIR (or --root DIR)."
            )
        root = None if self.root is None else Path(self.root)
        with _reported(plugin.name):
            return plugin(root=root, seed=seed, replicate=replicate, **self.options)

    def key_parts(self) -> dict[str, Any]:
        """Return the cache key of the data set, without the contents of its folder, which are hashed separately."""
        plugin = datasets.get(self.reference)
        return {"name": plugin.name, "source": source_digest(plugin), "root": self.root, "options": dict(self.options)}


@contextlib.contextmanager
def _reported(who: str, what: str = "its data set") -> Iterator[None]:
    """
    Turn whatever the code of a data set raises into one message; it may be somebody else's, and fails in any way.

    Raises
    ------
    PluginError
    """
    try:
        yield
    except (BenchError, OSError):
        raise
    except PLUGIN_FAILURES as error:
        raise PluginError(f"{who}: {failure(what, error)}.") from error


@dataclass(frozen=True)
class Choice:
    """
    Domains that names stand for.

    Attributes
    ----------
    domains : list of str
    left_out : dict of str to str
        Reason by domain that a wider name stands for and that cannot be used here.
    """

    domains: list[str]
    left_out: dict[str, str] = field(default_factory=dict)


class Catalogue:
    """
    The data sets a run knows, by the first part of a domain's name.

    Parameters
    ----------
    folders : dict of str to str
        From ``--data NAME=DIR``. A registered data set of that name gets DIR as its root, and so does one that is given as
        ``file.py:Class`` or ``module:Class``; any other name is a folder with ``real/`` and ``fake/``. DIR is empty for a
        data set that needs none.
    options : dict of str to dict
        Constructor parameters by data set name, from the study file.

    Raises
    ------
    DataError
        If a name cannot be used or a folder does not exist.
    """

    def __init__(self, folders: dict[str, str] | None = None, options: dict[str, dict[str, Any]] | None = None) -> None:
        folders, options = dict(folders or {}), dict(options or {})
        self.specs: dict[str, DatasetSpec] = {}
        self._opened: dict[tuple[str, int], Dataset] = {}
        for name in datasets.names():
            plugin = datasets.get(name)
            if name != FOLDER and not plugin.needs_root:
                self.specs[name] = DatasetSpec(name, None, options.pop(name, {}))
        for key, folder in folders.items():
            reference, name = (key, datasets.get(key).name) if ":" in key else ("", key)
            if reference and not folder:
                self.specs[name] = DatasetSpec(reference, None, options.pop(name, {}))
                continue
            path = Path(folder).expanduser().absolute()
            if not NAME_PATTERN.fullmatch(name):
                raise DataError(f"data set name '{name}' needs lower-case letters, digits and underscores; --data NAME=DIR.")
            if name in self.specs and not reference:
                raise DataError(
                    f"the name '{name}' belongs to the data set of that name, which takes no folder; choose another."
                )
            if not path.is_dir():
                raise DataError(f"--data {name}={folder}: no folder {path}; check the path.")
            registered = name in datasets.names() and not datasets.get(name).own
            adapter = reference or (name if registered else datasets.get(FOLDER).adapter_of(path))
            self.specs[name] = DatasetSpec(adapter, str(path), options.pop(name, {}))
        for name in options:
            raise DataError(unknown_name("data set", name, self.specs))

    def add_reals(self, folder: Path) -> str:
        """
        Make a data set of a folder whose reals alone are wanted; return its name, that of the folder.

        Parameters
        ----------
        folder : Path
            Absolute. One that a data set lies in already is that data set. A prepared folder is read as what it was prepared
            from, any other as pictures, of which those in a folder called like fakes are left out.
        """
        for name, spec in self.specs.items():
            if spec.root and Path(spec.root).resolve() == folder.resolve():
                return name
        adapter = datasets.get(FOLDER).adapter_of(folder)
        named = folder.parent if folder.name.lower() == CLASS_FOLDER else folder
        name = ODD.sub("-", named.name).strip("-") or CLASS_FOLDER
        for parent in named.parents:  # another folder of that name is a data set already
            if name not in self.specs:
                break
            name = f"{ODD.sub('-', parent.name)}-{name}"
        self.specs[name] = DatasetSpec(REAL_FOLDER if datasets.get(adapter).own else adapter, str(folder))
        return name

    def spec(self, domain: str) -> DatasetSpec:
        """
        Return the data set of a domain.

        Raises
        ------
        DataError
            If it is unknown.
        """
        name = dataset_name(domain)
        if name in self.specs:
            return self.specs[name]
        if name in datasets.names():
            raise DataError(f"data set '{name}' needs a folder: --data {name}=DIR.")
        hint = "" if name in datasets.found.failures else " A folder of your own becomes a data set with --data NAME=DIR."
        raise DataError(unknown_name("data set", name, self.specs) + hint)

    def expand(self, names: Iterable[str], seed: int = 0) -> list[str]:
        """
        Turn names of data sets and domains into domains: ``procedural`` stands for all its variants.

        Perturbations go along, under their full names: ``procedural+noise`` stands for ``procedural/blend+noise:sd=10`` and
        the others.

        Raises
        ------
        DataError
            If a data set or variant is unknown.
        StudyError
            If a perturbation is.
        """
        domains: list[str] = []
        for text in names:
            name = DomainName.parse(text)
            alias, chain = name.dataset, canonical(name.chain) if "+" in text else ""
            dataset = self.open(text, seed)
            with _reported(alias):
                variants = dataset.variants()
                meant = dataset.find_variants(name.part) if name.part else variants
                further = () if meant else dataset.further_variants()
            if not isinstance(variants, tuple | list) or not all(isinstance(variant, str) for variant in variants):
                raise PluginError(f"{alias}: variants() returns a tuple of texts, got {variants!r}; correct its data set.")
            if not meant and variants == ("",):
                raise DataError(f"data set '{alias}' is one domain; write '{alias}', not '{name.unperturbed}'.")
            if not meant:
                raise DataError(unknown_name(f"domain of {alias}", name.part, (*variants, *further)))
            domains += [str(DomainName(alias, variant, chain=chain)) for variant in meant]
        return list(dict.fromkeys(domains))

    def choose(self, names: Iterable[str], seed: int, lacks: Callable[[str], str]) -> Choice:
        """
        Turn names into domains that can be used: of a whole data set, the parts that a partial copy has.

        A domain that is named itself is taken as it is. Of several that one name stands for, those that cannot be used are
        left out.

        Parameters
        ----------
        names : iterable of str
            As for `expand`.
        seed : int
        lacks : callable
            Returns the reason why a domain cannot be used here, empty if it can. A DataError that it raises is one, too.

        Raises
        ------
        BenchError
            As `expand`; and if not one of several domains can be used.
        """
        domains: list[str] = []
        left_out: dict[str, str] = {}
        for name in names:
            meant = self.expand([name], seed)
            gaps = {domain: gap for domain in meant if (gap := _gap(domain, lacks))} if len(meant) > 1 else {}
            if meant and len(gaps) == len(meant):
                first = _sentence(*next(iter(gaps.items())))
                raise DataError(f"none of the {len(meant)} domains of {name} can be used here. {first}")
            domains += [domain for domain in meant if domain not in gaps]
            left_out |= gaps
        return Choice(list(dict.fromkeys(domains)), {name: gap for name, gap in left_out.items() if name not in domains})

    def open(self, domain: str, seed: int, replicate: int = 0) -> Dataset:
        """
        Return the data set of a domain; a listing of files is shared by all draws.

        Raises
        ------
        BenchError
            If it is unknown or cannot be opened.
        """
        key = dataset_name(domain), seed
        if key not in self._opened:
            self._opened[key] = self.spec(domain).open(seed, 0)
            self._opened[key].alias = dataset_name(domain)
        return self._opened[key].for_replicate(replicate)

    def domain(
        self, name: str, seed: int, replicate: int = 0, plain: "OpenDomain | None" = None, any_split: bool = False
    ) -> "OpenDomain":
        """
        Return one domain of one draw; with `any_split` those that cannot be split are listed, too.

        Raises
        ------
        BenchError
            If its data set is unknown or cannot be opened.
        """
        return OpenDomain(name, self.spec(name), seed, replicate, plain, self.open(name, seed, replicate), any_split)


def _gap(domain: str, lacks: Callable[[str], str]) -> str:
    try:
        return lacks(domain)
    except DataError as error:
        return str(error)


def _sentence(domain: str, gap: str) -> str:
    return gap if domain in gap else f"{domain}: {gap}"


@dataclass(frozen=True)
class OpenDomain:
    """
    One domain of one replicate, with its items listed.

    A perturbed domain has the items of the domain that it perturbs; given as `plain`, they are not listed again. `dataset` is
    the data set of this draw if it was opened already. With `any_split` its items need no
    split (`Dataset.all_items`).
    """

    name: str
    spec: DatasetSpec
    seed: int
    replicate: int
    plain: "OpenDomain | None" = None
    dataset: Dataset | None = None
    any_split: bool = False

    @property
    def perturbation(self) -> str:
        """Perturbation of its pictures; empty for none."""
        return chain_of(self.name)

    @property
    def regrouping(self) -> str:
        """`Dataset.regrouping` of its data set."""
        return self.dataset.regrouping() if self.dataset else ""

    @cached_property
    def items(self) -> Sequence[Item]:
        """All items, every split."""
        if self.plain:
            return self.plain.items
        dataset = self.dataset or self.spec.open(self.seed, self.replicate)
        variant = DomainName.parse(self.name).part
        items = self._listed(dataset, variant)
        ids = [item.id for item in items]
        if len(set(ids)) != len(ids):
            twice = next(i for i in ids if ids.count(i) > 1)
            raise DataError(f"{self.name} lists the item '{twice}' twice.")
        return items

    def forget(self) -> None:
        """Forget the items, which are listed again when they are asked for."""
        vars(self).pop("items", None)

    def _listed(self, dataset: Dataset, variant: str) -> Sequence[Item]:
        """
        Return what a data set lists, without what is no item; a data set of somebody else fails in any way.

        Raises
        ------
        PluginError
            If it cannot be listed, or less than half of the list are items.
        """
        with _reported(f"{self.name}: its items cannot be listed", "items"):
            entries = list(dataset.all_items(variant) if self.any_split else dataset.items(variant))
        faults = [fault for fault in map(_fault, entries) if fault]
        if not faults:
            return entries
        text = f"{self.name}: {len(faults)} of {len(entries)} items are none ({listed(faults, SHOWN_FAULTS, '; ')})"
        if len(faults) > len(entries) / 2:
            raise PluginError(f"{text}; correct items() of its data set.")
        warnings.warn(f"{text}; they are left out.", BenchWarning, stacklevel=2)
        return [entry for entry in entries if not _fault(entry)]

    @property
    def remedy(self) -> str:
        """Advice for a domain that lacks a class."""
        only_reals = self.dataset is not None and self.dataset.classes == LABEL_NAMES[:1]
        if not only_reals or any(item.label != REAL for item in self.items):
            return "Give it such pictures, or leave the domain out."
        name = dataset_name(self.name)
        takes_fakes = self.dataset is not None and "fakes" in self.dataset.parameter_defaults()
        how = f" with --data {name}.fakes=DIR" if takes_fakes else ""
        return f"{name} is a collection of real pictures; give it fakes{how}, or leave the domain out."

    def split(self, split: str) -> list[Item]:
        """Return the items of one split, reals first, sorted by id, so that equal sets of pictures form equal chunks."""
        return sorted((i for i in self.items if i.split == split), key=lambda item: (item.label, item.id))


def _fault(item: Any) -> str:
    """Return the reason why an entry of a list of items is none; empty if it is one."""
    if not isinstance(item, Item):
        return f"a {type(item).__name__} in the place of an Item"
    if not isinstance(item.id, str) or not item.id:
        return f"an id that is no text: {item.id!r}"
    if item.label not in (REAL, FAKE):
        return f"{item.id}: label {item.label!r}, wanted {REAL} or {FAKE}"
    if item.split not in ("", REALS, *SPLITS):
        return f"{item.id}: split {item.split!r}, wanted {', '.join(SPLITS)}"
    texts = (item.target, item.donor, item.video, item.fingerprint, item.generator, item.compression, item.unit)
    if not all(isinstance(text, str) for text in texts):
        return f"{item.id}: an identity, clip or group that is no text"
    if longest := next((text for text in (item.id, *texts) if len(text) > MOST_TEXT), ""):
        return f"{item.id[:SHOWN_TEXT]}: a text of {len(longest):,} characters, more than {MOST_TEXT:,}"
    if any(map(has_surrogate, (item.id, *texts))):
        return f"{item.id!a}: half of a surrogate pair, as in the name of a file that is no UTF-8; such a text cannot be kept"
    return ""


def remarks(domains: Iterable[OpenDomain]) -> dict[str, list[str]]:
    """Return `Dataset.remarks` by name of the data set, of those that have any."""
    opened = {dataset_name(domain.name): domain.dataset for domain in domains if domain.dataset is not None}
    lines: dict[str, list[str]] = {}
    for name, dataset in opened.items():
        with _reported(name):
            lines[name] = list(dataset.remarks())
    return {name: remarks for name, remarks in lines.items() if remarks}


def lost_sources(domains: Iterable[OpenDomain]) -> list[str]:
    """Return `Dataset.lost_sources` of some domains, each line once and with its domain; perturbed ones repeat others."""
    lines: list[str] = []
    for domain in domains:
        if domain.dataset is None or domain.perturbation:
            continue
        with _reported(domain.name):
            lost = domain.dataset.lost_sources(DomainName.parse(domain.name).part)
        lines += [f"{domain.name}: {line}." for line in lost]
    return list(dict.fromkeys(lines))


def framing_of(domains: Iterable[OpenDomain]) -> Framing:
    """Return the framing that the pictures of some domains have in common."""
    return Framing.common(domain.dataset.framing() if domain.dataset else Framing() for domain in domains)


def data_facts(domains: Iterable[OpenDomain]) -> dict[str, dict[str, Any]]:
    """Return `Dataset.facts` by name of the data set, of those that have any."""
    opened = {dataset_name(domain.name): domain.dataset for domain in domains if domain.dataset is not None}
    facts = {name: dataset.facts() for name, dataset in opened.items()}
    stated = {name: {key: value for key, value in values.items() if value} for name, values in facts.items()}
    return {name: values for name, values in stated.items() if values}
