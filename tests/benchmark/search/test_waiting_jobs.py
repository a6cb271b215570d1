"""Jobs that were submitted for shards wait until their shard is begun, submitted anew, or the whole study has been run."""

from bandbench.benchmark.records import Shard
from bandbench.benchmark.search.study_lock import study_lock
from bandbench.benchmark.search.waiting_jobs import (
    SubmittedJob,
    expect_shards,
    forget_jobs,
    keep_jobs,
    waiting_jobs,
    waiting_text,
)
from bandbench.benchmark.store.folders import results_root

FIRST, SECOND = SubmittedJob(Shard(0, 2), "4711_0", "SLURM"), SubmittedJob(Shard(1, 2), "4711_1", "SLURM")


def test_a_job_waits_until_its_shard_is_begun_and_waits_again_when_it_is_submitted_again() -> None:
    assert waiting_jobs("s") == []
    keep_jobs("s", [FIRST, SECOND])
    assert waiting_jobs("s") == [FIRST, SECOND]
    assert waiting_jobs("other") == []
    with study_lock("s", Shard(0, 2)):
        assert waiting_jobs("s") == [SECOND]
    assert waiting_jobs("s") == [SECOND]

    again = SubmittedJob(Shard(0, 2), "4712", "SLURM")
    expect_shards("s", [again.shard], fresh=False)
    keep_jobs("s", [again])
    assert waiting_jobs("s") == [again, SECOND]
    forget_jobs("s")
    assert waiting_jobs("s") == []


def test_a_new_attempt_forgets_the_jobs_of_the_last_one() -> None:
    keep_jobs("s", [FIRST, SECOND])
    expect_shards("s", [Shard(0, 1)], fresh=True)
    assert waiting_jobs("s") == []


def test_a_damaged_list_is_no_error() -> None:
    path = results_root() / "shards" / "s.jobs.json"
    path.parent.mkdir(parents=True)
    for text in ("{", "{}", '[[0, 2, "a"], [0, 2, 3, 4], "x"]'):
        path.write_text(text)
        assert waiting_jobs("s") == []
    keep_jobs("s", [FIRST])
    assert waiting_jobs("s") == [FIRST]


def test_the_text_names_the_jobs_and_the_way_to_leave_the_work_to_them() -> None:
    text = waiting_text([FIRST, SECOND])
    assert text.startswith(
        "2 submitted jobs of this study have not begun, or ended before: 4711_0 on SLURM (shard 0/2), 4711_1 on SLURM"
    )
    assert text.endswith("stop it with Ctrl-C, and repeat it when the jobs have ended.")
    assert waiting_text([FIRST]).startswith(
        "1 submitted job of this study has not begun, or ended before: 4711_0 on SLURM (shard 0/2). "
    )
