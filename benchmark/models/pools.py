"""Pools: pictures of one split of several domains, each once, with their features."""

import tempfile
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..contracts import Features, ViewSpec
from ..domains.catalogue import OpenDomain, data_facts
from ..domains.guard import whole
from ..domains.splits import split_digest
from ..features.chunks import Places, chunk_tasks, task_key
from ..features.item_sets import Outcomes, item_set, outcomes, without_copies, without_items
from ..features.load import load_view
from ..features.prepare import prepare_chunks
from ..records import ItemSet
from ..reporting import Reporter
from ..results.scores import OK, ItemStatus, Reason, Status, item_labels, ok_rows
from ..store.folders import cache_root, ensure_writable
from ..workers import Workers
from .attribution import generator_of
from .recipe import Recipe
from .trained_model import TrainedModel

SHARED = ItemStatus(
    Status.ERROR, "it shares a clip or an identity with pictures that the model has learned from.", Reason.SHARED
)


@dataclass(frozen=True)
class Pool:
    """
    Pictures of one split of one or several domains, each once.

    Attributes
    ----------
    view : Features of n_crops
    rows : array of int (n_crops,)
        Which picture each crop shows.
    labels : array of int64 (n_pictures,)
    contents : tuple of str
        Of every picture.
    groups : array of str (n_pictures,)
    table : pyarrow.Table
        Items, those that could not be used included; without repetitions.
    problems : tuple of (domain, item, status, detail)
        Pictures that could not be used, those that were left out on demand not among them.
    n_dropped : int
        Pictures that were left out because they share a clip or an identity with what a model has learned from.
    """

    view: Features
    rows: NDArray[np.intp]
    labels: NDArray[np.int64]
    contents: tuple[str, ...]
    groups: NDArray
    table: pa.Table
    problems: tuple[tuple[str, str, str, str], ...]
    n_dropped: int


def splits_and_facts(domains: Sequence[OpenDomain]) -> dict[str, Any]:
    return {"splits": {domain.name: split_digest(whole(domain).items) for domain in domains}, "data": data_facts(domains)}


class scratch_places(tempfile.TemporaryDirectory):
    """Cache and a scratch folder that is deleted when the block ends."""

    def __init__(self) -> None:
        self._cache = ensure_writable(cache_root(), "BANDBENCH_CACHE")
        super().__init__(prefix="scratch-", dir=self._cache)

    def __enter__(self) -> Places:  # pyright: ignore[reportIncompatibleMethodOverride]
        return Places(str(self._cache), super().__enter__(), "")


def load_pools(
    recipe: Recipe,
    domains: Sequence[OpenDomain],
    splits: tuple[str, ...],
    places: Places,
    workers: Workers,
    reporter: Reporter,
    model: TrainedModel | None = None,
    shared: Mapping[str, Container[str]] | None = None,
) -> dict[str, Pool]:
    """Prepare domains and pool them; with a model, what it has seen is refused, and `shared` items by domain."""
    view = recipe.detector.build().view
    tasks = {domain.name: chunk_tasks(domain, splits, recipe.crop, [view], places) for domain in domains}
    chunks = prepare_chunks([task for mine in tasks.values() for task in mine], workers, reporter)
    taken: dict[str, str] = {}
    pools = {}
    for split in splits:
        parts = []
        for domain in domains:
            mine = tasks[domain.name]
            made = [chunks[task_key(task)] for task in mine]
            outcome = without_copies(outcomes(domain, split, mine, made), taken)
            if shared:
                outcome = without_items(outcome, shared[domain.name], SHARED)
            if model is not None:
                learned = [content for content in outcome.contents if model.has_seen(content)]
                outcome = without_copies(outcome, dict.fromkeys(learned, "those that the model has learned from"))
            parts.append((outcome, item_set(domain, split, outcome, mine, made)))
        pools[split] = _pool(recipe, view, parts)
        taken |= dict.fromkeys(pools[split].contents, f"the {split} pictures")
    return pools


def _pool(recipe: Recipe, view: ViewSpec, parts: Sequence[tuple[Outcomes, ItemSet]]) -> Pool:
    """Put domains together; of pictures that several have (reals, mostly), the first is taken."""
    seen: set[str] = set()
    views: list[Features] = []
    rows, labels, contents, tables, problems = [], [], [], [], []
    n = n_dropped = 0
    for outcome, items in parts:
        mine = [content for content, status in zip(outcome.contents, outcome.statuses, strict=True) if status == OK]
        new = np.array([content not in seen for content in mine])
        seen.update(mine)
        loaded, crop_rows = load_view(items, view, recipe.band)
        kept = new[crop_rows]
        position = n + np.cumsum(new) - 1
        views.append(loaded if kept.all() else loaded[kept])
        rows.append(position[crop_rows[kept]])
        table = pq.read_table(items.table)
        fake = item_labels(table)[new]
        labels.append(fake * (recipe.classes.index(generator_of(items.domain)) if len(recipe.classes) > 2 else 1))
        contents += [content for content, first in zip(mine, new, strict=True) if first]
        listed = np.ones(len(table), dtype=bool)
        listed[ok_rows(table)] = new
        tables.append(table.filter(pa.array(listed)))
        refused = [pair for pair in zip(outcome.items, outcome.statuses, strict=True) if pair[1] != OK]
        problems += [(items.domain, i.id, s.status.value, s.detail) for i, s in refused if s.reason is not Reason.SHARED]
        n_dropped += sum(status.reason is Reason.SHARED for _, status in refused)
        n += int(new.sum())
    values = views[0].values if len(views) == 1 else np.concatenate([part.values for part in views])
    whole = Features(values, views[0].frequency)
    whole.values.setflags(write=False)
    table = pa.concat_tables(tables)
    groups = np.asarray(table.column("group").to_numpy(zero_copy_only=False))[ok_rows(table)].astype(str)
    return Pool(whole, np.concatenate(rows), np.concatenate(labels), tuple(contents), groups, table, tuple(problems), n_dropped)
