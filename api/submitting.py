"""Submit the shards of a study as jobs, to SLURM or to processes of this machine, through submitit."""

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from ..benchmark.errors import BenchError, listed
from ..benchmark.invocation import extra_missing
from ..benchmark.records import Plan, Shard
from ..benchmark.search.run import attempt_number
from ..benchmark.search.shards import CellShare, deal, recorded_cells, shares_of
from ..benchmark.search.study_lock import running_shards, whole_run, whole_text
from ..benchmark.search.waiting_jobs import SubmittedJob, expect_shards, keep_jobs, waiting_jobs
from ..benchmark.store.folders import cache_root, results_root
from .shard_job import ShardJob

MINUTES = 240  # walltime where none is given: submitit would ask for five
WEEK = 7 * 24 * 60  # minutes; processes of this machine need no walltime, and submitit wants one
MOST_REQUEUES = 100
WARNING = 30  # seconds between the signal and the walltime; SLURM may send it a minute earlier
SHOWN = 5  # shards in a message


class Where(StrEnum):
    """Where jobs run."""

    slurm = "slurm"
    local = "local"

    @property
    def text(self) -> str:
        """Name in sentences."""
        return "SLURM" if self is Where.slurm else "this machine"


@dataclass(frozen=True)
class Resources:
    """
    Resources of one job.

    Attributes
    ----------
    partition, account : str or None
        Of SLURM; None for its default, like all that follow.
    minutes : int or None
        Walltime, after which a job is queued again; None for `MINUTES` on SLURM.
    mem : float or None
        GB.
    cpus, gpus : int or None
    jobs : int or None
        Worker processes of a shard; None for its cores: all of a job on SLURM, its part of the cores on this machine.
    max_parallel : int or None
        Jobs that run at once.
    """

    partition: str | None = None
    account: str | None = None
    minutes: int | None = None
    mem: float | None = None
    cpus: int | None = None
    gpus: int | None = None
    max_parallel: int | None = None
    jobs: int | None = None


@dataclass(frozen=True)
class ShardLeft:
    """A shard, all of its cells, and those of them that are not recorded yet."""

    shard: Shard
    cells: tuple[CellShare, ...]
    left: tuple[CellShare, ...]


@dataclass(frozen=True)
class Submission:
    """
    Jobs of a study.

    Attributes
    ----------
    where : Where
    shards : tuple of ShardLeft
        All of them, in their order.
    submitted : tuple of Shard
        That have something left and are not being run.
    running : tuple of str
        ``I/N`` of those that are being run by other processes.
    jobs : tuple of str
        Job ids, in the order of `submitted`; empty if nothing was submitted.
    logs : Path
        Folder of the logs.
    waiting : tuple of SubmittedJob
        That were submitted before for the same cells and have not begun.
    """

    where: Where
    shards: tuple[ShardLeft, ...]
    submitted: tuple[Shard, ...]
    running: tuple[str, ...]
    jobs: tuple[str, ...]
    logs: Path
    waiting: tuple[SubmittedJob, ...] = ()

    @property
    def n_cells(self) -> int:
        """Cells of the study."""
        return sum(len(one.cells) for one in self.shards)

    @property
    def n_left(self) -> int:
        """Cells that are not recorded yet."""
        return sum(len(one.left) for one in self.shards)


def settled_place(given: str | None) -> Where:
    """
    Return where jobs run: on SLURM, if it is there, unless another place is asked for.

    Raises
    ------
    BenchError
        If there is no SLURM here.
    """
    if given == Where.local:
        return Where.local
    absent = [name for name in ("sbatch", "srun") if shutil.which(name) is None]
    if absent:
        raise BenchError(
            f"there is no SLURM here ({' and '.join(absent)} not on PATH); submit from a login node of the cluster, or use "
            f"--on local, which runs the shards as processes of this machine."
        )
    return Where.slurm


def check_resources(where: Where, resources: Resources) -> None:
    """
    Refuse resources that make no sense.

    Raises
    ------
    BenchError
    """
    least = {
        "--time": resources.minutes,
        "--cpus": resources.cpus,
        "--jobs": resources.jobs,
        "--max-parallel": resources.max_parallel,
    }
    for option, number in least.items():
        if number is not None and number < 1:
            raise BenchError(f"{option} is at least 1, got {number}.")
    if resources.mem is not None and not 0 < resources.mem < float("inf"):
        raise BenchError(f"--mem is a number of GB above 0, got {resources.mem:g}.")
    if resources.gpus is not None and resources.gpus < 0:
        raise BenchError(f"--gpus is at least 0, got {resources.gpus}.")
    only_slurm = {
        "--partition": resources.partition,
        "--account": resources.account,
        "--mem": resources.mem,
        "--max-parallel": resources.max_parallel,
    }
    given = [option for option, value in only_slurm.items() if value is not None]
    if where is Where.local and given:
        raise BenchError(
            f"{', '.join(given)}: SLURM takes that, and processes of this machine do not; all shards start at once here. "
            f"Leave it out, and give as many --shards as are to run at once."
        )


def submit_plan(
    plan: Plan,
    words: Sequence[str],
    n_shards: int,
    where: Where,
    resources: Resources,
    *,
    fresh: bool = False,
    dry_run: bool = False,
) -> Submission:
    """
    Submit the shards of a plan that have cells left, each as a job that runs ``bench run … --shard I/N``.

    Parameters
    ----------
    plan : Plan
    words : sequence of str
        Command line of the study, from ``run`` on.
    n_shards : int
        Shards without a cell are left out.
    where : Where
    resources : Resources
    fresh : bool
        Compute everything again: begin a new attempt at the study.
    dry_run : bool
        Submit nothing.

    Returns
    -------
    Submission

    Raises
    ------
    BenchError
        If `n_shards` is no number from 1 on, the extra ``cluster`` is missing, the study is being run, or SLURM refuses the
        jobs.
    """
    if n_shards < 1:
        raise BenchError(f"--shards is at least 1, got {n_shards}.")
    check_resources(where, resources)
    if missing := extra_missing("cluster", ["submitit"]):  # before an attempt is begun
        raise BenchError(f"bench submit {missing}")
    _refuse_other_work(plan, n_shards, fresh)
    attempt = attempt_number(plan.study, fresh and not dry_run)
    recorded = set() if fresh else recorded_cells(plan, attempt)
    shares = shares_of(plan)
    shards = [
        ShardLeft(shard, tuple(cells), tuple(cell for cell in cells if cell.label not in recorded))
        for shard in (Shard(i, n_shards) for i in range(min(n_shards, len(shares))))
        if (cells := deal(shares, shard))
    ]
    running = {run.shard for run in running_shards(plan.study.name)}
    chosen = tuple(one.shard for one in shards if one.left and str(one.shard) not in running)
    logs = results_root() / "shards" / "logs" / plan.study.name
    jobs: tuple[str, ...] = ()
    waiting = tuple(job for job in waiting_jobs(plan.study.name) if job.shard in chosen or job.shard.count != n_shards)
    if chosen and not dry_run:
        expect_shards(plan.study.name, chosen, fresh)
        jobs = _submit(plan.study.name, words, chosen, where, resources, logs)
        named = [SubmittedJob(shard, job, where.text) for shard, job in zip(chosen, jobs, strict=True)]
        keep_jobs(plan.study.name, named)
    return Submission(where, tuple(shards), chosen, tuple(sorted(running)), jobs, logs, waiting)


def _refuse_other_work(plan: Plan, n_shards: int, fresh: bool) -> None:
    """Refuse to submit beside a run of the whole study or of another number of shards."""
    name = plan.study.name
    if whole := whole_run(name):
        raise BenchError(f"{whole_text(whole)} It computes all cells; wait for it.")
    if working := running_shards(name, but_of=0 if fresh else n_shards):
        names = listed([f"{run.shard}{run.whereabouts}" for run in working], SHOWN)
        way_on = "wait until they have ended." if fresh else "give the same number of --shards, or wait until they have ended."
        raise BenchError(f"shards of the study '{name}' are being run: {names}; {way_on}")


def _submit(
    name: str, words: Sequence[str], shards: Sequence[Shard], where: Where, resources: Resources, logs: Path
) -> tuple[str, ...]:
    """Submit one job for each shard; return the ids of the jobs."""
    # Imported here: an optional library, which is there, as `submit_plan` has looked.
    import submitit
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    logs.mkdir(parents=True, exist_ok=True)
    # Processes of this machine do not put their id in place of %j everywhere.
    folder = logs if where is Where.local else logs / "%j"
    executor = submitit.AutoExecutor(folder=folder, cluster=where.value, **_requeues(where))
    executor.update_parameters(**_parameters(name, where, resources))
    jobs = [_job(words, shard, where, resources, len(shards)) for shard in shards]
    try:
        with _output_to(logs / "jobs.log"), executor.batch():
            submitted = [executor.submit(job) for job in jobs]
        return tuple(job.job_id for job in submitted)
    except (FailedJobError, FailedSubmissionError, OSError) as error:
        raise BenchError(f"the jobs were not submitted: {' '.join(str(error).split())}") from error


def _requeues(where: Where) -> dict[str, int]:
    """Return how often a job may reach its walltime; of a job that gets nothing done in it, that is the end."""
    return {f"{where.value}_max_num_timeout": MOST_REQUEUES}


def _parameters(name: str, where: Where, resources: Resources) -> dict[str, Any]:
    """Return the resources as submitit takes them."""
    if where is Where.local:
        parameters = {
            "timeout_min": resources.minutes or WEEK,
            "gpus_per_node": resources.gpus,
        }
    else:
        cpus = resources.cpus
        parameters = {
            "name": name,
            "timeout_min": resources.minutes or MINUTES,
            "mem_gb": resources.mem,
            "cpus_per_task": cpus,
            "gpus_per_node": resources.gpus,
            "slurm_partition": resources.partition,
            "slurm_account": resources.account,
            "slurm_array_parallelism": resources.max_parallel,
            "slurm_signal_delay_s": WARNING,
            "slurm_additional_parameters": {"requeue": True},
            # Since version 22.05 the cores of a job are not passed on to its steps.
            "slurm_srun_args": [f"--cpus-per-task={cpus}"] if cpus else None,
        }
    return {key: value for key, value in parameters.items() if value is not None}


def _job(words: Sequence[str], shard: Shard, where: Where, resources: Resources, n_jobs: int) -> ShardJob:
    own = ["--shard", str(shard)]
    environment: dict[str, str | None] = {"BANDBENCH_HOME": str(results_root()), "BANDBENCH_CACHE": str(cache_root())}
    if uri := os.environ.get("MLFLOW_TRACKING_URI"):
        environment["MLFLOW_TRACKING_URI"] = uri
    workers = resources.jobs or resources.cpus
    if where is Where.local:
        own += ["--jobs", str(workers or max(1, len(os.sched_getaffinity(0)) // n_jobs))]
        if resources.gpus is None:  # submitit would hide them
            environment["CUDA_VISIBLE_DEVICES"] = os.environ.get("CUDA_VISIBLE_DEVICES")
    elif workers:
        own += ["--jobs", str(workers)]
    return ShardJob([*words, *own], str(Path.cwd()), environment)


@contextlib.contextmanager
def _output_to(log: Path) -> Iterator[None]:
    """
    Let processes that are started meanwhile write to a file.

    Jobs of this machine outlive the command; whoever reads its output would else wait for their end.
    """
    with log.open("ab") as file:
        kept = {number: os.dup(number) for number in (1, 2)}
        text = os.fdopen(os.dup(file.fileno()), "w")
        try:
            for number in kept:
                os.dup2(file.fileno(), number)
            with text, contextlib.redirect_stdout(text), contextlib.redirect_stderr(text):
                yield
        finally:
            for number, copy in kept.items():
                os.dup2(copy, number)
                os.close(copy)
