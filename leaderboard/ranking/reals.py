"""
Ranks and leaders over the choice of reals: rows are compared once for every source that all of them were measured with.

The fakes stay; the reals that they are set against are exchanged. A rank interval over the choice goes from the best rank with
any source to the worst rank with any.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from ...benchmark.domains.names import REALS
from ...benchmark.errors import DataError, listed
from ...benchmark.metrics.digits import auc_text
from ...benchmark.metrics.roc import Scored
from ...benchmark.results.cell_document import find_cell
from ...benchmark.results.marks import is_contestant, marks_of, without_rank
from ...benchmark.results.reals import against, headline_choices
from ...benchmark.results.rows import Row
from ...benchmark.results.run_files import file_below
from ...benchmark.results.scores import by_domain, read_scores
from ...benchmark.store.files import digest
from .comparable import comparable_sets, headline_tests
from .entrants import Entrant, training_digest
from .ranks import rank

MOST_ROWS = 100  # that are ranked against each other for every source
SHOWN = 3  # test domains in a note

FolderOf = Callable[[Row], Path | None]


def with_reals_ranks(rows: Sequence[Row], folder_of: FolderOf) -> list[Row]:
    """
    Add the rank interval over the choice of reals to the chosen rows that can be ranked with at least two sources.

    Parameters
    ----------
    rows : sequence of Row
    folder_of : callable
        Takes a row and returns the folder with its ``cell.json`` and score files; None where there is none.

    Returns
    -------
    list of Row
        In the same order. A row has no interval where one of the sources gives it no rank, and none without another test domain
        than the training domain, as it has no rank then.
    """
    ranked = list(rows)
    for members in _compared(rows):
        able = [i for i in members if not without_rank(marks_of(rows[i]))]
        _, abroad = headline_tests(rows[members[0]])
        if abroad and 2 <= len(able) <= MOST_ROWS:
            for i, (low, high) in _rank_intervals(rows, able, folder_of).items():
                ranked[i] = replace(rows[i], reals_rank_low=low, reals_rank_high=high)
    return ranked


def reals_notes(rows: Sequence[Row], by_name: bool = False) -> list[str]:
    """
    Return sentences on the choice of reals: a leader that changes with it, and rank intervals over it.

    Parameters
    ----------
    rows : sequence of Row
        As a table shows them.
    by_name : bool
        Name a row by its detector and training instead of its number.
    """
    notes, groups = [], _compared(rows)
    for members in groups:
        leaders = _leaders(rows, members)
        if len(set(leaders.values())) > 1:
            text = _leaders_text(rows, leaders, len({rows[i].train for i in members}) > 1)
            tested = listed((test.domain for test in headline_tests(rows[members[0]])[0]), SHOWN)
            on = f" among the rows tested on {tested}" if len(groups) > 1 else ""
            notes.append(f"The leading row{on} depends on the reals: {text}.")
    places = [_place_text(row, i, by_name) for i, row in enumerate(rows) if row.reals_rank_low is not None]
    return notes + ([f"Rank over the choice of reals: {', '.join(places)}."] if places else [])


def _place_text(row: Row, number: int, by_name: bool) -> str:
    name = f"{row.detector} ← {row.train_label}" if by_name else f"row {number + 1}"
    low, high = row.reals_rank_low, row.reals_rank_high
    return f"{name} {low}" if low == high else f"{name} {low}-{high}"


def _compared(rows: Sequence[Row]) -> list[list[int]]:
    """Return the contestants of each comparable set that have the same sources, of two at least; two rows at least."""
    _, index = comparable_sets(rows)
    groups: dict[tuple[int, tuple[str, ...]], list[int]] = {}
    for i, row in enumerate(rows):
        sources = tuple(sorted(headline_choices(row)))
        if row.role == "chosen" and len(sources) > 1 and is_contestant(row):
            groups.setdefault((index[i], sources), []).append(i)
    return [members for members in groups.values() if len(members) > 1]


def leading_sources(rows: Sequence[Row]) -> dict[int, list[str]]:
    """Return the sources of reals with which a row leads the rows that it is compared with, by index of the leading rows."""
    leading: dict[int, list[str]] = {}
    for members in _compared(rows):
        for source, leader in _leaders(rows, members).items():
            leading.setdefault(leader, []).append(source)
    return leading


def _leaders(rows: Sequence[Row], members: Sequence[int]) -> dict[str, int]:
    """Return the row with the largest headline AUC by source of reals."""
    choices = {i: headline_choices(rows[i]) for i in members}
    return {source: max(members, key=lambda i: choices[i][source]) for source in choices[members[0]]}


def _leaders_text(rows: Sequence[Row], leaders: dict[str, int], several_trains: bool) -> str:
    parts = []
    for leader, sources in groupby(sorted(leaders, key=leaders.__getitem__), key=leaders.__getitem__):
        aucs, names = headline_choices(rows[leader]), list(sources)
        reals = ", ".join(f"{name} (AUC {auc_text(aucs[name])})" for name in names)
        who = rows[leader].detector + (f" ← {rows[leader].train_label}" if several_trains else "")
        parts.append(f"{who} leads on reals of {reals}")
    return "; ".join(parts)


def _rank_intervals(rows: Sequence[Row], members: Sequence[int], folder_of: FolderOf) -> dict[int, tuple[int, int]]:
    """Return the best and the worst rank over all sources, of the rows that have a rank with every one."""
    domains = [test.domain for test in headline_tests(rows[members[0]])[0]]
    by_row = {}
    for i in members:
        try:
            by_row[i] = _entrants(rows[i], folder_of(rows[i]), domains)
        except DataError:
            continue
    if len(by_row) < 2:
        return {}
    bounds: dict[int, list[tuple[int, int]]] = {i: [] for i in by_row}
    sources = headline_choices(rows[members[0]])
    for source in sources:
        placements = rank([entrants[source] for entrants in by_row.values()], domains).placements
        for i, place in zip(by_row, placements, strict=True):
            if place.low is not None and place.high is not None:
                bounds[i].append((place.low, place.high))
    whole = {i: ranks for i, ranks in bounds.items() if len(ranks) == len(sources)}
    return {i: (min(low for low, _ in ranks), max(high for _, high in ranks)) for i, ranks in whole.items()}


def _entrants(row: Row, folder: Path | None, domains: Sequence[str]) -> dict[str, Entrant]:
    """Return the scores of a row with the reals of each source; where no file has them, they are the test domains' own."""
    document = find_cell(folder)
    files = document.files_of(row) if document else ()
    if folder is None or document is None or not files:
        raise DataError("its score files were not found")
    draws = [read_scores(file_below(folder, file)) for file in files]
    tests, reals = (
        {domain: [entry.scored for entry in entries] for domain, entries in by_domain(draws, split).items()}
        for split in ("test", REALS)
    )
    tests = {domain: scored for domain, scored in tests.items() if domain in domains}
    plain = Entrant(f"{row.detector} on {row.train_label}", tests, {}, training_digest(document), document.train_overlap)
    return {source: _entrant(plain, reals.get(source)) for source in headline_choices(row)}


def _entrant(plain: Entrant, reals: Sequence[Scored] | None) -> Entrant:
    chosen = {
        domain: [against(fakes, one) for fakes, one in zip(each, reals, strict=True)] if reals else each
        for domain, each in plain.tests.items()
    }
    items = {domain: digest([_items(scored) for scored in each]) for domain, each in chosen.items()}
    return replace(plain, tests=chosen, items=items)


def _items(scored: Scored) -> list[list[str]]:
    """Return groups and labels of the scored items in an order that does not depend on the file's."""
    return sorted([str(group), str(label)] for group, label in zip(scored.groups, scored.labels, strict=True))
