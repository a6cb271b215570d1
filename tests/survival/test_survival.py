"""The short form of ``make survival``: kills at random moments, a full disk, a lost cache, and more."""

from pathlib import Path

import pytest

from survival.kills import killed, undisturbed
from survival.victims import Victim, Victims, write_inputs
from survival.world import World


@pytest.fixture
def victims(tmp_path: Path) -> Victims:
    (tmp_path / "inputs").mkdir()
    write_inputs(tmp_path / "inputs")
    return Victims(tmp_path / "inputs")


SHORT = {
    "study": lambda victims: victims.study(2),
    "preparation": lambda victims: victims.preparation(2),
    "training": lambda victims: victims.training(1),
    "scan": lambda victims: victims.scan(),
}


@pytest.mark.parametrize("name", SHORT)
def test_a_killed_command_comes_to_the_same_end(name: str, victims: Victims, tmp_path: Path) -> None:
    victim: Victim = SHORT[name](victims)
    whole = undisturbed(victim, World(tmp_path / "whole"))
    assert len(whole.outcome) > 0
    series = killed(victim, whole, tmp_path / "killed", seed=1, most=2)
    assert series.faults == []
