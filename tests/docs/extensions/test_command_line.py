"""Every command and option that ``--help`` prints is in the reference."""

import re

import pytest
import typer
from typer.testing import CliRunner

from bandbench.benchmark.cli.app import app
from extensions.command_line import commands_text, contexts

TEXT = commands_text()
PATHS = [context.command_path for context in contexts(typer.main.get_command(app), "bench")]


def help_of(path: str) -> str:
    done = CliRunner().invoke(app, [*path.split()[1:], "--help"], prog_name="bench", env={"COLUMNS": "200"})
    assert done.exit_code == 0
    return done.stdout


def section(path: str) -> str:
    (text,) = re.findall(rf"^#+ `{path}`$(.*?)(?=^#|\Z)", TEXT, flags=re.MULTILINE | re.DOTALL)
    return text


@pytest.mark.parametrize("path", PATHS)
def test_every_option_that_the_help_prints_has_an_entry(path: str) -> None:
    printed = re.findall(r"^│[ *]+(--[a-z-]+)", help_of(path), flags=re.MULTILINE)
    entries = re.findall(r"^`+\{option\} (?:-[a-z], )?(--[a-z-]+)", section(path), flags=re.MULTILINE)
    assert "--help" in printed
    assert sorted(printed) == sorted(entries)


def test_every_command_that_the_help_lists_has_a_section() -> None:
    groups = [path for path in PATHS if any(other.startswith(f"{path} ") for other in PATHS)]
    listed = []
    for group in groups:
        rows = help_of(group).partition("─ Commands ")[2]
        listed += [f"{group} {name}" for name in re.findall(r"^│ ([a-z]+) ", rows, flags=re.MULTILINE)]
    assert len(listed) > 20
    assert sorted(listed) == sorted(PATHS[1:])
    assert [path for path in listed if f"# `{path}`\n" not in TEXT] == []


def test_a_description_is_the_one_of_the_help() -> None:
    """Compared without spaces, because the help is wrapped."""
    shown = re.sub(r"[\s│]", "", help_of("bench run"))
    entries = re.findall(r"^`+\{option\} .*\n(.*)\n`+$", section("bench run"), flags=re.MULTILINE)
    assert len(entries) > 20
    assert [text for text in entries if re.sub(r"\s", "", re.sub(r"\\(.)", r"\1", text)) not in shown] == []


def test_examples_are_those_of_the_help() -> None:
    assert "bench run --data mine=DIR --dry-run" in section("bench run")
