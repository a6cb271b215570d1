"""The table of commands says what the commands themselves say."""

from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from bandbench.benchmark import cli
from bandbench.benchmark.cli.app import COMMANDS, app
from bandbench.benchmark.cli.commands import Entry

ROOT = typer.main.get_command(app)
# Modules of the package that are of no one command.
SHARED = {
    "app",
    "arguments",
    "commands",
    "completion",
    "examples",
    "next_steps",
    "options",
    "progress",
    "provenance",
    "report",
    "streams",
    "study_run",
    "tracking_store",
}


def entries(table: Mapping[str, Entry], group: Any) -> Iterator[tuple[str, Entry, Any]]:
    """Each line of a table and of those of its groups, with the command that it stands for."""
    for name, entry in table.items():
        command = group.commands[name]
        yield name, entry, command
        yield from entries(getattr(command, "entries", {}), command)


ENTRIES = list(entries(COMMANDS, ROOT))


def test_each_module_of_a_command_is_named_once() -> None:
    modules = {path.stem for path in Path(cli.__file__).parent.glob("[a-z]*.py")} - SHARED
    assert Counter(entry.module for _, entry, _ in ENTRIES) == Counter(dict.fromkeys(modules, 1))


@pytest.mark.parametrize(("name", "entry", "command"), ENTRIES, ids=[name for name, _, _ in ENTRIES])
def test_the_help_line_is_the_first_of_the_command(name: str, entry: Entry, command: Any) -> None:
    assert command.name == name
    assert command.help.partition("\n")[0] == entry.help


def test_the_help_has_every_command_with_its_line() -> None:
    text = " ".join(CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output.split())
    assert [name for name, entry in COMMANDS.items() if f"{name} {entry.help}" not in text] == []


def test_the_version_is_that_of_the_package() -> None:
    assert CliRunner().invoke(app, ["--version"]).output == f"bandbench {version('bandbench')}\n"
