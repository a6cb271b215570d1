"""``bench run`` as a user meets it: exit codes and messages; real processes where signals, locks or many at once matter."""

import contextlib
import csv
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from bandbench.benchmark.cli import main
from conftest import score_files

Maker = Callable[..., Path]

STUDY = """\
name: small
detectors: [spectral_svm, dct_ridge]
train: [mine]
test: [mine]
seeds: 2
crop: {side: 64}
sweep: {width: 0.06, step: 0.06}
search: {trials: 4}
bootstrap: 200
controls: false
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    path = tmp_path / "study.yaml"
    path.write_text(STUDY)
    return path


def command(*arguments: object) -> list[str]:
    return [sys.executable, "-c", "from bandbench.benchmark.cli import main; main()", *map(str, arguments)]


def process(*arguments: object, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    environment = os.environ | ({"BANDBENCH_HOME": str(home)} if home else {}) | {"COLUMNS": "120"}
    return subprocess.run(command(*arguments), capture_output=True, text=True, env=environment, timeout=300)


Bench = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Bench:
    """Run a command in this process, which has imported what it needs and has a server of workers."""
    monkeypatch.setenv("COLUMNS", "120")

    def call(*arguments: object, home: Path | None = None) -> subprocess.CompletedProcess[str]:
        words = [str(argument) for argument in arguments]
        with monkeypatch.context() as patch, pytest.raises(SystemExit) as stop:
            if home:
                patch.setenv("BANDBENCH_HOME", str(home))
            main(words)
        out, err = capsys.readouterr()
        assert isinstance(stop.value.code, int)
        return subprocess.CompletedProcess(words, stop.value.code, out, err)

    return call


def assert_one_message(result: subprocess.CompletedProcess[str], message: str, code: int = 2) -> None:
    assert result.returncode == code, result.stderr
    assert "Traceback" not in result.stderr
    assert message in " ".join(result.stderr.split())


def test_strict_refuses_before_any_fit_what_a_run_marks(
    bench: Bench, study: Path, picture_folder: Maker, tmp_path: Path
) -> None:
    root = picture_folder(n=30)
    for path in list((root / "fake").iterdir()):
        with Image.open(path) as picture:
            picture.save(path.with_suffix(".jpg"), quality=75)
        path.unlink()
    study.write_text(
        STUDY.replace("controls: false", "controls: true").replace("sweep: {width: 0.06, step: 0.06}", "sweep: null")
    )
    options = (
        "run",
        study,
        "--data",
        f"mine={root}",
        "--trials",
        0,
        "--detector",
        "coin_flip",
        "--json",
        tmp_path / "rows.json",
    )
    sentence = (
        "the classes of mine differ in format: PNG (real) against JPEG 75 (fake); facts of the files alone reach AUC 1.000"
    )
    assert_one_message(bench(*options, "--strict"), sentence)
    assert not (tmp_path / "rows.json").exists()
    result = bench(*options)
    assert result.returncode == 0, result.stderr
    board = json.loads((tmp_path / "rows.json").read_text())
    rows = {row["detector"]: row for row in board["rows"] if row["role"] == "chosen"}
    assert set(rows) == {"coin_flip", "file_facts", "permuted_labels"}
    assert rows["file_facts"]["in_domain_auc"] == 1
    for row in rows.values():
        assert "shortcut" in row["marks"] and row["shortcut"]["fact"] == "format"
        assert row["shortcut"] == row["tests"][0]["shortcut"]
    assert any(sentence[1:] in note for note in board["notes"])
    assert {row["detector"] for row in json.loads(bench(*options[:-1], "-", "--no-controls").stdout)["rows"]} == {"coin_flip"}


def test_a_source_of_reals_that_is_stored_in_another_way_marks_the_rows(
    bench: Bench, study: Path, picture_folder: Maker, tmp_path: Path
) -> None:
    """Fakes and reals of the data set are PNG files, the reals of the source JPEG files."""
    root, other = picture_folder(n=30), picture_folder("photos", n=30, first_seed=900) / "real"
    for path in list(other.iterdir()):
        with Image.open(path) as picture:
            picture.save(path.with_suffix(".jpg"), quality=75)
        path.unlink()
    study.write_text(STUDY.replace("sweep: {width: 0.06, step: 0.06}", "sweep: null"))
    options = ("run", study, "--data", f"mine={root}", "--reals", other, "--trials", 0, "--detector", "coin_flip")
    sentence = "he fakes of mine and the reals of photos differ in format: JPEG 75 (real) against PNG (fake);"
    assert_one_message(bench(*options, "--strict"), f"t{sentence}")
    tables = ("--json", tmp_path / "rows.json", "--csv-tests", tmp_path / "tests.csv")
    result = bench(*options, *tables)
    assert result.returncode == 0, result.stderr
    assert f"T{sentence}" in " ".join(result.stdout.split())
    board = json.loads((tmp_path / "rows.json").read_text())
    for row in board["rows"]:
        assert "shortcut" in row["marks"]
        (test,) = row["tests"]
        own, photos = (result["shortcut"] for result in test["by_reals"])
        assert own == test["shortcut"] == row["shortcut"]
        assert (own["ambiguous"], photos["ambiguous"], photos["fact"]) == (True, False, "format")
        assert photos["lo"] > 0.6
    assert any(f"T{sentence}" in note for note in board["notes"])
    line = next(csv.DictReader(io.StringIO((tmp_path / "tests.csv").read_text())))
    assert line["test.by_reals.photos.shortcut.fact"] == "format"
    assert float(line["test.by_reals.photos.shortcut.lo"]) > 0.6


def test_strict_prints_what_a_generator_may_have_left_and_goes_on(bench: Bench, study: Path, picture_folder: Maker) -> None:
    root = picture_folder(n=30)
    for path in (root / "fake").iterdir():
        with Image.open(path) as picture:
            small = picture.resize((56, 56), Image.Resampling.BILINEAR)
        small.resize((64, 64), Image.Resampling.BILINEAR).save(path)
    study.write_text(STUDY.replace("sweep: {width: 0.06, step: 0.06}", "sweep: null"))
    result = bench("run", study, "--data", f"mine={root}", "--trials", 0, "--detector", "coin_flip", "--strict")
    assert result.returncode == 0, result.stderr
    said = " ".join(result.stderr.split())
    assert "The classes of mine differ in" in said
    assert "This is ambiguous" in said
    assert "--strict does not refuse this" in said


def test_from_folder_to_leaderboard(study: Path, picture_folder: Maker, tmp_path: Path) -> None:
    data = f"mine={picture_folder()}"
    result = process("run", "--study", study, "--data", data, "--json", tmp_path / "rows.json")
    assert result.returncode == 0, result.stderr
    assert "generalization leaderboard" in result.stdout
    for step in ("bench ui", "bench leaderboard", "bench train", "bench scan"):
        assert step in result.stderr
    rows = json.loads((tmp_path / "rows.json").read_text())
    assert rows["study"] == "small"
    again = process("run", "--study", study, "--data", data, "--json")
    assert again.returncode == 0
    assert json.loads(again.stdout) == rows
    assert "Nothing was left to do" in again.stderr
    board = process("leaderboard", "--study", "small", "--json")
    assert board.returncode == 0, board.stderr
    assert len(json.loads(board.stdout)["rows"]) == len(rows["rows"])


Here = Callable[..., None]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    """Run a command in this process and see that it ends with exit code 2 and one message."""

    def call(*arguments: str, message: str) -> None:
        monkeypatch.setenv("COLUMNS", "200")
        with pytest.raises(SystemExit) as stop:
            main(list(arguments))
        assert stop.value.code == 2
        captured = " ".join(capsys.readouterr().err.split())
        assert message in captured
        assert "Traceback" not in captured

    return call


def wait_for_records(home: Path, n: int) -> None:
    for _ in range(1200):
        if len(list(home.glob("records/*/*.json"))) >= n:
            return
        time.sleep(0.05)
    pytest.fail("the run recorded nothing within a minute")


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGKILL])
def test_what_was_stopped_goes_on(
    bench: Bench, study: Path, picture_folder: Maker, empty_store: Path, tmp_path: Path, ending: signal.Signals
) -> None:
    """An interrupted run and its continuation leave what one whole run leaves, and record nothing twice."""
    for name in ("whole", "stopped"):
        (tmp_path / name).mkdir()
        shutil.copy(empty_store, tmp_path / name)
    arguments = ("run", "--study", study, "--data", f"mine={picture_folder()}", "--jobs", "2")
    whole = bench(*arguments, home=tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr

    environment = os.environ | {"BANDBENCH_HOME": str(tmp_path / "stopped")}
    with subprocess.Popen(
        command(*arguments), env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as first:
        wait_for_records(tmp_path / "stopped", 10)
        if ending is signal.SIGINT:
            os.killpg(first.pid, ending)  # as a terminal does: to the workers, too
        else:
            first.send_signal(ending)
        _, messages = first.communicate(timeout=60)
    assert "Traceback" not in messages
    if ending is signal.SIGINT:
        assert first.returncode == 130
        assert "the same command continues" in messages

    rest = process(*arguments, home=tmp_path / "stopped")
    assert rest.returncode == 0, rest.stderr
    assert score_files(tmp_path / "stopped") == score_files(tmp_path / "whole")
    from bandbench.benchmark.tracking.store import client_for

    counts = []
    for name in ("whole", "stopped"):
        client = client_for(f"sqlite:///{tmp_path}/{name}/mlflow.db")
        experiment = client.get_experiment_by_name("small")
        assert experiment is not None
        runs = client.search_runs([experiment.experiment_id], max_results=1000)
        keys = [run.data.tags["bandbench.key"] for run in runs]
        assert len(set(keys)) == len(keys)
        counts.append(sorted(keys))
    assert counts[0] == counts[1]


def timeless(board: Path) -> object:
    """The JSON of a board without what a clock has said."""
    clocks = {"fit_seconds", "score_ms", "ms_per_picture", "finished"}

    def without(value: object) -> object:
        if isinstance(value, dict):
            return {key: without(entry) for key, entry in value.items() if key not in clocks}
        return [without(entry) for entry in value] if isinstance(value, list) else value

    return without(json.loads(board.read_text()))


def wait_for_file(path: Path) -> None:
    for _ in range(2400):
        if path.exists():
            return
        time.sleep(0.05)
    pytest.fail(f"{path.name} was not written within two minutes")


def test_three_shards_at_once_one_of_them_killed_give_the_bytes_of_one_run(
    bench: Bench, study: Path, picture_folder: Maker, empty_store: Path, tmp_path: Path
) -> None:
    for name in ("whole", "shared"):
        (tmp_path / name).mkdir()
        shutil.copy(empty_store, tmp_path / name)
    study.write_text(STUDY.replace("controls: false", "controls: true").replace("seeds: 2", "seeds: 1"))
    data = f"mine={picture_folder()}"
    arguments = ("run", "--study", study, "--data", data, "--jobs", 1)
    whole = bench(*arguments, "--json", tmp_path / "whole.json", home=tmp_path / "whole")
    assert whole.returncode == 0, whole.stderr

    shared = tmp_path / "shared"
    environment = os.environ | {"BANDBENCH_HOME": str(shared), "BANDBENCH_CACHE": str(tmp_path / "new-cache")}
    with contextlib.ExitStack() as stack:
        processes = [
            subprocess.Popen(command(*arguments, "--shard", f"{index}/3"), env=environment, stderr=subprocess.PIPE, text=True)
            for index in range(3)
        ]
        for started in processes:
            stack.callback(started.kill)
        wait_for_file(shared / "locks" / "small.shard-0-of-3.owner")
        processes[0].send_signal(signal.SIGSTOP)  # it is being run for as long as it takes to look at it
        early = process(*arguments, home=shared)
        assert_one_message(early, "Wait until all shards have ended, then repeat this command")
        assert f"0/3 (host {socket.gethostname()}, pid {processes[0].pid}, since" in early.stderr
        messages = [started.communicate(timeout=300)[1] for started in processes[1:]]
        assert [started.returncode for started in processes[1:]] == [0, 0], messages
        n_before = len(list(shared.glob("records/*/*.json")))
        processes[0].send_signal(signal.SIGCONT)
        wait_for_records(shared, n_before + 1)
        processes[0].kill()
        processes[0].communicate(timeout=60)
        assert processes[0].returncode == -signal.SIGKILL
    again = process(*arguments, "--shard", "0/3", home=shared)
    assert again.returncode == 0, again.stderr
    for index, text in enumerate((again.stderr, *messages)):
        (line,) = [line for line in text.splitlines() if "when all shards have ended" in line]
        assert f"of shard {index}/3 recorded; when all shards have ended: bench run --study {study} --data {data}" in line

    early = bench("leaderboard", "--study", "small", home=shared)
    assert_one_message(early, "Shards of the study 'small' have recorded 4 cells that are not in the tracking store yet.")
    assert f"When all shards have ended, `bench run --study {study} --data {data}` collects them." in early.stderr

    last = process(*arguments, "--json", tmp_path / "shared.json", home=shared)
    assert last.returncode == 0, last.stderr
    assert "every fit of this study is on record" in " ".join(last.stderr.split())
    assert score_files(shared) == score_files(tmp_path / "whole")
    assert timeless(tmp_path / "shared.json") == timeless(tmp_path / "whole.json")


def test_a_shard_has_no_board_to_write(bench: Bench, study: Path, picture_folder: Maker) -> None:
    arguments = ("run", study, "--data", f"mine={picture_folder()}", "--shard", "0/2")
    assert_one_message(bench(*arguments, "--json"), "shard 0/2 has no board that could be written to -; the run of the whole")
    facts = json.loads(bench(*arguments, "--dry-run", "--json").stdout)
    assert (facts["shard"], facts["shard_cells"]) == ("0/2", ["dct_ridge on mine"])
    text = bench(*arguments, "--dry-run").stdout
    assert "shard 0/2: 1 of 2 cells" in text
    assert "dct_ridge on mine" in text


def test_in_a_slurm_array_the_shard_is_the_task_and_that_is_said(
    bench: Bench, study: Path, picture_folder: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"ID": 2, "COUNT": 2, "MIN": 1, "MAX": 2}.items():
        monkeypatch.setenv(f"SLURM_ARRAY_TASK_{name}", str(value))
    arguments = ("run", study, "--data", f"mine={picture_folder()}", "--dry-run")
    result = bench(*arguments)
    assert "Shard 1/2, of SLURM_ARRAY_TASK_ID=2 and SLURM_ARRAY_TASK_COUNT=2" in " ".join(result.stderr.split())
    assert "shard 1/2: 1 of 2 cells" in result.stdout
    assert "shard" not in bench(*arguments, "--shard", "none").stdout
    assert_one_message(bench(*arguments, "--shard", "2/2"), "--shard takes I/N")


def test_dry_run_says_what_it_would_do_and_does_nothing(
    bench: Bench, study: Path, picture_folder: Maker, tmp_path: Path
) -> None:
    result = bench("run", "--study", study, "--data", f"mine={picture_folder()}", "--dry-run")
    assert result.returncode == 0, result.stderr
    assert "Nothing was run" in " ".join(result.stdout.split())
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["mlflow.db"]


def test_a_folder_alone_is_trained_and_tested_on(bench: Bench, picture_folder: Maker) -> None:
    result = bench("run", "--data", f"faces={picture_folder()}", "--crop", 64, "--dry-run", "--json")
    facts = json.loads(result.stdout)
    assert [entry["domain"] for entry in facts["domains"]] == ["faces"]


def test_bad_pictures_end_with_gaps(bench: Bench, study: Path, picture_folder: Maker) -> None:
    root = picture_folder()
    (root / "real" / "text.png").write_text("hello")
    result = bench("run", "--study", study, "--data", f"mine={root}", "--trials", 0, "--seeds", 1)
    assert_one_message(
        result, "mine: real/text.png: not a JPEG, PNG, WebP, BMP or TIFF picture, nor another that is read", code=3
    )
    assert "generalization leaderboard" in result.stdout


def test_a_store_that_does_not_answer(
    bench: Bench, study: Path, picture_folder: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    arguments = ("--study", study, "--data", f"mine={picture_folder()}", "--trials", 0, "--seeds", 1)
    result = bench("run", *arguments, "--tracking-uri", "http://127.0.0.1:9")
    assert_one_message(result, "the tracking store http://127.0.0.1:9 does not answer", code=3)
    assert "bench sync" in result.stderr
    assert "generalization leaderboard" in result.stdout
    synced = bench("sync")
    assert synced.returncode == 3
    assert "left" in synced.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--study", "band_serch"], "unknown study 'band_serch'. Did you mean 'band_search'?"),
        (["--detector", "spectral_svn"], "Did you mean 'spectral_svm'?"),
        (["--train", "procedural/plantd"], "Did you mean 'planted'?"),
        (["--data", "mine"], "--data wants NAME=DIR"),
        (["--data", "mine=/nowhere"], "no folder /nowhere; check the path"),
        (["--data", "Mine!=/tmp"], "needs lower-case letters, digits and underscores"),
        (["--trials", "-1"], "search.trials"),
        (["--jobs", "0"], "--jobs is at least 1, got 0"),
        (["--mode", "kepp"], "mode: wanted 'keep', 'reweight' or 'pixels', got 'kepp'. Did you mean 'keep'?"),
        (["--sedes", "3"], "No such option"),
        (["--storage", "nonsense://x", "--train", "procedural/planted"], "the storage nonsense://x cannot be opened"),
    ],
)
def test_mistakes_on_the_command_line(arguments: list[str], message: str, here: Here) -> None:
    here("run", *arguments, message=message)


def test_layout_mistakes_in_a_folder(tmp_path: Path, here: Here) -> None:
    (tmp_path / "empty").mkdir()
    here("run", "--data", f"mine={tmp_path}/empty", message="needs the sub-folders real/ and fake/")


def test_a_folder_that_cannot_be_written(monkeypatch: pytest.MonkeyPatch, here: Here) -> None:
    monkeypatch.setenv("BANDBENCH_HOME", "/proc/bandbench")
    here("run", message="cannot write to /proc/bandbench")


def test_leaderboard_of_nothing(here: Here) -> None:
    here("leaderboard", message="nothing is recorded in")
