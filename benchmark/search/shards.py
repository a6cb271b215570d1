"""
Shards: the cells of a study dealt out to processes that work at the same time, on one machine or several.

Cells do not depend on each other, so any deal gives the same results as one run. Every shard prepares the item sets of the
whole study, because copies, look-alikes and leaks are found between all of its domains; the cache keeps what another shard has
prepared.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..domains.guard import whole
from ..domains.splits import split_digest
from ..errors import StudyError
from ..recording.cell_folder import kept_folder
from ..recording.keys import cell_key
from ..records import PROTOCOL_VERSION, Cell, Plan, Shard
from ..results.cell_document import SCHEMA
from ..results.rows import read_rows
from ..store.files import digest, read_json, write_json
from ..store.folders import results_root
from ..tracking.addresses import scheme


@dataclass(frozen=True)
class CellShare:
    """
    A cell of a plan, before its pictures are prepared.

    Attributes
    ----------
    detector_label, train : str
    n_fits : int
        At most.
    """

    detector_label: str
    train: str
    n_fits: int

    @property
    def label(self) -> str:
        """Name in progress and logs, that of the `Cell`."""
        return f"{self.detector_label} on {self.train}"


def shares_of(plan: Plan) -> list[CellShare]:
    """Return the cells of a plan, in the order of `make_cells`."""
    return [
        CellShare(spec.label, train, plan.study.seeds if spec.plugin.control else plan.n_fits_of_cell)
        for train in plan.study.train
        for spec in (*plan.detectors, *plan.controls_on(train))
    ]


def deal(shares: Sequence[CellShare], shard: Shard) -> list[CellShare]:
    """
    Return the cells of one shard.

    The cells with most fits are dealt out first, each to the shard that has the fewest fits so far. Cells of one detector
    follow each other, because they take equally long: every shard gets as many of them as the others, or one more.

    Parameters
    ----------
    shares : sequence of CellShare
        Of all cells of a study, recorded or not, so that every shard deals out alike.
    shard : Shard

    Returns
    -------
    list of CellShare
        In their order in `shares`; none of them is in two shards.
    """
    fits = [0] * shard.count
    dealt = []
    for share in sorted(shares, key=lambda share: (-share.n_fits, share.detector_label)):
        taker = fits.index(min(fits))
        fits[taker] += share.n_fits
        if taker == shard.index:
            dealt.append(share)
    return [share for share in shares if share in dealt]


def cells_of(plan: Plan, cells: Sequence[Cell], shard: Shard) -> list[Cell]:
    """Return the cells of one shard, of all cells of a plan."""
    labels = {share.label for share in deal(shares_of(plan), shard)}
    return [cell for cell in cells if cell.label in labels]


def refuse_sqlite(storage: str | None) -> None:
    """
    Refuse a SQLite file as the storage of searches that shards add to at the same time.

    Raises
    ------
    StudyError
    """
    if storage is not None and scheme(storage) == "sqlite":
        raise StudyError(
            f"shards cannot share the SQLite database {storage}, which one process at a time writes to; leave out --storage, "
            "so that each shard has a journal of its own, or give a PostgreSQL database."
        )


def searched(plan: Plan, shard: Shard | None) -> list[str]:
    """Return the labels of the cells that a run, or that of a shard, searches: controls try all frequencies only."""
    shares = shares_of(plan)
    controls = {spec.label for spec in plan.controls}
    of_run = shares if shard is None else deal(shares, shard)
    return [share.label for share in of_run if share.detector_label not in controls]


def shard_journal(study: str, shard: Shard) -> Path:
    """Return the journal of the searches of a shard, which need not exist."""
    return results_root() / "shards" / f"{shard.name_of(study)}.journal"


def begun_journals(study: str) -> list[Path]:
    """Return the journals that shards of a study have left."""
    folder = results_root() / "shards"
    pattern = re.compile(re.escape(study) + r"\.shard-\d+-of-\d+\.journal")
    return sorted(path for path in (folder.iterdir() if folder.is_dir() else ()) if pattern.fullmatch(path.name))


def keep_cell_keys(path: Path, cells: Sequence[Cell]) -> None:
    """
    Keep the keys of the cells of a plan, which are known when its pictures are prepared.

    Parameters
    ----------
    path : Path
        See `cell_keys_path`.
    cells : sequence of Cell
    """
    keys = {cell.label: cell_key(cell) for cell in cells}
    if read_json(path) != keys:
        write_json(path, keys, durable=False)


def recorded_cells(plan: Plan, attempt: int) -> set[str]:
    """
    Return the labels of the cells of a plan that have a result, without preparing any picture.

    They are those that an earlier run of the same plan has seen. Pictures are compared by their names: contents that have
    changed since are noticed by the run itself.
    """
    keys = read_json(cell_keys_path(plan, attempt))
    return {label for label, key in keys.items() if read_rows(kept_folder(key))} if isinstance(keys, dict) else set()


def cell_keys_path(plan: Plan, attempt: int) -> Path:
    """Return the file of the keys of the cells of a plan, as it is before its pictures are prepared."""
    detectors = [[spec.label, spec.key_parts()] for spec in (*plan.detectors, *plan.controls)]
    domains = [[d.name, d.spec.root, d.spec.key_parts(), d.replicate] for d in plan.opened]
    # The pictures of perturbed domains are those of the plain ones.
    items = [split_digest(whole(domain).items) for domain in plan.opened if not domain.perturbation]
    settings = plan.study.model_dump(mode="json")
    parts = [SCHEMA, PROTOCOL_VERSION, settings, detectors, domains, items, plan.facts, plan.not_counted, attempt]
    return results_root() / "shards" / "plans" / f"{digest(parts)[:32]}.json"
