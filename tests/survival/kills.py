"""Series of kills at random moments, and the laws that hold after them."""

import random
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from survival.victims import Victim
from survival.world import Ended, World

SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
FIRST_SECONDS = 0.25  # share of the kills that come while a command imports and reads


@dataclass
class Series:
    """
    Kills of one world, and what was wrong after them.

    Attributes
    ----------
    victim : str
    seed : int
    kills : list of (signal, seconds)
        Planned; those that came after the end of the command killed nothing.
    ends : list of Ended
        Of the killed commands, and of the one that came to its end.
    faults : list of str
        Broken laws; empty if all hold.
    """

    victim: str
    seed: int
    kills: list[tuple[int, float]] = field(default_factory=list)
    ends: list[Ended] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    @property
    def n_killed(self) -> int:
        """Commands that a signal ended."""
        return sum(end.killed for end in self.ends)


@dataclass(frozen=True)
class Whole:
    """Outcome of a victim that nobody killed, and the seconds that it took."""

    outcome: dict[str, object]
    seconds: float


def prepare(victim: Victim, world: World) -> None:
    """Run the commands that a victim needs before."""
    for arguments in victim.before:
        ended = world.run(arguments(world))
        assert ended.code in (0, 3), ended.err


def follow(victim: Victim, world: World) -> None:
    """Run the commands that follow a victim's end."""
    for arguments in victim.after:
        ended = world.run(arguments(world))
        assert ended.code == 0, ended.err


def undisturbed(victim: Victim, world: World) -> Whole:
    """Run a victim to its end without a kill."""
    prepare(victim, world)
    ended = world.run(victim.arguments(world))
    assert ended.code in victim.codes, f"{ended.code}: {ended.err}"
    follow(victim, world)
    assert world.left() == []
    return Whole(dict(victim.outcome(world)), ended.seconds)


def planned(rng: random.Random, seconds: float, most: int) -> list[tuple[int, float]]:
    """One to `most` kills, each with its moment in seconds after the beginning of its command."""
    kills = []
    for _ in range(rng.randint(1, most)):
        early = rng.random() < FIRST_SECONDS
        kills.append((rng.choice(SIGNALS), rng.uniform(0.0, min(2.0, seconds) if early else seconds)))
    return kills


def killed(victim: Victim, whole: Whole, folder: Path, seed: int, most: int = 3, note: Callable[[str], None] = print) -> Series:
    """
    Kill a victim, let it come to its end, and compare that with an undisturbed run.

    Parameters
    ----------
    victim : Victim
    whole : Whole
        Of `undisturbed`.
    folder : Path
        For a new world.
    seed : int
        Of signals and moments.
    most : int
        Kills of one series.
    note : callable
        Takes one line for each kill.
    """
    rng, world = random.Random(f"{victim.name} {seed}"), World(folder)
    series = Series(victim.name, seed, planned(rng, whole.seconds, most))
    prepare(victim, world)
    for number, after in series.kills:
        if victim.done(world):
            break
        command = world.start(victim.arguments(world))
        command.kill(number, after)
        series.ends.append(ended := command.ended())
        note(f"{victim.name}, seed {seed}: {signal.Signals(number).name} after {after:.2f} s: exit code {ended.code}")
        series.faults += faults_of(ended, victim.codes)
    if not victim.done(world):
        last = world.run(victim.arguments(world))
        series.ends.append(last)
        series.faults += faults_of(last, victim.codes)
        if last.code not in victim.codes:
            return series
    follow(victim, world)
    if any(name.endswith(".runs.json") for name in world.left()):  # what a killed command could not send waits
        series.faults += faults_of(world.run(("sync",)), (0,))
    series.faults += [f"left over: {name}" for name in world.left()]
    series.faults += differences(whole.outcome, dict(victim.outcome(world)))
    return series


def faults_of(ended: Ended, codes: tuple[int, ...]) -> list[str]:
    """Laws that hold for every end of a command: its exit code, no traceback, no orphan."""
    faults = [f"orphan: {orphan}" for orphan in ended.orphans]
    if "Traceback" in ended.err:
        faults.append(f"traceback: {ended.err[-1500:]}")
    expected = {*codes, *(code for number in ended.signals for code in (-number, 128 + number))}
    if ended.code not in expected:
        faults.append(f"exit code {ended.code} after {ended.signals}: {ended.err[-500:]}")
    return faults


def differences(whole: dict[str, object], other: dict[str, object]) -> list[str]:
    """Names of what is lost, new or different."""
    lost = [f"lost: {name}" for name in whole.keys() - other.keys()]
    new = [f"new: {name}" for name in other.keys() - whole.keys()]
    return [*lost, *new, *(f"different: {name}" for name in whole.keys() & other.keys() if whole[name] != other[name])]
