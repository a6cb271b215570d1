"""What befalls a study besides kills: a full disk, a lost or pruned cache, a store that is away, rights, many at once."""

import contextlib
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from survival.kills import Whole, differences, faults_of
from survival.victims import Victim
from survival.world import Ended, World

DISK_MESSAGE = "cannot write"
# Makes rights bind root, too: a process without the capabilities DAC_OVERRIDE (1) and DAC_READ_SEARCH (2), and its children.
BOUND_BY_RIGHTS = """\
import ctypes, os
if os.geteuid() == 0:
    libc, every = ctypes.CDLL(None, use_errno=True), 0xFFFFFFFF
    kept = every & ~0b110
    assert libc.prctl(24, 1, 0, 0, 0) == 0 and libc.prctl(24, 2, 0, 0, 0) == 0  # PR_CAPBSET_DROP
    header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    assert libc.capget(header, data) == 0
    for i in range(2):
        data[i] &= kept
    assert libc.capset(header, data) == 0
"""


def limited_files(victim: Victim, whole: Whole, folder: Path, limit: int) -> list[str]:
    """
    Let no file grow beyond a limit, as if the disk had room for so much, then take the limit away.

    Parameters
    ----------
    victim : Victim
    whole : Whole
        Its undisturbed outcome.
    folder : Path
        For a new world.
    limit : int
        Bytes.

    Returns
    -------
    list of str
        Broken laws.
    """
    world = World(folder)
    before = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"
    faults = _refused(world.run(victim.arguments(world), before), victim)
    return faults + _goes_on(victim, whole, world)


def full_disk(victim: Victim, whole: Whole, folder: Path, kilobytes: int) -> list[str]:
    """
    Run a victim on a disk of so many kilobytes, then give it room; only root may make such a disk.

    Returns
    -------
    list of str
        Broken laws.
    """
    folder.mkdir(parents=True)
    with _small_disk(folder, kilobytes):
        world = World(folder)
        faults = _refused(world.run(victim.arguments(world)), victim)
        subprocess.run(["mount", "-o", "remount,size=1g", str(folder)], check=True)
        return faults + _goes_on(victim, whole, world)


def can_make_disks(folder: Path) -> bool:
    """Return True if this process may mount a small disk."""
    folder.mkdir(parents=True)
    try:
        with _small_disk(folder, 64):
            return True
    except (OSError, subprocess.CalledProcessError):
        return False


@contextlib.contextmanager
def _small_disk(folder: Path, kilobytes: int) -> Iterator[None]:
    mount = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    subprocess.run(mount, check=True, capture_output=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _refused(ended: Ended, victim: Victim) -> list[str]:
    """A full disk is one message with exit code 1; or 3, where only the tracking store could not take everything."""
    faults = faults_of(ended, (*victim.codes, 1, 3))
    if ended.code == 1 and DISK_MESSAGE not in ended.err:
        faults.append(f"no word on the disk: {ended.err[-500:]}")
    if ended.code in victim.codes:
        faults.append("the disk was not full")
    return faults


def lost_cache(victim: Victim, whole: Whole, folder: Path) -> list[str]:
    """Delete the cache by hand as soon as there is something in it, then let the victim go on."""
    world = World(folder)
    command = world.start(victim.arguments(world))
    while command.process.poll() is None and not list(world.home.glob("records/*/*.json")):
        time.sleep(0.01)
    shutil.rmtree(world.cache, ignore_errors=True)
    return faults_of(command.ended(), (*victim.codes, 1)) + _goes_on(victim, whole, world)


def pruning_beside(victim: Victim, whole: Whole, folder: Path) -> list[str]:
    """Prune the cache again and again while a victim runs, which does not mind."""
    world = World(folder)
    command = world.start(victim.arguments(world))
    faults, pruned = [], 0
    while command.process.poll() is None:
        if (world.cache / "chunks").is_dir():
            faults += faults_of(world.run(["cache", "prune"]), (0,))
            pruned += 1
    ended = command.ended()
    if ended.code not in victim.codes:
        faults.append(f"the study ended with {ended.code}: {ended.err[-500:]}")
    if not pruned:
        faults.append("nothing was pruned")
    return faults + faults_of(ended, victim.codes) + differences(whole.outcome, dict(victim.outcome(world)))


def read_only_home(victim: Victim, board: Callable[[World], tuple[object, ...]], folder: Path) -> list[str]:
    """Read the board of a home that may only be read, and try to run a study there."""
    world = World(folder)
    faults = faults_of(world.run(victim.arguments(world)), victim.codes)
    _protect(world.home)
    read = world.run(board(world), BOUND_BY_RIGHTS)
    if read.code != 0:
        faults.append(f"the board of a read-only home ends with {read.code}: {read.err[-500:]}")
    refused = world.run(victim.arguments(world), BOUND_BY_RIGHTS)
    if refused.code != 2 or "BANDBENCH_HOME" not in refused.err:
        faults.append(f"a run on a read-only home ends with {refused.code}: {refused.err[-500:]}")
    for place in (world.home, *world.home.rglob("*")):
        if place.is_dir():
            place.chmod(0o755)
    return faults + faults_of(read, (0,)) + faults_of(refused, (2,))


def _protect(folder: Path) -> None:
    for place in sorted(folder.rglob("*"), reverse=True):
        place.chmod(0o555 if place.is_dir() else 0o444)
    folder.chmod(0o555)


class _Failing(BaseHTTPRequestHandler):
    """A server that answers every question with an error, or not for a long time."""

    seconds = 0.0

    def answer(self) -> None:
        """Answer 500, perhaps late."""
        time.sleep(self.seconds)
        with contextlib.suppress(OSError):
            self.send_error(500)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *_: object) -> None:
        """Nothing."""


@contextlib.contextmanager
def failing_server(seconds: float = 0.0) -> Iterator[str]:
    """Run a server that answers 500 after some seconds; yield its address."""
    handler = type("_Handler", (_Failing,), {"seconds": seconds})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def outage(victim: Victim, whole: Whole, folder: Path, uri: str) -> list[str]:
    """
    Run a victim with a tracking store that does not take anything, then with its own.

    Returns
    -------
    list of str
        Broken laws: results that are not kept, or that the store has twice or not in the end.
    """
    world = World(folder)
    ended = world.run((*victim.arguments(world), "--tracking-uri", uri))
    faults = faults_of(ended, (3,))
    if "bench sync" not in ended.err:
        faults.append(f"no word on what waits: {ended.err[-500:]}")
    return faults + _goes_on(victim, whole, world, waiting=True)


def _goes_on(victim: Victim, whole: Whole, world: World, waiting: bool = False) -> list[str]:
    """Run a victim once more, undisturbed; compare its outcome."""
    last = world.run(victim.arguments(world))
    faults = faults_of(last, victim.codes)
    if last.code not in victim.codes:
        return [*faults, f"the last run ended with {last.code}: {last.err[-500:]}"]
    left = [name for name in world.left() if not (waiting and name.endswith(".runs.json"))]
    return faults + [f"left over: {name}" for name in left] + differences(whole.outcome, dict(victim.outcome(world)))


def many_writers(victims: list[Victim], folder: Path, codes: tuple[int, ...] = (0,)) -> list[str]:
    """Run several victims at the same time in one home; each ends in order, or says that another one is at work."""
    world = World(folder)
    commands = [world.start(victim.arguments(world)) for victim in victims]
    ends = [command.ended() for command in commands]
    return [fault for ended in ends for fault in faults_of(ended, codes)] + [f"left over: {name}" for name in world.left()]
