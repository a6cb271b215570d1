"""YAML 1.2's core schema, read and written alike; nothing twice."""

import math
from typing import Any

import pytest

from bandbench.benchmark.store.yaml_text import YamlError, dump_yaml, parse_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001), ("1E+3", 1000.0), (".5", 0.5), ("1.", 1.0), ("-2.5e-10", -2.5e-10), ("+3", 3), ("010", 10),
        ("0o17", 15), ("0x1F", 31), ("1:30", "1:30"), ("1_000", "1_000"), ("0b11", "0b11"), ("yes", "yes"), ("no", "no"),
        ("on", "on"), ("Off", "Off"), ("y", "y"), ("true", True), ("FALSE", False), ("~", None), ("null", None), ("", None),
        ("2026-03-31", "2026-03-31"), ("-.inf", -math.inf), ("'1e-3'", "1e-3"), ("[1e-3, no]", [0.001, "no"]), ("e3", "e3"),
        ("1e", "1e"), (".", "."), ("-", None),
    ],
)  # fmt: skip
def test_words_of_the_core_schema(text: str, value: Any) -> None:
    if text == "-":
        value = [None]  # a list of nothing
    found = parse_yaml(text).data
    assert (found, type(found)) == (value, type(value))


def test_not_a_number_is_a_number() -> None:
    assert math.isnan(parse_yaml(".nan").data)


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb: 2\na: 3", 3, "the key 'a' stands here twice"),
        ("a:\n  b: 1\n  b: 2", 3, "the key 'b' stands here twice"),
        ("a: [1", 1, "not valid YAML"),
        ("a: 1\n---\nb: 2", 2, "not valid YAML"),
        ("a: \x00", 1, "not valid YAML"),
        ("!!python/object:os.system x", 1, "not valid YAML"),
        ("[" * 5000, 1, "not valid YAML"),
        ("? [a]\n: 1", 1, "not valid YAML"),
        ("!!int x", 1, "not valid YAML"),
    ],
)
def test_what_is_wrong_and_where(text: str, line: int, reason: str) -> None:
    with pytest.raises(YamlError) as caught:
        parse_yaml(text)
    assert reason in caught.value.reason
    assert caught.value.line == line


def test_what_is_written_is_read_as_it_was() -> None:
    value = {"a": ["1e-3", "0o17", "no", "1", ".5", "true", "~", "null", "", "2026-03-31"], "b": [0.001, 1e300, 7, True, None]}
    assert parse_yaml(dump_yaml(value)).data == value
