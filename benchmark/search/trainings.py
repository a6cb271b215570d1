"""Trainings of a plan: single domains, pools of several, and pools with shots of a target."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from ..domains.catalogue import Catalogue, Choice
from ..domains.names import Shots, Training, chain_of, dataset_name, training, training_domains
from ..domains.releases import Release, releases
from ..errors import StudyError
from ..study.protocols import Protocol, trainings
from ..study.study_file import Study

LEAST_MEMBERS = 2


@dataclass(frozen=True)
class TrainingChoice:
    """
    Trainings of a study.

    Attributes
    ----------
    names : tuple of str
    left_out : dict of str to str
        Missing classes by domain of a data set of which other domains are used.
    not_trained : dict of str to str
        Reason by training that the protocol leaves out.
    not_later : dict of str to tuple of str
        By training, the test domains that the protocol ``later_only`` leaves out of the headline.
    """

    names: tuple[str, ...]
    left_out: dict[str, str] = field(default_factory=dict)
    not_trained: dict[str, str] = field(default_factory=dict)
    not_later: dict[str, tuple[str, ...]] = field(default_factory=dict)


def choose_trainings(
    study: Study, catalogue: Catalogue, choose: Callable[[Sequence[str]], Choice], tests: Sequence[str]
) -> TrainingChoice:
    """
    Resolve the training domains of a study and apply its protocol.

    Parameters
    ----------
    study : Study
    catalogue : Catalogue
    choose : callable
        Turns names into domains that can be trained on.
    tests : sequence of str
        Test domains, perturbed ones among them.

    Raises
    ------
    StudyError
        If a pool has fewer than two domains, a release date is missing, or the protocol leaves no training.
    DataError
        If a domain is unknown or cannot be used.
    """
    entries: list[Training] = []
    left_out: dict[str, str] = {}
    for name in study.train:
        parts = training(name)
        choice = choose(parts.members)
        left_out |= choice.left_out
        entries += [Training((domain,)) for domain in choice.domains] if parts.is_plain else [_pool(parts, choice, catalogue)]
    if study.protocol is not Protocol.LATER_ONLY:
        names = _names(study, entries, tests, lambda base, test: True)
        return TrainingChoice(names, _not_used(left_out, names))
    dates = releases((*training_domains(map(str, entries)), *tests), catalogue, study.dates, study.seed)
    is_later = partial(_is_later, dates)
    plain = [test for test in tests if not chain_of(test)]
    usable = [entry for entry in entries if any(is_later(entry, test) for test in plain)]
    if not usable:
        raise StudyError(f"protocol later_only: no test domain came out after {_dated(entries, dates)}.")
    names = _names(study, usable, tests, is_later)
    not_later = {
        name: tuple(test for test in plain if not training(name).is_home(test) and not is_later(training(name), test))
        for name in names
        if not training(name).shots
    }
    why = "no test domain came out after it, which the protocol later_only asks for"
    not_trained = {str(entry): why for entry in entries if entry not in usable}
    not_later = {name: earlier for name, earlier in not_later.items() if earlier}
    return TrainingChoice(names, _not_used(left_out, names), not_trained, not_later)


def _pool(parts: Training, choice: Choice, catalogue: Catalogue) -> Training:
    """Return a pool with every domain named, its members in alphabetical order."""
    members = tuple(sorted(choice.domains))
    least = 1 if parts.shots else LEAST_MEMBERS
    if len(members) < least:
        raise StudyError(
            f"train: the pool '{parts}' has {len(members)} usable domains ({', '.join(members) or 'none'}), and a pool has "
            f"{least} or more. Name further domains, or a data set with several."
        )
    targets = [(shots, catalogue.expand([shots.domain])) for shots in parts.shots]
    for shots, meant in targets:
        if len(meant) != 1:
            raise StudyError(f"train: '{shots}' names {len(meant)} domains; shots are of one. Name one of {', '.join(meant)}.")
        if Training(members).is_home(meant[0]):
            raise StudyError(f"train: {meant[0]} is a training domain of '{parts}' already; shots are of another domain.")
    return Training(members, tuple(Shots(shots.n, meant[0]) for shots, meant in targets))


def _names(
    study: Study, entries: Sequence[Training], tests: Sequence[str], is_target: Callable[[Training, str], bool]
) -> tuple[str, ...]:
    return tuple(map(str, trainings(study.protocol, study.shots, entries, tests, is_target)))


def _not_used(left_out: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    used = {*names, *training_domains(names)}
    return {name: reason for name, reason in left_out.items() if name not in used}


def _is_later(dates: Mapping[str, Release], base: Training, test: str) -> bool:
    """Return True if a test domain came out after all members of a training."""
    for member in base.members:
        if member not in dates:
            raise StudyError(
                f"protocol later_only: no release date of the training domain {member} is known; state it, as in "
                f"`dates: {{{dataset_name(member)}: 2022-08}}`."
            )
    return test in dates and all(dates[test].is_later(dates[member]) for member in base.members)


def _dated(entries: Sequence[Training], dates: Mapping[str, Release]) -> str:
    """Name training domains with the ends of their release dates."""
    return ", ".join(f"{domain} ({dates[domain].last})" for domain in training_domains(map(str, entries)) if domain in dates)
