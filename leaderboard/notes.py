"""Notes below a table: rows that do not compare, results that are left out, and gaps in the data."""

import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from ..benchmark.domains.names import chain_of, dataset_name
from ..benchmark.errors import listed
from ..benchmark.invocation import bench
from ..benchmark.results.marks import Mark, RowAudit, marks_of
from ..benchmark.results.rows import Row
from .shortcut_notes import marked_shortcuts

Rows = Sequence[Row]
SHOWN_PARTS = 10
# A control has not learned to tell fakes by design; shortcuts and look-alikes have notes of their own, with numbers.
NOT_OF_CONTROLS = {Mark.NOTHING_LEARNED, Mark.LIKE_COIN_FLIP}
NOTED_WITH_NUMBERS = {Mark.SHORTCUT, Mark.LOOKALIKES}


def shown_rows(rows: Sequence[Row]) -> list[Row]:
    """
    Return the rows that a table shows and numbers.

    All-pass rows are the reference of the others, and left out; so are the `combs_of_carriers`.
    """
    combs = {id(row) for row in combs_of_carriers(rows)}
    return [row for row in rows if row.role != "allpass" and id(row) not in combs]


def combs_of_carriers(rows: Sequence[Row]) -> list[Row]:
    """Return the fixed combs and anticombs of cells that say what their detector lives on, in a table of its own."""
    cells = {row.cell for row in rows if row.carriers}
    return [row for row in rows if row.role == "fixed" and row.band.is_comb and row.cell in cells]


@dataclass(frozen=True)
class DifferentTests:
    """
    Test domains on which rows were scored on different pictures.

    Attributes
    ----------
    domains : tuple of str
        Perturbed ones left out.
    difference : {"split lists", "pictures"}
        Pictures where the split lists agree.
    rows : tuple of tuple of int
        Indices of the rows with the same pictures, the largest group first.
    """

    domains: tuple[str, ...]
    difference: str
    rows: tuple[tuple[int, ...], ...]


def different_tests(rows: Rows) -> list[DifferentTests]:
    """
    List the test domains on which rows were scored on different pictures.

    Parameters
    ----------
    rows : sequence of Row
        Test results without a split list, as of old runs, do not count.
    """
    parts: dict[str, dict[tuple[str, str], list[int]]] = {}
    for i, row in enumerate(rows):
        for test in row.tests:
            if test.split_list and not test.is_perturbed:
                parts.setdefault(test.domain, {}).setdefault((test.split_list, test.pictures), []).append(i)
    by_difference: dict[tuple[str, tuple[tuple[int, ...], ...]], list[str]] = {}
    for domain, groups in parts.items():
        if len(groups) > 1:
            difference = "split lists" if len({split for split, _ in groups}) > 1 else "pictures"
            members = tuple(map(tuple, sorted(groups.values(), key=lambda group: (-len(group), group))))
            by_difference.setdefault((difference, members), []).append(domain)
    return [DifferentTests(tuple(domains), difference, members) for (difference, members), domains in by_difference.items()]


def other_variants(counts: Mapping[str, int]) -> list[str]:
    """
    Return a note for each study with results that a board leaves out.

    Parameters
    ----------
    counts : mapping of str to int
        By study: cells of variants that were not run last.
    """
    return [
        f"{study}: {n} earlier result{'s' * (n > 1)}, of other settings, pictures or code than those that were run last, "
        f"{'are' if n > 1 else 'is'} not shown; `{bench(f'leaderboard --study {shlex.quote(study)} --all')}` shows all."
        for study, n in sorted(counts.items())
    ]


@dataclass(frozen=True)
class RowNote:
    """
    Note on some rows.

    Attributes
    ----------
    text : str
    rows : list of int
        Their indices.
    domains : tuple of str
        Test domains that it is about; empty where it is about the rows as a whole.
    """

    text: str
    rows: list[int]
    domains: tuple[str, ...] = ()


def row_notes(rows: Rows, by_name: bool = False, computed: Collection[str] = ()) -> list[tuple[str, list[int]]]:
    """Return the texts of `notes_of_rows` with the indices of their rows."""
    return [(note.text, note.rows) for note in notes_of_rows(rows, by_name, computed)]


def notes_of_rows(rows: Rows, by_name: bool = False, computed: Collection[str] = ()) -> list[RowNote]:
    """
    Return notes on single rows.

    Parameters
    ----------
    rows : sequence of Row
    by_name : bool
        Name a row by its detector and training domain, as its number changes where readers sort the rows.
    computed : collection of str
        Data sets whose pictures are computed, see `may_be_copies`.
    """
    names = _row_names(rows, by_name)

    def called(indices: Sequence[int]) -> str:
        return _called([names[i] for i in indices])

    notes = []
    if earlier := [i for i, row in enumerate(rows) if not row.is_current]:
        text = f"Earlier, of other settings, pictures or code than those that were run last: {called(earlier)}."
        notes.append(RowNote(text, earlier))
    for entry in different_tests(rows):
        groups = " against ".join(map(called, entry.rows))
        text = f"Different test {entry.difference} of {', '.join(entry.domains)}: {groups}; their AUCs there do not compare."
        notes.append(RowNote(text, sorted(i for group in entry.rows for i in group), entry.domains))
    alike = [
        (i, test.domain, test.lookalikes, test.n)
        for i, row in enumerate(rows)
        for test in row.tests
        if test.lookalikes and may_be_copies(test.domain, computed)
    ]
    of_sources = [
        (i, result.source, result.lookalikes, result.n_real)
        for i, row in enumerate(rows)
        for result in {result.source: result for test in row.tests for result in test.by_reals}.values()
        if result.lookalikes and may_be_copies(result.source, computed)
    ]
    alike += [(i, f"reals of {source}", n, total) for i, source, n, total in of_sources]
    if counted_less := [i for i, row in enumerate(rows) if row.not_counted]:
        domains = listed(dict.fromkeys(name for i in counted_less for name in rows[i].not_counted), SHOWN_PARTS)
        text = f"Left out of the cross-domain mean by the protocol of the study: {domains}"
        notes.append(RowNote(f"{text} ({called(counted_less)}).", counted_less))
    if few := [i for i, row in enumerate(rows) if row.shots]:
        text = "Trained on a few pictures of the target domain, too; their cross-domain AUC is that on the target domain alone"
        notes.append(RowNote(f"{text}: {called(few)}.", few))
    if alike:
        indices = list(dict.fromkeys(i for i, *_ in alike))
        counts = "; ".join(_count_of(domain, alike) for domain in dict.fromkeys(domain for _, domain, *_ in alike))
        text = f"Test pictures that look like training or validation pictures: {counts} ({called(indices)})."
        about = () if of_sources else tuple(dict.fromkeys(domain for _, domain, *_ in alike))
        notes.append(RowNote(text, indices, about))
    for marked, indices in marked_shortcuts(rows).items():
        text = f"{marked.sentence} (It concerns {called(indices)}.)"
        notes.append(RowNote(text, indices, () if _is_of_training(marked, rows) else (marked.domain,)))
    return notes


def _is_of_training(audit: RowAudit, rows: Rows) -> bool:
    """Return True for an audit of training pictures, whatever test domains are looked at."""
    return any(audit == RowAudit(row.train_label, "", row.shortcut) for row in rows if row.shortcut is not None)


@dataclass(frozen=True)
class ShownMarks:
    """
    Marks of the rows that a table shows.

    Attributes
    ----------
    shared : tuple of Mark
        Those that all rows have, which are said once, below the table.
    own : tuple of tuple of Mark
        By row: those that stand beside it.
    """

    shared: tuple[Mark, ...]
    own: tuple[tuple[Mark, ...], ...]


def shown_marks(rows: Rows, computed: Collection[str] = ()) -> ShownMarks:
    """
    Return the marks that a table shows.

    Parameters
    ----------
    rows : sequence of Row
        As the table shows them, see `shown_rows`.
    computed : collection of str
        Data sets whose pictures are computed, see `may_be_copies`.
    """
    marks = [_marks_to_show(row, computed) for row in rows]
    shared = tuple(mark for mark in Mark if len(rows) > 1 and all(mark in of_row for of_row in marks))
    return ShownMarks(shared, tuple(tuple(mark for mark in of_row if mark not in shared) for of_row in marks))


def _marks_to_show(row: Row, computed: Collection[str]) -> tuple[Mark, ...]:
    marks = marks_of(row, computed)
    return tuple(mark for mark in marks if not (Mark.CONTROL in marks and mark in NOT_OF_CONTROLS))


def mark_notes(rows: Rows, by_name: bool = False, computed: Collection[str] = ()) -> list[str]:
    """
    Return a sentence for every mark of the rows: its name, the rows that have it, and its meaning.

    Parameters
    ----------
    rows, by_name, computed
        As for `row_notes`.
    """
    names, marks = _row_names(rows, by_name), shown_marks(rows, computed)
    notes, everyone = [], "both rows" if len(rows) == 2 else "all rows"
    for mark in Mark:
        carriers = [name for name, own in zip(names, marks.own, strict=True) if mark in own]
        if mark in NOTED_WITH_NUMBERS or not (carriers or mark in marks.shared):
            continue
        notes.append(f"{mark.label.capitalize()} ({_called(carriers) if carriers else everyone}): {mark.meaning}")
    return notes


def _row_names(rows: Rows, by_name: bool) -> list[str]:
    return [f"{row.detector} ← {row.train_label}" for row in rows] if by_name else [str(i + 1) for i in range(len(rows))]


def _called(names: Sequence[str]) -> str:
    return f"row{'s' * (len(names) > 1)} {listed(names, SHOWN_PARTS)}"


def _count_of(domain: str, alike: Sequence[tuple[int, str, int, int]]) -> str:
    """Return the counts of look-alikes on a domain, over the rows that were tested on it, and of its test pictures."""
    counts = sorted({n for _, name, n, _ in alike if name == domain})
    total = max(n for _, name, _, n in alike if name == domain)
    return f"{domain} {counts[0]}{f' to {counts[-1]}' if len(counts) > 1 else ''} of {total}"


def may_be_copies(domain: str, computed: Collection[str] = ()) -> bool:
    """
    Decide if look-alikes on a test domain may be copies of training pictures.

    Computed pictures are made from random numbers of their own, so that two that look alike are no copies. A perturbed domain
    repeats the look-alikes of the unperturbed one.

    Parameters
    ----------
    domain : str
    computed : collection of str
        Names of data sets whose pictures are computed (`Dataset.computed`).
    """
    return not chain_of(domain) and dataset_name(domain) not in computed


def unsealed_notes(n: int) -> list[str]:
    """Return a note on cells whose files cannot be checked against a digest, as an earlier version recorded them."""
    subject = "1 cell was" if n == 1 else f"{n} cells were"
    return [f"{subject} recorded without a digest of the files, so what cell.json alone says is not checked."] if n else []


def data_notes(rows: Rows) -> list[str]:
    """Return notes on the data of all rows: pictures that the leak guard left out, look-alikes, and gaps of a data set."""
    notes = {}
    for row in rows:
        left_out = [f"{n} of {split}" for split, n in row.dropped_leaks.items() if n]
        if left_out:
            notes[
                f"{row.train_label}: pictures left out, as they share a clip or an identity with others: {', '.join(left_out)}."
            ] = 0
    for row in rows:
        for name, facts in row.data.items():
            notes |= dict.fromkeys(facts.get("lookalikes", ()), 0)
            if facts.get("missing"):
                notes[f"{name} is not complete: {listed(facts['missing'], SHOWN_PARTS, '; ')}."] = 0
    return list(notes)
