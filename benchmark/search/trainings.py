"""Trainings of a plan: single domains, pools of several, and pools with shots of a target."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from ..domains.catalogue import Catalogue, Choice
from ..domains.names import POOL_MARK, Shots, Training, chain_of, dataset_name, training, training_domains
from ..domains.releases import Release, releases
from ..errors import StudyError
from ..study.protocols import PlannedTraining, Protocol, all_pairs, later_only, leave_one_out, with_shots
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
    not_counted : dict of str to tuple of str
        By training, the test domains that the protocol leaves out of the headline.
    """

    names: tuple[str, ...]
    left_out: dict[str, str] = field(default_factory=dict)
    not_trained: dict[str, str] = field(default_factory=dict)
    not_counted: dict[str, tuple[str, ...]] = field(default_factory=dict)


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
    plain = [test for test in tests if not chain_of(test)]
    if study.protocol is Protocol.LEAVE_ONE_OUT:
        planned = leave_one_out(entries, plain)
    elif study.protocol is Protocol.LATER_ONLY:
        dates = releases((*training_domains(map(str, entries)), *tests), catalogue, study.dates, study.seed)
        planned = later_only(entries, plain, partial(_is_later, dates))
        if not any(one.headline for one in planned):
            raise StudyError(f"protocol later_only: no test domain came out after {_dated(entries, dates)}.")
    else:
        planned = all_pairs(entries, plain)
    why = "no test domain came out after it, which the protocol later_only asks for"
    idle = [one for one in planned if study.protocol is Protocol.LATER_ONLY and not one.headline]
    used = with_shots([one for one in planned if one not in idle], study.shots)
    names = tuple(str(one.training) for one in used)
    known = {*names, *training_domains(names)}
    return TrainingChoice(
        names,
        {name: reason for name, reason in left_out.items() if name not in known},
        {str(one.training): why for one in idle},
        {str(one.training): not_counted for one in used if (not_counted := _not_counted(one, plain))},
    )


def _not_counted(planned: PlannedTraining, tests: Sequence[str]) -> tuple[str, ...]:
    """Return the test domains that the protocol leaves out of the headline; with shots it is over the target domain anyway."""
    others = [test for test in tests if not planned.training.is_home(test) and test not in planned.headline]
    return () if planned.training.shots else tuple(others)


def _pool(parts: Training, choice: Choice, catalogue: Catalogue) -> Training:
    """Return a pool with every domain named, its members in alphabetical order."""
    members = tuple(sorted(choice.domains))
    if parts.shots and not members:
        raise StudyError(
            f"train: '{parts}' names no training domain that the shots are added to: write 'DOMAIN{POOL_MARK}{parts}'."
        )
    if not parts.shots and len(members) < LEAST_MEMBERS:
        raise StudyError(
            f"train: the pool '{parts}' is of one domain ({', '.join(members)}), and a pool has two or more. Name further "
            "domains, or a data set with several."
        )
    targets = [(shots, catalogue.expand([shots.domain])) for shots in parts.shots]
    for shots, meant in targets:
        if len(meant) != 1:
            raise StudyError(f"train: '{shots}' names {len(meant)} domains; shots are of one. Name one of {', '.join(meant)}.")
        if Training(members).is_home(meant[0]):
            raise StudyError(f"train: {meant[0]} is a training domain of '{parts}' already; shots are of another domain.")
    return Training(members, tuple(Shots(shots.n, meant[0]) for shots, meant in targets))


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
