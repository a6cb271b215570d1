"""Cells of shards that no board shows yet: who asks for them is told of them, and of the command that collects them."""

import shutil
from pathlib import Path

import pytest

from bandbench.benchmark.cli.ui import _print_pages
from bandbench.benchmark.errors import NothingRecordedError, TrackingError
from bandbench.benchmark.tracking.documents import RunDocument
from bandbench.benchmark.tracking.outbox import Outbox
from bandbench.benchmark.tracking.reading import cell_runs
from bandbench.benchmark.tracking.sender import Sender
from bandbench.benchmark.tracking.shard_records import ShardRecords, shard_records
from bandbench.benchmark.tracking.store import client_for
from bandbench.leaderboard.page.details import Details
from bandbench.leaderboard.page.payload import payload
from bandbench.leaderboard.rows import load_board

COMMAND = "bench run small.yaml --seeds 2"
SENTENCE = (
    "Shards of the study 'small' have recorded 2 cells that are not in the tracking store yet. When all shards have ended, "
    f"`{COMMAND}` collects them."
)


def cell(key: str, study: str = "small", kind: str = "cell", end: float = 2.0) -> RunDocument:
    return RunDocument(key, kind, key, study, "s", start=1.0, end=end)


@pytest.fixture
def empty(tmp_path: Path) -> str:
    """A store that does not exist yet, and for which two shards have recorded a cell each."""
    uri = f"sqlite:///{tmp_path / 'mlflow.db'}"
    Outbox(uri, "small.shard-0-of-2", COMMAND).put([cell("a"), cell("a trial", kind="trial"), cell("begun", end=0.0)])
    Outbox(uri, "small.shard-1-of-2", COMMAND).put([cell("a"), cell("b")])
    return uri


@pytest.fixture
def uri(empty: str, tmp_path: Path, empty_store: Path) -> str:
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return empty


def test_finished_cells_count_once_and_those_of_other_stores_do_not(empty: str, tmp_path: Path) -> None:
    Outbox("http://another.store", "small.shard-0-of-2").put([cell("c")])
    assert shard_records(empty) == [ShardRecords("small", 2, COMMAND)]
    assert shard_records(empty)[0].sentence == SENTENCE
    assert shard_records(f"sqlite:///{tmp_path / 'other.db'}") == []


def test_the_run_of_the_whole_study_ends_the_wait(empty: str) -> None:
    Outbox(empty)
    assert shard_records(empty) == []


def test_a_damaged_file_costs_its_own_cells_alone(empty: str) -> None:
    broken = Outbox(empty, "small.shard-1-of-2", COMMAND)
    broken.pending()[0].write_text('[{"key": "a"')
    assert [records.n_cells for records in shard_records(empty)] == [1]


def test_without_a_command_line_the_option_is_named() -> None:
    assert ShardRecords("small", 1).sentence == (
        "Shards of the study 'small' have recorded 1 cell that is not in the tracking store yet. When all shards have ended, "
        "the run of the whole study, with shard='none', collects them."
    )


def test_a_store_that_does_not_exist_yet(empty: str) -> None:
    with pytest.raises(NothingRecordedError) as error, cell_runs(empty, "small"):
        pass
    assert str(error.value) == f"nothing is recorded in {empty} yet. {SENTENCE}"
    with pytest.raises(NothingRecordedError, match="`bench run band_search` records something"), cell_runs(empty, "another"):
        pass


def test_a_study_that_the_store_does_not_know_yet(uri: str) -> None:
    with pytest.raises(TrackingError) as error, cell_runs(uri, "small"):
        pass
    assert str(error.value) == f"nothing of the study 'small' is recorded in {uri} yet. {SENTENCE}"
    with pytest.raises(TrackingError, match=r"no study 'another' in .* Recorded there: nothing\."), cell_runs(uri, "another"):
        pass


def test_a_board_with_other_cells_and_its_page_have_a_note(uri: str) -> None:
    Sender(client_for(uri), uri).send(cell("earlier"))
    board = load_board(uri, "small")
    assert [records.sentence for records in board.waiting] == [SENTENCE]
    on_page = SENTENCE.replace(f"`{COMMAND}`", "the command of the shards without --shard")  # no folder of this machine
    assert payload(board, Details())["notes"] == [on_page]


def test_the_list_of_pages_names_them(capsys: pytest.CaptureFixture[str]) -> None:
    _print_pages("http://here", {}, {}, [ShardRecords("small", 2, COMMAND)])
    assert capsys.readouterr().out == f"  {SENTENCE}\n"
