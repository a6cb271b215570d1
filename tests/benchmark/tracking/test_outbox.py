"""Documents wait for a store, are sent once, and again when the store has lost them."""

import contextlib
import json
import shutil
import sqlite3
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow.entities import Run
from PIL import Image

from bandbench.benchmark.errors import BenchWarning
from bandbench.benchmark.results.cell_rows import cell_rows
from bandbench.benchmark.store.files import write_json
from bandbench.benchmark.store.folders import results_root
from bandbench.benchmark.store.locks import holding
from bandbench.benchmark.tracking import outbox as outbox_module
from bandbench.benchmark.tracking import sender as sender_module
from bandbench.benchmark.tracking.addresses import folder_path, sqlite_path
from bandbench.benchmark.tracking.documents import RunDocument
from bandbench.benchmark.tracking.names import KEY, USED
from bandbench.benchmark.tracking.outbox import Outbox, waiting_stores
from bandbench.benchmark.tracking.reading import cell_runs
from bandbench.benchmark.tracking.sender import Sender
from bandbench.benchmark.tracking.store import client_for, default_tracking_uri
from conftest import SilentReporter, noise_picture, run, small_study
from made_runs import PARENT, all_runs, by_kind, document

Maker = Callable[..., Path]


@pytest.fixture
def uri(tmp_path: Path, empty_store: Path) -> str:
    return f"sqlite:///{shutil.copy(empty_store, tmp_path / 'mlflow.db')}"


def test_a_store_is_opened_once_for_all_who_ask(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(outbox_module, "client_for", lambda address: opened.append(address) or client_for(address))
    monkeypatch.setattr(outbox_module, "runs_in_database", lambda *_: None)  # as for a server
    outbox = Outbox(uri)
    assert not outbox.has(document("one"))
    assert outbox.client() is outbox.client()
    assert opened == [uri]


def test_a_use_is_sent_after_one_that_still_waits(uri: str) -> None:
    first, second = document("one", used=100.0), document("two", used=200.0)
    outbox = Outbox(uri)
    outbox.put([first])
    outbox.deliver(Sender(client_for(uri), uri), outbox.pending()[0])
    Outbox(uri).put([second])  # of a run that was stopped before it was sent
    Outbox(uri).put([replace(first, end=0.0, used=300.0)])
    waiting = Outbox(uri)
    for path in waiting.pending():
        waiting.deliver(Sender(client_for(uri), uri), path)
    used = {run.data.tags[KEY]: run.data.tags.get(USED) for run in all_runs(uri)}
    assert (used["one"], used["two"]) == ("300.000000", "200.000000")


def test_a_killed_exporter_leaves_no_double(uri: str) -> None:
    """Sent, but killed before the waiting file was deleted: the next one finds the run and moves on."""
    outbox = Outbox(uri)
    outbox.put([document("one"), document("two")])
    (waiting,) = outbox.pending()
    data = waiting.read_bytes()
    outbox.deliver(Sender(client_for(uri), uri), waiting)
    waiting.write_bytes(data)
    outbox.deliver(Sender(client_for(uri), uri), waiting)
    assert len(all_runs(uri)) == 3
    assert not outbox.pending()


def test_trials_of_several_files_are_made_at_once(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    insert_runs = sender_module.insert_runs
    monkeypatch.setattr(sender_module, "insert_runs", lambda *given: made.append(len(given[3])) or insert_runs(*given))
    outbox = Outbox(uri)
    for key in ("one", "two"):
        outbox.put([replace(document(key), kind="trial")])
    (outbox.folder / "00.runs.json").write_text('[{"key": ')
    sender, paths = Sender(client_for(uri), uri), outbox.pending()
    with pytest.warns(BenchWarning, match="were damaged; they are kept"):
        outbox.make_runs(sender, paths)
    assert outbox.pending() == paths[1:]  # until each is delivered
    assert [outbox.deliver(sender, path) for path in paths] == [[], [], []]
    assert (made, outbox.pending()) == ([2], [])
    assert {run.data.tags[KEY] for run in all_runs(uri)} == {"p", "one", "two"}


def test_a_text_that_the_store_cannot_take_holds_up_no_other_run(uri: str) -> None:
    outbox = Outbox(uri)
    outbox.put([document("one"), document("torn", params={"band": "\ud800"}), document("two")])
    (refused,) = outbox.deliver(Sender(client_for(uri), uri), outbox.pending()[0])
    assert "refuses what it was sent: 'utf-8' codec can't encode" in str(refused)
    assert {"one", "two"} <= {run.data.tags.get(KEY) for run in all_runs(uri)}
    assert [entry["key"] for entry in json.loads(outbox.pending()[0].read_text())] == ["torn"]


def test_a_damaged_line_of_what_has_arrived_costs_that_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    uri = "http://127.0.0.1:9"
    (Outbox(uri).folder / "delivered.txt").write_bytes(b"one 1\ntw\xb5 1\nthree 1\n")
    outbox = Outbox(uri)
    assert [outbox.has(document(key)) for key in ("one", "two", "three")] == [True, False, True]


def test_a_damaged_waiting_file_is_set_aside(uri: str) -> None:
    outbox = Outbox(uri)
    (outbox.folder / "00.runs.json").write_text('[{"key": ')
    with pytest.warns(BenchWarning, match="were damaged; they are kept"):
        outbox.deliver(Sender(client_for(uri), uri), outbox.pending()[0])
    assert not outbox.pending()
    assert list(outbox.folder.glob("*.damaged"))


def test_what_the_store_has_is_not_put_again_but_its_use_is(uri: str) -> None:
    outbox = Outbox(uri)
    outbox.put([document()])
    outbox.deliver(Sender(client_for(uri), uri), outbox.pending()[0])
    later = Outbox(uri)
    later.put([document()])
    assert (later.has(document()), later.pending()) == (True, [])
    assert not later.has(document(state="2"))
    later.put([document(used=5.0)])
    assert len(later.pending()) == 1


def test_a_store_that_does_not_answer_is_taken_to_have_what_has_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    uri = "http://127.0.0.1:9"
    (Outbox(uri).folder / "delivered.txt").write_text("k 1\n")
    outbox = Outbox(uri)
    assert outbox.has(document())
    assert not outbox.has(document("another"))
    assert not outbox.has(document(state="2"))


def test_files_of_other_processes_are_not_left_behind_by_this_one(uri: str) -> None:
    own, other = Outbox(uri), Outbox(uri)
    own.put([document("a")])
    other.put([document("b")])
    assert (len(own.pending()), own.left()) == (2, 1)


def test_an_outbox_of_an_earlier_version_is_taken_over(tmp_path: Path) -> None:
    """It was known by the address of its store, whose folder has moved since."""
    old = results_root() / "outbox" / "of an earlier version"
    write_json(old / "store.json", {"uri": f"sqlite:///{tmp_path}/gone/mlflow.db"})
    (old / "1.runs.json").write_text("[]")
    assert waiting_stores() == [default_tracking_uri()]
    assert [path.name for path in Outbox(default_tracking_uri()).pending()] == ["1.runs.json"]
    assert not old.exists()


def delete_experiment(uri: str, runs: dict[str, list[Run]]) -> None:
    client_for(uri).delete_experiment(runs["study"][0].info.experiment_id)


def delete_runs(kind: str) -> Callable[[str, dict[str, list[Run]]], None]:
    return lambda uri, runs: client_for(uri).delete_run(runs[kind][0].info.run_id)


def purge(kind: str) -> Callable[[str, dict[str, list[Run]]], None]:
    """Delete for good, as `mlflow gc` does."""

    def purged(uri: str, runs: dict[str, list[Run]]) -> None:
        path = sqlite_path(uri)
        assert path is not None
        with contextlib.closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("DELETE FROM logged_models WHERE source_run_id = ?", (runs[kind][0].info.run_id,))
            for table in ("tags", "params", "metrics", "latest_metrics", "runs"):
                connection.execute(f"DELETE FROM {table} WHERE run_uuid = ?", (runs[kind][0].info.run_id,))

    return purged


def delete_artifacts(uri: str, runs: dict[str, list[Run]]) -> None:
    place = folder_path(runs["cell"][0].info.artifact_uri)
    assert place is not None
    shutil.rmtree(place / "scores")


def delete_models(uri: str, runs: dict[str, list[Run]]) -> None:
    client = client_for(uri)
    for model in client.search_logged_models([runs["cell"][0].info.experiment_id]):
        client.delete_logged_model(model.model_id)


def replace_store(uri: str, runs: dict[str, list[Run]]) -> None:
    path = sqlite_path(uri)
    assert path is not None
    for file in path.parent.glob("mlflow.db*"):
        file.unlink()


LOSSES = {
    "the experiment": delete_experiment,
    "the study": delete_runs("study"),
    "a cell": delete_runs("cell"),
    "a trial": delete_runs("trial"),
    "the study for good": purge("study"),
    "a cell for good": purge("cell"),
    "a trial for good": purge("trial"),
    "score files": delete_artifacts,
    "the model": delete_models,
    "the store": replace_store,
}


TINY = small_study(detectors=["spectral_logreg"], sweep=None, search={"trials": 1}, bootstrap=100)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Path:
    """Results of a small study, made once."""
    folder = tmp_path_factory.mktemp("recorded")
    (folder / "home").mkdir()
    shutil.copy(empty_store, folder / "home")
    for label in ("real", "fake"):
        (folder / "mine" / label).mkdir(parents=True)
        for i in range(8):
            picture = noise_picture(i + (1000 if label == "fake" else 0), 64, 1.6 if label == "fake" else 1.0)
            Image.fromarray(picture).save(folder / "mine" / label / f"{label}{i}.png")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDBENCH_HOME", str(folder / "home"))
        patch.setenv("BANDBENCH_CACHE", str(folder / "cache"))
        run(TINY, {"mine": folder / "mine"})
    shutil.copytree(folder / "home", folder / "kept")
    return folder


def described(runs: list[Run]) -> list[tuple[object, ...]]:
    """What is in a store, whatever the runs are called there."""
    keys = {one.info.run_id: one.data.tags["bandbench.key"] for one in runs}
    return sorted(
        (one.data.tags["bandbench.key"], keys.get(one.data.tags.get(PARENT, "")), one.info.status, sorted(one.data.metrics))
        for one in runs
    )


@pytest.mark.parametrize("loss", list(LOSSES))
def test_what_the_store_has_not_got_is_sent_again(recorded: Path, monkeypatch: pytest.MonkeyPatch, loss: str) -> None:
    shutil.rmtree(recorded / "home")
    shutil.copytree(recorded / "kept", recorded / "home")
    monkeypatch.setenv("BANDBENCH_HOME", str(recorded / "home"))
    monkeypatch.setenv("BANDBENCH_CACHE", str(recorded / "cache"))
    uri, folder = default_tracking_uri(), {"mine": recorded / "mine"}
    before = described(all_runs(uri, TINY.name))
    LOSSES[loss](uri, by_kind(all_runs(uri, TINY.name)))
    outcome = run(TINY, folder)
    assert (outcome.computed, outcome.unsent) == (0, 0)
    assert described(all_runs(uri, TINY.name)) == before
    client = client_for(uri)
    (model,) = client.search_logged_models([client.get_experiment_by_name(TINY.name).experiment_id])
    assert model.status == "READY"
    with cell_runs(uri, TINY.name) as cells:
        assert len(cell_rows(cells[0].folder)) == 1
    reporter = SilentReporter()
    run(TINY, folder, reporter=reporter)
    assert "searching bands" in reporter.stages
    assert not reporter.notes  # and now it has all of it


def test_a_result_that_was_the_last_one_used_is_not_sent_again(uri: str) -> None:
    first, later = document("one", used=5.0), document("two", used=7.0)

    def sent_anew(*documents: RunDocument) -> int:
        waiting = Outbox(uri)
        waiting.put(documents)
        paths = waiting.pending()
        for path in paths:
            waiting.deliver(Sender(client_for(uri), uri), path)
        return len(paths)

    assert sent_anew(first) == 1
    assert sent_anew(replace(first, end=0.0, used=6.0)) == 0
    assert sent_anew(later) == 1
    assert sent_anew(replace(later, end=0.0, used=8.0)) == 0
    assert sent_anew(replace(first, end=0.0, used=9.0)) == 1
    assert sent_anew(replace(later, end=0.0, used=10.0)) == 1


def test_waiting_results_move_with_their_folder(tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    (home / "cells" / "k").mkdir(parents=True)
    (home / "cells" / "k" / "cell.json").write_text("{}")
    shutil.copy(empty_store, home)
    Outbox(default_tracking_uri()).put([document(artifacts=str(home / "cells" / "k"))])
    home.rename(tmp_path / "moved")
    monkeypatch.setenv("BANDBENCH_HOME", str(tmp_path / "moved"))
    uri = default_tracking_uri()
    assert waiting_stores() == [uri]
    outbox = Outbox(uri)
    outbox.deliver(Sender(client_for(uri), uri), outbox.pending()[0])
    (sent,) = by_kind(all_runs(uri))["cell"]
    assert [entry.path for entry in client_for(uri).list_artifacts(sent.info.run_id)] == ["cell.json"]
    assert not home.exists()


def test_the_outbox_of_a_shard_asks_no_store_and_is_taken_over_when_the_shard_has_ended(uri: str) -> None:
    unreachable = Outbox("http://127.0.0.1:9", "s.shard-0-of-2")
    assert not unreachable.has(document())  # at once: it does not ask
    shard = Outbox(uri, "s.shard-0-of-2")
    shard.put([document("a")])
    assert (shard.has(document("a")), shard.has(document("b"))) == (True, False)
    again = Outbox(uri, "s.shard-0-of-2")
    again.put([document("a")])
    assert len(again.pending()) == 1  # what waits is not put twice, also by the next process
    assert Outbox(uri, "s.shard-0-of-3").has(document("a"))
    with holding(results_root() / "locks" / "s.shard-0-of-2.lock"):
        assert Outbox(uri).pending() == []
    names = [path.name for path in again.pending()]
    assert [path.name for path in Outbox(uri).pending()] == names
    assert not again.folder.exists()


def test_what_waits_counts_as_arrived_and_what_is_damaged_does_not(uri: str) -> None:
    Outbox(uri).put([document("a")])
    later = Outbox(uri)
    assert later.has(document("a"))
    assert not later.has(document("a", state="2"))
    (later.pending()[0]).write_text('[{"key": "a"')
    assert not Outbox(uri).has(document("a"))


def test_a_shard_knows_what_has_arrived(uri: str) -> None:
    outbox = Outbox(uri)
    outbox.put([document()])
    outbox.deliver(Sender(client_for(uri), uri), outbox.pending()[0])
    assert Outbox(uri, "s.shard-0-of-2").has(document())


def test_copies_of_folders_follow_an_outbox_that_is_taken_over(tmp_path: Path, empty_store: Path) -> None:
    uri = f"sqlite:///{shutil.copy(empty_store, tmp_path / 'mlflow.db')}"
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "notes.txt").write_text("kept")
    before = Outbox("http://old.address")
    before.keep([document("one", artifacts=str(tmp_path / "files"))])
    shutil.rmtree(tmp_path / "files")
    write_json(before.folder / "store.json", {"uri": uri})  # as of the same store by another name
    outbox = Outbox(uri)
    (waiting,) = outbox.pending()
    assert not before.folder.exists()
    assert outbox.deliver(Sender(client_for(uri), uri), waiting) == []
    (cell,) = by_kind(all_runs(uri))["cell"]
    assert [entry.path for entry in client_for(uri).list_artifacts(cell.info.run_id)] == ["notes.txt"]
    assert sorted(path.name for path in outbox.folder.iterdir()) == ["delivered.txt", "store.json"]
