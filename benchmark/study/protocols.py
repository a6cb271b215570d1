"""Protocols of a study: the trainings that its training and test domains lead to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ..domains.names import DomainName, Shots, Training
from ..errors import StudyError

LEAST_LEFT = 2  # training domains that have to be left where one is left out


class Protocol(StrEnum):
    """Rule by which trainings follow from the domains of a study."""

    ALL_PAIRS = "all_pairs"  # every entry of `train` is a training, tested on every test domain
    LEAVE_ONE_OUT = "leave_one_out"  # for every test domain, a pool of all training domains but that one
    LATER_ONLY = "later_only"  # as all_pairs; the headline is over test domains that came out later than the training ones


class PoolRule(StrEnum):
    """Selection of the pictures of a pool; no picture is in it twice."""

    BALANCED = "balanced"  # equally many reals and fakes, and equally many of every member
    ALL = "all"


def same_generator(one: str, other: str) -> bool:
    """Return True if two domains show the same fakes, whatever their compression and perturbation."""
    first, second = DomainName.parse(one), DomainName.parse(other)
    return (first.dataset, first.variant) == (second.dataset, second.variant)


@dataclass(frozen=True)
class PlannedTraining:
    """
    A training, and the test domains that its headline is over.

    Attributes
    ----------
    training : Training
    headline : tuple of str
        Test domains, unperturbed.
    """

    training: Training
    headline: tuple[str, ...]


def all_pairs(entries: Sequence[Training], tests: Sequence[str]) -> list[PlannedTraining]:
    """Return every entry, with a headline over all test domains that it is not trained on."""
    return [PlannedTraining(entry, tuple(test for test in tests if not entry.is_home(test))) for entry in entries]


def later_only(
    entries: Sequence[Training], tests: Sequence[str], is_later: Callable[[Training, str], bool]
) -> list[PlannedTraining]:
    """Return every entry, with a headline over the test domains that came out after all of its members."""
    planned = all_pairs(entries, tests)
    return [replace(one, headline=tuple(test for test in one.headline if is_later(one.training, test))) for one in planned]


def leave_one_out(entries: Sequence[Training], tests: Sequence[str]) -> list[PlannedTraining]:
    """
    Return a pool for every test domain: all training domains but those of its generator.

    Parameters
    ----------
    entries : sequence of Training
        Pools and trainings with shots among them stay as they are.
    tests : sequence of str
        Unperturbed.

    Raises
    ------
    StudyError
        If fewer than two training domains are left for a pool.
    """
    domains = [entry.members[0] for entry in entries if entry.is_plain]
    left_out: dict[Training, tuple[str, ...]] = {}
    for test in tests if domains else ():
        members = tuple(sorted(domain for domain in domains if not same_generator(domain, test)))
        if len(members) < LEAST_LEFT:
            raise StudyError(
                f"protocol leave_one_out: without {test}, {len(members)} of the training domains is left "
                f"({', '.join(members) or 'none'}), and a pool has two or more. Name at least {LEAST_LEFT + 1} in `train`."
            )
        pool = Training(members)
        left_out[pool] = (*left_out.get(pool, ()), test)
    named = all_pairs([entry for entry in entries if not entry.is_plain], tests)
    return [*named, *(PlannedTraining(pool, headline) for pool, headline in left_out.items())]


def with_shots(planned: Sequence[PlannedTraining], shots: Sequence[int]) -> list[PlannedTraining]:
    """
    Return trainings with shots of the test domains of their headlines, of one at a time.

    Parameters
    ----------
    planned : sequence of PlannedTraining
        Those that have shots already stay as they are.
    shots : sequence of int
        Pictures per class; 0 for the training itself.

    Raises
    ------
    StudyError
        If there is no target domain.
    """
    found: list[PlannedTraining] = []
    for one in planned:
        if one.training.shots:
            found.append(one)
            continue
        members = one.training.members
        targets = [test for test in one.headline if not any(same_generator(test, member) for member in members)]
        if any(shots) and not targets:
            raise StudyError(
                f"shots: trained on {one.training}, no test domain is left as a target. Name another one in `test`."
            )
        found += [PlannedTraining(Training(members, (Shots(n, target),)), (target,)) for n in shots if n for target in targets]
        if 0 in shots:
            found.append(one)
    return list({one.training: one for one in found}.values())
