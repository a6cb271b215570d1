"""A world of one command: its results, cache and outputs; and the laws that hold in it whatever kills the command."""

import hashlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psutil

TESTS = Path(__file__).parents[1]  # with the data set of clips
MARK = "BANDBENCH_SURVIVAL"  # in the environment of a command and of all processes that come of it
PATIENCE = 30.0  # seconds; far more than an orphan needs to be gone
# Names of what is not finished: none may be left by a command that came to its end.
UNFINISHED = (".unfinished-*", "scratch-*", ".chunk-*", "*.tmp", ".work", ".*-unfinished-*", ".*.new", "*.runs.json")


@dataclass(frozen=True)
class Ended:
    """A command that has ended, or was ended."""

    code: int
    out: str
    err: str
    seconds: float
    signals: tuple[int, ...] = ()
    orphans: tuple[str, ...] = ()

    @property
    def killed(self) -> bool:
        """True if it ended by a signal."""
        return bool(self.signals) and self.code != 0


@dataclass
class World:
    """Folder with ``home``, ``cache`` and ``out``, and the environment of the commands in it."""

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.home, self.cache, self.out = (self.folder / name for name in ("home", "cache", "out"))
        self.out.mkdir(parents=True, exist_ok=True)

    def start(self, arguments: Sequence[object], before: str = "") -> "Command":
        """Start ``bench``; `before` is Python code that its process runs first."""
        mark = uuid.uuid4().hex
        folders = {"BANDBENCH_HOME": str(self.home), "BANDBENCH_CACHE": str(self.cache)}
        environment = os.environ | folders | {MARK: mark, "PYTHONPATH": str(TESTS)}
        code = f"{before}\nfrom bandbench.benchmark.cli import main; main()"
        process = subprocess.Popen(
            [sys.executable, "-c", code, *map(str, arguments)],
            env=environment | dict(self.variables),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return Command(process, mark)

    def run(self, arguments: Sequence[object], before: str = "") -> Ended:
        """Run ``bench`` to its end."""
        return self.start(arguments, before).ended()

    def left(self) -> list[str]:
        """Files and folders of unfinished work."""
        return sorted({str(path.relative_to(self.folder)) for name in UNFINISHED for path in self.folder.rglob(name)})


@dataclass
class Command:
    """A running command."""

    process: "subprocess.Popen[str]"
    mark: str

    def __post_init__(self) -> None:
        self.began = time.monotonic()
        self.signals: list[int] = []

    def kill(self, number: int, after: float) -> None:
        """Send a signal some seconds after the beginning, as it comes: Ctrl-C to the whole group, others to the command."""
        try:
            self.process.wait(max(0.0, self.began + after - time.monotonic()))
            return  # it was faster
        except subprocess.TimeoutExpired:
            pass
        self.signals.append(number)
        if number == signal.SIGINT:
            os.killpg(self.process.pid, number)
        else:
            self.process.send_signal(number)

    def ended(self) -> Ended:
        """Wait for the end, and for that of all its processes; what is left then is an orphan, and killed."""
        out, err = self.process.communicate(timeout=600)
        seconds = time.monotonic() - self.began
        stop = time.monotonic() + PATIENCE
        while (orphans := self._relatives()) and time.monotonic() < stop:
            time.sleep(0.1)
        names = tuple(" ".join(_command_line(process)) for process in orphans)
        for process in orphans:
            process.kill()
        return Ended(self.process.returncode, out, err, seconds, tuple(self.signals), names)

    def _relatives(self) -> list[psutil.Process]:
        return [p for p in psutil.process_iter() if p.pid != self.process.pid and self._is_relative(p)]

    def _is_relative(self, process: psutil.Process) -> bool:
        try:
            return process.environ().get(MARK) == self.mark and process.status() != psutil.STATUS_ZOMBIE
        except (psutil.Error, OSError):
            return False


def _command_line(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def contents(folder: Path, *patterns: str, without: Sequence[str] = ()) -> dict[str, str]:
    """Digests of files below a folder, by their relative paths."""
    files = sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
        if path.name not in without
    }
