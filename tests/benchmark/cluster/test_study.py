"""A whole study on a cluster: the same bytes as on one machine, a worker killed in the middle included."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from distributed import LocalCluster

from bandbench.benchmark.cluster.address import ClusterError
from bandbench.benchmark.search.run import Outcome
from bandbench.benchmark.store.scratch import UNFINISHED, is_abandoned
from conftest import SilentReporter, run, score_files, small_study
from made_clusters import local_cluster, worker_pids

DETECTOR = """
import os, signal
import numpy as np
from bandbench.benchmark.contracts import Detector, ViewSpec


class Deadly(Detector):
    name = "deadly"
    view = ViewSpec("profile")

    def fit(self, view, labels):
        os.kill(os.getpid(), signal.SIGKILL)

    def score(self, view):
        return np.zeros(len(view))
"""


class Killer(SilentReporter):
    """A reporter that kills a worker when some fits are done."""

    def __init__(self, cluster: LocalCluster, after: int) -> None:
        super().__init__()
        self.victim = worker_pids(cluster)[0]
        self.after, self.killed, self.counting = after, False, threading.Lock()

    def advance(self, steps: int = 1) -> None:
        with self.counting:
            super().advance(steps)
            fitting = any(stage.startswith("searching bands") for stage in self.stages)
            if fitting and not self.killed:
                self.after -= steps
                if self.after <= 0:
                    os.kill(self.victim, signal.SIGKILL)
                    self.killed = True


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with local_cluster(2) as made:
        yield made


def files_of(home: Path) -> dict[str, bytes]:
    """Files of cells and of the study whose content is not that of a clock: scores, figures, rows without times."""
    kinds = ("*/scores/*.parquet", "*/*.png", "*/groups.json", "*/model/**/*.safetensors")
    return {str(path.relative_to(home)): path.read_bytes() for kind in kinds for path in home.glob(f"cells/**/{kind}")}


def test_a_worker_that_is_killed_in_the_middle_changes_no_byte(
    cluster: LocalCluster, picture_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = {"mine": picture_folder(n=24)}
    here = run(small_study(), folders)
    expected, cells = score_files(tmp_path / "home"), files_of(tmp_path / "home")
    monkeypatch.setenv("BANDBENCH_HOME", str(tmp_path / "home2"))
    monkeypatch.setenv("BANDBENCH_CACHE", str(tmp_path / "cache2"))
    killer = Killer(cluster, after=5)
    there = run(small_study(), folders, cluster=cluster.scheduler_address, reporter=killer)
    assert killer.killed
    assert (there.complete, there.computed) == (True, here.computed)
    assert score_files(tmp_path / "home2") == expected
    assert len(expected) > 10
    assert files_of(tmp_path / "home2") == cells
    assert cells
    assert without_times(there) == without_times(here)
    left = [path for path in (tmp_path / "home2").rglob(".*") if path.suffix in (".tmp", "")]
    assert all(path.name.startswith(UNFINISHED) and not is_abandoned(path) for path in left)  # of this very process
    again = run(small_study(), folders, cluster=cluster.scheduler_address)
    assert (again.computed, len(again.rows)) == (0, len(here.rows))


def without_times(outcome: Outcome) -> list[tuple[object, ...]]:
    return [(row.detector, row.band, row.train, row.headline, row.metrics.get("in_domain_auc")) for row in outcome.rows]


def test_a_fit_that_always_kills_its_process_is_a_failure_of_its_cell_alone(
    cluster: LocalCluster, picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "deadly.py").write_text(DETECTOR)
    study = small_study(detectors=[f"{tmp_path / 'deadly.py'}:Deadly", "spectral_svm"], sweep=None, search={"trials": 0})
    outcome = run(study, {"mine": picture_folder(n=12)}, cluster=cluster.scheduler_address)
    assert list(outcome.failures) == ["deadly on mine"]
    assert "its process on the cluster died 3 times" in outcome.failures["deadly on mine"]
    assert [row.detector for row in outcome.rows] == ["spectral_svm"]


def test_the_code_of_a_detector_that_a_worker_lacks_is_said_before_anything_is_done(
    cluster: LocalCluster, picture_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = picture_folder(n=12)
    monkeypatch.setattr("bandbench.benchmark.cluster.session.Probe.values", lambda probe: {f"the path {folder}": "elsewhere"})
    with pytest.raises(ClusterError, match="is a folder with 2 entries there and elsewhere here"):
        run(small_study(), {"mine": folder}, cluster=cluster.scheduler_address)
    assert score_files(tmp_path / "home") == {}
