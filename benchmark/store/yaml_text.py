"""
Read and write YAML strictly, with the numbers and words of YAML 1.2's core schema.

PyYAML knows YAML 1.1, where ``1e-3`` is text, ``010`` is eight, ``1:30`` is ninety and ``no`` is false.
"""

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..errors import SURROGATE, DataError, has_surrogate
from .files import read_file

MOST_BYTES = 2**18  # a study with a thousand detectors has a fifth of it; reading takes some seconds for each million
DEEPEST = 20  # lists and mappings in each other
MOST_VALUES = 100_000  # with every reference (`*name`) written out
MOST_DIGITS = 18  # of an integer, which so fits into 64 bits
TAG = "tag:yaml.org,2002:"
# Of https://yaml.org/spec/1.2.2/#103-core-schema, each with the characters that it begins with; merge keys are kept.
CORE_SCHEMA = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
    ("merge", r"<<", ["<"]),
)
BASES = {"0o": 8, "0x": 16}


class YamlError(ValueError):
    """
    Text that is not YAML, or YAML that says something twice.

    Attributes
    ----------
    line : int
        From 1.
    reason : str
        A sentence without its full stop.
    """

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


@dataclass(frozen=True)
class YamlText:
    """
    Content of a YAML text with the positions of its entries.

    Attributes
    ----------
    data : object
        Dicts, lists, numbers, texts, booleans and None.
    node : yaml.Node or None
        The same with its lines; None for an empty text.
    """

    data: Any
    node: yaml.Node | None


class CoreLoader(yaml.SafeLoader):
    """Safe loader of YAML 1.2's core schema, with a limit on the depth."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._depth = 0

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Compose a node and those below it."""
        self._depth += 1
        if self._depth > DEEPEST:
            raise YamlError(self.peek_event().start_mark.line + 1, f"more than {DEEPEST} lists or mappings in each other")
        node = super().compose_node(parent, index)
        self._depth -= 1
        if isinstance(node, yaml.ScalarNode) and has_surrogate(node.value):
            raise YamlError(node.start_mark.line + 1, SURROGATE)
        return node


class CoreDumper(yaml.SafeDumper):
    """Dumper whose plain words `CoreLoader` reads as what they were."""


CoreLoader.yaml_implicit_resolvers = {}
CoreDumper.yaml_implicit_resolvers = {}
for _name, _pattern, _first in CORE_SCHEMA:
    for _one in (CoreLoader, CoreDumper):
        _one.add_implicit_resolver(TAG + _name, re.compile(rf"(?:{_pattern})\Z"), _first)


def _integer(loader: CoreLoader, node: yaml.ScalarNode) -> int:
    text = loader.construct_scalar(node)
    if len(text.lstrip("+-0")) > MOST_DIGITS:
        raise YamlError(node.start_mark.line + 1, f"an integer of {len(text)} digits; at most {MOST_DIGITS} are read")
    base = BASES.get(text[:2], 10)
    return int(text if base == 10 else text[2:], base)


def _number(loader: CoreLoader, node: yaml.ScalarNode) -> float:
    text = loader.construct_scalar(node).lower()
    return float(text.replace(".inf", "inf").replace(".nan", "nan"))


CoreLoader.add_constructor(f"{TAG}int", _integer)
CoreLoader.add_constructor(f"{TAG}float", _number)


def read_yaml(path: Path) -> YamlText:
    """
    Read a file with one YAML document.

    Parameters
    ----------
    path : Path
        Of at most `MOST_BYTES`, in UTF-8.

    Raises
    ------
    DataError
        With the path and, where it has one, the line; see `parse_yaml`.
    """
    try:
        return parse_yaml(read_file(path, MOST_BYTES, "such a file").decode("utf-8-sig"))
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8 text.") from error
    except YamlError as error:
        raise DataError(f"{path}, line {error.line}: {error.reason}.") from error
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def parse_yaml(text: str) -> YamlText:
    """
    Read one YAML document.

    Raises
    ------
    YamlError
        If the text is malformed, has a key twice, is nested deeper than `DEEPEST`, or has more than `MOST_VALUES` values,
        integers of more than `MOST_DIGITS` digits or halves of surrogate pairs.
    """
    with _reported(text):
        node = yaml.compose(text, Loader=CoreLoader)
        if node is not None:
            _refuse_expansion(node)
            for mapping in _mappings(node):
                _refuse_repeated_keys(mapping)
        return YamlText(yaml.load(text, Loader=CoreLoader), node)


def _refuse_expansion(root: yaml.Node) -> None:
    """Refuse references that contain themselves, or more values than `MOST_VALUES` with all references written out."""
    counts: dict[int, int] = {}  # of values below a node; 0 while they are counted

    def count(node: yaml.Node) -> int:
        if id(node) not in counts:
            counts[id(node)] = 0
            counts[id(node)] = 1 + sum(count(part) for part in _parts(node))
        elif not counts[id(node)]:
            raise YamlError(node.start_mark.line + 1, "a list or mapping that contains itself")
        return counts[id(node)]

    if (n := count(root)) > MOST_VALUES:
        raise YamlError(1, f"{n:,} values, with references (`*name`) written out; at most {MOST_VALUES:,} are read")


def _parts(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        return [part for pair in node.value for part in pair]
    return node.value if isinstance(node, yaml.SequenceNode) else []


@contextlib.contextmanager
def _reported(text: str) -> Iterator[None]:
    """Turn whatever PyYAML raises into a `YamlError`."""
    try:
        yield
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise YamlError(mark.line + 1 if mark else 1, f"not valid YAML: {error.problem}") from error
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise YamlError(line, f"not valid YAML: the character {error.character!r} is not allowed") from error
    except RecursionError as error:
        raise YamlError(1, "not valid YAML: too many lists or mappings in each other") from error
    except YamlError:
        raise
    # A number that Python does not take, or a tag that does not fit: PyYAML's constructors then fail in any way.
    except (ValueError, OverflowError, KeyError, AttributeError, TypeError) as error:
        raise YamlError(1, f"not valid YAML: {str(error)[:100]}") from error


def dump_yaml(value: Any, width: int = 80) -> str:
    """Write a value as YAML that `parse_yaml` reads as the same; keys stay in their order."""
    return yaml.dump(value, Dumper=CoreDumper, sort_keys=False, allow_unicode=True, width=width)


def _refuse_repeated_keys(mapping: yaml.MappingNode) -> None:
    seen: set[tuple[str, str]] = set()
    for key, _ in mapping.value:
        name = (key.tag, str(key.value))
        if name in seen and isinstance(key, yaml.ScalarNode):
            raise YamlError(key.start_mark.line + 1, f"the key '{key.value}' stands here twice")
        seen.add(name)


def _mappings(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    """Yield all mappings below a node, each once even if it is referred to in several places."""
    waiting, seen = [node], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            yield node
        waiting += _parts(node)
