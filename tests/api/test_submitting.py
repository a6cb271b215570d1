"""Shards as jobs: processes of this machine through submitit, and the batch script that SLURM would get."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from bandbench.api import submitting as module
from bandbench.api.data import given_data
from bandbench.api.study import StudyOptions, plan_study, run_plan
from bandbench.api.submitting import Resources, Submission, Where, check_resources, settled_place, submit_plan
from bandbench.benchmark.errors import BenchError
from bandbench.benchmark.records import Plan, Shard
from bandbench.benchmark.search.run import attempt_number
from bandbench.benchmark.search.study_lock import study_lock
from bandbench.benchmark.search.waiting_jobs import SubmittedJob, waiting_jobs, waiting_text
from bandbench.benchmark.store.folders import results_root
from bandbench.benchmark.tracking.store import default_tracking_uri
from conftest import SilentReporter, small_study

Maker = Callable[..., Path]

FAKE_SBATCH = """#!/bin/sh
cp "$1" "$(dirname "$0")/script.sh"
echo "$@" > "$(dirname "$0")/words"
echo "Submitted batch job 4711"
"""


@pytest.fixture
def plan(picture_folder: Maker, tmp_path: Path) -> tuple[Plan, list[str]]:
    """A study of four cells of one fit each, and the words that run it."""
    study = small_study(detectors=["coin_flip", "spectral_svm"], sweep=None, search={"trials": 0}, controls=True)
    path = tmp_path / "study.yaml"
    path.write_text(json.dumps(study.model_dump(mode="json", exclude_defaults=True)))
    data = picture_folder(n=24)
    options = StudyOptions(study, given_data({"mine": data}))
    return plan_study(options, SilentReporter()), ["run", str(path), "--data", f"mine={data}"]


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on PATH with programs that are called like those of SLURM."""
    folder = tmp_path / "slurm"
    folder.mkdir()
    for name, text in (("sbatch", FAKE_SBATCH), ("srun", "#!/bin/sh\n")):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder


def flags(script: Path) -> dict[str, str]:
    lines = [line.removeprefix("#SBATCH --") for line in script.read_text().splitlines() if line.startswith("#SBATCH --")]
    return {name: value.strip("'") for name, _, value in (line.partition("=") for line in lines)}


def assemble(plan: Plan, shard: Shard | None = None, reporter: SilentReporter | None = None) -> int:
    """Run the whole study, or one shard; return the number of fits that it computed."""
    uri = default_tracking_uri()
    results = run_plan(
        plan,
        jobs=1,
        tracking_uri=uri,
        storage=None,
        fresh=False,
        strict=False,
        reporter=reporter or SilentReporter(),
        shard=shard,
    )
    assert results.complete
    return results.computed


def wait_for(submission: Submission, ending: str = "_result.pkl") -> None:
    """Wait until the jobs of this machine have left their results."""
    wanted = [submission.logs / f"{job}_0{ending}" for job in submission.jobs]
    for _ in range(2400):
        if all(path.exists() for path in wanted):
            return
        time.sleep(0.05)
    logs = "\n".join(path.read_text() for path in submission.logs.rglob("*.err"))
    pytest.fail(f"the jobs did not end within two minutes: {logs}")


def test_processes_of_this_machine_compute_the_shards_and_a_second_time_nothing(plan: tuple[Plan, list[str]]) -> None:
    study, words = plan
    first = submit_plan(study, words, 2, Where.local, Resources(cpus=1))
    assert (first.submitted, first.n_cells, first.n_left) == ((Shard(0, 2), Shard(1, 2)), 4, 4)
    assert len(first.jobs) == 2
    wait_for(first)
    assert not [path for path in first.logs.iterdir() if path.is_dir()]  # such as one named %j
    logs = "".join(path.read_text() for path in first.logs.rglob("*_log.err"))
    assert "2 of 2 cells of shard 0/2 recorded; when all shards have ended: " in logs
    assert "2 of 2 cells of shard 1/2 recorded" in logs
    assert not (results_root() / "studies").exists()

    again = submit_plan(study, words, 3, Where.local, Resources(cpus=1))
    assert (again.n_cells, again.n_left, again.submitted, again.jobs) == (4, 0, (), ())
    assert assemble(study) == 0
    fresh = submit_plan(study, words, 3, Where.local, Resources(), fresh=True, dry_run=True)
    assert (fresh.n_left, fresh.submitted, fresh.jobs) == (4, (Shard(0, 3), Shard(1, 3), Shard(2, 3)), ())
    assert submit_plan(study, words, 3, Where.local, Resources()).n_left == 0  # a dry run begins no attempt


def test_a_job_that_fails_says_so_in_its_log(plan: tuple[Plan, list[str]]) -> None:
    study, words = plan
    submission = submit_plan(study, [*words, "--crop", "100000"], 1, Where.local, Resources())
    wait_for(submission)
    (log,) = submission.logs.rglob("*_log.err")
    assert "ended with code 2; its messages are in the log above" in log.read_text()


def test_only_shards_with_cells_left_are_submitted(plan: tuple[Plan, list[str]], slurm: Path) -> None:
    study, words = plan
    assemble(study, Shard(1, 3))
    with study_lock(study.study.name, Shard(2, 3)):
        submission = submit_plan(study, words, 3, Where.slurm, Resources())
        assert (submission.submitted, submission.running) == ((Shard(0, 3),), ("2/3",))
        assert [len(one.left) for one in submission.shards] == [2, 0, 1]
        with pytest.raises(BenchError, match="give the same number of --shards"):
            submit_plan(study, words, 4, Where.slurm, Resources())
        with pytest.raises(BenchError, match=r"shards of the study 'small' are being run: 2/3 .*; wait until they have ended"):
            submit_plan(study, words, 3, Where.slurm, Resources(), fresh=True)
    assert submission.jobs == ("4711",)
    waiting = waiting_jobs(study.study.name)
    assert waiting == [SubmittedJob(Shard(0, 3), "4711", "SLURM")]
    reporter = SilentReporter()
    assert assemble(study, reporter=reporter) > 0
    assert reporter.notes.count(waiting_text(waiting)) == 1
    assert waiting_jobs(study.study.name) == []
    assert "array" not in flags(slurm / "script.sh")
    with study_lock(study.study.name), pytest.raises(BenchError, match="a `bench run` of the whole study 'small' is working"):
        submit_plan(study, words, 3, Where.slurm, Resources())


def test_slurm_gets_one_array_with_the_resources_that_is_queued_again(plan: tuple[Plan, list[str]], slurm: Path) -> None:
    study, words = plan
    resources = Resources("gpu", "lab", minutes=90, mem=4, cpus=8, gpus=1, max_parallel=2)
    submission = submit_plan(study, words, 4, Where.slurm, resources)
    assert submission.jobs == ("4711_0", "4711_1", "4711_2", "4711_3")
    given = flags(slurm / "script.sh")
    expected = {
        "array": "0-3%2",
        "time": "90",
        "mem": "4GB",
        "cpus-per-task": "8",
        "gpus-per-node": "1",
        "partition": "gpu",
        "account": "lab",
        "job-name": "small",
        "requeue": "",
        "signal": "USR2@30",
        "open-mode": "append",
    }
    assert given | expected == given
    command = (slurm / "script.sh").read_text().splitlines()[-1]
    assert command.startswith("srun ")
    assert "--cpus-per-task=8" in command
    assert given["output"].startswith(str(submission.logs))


def test_what_is_not_asked_for_is_left_to_slurm(plan: tuple[Plan, list[str]], slurm: Path) -> None:
    study, words = plan
    submit_plan(study, words, 9, Where.slurm, Resources())
    given = flags(slurm / "script.sh")
    assert not {"mem", "cpus-per-task", "gpus-per-node", "partition", "account"} & set(given)
    assert (given["time"], given["array"]) == ("240", "0-3%4")  # no jobs for shards without a cell


def test_what_slurm_refuses_is_one_message(plan: tuple[Plan, list[str]], slurm: Path) -> None:
    (slurm / "sbatch").write_text("#!/bin/sh\necho 'sbatch: error: invalid partition specified: gpu' >&2\nexit 1\n")
    study, words = plan
    with pytest.raises(BenchError, match="the jobs were not submitted: .*invalid partition specified: gpu"):
        submit_plan(study, words, 2, Where.slurm, Resources("gpu"))


def test_slurm_is_used_where_it_is(slurm: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settled_place(None) is settled_place("slurm") is Where.slurm
    assert settled_place("local") is Where.local
    monkeypatch.setenv("PATH", "/nowhere")
    for given in (None, "slurm"):
        with pytest.raises(BenchError, match=r"there is no SLURM here \(sbatch and srun not on PATH\); .*--on local"):
            settled_place(given)


@pytest.mark.parametrize(
    ("where", "resources", "message"),
    [
        (Where.slurm, Resources(minutes=0), "--time is at least 1, got 0."),
        (Where.slurm, Resources(cpus=-1), "--cpus is at least 1, got -1."),
        (Where.local, Resources(jobs=0), "--jobs is at least 1, got 0."),
        (Where.slurm, Resources(max_parallel=0), "--max-parallel is at least 1, got 0."),
        (Where.slurm, Resources(gpus=-1), "--gpus is at least 0, got -1."),
        (Where.slurm, Resources(mem=0), "--mem is a number of GB above 0, got 0."),
        (Where.slurm, Resources(mem=float("nan")), "--mem is a number of GB above 0, got nan."),
        (Where.local, Resources("gpu", mem=3), "--partition, --mem: SLURM takes that"),
    ],
)
def test_resources_that_make_no_sense_are_refused(where: Where, resources: Resources, message: str) -> None:
    with pytest.raises(BenchError) as error:
        check_resources(where, resources)
    assert message in str(error.value)


def test_without_the_extra_nothing_is_begun(plan: tuple[Plan, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    study, words = plan
    monkeypatch.setattr(module, "extra_missing", lambda extra, libraries: f"needs the extra `{extra}` ({libraries[0]} missing)")
    with pytest.raises(BenchError, match=r"bench submit needs the extra `cluster` \(submitit missing\)"):
        submit_plan(study, words, 2, Where.local, Resources(), fresh=True)
    assert attempt_number(study.study) == 0
