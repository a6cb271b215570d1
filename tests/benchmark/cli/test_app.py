"""The table of commands says what the commands themselves say."""

import dataclasses
import inspect
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup
from typer.testing import CliRunner

from bandbench.benchmark import cli
from bandbench.benchmark.cli.app import COMMANDS, app
from bandbench.benchmark.cli.commands import Entry
from bandbench.benchmark.errors import BenchError

ROOT = typer.main.get_command(app)
# Modules of the package that are of no one command.
SHARED = {
    "app",
    "arguments",
    "commands",
    "completion",
    "entry",
    "signals",
    "examples",
    "garbage",
    "next_steps",
    "options",
    "paper",
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


def test_each_module_of_a_command_is_named() -> None:
    modules = {path.stem for path in Path(cli.__file__).parent.glob("[a-z]*.py")} - SHARED
    assert {entry.module for _, entry, _ in ENTRIES} == modules


WITH_REQUEST = [(entry, command) for _, entry, command in ENTRIES if entry.request]


@pytest.mark.parametrize(("entry", "command"), WITH_REQUEST, ids=[entry.request for entry, _ in WITH_REQUEST])
def test_a_request_is_what_the_function_takes_and_has_every_option(entry: Entry, command: Any) -> None:
    module, name = entry.request.split(":")
    request = getattr(import_module(f"{cli.__name__}.requests.{module}"), name)
    function = getattr(import_module(f"{cli.__name__}.{entry.module}"), entry.function)
    assert [parameter.annotation for parameter in inspect.signature(function).parameters.values()] == [request]
    assert {param.name for param in command.params} - {"help"} == {field.name for field in dataclasses.fields(request)}
    assert function.__doc__.strip().partition("\n")[0] == entry.help.partition("\n")[0]


@pytest.mark.parametrize(("name", "entry", "command"), ENTRIES, ids=[name for name, _, _ in ENTRIES])
def test_the_help_line_is_the_first_of_the_command(name: str, entry: Entry, command: Any) -> None:
    assert command.name == name
    assert inspect.cleandoc(command.help) == entry.help


def test_the_help_has_every_command_with_its_line() -> None:
    text = " ".join(CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).output.split())
    assert [name for name, entry in COMMANDS.items() if f"{name} {entry.help}" not in text] == []


def test_the_version_is_that_of_the_package() -> None:
    assert CliRunner().invoke(app, ["--version"]).output == f"bandbench {version('bandbench')}\n"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["doctor", "mine", "--root", "my pictures"], "`bench data doctor mine --root 'my pictures'`."),
        (["audit"], "`bench data audit`."),
        (["detector", "my_idea"], "`bench check detector my_idea` or `bench new detector my_idea`."),
        (["prune"], "`bench cache prune`."),
    ],
)
def test_a_command_without_its_group_is_told_with_it(words: list[str], line: str) -> None:
    error = CliRunner().invoke(app, words).exception
    assert isinstance(error, BenchError)
    assert str(error) == f"unknown command '{words[0]}'. It is a part of another: {line}"


@pytest.mark.parametrize(("name", "entry", "command"), ENTRIES, ids=[name for name, _, _ in ENTRIES])
def test_an_entry_tells_groups_from_commands(name: str, entry: Entry, command: Any) -> None:
    assert entry.is_group == isinstance(command, TyperGroup), name
