"""YAML 1.2's core schema, read and written alike; nothing twice."""

import math
import os
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.store.yaml_text import MOST_BYTES, YamlError, dump_yaml, parse_yaml, read_yaml

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 40)
)


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
        ('a: 1\nb: "\\ud800"', 2, "half of a surrogate pair"),
        ("!!python/object:os.system x", 1, "not valid YAML"),
        ("[" * 5000, 1, "more than 20 lists or mappings in each other"),
        (
            "a: 1\nb:\n" + "".join(" " * depth + "c:\n" for depth in range(1, 40)),
            21,
            "more than 20 lists or mappings in each other",
        ),
        ("a: 1\nb: " + "9" * 5000, 2, "an integer of 5000 digits; at most 18 are read"),
        ("a: 1\nb: 0x" + "f" * 40, 2, "an integer of 42 digits"),
        ("a: 1\nb: &b [*b]", 2, "contains itself"),
        ("a: 1\nb: &b\n  <<: *b", 2, "contains itself"),
        ("&a {c: {d: *a}}", 1, "contains itself"),
        (BOMB, 1, "at most 100,000 are read"),
        ("? [a]\n: 1", 1, "not valid YAML"),
        ("!!int x", 1, "not valid YAML"),
        ("!!bool maybe", 1, "not valid YAML"),
        ("!!timestamp x", 1, "not valid YAML"),
        ("!!float [1]", 1, "not valid YAML"),
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


def test_references_are_read_where_they_stay_small() -> None:
    assert parse_yaml("a: &a [1, 2]\nb: *a\nc: [*a, *a]").data == {"a": [1, 2], "b": [1, 2], "c": [[1, 2], [1, 2]]}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a: \xff", "is not UTF-8 text"),
        ("a: 1".encode("utf-16"), "is not UTF-8 text"),
        (b"a: 1\na: 2", "line 2: the key 'a' stands here twice"),
        (b"a: " + b"x" * MOST_BYTES, "0.3 MiB are more than such a file has; it is not read"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(content: bytes, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_yaml(path)
    assert str(caught.value).startswith(str(path)) and reason in str(caught.value)


def test_neither_a_pipe_nor_a_device_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    for name in ("pipe.yaml", "zero.yaml"):
        with pytest.raises(DataError, match="neither a file nor a folder"):
            read_yaml(tmp_path / name)


def test_a_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "file.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1")
    assert read_yaml(path).data == {"a": 1}
