"""Resolve a study to a plan: names, items, classes and the guard."""

from collections.abc import Sequence

from ..contracts import FAKE, REAL, Split
from ..domains.catalogue import Catalogue, Choice, OpenDomain, data_facts
from ..domains.guard import Fitted, all_names, drop_leaks, guarded, refuse_leaks, same_data
from ..domains.names import training, training_domains, unperturbed
from ..domains.splits import missing_classes
from ..errors import DataError, StudyError
from ..records import Plan
from ..registry import DetectorSpec, missing_extra
from ..study.study_file import Study, override
from .trainings import choose_trainings, pool_parts


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

    def choose(names: Sequence[str]) -> Choice:
        return catalogue.choose(names, study.seed, lambda name: lacks(name, ("train", "val"), learned))

    tested = catalogue.choose(study.test, study.seed, lambda name: lacks(name, ("test",), (REAL, FAKE)))
    test = tested.domains
    test += [f"{name}+{chain}" for name in test for chain in study.perturbations]
    test = list(dict.fromkeys(test))
    trained = choose_trainings(study, catalogue, choose, test)
    study = override(study, {"train": list(trained.names), "test": test, "perturbations": [], "shots": [0]})
    members = list(dict.fromkeys(domain for name in trained.names for domain in training(name).members))
    used = dict.fromkeys((*training_domains(trained.names), *test))
    domains = {(name, r): at(name, r) for r in range(study.seeds) for name in used}
    for r in range(study.seeds):
        for name in members:
            _require_classes(domains[name, r], ("train", "val"), learned, detectors)
        for name in test:
            _require_classes(domains[name, r], ("test",))
    dropped = {}
    pools = {}
    single = [name for name in trained.names if training(name).is_plain]
    for r in range(study.seeds):
        for name, counts in _guard(single, test, domains, r, study.drop_leaks).items():
            dropped[name, r] = counts
        of_draw = {name: domains[name, r] for name in used}
        for name in trained.names:
            if name not in single:
                pools[name, r], counts = pool_parts(name, of_draw, test, study.drop_leaks)
                dropped |= {(name, r): counts} if counts else {}
    left_out = {entry.name: missing_extra(entry.name) for entry in study.detectors if entry not in entries}
    return Plan(
        study,
        detectors,
        domains,
        left_out,
        dropped,
        data_facts(domains.values()),
        unusable=trained.left_out | tested.left_out,
        not_trained=trained.not_trained,
        pools=pools,
        not_counted=trained.not_counted,
    )


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


def _guard(
    train: Sequence[str], test: Sequence[str], domains: dict[tuple[str, int], OpenDomain], replicate: int, drop: bool
) -> dict[str, dict[str, int]]:
    """Refuse leaks of one draw, or leave the items out of `domains`; return their numbers by training domain and split."""
    held_out = {name: all_names(domains[name, replicate].split("test")) for name in test}
    dropped = {}
    for name in train:
        domain = domains[name, replicate]
        fitted = Fitted(name, domain.split("train"), domain.split("val"), domain.regrouping)
        related = {other: names for other, names in held_out.items() if same_data(domains[other, replicate], domain)}
        (drop_leaks if drop else refuse_leaks)([fitted], related)
        if any(fitted.dropped.values()):
            domains[name, replicate] = guarded(domain, [item for items in fitted.dropped.values() for item in items])
            dropped[name] = {split: len(items) for split, items in fitted.dropped.items()}
    return dropped
