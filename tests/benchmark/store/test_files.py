"""Digests, atomic files, JSON without NaN, and folders that are published once."""

import errno
import os
import socket
import subprocess
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.errors import DataError, DiskError
from bandbench.benchmark.store.files import (
    ASIDE,
    atomic_folder,
    atomic_path,
    digest,
    dump_json,
    name_aside,
    nan_from_null,
    on_disk,
    open_file,
    printable,
    publish_folder,
    read_file,
    read_json,
    require_file,
    write_arrays,
    write_json,
)
from bandbench.benchmark.store.folders import results_root
from bandbench.benchmark.store.scratch import UNFINISHED


def test_digests_follow_from_values_alone() -> None:
    assert digest({"a": 1, "b": [2.0, None]}) == digest({"b": (2.0, None), "a": np.int64(1)})
    assert digest({"a": 1}) != digest({"a": 1.5})
    # Names of folders and records of earlier versions rest on this value.
    assert digest(["bands", 0.25]) == "6fa86d845e40b69dd71a215c7405fcf3dd033728685372dfff62c1663aea60dc"


def test_a_value_without_a_form_in_json_has_no_digest() -> None:
    with pytest.raises(TypeError, match="object has no digest"):
        digest(object())


@pytest.mark.parametrize("durable", [True, False])
def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "new" / "file.txt"

    def write(text: str, fail: bool) -> None:
        with atomic_path(path, durable) as temporary:
            temporary.write_text(text)
            if fail:
                raise RuntimeError("killed")

    write("whole", fail=False)
    with pytest.raises(RuntimeError, match="killed"):
        write("half", fail=True)
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_undefined_numbers_are_null_in_json(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"b": float("nan"), "a": [float("inf"), (1, -0.5)], "c": np.float32(0.5)})
    assert read_json(tmp_path / "a.json") == {"b": None, "a": [None, [1, -0.5]], "c": 0.5}
    assert dump_json({"b": float("nan"), "a": 1}) == '{\n "b": null,\n "a": 1\n}\n'


def test_a_missing_or_damaged_json_file_is_none(tmp_path: Path) -> None:
    (tmp_path / "half.json").write_text('{"a": ')
    assert read_json(tmp_path / "half.json") is None
    assert read_json(tmp_path / "none.json") is None


def test_a_damaged_file_keeps_its_name_and_folder(tmp_path: Path) -> None:
    aside = name_aside(tmp_path / "mlflow.db")
    assert aside.parent == tmp_path
    assert aside.name.startswith(f"mlflow.db{ASIDE}2")


def test_the_first_of_two_published_folders_stays(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "by").write_text(name)
        publish_folder(tmp_path / name, tmp_path / "below" / "final")
    assert (tmp_path / "below" / "final" / "by").read_text() == "first"
    assert [path.name for path in tmp_path.iterdir()] == ["below"]


def test_a_folder_that_cannot_be_published_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        publish_folder(tmp_path / "nowhere", tmp_path / "final")


def test_undefined_numbers_come_back_everywhere_or_below_some_keys() -> None:
    value = {"auc": None, "reason": None, "tests": [{"auc": None, "n": 1}, None]}
    assert repr(nan_from_null(value)) == "{'auc': nan, 'reason': nan, 'tests': [{'auc': nan, 'n': 1}, nan]}"
    assert repr(nan_from_null(value, {"auc"})) == "{'auc': nan, 'reason': None, 'tests': [{'auc': nan, 'n': 1}, None]}"


def test_a_file_of_the_results_is_unfinished_in_the_folder_of_its_process() -> None:
    path = results_root() / "records" / "ab" / "a.json"
    with atomic_path(path) as temporary:
        assert temporary.parent.parent == results_root() and temporary.parent.name.startswith(UNFINISHED)
        temporary.write_text("whole")
    assert path.read_text() == "whole" and list(path.parent.iterdir()) == [path]
    assert not temporary.exists()


def test_what_a_killed_process_left_beside_a_file_goes_with_the_next_write(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    here = os.uname().nodename
    kept = {f".page.html.{here}.0.{os.getppid()}.tmp", f".page.html.not-{here}.0.{dead.pid}.tmp"}
    for name in (*kept, f".page.html.{here}.0.{dead.pid}.tmp"):
        (tmp_path / name).touch()
    with atomic_path(tmp_path / "page.html") as temporary:
        temporary.touch()
    assert {path.name for path in tmp_path.iterdir()} == {"page.html", *kept}


def test_a_folder_that_vanishes_while_a_file_is_written_is_made_again() -> None:
    path = results_root() / "records" / "ab" / "a.json"
    with atomic_path(path) as temporary:
        temporary.write_text("whole")
        path.parent.rmdir()
    assert path.read_text() == "whole"


def test_a_file_for_another_disk_is_copied_there(monkeypatch: pytest.MonkeyPatch) -> None:
    path, replace = results_root() / "a.json", Path.replace

    def of_one_disk(self: Path, target: Path) -> Path:
        if self.parent != target.parent:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", of_one_disk)
    write_json(path, [1])
    assert read_json(path) == [1]
    assert [name.name for name in results_root().iterdir() if not name.name.startswith(UNFINISHED)] == ["a.json"]


def test_a_full_disk_leaves_what_was_there(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", 1)
    with pytest.raises(DiskError, match="a.json: the disk is full"), atomic_path(tmp_path / "a.json"):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert read_json(tmp_path / "a.json") == 1 and [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    folder = tmp_path / "models" / "svm"
    with pytest.raises(RuntimeError, match="killed"), atomic_folder(folder) as temporary:
        (temporary / "half").touch()
        raise RuntimeError("killed")
    assert list(folder.parent.iterdir()) == []
    with atomic_folder(folder) as temporary:
        (temporary / "whole").touch()
    assert [path.name for path in folder.parent.iterdir()] == ["svm"] and (folder / "whole").exists()


@pytest.mark.parametrize("umask", [0o022, 0o002, 0o077])
def test_everything_has_the_rights_that_the_umask_gives(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        write_json(tmp_path / "a.json", 1)
        write_arrays(tmp_path / "a.safetensors", {"x": np.zeros(3)})
        with atomic_folder(tmp_path / "folder") as temporary:
            write_json(temporary / "b.json", 1)
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    files = dict.fromkeys(("a.json", "a.safetensors", "b.json"), 0o666 & ~umask)
    assert modes == files | {"folder": 0o777 & ~umask}


def test_processes_of_two_machines_with_one_number_do_not_write_to_one_file(tmp_path: Path) -> None:
    path = tmp_path / "file.txt"
    with atomic_path(path) as one, atomic_path(path) as other:
        one.write_text("one")
        other.write_text("other")
        assert one.read_text() == "one"
    assert path.read_text() == "one"  # the last to be finished
    assert [left.name for left in tmp_path.iterdir()] == ["file.txt"]


def test_only_files_below_a_size_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    os.mkfifo("pipe")
    Path("zero").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        for name in ("pipe", "zero", "socket"):
            with pytest.raises(DataError, match="neither a file nor a folder; it is not opened"):
                read_file(Path(name))
            with pytest.raises(DataError, match="neither a file nor a folder"):
                require_file(Path(name))
    with Path("sparse").open("wb") as file:
        file.truncate(100 * 2**30)
    with pytest.raises(DataError, match="100.0 GiB are more than a picture has"):
        read_file(Path("sparse"))
    require_file(Path("sparse"))
    Path("folder").mkdir()
    with pytest.raises(IsADirectoryError):
        read_file(Path("folder"))
    Path("good").write_bytes(b"abc")
    assert read_file(Path("good"), 3) == b"abc"


def test_a_pipe_in_the_place_of_a_file_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The look at the path finds a file; what is opened then is a pipe without a writer."""
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    facts = (tmp_path / "file").stat()
    monkeypatch.setattr(Path, "stat", lambda self: facts)
    with pytest.raises(DataError, match="neither a file nor a folder"):
        open_file(tmp_path / "pipe")


def test_a_file_that_is_written_to_meanwhile_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, fstat = tmp_path / "growing", os.fstat
    path.write_bytes(b"abc")
    looks: list[int] = []

    def grow(number: int) -> os.stat_result:
        looks.append(number)
        if len(looks) == 2:
            path.write_bytes(b"abcdef")
        return fstat(number)

    monkeypatch.setattr(os, "fstat", grow)
    with pytest.raises(DataError, match="changed while it was read"):
        read_file(path)


@pytest.mark.parametrize("name", ["a\x1b[31m.png", "b\x9b1m.png", "c\u202egnp.exe", "d\u2028.png", "e\udce9\n.png"])
def test_names_that_act_on_a_terminal_are_escaped_and_lead_back(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"x")
    assert printable(name).isprintable()
    assert (tmp_path / on_disk(printable(name))).read_bytes() == b"x"
