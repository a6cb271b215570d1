"""
The lock of a study: one process runs it, or one process each of its shards.

Two processes that run one search would do everything twice. A run of the whole study holds the lock of the study and looks
whether a shard is held; a shard holds its own lock and looks whether the study is held. As each takes its own lock first, one
of two that start together sees the other.
"""

import contextlib
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from ..errors import BenchError, listed
from ..records import Shard
from ..store.folders import results_root, study_lock_file
from ..store.locks import Holder, LockHeldError, holding, owner_file

PATIENCE = 2.0  # seconds: whoever looks whether a lock is held holds it for a moment
REQUEUED = 150.0  # seconds; NFS frees the lock of a node that died after its lease, usually 90 s
SHOWN = 3  # shards in a message


@dataclass(frozen=True)
class StudyRun:
    """
    Run of a study or of a shard that is under way.

    Attributes
    ----------
    study : str
    shard : str
        ``I/N``; empty for the whole study.
    holder : Holder or None
        Its process; None if it is not known.
    """

    study: str = ""
    shard: str = ""
    holder: Holder | None = None

    @property
    def whereabouts(self) -> str:
        """Host, process and job, for messages; empty if they are not known."""
        return f" ({self.holder})" if self.holder else ""


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
            stack.enter_context(holding(own, _patience(own)))
        except LockHeldError as error:
            raise BenchError(_held(_run_of(own, study, shard))) from error
        # Shards that start together all look at it at once.
        if shard is not None and (whole := whole_run(study)):
            raise BenchError(f"{whole_text(whole)} It computes the cells of shard {shard}, too; wait for it.")
        if working := running_shards(study, but_of=shard.count if shard else 0):
            raise BenchError(_shards_work(working, study, shard))
        Holder.here().leave_note(own)
        yield


def _patience(lock: Path) -> float:
    """
    Return the seconds to wait for a lock: longer if the note beside it names this very job.

    A job that is queued again may begin before the file server has freed the lock of its node that died.
    """
    noted = Holder.read(owner_file(lock))
    return REQUEUED if noted and noted.job and noted.job == Holder.here().job else PATIENCE


def whole_run(study: str) -> StudyRun | None:
    """Return who runs a whole study now; None if nobody does."""
    lock = _lock_path(study)
    return _run_of(lock, study) if _is_held(lock, PATIENCE) else None


def running_shards(study: str, but_of: int = 0) -> list[StudyRun]:
    """Return the shards of a study that are being run now, in their order; without those of one number of shards."""
    found = [(other, path) for other, path in _shard_locks(study) if other.count != but_of and _is_held(path)]
    return [_run_of(path, study, other) for other, path in found]


def begun_shards(study: str) -> list[Shard]:
    """Return the shards of a study that were begun since the whole study was last run to its end."""
    return [shard for shard, path in _shard_locks(study) if owner_file(path).exists()]


def forget_shards(study: str, shards: Collection[Shard] | None = None) -> None:
    """Forget that shards, or all of them, were begun. Their locks stay, as another process may look at them."""
    for shard, path in _shard_locks(study):
        if shards is None or shard in shards:
            owner_file(path).unlink(missing_ok=True)


def _lock_path(study: str, shard: Shard | None = None) -> Path:
    return study_lock_file(shard.name_of(study) if shard else study)


def _run_of(lock: Path, study: str, shard: Shard | None = None) -> StudyRun:
    """Return who holds a lock, as far as it is known: whoever took it a moment ago has not written it yet."""
    return StudyRun(study, str(shard or ""), Holder.read(owner_file(lock)))


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


def whole_text(run: StudyRun) -> str:
    """Return the sentence on who runs a whole study."""
    return f"a `bench run` of the whole study '{run.study}' is working in {results_root()}{run.whereabouts}."


def _held(run: StudyRun) -> str:
    if run.shard:
        return (
            f"shard {run.shard} of the study '{run.study}' is being run already in {results_root()}{run.whereabouts}; "
            f"wait for it, or run another shard."
        )
    return (
        f"another `bench run` is working on the study '{run.study}' in {results_root()}{run.whereabouts}; "
        f"wait for it, or set BANDBENCH_HOME to another folder."
    )


def _shards_work(working: list[StudyRun], study: str, shard: Shard | None) -> str:
    """Return the message on shards that are being run."""
    names = listed([f"{run.shard}{run.whereabouts}" for run in working], SHOWN)
    first = f"of the study '{study}' in {results_root()}, {'these shards are' if len(working) > 1 else 'a shard is'} being run"
    if shard is None:
        return f"{first}: {names}. Wait until all shards have ended, then repeat this command: it assembles their results."
    count = working[0].shard.partition("/")[2]
    return (
        f"{first}: {names}. Shard {shard} would deal out the cells otherwise and compute some of them a second time; "
        f"use --shard I/{count}, or wait."
    )
