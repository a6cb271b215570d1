"""Groups of commands by their tables."""

import pytest
from typer.testing import CliRunner

from bandbench.benchmark.cli.app import app
from bandbench.benchmark.errors import BenchError


@pytest.mark.parametrize(
    ("group", "commands"),
    [
        ("leaderboard", ["add", "remove", "export"]),
        ("data", ["prepare", "doctor"]),
        ("check", ["detector", "dataset"]),
        ("new", ["detector", "dataset"]),
    ],
)
def test_the_help_of_a_group_lists_its_commands_in_order(group: str, commands: list[str]) -> None:
    text = CliRunner().invoke(app, [group, "--help"], env={"COLUMNS": "160"}).output
    places = [text.index(f" {command} ", text.index("Commands")) for command in commands]
    assert places == sorted(places)


def test_the_name_of_a_study_leads_to_its_board() -> None:
    error = CliRunner().invoke(app, ["leaderboard", "band_search"]).exception
    assert isinstance(error, BenchError)
    assert str(error).startswith("leaderboard: unknown command 'band_search'.")
    assert str(error).endswith("its board is: bench leaderboard --study band_search")


def test_options_of_a_command_of_the_board_come_after_it() -> None:
    error = CliRunner().invoke(app, ["leaderboard", "--log", "remove", "theirs"]).exception
    assert str(error) == "options of `remove` are written after it, not before."
