"""The fuzzers, some dozens of mutations each; ``make survival`` runs thousands."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import fuzz_clips
import fuzz_models


@pytest.mark.parametrize(("fuzz", "n"), [(fuzz_models.main, 21), (fuzz_clips.main, 8)])
def test_no_mutation_ends_badly(fuzz: object, n: int, capsys: pytest.CaptureFixture[str]) -> None:
    assert callable(fuzz)
    assert fuzz(n) == 0, capsys.readouterr().out
