"""Runs of strangers on a shared store: each that cannot be used is one line with a reason, and the others stay."""

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from made_homes import DETECTORS, RecordedHome, at, first_paths, record_home, with_column

import bandbench as bb
from bandbench.benchmark.cli import main
from bandbench.benchmark.results.cell_document import read_cell
from bandbench.benchmark.results.refusals import RefusedBecause, RefusedError
from bandbench.benchmark.tracking.store import client_for
from bandbench.leaderboard.row_cache import outcomes
from bandbench.leaderboard.rows import load_board

Change = Callable[[RecordedHome], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RecordedHome]:
    with pytest.MonkeyPatch.context() as patch:
        yield record_home(tmp_path_factory.mktemp("recorded"), patch)


@pytest.fixture(autouse=True)
def _same_home(home: RecordedHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANDBENCH_HOME", str(home.database.parent))


def document_with(**parts: Any) -> Change:
    return lambda home: home.changed_document(lambda document: document | parts)


def text_of(content: bytes) -> Change:
    return lambda home: home.changed(home.folder / "cell.json", content)


def scores_with(name: str, values: Callable[[pa.ChunkedArray], Any]) -> Change:
    return lambda home: home.changed_scores(home.score_file("allpass"), with_column(name, values))


def repeated(text: str) -> Callable[[pa.ChunkedArray], pa.Array]:
    return lambda column: pa.DictionaryArray.from_arrays(pa.array([0] * len(column), pa.int32()), pa.array([text]))


def many_rows(home: RecordedHome) -> AbstractContextManager[None]:
    """A file of a few kilobytes that unpacks to 25 million rows."""
    n = 25_000_000

    def change(table: pa.Table) -> pa.Table:
        columns = {
            field.name: pa.DictionaryArray.from_arrays(pa.array(np.zeros(n, np.int8)), pa.array(["x"]))
            if pa.types.is_string(field.type)
            else pa.array(np.zeros(n), field.type)
            for field in table.schema
        }
        return pa.table(columns)

    return home.changed_scores(home.score_file("allpass"), change)


HOSTILE: dict[str, tuple[Change, RefusedBecause]] = {
    "text as scores": (scores_with("score", lambda c: pa.array(["high"] * len(c))), RefusedBecause.INVALID),
    "lists as scores": (scores_with("score", lambda c: pa.array([[0.5]] * len(c))), RefusedBecause.INVALID),
    "scores that are no numbers": (scores_with("score", lambda c: pa.array([np.nan] * len(c))), RefusedBecause.INVALID),
    "infinite scores": (scores_with("score", lambda c: pa.array([np.inf] * len(c))), RefusedBecause.INVALID),
    "a third class": (scores_with("label", lambda c: pa.array([2] * len(c), pa.int8())), RefusedBecause.INVALID),
    "a long name in every row": (scores_with("item", repeated("x" * 10**7)), RefusedBecause.TOO_LARGE),
    "many rows": (many_rows, RefusedBecause.TOO_LARGE),
    "nesting": (text_of(b"[" * 10**5 + b"]" * 10**5), RefusedBecause.TOO_LARGE),
    "no JSON": (text_of(b"\x00\xff"), RefusedBecause.DAMAGED),
    "a list": (text_of(b"[]"), RefusedBecause.DAMAGED),
    "a long text": (document_with(rule="x" * 10**6), RefusedBecause.TOO_LARGE),
    "a long number": (text_of(b'{"schema": ' + b"9" * 6000 + b"}"), RefusedBecause.DAMAGED),
    "another schema": (document_with(schema=99), RefusedBecause.VERSION),
    "a schema that is a list": (document_with(schema=[5]), RefusedBecause.VERSION),
    "many bootstrap draws": (document_with(bootstrap=10**8), RefusedBecause.INVALID),
    "negative counts": (document_with(dropped_leaks={"train": -1, "val": 0}), RefusedBecause.INVALID),
    "no time": (document_with(finished=1e300), RefusedBecause.INVALID),
    "control characters": (document_with(detector="svm\x1b[2J"), RefusedBecause.INVALID),
    "a list as a name": (document_with(detector=["svm"]), RefusedBecause.INVALID),
    "a file elsewhere": (
        lambda home: home.changed_document(lambda d: d["tested"][0].update(files=["../../../x", "/etc/passwd"])),
        RefusedBecause.INVALID,
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_run_is_one_line_with_a_reason(name: str, home: RecordedHome) -> None:
    change, reason = HOSTILE[name]
    with change(home):
        board = load_board(home.uri)
    (refusal,) = board.refusals
    assert (refusal.run_id, refusal.reason) == (home.run_id, reason)
    assert len(refusal.text) <= 400
    assert refusal.text.isprintable()
    assert {row.detector for row in board.rows} == {DETECTORS[1]}


@pytest.mark.parametrize("damage", ["gone", "pipe", "unreadable name"])
def test_files_that_are_not_there(damage: str, home: RecordedHome) -> None:
    path = home.score_file("allpass")
    aside = path.with_suffix(".aside")
    path.rename(aside)
    try:
        if damage == "pipe":
            os.mkfifo(path)
        (refusal,) = load_board(home.uri).refusals
    finally:
        path.unlink(missing_ok=True)
        aside.rename(path)
    assert refusal.reason is (RefusedBecause.NOT_REGULAR if damage == "pipe" else RefusedBecause.MISSING)
    assert load_board(home.uri).refusals == []


IN_THE_WAY = [(name, kind) for name in ("cell.json", "scores/{}", "scores") for kind in ("pipe", "folder", "socket")]


@pytest.mark.parametrize(("name", "kind"), [pair for pair in IN_THE_WAY if pair != ("scores", "folder")])
def test_what_lies_in_the_place_of_a_file_is_to_be_moved_away(
    name: str, kind: str, home: RecordedHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named, as no command writes over it."""
    monkeypatch.setenv("BANDBENCH_HOME", str(home.database.parent))
    path = home.folder / name.format(home.score_file("allpass").name)
    aside = home.folder / "aside"
    path.rename(aside)
    try:
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "folder":
            path.mkdir()
        else:
            monkeypatch.chdir(path.parent)  # the name of a socket is short
            socket.socket(socket.AF_UNIX).bind(path.name)
        (refusal,) = load_board(home.uri).refusals
    finally:
        path.rmdir() if kind == "folder" else path.unlink()
        aside.rename(path)
    way_out = f"Move {path} away, which lies in the place of one of its files; then the same `bench run` that computed it sends"
    assert refusal.remedy.startswith(way_out)
    assert load_board(home.uri).refusals == []


def test_runs_of_other_tools_in_the_same_experiment(home: RecordedHome) -> None:
    client = client_for(home.uri)
    experiment = client.get_experiment_by_name("small")
    assert experiment is not None
    ours = {"bandbench.kind": "cell", "bandbench.complete": "1", "bandbench.used": "nan", "detector": "<b>\x1b[2J[red]x"}
    made = [client.create_run(experiment.experiment_id, tags=tags).info.run_id for tags in ({"tool": "another"}, ours)]
    try:
        board = load_board(home.uri)
        assert {row.detector for row in board.rows} == set(DETECTORS)
        (refusal,) = board.refusals
        assert (refusal.run_id, refusal.reason) == (made[1], RefusedBecause.MISSING)
        assert refusal.detector.isprintable()
    finally:
        for run_id in made:
            client.delete_run(run_id)


def test_all_places_show_it(home: RecordedHome, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change, _ = HOSTILE["text as scores"]
    with change(home):
        board = bb.leaderboard(tracking_uri=home.uri, submissions=False, progress=False)
        codes = []
        for words in ([], ["--json", str(tmp_path / "board.json")], ["--html", str(tmp_path / "board.html")]):
            with pytest.raises(SystemExit) as ended:
                main(["leaderboard", "--tracking-uri", home.uri, "--study", "small", *words])
            codes.append(ended.value.code)
    shown = capsys.readouterr().out
    assert codes == [3, 3, 3]
    assert [one.reason for one in board.refusals] == [RefusedBecause.INVALID]
    assert home.run_id in board.refused[0]
    assert "invalid: score file" in " ".join(shown.split())
    assert DETECTORS[1] in shown
    (entry,) = json.loads((tmp_path / "board.json").read_text())["refused"]
    assert (entry["run_id"], entry["reason"], entry["detector"]) == (home.run_id, "invalid", DETECTORS[0])
    page = (tmp_path / "board.html").read_text()
    assert home.run_id in page
    assert str(home.folder) not in page


VALUES = (
    None,
    "x",
    "<b>[bold]x",
    "a\x1b[2J",
    [1, 2],
    {"a": 1},
    -1,
    -0.5,
    1e300,
    True,
    10**8,
    1e-320,
    ["x"] * 500,
    "y" * 30_000,
)


def test_any_value_in_any_place_is_read_or_refused(home: RecordedHome, tmp_path: Path) -> None:
    document, refused, read = home.document, 0, 0
    for path in first_paths(document):
        for value in VALUES:
            changed = json.loads(json.dumps(document))
            at(changed, path[:-1])[path[-1]] = value
            (tmp_path / "cell.json").write_text(json.dumps(changed))
            try:
                read_cell(tmp_path)
                read += 1
            except RefusedError:
                refused += 1
    assert refused > 3 * read


def test_flipped_bytes_of_any_file_are_a_reason(home: RecordedHome) -> None:
    rng, reasons = np.random.default_rng(0), []
    for path in (home.folder / "cell.json", home.score_file("chosen")):
        content = path.read_bytes()
        for _ in range(15):
            damaged = bytearray(content)
            for place in rng.integers(0, len(content), 3):
                damaged[place] = rng.integers(0, 256)
            with home.changed(path, bytes(damaged)):
                reasons += [outcome.reason for outcome in outcomes([home.folder])]
    assert RefusedBecause.FAILED not in reasons
    assert sum(reason is not None for reason in reasons) > 10
