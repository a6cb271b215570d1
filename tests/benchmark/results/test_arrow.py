"""Functions of pyarrow on columns."""

import pyarrow as pa

from bandbench.benchmark.results.arrow import pc


def test_functions_that_pyarrow_makes_at_import_are_there() -> None:
    assert pc.if_else(pa.array([True, False]), "a", "b").to_pylist() == ["a", "b"]
