"""The Python of README and docs: every name of `bandbench` exists, and takes the options that it is given."""

import ast
import inspect
import re
from pathlib import Path

import pytest

import bandbench as bb

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.S | re.M)


def calls(text: str) -> list[tuple[str, list[str]]]:
    """Names of `bandbench` that blocks of Python call, with the options that they are given."""
    nodes = [node for block in BLOCK.findall(text) for node in ast.walk(ast.parse(block)) if isinstance(node, ast.Call)]
    named = [(ast.unparse(node.func), [keyword.arg for keyword in node.keywords if keyword.arg]) for node in nodes]
    return [(name.removeprefix("bb."), options) for name, options in named if re.fullmatch(r"bb\.\w+", name)]


CALLS = [(path, *call) for path in PAGES for call in calls(path.read_text(encoding="utf-8"))]


@pytest.mark.parametrize(("path", "name", "options"), CALLS, ids=lambda value: value if isinstance(value, str) else "")
def test_functions_take_what_the_pages_give(path: Path, name: str, options: list[str]) -> None:
    assert set(options) <= set(inspect.signature(getattr(bb, name)).parameters), path


def test_the_pages_show_the_main_functions() -> None:
    assert {"run", "train"} <= {name for path, name, _ in CALLS if path.name == "README.md"}
    assert {"run", "train", "Band"} <= {name for path, name, _ in CALLS if path.name == "python.md"}


def test_a_call_that_is_wrong_would_be_seen() -> None:
    assert calls('```python\nbb.run("x", sed=3)\nother.run(y=1)\n```\n') == [("run", ["sed"])]
