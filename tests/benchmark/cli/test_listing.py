"""``bench list``: every plugin and study with what it needs."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from bandbench.api.plugins import needs_text
from bandbench.benchmark.cli.app import app
from bandbench.benchmark.registry import datasets, detectors
from bandbench.benchmark.study.study_file import shipped_studies


def listed(kind: str) -> list[dict[str, Any]]:
    return json.loads(CliRunner().invoke(app, ["list", kind, "--json"]).output)


@pytest.mark.parametrize(
    ("kind", "names"),
    [("detectors", detectors.names()), ("datasets", datasets.names()), ("studies", shipped_studies())],
)
def test_none_is_missing(kind: str, names: list[str]) -> None:
    assert sorted(entry["name"] for entry in listed(kind)) == sorted(names)


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("folder", "--data NAME=DIR"),
        ("procedural", "nothing"),
        ("ffpp", "--data ffpp=DIR; faces cut out once: bench data prepare ffpp --root DIR"),
    ],
)
def test_needs_are_options_that_can_be_typed(name: str, needs: str) -> None:
    assert needs_text(datasets.get(name)) == needs


def test_a_healthy_status_is_not_printed_and_the_next_command_is() -> None:
    done = CliRunner().invoke(app, ["list", "studies"])
    assert "band_search" in done.stdout
    assert "status" not in done.stdout
    assert "bench run band_search" in done.stderr


def test_a_detector_of_a_study_is_listed_with_its_parameters() -> None:
    text = CliRunner().invoke(app, ["list", "studies"], env={"COLUMNS": "120"}).output
    assert "dct_ridge, dct_ridge(transform=dct)" in text
