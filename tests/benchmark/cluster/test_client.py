"""Workers of a Dask cluster: real ones of this machine, which die, get stuck and come late."""

import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import dask
import pytest
from distributed import LocalCluster

from bandbench.benchmark.cluster.address import ClusterError
from bandbench.benchmark.cluster.client import ClusterSize, open_workers
from bandbench.benchmark.errors import BenchError
from bandbench.benchmark.store.folders import ensure_writable, results_root
from bandbench.benchmark.workers import WorkLostError
from conftest import SilentReporter
from made_clusters import briefly, local_cluster, wait_for_end, wait_for_files, worker_pids, workers_of
from work_for_clusters import begin_and_wait, kill_worker


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with local_cluster(2, threads=2) as made:
        yield made


def test_the_size_of_a_cluster() -> None:
    threads = {"tcp://10.0.0.1:4000": 8, "tcp://10.0.0.1:4001": 8, "tcp://[::1]:4000": 1}
    assert str(ClusterSize.of(threads)) == "17 processes of 3 workers on 2 hosts"
    assert str(ClusterSize.of({"inproc://10.0.0.1/7/3": 1})) == "1 process of 1 worker on 1 host"


def test_work_is_done_by_processes_of_workers_and_as_many_as_they_have_threads(cluster: LocalCluster, tmp_path: Path) -> None:
    reporter = SilentReporter()
    begun, go = tmp_path / "begun", tmp_path / "go"
    begun.mkdir()
    with workers_of(cluster, reporter=reporter) as workers:
        assert workers.jobs == 4
        futures = [workers.submit(begin_and_wait, str(begun), str(go)) for _ in range(4)]
        wait_for_files(begun, 4)  # all at the same time, as none ends before `go`
        go.touch()
        pids = {future.result() for future in futures}
    assert len(pids) == 4
    assert not pids & {os.getpid(), *worker_pids(cluster)}
    assert f"The cluster {cluster.scheduler_address} has 4 processes of 2 workers on 1 host." in reporter.notes


def test_answers_and_errors_are_those_of_the_work(cluster: LocalCluster, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with workers_of(cluster) as workers:
        assert workers.submit(results_root).result() == results_root()
        assert isinstance(workers.submit(ensure_writable, tmp_path / "file", "VARIABLE").exception(), BenchError)
        assert isinstance(workers.submit(int, "x").exception(), ValueError)
        assert [workers.submit(abs, -3).result() for _ in range(2)] == [3, 3]


def test_work_whose_process_dies_each_time_is_lost_and_no_other(cluster: LocalCluster) -> None:
    with workers_of(cluster) as workers:
        lost, done = workers.submit(os._exit, 1), workers.submit(abs, -3)
        assert done.result() == 3
        assert isinstance(lost.exception(), WorkLostError)
        assert "its process on the cluster died 3 times" in str(lost.exception())
        assert workers.submit(abs, -4).result() == 4


def test_a_worker_that_is_killed_loses_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    briefly(monkeypatch)
    reporter = SilentReporter()
    begun, go = tmp_path / "begun", tmp_path / "go"
    begun.mkdir()
    with local_cluster(2) as cluster, workers_of(cluster, reporter=reporter) as workers:
        futures = [workers.submit(begin_and_wait, str(begun), str(go)) for _ in range(6)]
        wait_for_files(begun, 2)
        os.kill(worker_pids(cluster)[0], signal.SIGKILL)
        go.touch()
        assert len([future.result() for future in futures]) == 6
        assert not wait([workers.submit(time.sleep, 1)]).not_done
    assert any(note.startswith("The cluster has lost 1 worker; what they did is done again.") for note in reporter.notes)


def test_work_that_kills_worker_after_worker_is_lost() -> None:
    once_again = dask.config.set({"distributed.scheduler.allowed-failures": 1})  # of usually three times, which take long
    with once_again, local_cluster(1) as cluster, workers_of(cluster) as workers:
        lost = workers.submit(kill_worker)
        assert isinstance(lost.exception(timeout=240), WorkLostError)
        assert "the cluster gave the work up when 2 workers had died while they had it" in str(lost.exception())
        assert workers.submit(abs, -4).result() == 4


def test_without_any_worker_the_wait_is_bounded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    briefly(monkeypatch)
    reporter = SilentReporter()
    with local_cluster(1) as cluster, workers_of(cluster, reporter=reporter) as workers:
        futures = [workers.submit(begin_and_wait, str(tmp_path), str(tmp_path / "go")) for _ in range(3)]
        cluster.scale(0)
        for future in futures:
            assert isinstance(future.exception(timeout=120), ClusterError)
        assert "has had no worker for 2 s" in str(futures[0].exception())
        assert f"dask worker {cluster.scheduler_address}" in str(futures[0].exception())
        assert "the same command continues" in str(futures[0].exception())
        with pytest.raises(ClusterError, match="has had no worker"):
            workers.submit(abs, -3)
    assert any("None is left; the run waits 2 s for one." in note for note in reporter.notes)


def test_without_the_scheduler_work_ends_at_once(tmp_path: Path) -> None:
    with local_cluster(1) as cluster, workers_of(cluster) as workers:
        future = workers.submit(begin_and_wait, str(tmp_path), str(tmp_path / "go"))
        cluster.close()
        assert isinstance(future.exception(timeout=120), ClusterError)
        assert f"the scheduler {cluster.scheduler_address} is gone" in str(future.exception())


def test_a_worker_that_joins_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    briefly(monkeypatch)
    with local_cluster(1) as cluster, workers_of(cluster) as workers:
        cluster.scale(2)
        end = time.monotonic() + 60
        while workers.jobs < 2:
            assert time.monotonic() < end
            time.sleep(0.05)
        futures = [workers.submit(os.getppid) for _ in range(8)]
        wait([workers.submit(time.sleep, 0.5) for _ in range(4)])
        assert {future.result() for future in futures} <= set(worker_pids(cluster))


def test_an_interrupt_cancels_what_waits_and_leaves_the_cluster(
    cluster: LocalCluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pids = []
    with pytest.raises(KeyboardInterrupt), workers_of(cluster) as workers:
        pids.append(workers.submit(os.getpid).result())
        for _ in range(9):
            workers.submit(begin_and_wait, str(tmp_path), str(tmp_path / "go"))
        raise KeyboardInterrupt
    assert "the work on the cluster is cancelled; the cluster goes on" in capsys.readouterr().err
    wait_for_end(pids[0])
    with workers_of(cluster) as workers:
        assert workers.submit(abs, -3).result() == 3


def test_two_clients_use_one_cluster(cluster: LocalCluster) -> None:
    """Each has processes of its own, with its own folders."""

    def answers(n: int) -> list[int]:
        with workers_of(cluster) as workers:
            return [workers.submit(abs, -i).result() for i in range(n)]

    with ThreadPoolExecutor(2) as clients:
        assert list(clients.map(answers, [5, 5])) == [list(range(5))] * 2


def test_without_a_cluster_workers_are_of_this_machine() -> None:
    with open_workers(1, "", SilentReporter(), preload=()) as workers:
        assert workers.submit(os.getppid).result() != os.getppid()
        assert workers.jobs == 1
