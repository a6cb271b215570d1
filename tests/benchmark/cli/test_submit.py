"""``bench submit`` as a user meets it: what it submits, what it says, and the command that follows."""

import json
import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.cli import main
from bandbench.benchmark.store.folders import results_root

Maker = Callable[..., Path]

STUDY = """\
name: small
detectors: [coin_flip]
train: [mine]
test: [mine]
seeds: 1
crop: {side: 64}
sweep: null
search: {trials: 0}
bootstrap: 200
"""


@pytest.fixture
def arguments(picture_folder: Maker, tmp_path: Path) -> list[str]:
    """A study of three cells."""
    (tmp_path / "study.yaml").write_text(STUDY)
    return [str(tmp_path / "study.yaml"), "--data", f"mine={picture_folder(n=24)}", "--seed", "3"]


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*words: str) -> tuple[int, str, str]:
        try:
            main(list(words))
            code: Any = 0
        except SystemExit as ended:
            code = ended.code or 0
        captured = capfd.readouterr()
        return code, captured.out, " ".join(captured.err.split())

    return run


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs on PATH that are called like those of SLURM, and take every job."""
    for name, text in (("sbatch", "echo Submitted batch job 4711"), ("srun", "")):
        path = tmp_path / "slurm" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'slurm'}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.usefixtures("slurm")
def test_it_prints_jobs_logs_and_the_command_that_follows(arguments: list[str], call: Any) -> None:
    code, out, err = call("submit", *arguments, "--shards", "2", "--json")
    assert code == 0, err
    assert "2 jobs submitted to SLURM: 4711_0, 4711_1; 3 of 3 cells are left." in err
    assert f"Every node must see {results_root()} and " in err
    assert f"Logs: {results_root()}/shards/logs/small~seed=3" in err
    assert "To stop them: scancel 4711 " in err
    follows = f"bench run {shlex.join(arguments)}"
    assert f"When all jobs have ended: {follows}" in err
    document = json.loads(out)
    assert (document["on"], document["cells"], document["recorded"], document["follows"]) == ("slurm", 3, 0, follows)
    assert [(one["shard"], one["job"], one["submitted"]) for one in document["shards"]] == [
        ("0/2", "4711_0", True),
        ("1/2", "4711_1", True),
    ]
    assert sum(len(one["left"]) for one in document["shards"]) == 3


@pytest.mark.usefixtures("slurm")
def test_a_second_submission_names_the_jobs_that_wait(arguments: list[str], call: Any) -> None:
    assert "submitted before" not in call("submit", *arguments, "--shards", "2")[2]
    _, _, err = call("submit", *arguments, "--shards", "2", "--dry-run")
    assert "have not begun: 4711_0 on SLURM (shard 0/2), 4711_1 on SLURM (shard 1/2). Their cells would be submitted" in err
    assert "Their cells are submitted a second time; cancel" in call("submit", *arguments, "--shards", "2")[2]


@pytest.mark.usefixtures("slurm")
def test_where_nothing_is_left_nothing_is_submitted(arguments: list[str], call: Any) -> None:
    assert call("run", *arguments, "--jobs", "1", "--shard", "0/1")[0] == 0
    code, _, err = call("submit", *arguments, "--shards", "2")
    assert code == 0
    assert "Nothing is left to compute: all 3 cells are recorded. To assemble them: bench run " in err
    assert not (results_root() / "shards" / "logs").exists()


def test_a_dry_run_lists_what_is_left_and_submits_nothing(arguments: list[str], call: Any) -> None:
    code, out, err = call("submit", *arguments, "--shards", "2", "--on", "local", "--dry-run", "--json")
    assert code == 0
    assert "shard 0/2: 2 of 2 cells are left, at most" in err
    assert "Nothing was submitted." in err
    assert {one["submitted"] for one in json.loads(out)["shards"]} == {False}
    assert not (results_root() / "shards").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "--shards N says how many jobs the cells are dealt out to: "),
        (("--shards", "0"), "--shards N says how many jobs the cells are dealt out to (at least 1, got 0)"),
        (("--shards", "2", "--on", "lokal"), "--on: unknown place 'lokal'. Did you mean 'local'?"),
        (("--shards", "2", "--on", "slurm"), "there is no SLURM here (sbatch and srun not on PATH)"),
        (("--shards", "2", "--on", "local", "--max-parallel", "1"), "--max-parallel: SLURM takes that"),
        (("--shards", "2", "--on", "local", "--time", "0"), "--time is at least 1, got 0."),
        (("nothing", "--shards", "2", "--on", "local"), "nothing"),
    ],
)
def test_wrong_options_are_one_message(
    words: tuple[str, ...], message: str, call: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    code, _, err = call("submit", *words)
    assert (code, "Traceback" in err) == (2, False)
    assert message in err
