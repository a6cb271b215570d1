"""One fit: its score files and record, when a record is taken up again, what a failure leaves."""

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bandbench.benchmark.contracts import Features, Item
from bandbench.benchmark.errors import DiskError, EmptyBandError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.records import Assessment, ItemSet, Job
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.results.scores import OK, item_table, read_scores, write_table
from bandbench.benchmark.search import fit as fit_module
from bandbench.benchmark.search.fit import assess, find_record, record_path, run_jobs
from bandbench.benchmark.store.folders import cache_root
from made_cells import item_set, score_file

N = 12


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """A fit on made-up views: the first feature tells fakes from reals, on ``away`` the wrong way round."""
    sets = [prepared(tmp_path, "home", "train"), prepared(tmp_path, "home", "val"), prepared(tmp_path, "away", "test")]

    def load_view(items: ItemSet, spec: object, band: Band) -> tuple[Features, np.ndarray]:
        sign = -1 if items.domain == "away" else 1
        values = np.random.default_rng(len(items.split)).normal(size=(N, 3)) + 4 * sign * (np.arange(N)[:, None] // (N // 2))
        return Features(values, np.array([0.1, 0.2, 0.3])), np.arange(N)

    monkeypatch.setattr(fit_module, "load_view", load_view)
    train, val, test = sets
    return Job(DetectorSpec.parse("spectral_logreg"), Band("low", 0.2), 0, train, val, (test,), str(tmp_path / "records"))


def prepared(folder: Path, domain: str, split: str) -> ItemSet:
    """An item set with a table of its own, half of it reals."""
    items = [Item(f"{i}", int(i >= N // 2), split, video=f"{i}") for i in range(N)]  # type: ignore[arg-type]
    path = folder / f"{domain}-{split}.parquet"
    write_table(path, item_table(domain, items, [OK] * N))
    return item_set(domain, split, table=str(path), n_items=N, n_ok=N)


def test_fits_of_several_bands_leave_what_each_leaves_alone(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their features are computed together first; where that fails, each fit computes its own."""
    asked: list[list[Band]] = []
    jobs = [replace(job, band=Band("low", cutoff)) for cutoff in (0.2, 0.3)]

    def share(sets: object, spec: object, bands: list[Band]) -> None:
        asked.append(bands)
        raise MemoryError

    monkeypatch.setattr(fit_module.load, "bands_together", lambda *_: 4)
    monkeypatch.setattr(fit_module.load, "share_bands", share)
    together = [Path(record.scores).read_bytes() for record in run_jobs(jobs)]
    alone = [Path(run_jobs([replace(one, records=str(tmp_path / "other"))])[0].scores).read_bytes() for one in jobs]
    assert together == alone
    assert asked == [[one.band for one in jobs]]


# --- records ---------------------------------------------------------------------------------------------------------


def test_a_fit_leaves_score_files_and_a_record_that_is_found_again(job: Job) -> None:
    assert find_record(job) is None
    (record,) = run_jobs([job])
    assert record.error == ""
    assert find_record(job) == record
    assert (record.key, record.n_train, record.n_features) == (job.key, N, 3)
    val, test = read_scores(Path(record.scores))
    assert (val.domain, val.split, val.n_items, test.domain, test.split) == ("home", "val", N, "away", "test")
    assert record.sealed == {"away": 0.0}  # the wrong way round: an AUC is never turned


def test_a_fit_without_test_domains_has_no_test_scores(job: Job) -> None:
    (record,) = run_jobs([replace(job, tests=())])
    assert (record.error, record.sealed) == ("", {})
    assert [scores.split for scores in read_scores(Path(record.scores))] == ["val"]
    assert find_record(replace(job, tests=())) == record


def test_the_record_of_another_fit_is_not_taken_up(job: Job) -> None:
    run_jobs([job])
    others = [replace(job, attempt=1), replace(job, band=Band("low", 0.21)), replace(job, tests=())]
    assert [find_record(other) for other in others] == [None] * 3
    assert find_record(job) is not None


@pytest.mark.parametrize(
    "damage",
    [
        Path.unlink,
        lambda path: path.write_bytes(path.read_bytes()[:-1]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(path.read_bytes().replace(b"PAR1", b"PAR2", 1)),
        lambda path: (path.unlink(), os.mkfifo(path)),
        lambda path: (path.unlink(), path.mkdir()),
    ],
)
def test_a_record_without_its_whole_score_file_is_none(damage: Callable[[Path], Any], job: Job) -> None:
    (record,) = run_jobs([job])
    damage(Path(record.scores))
    assert find_record(job) is None


def test_a_pipe_in_place_of_a_record_is_none_and_a_folder_is_no_fault_of_the_detector(job: Job) -> None:
    (record,) = run_jobs([job])
    path = record_path(job.records, job.key)
    path.unlink()
    os.mkfifo(path)
    assert find_record(job) is None
    Path(record.scores).unlink()
    Path(record.scores).mkdir()
    with pytest.raises(DiskError, match=r"a folder lies in its place\. Move the folder away"):
        run_jobs([job])


@pytest.mark.parametrize("text", [b"", b"{", b"null", b"[]", b'{"key": "of another version"}'])
def test_a_damaged_record_is_none(text: bytes, job: Job) -> None:
    run_jobs([job])
    record_path(job.records, job.key).write_bytes(text)
    assert find_record(job) is None


def test_a_record_is_found_where_the_results_were_moved(job: Job, tmp_path: Path) -> None:
    run_jobs([job])
    (tmp_path / "records").rename(tmp_path / "moved")
    found = find_record(replace(job, records=str(tmp_path / "moved")))
    assert found is not None
    assert Path(found.scores).is_relative_to(tmp_path / "moved")
    assert Path(found.scores).is_file()


# --- failures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raised", "message", "empty"),
    [
        (EmptyBandError("keeps 1 frequency"), "keeps 1 frequency", True),
        (SystemExit(2), "spectral_logreg failed: SystemExit: 2 (test_fit.py:", False),
        (GeneratorExit(), "spectral_logreg failed: GeneratorExit: ", False),
        (ZeroDivisionError("by zero"), "spectral_logreg failed: ZeroDivisionError: by zero (test_fit.py:", False),
    ],
)
def test_a_failure_is_said_and_not_recorded(
    raised: BaseException, message: str, empty: bool, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise raised

    other = replace(job, attempt=1)
    with monkeypatch.context() as failing:
        failing.setattr(fit_module, "load_view", fail)
        failed = run_jobs([job, other])
    assert [record.error[: len(message)] for record in failed] == [message] * 2
    assert [record.empty for record in failed] == [empty] * 2
    assert find_record(job) is find_record(other) is None
    assert run_jobs([job])[0].error == ""  # and it is tried again


# --- validation ------------------------------------------------------------------------------------------------------


def test_a_band_is_judged_by_the_mean_validation_auc_of_its_draws(tmp_path: Path) -> None:
    reals = [0.1, 0.2, 0.3, 0.4]
    perfect = score_file(tmp_path / "0.parquet", [("home", "val", reals, [0.5, 0.6, 0.7, 0.8])])
    half = score_file(tmp_path / "1.parquet", [("home", "val", reals, [0.5, 0.6, 0.0, 0.05])])
    assert assess(Assessment((perfect,))).value == 1
    assert assess(Assessment((perfect, half))).value == pytest.approx(0.75)


def test_a_disk_that_fails_is_no_fault_of_the_detector(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(fit_module, "write_table", fail)
    with pytest.raises(DiskError, match="the disk is full"):
        run_jobs([job])


def test_a_cache_that_was_deleted_is_no_fault_of_the_detector(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = replace(job.train, table=str(cache_root() / "scratch-1" / "train.parquet"))
    with pytest.raises(DiskError, match="is gone: somebody has deleted it"):
        run_jobs([replace(job, train=gone)])
