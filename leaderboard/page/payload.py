"""Data of the page, as its scripts read them: rows in columns, test results, sets, details and notes."""

import json
import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from ...benchmark.domains.names import chain_of, training
from ...benchmark.domains.release_date import Release
from ...benchmark.frequency.bands import Band
from ...benchmark.metrics.replicates import MIN_DRAWS
from ...benchmark.results.columns import (
    CLIP_COLUMNS,
    CLIP_ROW_COLUMNS,
    ERROR_RATES,
    ROW_COLUMNS,
    Column,
    row_columns,
    test_columns,
)
from ...benchmark.results.evidence import evidence_text
from ...benchmark.results.marks import (
    AMBIGUOUS,
    MOST_LOOKALIKES,
    NO_CONTESTANT,
    WITHOUT_RANK,
    Mark,
    RowAudit,
    Shortcut,
    is_ambiguous,
    marks_of,
)
from ...benchmark.results.reals import headline_choices
from ...benchmark.results.rows import RealsResult, Row, Standing, TestResult
from ...benchmark.results.selection import Selection
from ..carriers import CarrierLine, carrier_lines
from ..notes import (
    NOT_OF_CONTROLS,
    NOTED_WITH_NUMBERS,
    data_notes,
    mark_notes,
    may_be_copies,
    notes_of_rows,
    other_variants,
    shown_marks,
    shown_rows,
    unsealed_notes,
)
from ..ranking.comparable import comparable_sets
from ..ranking.detectors import LISTS_OF_TRAININGS, DetectorPlace, training_noun
from ..ranking.later import NoLater, dated_tests
from ..ranking.reals import leading_sources, reals_notes
from ..rows import Board
from ..story.story import story
from ..transfer.thresholds import Transfer
from .charts import ROC_GRID, layouts
from .details import Details, row_id

# Of a row, as it is.
ABOUT = (
    "detector", "train", "role", "study", "seeds", "split_id", "rule", "worst_domain", "worst_reals", "run_id",
)  # fmt: skip
# Of a row, where any row on the page has it.
OPTIONAL = (
    "rank_low", "rank_high", "tie_group", "rank_reason", "threshold_transfer", "left_out", "candidates", "source", "verified",
    "submission", "score_ms", "reals", "reals_rank_low", "reals_rank_high", "selection", "not_counted", "reported",
    "later_reason", "later_auc", "later_auc_lo", "later_auc_hi", "dated", "later",
    "earlier", "shots",
)  # fmt: skip
# Of these there are few different ones in many rows: a row holds their place in a list.
POOLED = (
    "detector", "train", "role", "study", "split_id", "rule", "worst_domain", "worst_reals", "view", "parameters", "band",
    "kind", "rank_reason", "source", "selection", "later_reason",
)  # fmt: skip
# Folders in the address of a file on the machine that made the page; its last part is the name that stays.
ADDRESS = re.compile(r"""(?<![\w.:/])/(?:[^\s/'",;]+/)+|\b(?:file|sqlite):/+(?:[^\s/'",;]+/)*|\b[A-Z]:\\(?:[^\s\\'",;]+\\)*""")
LATER_NUMBERS = ("later_auc", "later_auc_lo", "later_auc_hi")
CELLS_BUDGET = 800_000  # characters for manifests, before they are compressed
MOST_NOTES = 200
# Marks that the scripts ask for, by what they ask.
LISTS_OF_MARKS = {
    "without_rank": WITHOUT_RANK,
    "no_contestant": sorted(NO_CONTESTANT),
    "not_of_controls": sorted(NOT_OF_CONTROLS),
    "noted_with_numbers": sorted(NOTED_WITH_NUMBERS),
}
OF_MARKS, OF_REALS = "marks", "reals"  # notes that the page makes anew
MOST_CARRIERS = 400  # lines about what detectors live on
TEST = ("auc", "auc_lo", "auc_hi", "n", "coverage", "lookalikes", "allpass_auc", "oracle_auc")


def payload(board: Board, details: Details, uri: str = "", made: str = "", computed: Collection[str] = ()) -> dict[str, Any]:
    """
    Return the data that the page's scripts read.

    Parameters
    ----------
    board, details, uri, computed
        As for `html.page`.
    made : str
        Time that the page says it was made at.

    Returns
    -------
    dict
        ``fields``: names of the ``columns``, which hold a value per row; what is named in ``pooled`` is a place in ``texts``.
        ``tests``: columns with the test entries of all rows, one row's after the other's, as many as its column of that name
        says; ``domain`` is a place in ``domains``, and ``pictures`` is equal for equal pictures. ``numbers``: fields that are
        numbers of a row. ``may_be_copies``: domains whose look-alikes count. ``sets``: see `comparable.comparable_sets`.
    """
    sets, index = comparable_sets(board.rows)
    domains = _domains(board.rows)
    places = {name: i for i, name in enumerate(domains)}
    tested = _domains_by_study(board.rows)
    numbers = _number_names()
    labels = train_labels(board.rows)
    short = {row.train: label for row, label in zip(board.rows, labels, strict=True)}
    optional = [
        _optional(row, standing, details, places) for row, standing in zip(board.rows, _standings(board, details), strict=True)
    ]
    for i, sources in leading_sources(board.rows).items():
        optional[i]["reals"]["leads"] = sources
    present = [
        name for name in (*OPTIONAL, *_metric_names(board.rows)) if any(values.get(name) is not None for values in optional)
    ]
    shown = shown_rows(board.rows)
    marks = {id(row): own for row, own in zip(shown, shown_marks(shown, computed).own, strict=True)}
    rows = [
        {
            "id": row_id(row),
            **{name: row.value(name) for name in (*ABOUT, *numbers)},
            "train": label,
            "rule": "" if row.selection is Selection.NO_CHOICE else row.rule,
            "sources": list(training(row.train).parts),
            "home": [places[test.domain] for test in row.home_and_abroad()[0] if test.domain in places],
            **{name: more.get(name) for name in present},
            **_about(row, details.cells.get(row.run_id, {}), computed),
            "set": number,
            "missing": sorted(places[name] for name in tested[row.study] - {test.domain for test in row.tests}),
            "tests": sum(test.domain in places for test in row.tests),
            "marks": [mark.value for mark in marks.get(id(row), ())],
            "all_marks": [mark.value for mark in marks_of(row, computed)],
            "shown": id(row) in marks,
            "ambiguous": is_ambiguous(row),
            "trained_shortcut": _shortcut_kind(row.shortcut),
        }
        for row, number, more, label in zip(board.rows, index, optional, labels, strict=True)
    ]
    tests = [test for row in board.rows for test in row.tests if test.domain in places]
    pooled, pictures = _Pool(), _Pool()
    rows = [{name: pooled.place(value) if name in POOLED else value for name, value in row.items()} for row in rows]
    names = list(rows[0]) if rows else []
    notes = [
        *((note.text, [places[name] for name in note.domains]) for note in notes_of_rows(shown, True, computed)),
        *((text, OF_MARKS) for text in mark_notes(shown, True, computed)),
        *((text, OF_REALS) for text in reals_notes(shown, True)),
        *((text, []) for text in (*data_notes(board.rows), *other_variants(board.others), *unsealed_notes(board.unsealed))),
        *((records.public_sentence, []) for records in board.waiting),
    ]
    return {
        "study": board.study,
        "made": made,
        "server": uri.rstrip("/") if uri.startswith(("http://", "https://")) else "",
        "domains": domains,
        "sets": [asdict(comparable) for comparable in sets],
        "fields": names,
        "numbers": [*numbers, *_metric_names(board.rows), *LATER_NUMBERS],
        "may_be_copies": [places[name] for name in domains if may_be_copies(name, computed)],
        "tests": {
            "domain": [places[test.domain] for test in tests],
            "pictures": [pictures.place((test.domain, test.split_list, test.pictures)) for test in tests],
            "shortcut": [_shortcut_kind(test.shortcut) for test in tests],
            **{name: [test.value(name) for test in tests] for name in (*TEST, *_clip_names(tests))},
        },
        # Values of one kind beside each other are packed into less than rows are.
        "columns": [[row[name] for row in rows] for name in names],
        "texts": list(pooled.texts),
        "pooled": [name for name in names if name in POOLED],
        "story": [sentence.to_json() for sentence in story(with_standings(board, details), details.ranking, computed)],
        "released": _release_periods(board.rows),
        "no_later": {reason.value: reason.meaning for reason in NoLater},
        "notes": _first([without_addresses(text) for text, _ in notes]),
        # By note: the test domains that it is about, or how the page makes it anew for chosen ones.
        "notes_about": [about for _, about in notes][:MOST_NOTES],
        "refused": _first([without_addresses(text) for text in board.refused]),
        "described": {
            "rows": _described(_shown_columns(names)),
            "tests": _described(test_columns()),
            "clips": _described(CLIP_COLUMNS),
            "marks": {mark.value: {"label": mark.label, "meaning": mark.meaning} for mark in Mark},
            **{name: [mark.value for mark in marks] for name, marks in LISTS_OF_MARKS.items()},
            "ambiguous": AMBIGUOUS,
        },
        "ranking": [_placed(place, short) for place in details.ranking],
        **_score_files(board.rows, details, uri),
        "cells": _within(CELLS_BUDGET, details.cells),
        "details": details.rows,
        "spectra": details.spectra,
        "bands": details.bands,
        "carriers": [_carrier(line) for line in carrier_lines(board.rows)[:MOST_CARRIERS]],
        "mistakes": details.mistakes,
        "rates": ROC_GRID.tolist(),
        "min_draws": MIN_DRAWS,
        "most_lookalikes": MOST_LOOKALIKES,
        "sources_of_files": [name for name in _sources(board.rows) if may_be_copies(name, computed)],
        "rates_of_rows": ERROR_RATES,
        "layouts": layouts(),
    }


def _carrier(line: CarrierLine) -> dict[str, Any]:
    return line.to_json() | {"name": line.result.name, "trained": line.row.train_label}


def _placed(place: DetectorPlace, short: Mapping[str, str]) -> dict[str, Any]:
    lists = {name: [short.get(one, one) for one in getattr(place, name)] for name in LISTS_OF_TRAININGS}
    more = {"reason": without_addresses(place.reason), "coin": place.is_coin, "noun": training_noun(place.train)}
    return place.to_json() | lists | more


def without_addresses(text: str) -> str:
    """Return a message without the folders of this machine: the page is sent around."""
    return ADDRESS.sub("", text)


class _Pool:
    """Distinct texts, or tuples of texts, in the order of their first occurrence."""

    def __init__(self) -> None:
        self.texts: dict[Any, int] = {}

    def place(self, text: Any) -> int:
        return self.texts.setdefault(text, len(self.texts))


def _first(texts: Sequence[str]) -> list[str]:
    more = len(texts) - MOST_NOTES
    return [*texts[:MOST_NOTES], *([f"and {more} more"] if more > 0 else [])]


def _within(budget: int, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first values that the budget, in characters, has room for."""
    first = {}
    for name, value in values.items():
        budget -= len(json.dumps(value))
        if budget < 0:
            break
        first[name] = value
    return first


def _number_names() -> list[str]:
    """Return the names of numbers of every row with their bounds, in the order of its fields."""
    shown = [column for column in ROW_COLUMNS if column.is_number and not column.derived and (column.heading or column.mlflow)]
    names = {name for column in shown for name in column.names} - {*ABOUT, *OPTIONAL}
    return [entry.name for entry in fields(Row) if entry.name in names]


def _metric_names(rows: Sequence[Row]) -> list[str]:
    """Return the names of metrics that any row has, with their bounds."""
    return list(dict.fromkeys(name for row in rows for name in row.metrics))


def _shown_columns(names: Sequence[str]) -> list[Column]:
    """Return the columns of a row, those of clips behind those of pictures, where any row has them (`names`)."""
    columns = list(row_columns())
    place = next(i for i, column in enumerate(columns) if column.name == "cross_domain_auc") + 1
    return [*columns[:place], *(column for column in CLIP_ROW_COLUMNS if column.name in names), *columns[place:]]


def _clip_names(tests: Sequence[TestResult]) -> list[str]:
    """Return the names of clip columns with their bounds, if any test result has clips or the reason why it has none."""
    if not any(test.clips or test.clip_problem for test in tests):
        return []
    return [name for column in CLIP_COLUMNS for name in column.names]


def _described(columns: Sequence[Column]) -> list[dict[str, Any]]:
    """Return the columns that have a heading, as the scripts read them."""
    return [
        {
            "id": column.name,
            "head": column.heading,
            "about": column.meaning,
            "unit": column.unit,
            "numeric": column.is_number,
            "interval": column.interval,
            "better": column.better,
            "hidden": column.hidden,
            "hindsight": column.hindsight,
            "latex": column.latex,
        }
        for column in columns
        if column.heading
    ]


def _standings(board: Board, details: Details) -> list[Standing | None]:
    """Return the standing of each row, its own where it has one."""
    ranked = details.standings or [None] * len(board.rows)
    return [row.standing or standing for row, standing in zip(board.rows, ranked, strict=True)]


def with_standings(board: Board, details: Details) -> list[Row]:
    """Return the rows with their standings."""
    return [replace(row, standing=one) for row, one in zip(board.rows, _standings(board, details), strict=True)]


def _score_files(rows: Sequence[Row], details: Details, uri: str) -> dict[str, Any]:
    """Return where the scores of rows are: in a folder beside the page, or below the run on a tracking server."""
    served = uri.startswith(("http://", "https://"))
    return {
        "scores_folder": details.scores_folder,
        "scored": [i for i, row in enumerate(rows) if details.scores_folder and row_id(row) in details.files],
        "score_files": {row: list(files) for row, files in details.files.items()} if served else {},
    }


def _release_periods(rows: Sequence[Row]) -> dict[str, list[str]]:
    """Return the first and the last day on which a domain came out, of those whose date is known."""
    # What a submission states does not move the date that others have.
    recorded_first = sorted(rows, key=lambda row: row.is_submitted, reverse=True)
    dates = {domain: text for row in recorded_first for domain, text in row.released.items()}
    periods = {domain: Release.parse(text) for domain, text in dates.items()}
    return {domain: [period.first.isoformat(), period.last.isoformat()] for domain, period in periods.items()}


def _optional(row: Row, standing: Standing | None, details: Details, places: Mapping[str, int]) -> dict[str, Any]:
    """Return the values of a row that not every page has."""
    values: dict[str, Any] = {"score_ms": row.score_ms, **row.metrics}
    if standing is not None:
        values |= vars(standing) | {"rank_reason": without_addresses(standing.rank_reason)}
    if (transfers := details.transfers.get(row_id(row))) is not None:
        values["threshold_transfer"] = [_transfer(transfer) for transfer in transfers]
    choice = details.choices.get(row.run_id) if row.role == "chosen" else None
    if choice and math.isfinite(choice.left_out):
        values |= vars(choice)
    if reals := _reals(row):
        values |= {"reals": reals, "reals_rank_low": row.reals_rank_low, "reals_rank_high": row.reals_rank_high}
    if row.is_submitted:
        values |= {"source": row.source, "verified": row.verified}
    if row.selection is not None:
        values["selection"] = row.selection.meaning
    if row.reported:
        values["reported"] = [result.to_json() for result in row.reported]
    if row.released:
        dated = dated_tests(row)
        values |= {"later_reason": row.later_reason, **{name: row.value(name) for name in LATER_NUMBERS}}
        values |= {
            "dated": [places[name] for name in dated.known],
            "later": None if dated.later is None else [places[name] for name in dated.later],
        }
    if not row.is_current:
        values["earlier"] = True
    if row.shots:
        values["shots"] = row.shots
    if row.not_counted:
        values["not_counted"] = list(row.not_counted)
    if row.submission is not None:
        values["submission"] = row.submission.to_json()
    return values


def _reals(row: Row) -> dict[str, Any]:
    """Return the headline by choice of the reals, and every test domain against each source; empty with one source."""
    plain = [test for test in row.tests if not test.is_perturbed]
    if not any(len(test.by_reals) > 1 for test in plain):
        return {}
    tests = {test.domain: [_of_source(test.domain, result) for result in test.by_reals] for test in plain}
    return {"choices": headline_choices(row), "leads": [], "tests": tests}


def _of_source(domain: str, result: RealsResult) -> dict[str, Any]:
    """Return the numbers against one source of reals; the audit of its files as a sentence, where it marks the row."""
    audit = result.shortcut
    sentence = RowAudit(domain, result.source, audit).sentence if audit and audit.is_marked else ""
    return result.to_json() | {"shortcut": sentence, "shortcut_kind": _shortcut_kind(audit)}


def _shortcut_kind(shortcut: Shortcut | None) -> int:
    """Return 2 for a shortcut that marks a row, 1 for an ambiguous one, and 0 for none."""
    return 0 if shortcut is None or not shortcut.is_marked else 1 if shortcut.ambiguous else 2


def _transfer(transfer: Transfer) -> dict[str, Any]:
    return {
        "domain": transfer.domain,
        "false_alarms": transfer.false_alarms.value,
        "false_alarms_lo": transfer.false_alarms.low,
        "false_alarms_hi": transfer.false_alarms.high,
        "detections": transfer.detections.value,
        "detections_lo": transfer.detections.low,
        "detections_hi": transfer.detections.high,
        "calibration_error": transfer.calibration_error,
        "reason": transfer.reason,
    }


def _about(row: Row, cell: Mapping[str, Any], computed: Collection[str]) -> dict[str, Any]:
    band = row.band
    absent = [f"{name}: {part}" for name, facts in row.data.items() for part in facts.get("missing", ())]
    return {
        "view": cell.get("view", ""),
        "parameters": ", ".join(f"{name}={value}" for name, value in (cell.get("parameters") or {}).items()),
        "band": str(band),
        "kind": band.kind,
        "edges": [None, None] if band.is_comb else list(band.edges),
        "comb": _comb(band),
        "evidence": "" if row.is_submitted else evidence_text(row.evidence),
        "stretches": [[s.low, s.high, s.sufficient, s.necessary] for s in row.evidence or ()],
        "outside_evidence": Mark.OUTSIDE_EVIDENCE in marks_of(row),
        "swept": row.swept,
        "variant": row.variant,
        "lookalikes": sum(test.lookalikes for test in row.tests if may_be_copies(test.domain, computed)),
        "gaps": [without_addresses(text) for text in (*row.gaps, *absent)],
        "dropped": sum(row.dropped_leaks.values()),
    }


def _comb(band: Band) -> dict[str, Any] | None:
    """Return the lattice of a comb or anticomb, and where its points lie on the axes of the spectrum; None of other bands."""
    if not band.is_comb:
        return None
    lattice = {"period": band.period, "halfwidth": band.halfwidth, "points": band.points}
    return {**lattice, "lines": list(band.lattice_radii)}


def _sources(rows: Sequence[Row]) -> list[str]:
    """Return the sources of reals that fakes were set against."""
    return list(dict.fromkeys(result.source for row in rows for test in row.tests for result in test.by_reals))


def _domains(rows: Sequence[Row]) -> list[str]:
    """Return the test domains in the order of the rows; perturbed ones only where they were trained on."""
    return list(dict.fromkeys(test.domain for row in rows for test in row.main_tests))


def _domains_by_study(rows: Sequence[Row]) -> dict[str, set[str]]:
    domains: dict[str, set[str]] = {}
    for row in rows:
        domains.setdefault(row.study, set()).update(t.domain for t in row.tests if not chain_of(t.domain))
    return domains


def train_labels(rows: Sequence[Row]) -> list[str]:
    """Return a name of each row's training: short ones, but for those that are short for several trainings."""
    names: dict[str, set[str]] = {}
    for row in rows:
        names.setdefault(row.train_label, set()).add(row.train)
    return [row.train_label if len(names[row.train_label]) == 1 else row.train for row in rows]
