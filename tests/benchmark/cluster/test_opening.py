"""The way to a cluster: the scheduler that is looked for, the examination of its workers, and what is said of the rest."""

import itertools
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

from bandbench.benchmark.cluster import opening
from bandbench.benchmark.cluster.address import ClusterError
from bandbench.benchmark.cluster.client import open_workers
from bandbench.benchmark.cluster.opening import _reason, find_scheduler
from bandbench.benchmark.cluster.session import Probe
from bandbench.benchmark.store.folders import cache_root, results_root
from conftest import SilentReporter, free_port
from made_clusters import briefly, local_cluster, workers_of

WITHOUT_DISTRIBUTED = """
import sys
sys.modules["distributed"] = None  # to this process it is not installed
from bandbench.benchmark.cli import main
sys.exit(main(["run", "--cluster", "tcp://127.0.0.1:8786"]))
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with local_cluster() as made:
        yield made


def open_and_close(address: str, probe: Probe | None = None) -> None:
    with open_workers(1, address, SilentReporter(), probe, preload=()):
        pass


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    briefly(monkeypatch)
    address = f"tcp://127.0.0.1:{free_port()}"
    reason = r"\((Connection refused|nothing listens there, or something else)\)"
    with pytest.raises(ClusterError, match=rf"no scheduler of Dask answers at {address} within 2 s {reason}"):
        find_scheduler(address)


def raised(*chain: Exception) -> Exception:
    """Return the first of some exceptions, each of which was raised from the next."""
    for error, cause in itertools.pairwise(chain):
        error.__cause__ = cause
    return chain[0]


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (raised(OSError("Timed out"), OSError("in <a at 0x7>: B"), ConnectionRefusedError(111, "Refused")), "Refused"),
        (raised(OSError("Timed out"), TimeoutError()), "nothing listens there, or something else"),
        (TimeoutError(), "nothing listens there, or something else"),
        (OSError(), "nothing listens there, or something else"),
        (MemoryError("2**60 bytes"), "nothing listens there, or something else"),
        (raised(OSError("Timed out"), OSError("in <a at 0x7>: Stream is closed.")), "Stream is closed"),
        (ValueError("an odd\nanswer"), "an odd answer"),
    ],
)
def test_the_reason_is_in_words(error: Exception, reason: str) -> None:
    assert _reason(error) == reason


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.0 400 Bad Request\r\n\r\n"])
def test_something_else_listens(answer: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    briefly(monkeypatch)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        server = subprocess.Popen([sys.executable, "-c", SERVER, str(other.fileno()), repr(answer)], pass_fds=[other.fileno()])
        try:
            with pytest.raises(ClusterError, match=f"no scheduler of Dask answers at tcp://127.0.0.1:{port} within 2 s"):
                find_scheduler(f"tcp://127.0.0.1:{port}")
        finally:
            server.kill()
            server.wait()


SERVER = """
import ast, socket, sys
listening = socket.socket(fileno=int(sys.argv[1]))
kept = []
while True:
    kept.append(listening.accept()[0])
    kept[-1].sendall(ast.literal_eval(sys.argv[2]))
"""


def test_the_address_of_a_worker(cluster: LocalCluster) -> None:
    with pytest.raises(ClusterError, match="is the address of a worker of Dask; --cluster takes that of its scheduler"):
        find_scheduler(cluster.workers[0].worker_address)


def test_a_scheduler_is_found(cluster: LocalCluster) -> None:
    assert find_scheduler(cluster.scheduler_address) == cluster.scheduler_address


def test_without_the_extra_the_install_line_is_printed(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_DISTRIBUTED], cwd=tmp_path, capture_output=True, text=True)
    said = " ".join(done.stderr.split())
    assert done.returncode == 2
    assert "--cluster needs the extra `cluster` (distributed missing): " in said
    assert "--extra cluster" in said
    assert "Traceback" not in said


def test_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    briefly(monkeypatch)
    with local_cluster(0) as empty, pytest.raises(ClusterError, match=r"has had no worker for 0 s; `dask worker tcp://"):
        open_and_close(empty.scheduler_address)


def test_a_folder_that_is_another_one_on_the_workers(
    cluster: LocalCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers of this test see the folder under the client's path, and it is not the client's."""
    monkeypatch.setattr(opening, "token_file", lambda folder, key: folder / f".cluster-not-{key}")
    with pytest.raises(ClusterError) as refused:
        open_and_close(cluster.scheduler_address)
    lines = str(refused.value).splitlines()
    assert len(lines) == 2
    assert f"{tmp_path / 'home'} is another folder there" in lines[0]
    assert "set BANDBENCH_HOME to such a folder" in lines[0]
    assert cluster.workers[0].worker_address in lines[0]
    assert "set BANDBENCH_CACHE to such a folder" in lines[1]


def test_what_a_worker_wrote_is_not_seen_here(cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on NFS, where a file that was looked for too early stays unseen."""
    exists = Path.exists
    monkeypatch.setattr(Path, "exists", lambda path: ".cluster-" not in path.name and exists(path))
    monkeypatch.setattr(opening, "FOLDER_SECONDS", 0.2)
    with pytest.raises(ClusterError, match="a file that it wrote into .*home is not seen here after .* lookupcache=positive"):
        open_and_close(cluster.scheduler_address)


def test_a_fact_that_differs_on_the_workers(cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Probe, "values", lambda probe: {"the path /data": "a folder with 3 entries"})
    probe = Probe(dict, ([("the path /data", "missing")],))
    with pytest.raises(ClusterError, match="the path /data is missing there and a folder with 3 entries here"):
        open_and_close(cluster.scheduler_address, probe)


def test_the_client_leaves_nothing_in_the_shared_folders(cluster: LocalCluster) -> None:
    with workers_of(cluster) as workers:
        assert workers.submit(abs, -3).result() == 3
        assert [len(list(folder.glob(".cluster-*"))) for folder in (results_root(), cache_root())] == [2, 2]
    assert [list(folder.iterdir()) for folder in (results_root(), cache_root())] == [[], []]
