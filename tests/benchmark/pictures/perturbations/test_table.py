"""Every parameter has values that it takes, and every perturbation is documented."""

import inspect
from pathlib import Path

import pytest

from bandbench.benchmark.pictures.perturbations.table import (
    CHECKS,
    CLEAN,
    OF_REALS,
    PUBLISHED,
    RANGES,
    WORDS,
    defaults_of,
)

DOCS = Path(__file__).parents[4] / "docs"


@pytest.mark.parametrize("kernel", [*CLEAN.values(), *PUBLISHED.values()], ids=lambda kernel: kernel.__name__)
def test_every_parameter_has_its_values(kernel) -> None:
    for name, default in defaults_of(kernel).items():
        if isinstance(default, str):
            assert default in WORDS[name]
        else:
            low, high = RANGES[name]
            assert min(low, 0) <= default <= high  # 0 draws a published strength


def test_those_of_reals_take_statistics() -> None:
    taking = [name for name, kernel in CLEAN.items() if "reference" in inspect.signature(kernel).parameters]
    assert sorted(taking) == sorted(OF_REALS)
    assert set(CHECKS) <= set(CLEAN)


@pytest.mark.parametrize("name", CLEAN)
def test_every_perturbation_is_listed_in_the_docs(name: str) -> None:
    text = (DOCS / "reference" / "studies.md").read_text()
    names = [line.split("|")[1] for line in text.splitlines() if line.startswith("| ")]
    assert f"`{name}`" in " ".join(names)
