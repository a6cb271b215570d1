"""``bench cache`` counts and deletes files of the cache."""

import json
import os
import time

import pytest
from typer.testing import CliRunner

from bandbench.benchmark.cli.app import app
from bandbench.benchmark.store.folders import cache_root, results_root


@pytest.fixture
def chunk() -> None:
    folder = cache_root() / "chunks" / "ab" / "abcdef"
    folder.mkdir(parents=True)
    (folder / "a.npy").write_bytes(bytes(2_000_000))
    hour_ago = time.time() - 3600
    os.utime(folder / "a.npy", (hour_ago, hour_ago))


@pytest.mark.usefixtures("chunk")
def test_its_parts_are_counted_with_their_meaning() -> None:
    shown = CliRunner().invoke(app, ["cache", "info"]).output.splitlines()
    assert shown == [f"{cache_root()}: 1 files, 2.0 MB", "  chunks (prepared pictures): 1 files, 2.0 MB"]
    document = json.loads(CliRunner().invoke(app, ["cache", "info", "--json"]).output)
    assert document["parts"] == {"chunks": {"files": 1, "bytes": 2_000_000}}


@pytest.mark.usefixtures("chunk")
def test_only_what_was_not_used_for_long_is_deleted() -> None:
    assert CliRunner().invoke(app, ["cache", "prune", "--days", "1"]).output == "0 files deleted, 0.0 MB freed.\n"
    assert CliRunner().invoke(app, ["cache", "prune"]).output == "1 files deleted, 2.0 MB freed.\n"
    assert not list(cache_root().rglob("*.npy"))


@pytest.mark.usefixtures("chunk")
def test_score_files_of_earlier_versions_are_counted() -> None:
    record = results_root() / "records" / "ab" / f"{'ab' * 32}.val.parquet"
    record.parent.mkdir(parents=True)
    record.write_bytes(bytes(1_000_000))
    told = CliRunner().invoke(app, ["cache", "prune"]).output
    assert told == "2 files deleted, 3.0 MB freed. Of these, 1 lay among the results: score files of earlier versions.\n"
    assert not record.exists()


def test_an_empty_cache_is_no_error() -> None:
    assert CliRunner().invoke(app, ["cache", "info"]).output == f"{cache_root()}: 0 files, 0.0 MB\n"
