"""Pools: one item set of the pictures of several domains, in which no picture occurs twice."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..contracts import FAKE, LABEL_NAMES, REAL, Framing
from ..domains.seen import join_learned
from ..errors import DataError
from ..records import ItemSet, Provenance
from ..results.scores import OK, ItemStatus, Reason, Status, write_table
from ..store.files import digest
from ..study.protocols import PoolRule
from .item_sets import ItemStatuses

BOTH = ItemStatus(Status.ERROR, "the same picture is real in one domain of the pool and fake in another.", Reason.BOTH_CLASSES)


def draw_pool(members: Sequence[ItemStatuses], rule: PoolRule, n_members: int, entropy: Sequence[object]) -> list[ItemStatuses]:
    """
    Choose the pictures of a pool.

    Parameters
    ----------
    members : sequence of ItemStatuses
        Of one split: members first, then targets, whose pictures are the shots.
    rule : PoolRule
        ``all`` takes every picture, of equal ones the first. ``balanced`` takes as many reals and as many fakes of every
        member: in turns, each member gives a picture of its own that no other has given, until one of them has none left.
        Shots are taken in any case.
    n_members : int
        Of `members` without targets.
    entropy : sequence
        By which pictures are drawn; JSON-like.

    Returns
    -------
    list of ItemStatuses
        With the chosen pictures, and those that cannot be used.

    Raises
    ------
    DataError
        If a balanced pool would be empty.
    """
    labels: dict[str, set[int]] = {}
    for each in members:
        for content, label in _usable(each):
            labels.setdefault(content, set()).add(label)
    ambiguous = {content for content, several in labels.items() if len(several) > 1}
    members = [_refused(each, ambiguous) for each in members]
    pooled, targets = members[:n_members], members[n_members:]
    own = _balanced(pooled, entropy) if rule is PoolRule.BALANCED else [_contents(each) for each in pooled]
    taken: set[str] = set()
    pool = []
    for each, contents in zip(members, [*own, *map(_contents, targets)], strict=True):
        pool.append(_first_of(each, contents - taken))
        taken |= contents
    return pool


def _usable(statuses: ItemStatuses) -> Iterable[tuple[str, int]]:
    """Yield content and label of every usable item."""
    for item, content, status in zip(statuses.items, statuses.contents, statuses.statuses, strict=True):
        if status == OK:
            yield content, item.label


def _contents(statuses: ItemStatuses) -> set[str]:
    return {content for content, _ in _usable(statuses)}


def _refused(statuses: ItemStatuses, contents: set[str]) -> ItemStatuses:
    marks = tuple(
        BOTH if status == OK and content in contents else status
        for content, status in zip(statuses.contents, statuses.statuses, strict=True)
    )
    return replace(statuses, statuses=marks)


def _first_of(statuses: ItemStatuses, contents: set[str]) -> ItemStatuses:
    """
    Keep the first item of each content, and the items that cannot be used.

    Of a class whose pictures are all in another member, nothing is kept: that is no class without usable pictures.
    """
    emptied = {label for _, label in _usable(statuses)} - {label for content, label in _usable(statuses) if content in contents}
    kept, seen = [], set[str]()
    for i, (item, content, status) in enumerate(zip(statuses.items, statuses.contents, statuses.statuses, strict=True)):
        if status == OK and content in contents and content not in seen:
            kept.append(i)
            seen.add(content)
        elif status != OK and item.label not in emptied:
            kept.append(i)
    return ItemStatuses(
        *(tuple(values[i] for i in kept) for values in (statuses.items, statuses.contents, statuses.hashes, statuses.statuses))
    )


def _balanced(members: Sequence[ItemStatuses], entropy: Sequence[object]) -> list[set[str]]:
    """
    Draw equally many reals and fakes of every member, none twice; return the contents by member.

    A class that one of them lacks altogether, as fakes may where a detector learns from reals alone, is left out.
    """
    turns = []
    for label in (REAL, FAKE):
        of_class = [{content for content, of_item in _usable(each) if of_item == label} for each in members]
        if not all(of_class):
            continue
        turns.append(_in_turns([sorted(contents, key=lambda c: digest([*entropy, c])) for contents in of_class]))
        if not turns[-1][0]:
            raise DataError(
                f"a balanced pool is empty: the domains have too few {LABEL_NAMES[label]} pictures that are not of another "
                "member. Set `pool: all`, or pool other domains."
            )
    n = min((len(own) for of_class in turns for own in of_class), default=0)
    return [{content for of_class in turns for content in of_class[i][:n]} for i in range(len(members))]


def _in_turns(queues: Sequence[Sequence[str]]) -> list[list[str]]:
    """Let each queue in turn give its next content that no other has given, until one has none left; drop that last turn."""
    drawn: list[list[str]] = [[] for _ in queues]
    taken: set[str] = set()
    rest = [iter(queue) for queue in queues]
    while True:
        turn = []
        for queue in rest:
            content = next((c for c in queue if c not in taken), None)
            if content is None:
                return drawn
            taken.add(content)
            turn.append(content)
        for own, content in zip(drawn, turn, strict=True):
            own.append(content)


def pool_set(name: str, members: Sequence[ItemSet]) -> ItemSet:
    """
    Put item sets together, and write the item table, index and digests of the pool.

    Parameters
    ----------
    name : str
        Of the training, which becomes the domain of all items; their ids begin with the domain that they are of.
    members : sequence of ItemSet
        Of one split, without a picture in common.

    Returns
    -------
    ItemSet
    """
    first = members[0]
    key = digest([[items.domain, items.digest] for items in members])
    table = Path(first.table).with_name(f"pool-{digest([name, first.split, key])[:16]}.parquet")
    write_table(table, pa.concat_tables([_pooled_table(name, items) for items in members]), durable=False)
    index = {kind: _pooled_index(kind, members) for kind in ("grey", "colour")}
    np.savez(table.with_suffix(".npz"), **index)  # pyright: ignore[reportArgumentType] (arrays by name)
    join_learned(table, [items.table for items in members])
    n_items = sum(items.n_items for items in members)
    return ItemSet(
        domain=name,
        split=first.split,
        digest=key,
        table=str(table),
        grey=tuple(folder for items in members for folder in items.grey),
        colour=tuple(folder for items in members for folder in items.colour),
        index=str(table.with_suffix(".npz")),
        n_items=n_items,
        n_ok=sum(items.n_ok for items in members),
        problems=tuple((f"{items.domain}:{i}", status, why) for items in members for i, status, why in items.problems),
        seconds_per_item=sum(items.seconds_per_item * items.n_items for items in members) / max(n_items, 1),
        provenance=_provenance(members),
        members=tuple(members),
    )


def _pooled_table(name: str, items: ItemSet) -> pa.Table:
    table = pq.read_table(items.table)
    ids = [f"{items.domain}:{item}" for item in table.column("item").to_pylist()]
    columns = {"domain": pa.array([name] * len(table), pa.string()), "item": pa.array(ids, pa.string())}
    for column, values in columns.items():
        table = table.set_column(table.schema.get_field_index(column), column, values)
    return table


def _pooled_index(kind: str, members: Sequence[ItemSet]) -> NDArray[np.int32]:
    """Return the index of all members, chunks and items counted on."""
    parts = [np.empty((0, 3), dtype=np.int32)]
    chunks = usable = 0
    for items in members:
        with np.load(items.index) as archive:
            parts.append(archive[kind] + np.array([chunks, 0, usable], dtype=np.int32))
        chunks += len(items.grey if kind == "grey" else items.colour)
        usable += items.n_ok
    return np.concatenate(parts)


def _provenance(members: Sequence[ItemSet]) -> Provenance:
    each = [items.provenance for items in members]
    return Provenance(
        split_list=digest([[items.domain, items.provenance.split_list] for items in members]),
        pictures=digest([one.pictures for one in each]),
        may_be_shown=all(one.may_be_shown for one in each),
        framing=Framing.common(one.framing for one in each),
    )
