"""Addresses and files of schedulers: what is taken, and what is said of everything else."""

import os
from pathlib import Path

import pytest

from bandbench.benchmark.cluster.address import ClusterError, scheduler_address


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("tcp://node7:8786", "tcp://node7:8786"),
        ("tcp://node7:8786/", "tcp://node7:8786"),
        ("node7.cluster:8786", "tcp://node7.cluster:8786"),
        ("tls://10.0.0.1:8786", "tls://10.0.0.1:8786"),
        ("tcp://[::1]:8786", "tcp://[::1]:8786"),
        ("inproc://10.0.0.1/77/1", "inproc://10.0.0.1/77/1"),
    ],
)
def test_addresses(given: str, address: str) -> None:
    assert scheduler_address(given) == address


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("http://node7:8787", "speak tcp, tls, ws, wss, ucx, not http; try tcp://node7:8787"),
        ("tcp://node7", "tcp://node7 has no port; that of a scheduler is usually 8786: tcp://node7:8786"),
        ("tcp://node7:0", "a port is a number from 1 to 65535, got 0"),
        ("tcp://node7:99999", "a port is a number from 1 to 65535, got 99999"),
        ("node7", "got 'node7', which is neither an address nor a file"),
        ("", "got '', which is neither"),
        ("~nobody-of-this-name/x", "which is neither"),
        ("x" * 5000, "which is neither"),
        ("a\0b", "which is neither"),
        ("x" * 5000 + ".json", "cannot be read (File name too long)"),
        ("a\0b.json", "which is neither"),
    ],
)
def test_what_is_no_address(given: str, reason: str) -> None:
    with pytest.raises(ClusterError) as refused:
        scheduler_address(given)
    assert reason in str(refused.value)


def test_the_file_of_a_scheduler(tmp_path: Path) -> None:
    file = tmp_path / "scheduler.json"
    file.write_text('{"type": "Scheduler", "address": "tcp://10.0.0.1:8786", "workers": {}}')
    assert scheduler_address(str(file)) == "tcp://10.0.0.1:8786"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ('{"address": null}', "no scheduler file, as it has no `address`"),
        ('{"address": "here"}', "no scheduler file, as it has no `address`"),
        ("[1, 2]", "no scheduler file, as it has no `address`"),
        ("address: tcp://10.0.0.1:8786", "is no scheduler file, which is JSON with an `address`"),
        ("\udcff", "is no scheduler file, which is JSON with an `address`"),
        ("[" * 100_000, "is no scheduler file, which is JSON with an `address`"),
        ('{"address": "tcp://10.0.0.1"}', "tcp://10.0.0.1 has no port"),
    ],
)
def test_a_file_of_another_kind(content: str, reason: str, tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    file.write_text(content, errors="surrogateescape")
    with pytest.raises(ClusterError) as refused:
        scheduler_address(str(file))
    assert reason in str(refused.value)
    assert str(file) in str(refused.value)


def test_no_file_a_folder_and_a_pipe(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match=r"there is no such file; `dask scheduler --scheduler-file .*absent.json` writes it"):
        scheduler_address(str(tmp_path / "absent.json"))
    with pytest.raises(ClusterError, match="Is a directory"):
        scheduler_address(str(tmp_path))
    os.mkfifo(tmp_path / "pipe.json")
    with pytest.raises(ClusterError, match="neither a file nor a folder"):
        scheduler_address(str(tmp_path / "pipe.json"))
