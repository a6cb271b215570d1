"""``bench show``: one plugin or study, found by its name."""

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from bandbench.benchmark.cli.app import app
from bandbench.benchmark.errors import PluginError


def shown(name: str) -> dict[str, Any]:
    return json.loads(CliRunner().invoke(app, ["show", name, "--json"]).output)


@pytest.mark.parametrize(
    ("name", "kind", "found"),
    [
        ("spectral_svm", "detector", "spectral_svm"),
        ("spectral_svm/faithful", "detector", "spectral_svm"),
        ("procedural/planted", "dataset", "procedural"),
        ("band_search", "study", "band_search"),
    ],
)
def test_a_preset_and_a_domain_are_shown_with_what_they_belong_to(name: str, kind: str, found: str) -> None:
    facts = shown(name)
    assert (facts["kind"], facts["name"]) == (kind, found)


def test_the_facts_of_a_data_set_name_its_domains() -> None:
    assert {"procedural/planted", "procedural/lattice"} <= set(shown("procedural")["domains"])


def test_yaml_leaves_out_what_is_empty_and_ends_with_the_description() -> None:
    text = CliRunner().invoke(app, ["show", "coin_flip"]).output
    assert text.startswith("kind: detector\nname: coin_flip\n")
    assert ": {}" not in text
    assert ": []" not in text


def test_an_unknown_name_has_the_nearest_one() -> None:
    error = CliRunner().invoke(app, ["show", "spectral_svn"]).exception
    assert isinstance(error, PluginError)
    assert str(error).startswith("unknown detector, data set or study 'spectral_svn'. Did you mean 'spectral_svm'?")
