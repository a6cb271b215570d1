"""Draw splits of sources by person."""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import replace
from typing import Literal

from ...benchmark.contracts import Split
from .survey import Source

FIFTH = 0.2


def draw_source_splits(sources: Sequence[Source], draw: str, seed: int, replicate: int) -> list[Source]:
    """
    Draw a split for the sources that have none: a fifth of the groups is test, a fifth validation, three fifths training.

    Data that are distributed with test (or validation) sources get no further ones. A group is a set of linked identities and
    videos (``components``), or one identity (``identities``), in which case a source whose target and donor are on
    different sides gets an empty split. Ranks come from a hash of the group's name, so that they depend neither on order nor
    on the machine, and little on the other groups. `seed` fixes the test groups; `seed` and `replicate` the
    validation groups.

    Parameters
    ----------
    sources : sequence of Source
        Those with a split keep it.
    draw : {"components", "identities"}
    seed, replicate : int

    Returns
    -------
    list of Source
        In the order given.
    """
    undrawn = [source for source in sources if source.split is None]
    if not undrawn:
        return list(sources)
    names = {source.id: _identities(source) for source in undrawn}
    group_of = _components(names.values()) if draw == "components" else {}
    groups = {source.id: {group_of.get(name, name) for name in names[source.id]} for source in undrawn}
    labels: dict[str, set[int]] = {}
    for source in undrawn:
        for group in groups[source.id]:
            labels.setdefault(group, set()).add(source.label)
    strata: dict[tuple[int, ...], list[str]] = {}
    for group, present in labels.items():
        strata.setdefault(tuple(sorted(present)), []).append(group)
    distributed = {source.split for source in sources}
    split: dict[str, Split] = {}
    for members in strata.values():
        split |= _ranked(members, seed, replicate, [name for name in ("test", "val") if name not in distributed])
    return [replace(s, split=_common(split[g] for g in groups[s.id])) if s.split is None else s for s in sources]


def two_sides_text(n: int) -> str:
    """Return the sentence on fakes that a draw leaves out."""
    left_out = "1 fake is left out: its" if n == 1 else f"{n} fakes are left out: their"
    return f"{left_out} two persons are on different sides of the drawn splits"


def _identities(source: Source) -> tuple[str, ...]:
    """Return the identities of a source, else its video, else the source itself: they must not be on two sides."""
    named = tuple(f"identity {name}" for name in (source.target, source.donor) if name)
    return named or ((f"video {source.video}",) if source.video else (f"source {source.id}",))


def _components(linked: Iterable[Sequence[str]]) -> dict[str, str]:
    """Map every name to its set of linked names, which is called after its alphabetically first member."""
    from scipy.cluster.hierarchy import DisjointSet

    sets = DisjointSet()
    for names in linked:
        for name in names:
            sets.add(name)
            sets.merge(names[0], name)
    return {name: min(subset) for subset in sets.subsets() for name in subset}


def _ranked(groups: Sequence[str], seed: int, replicate: int, wanted: Sequence[str]) -> dict[str, Split]:
    """Draw a fifth of the groups for each wanted split, at least one where there are enough; the rest is training."""
    share = max(1, round(FIFTH * len(groups))) if len(groups) > len(wanted) else 0
    n_test, n_val = (share if name in wanted else 0 for name in ("test", "val"))
    by_test = sorted(groups, key=lambda group: _rank("test", seed, group))
    rest = sorted(by_test[n_test:], key=lambda group: _rank("val", seed, replicate, group))
    split: dict[str, Split] = dict.fromkeys(by_test[:n_test], "test")
    split.update(dict.fromkeys(rest[:n_val], "val"))
    split.update(dict.fromkeys(rest[n_val:], "train"))
    return split


def _rank(*parts: object) -> str:
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()


def _common(splits: Iterable[Split]) -> Split | Literal[""]:
    distinct = set(splits)
    return distinct.pop() if len(distinct) == 1 else ""


def draw_apart(
    sources: Sequence[Source],
    part_of: Callable[[Source], Hashable],
    draw: Callable[[Sequence[Source]], list[Source]],
) -> list[Source]:
    """
    Draw the splits of every part of a data set separately, so that each part has the usual shares.

    Parameters
    ----------
    sources : sequence of Source
    part_of : callable
        Returns the part of a source. Sources that must stay together belong to one part.
    draw : callable
        Gives the sources of one part their splits: `SourceDataset.drawn`.

    Returns
    -------
    list of Source
        In the order given.
    """
    parts: dict[Hashable, list[Source]] = {}
    for source in sources:
        parts.setdefault(part_of(source), []).append(source)
    drawn = {source.id: source for part in parts.values() for source in draw(part)}
    return [drawn[source.id] for source in sources]
