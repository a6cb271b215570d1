"""The guard of a plan: leaks between trainings and pictures that are scored are refused, or the items are left out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..contracts import LABEL_NAMES
from ..domains.catalogue import OpenDomain
from ..domains.guard import Fitted, HeldOut, all_names, drop_leaks, guard_study, guarded, refuse_leaks, same_data, whole
from ..domains.names import REALS, dataset_name, training, training_domains
from ..domains.reals import RealsSource
from ..errors import DataError
from ..records import PoolPart
from ..store.files import digest
from ..study.study_file import Study


@dataclass(frozen=True)
class GuardedPlan:
    """
    Outcome of the guard.

    Attributes
    ----------
    dropped : dict of (training, replicate) to dict of str to int
        Numbers of pictures that were left out, by split.
    pools : dict of (training, replicate) to tuple of PoolPart
        Domains of each pool.
    """

    dropped: dict[tuple[str, int], dict[str, int]]
    pools: dict[tuple[str, int], tuple[PoolPart, ...]]


def guard_plan(study: Study, domains: dict[tuple[str, int], OpenDomain], sources: Mapping[str, RealsSource]) -> GuardedPlan:
    """
    Guard every draw of a study.

    Parameters
    ----------
    study : Study
        With every name resolved.
    domains : dict of (domain, replicate) to OpenDomain
        Training domains of which items are left out are replaced.
    sources : mapping of str to RealsSource

    Raises
    ------
    DataError
        Naming what is shared; or, where leaks are dropped, if a split is left without a class.
    """
    single = [name for name in study.train if training(name).is_plain]
    dropped: dict[tuple[str, int], dict[str, int]] = {}
    pools = {}
    for r in range(study.seeds):
        of_draw = {name: domains[name, r] for name in dict.fromkeys((*training_domains(study.train), *study.test))}
        held = held_out_of(study.test, of_draw, sources)
        for name, counts in guard_study(single, held, domains, r, study.drop_leaks).items():
            dropped[name, r] = counts
        for name in study.train:
            if name not in single:
                pools[name, r], lost = pool_parts(name, of_draw, held, study.drop_leaks)
                dropped |= {(name, r): lost} if lost else {}
    return GuardedPlan(dropped, pools)


def held_out_of(
    test: Sequence[str], domains: Mapping[str, OpenDomain], sources: Mapping[str, RealsSource]
) -> dict[str, HeldOut]:
    """Return the domains of one draw that are scored, with their split, by their names in messages."""
    held: dict[str, HeldOut] = {name: (domains[name], "test") for name in test}
    return held | {f"{name} (reals)": (source, REALS) for name, source in sources.items()}


def pool_parts(
    name: str, domains: Mapping[str, OpenDomain], held: Mapping[str, HeldOut], drop: bool
) -> tuple[tuple[PoolPart, ...], dict[str, int]]:
    """
    Return the domains of a pool in one draw, guarded against leaks among them and into test pictures.

    Parameters
    ----------
    name : str
        Of the training.
    domains : mapping of str to OpenDomain
        Of the draw.
    held : mapping of str to (OpenDomain, str)
        Test domains and sources of reals with the split that is scored, by their names in messages.
    drop : bool
        Leave training and validation pictures out instead of refusing.

    Returns
    -------
    parts : tuple of PoolPart
        Members, then targets.
    dropped : dict of str to int
        Numbers of pictures that were left out, by split; empty if none was.

    Raises
    ------
    DataError
        Naming what is shared; if a member is left without a class, or a target has fewer pictures than shots.
    """
    parts = training(name)
    opened = [whole(domains[domain]) for domain in parts.domains]
    n_members = len(parts.members)
    fitted = [
        Fitted(domain.name, domain.split("train"), domain.split("val") if i < n_members else (), domain.regrouping)
        for i, domain in enumerate(opened)
    ]
    for i, domain in enumerate(opened):
        related = [k for k, other in enumerate(opened) if same_data(other, domain)]
        if related[0] == i:
            held_out = {
                other: all_names(scored.split(split)) for other, (scored, split) in held.items() if same_data(scored, domain)
            }
            (drop_leaks if drop else refuse_leaks)([fitted[k] for k in related], held_out)
    lost = [[item for items in each.dropped.values() for item in items] for each in fitted]
    n_lost = {
        split: len({(dataset_name(each.domain), item.id) for each in fitted for item in each.dropped[split]})
        for split in ("train", "val")
    }
    members = [PoolPart(guarded(domain, items) if items else domain) for domain, items in zip(opened, lost, strict=True)]
    targets = [
        PoolPart(draw_shots(part.domain, shots.n), shots=True)
        for part, shots in zip(members[n_members:], parts.shots, strict=True)
    ]
    return (*members[:n_members], *targets), (n_lost if any(n_lost.values()) else {})


def draw_shots(domain: OpenDomain, n: int) -> OpenDomain:
    """
    Return a domain with `n` training items per class alone, those of fewer shots among them.

    Raises
    ------
    DataError
        If it has fewer.
    """
    train = sorted(domain.split("train"), key=lambda item: digest(["shots", domain.seed, domain.replicate, item.id]))
    drawn: set[str] = set()
    for label, word in enumerate(LABEL_NAMES):
        of_class = [item.id for item in train if item.label == label]
        if len(of_class) < n:
            raise DataError(
                f"{domain.name}: {n} shots per class were asked for, and its training split has {len(of_class)} {word} "
                "pictures. Lower `shots`, or leave the domain out."
            )
        drawn |= set(of_class[:n])
    return guarded(domain, [item for item in domain.items if item.id not in drawn])
