"""Dask clusters of this machine for tests."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from distributed import LocalCluster

from bandbench.benchmark.cluster import opening
from bandbench.benchmark.cluster.client import ClusterWorkers, open_workers
from bandbench.benchmark.cluster.session import Probe
from conftest import SilentReporter

QUIET = {"dashboard_address": ":0", "silence_logs": 60}


@contextmanager
def local_cluster(n_workers: int = 1, threads: int = 1, folder: Path | None = None) -> Iterator[LocalCluster]:
    """A cluster whose workers are processes of this machine, as `dask worker` starts them."""
    with LocalCluster(n_workers=n_workers, threads_per_worker=threads, local_directory=folder, **QUIET) as cluster:
        yield cluster


@contextmanager
def workers_of(
    cluster: LocalCluster, probe: Probe | None = None, reporter: SilentReporter | None = None
) -> Iterator[ClusterWorkers]:
    """Workers of a cluster without anything imported ahead, which takes seconds."""
    with open_workers(1, cluster.scheduler_address, reporter or SilentReporter(), probe, preload=()) as workers:
        assert isinstance(workers, ClusterWorkers)
        yield workers


def worker_pids(cluster: LocalCluster) -> list[int]:
    """Processes of Dask's workers, each the child of a nanny that starts it again."""
    return [nanny.pid for nanny in cluster.workers.values()]


def wait_for_end(pid: int, seconds: float = 60) -> None:
    """Wait for the end of a process."""
    end = time.monotonic() + seconds
    line = Path(f"/proc/{pid}/cmdline")
    while line.exists() and line.read_bytes():  # of a process that has ended and is not collected yet it is empty
        if time.monotonic() > end:
            pytest.fail(f"process {pid} is still there after {seconds} s")
        time.sleep(0.05)


def wait_for_files(folder: Path, n: int, seconds: float = 60) -> None:
    """Wait until workers have written so many files into a folder."""
    end = time.monotonic() + seconds
    while len(list(folder.iterdir())) < n:
        if time.monotonic() > end:
            pytest.fail(f"{len(list(folder.iterdir()))} files and not {n} within {seconds} s")
        time.sleep(0.05)


def briefly(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let waits end soon that a test waits for."""
    monkeypatch.setattr("bandbench.benchmark.cluster.client.WORKER_SECONDS", 2.0)
    monkeypatch.setattr("bandbench.benchmark.cluster.client.LOOK_SECONDS", 0.2)
    monkeypatch.setattr(opening, "START_SECONDS", 0.5)
    monkeypatch.setattr(opening, "CONNECT_SECONDS", 2)
