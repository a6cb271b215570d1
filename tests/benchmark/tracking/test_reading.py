"""Recorded cells are read from a database, from a real server, or refused."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from bandbench.benchmark.errors import TrackingError
from bandbench.benchmark.tracking.cells import FoundCell
from bandbench.benchmark.tracking.documents import RunDocument
from bandbench.benchmark.tracking.reading import boards_of, cell_runs, download_model, find_cells, other_pages, study_pages
from bandbench.benchmark.tracking.sender import Sender
from bandbench.benchmark.tracking.store import client_for
from bandbench.leaderboard.page.details import load_details
from bandbench.leaderboard.rows import load_board
from conftest import SilentReporter, mlflow_server, run, small_study

Maker = Callable[..., Path]


def test_reading_a_store_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match="nothing is recorded"), cell_runs(f"sqlite:///{tmp_path}/no.db"):
        pass
    assert not (tmp_path / "no.db").exists()


SERVER = "http://a.server"  # an address that is no database; the client behind it is one all the same


@pytest.fixture
def uri(tmp_path: Path, empty_store: Path) -> str:
    return f"sqlite:///{shutil.copy(empty_store, tmp_path / 'mlflow.db')}"


def send(uri: str, key: str, end: float, kind: str = "cell", study: str = "small") -> None:
    metrics = {"in_domain_auc": 0.75, "cross_domain_auc": float("nan"), "gain": 0.1, "test/a/auc": 0.5, "test/a/eer": 0.2}
    document = RunDocument(key, kind, key, study, "s", start=1.0, end=end, metrics=metrics, params={"detector": key})
    Sender(client_for(uri), uri).send(document)


def cells_of(client: MlflowClient, uri: str) -> list[FoundCell]:
    return find_cells(client, uri, {e.experiment_id: e.name for e in client.search_experiments()})


def ids(cells: list[FoundCell]) -> list[str]:
    return [cell.run_id for cell in cells]


def test_a_database_and_a_server_give_the_same_cells(uri: str) -> None:
    client = client_for(uri)
    for key, end in (("one", 20.0), ("two", 10.0), ("open", 0.0)):
        send(uri, key, end)
    send(uri, "a trial", 30.0, kind="trial")
    in_database, on_server = cells_of(client, uri), cells_of(client, SERVER)
    assert repr(in_database) == repr(on_server)  # NaN equals nothing
    assert [cell.finished for cell in in_database] == [10.0, 20.0]
    assert repr(cells_of(client, SERVER)) == repr(in_database)  # from the index
    assert find_cells(client, uri, {}) == []


def test_a_server_gives_the_cells_of_the_experiments_that_were_asked_for(uri: str) -> None:
    client = client_for(uri)
    send(uri, "one", 20.0)
    send(uri, "other", 20.0, study="another")
    names = {e.experiment_id: e.name for e in client.search_experiments() if e.name == "another"}
    assert [cell.experiment_id for cell in find_cells(client, SERVER, names)] == list(names)


@pytest.mark.parametrize("where", ["database", "server"])
def test_what_comes_and_goes_is_noticed(uri: str, where: str) -> None:
    client = client_for(uri)
    address = uri if where == "database" else SERVER
    send(uri, "one", 2_000_000_000.0)
    (one,) = ids(cells_of(client, address))
    send(uri, "late", 10.0)  # computed long ago, arrived now
    late, _ = ids(cells_of(client, address))
    client.delete_run(one)
    assert ids(cells_of(client, address)) == [late]
    client.restore_run(one)
    assert ids(cells_of(client, address)) == [late, one]
    client.delete_experiment(client.get_experiment_by_name("small").experiment_id)
    assert cells_of(client, address) == []


def test_boards_of_other_settings_stand_for_a_study_that_was_not_run_as_its_file_says() -> None:
    assert boards_of("small", ["small~trials=4", "small", "smaller"]) == {"small"}
    assert boards_of("small", ["small~trials=4", "small~mine", "smaller"]) == {"small~trials=4", "small~mine"}
    assert boards_of("small", ["smaller", "other~small"]) == set()


def test_cells_of_a_study_or_the_names_of_those_there_are(uri: str) -> None:
    send(uri, "one", 20.0, study="small~mine")
    send(uri, "other", 30.0, study="another")
    with cell_runs(uri) as cells:
        assert [cell.study for cell in cells] == ["small~mine", "another"]
    with cell_runs(uri, "small") as cells:
        assert [(cell.study, cell.finished) for cell in cells] == [("small~mine", 20.0)]
    with (
        pytest.raises(TrackingError, match=r"no study 'smal' in .* Recorded there: another, small~mine\."),
        cell_runs(uri, "smal"),
    ):
        pass


@pytest.mark.parametrize("name", ["models", "spectra"])
def test_what_is_kept_beside_studies_is_no_study(uri: str, name: str) -> None:
    send(uri, "one", 20.0, kind="model", study=name)
    send(uri, "two", 20.0)
    with pytest.raises(TrackingError, match=rf"no study '{name}' in .* Recorded there: small\."), cell_runs(uri, name):
        pass
    send(uri, "cell", 30.0, study=name)  # the name of a user's own study
    with cell_runs(uri, name) as cells:
        assert [cell.study for cell in cells] == [name]


def test_pages_of_studies_and_of_what_is_kept_beside_them(uri: str) -> None:
    send(uri, "one", 20.0, kind="study")
    send(uri, "model", 20.0, kind="model", study="models")
    assert list(study_pages(uri)) == ["small"]
    assert study_pages(uri)["small"].endswith("viewStateShareKey=bandbench")
    assert list(other_pages(uri)) == ["models"]


def test_a_model_that_is_not_there_names_the_store(uri: str) -> None:
    with pytest.raises(TrackingError, match=f"{uri} has no model models:/none/1 "):
        download_model("models:/none/1", uri)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A real MLflow server with a store of its own."""
    with mlflow_server(tmp_path, f"sqlite:///{tmp_path}/server.db") as address:
        yield address


def test_a_real_server(server: str, picture_folder: Maker) -> None:
    study = small_study(detectors=["coin_flip"], datasets={"mine": {"may_be_shown": True}})
    outcome = run(study, {"mine": picture_folder()}, tracking_uri=server)
    assert outcome.unsent == 0, outcome.tracking_problem
    board = load_board(server, "small")
    assert not board.refused
    assert [row.detector for row in board.rows] == [row.detector for row in outcome.rows]
    assert board.rows[0].in_domain_auc == pytest.approx(outcome.rows[0].in_domain_auc)
    # A page has the pictures, too, which rows do not need.
    details = load_details(server, "small", board.rows)
    run_id = board.rows[0].run_id
    assert details.spectra[run_id].startswith("data:image/webp")
    assert any(details.mistakes[run_id]["mine"].values())


def test_damaged_results_are_noticed_beside_a_server(server: str, picture_folder: Maker, tmp_path: Path) -> None:
    """A server has copies of its own, and lists no more than their names."""
    study, folder = small_study(detectors=["coin_flip"]), {"mine": picture_folder()}
    run(study, folder, tracking_uri=server)
    (cell,) = (tmp_path / "home" / "cells").iterdir()
    (lists,) = (tmp_path / "home" / "studies").glob("*/splits/*.parquet")
    files = [cell / "cell.json", next((cell / "scores").iterdir()), lists]
    good = [file.read_bytes() for file in files]
    for file, content in zip(files, good, strict=True):
        file.write_bytes(content.replace(b"a", b"b", 3))
    reporter = SilentReporter()
    outcome = run(study, folder, tracking_uri=server, reporter=reporter)
    assert (outcome.unsent, outcome.computed) == (0, 0)
    of_cells, of_study = reporter.notes
    assert of_cells.startswith("Files of 1 finished cells in")
    assert of_study.startswith("1 files of the study in")
    assert [file.read_bytes() for file in files[1:]] == good[1:]
    assert not load_board(server, "small").refused
