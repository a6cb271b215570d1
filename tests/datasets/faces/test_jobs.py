"""Jobs of a preparation: what is sent to a worker, and the end of a run in this process and in workers."""

import pickle
from pathlib import Path

import psutil
import pytest
from PIL import Image

from bandbench.datasets.clip_folder import ClipFolder
from bandbench.datasets.copies.prepared import Preparation
from bandbench.datasets.copies.settings import Settings
from bandbench.datasets.copies.survey import Source
from bandbench.datasets.faces import jobs
from bandbench.datasets.faces.cut import FaceCropper
from bandbench.datasets.faces.jobs import FaceJob, iter_outcomes, run_job, spec_of
from bandbench.datasets.faces.outcome import UNREAD
from conftest import SilentReporter
from made_clusters import local_cluster
from trees.faces import draw_face, scene
from trees.small_clips import REFERENCE, Clips


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Three small stills, which are quick to prepare."""
    (tmp_path / "root" / "a" / "real").mkdir(parents=True)
    for i in range(3):
        Image.fromarray(draw_face(i, 40)).save(tmp_path / "root" / "a" / "real" / f"r{i}.png")
    return tmp_path / "root"


def sources_of(root: Path) -> list[Source]:
    return list(Clips(root).survey_now().sources)


def open_preparation(folder: Path) -> Preparation:
    folder.mkdir()
    return Preparation(folder, {})


def test_a_registered_data_set_goes_by_its_name_and_another_by_its_file(tmp_path: Path) -> None:
    assert spec_of(ClipFolder(tmp_path)).reference == ClipFolder.name
    spec = spec_of(Clips(tmp_path, seed=3, fatal="x.png"))
    assert (spec.reference, spec.root) == (REFERENCE, str(tmp_path))
    assert spec.options == {"follow_links": False, "fatal": "x.png"}, "the seed of a study changes no crop"
    opened = spec.open(0, 0)
    assert opened.name == "clips" and opened.parameters()["fatal"] == "x.png"


def test_a_job_survives_the_way_to_a_worker(root: Path, tmp_path: Path) -> None:
    settings = Settings(faces="none", frames=2)
    cropper = FaceCropper(Clips(root), settings)
    _ = cropper.finder
    job = FaceJob.of(cropper, tmp_path / "out")
    _ = job.cropper
    sent = pickle.loads(pickle.dumps(FaceJob.of(cropper, tmp_path / "out")))
    assert sent == job
    assert (sent.cropper.settings, sent.cropper.weights) == (settings, None)
    assert sent.cropper.dataset.folder == root and sent.preparation.folder == tmp_path / "out"


def test_the_weights_of_a_job_are_an_absolute_path(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker has another working folder than the command."""
    monkeypatch.chdir(tmp_path)
    job = FaceJob.of(FaceCropper(Clips(root), Settings(faces="yunet"), Path("w.onnx")), tmp_path / "out")
    assert job.weights == str(tmp_path / "w.onnx") and job.cropper.weights == tmp_path / "w.onnx"


def test_a_worker_keeps_its_cropper_from_source_to_source(root: Path, tmp_path: Path) -> None:
    preparation = open_preparation(tmp_path / "out")
    job = FaceJob.of(FaceCropper(Clips(root), Settings(faces="none")), preparation.folder)
    first, second, _ = sources_of(root)
    assert run_job(job, first).status == "ok"
    cropper = jobs._current[0].cropper
    assert run_job(FaceJob.of(FaceCropper(Clips(root), Settings(faces="none")), preparation.folder), second).status == "ok"
    assert jobs._current[0].cropper is cropper, "an equal job opens no second finder"
    run_job(FaceJob.of(FaceCropper(Clips(root), Settings(faces="none", frames=1)), preparation.folder), second)
    assert jobs._current[0].cropper is not cropper


@pytest.mark.parametrize("n_workers", [1, 2])
def test_every_source_has_one_outcome(root: Path, tmp_path: Path, n_workers: int) -> None:
    preparation, sources = open_preparation(tmp_path / "out"), sources_of(root)
    outcomes = list(iter_outcomes(FaceCropper(Clips(root), Settings(faces="none")), preparation, sources, n_workers))
    assert sorted((o.id, o.status, o.n_crops) for o in outcomes) == [(s.id, "ok", 1) for s in sources]
    assert all(preparation.record(source.id) for source in sources)


def test_a_run_that_is_left_early_ends_its_workers(root: Path, tmp_path: Path) -> None:
    preparation = open_preparation(tmp_path / "out")
    outcomes = iter_outcomes(FaceCropper(Clips(root), Settings(faces="none")), preparation, sources_of(root), 2)
    before = set(psutil.Process().children(recursive=True))
    next(outcomes)
    workers = set(psutil.Process().children(recursive=True)) - before
    outcomes.close()
    assert len(workers) >= 2
    assert len(psutil.wait_procs(workers, timeout=0)[1]) <= 2, "the server of workers and its watcher alone are left"


def test_a_source_that_kills_its_worker_is_left_out_and_all_others_are_cut(root: Path, tmp_path: Path) -> None:
    Image.fromarray(scene(2)).save(root / "a" / "real" / "killer.png")
    preparation = open_preparation(tmp_path / "out")
    cropper = FaceCropper(Clips(root, fatal="a/real/killer.png"), Settings(faces="none"))
    outcomes = {outcome.id: outcome for outcome in iter_outcomes(cropper, preparation, sources_of(root), 2)}
    unread = outcomes.pop(next(id for id in outcomes if id.endswith("killer.png")))
    assert unread.status == UNREAD
    assert "its worker process died twice" in unread.detail
    assert "The next run tries again." in unread.detail
    assert [outcome.status for outcome in outcomes.values()] == ["ok"] * 3


def test_a_cluster_does_the_work_and_a_source_that_kills_its_process_is_left_for_the_next_run(
    root: Path, tmp_path: Path
) -> None:
    """`fatal` names a source that kills the process that reads it (see `Clips`)."""
    here = open_preparation(tmp_path / "here")
    for _ in iter_outcomes(FaceCropper(Clips(root), Settings(faces="none")), here, sources_of(root), 1):
        pass
    there, reporter = open_preparation(tmp_path / "there"), SilentReporter()
    cropper = FaceCropper(Clips(root, fatal="a/real/r1.png"), Settings(faces="none"))
    with local_cluster(1) as cluster:
        outcomes = list(iter_outcomes(cropper, there, sources_of(root), 1, cluster.scheduler_address, reporter))
    (unread,) = (outcome for outcome in outcomes if outcome.status == UNREAD)
    assert unread.id.endswith("r1.png")
    assert "its process on the cluster died 3 times" in unread.detail
    assert len({outcome.id for outcome in outcomes}) == 3
    assert any("1 process of 1 worker" in note for note in reporter.notes)
    crops = {p.relative_to(there.folder): p.read_bytes() for p in there.folder.rglob("*.png") if p.is_file()}
    assert len(crops) == 2
    assert {name: (here.folder / name).read_bytes() for name in crops} == crops
