"""
``make survival``: the long form of the tests of survival, and its table in docs/explanation/survival.md.

Every command is killed in many seeded series. Then come full disks, lost caches, failing stores, read-only homes, many writers.
The table has counts and no times, so that two runs on one state of the code write the same.
"""

import argparse
import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Callable
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


def full_disks(lab: Lab, victim: Victim, whole: Whole) -> list[Line]:
    """Limit files, and the whole disk where that is possible."""
    faults = [f for limit in FILE_LIMITS for f in hardships.limited_files(victim, whole, lab.world("full"), limit)]
    lines = [Line("full disk: files of limited size", len(FILE_LIMITS), "1 KB to 1 MB", tuple(faults))]
    if hardships.can_make_disks(lab.world("disk")):
        faults = [f for size in DISKS for f in hardships.full_disk(victim, whole, lab.world("disk"), size)]
        lines.append(Line("full disk: a small tmpfs", len(DISKS), "0.3 to 4 MB", tuple(faults)))
    return lines


def other_hardships(lab: Lab, victim: Victim, whole: Whole) -> list[Line]:
    """Everything else that befalls a study."""
    board = lab.victims.leaderboard().arguments
    lines = [
        Line("cache deleted while a study runs", 1, "", tuple(hardships.lost_cache(victim, whole, lab.world("lost")))),
        Line("cache pruned while a study runs", 1, "", tuple(hardships.pruning_beside(victim, whole, lab.world("pruned")))),
        Line("home that can only be read", 1, "", tuple(hardships.read_only_home(victim, board, lab.world("protected")))),
        Line("no tracking server", 1, "", tuple(hardships.outage(victim, whole, lab.world("away"), "http://127.0.0.1:9"))),
    ]
    for seconds, kind in ((0.0, "answers 500"), (1.0, "answers 500 after a second"), (3600.0, "never answers")):
        with hardships.failing_server(seconds) as address:
            faults = hardships.outage(victim, whole, lab.world("away"), address)
        lines.append(Line(f"tracking server that {kind}", 1, "", tuple(faults)))
    same = [lab.victims.study(1)] * 4
    lines.append(Line("4 writers of one study", 4, "", tuple(hardships.many_writers(same, lab.world("same"), (0, 2)))))
    different = [lab.victims.named_study(f"study{i}") for i in range(8)]
    lines.append(Line("8 writers of 8 studies", 8, "", tuple(hardships.many_writers(different, lab.world("many")))))
    return lines


def fuzzers(note: Callable[[str], None]) -> list[Line]:
    """Run the fuzzers that are there; each has a function `fuzz(note)` that returns the number of inputs and the faults."""
    lines = []
    for path in FUZZERS:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        n_inputs, faults = module.fuzz(note)
        lines.append(Line(f"hostile inputs: {path.stem.removeprefix('fuzz_')}", n_inputs, "", tuple(faults)))
    return lines


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
        lines = [kill_series(lab, victim, options.series) for victim in lab.victims.all() if options.only in victim.name]
        if not options.only or "hardships" in options.only:
            victim = lab.victims.study(2)
            whole = undisturbed(victim, World(lab.world("undisturbed")))
            lines += [*full_disks(lab, victim, whole), *other_hardships(lab, victim, whole), *fuzzers(note)]
    for line in lines:
        note(line.text())
    if not options.only:
        write_report(lines)
    sys.exit(any(line.faults for line in lines))


if __name__ == "__main__":
    main()
