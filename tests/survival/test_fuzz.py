"""The fuzzers, some dozens of mutations each; ``make survival`` runs thousands."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(("fuzzer", "n"), [("fuzz_models", 21), ("fuzz_clips", 8)])
def test_no_mutation_ends_badly(fuzzer: str, n: int) -> None:
    """In a process of its own: a fuzzer forks, and a fork of a process that has fitted in several threads may never end."""
    command = [sys.executable, str(Path(__file__).with_name(f"{fuzzer}.py")), str(n)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
