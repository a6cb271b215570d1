"""What users read: warnings of ours as sentences, those of libraries as they are."""

import subprocess
import sys

PROGRAM = """
import warnings
from bandbench.benchmark.errors import BenchWarning, show_sentences
show_sentences()
show_sentences()
warnings.warn("half of the pictures at a time.", BenchWarning, stacklevel=1)
warnings.warn("old", DeprecationWarning, stacklevel=1)
"""


def test_a_warning_of_ours_is_one_sentence() -> None:
    command = [sys.executable, "-W", "always", "-c", PROGRAM]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stderr.splitlines()
    assert lines[0] == "bench: half of the pictures at a time."
    assert "DeprecationWarning: old" in lines[1]
