"""Options that several commands share: what is refused before the work begins, and where results are written."""

import errno
import os
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from bandbench.benchmark.cli import options
from bandbench.benchmark.cli.app import app
from bandbench.benchmark.cli.options import (
    check_target,
    check_targets,
    check_text_target,
    formats_of,
    jobs_of,
    parse_dates,
    write_text,
)
from bandbench.benchmark.errors import BenchError, DiskError
from bandbench.benchmark.figures.formats import FigureFormat


def test_formats_are_taken_once_in_their_order() -> None:
    assert formats_of([FigureFormat.svg, FigureFormat.png, FigureFormat.svg]) == [FigureFormat.svg, FigureFormat.png]
    assert formats_of(None) == [FigureFormat.png]
    assert formats_of([], FigureFormat.svg) == [FigureFormat.svg]


def test_one_worker_per_core_unless_a_number_is_given() -> None:
    assert jobs_of(3) == 3
    assert jobs_of(None) == len(os.sched_getaffinity(0))
    with pytest.raises(BenchError, match="--jobs is at least 1, got 0"):
        jobs_of(0)


def test_a_file_without_a_folder_is_refused(tmp_path: Path) -> None:
    check_target(None)
    check_target("-")
    check_target(str(tmp_path / "rows.csv"))
    with pytest.raises(BenchError, match=f"there is no folder {tmp_path}/absent"):
        check_target(str(tmp_path / "absent" / "rows.csv"))


def test_standard_output_takes_one_file() -> None:
    check_targets("-", None, None)
    with pytest.raises(BenchError, match="standard output takes one file"):
        check_targets("-", None, "-")


def test_text_is_written_to_a_file_or_to_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_text(str(tmp_path / "a.txt"), "schön\n")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "schön\n"
    write_text("-", "one line")
    assert capsys.readouterr().out == "one line"
    with pytest.raises(BenchError, match="cannot write .*a folder lies in its place"):
        write_text(str(tmp_path), "text")


def test_a_name_that_is_no_utf_8_is_escaped(tmp_path: Path) -> None:
    write_text(str(tmp_path / "a.txt"), "folder \udcff")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "folder \\udcff"


def test_dates_by_name() -> None:
    assert parse_dates(None) == {}
    assert parse_dates(["mine=2024-03", "ffpp/Deepfakes@c23=2019-01", "mine=2024-03"]) == {
        "mine": "2024-03",
        "ffpp/Deepfakes@c23": "2019-01",
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["mine"], r"--released wants NAME=DATE .*, got 'mine'"),
        (["=2024"], "--released wants NAME=DATE"),
        (["mine="], "--released wants NAME=DATE"),
        (["mine=2024", "mine=2025"], "two dates are given, 2024 and 2025"),
    ],
)
def test_a_date_needs_a_name_and_a_name_one_date(given: list[str], message: str) -> None:
    with pytest.raises(BenchError, match=message):
        parse_dates(given)


def test_a_file_that_may_not_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(BenchError, match="it is a folder; name a file"):
        check_target(str(tmp_path))
    monkeypatch.setattr(options, "can_write", lambda path: path != tmp_path)
    (tmp_path / "there.csv").touch()
    check_target(str(tmp_path / "there.csv"))
    with pytest.raises(BenchError, match=f"you have no right to write in {tmp_path}"):
        check_target(str(tmp_path / "new.csv"))
    write_text(str(tmp_path / "there.csv"), "written in place")
    assert (tmp_path / "there.csv").read_text() == "written in place"


def test_a_file_keeps_its_rights_and_is_never_half(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("old")
    path.chmod(0o640)
    write_text(str(path), "new")
    assert (path.read_text(), path.stat().st_mode & 0o777) == ("new", 0o640)

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(DiskError, match=f"cannot write {path}: the disk is full"):
        write_text(str(path), "newer")
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]


def test_text_goes_through_a_pipe_that_the_shell_has_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", str(tmp_path / "pipe")], stdout=subprocess.PIPE, text=True) as reader:
        number = os.open(tmp_path / "pipe", os.O_WRONLY)
        for target in (f"/dev/fd/{number}", str(tmp_path / "pipe"), "/dev/null"):
            check_text_target(target)
            write_text(target, "through it\n")
        os.close(number)
        assert reader.communicate()[0] == "through it\n" * 2
    assert (tmp_path / "pipe").is_fifo()


def special_file(path: Path, kind: str) -> None:
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a socket":
        socket.socket(socket.AF_UNIX).bind(str(path))
    else:
        path.symlink_to("/dev/null")


@pytest.mark.parametrize("kind", ["a pipe", "a socket"])
def test_what_has_no_reader_is_refused(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket is short
    special_file(Path("special"), kind)
    Path("link").symlink_to("special")
    for refuse in (check_target, check_text_target, check_targets):
        for name in ("special", "link"):
            with pytest.raises(BenchError, match=f"cannot write {name}: it is {kind}; name a file"):
                refuse(name)


def test_text_is_not_written_to_a_pipe_of_others(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with subprocess.Popen(["cat", str(tmp_path / "pipe")]) as reader:
        with pytest.raises(BenchError, match="it is a pipe"):
            write_text(str(tmp_path / "pipe"), "text")
        reader.terminate()


def test_no_device_is_replaced_by_a_file_of_other_kind(tmp_path: Path) -> None:
    special_file(tmp_path / "rows.parquet", "a device")
    with pytest.raises(BenchError, match="it is a device; name a file"):
        check_target(str(tmp_path / "rows.parquet"))


def commands(command: Any, *words: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield all commands of the program with their words."""
    inner = getattr(command, "commands", {})
    if not inner or command.invoke_without_command:
        yield words, command
    for name in inner:
        yield from commands(inner[name], *words, name)


NEEDED = {
    "train": ["coin_flip", "--train", "procedural/planted"],
    "evaluate": ["model", "--test", "procedural/planted"],
    "scan": ["model", "pictures"],
    "list": ["studies"],
    "show": ["coin_flip"],
    "leaderboard export": ["scores.csv"],  # its own target is below
    "data prepare": ["celeb_df"],
    "data doctor": ["procedural"],
    "check detector": ["coin_flip"],
    "check dataset": ["procedural"],
}
READ = ("--weights",)  # options of files that are read
WRITTEN = ("[FILE]", "FILE", "ROW FILE.parquet")
TARGETS = [
    pytest.param([*words, *NEEDED.get(" ".join(words), [])], [option.opts[0], *["row"] * (option.nargs - 1)], id=name)
    for words, command in commands(typer.main.get_command(app))
    for option in command.params
    if getattr(option, "metavar", None) in WRITTEN and option.opts[0] not in READ
    for name in [f"{' '.join(words)} {option.opts[0]}"]
]
TARGETS.append(pytest.param(["leaderboard", "export"], [], id="leaderboard export FILE"))


def test_options_of_files_were_found() -> None:
    ids = {param.id for param in TARGETS}
    assert {"run --json", "scan --csv", "leaderboard --parquet", "leaderboard --scores", "embeddings --out"} <= ids
    assert len(ids) > 25


@pytest.mark.parametrize(("line", "option"), TARGETS)
def test_every_command_refuses_a_pipe_as_its_target(
    line: list[str], option: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A command that would write to it finds a reader here, ends well, and fails the test."""
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    with subprocess.Popen(["cat", "pipe"], stdout=subprocess.DEVNULL) as reader:
        outcome = CliRunner().invoke(app, [*line, *option, "pipe"])
        reader.terminate()
    assert str(outcome.exception).startswith("cannot write pipe: it is a pipe; name a file")
    assert isinstance(outcome.exception, BenchError)


def test_a_pipe_is_no_folder_for_the_scores_of_an_evaluation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    outcome = CliRunner().invoke(app, ["evaluate", "model", "--test", "procedural/planted", "--scores", "pipe"])
    assert "cannot write to pipe (it is no folder); set --scores to another folder" in str(outcome.exception)


def test_a_text_replaces_no_picture_and_no_part_of_a_model(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00")
    (tmp_path / "link.csv").symlink_to(tmp_path / "a.png")
    for name in ("a.png", "link.csv"):
        with pytest.raises(BenchError, match="it is there already and holds no text"):
            check_text_target(str(tmp_path / name))
    (tmp_path / "old.csv").write_text("earlier,verdicts\n")
    check_text_target(str(tmp_path / "old.csv"))
    check_text_target(str(tmp_path / "new.csv"))
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.json").write_text("{}")
    with pytest.raises(BenchError, match="it lies in the folder of a model"):
        check_text_target(str(tmp_path / "model" / "model.json"))
