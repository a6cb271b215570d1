"""
``make survival``: the long form of the tests of survival, and its table in docs/explanation/survival.md.

Every command is killed in many seeded series. Then come full disks, lost caches, failing stores, read-only homes, many writers.
The table has counts and no times, so that two runs on one state of the code write the same.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))

from survival import hardships  # noqa: E402 (after the path of the tests is set)
from survival.kills import Whole, killed, undisturbed  # noqa: E402
from survival.report import Line, write_report  # noqa: E402
from survival.victims import Victim, Victims, write_inputs  # noqa: E402
from survival.world import World  # noqa: E402

N_SERIES = 20  # of kills, for each victim
FILE_LIMITS = (1_000, 3_000, 10_000, 50_000, 100_000, 200_000, 500_000, 1_000_000)  # bytes
N_INPUTS = 500  # of each fuzzer, of each kind
DISKS = (300, 1_000, 2_000, 4_000)  # kilobytes
FUZZERS = sorted(Path(__file__).parent.glob("fuzz_*.py"))


@dataclass(frozen=True)
class Lab:
    """Folder of all worlds, the victims, and a function that shows progress."""

    folder: Path
    victims: Victims
    note: Callable[[str], None]

    def world(self, name: str) -> Path:
        """Return the path of a new world, and delete the one before of that name."""
        shutil.rmtree(self.folder / name, ignore_errors=True)
        return self.folder / name


def kill_series(lab: Lab, victim: Victim, n_series: int) -> Line:
    """Kill a victim in many series."""
    whole = undisturbed(victim, World(lab.world("whole")))
    faults, n_kills = [], 0
    for seed in range(n_series):
        series = killed(victim, whole, lab.world("killed"), seed, note=lab.note)
        n_kills += len(series.kills)
        faults += [f"seed {seed}: {fault}" for fault in series.faults]
    return Line(f"kills: {victim.name}", n_series, f"{n_kills} signals (KILL, TERM, INT)", tuple(faults))


def full_disks(lab: Lab, victim: Victim, whole: Whole) -> Iterator[Line]:
    """Limit files, and the whole disk where that is possible."""
    faults = [f for limit in FILE_LIMITS for f in hardships.limited_files(victim, whole, lab.world("full"), limit)]
    yield Line("full disk: files of limited size", len(FILE_LIMITS), "1 KB to 1 MB", tuple(faults))
    if hardships.can_make_disks(lab.world("disk")):
        faults = [f for size in DISKS for f in hardships.full_disk(victim, whole, lab.world("disk"), size)]
        yield Line("full disk: a small tmpfs", len(DISKS), "0.3 to 4 MB", tuple(faults))


def other_hardships(lab: Lab, victim: Victim, whole: Whole) -> Iterator[Line]:
    """Everything else that befalls a study."""
    board = lab.victims.leaderboard().arguments
    faults = hardships.lost_cache(victim, whole, lab.world("lost"))
    yield Line("cache deleted while a study runs", 1, "", tuple(faults))
    faults = hardships.pruning_beside(victim, whole, lab.world("pruned"))
    yield Line("cache pruned while a study runs", 1, "", tuple(faults))
    faults = hardships.read_only_home(victim, board, lab.world("protected"))
    yield Line("home that can only be read", 1, "", tuple(faults))
    faults = hardships.outage(victim, whole, lab.world("away"), "http://127.0.0.1:9")
    yield Line("no tracking server", 1, "", tuple(faults))
    for seconds, kind in ((0.0, "answers 500"), (1.0, "answers 500 after a second"), (3600.0, "never answers")):
        with hardships.failing_server(seconds) as address:
            faults = hardships.outage(victim, whole, lab.world("away"), address)
        yield Line(f"tracking server that {kind}", 1, "", tuple(faults))
    same = [lab.victims.study(1)] * 4
    yield Line("4 writers of one study", 4, "", tuple(hardships.many_writers(same, lab.world("same"), (0, 2))))
    different = [lab.victims.named_study(f"study{i}") for i in range(8)]
    yield Line("8 writers of 8 studies", 8, "", tuple(hardships.many_writers(different, lab.world("many"))))


def fuzzers() -> Iterator[Line]:
    """Run the fuzzers that are there: programs that take a number of inputs, print a count, and each fault below it."""
    for path in FUZZERS:
        done = subprocess.run([sys.executable, str(path), str(N_INPUTS)], capture_output=True, text=True, check=False)
        lines = done.stdout.splitlines()
        faults = [line.strip() for line in lines if line.startswith("  ")]
        if done.returncode and not faults:
            faults.append(f"exit code {done.returncode}: {done.stderr[-500:]}")
        counts = "; ".join(line for line in lines if not line.startswith("  "))
        yield Line(f"hostile inputs: {path.stem.removeprefix('fuzz_')}", N_INPUTS, counts, tuple(faults))


def main() -> None:
    """Run everything, show progress, write the table; exit with 1 if a law was broken."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=N_SERIES, help="Series of kills for each command.")
    parser.add_argument("--only", default="", help="Only commands and hardships whose name has this in it; writes no table.")
    options = parser.parse_args()

    def note(text: str) -> None:
        print(text, file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory(prefix="survival-") as folder:
        Path(folder).chmod(0o755)
        inputs = Path(folder, "inputs")
        inputs.mkdir()
        write_inputs(inputs)
        lab = Lab(Path(folder), Victims(inputs), note)
        lines: list[Line] = []
        for line in _lines(lab, options.series, options.only):
            note(line.text())
            lines.append(line)
            if not options.only:
                write_report(lines)  # what was tried counts, even if the rest is never reached
    sys.exit(any(line.faults for line in lines))


def _lines(lab: Lab, n_series: int, only: str) -> Iterator[Line]:
    """Try everything whose name has `only` in it."""
    for victim in lab.victims.all():
        if only in victim.name:
            yield kill_series(lab, victim, n_series)
    if only and only not in "hardships":
        return
    victim = lab.victims.study(2)
    whole = undisturbed(victim, World(lab.world("undisturbed")))
    yield from other_hardships(lab, victim, whole)
    yield from full_disks(lab, victim, whole)
    yield from fuzzers()


if __name__ == "__main__":
    main()
