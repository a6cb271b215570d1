"""The job of a shard runs a command, ends with it, and is queued again as it was."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cloudpickle
import pytest

from bandbench.api.shard_job import ShardJob


def test_the_command_runs_in_the_folder_with_the_variables(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "plugin.py").write_text("import os\nprint(os.environ['BANDBENCH_HOME'], os.environ.get('GONE'))\n")
    monkeypatch.setenv("GONE", "there")
    job = ShardJob(["show", "plugin.py:Class"], str(tmp_path), {"BANDBENCH_HOME": "/a/home", "GONE": None})
    with pytest.raises(RuntimeError, match=r"bench show plugin.py:Class ended with code 2"):
        job()
    assert "/a/home None" in capfd.readouterr().out


@pytest.mark.parametrize(("words", "code"), [(["--version"], 0), (["list", "studies"], 0)])
def test_a_command_that_ends_well_gives_its_code(words: list[str], code: int, tmp_path: Path) -> None:
    assert ShardJob(words, str(tmp_path), {})() == code


def test_it_is_sent_by_name_and_queued_again_as_it_was(tmp_path: Path) -> None:
    job = ShardJob(["--version"], str(tmp_path), {"A": "b", "C": None})
    for other in (cloudpickle.loads(cloudpickle.dumps(job)), job.checkpoint().function):
        assert vars(other) == vars(job)


def test_no_command_outlives_a_job_that_is_ended(tmp_path: Path) -> None:
    """The signal of a walltime leaves the job by an exception, whatever it waits for."""
    (tmp_path / "plugin.py").write_text(
        "import os, pathlib, time\npathlib.Path('pid').write_text(str(os.getpid()))\ntime.sleep(60)\n"
    )
    code = (
        "import signal, sys\nfrom bandbench.api.shard_job import ShardJob\n"
        "signal.signal(signal.SIGUSR2, lambda *_: sys.exit(7))\n"
        f"ShardJob(['show', 'plugin.py:Class'], {str(tmp_path)!r}, {{}})()"
    )
    with subprocess.Popen([sys.executable, "-c", code]) as process:
        for _ in range(600):
            if (tmp_path / "pid").exists() and (tmp_path / "pid").read_text():
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGUSR2)
        assert process.wait(60) == 7
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)


def test_a_plain_kill_ends_a_job_of_this_machine(tmp_path: Path) -> None:
    """The library that starts it has the signal ignored by then."""
    (tmp_path / "plugin.py").write_text("import pathlib, time\npathlib.Path('begun').touch()\ntime.sleep(60)\n")
    code = (
        "import signal\nfrom bandbench.api.shard_job import ShardJob\n"
        "signal.signal(signal.SIGTERM, lambda *_: None)\n"
        f"ShardJob(['show', 'plugin.py:Class'], {str(tmp_path)!r}, {{}})()"
    )
    environment = os.environ | {"SUBMITIT_EXECUTOR": "local"}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE) as process:
        for _ in range(600):
            if (tmp_path / "begun").exists():
                break
            time.sleep(0.05)
        process.terminate()
        _, messages = process.communicate(timeout=50)
    assert b"Traceback" not in messages
    assert messages.endswith(b"The shard was stopped. What was recorded is kept; the same `bench submit` goes on.\n")
