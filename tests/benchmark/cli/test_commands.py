"""A lazy group knows its commands by a table, and imports a command's module for nothing but that command."""

import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from bandbench.benchmark.cli.commands import Entry, LazyGroup, _Loaded


class Shelf(LazyGroup):
    entries = {
        "ui": Entry("ui", "ui", "Open the MLflow UI on what was recorded (on this machine only, until Ctrl-C)."),
        "gone": Entry("no_such_module", "gone", "A command whose module is missing."),
    }


shelf = typer.Typer(cls=Shelf, add_completion=False)


@shelf.callback()
def _options() -> None:
    pass


def test_help_lists_a_command_whose_module_cannot_be_imported() -> None:
    shown = CliRunner().invoke(shelf, ["--help"])
    assert shown.exit_code == 0
    assert "A command whose module is missing." in shown.output


def test_a_call_imports_the_module() -> None:
    called = CliRunner().invoke(shelf, ["gone"])
    assert isinstance(called.exception, ModuleNotFoundError)


def test_a_wrong_name_is_a_mistake_of_the_user_with_the_nearest_name() -> None:
    called = CliRunner().invoke(shelf, ["gon"])
    assert called.exit_code == 2
    assert "Did you mean 'gone'?" in called.output


def test_a_command_is_built_once() -> None:
    commands = _Loaded(Shelf.entries)
    first = commands["ui"]
    assert first is commands["ui"]
    assert first.name == "ui"
    with pytest.raises(KeyError):
        commands["nothing"]


@pytest.mark.parametrize(
    ("line", "modules"),
    [
        ("bench", "[]"),
        ("bench lea", "[]"),
        ("bench data d", "['groups']"),
        ("bench cache ", "['cache']"),
        ("bench train coin_flip --train procedural/pl", "[]"),
        ("bench data doctor ff", "['groups']"),
    ],
)
def test_completing_the_name_of_a_command_imports_no_other(line: str, modules: str) -> None:
    code = f"""
import contextlib, io, os, sys
os.environ |= {{"_BENCH_COMPLETE": "complete_bash", "COMP_WORDS": {line!r}, "COMP_CWORD": str({line!r}.count(" "))}}
from bandbench.benchmark.cli import app
package = app.__package__
before = set(sys.modules)
with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
    app.app([], prog_name="bench")
named = {{entry.module for entry in app.COMMANDS.values()}} | {{"data", "data_doctor"}}
print(sorted(name for name in named if f"{{package}}.{{name}}" in set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == modules
