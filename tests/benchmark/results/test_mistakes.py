"""Names in the file of a cell's worst mistakes, which recorded cells already have."""

from bandbench.benchmark.contracts import FAKE, REAL
from bandbench.benchmark.results.mistakes import FILE, NAMES, PER_CLASS


def test_recorded_names_stay() -> None:
    assert (FILE, PER_CLASS) == ("mistakes.json", 6)
    assert NAMES == {REAL: "reals", FAKE: "fakes"}
