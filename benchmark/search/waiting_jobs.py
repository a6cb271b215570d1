"""Jobs that were submitted for the shards of a study and have not begun: a run of the whole study would do their work."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..errors import listed
from ..records import Shard
from ..store.files import read_json, write_json
from ..store.folders import results_root
from .study_lock import begun_shards, forget_shards

SHOWN = 3  # jobs in a message


@dataclass(frozen=True)
class SubmittedJob:
    """
    Job that was submitted for a shard.

    Attributes
    ----------
    shard : Shard
    job : str
        Id of SLURM, or number of a process.
    place : str
        ``SLURM``, or ``this machine``.
    """

    shard: Shard
    job: str
    place: str


def expect_shards(study: str, shards: Sequence[Shard], fresh: bool) -> None:
    """Forget that shards were begun, and their earlier jobs, before jobs are submitted for them; with `fresh`, all jobs."""
    forget_shards(study, shards)
    _write_jobs(study, [] if fresh else [job for job in _kept_jobs(study) if job.shard not in shards])


def keep_jobs(study: str, jobs: Sequence[SubmittedJob]) -> None:
    """Keep the jobs that were submitted for shards of a study, each in place of an earlier one for the same shard."""
    latest = {job.shard: job for job in (*_kept_jobs(study), *jobs)}
    _write_jobs(study, list(latest.values()))


def waiting_jobs(study: str) -> list[SubmittedJob]:
    """Return the jobs of a study whose shards have not begun: they wait in a queue, or ended before they began."""
    begun = set(begun_shards(study))
    return [job for job in _kept_jobs(study) if job.shard not in begun]


def forget_jobs(study: str) -> None:
    """Forget the jobs of a study: the whole study has been run."""
    _jobs_path(study).unlink(missing_ok=True)


def named(jobs: Sequence[SubmittedJob]) -> str:
    """Return the ids of jobs with their places and shards, the first of them."""
    return listed([f"{job.job} on {job.place} (shard {job.shard})" for job in jobs], SHOWN)


def waiting_text(jobs: Sequence[SubmittedJob]) -> str:
    """Return the sentences on jobs whose cells a run of the whole study is about to compute."""
    names = named(jobs)
    those, have = ("job", "has") if len(jobs) == 1 else ("jobs", "have")
    return (
        f"{len(jobs)} submitted {those} of this study {have} not begun, or ended before: {names}. This run computes their "
        f"cells itself; to leave the cells to the {those}, stop it with Ctrl-C, and repeat it when the {those} {have} ended."
    )


def _write_jobs(study: str, jobs: Sequence[SubmittedJob]) -> None:
    entries = [[job.shard.index, job.shard.count, job.job, job.place] for job in jobs]
    entries.sort(key=lambda entry: (entry[1], entry[0]))
    write_json(_jobs_path(study), entries, durable=False)


def _jobs_path(study: str) -> Path:
    return results_root() / "shards" / f"{study}.jobs.json"


def _kept_jobs(study: str) -> list[SubmittedJob]:
    """Return the jobs that are on file; what is damaged there is passed over, as it serves a message only."""
    entries = read_json(_jobs_path(study))
    return [
        SubmittedJob(Shard(entry[0], entry[1]), entry[2], entry[3])
        for entry in (entries if isinstance(entries, list) else ())
        if isinstance(entry, list) and [type(value) for value in entry] == [int, int, str, str]
    ]
