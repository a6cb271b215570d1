"""``bench ui`` in a real browser: the page that it names shows the cells of the study."""

import contextlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from bandbench.benchmark.cli import main
from bandbench.benchmark.tracking.documents import RunDocument
from bandbench.benchmark.tracking.sender import Sender
from bandbench.benchmark.tracking.store import client_for, default_tracking_uri
from conftest import free_port, missing_program


@pytest.fixture
def chromium() -> str:
    return shutil.which("chromium") or missing_program("Chromium", "apt-get install chromium")


@contextlib.contextmanager
def running_ui() -> Iterator[tuple[str, str]]:
    """A running ``bench ui``: its address, and the line that it prints below."""
    port = free_port()
    command = [sys.executable, "-c", "from bandbench.benchmark.cli import main; main()", "ui", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout
            assert "Ctrl-C ends it" in process.stdout.readline()
            yield f"http://127.0.0.1:{port}", process.stdout.readline()
        finally:
            process.send_signal(signal.SIGINT)
            try:
                assert process.wait(60) == 0
            finally:
                process.kill()  # if it has not ended: leaving the block would wait for it for ever


def record_one_study() -> None:
    uri = default_tracking_uri()
    sender = Sender(client_for(uri), uri)
    study = RunDocument("s", "study", "narrow bands", "my_study", "s", start=1.0, end=9.0)
    told = {"params": {"detector": "knn"}, "metrics": {"in_domain_auc": 0.875, "cross_domain_auc": 0.625}}
    cell = RunDocument("c", "cell", "a cell", "my_study", "s", parent=study, start=2.0, end=8.0, **told)
    trials = [RunDocument(str(i), "trial", f"trial {i}", "my_study", "s", cell, 3.0, 4.0) for i in range(3)]
    for document in (study, cell, *trials):
        sender.send(document)


def test_the_page_shows_the_cells_of_the_study(chromium: str, tmp_path: Path) -> None:
    record_one_study()
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", f"--user-data-dir={tmp_path}/browser"]
    with running_ui() as (_, line):
        page = line.partition(": ")[2].strip()
        document = subprocess.run(
            [chromium, *options, "--virtual-time-budget=30000", "--dump-dom", page],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, timeout=120, check=True,
        ).stdout  # fmt: skip
    assert "a cell" in document
    assert "<strong>1</strong> matching run" in document
    assert {"0.875", "0.625"} <= set(re.findall(r">([^<>]+)<", document))
    assert "trial 1" not in document


def test_the_server_ends_with_the_command() -> None:
    with running_ui() as (address, line):
        assert "nothing is recorded yet" in line
        urllib.request.urlopen(f"{address}/health", timeout=5).close()
    with pytest.raises(OSError, match="refused"):
        urllib.request.urlopen(f"{address}/health", timeout=5)


def test_a_taken_port(capfd: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as stopped:
            main(["ui", "--port", str(port)])
    assert stopped.value.code == 2
    assert f"port {port} is taken" in capfd.readouterr().err
