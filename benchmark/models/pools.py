"""Pools: pictures of one split of several domains, each once, with their features."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from ..contracts import Features, ViewSpec
from ..domains.catalogue import OpenDomain, data_facts
from ..domains.guard import whole
from ..domains.reals import RealsSource
from ..domains.seen import hashed_names
from ..domains.splits import split_digest
from ..features.audits import FACTS_VIEW, fact_table
from ..features.chunks import Places
from ..features.item_sets import ItemStatuses, without_copies, without_items
from ..features.load import iter_crops, load_view
from ..features.lookalike_leaks import Offenders, is_computed, offenders, offenders_of, without_lookalikes
from ..features.prepare import PreparedDomain, Request, prepare_domains
from ..pictures.audit import FactTable, join
from ..records import ItemSet
from ..reporting import Reporter
from ..results.scores import OK, ItemStatus, Reason, Status, item_labels, ok_rows
from ..workers import Workers
from .attribution import generator_of
from .recipe import Recipe
from .trained_model import TrainedModel

SHARED = ItemStatus(
    Status.ERROR, "it shares a clip or an identity with pictures that the model has learned from.", Reason.SHARED
)

ON_PURPOSE = {Reason.SHARED, Reason.LOOKALIKE}  # items that are left out and are no problems


@dataclass(frozen=True)
class DomainPictures:
    """
    Pictures of a pool that are of one domain.

    Attributes
    ----------
    items : ItemSet
    positions : array of int (n_ok,)
        Of its usable items among the pictures of the pool; -1 for those that an earlier domain has, too.
    """

    items: ItemSet
    positions: NDArray[np.intp]


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
    looks : tuple of int
        `perceptual_hash` of every picture, except computed ones.
    groups : array of str (n_pictures,)
    table : pyarrow.Table
        Items, those that could not be used included; without repetitions.
    problems : tuple of (domain, item, status, detail)
        Pictures that could not be used, those that were left out on purpose not among them.
    n_dropped : int
        Pictures that were left out because they share a clip or an identity with what a model has learned from.
    files : FactTable
        Facts of the file of every picture; labels are 0 real, 1 fake.
    parts : tuple of DomainPictures
        In the order of the domains.
    """

    view: Features
    rows: NDArray[np.intp]
    labels: NDArray[np.int64]
    contents: tuple[str, ...]
    looks: tuple[int, ...]
    groups: NDArray
    table: pa.Table
    problems: tuple[tuple[str, str, str, str], ...]
    n_dropped: int
    files: FactTable
    parts: tuple[DomainPictures, ...]

    @property
    def domains(self) -> NDArray[np.intp]:
        """Number of the domain of each picture, (n_pictures,)."""
        numbers = np.empty(len(self.labels), dtype=np.intp)
        for number, part in enumerate(self.parts):
            numbers[part.positions[part.positions >= 0]] = number
        return numbers

    def iter_crops(self, colour: bool) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.intp]]]:
        """Yield crops (n_crops, side, side[, 3]) and the picture that each shows, as `features.load.iter_crops`."""
        for part in self.parts:
            for crops, places in iter_crops(part.items, colour):
                rows = part.positions[places]
                if (rows >= 0).any():
                    yield crops[rows >= 0], rows[rows >= 0]


def splits_and_facts(domains: Sequence[OpenDomain]) -> dict[str, Any]:
    """Return the digests of the split lists by domain (``splits``) and `Dataset.facts` by data set (``data``)."""
    return {"splits": {domain.name: split_digest(whole(domain).items) for domain in domains}, "data": data_facts(domains)}


def load_pools(
    recipe: Recipe,
    domains: Sequence[OpenDomain],
    splits: tuple[str, ...],
    places: Places,
    workers: Workers,
    reporter: Reporter,
    model: TrainedModel | None = None,
    shared: Mapping[str, Container[str]] | None = None,
    apart: bool = True,
) -> dict[str, Pool]:
    """
    Prepare the pictures of domains and pool them by split.

    Parameters
    ----------
    recipe : Recipe
    domains : sequence of OpenDomain
    splits : tuple of str
        A picture of an earlier split is refused in a later one.
    places : Places
    workers : Workers
    reporter : Reporter
    model : TrainedModel or None
        Pictures that it has learned from are refused.
    shared : mapping of domain name to ids, or None
        Items that are left out because they share a clip or an identity with what the model has learned from.
    apart : bool
        Leave out pictures that look like those of an earlier split of their domain, or like those that the model has learned
        from, if there are many.

    Returns
    -------
    dict of split to Pool

    Raises
    ------
    DataError
        If a class that a domain lists has no usable picture left.
    """
    prepared = prepare_for(recipe, [Request(domain, (splits,)) for domain in domains], places, workers, reporter)
    return pools_of(recipe, prepared, splits, reporter, model, shared, apart)


def prepare_for(
    recipe: Recipe, requests: Sequence[Request], places: Places, workers: Workers, reporter: Reporter
) -> list[PreparedDomain]:
    """Prepare the pictures of some requests with the crops and the view of a recipe."""
    return prepare_domains(requests, recipe.crop, [recipe.detector.build().view, FACTS_VIEW], places, workers, reporter)


def pools_of(
    recipe: Recipe,
    prepared: Sequence[PreparedDomain],
    splits: tuple[str, ...],
    reporter: Reporter,
    model: TrainedModel | None = None,
    shared: Mapping[str, Container[str]] | None = None,
    apart: bool = True,
) -> dict[str, Pool]:
    """Pool prepared pictures by split; parameters as those of `load_pools`."""
    view = recipe.detector.build().view
    before: dict[str, list[ItemStatuses]] = {}
    earlier: dict[str, str] = {}  # contents of the splits before
    pools = {}
    for split in splits:
        parts = []
        for part in prepared:
            statuses = without_copies(part.statuses(split), earlier)
            if shared:
                statuses = without_items(statuses, shared[part.domain.name], SHARED)
            if model is not None:
                learned = [content for content in statuses.contents if model.has_seen(content)]
                statuses = without_copies(statuses, dict.fromkeys(learned, "those that the model has learned from"))
            if apart and not is_computed(part.domain):
                of_domain = before.setdefault(part.domain.name, [])
                alike = _alike(statuses, of_domain, model if model and is_home(model, part.domain) else None)
                if alike.too_many:
                    statuses = without_lookalikes(statuses, alike.alike)
                    reporter.note(alike.left_out(part.domain.name, split))
                of_domain.append(statuses)
            parts.append((statuses, part.item_set(split, statuses), is_computed(part.domain)))
        pools[split] = _pool(recipe, view, parts)
        earlier |= dict.fromkeys(pools[split].contents, f"the {split} pictures")
    return pools


def is_home(model: TrainedModel, domain: OpenDomain) -> bool:
    """Return True if a model has learned from pictures of the data set of a domain."""
    learned = model.names or frozenset()
    listed = domain.domains if isinstance(domain, RealsSource) else (domain,)  # a source itself lists test pictures alone
    return any(not learned.isdisjoint(hashed_names(one, item)) for one in listed for item in whole(one).items)


def _alike(statuses: ItemStatuses, earlier: Sequence[ItemStatuses], model: TrainedModel | None) -> Offenders:
    """Find pictures that look like those of earlier splits, or like those that a model has learned from."""
    if model is not None:
        return offenders_of(statuses, model.looks, "a picture that the model has learned from")
    return offenders(statuses, earlier)


def _pool(recipe: Recipe, view: ViewSpec, parts: Sequence[tuple[ItemStatuses, ItemSet, bool]]) -> Pool:
    """Put domains together; of pictures that several have (reals, mostly), the first is taken."""
    seen: set[str] = set()
    views: list[Features] = []
    rows, labels, contents, looks, tables, problems, files, pool_parts = [], [], [], [], [], [], [], []
    n = n_dropped = 0
    for statuses, items, computed in parts:
        usable = [content for content, status in zip(statuses.contents, statuses.statuses, strict=True) if status == OK]
        new = np.array([content not in seen for content in usable])
        seen.update(usable)
        loaded, crop_rows = load_view(items, view, recipe.band)
        crop_is_new = new[crop_rows]
        position = n + np.cumsum(new) - 1
        files.append(fact_table(items)[new])
        views.append(loaded if crop_is_new.all() else loaded[crop_is_new])
        rows.append(position[crop_rows[crop_is_new]])
        if not computed:
            looks += [look for look, status in zip(statuses.hashes, statuses.statuses, strict=True) if status == OK]
        pool_parts.append(DomainPictures(items, np.where(new, position, -1)))
        table = pq.read_table(items.table)
        fake = item_labels(table)[new]
        labels.append(fake * (recipe.classes.index(generator_of(items.domain)) if len(recipe.classes) > 2 else 1))
        contents += [content for content, first in zip(usable, new, strict=True) if first]
        stays = np.ones(len(table), dtype=bool)  # items that could not be used, too
        stays[ok_rows(table)] = new
        tables.append(table.filter(pa.array(stays)))
        refused = [pair for pair in zip(statuses.items, statuses.statuses, strict=True) if pair[1] != OK]
        problems += [(items.domain, i.id, s.status.value, s.detail) for i, s in refused if s.reason not in ON_PURPOSE]
        n_dropped += sum(status.reason is Reason.SHARED for _, status in refused)
        n += int(new.sum())
    values = views[0].values if len(views) == 1 else np.concatenate([part.values for part in views])
    features = Features(values, views[0].frequency, views[0].categorical)
    features.values.setflags(write=False)
    table = pa.concat_tables(tables)
    groups = np.asarray(table.column("group").to_numpy(zero_copy_only=False))[ok_rows(table)].astype(str)
    return Pool(
        features,
        np.concatenate(rows),
        np.concatenate(labels),
        tuple(contents),
        tuple(looks),
        groups,
        table,
        tuple(problems),
        n_dropped,
        join(files),
        tuple(pool_parts),
    )
