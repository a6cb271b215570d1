"""
The lock of a study: one process runs it, or one process each of its shards.

Two processes that run one search would do everything twice. A run of the whole study holds the lock of the study and looks
whether a shard is held; a shard holds its own lock and looks whether the study is held. As each takes its own lock first, one
of two that start together sees the other.
"""

import contextlib
import os
import re
import socket
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ..errors import BenchError, listed
from ..records import Shard
from ..store.files import read_json, write_json
from ..store.folders import results_root
from ..store.locks import LockHeldError, holding

PATIENCE = 2.0  # seconds: whoever looks whether a lock is held holds it for a moment
SHOWN = 3  # shards in a message


@dataclass(frozen=True)
class Holder:
    """
    Process that runs a study or a shard.

    Attributes
    ----------
    study : str
    shard : str
        ``I/N``; empty for the whole study.
    host : str
    pid : int
    job : str
        Of SLURM; empty outside of one.
    started : float
        Seconds since the epoch.
    """

    study: str = ""
    shard: str = ""
    host: str = ""
    pid: int = 0
    job: str = ""
    started: float = 0.0

    @classmethod
    def here(cls, study: str, shard: Shard | None) -> "Holder":
        """Return this process as a holder."""
        array, task = os.environ.get("SLURM_ARRAY_JOB_ID", ""), os.environ.get("SLURM_ARRAY_TASK_ID", "")
        job = f"{array}_{task}" if array and task else os.environ.get("SLURM_JOB_ID", "")
        return cls(study, str(shard or ""), socket.gethostname(), os.getpid(), job, time.time())

    @property
    def whereabouts(self) -> str:
        """Host, process and job, for messages; empty if they are not known."""
        if not self.pid:
            return ""
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.started))
        return f" (host {self.host}, pid {self.pid}{f', SLURM job {self.job}' if self.job else ''}, since {since})"


@contextlib.contextmanager
def study_lock(study: str, shard: Shard | None = None) -> Iterator[None]:
    """
    Hold a study, or one shard of it, for a block.

    Parameters
    ----------
    study : str
    shard : Shard, optional
        None for the whole study.

    Raises
    ------
    BenchError
        If another process runs the study, this shard, or, for the whole study, any shard; or a shard of another number of
        shards, which deals out the cells otherwise.
    """
    own = _lock_path(study, shard)
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(holding(own, PATIENCE))
        except LockHeldError as error:
            raise BenchError(_held(_holder(own, study, shard))) from error
        # Shards that start together all look at it at once.
        if shard is not None and (whole := whole_run(study)):
            raise BenchError(f"{whole_text(whole)} It computes the cells of shard {shard}, too; wait for it.")
        if working := running_shards(study, but_of=shard.count if shard else 0):
            raise BenchError(_shards_work(working, study, shard))
        write_json(_holder_path(own), asdict(Holder.here(study, shard)), durable=False)
        yield


def whole_run(study: str) -> Holder | None:
    """Return who runs a whole study now; None if nobody does."""
    lock = _lock_path(study)
    return _holder(lock, study) if _is_held(lock, PATIENCE) else None


def running_shards(study: str, but_of: int = 0) -> list[Holder]:
    """Return the shards of a study that are being run now, in their order; without those of one number of shards."""
    found = [(other, path) for other, path in _shard_locks(study) if other.count != but_of and _is_held(path)]
    return [_holder(path, study, other) for other, path in found]


def begun_shards(study: str) -> list[Shard]:
    """Return the shards of a study that were begun since the whole study was last run to its end."""
    return [shard for shard, path in _shard_locks(study) if _holder_path(path).exists()]


def forget_shards(study: str) -> None:
    """Forget which shards were begun: the whole study has been run. Their locks stay, as another process may look at them."""
    for _, path in _shard_locks(study):
        _holder_path(path).unlink(missing_ok=True)


def _lock_path(study: str, shard: Shard | None = None) -> Path:
    return results_root() / "locks" / f"{shard.name_of(study) if shard else study}.lock"


def _holder_path(lock: Path) -> Path:
    return lock.with_name(f"{lock.name}.json")


def _holder(lock: Path, study: str, shard: Shard | None = None) -> Holder:
    """Return who holds a lock, as far as it is known: whoever took it a moment ago has not written it yet."""
    known = read_json(_holder_path(lock))
    types = {field.name: type(field.default) for field in fields(Holder)}
    if isinstance(known, dict) and {name: type(value) for name, value in known.items()} == types:
        return Holder(**{str(name): value for name, value in known.items()})
    return Holder(study, str(shard or ""))


def _shard_locks(study: str) -> list[tuple[Shard, Path]]:
    """Return the locks of all shards of a study that there have been, in the order of the shards."""
    folder = results_root() / "locks"
    pattern = re.compile(re.escape(study) + r"\.shard-(\d+)-of-(\d+)\.lock")
    matches = [match for path in (folder.iterdir() if folder.is_dir() else ()) if (match := pattern.fullmatch(path.name))]
    found = [(Shard(int(match[1]), int(match[2])), folder / match[0]) for match in matches]
    return sorted(found, key=lambda entry: (entry[0].count, entry[0].index))


def _is_held(lock: Path, patience: float = 0) -> bool:
    """Return True if another process holds a lock and does not release it within `patience` seconds."""
    if not lock.exists():
        return False
    try:
        with holding(lock, patience):
            return False
    except LockHeldError:
        return True


def whole_text(holder: Holder) -> str:
    """Return the sentence on who runs a whole study."""
    return f"a `bench run` of the whole study '{holder.study}' is working in {results_root()}{holder.whereabouts}."


def _held(holder: Holder) -> str:
    if holder.shard:
        return (
            f"shard {holder.shard} of the study '{holder.study}' is being run already in {results_root()}{holder.whereabouts}; "
            f"wait for it, or run another shard."
        )
    return (
        f"another `bench run` is working on the study '{holder.study}' in {results_root()}{holder.whereabouts}; "
        f"wait for it, or set BANDBENCH_HOME to another folder."
    )


def _shards_work(working: list[Holder], study: str, shard: Shard | None) -> str:
    """Return the message on shards that are being run."""
    names = listed([f"{holder.shard}{holder.whereabouts}" for holder in working], SHOWN)
    first = f"of the study '{study}' in {results_root()}, {'these shards are' if len(working) > 1 else 'a shard is'} being run"
    if shard is None:
        return f"{first}: {names}. Wait until all shards have ended, then repeat this command: it assembles their results."
    count = working[0].shard.partition("/")[2]
    return (
        f"{first}: {names}. Shard {shard} would deal out the cells otherwise and compute some of them a second time; "
        f"use --shard I/{count}, or wait."
    )
