"""Examples are short enough for a terminal and say what for."""

import pytest

from bandbench.benchmark.cli.examples import EXAMPLES, Example


@pytest.mark.parametrize("example", [example for some in EXAMPLES.values() for example in some], ids=lambda e: e.arguments)
def test_an_example_fits_a_terminal_and_has_a_purpose(example: Example) -> None:
    assert len(example.arguments) <= 104
    assert example.purpose
    assert not example.arguments.startswith("bench")


def test_no_command_has_an_example_twice() -> None:
    assert all(len(set(some)) == len(some) for some in EXAMPLES.values())
