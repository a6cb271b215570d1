"""
Spectrum statistics of the training reals of domains, for perturbations that set spectra to them.

They are measured on whole pictures of the training split, as they are before any perturbation: never on a fake, never on a
picture that is scored. Both classes of a domain are set to the same statistics, which every draw has of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..contracts import REAL, Item
from ..domains.catalogue import DatasetSpec, OpenDomain
from ..domains.guard import whole
from ..domains.names import unperturbed
from ..errors import DataError
from ..pictures import crops as images
from ..pictures.perturbations import STATISTICS_VERSION, RingSums, SpectrumStatistics, needs_reals
from ..reporting import Reporter
from ..results.scores import OK
from ..store.files import atomic_path, digest
from ..store.uses import hold_entry
from ..workers import Workers
from .chunks import CHUNK_SIZE, Places, identify, read_known

FOLDER = "spectra"  # of the cache
MOST_REALS = 1000  # pictures that are measured: with so many the mean of a ring is known to some 3 %


@dataclass(frozen=True)
class SpectraTask:
    """Training reals of one data set to be measured by a worker."""

    dataset: DatasetSpec
    seed: int
    replicate: int
    items: tuple[Item, ...]
    cache: str


@dataclass(frozen=True)
class MeasuredReals:
    """Sums over the reals of a task, and the contents of those that could be read."""

    sums: RingSums
    contents: tuple[str, ...]


def training_reals(domain: OpenDomain) -> tuple[Item, ...]:
    """
    Return the reals that the perturbation of a domain takes its statistics from.

    Those that the guard left out count, too, so that training and test pictures have the same statistics. Of more than
    `MOST_REALS` some are drawn by their ids.

    Parameters
    ----------
    domain : OpenDomain

    Returns
    -------
    tuple of Item
        Sorted by id; empty where the perturbation needs none.

    Raises
    ------
    DataError
        If it needs some, and the training split has none.
    """
    name = needs_reals(domain.perturbation)
    if not name:
        return ()
    reals = [item for item in whole(domain).items if (item.split, item.label) == ("train", REAL)]
    if not reals:
        plain = unperturbed(domain.name)
        raise DataError(
            f"{domain.name}: {name} takes the mean spectrum of the training reals of {plain}, which has no real picture in its "
            f"training split; give it such pictures, or leave {name} out."
        )
    drawn = sorted(reals, key=lambda item: digest([domain.seed, item.id]))[:MOST_REALS]
    return tuple(sorted(drawn, key=lambda item: item.id))


def require_training_reals(domains: Iterable[OpenDomain]) -> None:
    """
    Refuse perturbed domains whose perturbation lacks the training reals that it needs.

    Raises
    ------
    DataError
        See `training_reals`.
    """
    for domain in domains:
        training_reals(domain)


def reals_spectra(
    domains: Sequence[OpenDomain], places: Places, workers: Workers, reporter: Reporter
) -> list[SpectrumStatistics | None]:
    """
    Measure the training reals of some domains; reals that several of them share are measured once.

    Parameters
    ----------
    domains : sequence of OpenDomain
    places : Places
    workers : Workers
        The statistics do not depend on their number.
    reporter : Reporter

    Returns
    -------
    list of SpectrumStatistics or None
        Of each domain; None where its perturbation needs none.

    Raises
    ------
    DataError
        If a domain has no training reals, or none that can be read.
    """
    reals = [training_reals(domain) for domain in domains]
    keys = [_key(domain, items) for domain, items in zip(domains, reals, strict=True)]
    needed = {key: (domain, items) for key, domain, items in zip(keys, domains, reals, strict=True) if items}
    if not needed:
        return [None] * len(domains)
    reporter.stage("measuring the spectra of training reals", sum(len(items) for _, items in needed.values()))
    futures = {
        key: [workers.submit(measure_reals, task) for task in _tasks(domain, items, places)]
        for key, (domain, items) in needed.items()
    }
    statistics: dict[str, SpectrumStatistics] = {}
    for key, (domain, items) in needed.items():
        measured = [future.result() for future in futures[key]]
        reporter.advance(len(items))
        statistics[key] = _joined(domain, items, measured)
    return [statistics.get(key) for key in keys]


def measure_reals(task: SpectraTask) -> MeasuredReals:
    """Measure the reals of a task, or take the sums from the cache; pictures that cannot be used are left out."""
    read = task.dataset.open(task.seed, task.replicate).read
    contents, statuses, data = identify(read, task.items)
    key = digest([FOLDER, STATISTICS_VERSION, images.VERSION, contents])
    path = Path(task.cache, FOLDER, key[:2], key, "sums.npz")
    hold_entry(Path(task.cache), path.parent)
    if path.exists():
        with np.load(path) as arrays:
            return MeasuredReals(RingSums(arrays["total"], arrays["count"], len(contents)), contents)
    sums, usable = [], []
    for item, content, status in zip(task.items, contents, statuses, strict=True):
        raw = data.pop(item.id, None)
        if status == OK and raw is None:
            status, raw = read_known(read, item, content)
        if status == OK and raw is not None:
            try:
                sums.append(RingSums.of(images.decode(raw, colour=True)))
                usable.append(content)
            except DataError:  # the picture has a status of its own where it is trained on
                continue
    measured = MeasuredReals(RingSums.joined(sums), tuple(usable))
    if len(usable) == len(contents):
        with atomic_path(path) as temporary, temporary.open("wb") as file:
            np.savez(file, total=measured.sums.total, count=measured.sums.count)
    return measured


def _key(domain: OpenDomain, items: Sequence[Item]) -> str:
    """Return a key that is equal for domains with the same training reals."""
    return digest([domain.spec.key_parts(), [[item.id, item.fingerprint] for item in items]])


def _tasks(domain: OpenDomain, items: Sequence[Item], places: Places) -> list[SpectraTask]:
    parts = [tuple(items[start : start + CHUNK_SIZE]) for start in range(0, len(items), CHUNK_SIZE)]
    return [SpectraTask(domain.spec, domain.seed, domain.replicate, part, places.cache) for part in parts]


def _joined(domain: OpenDomain, items: Sequence[Item], measured: Sequence[MeasuredReals]) -> SpectrumStatistics:
    contents = [content for part in measured for content in part.contents]
    if not contents:
        raise DataError(
            f"{domain.name}: {needs_reals(domain.perturbation)} takes the mean spectrum of training reals, and none of the "
            f"{len(items)} can be read, '{items[0].id}' among them; mend the files."
        )
    return RingSums.joined([part.sums for part in measured]).statistics(digest([STATISTICS_VERSION, images.VERSION, contents]))
