"""The form of ``cell.json``: each field has a type and a range."""

import copy
from typing import Any

import pytest
from made_boards import document_of

from bandbench.benchmark.results.cell_document import SCHEMA, CellDocument
from bandbench.benchmark.results.cell_form import check_form
from bandbench.benchmark.results.refusals import RefusedBecause, RefusedError

LONG = "x" * 3000


@pytest.fixture
def document() -> dict[str, Any]:
    return document_of("svm", "set/a", 2)


def test_a_document_passes(document: dict[str, Any]) -> None:
    check_form(document, "cell.json")
    assert CellDocument.from_json(document).to_json()["schema"] == SCHEMA


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"bootstrap": 10**8}, "bootstrap"),
        ({"bootstrap": 0}, "bootstrap"),
        ({"bootstrap": "many"}, "bootstrap"),
        ({"bootstrap": True}, "bootstrap"),
        ({"seeds": -1}, "seeds"),
        ({"seeds": 2.5}, "seeds"),
        ({"detector": "svm\x1b[2J"}, "printable"),
        ({"detector": LONG}, "detector"),
        ({"train": ["a\u202eb"]}, "train"),
        ({"tests": ["set/a"] * 6000}, "tests"),
        ({"finished": float("inf")}, "finished"),
        ({"finished": 1e300}, "finished"),
        ({"decode_ms": float("nan")}, "decode_ms"),
        ({"decode_ms": -1.0}, "decode_ms"),
        ({"train_overlap": 1.5}, "train_overlap"),
        ({"evidence": [{"low": 0.3, "high": 0.2}]}, "evidence"),
        ({"evidence": [{"low": 0.1, "high": 5.0}]}, "evidence"),
        ({"plateau": {"low": "a", "high": 0.2}}, "plateau.low"),
        ({"dropped_leaks": {"train": -3}}, "dropped_leaks"),
        ({"lookalikes": {"set/a": {"n": -3, "pairs": []}}}, "lookalikes"),
        ({"data": {"set": {"missing": 3}}}, "missing"),
        ({"gaps": ["\x1b[31mred"]}, "control characters"),
        ({"released": {"set/a": "tomorrow"}}, "released"),
        ({"reported": [{"value": 2, "metric": "auc", "data": "d", "source": "s"}]}, "reported"),
        ({"clips": "best"}, "clips"),
        ({"crop": {"side": 0}}, "side"),
        ({"narrow": [{"kind": "band", "low": 0.1, "high": 0.2, "val": [1.5, 0.1], "tests": {}}]}, "val"),
        ({"tested": [{"role": "chosen"}]}, "KeyError: 'band'"),
        ({"tested": [7]}, "tested.0"),
    ],
)
def test_a_value_out_of_its_range_is_named(change: dict[str, Any], words: str, document: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match=words) as raised:
        check_form(document | change, "cell.json")
    assert raised.value.reason is RefusedBecause.INVALID


@pytest.mark.parametrize("value", [None, "x", [1, 2], {"a": 1}, -1, 1e300, True, ["x"] * 100])
def test_any_value_in_any_place_is_read_or_refused(value: Any, document: dict[str, Any]) -> None:
    refused = 0
    for name in document:
        changed = copy.deepcopy(document) | {name: value}
        try:
            CellDocument.from_json(changed)
        except RefusedError:
            refused += 1
    assert refused > len(document) / 2
