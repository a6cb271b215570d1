"""The short form of ``make survival``: kills at random moments, a full disk, a lost cache, and more."""

from pathlib import Path

import pytest

from survival import hardships
from survival.kills import Whole, killed, undisturbed
from survival.victims import Victim, Victims, write_inputs
from survival.world import World


@pytest.fixture(scope="module")
def victims(tmp_path_factory: pytest.TempPathFactory) -> Victims:
    """Commands that read the same inputs, and change none of them."""
    inputs = tmp_path_factory.mktemp("inputs")
    write_inputs(inputs)
    return Victims(inputs)


@pytest.fixture(scope="module")
def whole(victims: Victims, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The outcome of an undisturbed study."""
    return undisturbed(victims.study(2), World(tmp_path_factory.mktemp("whole")))


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


@pytest.mark.parametrize("limit", [3_000, 100_000, 1_000_000])
def test_a_full_disk_is_told_and_costs_nothing(limit: int, victims: Victims, whole: Whole, tmp_path: Path) -> None:
    assert hardships.limited_files(victims.study(2), whole, tmp_path / "full", limit) == []


def test_a_cache_that_is_pruned_or_deleted_costs_nothing(victims: Victims, whole: Whole, tmp_path: Path) -> None:
    assert hardships.pruning_beside(victims.study(2), whole, tmp_path / "pruned") == []
    assert hardships.lost_cache(victims.study(2), whole, tmp_path / "lost") == []


def test_a_store_that_fails_costs_nothing(victims: Victims, whole: Whole, tmp_path: Path) -> None:
    with hardships.failing_server() as address:
        assert hardships.outage(victims.study(2), whole, tmp_path / "away", address) == []


def test_a_home_that_can_only_be_read_has_a_board(victims: Victims, tmp_path: Path) -> None:
    assert hardships.read_only_home(victims.study(2), victims.leaderboard().arguments, tmp_path / "protected") == []
