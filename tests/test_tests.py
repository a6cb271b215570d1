"""Assertions that cannot fail are refused."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
FILES = sorted(TESTS.rglob("*.py"))


def faults(code: str) -> list[str]:
    """Assertions of a test file that cannot fail, or hide what failed, with their lines."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Assert):
            found += [f"{node.lineno}: {fault}" for fault in _faults_of(node.test)]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.raises":
            wide = {"Exception", "BaseException"} & {ast.unparse(argument) for argument in node.args[:1]}
            found += [f"{node.lineno}: expects any {name}" for name in wide]
    return found


def _faults_of(test: ast.expr) -> list[str]:
    found = []
    if isinstance(test, ast.Constant | ast.Tuple | ast.List | ast.Dict | ast.Lambda | ast.GeneratorExp | ast.JoinedStr):
        found.append("asserts a value that is always true or always false")
    if isinstance(test, ast.IfExp) and {type(test.body), type(test.orelse)} & {ast.Constant}:
        found.append("asserts a constant in one of two cases; assert in a branch, or for both")
    for node in ast.walk(test):
        if isinstance(node, ast.BoolOp) and isinstance(node.op, ast.Or):
            found.append("asserts one thing `or` another; which of them is known, so assert that one")
        if isinstance(node, ast.Compare):
            sides = [ast.unparse(side) for side in (node.left, *node.comparators) if not isinstance(side, ast.Call)]
            if len(set(sides)) < len(sides):
                found.append("compares a thing with itself")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(TESTS)))
def test_every_assertion_can_fail(path: Path) -> None:
    assert faults(path.read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "assert a < b or c",
        "assert (a or {})['x'] == 1",
        "assert (a == b, 'message')",
        "assert 'message'",
        "assert a == 1 if a else True",
        "assert a.b == a.b",
        "assert 0 < a < 9 > a",
        "with pytest.raises(Exception, match='x'): f()",
    ],
)
def test_what_cannot_fail_is_seen(line: str) -> None:
    assert len(faults(line)) == 1


@pytest.mark.parametrize("line", ["assert a", "assert f(1) == f(1)", "assert a != a2", "with pytest.raises(ValueError): f()"])
def test_what_can_fail_is_not(line: str) -> None:
    assert faults(line) == []
