"""The recorder: cells that it takes up from earlier runs, failures, and the documents that the tracking store gets."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.recording.cell_folder import cell_folder, write_cell
from bandbench.benchmark.recording.keys import cell_key, study_key
from bandbench.benchmark.recording.recorder import Recorder
from bandbench.benchmark.records import Cell, CellResult, Record, Trial
from bandbench.benchmark.records import Tested as ScoredBand  # a name that pytest does not take for tests
from bandbench.benchmark.results.cell_rows import cell_rows
from bandbench.benchmark.results.evidence import EvidenceStretch
from bandbench.benchmark.results.marks import marks_of
from bandbench.benchmark.results.rows import rows_to_json
from bandbench.benchmark.store.files import contents_digest, write_json
from bandbench.benchmark.store.seal import seal_folder
from bandbench.benchmark.tracking.names import ROW_FILES
from conftest import SilentReporter
from made_cells import interval, made_cell, record_of

ALL, LOW = Band(), Band("low", 0.2)
REALS, FAKES = (0.1, 0.2, 0.3, 0.4), (0.5, 0.6, 0.7, 0.8)


class Shelf:
    """An outbox that keeps what is put into it; `lost` are names of runs that the store has not got."""

    def __init__(self, lost: Sequence[str] = ()) -> None:
        self.documents: list[Any] = []
        self.asked: list[str] = []
        self.lost = lost
        self.sent = ""  # digest of the files of its cell

    def put(self, documents: Sequence[Any]) -> None:
        self.documents += documents

    def has(self, document: Any) -> bool:
        self.asked.append(document.kind)
        return document.kind not in self.lost

    def contents_of(self, document: Any) -> str:
        return self.sent


class Report(SilentReporter):
    """A reporter that also keeps the best bands."""

    def __init__(self) -> None:
        super().__init__()
        self.bests: list[tuple[str, float]] = []

    def best(self, label: str, band: object, auc: float) -> None:
        self.bests.append((str(band), auc))


def recorder(*lost: str) -> tuple[Recorder, Shelf, Report]:
    shelf, report = Shelf(lost), Report()
    return Recorder(shelf, report), shelf, report  # type: ignore[arg-type]


def finished_cell(folder: Path, cell: Cell, gaps: tuple[str, ...] = ()) -> list[Any]:
    """Keep the result of a cell, without pictures and model; return its rows."""
    record = record_of(folder, "0", ("home", "val", REALS, FAKES), [(name, "test", REALS, FAKES) for name in ("home", "away")])
    chosen = Trial(ALL, "allpass", interval(0.9, 0.01), (record,))
    tested = (ScoredBand("chosen", ALL, (record,)), ScoredBand("allpass", ALL, (record,)))
    write_cell(CellResult(cell, (chosen,), None, chosen, tested, gaps), cell_key(cell), cell_folder(cell))
    rows = cell_rows(cell_folder(cell))
    write_json(cell_folder(cell) / "rows.json", rows_to_json(rows))
    return rows


def test_a_cell_that_was_not_finished_is_not_taken_up() -> None:
    record, shelf, _ = recorder()
    assert not record.take_up(made_cell())
    assert (record.rows, record.incomplete, shelf.asked) == ([], [], [])


def test_a_finished_cell_is_taken_up_with_its_rows_and_gaps(tmp_path: Path) -> None:
    rows = finished_cell(tmp_path, made_cell(), ("low 0.2: no memory",))
    record, shelf, _ = recorder()
    assert record.take_up(made_cell())
    assert [row.cell for row in record.rows] == [row.cell for row in rows]
    assert record.rows[0].in_domain_auc == 1
    assert math.isnan(record.rows[0].oracle_auc)  # null in the file
    assert record.gaps == {made_cell().label: ("low 0.2: no memory",)}
    assert shelf.asked == ["cell", "trial"]


@pytest.mark.parametrize("lost", ["cell", "trial"])
def test_a_finished_cell_that_the_store_has_lost_is_recorded_again(lost: str, tmp_path: Path) -> None:
    finished_cell(tmp_path, made_cell())
    record, _, _ = recorder(lost)
    assert not record.take_up(made_cell())
    assert record.incomplete == [made_cell().label]
    assert record.rows == []


def test_a_finished_cell_whose_files_were_damaged_is_told_from_one_that_the_store_has_lost(tmp_path: Path) -> None:
    finished_cell(tmp_path, made_cell())
    folder = cell_folder(made_cell())
    digest = contents_digest(folder, ROW_FILES)
    for damaged in (False, True):
        if damaged:
            file = next((folder / "scores").iterdir())
            file.write_bytes(file.read_bytes()[:-1] + b"x")
        record, shelf, _ = recorder("cell")
        shelf.sent = digest
        assert not record.take_up(made_cell())
        labels = [made_cell().label]
        assert (record.changed, record.incomplete) == ((labels, []) if damaged else ([], labels))


@pytest.mark.parametrize("name", ["cell.json", "rows.json", "scores"])
def test_a_damaged_cell_is_noticed_where_the_store_does_not_compare_files(name: str, tmp_path: Path) -> None:
    """As a server does not, and no store a cell that waits for it."""
    finished_cell(tmp_path, made_cell())
    folder = cell_folder(made_cell())
    seal_folder(folder)
    assert recorder()[0].take_up(made_cell())
    file = folder / name if name != "scores" else next((folder / name).iterdir())
    file.write_bytes(file.read_bytes().replace(b"0", b"1", 1))
    record, _, _ = recorder()
    assert not record.take_up(made_cell())
    assert (record.damaged, record.changed, record.incomplete, record.rows) == ([made_cell().label], [], [], [])


def test_a_cell_of_other_settings_is_not_taken_up(tmp_path: Path) -> None:
    finished_cell(tmp_path, made_cell())
    record, _, _ = recorder()
    assert not record.take_up(made_cell(bootstrap=300))


def test_a_cell_without_a_result_is_a_failure() -> None:
    record, shelf, _ = recorder()
    record.finished(CellResult(made_cell(), error="no memory"), [])
    assert record.failures == {made_cell().label: "no memory"}
    assert (record.rows, shelf.documents) == ([], [])


def test_a_result_goes_to_the_store_with_its_rows_and_gaps(tmp_path: Path) -> None:
    cell = made_cell()
    rows = finished_cell(tmp_path, cell)
    chosen = Trial(ALL, "allpass", interval(0.9, 0.01), (Record("k"),))
    record, shelf, _ = recorder()
    evidence = (EvidenceStretch(0.1, 0.2), EvidenceStretch(0.3, 0.4))
    tested = (ScoredBand("chosen", ALL, (Record("k"),)),)
    record.finished(CellResult(cell, (chosen,), evidence, chosen, tested, ("gap",)), rows)
    assert (record.rows, record.gaps, record.failures) == (rows, {cell.label: ("gap",)}, {})
    (document,) = shelf.documents
    assert (document.kind, document.key, document.study_key) == ("cell", cell_key(cell), study_key(cell))
    assert (document.metrics["in_domain_auc"], document.metrics["test/away/auc"], document.metrics["evidence.low"]) == (
        1,
        1,
        0.1,
    )
    assert document.artifacts == str(cell_folder(cell))
    assert document.used > 0
    assert document.tags["marks"].split(", ") == [mark.value for mark in marks_of(rows[0])]
    assert "one_draw" in document.tags["marks"]


def test_trials_go_to_the_store_but_for_failed_ones_and_the_best_is_told() -> None:
    trials = [
        Trial(ALL, "allpass", interval(0.7, 0.01), (Record("a"),)),
        Trial(LOW, "search", interval(0.6, 0.01), (Record("b"),)),
        Trial(Band("high", 0.2), "search", interval(0.8, 0.01), (Record("c"),)),
        Trial(Band("high", 0.3), "search", interval(0.99, 0.01), (Record("d", error="no memory"),), "no memory"),
    ]
    record, shelf, report = recorder()
    record.tried(made_cell(), trials)
    assert [(document.kind, document.metrics["val_auc"]) for document in shelf.documents] == [
        ("trial", 0.7),
        ("trial", 0.6),
        ("trial", 0.8),
    ]
    assert len({document.key for document in shelf.documents}) == 3
    assert [auc for _, auc in report.bests] == [0.7, 0.8]


def test_bands_with_too_few_frequencies_are_one_note() -> None:
    empty = (Record("a", error="keeps 1 frequency", empty=True),)
    record, _, report = recorder()
    record.tried(made_cell(), [Trial(band, "search", interval(0.5, 0.01), empty, "keeps 1 frequency") for band in (ALL, LOW)])
    assert report.notes == [f"{made_cell().label}: 2 bands were left out, the first: keeps 1 frequency"]


def test_parameters_of_a_comb_are_those_of_its_lattice() -> None:
    comb = Band("comb", period=8, points="axes")
    record, shelf, _ = recorder()
    record.tried(made_cell(), [Trial(band, "search", interval(0.6, 0.01), (Record("a"),)) for band in (LOW, comb)])
    low, lattice = (document.params for document in shelf.documents)
    assert {name for name in low if name.startswith("band")} >= {"band.low", "band.high", "band.cutoff"}
    assert {name: value for name, value in lattice.items() if name.startswith("band")} == {
        "band": str(comb), "band.kind": "comb", "band.order": "1", "band.mode": "keep",
        "band.period": "8", "band.halfwidth": "0.02", "band.points": "axes",
    }  # fmt: skip
    shares = [[name for name in document.metrics if name.startswith("band")] for document in shelf.documents]
    assert shares == [["band.passed_width"], ["band.passed_share"]]
