"""Resolve a study to a plan: names, items, classes and the guard."""

from collections.abc import Sequence

from ..contracts import FAKE, REAL, Split
from ..domains.catalogue import Catalogue, OpenDomain, data_facts
from ..domains.guard import guard_study
from ..domains.names import unperturbed
from ..domains.splits import missing_classes
from ..errors import DataError, StudyError
from ..records import Plan
from ..registry import DetectorSpec, missing_extra
from ..study.study_file import Study, override


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
        If a detector is named twice, or a perturbation is unknown.
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
        _ = spec.build().view  # so that the constructor and the view refuse parameters now
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

    trained = catalogue.choose(study.train, study.seed, lambda name: lacks(name, ("train", "val"), learned))
    tested = catalogue.choose(study.test, study.seed, lambda name: lacks(name, ("test",), (REAL, FAKE)))
    train, test = trained.domains, tested.domains
    test += [f"{name}+{chain}" for name in test for chain in study.perturbations]
    test = list(dict.fromkeys(test))
    study = override(study, {"train": train, "test": test, "perturbations": []})
    domains = {(name, r): at(name, r) for r in range(study.seeds) for name in dict.fromkeys((*train, *test))}
    for r in range(study.seeds):
        for name in train:
            _require_classes(domains[name, r], ("train", "val"), learned, detectors)
        for name in test:
            _require_classes(domains[name, r], ("test",))
    dropped = {}
    for r in range(study.seeds):
        for name, counts in guard_study(train, test, domains, r, study.drop_leaks).items():
            dropped[name, r] = counts
    left_out = {entry.name: missing_extra(entry.name) for entry in study.detectors if entry not in entries}
    unusable = trained.left_out | tested.left_out
    return Plan(study, detectors, domains, left_out, dropped, data_facts(domains.values()), unusable)


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
