"""Shortcut audits of prepared pictures: facts of the files of item sets, and the audits of the domains of a plan."""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow.parquet as pq

from ..contracts import SPLITS, ViewSpec
from ..domains.names import unperturbed
from ..errors import DataError
from ..frequency.bands import Band
from ..pictures.audit import FactTable, audit, join
from ..pictures.shortcuts import Shortcut
from ..records import ItemSet, Plan
from ..reporting import Reporter
from ..results.scores import item_groups, item_labels
from ..workers import Workers, as_completed
from .load import load_view
from .plan_sets import Prepared

FACTS_VIEW = ViewSpec("file_facts")
STRICT_WAY_OUT = (
    "Store both classes alike (one format, one quality, one size, one colour mode) and run again; without --strict the run "
    "goes on, and its rows are marked."
)


def fact_table(items: ItemSet) -> FactTable:
    """Return the facts of the files of an item set, of its items with status ``ok`` in their order."""
    view, rows = load_view(items, FACTS_VIEW, Band())
    _, first = np.unique(rows, return_index=True)  # all crops of an item have the facts of its file
    table = pq.read_table(items.table)
    return FactTable(view.values[first], item_labels(table), item_groups(table))


def audit_sets(sets: Sequence[ItemSet]) -> Shortcut | None:
    """
    Audit the pictures of some item sets of one domain together, in a worker.

    Returns
    -------
    Shortcut or None
        None where a class has fewer than two groups.
    """
    made = audit(join([fact_table(items) for items in sets]))
    return made.shortcut if made else None


def audit_plan(plan: Plan, prepared: Prepared, workers: Workers, reporter: Reporter) -> dict[str, Shortcut]:
    """
    Audit the training and test domains of a plan.

    A perturbed test domain has no audit: its pictures are in the files of the unperturbed one.

    Returns
    -------
    dict of str to Shortcut
        By domain.
    """
    study, sets = plan.study, prepared.sets
    names = list(dict.fromkeys((*study.train, *(name for name in study.test if unperturbed(name) == name))))
    reporter.stage("auditing files", len(names))
    futures = {}
    for name in names:
        # Later draws divide much the same pictures into training and validation ones.
        of_domain = [sets[key] for split in SPLITS if (key := (name, split, 0)) in sets]
        futures[workers.submit(audit_sets, of_domain)] = name
    audits: dict[str, Shortcut] = {}
    for future in as_completed(futures):
        if shortcut := future.result():
            audits[futures[future]] = shortcut
        reporter.advance(1)
    return {name: audits[name] for name in names if name in audits}


def refuse_shortcuts(shortcuts: Mapping[str, Shortcut]) -> None:
    """
    Refuse domains whose files give the classes away.

    Raises
    ------
    DataError
        With one sentence for each.
    """
    marked = [shortcut.sentence(domain) for domain, shortcut in shortcuts.items() if shortcut.is_marked]
    if marked:
        raise DataError("\n".join([*marked, STRICT_WAY_OUT]))
