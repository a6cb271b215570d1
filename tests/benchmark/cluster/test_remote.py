"""The end of the work that lies in a worker of Dask; here this process is the worker."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bandbench.benchmark.cluster import remote
from bandbench.benchmark.cluster.opening import make_session, shared_folders
from bandbench.benchmark.cluster.remote import ProcessDiedError, UnfitWorkerError, close_session, perform, report, token_file
from bandbench.benchmark.cluster.session import FolderFault, Session
from bandbench.benchmark.errors import BenchError
from bandbench.benchmark.features.chunks import Places
from bandbench.benchmark.store.folders import ensure_writable, results_root
from bandbench.benchmark.workers import ONE_THREAD
from made_clusters import wait_for_end
from work_for_clusters import threads_of_numbers


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    for name in ONE_THREAD:
        monkeypatch.setenv(name, "2")
    made = make_session(None, ())
    with shared_folders(made):
        yield made
    import asyncio

    asyncio.run(close_session(made.key))


def test_work_is_done_in_a_process_that_is_kept(session: Session) -> None:
    first, second = perform(session, os.getpid).value, perform(session, os.getpid).value
    assert first == second != os.getpid()


def test_a_process_has_the_folders_of_the_client_and_one_thread(session: Session) -> None:
    assert perform(session, results_root).value == results_root()
    assert perform(session, os.getcwd).value == os.getcwd()  # noqa: PTH109
    assert perform(session, threads_of_numbers).value == {1}
    assert [perform(session, os.getenv, name).value for name in ONE_THREAD] == ["1"] * len(ONE_THREAD)


def test_an_error_is_an_answer(session: Session, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    refused = perform(session, ensure_writable, tmp_path / "file", "VARIABLE")
    assert isinstance(refused.error, BenchError)
    assert "VARIABLE" in str(refused.error)
    failed = perform(session, int, "x").error
    assert isinstance(failed, ValueError)
    assert "in _process_worker" in failed.__notes__[0]  # the lines of the other process


def test_a_death_is_raised_and_the_next_work_has_a_new_process(session: Session) -> None:
    before = perform(session, os.getpid).value
    with pytest.raises(ProcessDiedError):
        perform(session, os._exit, 1)
    assert perform(session, os.getpid).value != before


def test_processes_end_when_they_have_had_nothing_to_do(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after the sudden death of the client, which cannot close its session."""
    monkeypatch.setattr(remote, "IDLE_SECONDS", 0.1)
    pid = perform(session, os.getpid).value
    wait_for_end(pid)
    assert perform(session, os.getpid).value != pid


def test_processes_end_with_their_worker(session: Session, tmp_path: Path) -> None:
    """A worker that is killed cannot end them: they see it."""
    import subprocess
    import sys

    script = tmp_path / "worker.py"
    script.write_text(
        "import os, time\n"
        "from bandbench.benchmark.cluster.opening import make_session, shared_folders\n"
        "from bandbench.benchmark.cluster.remote import perform\n"
        'if __name__ == "__main__":\n'
        "    session = make_session(None, ())\n"
        "    with shared_folders(session):\n"
        "        print(perform(session, os.getpid).value, flush=True)\n"
        "        perform(session, time.sleep, 600)\n"
    )
    worker = subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True)
    try:
        assert worker.stdout is not None
        pid = int(worker.stdout.readline())
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    wait_for_end(pid)


def test_a_worker_that_joined_later_and_differs_refuses(session: Session) -> None:
    other = replace(session, software=replace(session.software, code="of another version"))
    with pytest.raises(UnfitWorkerError, match="the source code of bandbench differs"):
        perform(other, os.getpid)


def test_faults_of_the_shared_folders(session: Session, tmp_path: Path) -> None:
    folders = {"A": tmp_path / "absent", "B": tmp_path / "other", "C": tmp_path / "long"}
    folders["B"].mkdir()
    folders["C"].mkdir()
    token_file(folders["C"], session.key).touch()
    changed = replace(session, folders={name: str(folder) for name, folder in folders.items()})
    found = report(changed, "x" * 300).folders
    assert {name: fault for name, (fault, _) in found.items()} == {
        "A": FolderFault.ABSENT,
        "B": FolderFault.ANOTHER,
        "C": FolderFault.UNWRITABLE,
    }
    assert "too long" in found["C"][1]


def test_a_good_folder_gets_an_answer(session: Session) -> None:
    assert report(session, ".cluster-answer").folders == {}
    assert all(Path(folder, ".cluster-answer").is_file() for folder in session.folders.values())


def test_a_process_can_take_records_of_the_engine(session: Session) -> None:
    places = Places("a", "b", "c")
    assert perform(session, replace, places).value == places
