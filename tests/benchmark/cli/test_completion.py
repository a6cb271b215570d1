"""Completion of values goes by names of files and what stands on the line."""

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from bandbench.benchmark.cli import completion


def names_of_domains(data: list[str] | None, incomplete: str) -> list[str]:
    context: Any = SimpleNamespace(params={"data": data})
    return completion.domains(context, incomplete)


def test_a_folder_of_the_line_is_a_domain() -> None:
    assert names_of_domains(["mine=pictures/"], "min") == ["mine"]
    assert names_of_domains(None, "min") == []


def test_domains_are_data_sets_and_what_studies_name() -> None:
    assert names_of_domains(None, "procedural/pl") == ["procedural/planted"]
    assert names_of_domains(None, "ffh") == ["ffhq"]


def test_what_plugins_share_is_no_plugin() -> None:
    assert not {"learning", "forensics"} & set(completion.detectors(""))
    assert not {"copies", "faces", "doctor"} & set(completion.datasets(""))


def test_everything_has_detectors_data_sets_and_studies_sorted() -> None:
    names = completion.everything("")
    assert {"coin_flip", "procedural", "band_search"} <= set(names)
    assert names == sorted(names)


def test_no_plugin_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "bandbench.detectors.coin_flip", raising=False)
    assert completion.detectors("coin") == ["coin_flip"]
    assert "bandbench.detectors.coin_flip" not in sys.modules
