"""Folders of results and cache: from the environment, absolute, writable, and moved."""

import os
from pathlib import Path

import pytest

from bandbench.benchmark.errors import BenchError
from bandbench.benchmark.store.folders import cache_root, ensure_writable, relocated, results_root, settle_folders


def test_the_environment_overrides_both_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (results_root(), cache_root()) == (tmp_path / "home", tmp_path / "cache")
    monkeypatch.delenv("BANDBENCH_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert results_root() == tmp_path / "data" / "bandbench"


def test_relative_folders_stay_where_they_were_settled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BANDBENCH_HOME", "mine")
    settle_folders()
    monkeypatch.chdir("/")
    assert results_root() == tmp_path / "mine"


def test_a_noted_path_is_found_after_the_results_have_moved(tmp_path: Path) -> None:
    old, new = tmp_path / "old" / "cells" / "a" / "cell.json", results_root() / "cells" / "a" / "cell.json"
    assert relocated(old) == old  # neither is there
    new.parent.mkdir(parents=True)
    new.touch()
    assert relocated(old) == new
    assert relocated(results_root() / "cells" / "b") == results_root() / "cells" / "b"
    old.parent.mkdir(parents=True)
    old.touch()
    assert relocated(old) == old


def test_the_last_part_of_a_path_that_is_a_folder_of_results_counts_first(tmp_path: Path) -> None:
    inner = results_root() / "cells" / "b"
    inner.mkdir(parents=True)
    assert relocated(tmp_path / "studies" / "old" / "cells" / "b") == inner


def test_a_folder_whose_name_is_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BenchError, match=r"a.xff is no UTF-8, which databases need; set BANDBENCH_HOME to another folder"):
        ensure_writable(tmp_path / os.fsdecode(b"a\xff"), "BANDBENCH_HOME")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_names_the_variable(tmp_path: Path) -> None:
    assert ensure_writable(tmp_path / "new", "BANDBENCH_HOME").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(BenchError, match=r"cannot write to .*file/below .*set BANDBENCH_HOME to another folder"):
        ensure_writable(tmp_path / "file" / "below", "BANDBENCH_HOME")
