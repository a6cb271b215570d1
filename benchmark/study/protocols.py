"""Protocols of a study: the trainings that its training and test domains lead to."""

from collections.abc import Callable, Sequence
from enum import StrEnum

from ..domains.names import DomainName, Shots, Training, chain_of
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


def leave_one_out(entries: Sequence[Training], tests: Sequence[str]) -> list[Training]:
    """
    Return a pool for every test domain: all training domains but those of its generator.

    Parameters
    ----------
    entries : sequence of Training
        Pools and trainings with shots among them stay as they are.
    tests : sequence of str

    Raises
    ------
    StudyError
        If fewer than two training domains are left for a pool.
    """
    domains = [entry.members[0] for entry in entries if entry.is_plain]
    pools = [entry for entry in entries if not entry.is_plain]
    for test in tests if domains else ():
        members = tuple(sorted(domain for domain in domains if not same_generator(domain, test)))
        if len(members) < LEAST_LEFT:
            raise StudyError(
                f"protocol leave_one_out: without {test}, {len(members)} of the training domains is left "
                f"({', '.join(members) or 'none'}), and a pool has two or more. Name at least {LEAST_LEFT + 1} in `train`."
            )
        pools.append(Training(members))
    return list(dict.fromkeys(pools))


def trainings(
    protocol: Protocol,
    shots: Sequence[int],
    entries: Sequence[Training],
    tests: Sequence[str],
    is_target: Callable[[Training, str], bool],
) -> list[Training]:
    """
    Return the trainings of a study.

    Parameters
    ----------
    protocol : Protocol
    shots : sequence of int
        Pictures per class of a target that are added to training; 0 for none.
    entries : sequence of Training
        Of the key `train`, with every domain named.
    tests : sequence of str
        Test domains, perturbed ones among them.
    is_target : callable
        Decides if a test domain may be a target of a training, besides that it must not be of its members' generators.

    Raises
    ------
    StudyError
        If the protocol needs more training domains, or there is no target for the shots.
    """
    plain = [test for test in tests if not chain_of(test)]
    bases = leave_one_out(entries, plain) if protocol is Protocol.LEAVE_ONE_OUT else list(entries)
    found: list[Training] = []
    for base in bases:
        if base.shots:
            found.append(base)
            continue
        targets = [
            test for test in plain if is_target(base, test) and not any(same_generator(test, member) for member in base.members)
        ]
        if any(shots) and not targets:
            raise StudyError(f"shots: trained on {base}, no test domain is left as a target. Name another one in `test`.")
        found += [Training(base.members, (Shots(n, target),)) for n in shots if n for target in targets]
        if 0 in shots:
            found.append(base)
    return list(dict.fromkeys(found))
