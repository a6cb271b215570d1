"""One process runs a study, or one each of its shards; whoever comes too late is told who works."""

import contextlib
import os
import socket
import threading
from collections.abc import Iterator

import pytest

from bandbench.benchmark.errors import BenchError
from bandbench.benchmark.records import Shard
from bandbench.benchmark.search import study_lock as module
from bandbench.benchmark.search.study_lock import begun_shards, forget_shards, running_shards, study_lock, whole_run
from bandbench.benchmark.store.folders import results_root

ME = f"(host {socket.gethostname()}, pid {os.getpid()}, since "


@pytest.fixture(autouse=True)
def _no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.1)


@contextlib.contextmanager
def refused(message: str) -> Iterator[None]:
    with pytest.raises(BenchError) as error:
        yield
    assert message in str(error.value)
    assert ME in str(error.value)


def test_a_study_is_run_by_one_process() -> None:
    with study_lock("s"):
        with refused("another `bench run` is working on the study 's'"), study_lock("s"):
            pass
        with study_lock("other"):
            assert whole_run("s") is not None
    assert whole_run("s") is None
    with study_lock("s"):
        pass


def test_shards_are_run_side_by_side_each_once() -> None:
    with study_lock("s", Shard(0, 3)), study_lock("s", Shard(2, 3)):
        assert [run.shard for run in running_shards("s")] == ["0/3", "2/3"]
        with refused("shard 2/3 of the study 's' is being run already"), study_lock("s", Shard(2, 3)):
            pass
        with study_lock("s", Shard(1, 3)):
            assert len(running_shards("s")) == 3
    assert running_shards("s") == []


def test_the_whole_study_waits_for_its_shards_and_its_shards_for_it() -> None:
    with study_lock("s", Shard(1, 3)), refused("a shard is being run: 1/3"), study_lock("s"):
        pass
    with study_lock("s"), refused("the whole study 's' is working"), study_lock("s", Shard(1, 3)):
        pass


def test_another_number_of_shards_is_refused() -> None:
    with (
        study_lock("s", Shard(1, 3)),
        refused("Shard 0/4 would deal out the cells otherwise and compute some of them a second time; use --shard I/3"),
        study_lock("s", Shard(0, 4)),
    ):
        pass
    with study_lock("s", Shard(0, 4)):
        pass


def test_studies_whose_names_begin_alike_do_not_hinder_each_other() -> None:
    with study_lock("s.shard-0-of-3", Shard(0, 1)), study_lock("s+", Shard(0, 1)), study_lock("s"):
        assert running_shards("s") == []


def test_the_job_of_slurm_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLURM_ARRAY_JOB_ID", "99")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "4")
    with study_lock("s", Shard(4, 8)), pytest.raises(BenchError, match=r"pid \d+, SLURM job 99_4, since"), study_lock("s"):
        pass


def test_a_job_that_is_queued_again_waits_for_the_lock_of_its_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REQUEUED", 30.0)
    monkeypatch.setenv("SLURM_JOB_ID", "7")
    ended, entered = threading.Event(), threading.Event()

    def first() -> None:
        with study_lock("s", Shard(0, 2)):
            entered.set()
            ended.wait()

    thread = threading.Thread(target=first)
    thread.start()
    entered.wait()
    threading.Timer(0.5, ended.set).start()  # longer than others wait
    with study_lock("s", Shard(0, 2)):
        assert ended.is_set()
    thread.join()


def test_a_holder_that_is_not_written_yet_or_is_damaged_is_not_named() -> None:
    with study_lock("s", Shard(0, 2)):
        (path,) = (results_root() / "locks").glob("*.owner")
        for text in ("", "[1]", '{"pid": 1, "colour": 2}', path.read_text().replace('"host": "', '"host": 1, "job": "')):
            path.write_text(text)
            with pytest.raises(BenchError, match="a shard is being run: 0/2. Wait"), study_lock("s"):
                pass


def test_begun_shards_are_known_until_the_whole_study_was_run() -> None:
    for index in (2, 0):
        with study_lock("s", Shard(index, 3)):
            pass
    assert begun_shards("s") == [Shard(0, 3), Shard(2, 3)]
    assert begun_shards("t") == []
    forget_shards("s")
    assert begun_shards("s") == []
