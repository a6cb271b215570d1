"""One at a time, and nobody waits for the dead."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bandbench.benchmark.store.locks import LockHeldError, holding

HOLD = """
import pathlib, sys
from bandbench.benchmark.store.locks import holding
with holding(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    input()
"""


def test_a_lock_is_held_until_its_owner_dies(tmp_path: Path) -> None:
    path = tmp_path / "new" / "x.lock"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as owner:
        assert owner.stdout
        assert owner.stdout.readline() == "held\n"
        with pytest.raises(LockHeldError, match="another process works with"), holding(path, patience=0):
            pass
        owner.send_signal(signal.SIGKILL)
    with holding(path, patience=0):
        pass
    with holding(path, patience=0):  # and again
        pass
