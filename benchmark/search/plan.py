"""Resolve a study to a plan: names, items, classes and the guard."""

from collections.abc import Sequence
from itertools import product

from ..contracts import FAKE, REAL, Split
from ..domains.catalogue import Catalogue, Choice, OpenDomain, data_facts
from ..domains.names import training, training_domains, unperturbed
from ..domains.reals import open_source, source_name
from ..domains.releases import release_dates
from ..domains.splits import missing_classes
from ..errors import DataError, StudyError
from ..features.guards import guard_plan
from ..features.reals_spectra import require_training_reals
from ..frequency.bands import Band
from ..records import Plan
from ..registry import DetectorSpec, missing_extra
from ..registry import detectors as registered
from ..study.study_file import Study, override
from ..views import require_comb, require_view
from .trainings import choose_trainings


def make_plan(study: Study, catalogue: Catalogue) -> Plan:
    """
    Resolve the names of a study, list its items, and refuse leaks and missing classes.

    Parameters
    ----------
    study : Study
    catalogue : Catalogue

    Returns
    -------
    Plan

    Raises
    ------
    StudyError
        If a detector is named twice, a perturbation is unknown, or a detector's view cannot take a comb of the study.
    DataError
        If a domain is unknown or lacks a class, or domains leak.
    PluginError
        If a detector or one of its parameters is unknown.
    """
    entries = [entry for entry in study.detectors if not (entry.optional and missing_extra(entry.name))]
    detectors = tuple(DetectorSpec.parse(entry.name, entry.params) for entry in entries)
    labels = [spec.label for spec in detectors]
    if len(set(labels)) < len(labels):
        raise StudyError(f"detector '{next(x for x in labels if labels.count(x) > 1)}' is named twice.")
    for spec in detectors:
        require_view(spec.label, spec.build().view, study.crop.side)  # so that constructor and view refuse parameters now
        spec.build().require_side(study.crop.side)
    for spec, band in product(detectors, study.combs):
        _require_comb(study, spec, band)
    learned = (REAL,) if reals_suffice(study, detectors) else (REAL, FAKE)
    opened: dict[tuple[str, int], OpenDomain] = {}

    def at(name: str, r: int) -> OpenDomain:
        if (name, r) not in opened:
            plain = at(unperturbed(name), r) if unperturbed(name) != name else None
            opened[name, r] = catalogue.domain(name, study.seed, r, plain)
        return opened[name, r]

    def lacks(name: str, splits: Sequence[Split], labels: Sequence[int]) -> str:
        missing = (missing_classes(at(name, r).items, splits, labels) for r in range(study.seeds))
        return next(filter(None, missing), "")

    def choose(names: Sequence[str]) -> Choice:
        return catalogue.choose(names, study.seed, lambda name: lacks(name, ("train", "val"), learned))

    tested = catalogue.choose(study.test, study.seed, lambda name: lacks(name, ("test",), (REAL, FAKE)))
    test = tested.domains
    test += [f"{name}+{chain}" for name in test for chain in study.perturbations]
    test = list(dict.fromkeys(test))
    trained = choose_trainings(study, catalogue, choose, test)
    reals = list(dict.fromkeys(source_name(given, catalogue) for given in study.reals))
    sources = {name: open_source(name, catalogue, study.seed) for name in reals}
    settled = {"train": list(trained.names), "test": test, "reals": reals, "perturbations": [], "shots": [0]}
    study = override(study, settled)
    members = list(dict.fromkeys(domain for name in trained.names for domain in training(name).members))
    used = dict.fromkeys((*training_domains(trained.names), *test))
    domains = {(name, r): at(name, r) for r in range(study.seeds) for name in used}
    for r in range(study.seeds):
        for name in members:
            _require_classes(domains[name, r], ("train", "val"), learned, detectors)
        for name in test:
            _require_classes(domains[name, r], ("test",))
    require_training_reals(domains.values())
    guarded = guard_plan(study, domains, sources)
    left_out = {entry.name: missing_extra(entry.name) for entry in study.detectors if entry not in entries}
    return Plan(
        study,
        detectors,
        domains,
        left_out,
        guarded.dropped,
        data_facts([*domains.values(), *sources.values()]),
        unusable=trained.left_out | tested.left_out,
        controls=_controls(detectors) if study.controls else (),
        sources=sources,
        not_trained=trained.not_trained,
        pools=guarded.pools,
        not_counted=trained.not_counted,
        released=release_dates(used, catalogue, study.dates, study.seed),
    )


def _require_comb(study: Study, spec: DetectorSpec, band: Band) -> None:
    """Refuse a comb that a detector cannot take; one that only the search tries has another way out than one of ``bands``."""
    try:
        require_comb(spec.label, spec.build().view, band, study.crop.side)
    except StudyError as error:
        if band in [entry.band(study.mode) for entry in study.bands]:
            raise
        hint = f"The search tries it: set `mode: pixels` for the whole study, or leave {band.kind} out of `search: kinds`."
        raise StudyError(f"{error} {hint}") from error


def _controls(named: Sequence[DetectorSpec]) -> tuple[DetectorSpec, ...]:
    """Return the controls that a study does not name itself."""
    names = {spec.plugin.name for spec in named}
    controls = [name for name, plugin in registered.found.classes.items() if plugin.control and name not in names]
    return tuple(map(DetectorSpec.parse, controls))


def reals_suffice(study: Study, detectors: Sequence[DetectorSpec]) -> bool:
    """Return True if training domains may lack fakes: every detector makes its own, and no band is chosen on validation."""
    return not study.sweep_bands and not study.search.trials and learn_from_reals(detectors)


def learn_from_reals(detectors: Sequence[DetectorSpec]) -> bool:
    """Return True if every detector makes its own fakes from reals."""
    return bool(detectors) and all(spec.plugin.learns_from == "real" for spec in detectors)


def _require_classes(
    domain: OpenDomain, splits: Sequence[Split], labels: Sequence[int] = (REAL, FAKE), detectors: Sequence[DetectorSpec] = ()
) -> None:
    missing = missing_classes(domain.items, splits, labels)
    if missing:
        raise DataError(f"{domain.name} cannot be used here: {missing}. {_more_pictures(domain, detectors)}")


def _more_pictures(domain: OpenDomain, detectors: Sequence[DetectorSpec]) -> str:
    """Return advice for a domain that lacks a class."""
    if not learn_from_reals(detectors):
        return domain.remedy
    names = ", ".join(spec.label for spec in detectors)
    settings = "set sweep: null and search.trials: 0."
    return f"{names} learns from reals alone, but a band is chosen on fakes, too: {settings} Or: {domain.remedy}"
