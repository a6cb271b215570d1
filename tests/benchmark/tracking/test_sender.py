"""What arrives in a real MLflow store: the tree, once, whatever was killed in between."""

import math
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bandbench.benchmark.errors import TrackingError
from bandbench.benchmark.models.trained_model import add_mlflow_model
from bandbench.benchmark.store.seal import seal_folder
from bandbench.benchmark.tracking.addresses import folder_path
from bandbench.benchmark.tracking.sender import Sender, send_now
from bandbench.benchmark.tracking.store import client_for, default_tracking_uri
from conftest import run, small_study, trained_model
from made_runs import PARENT, all_runs, by_kind, document

Maker = Callable[..., Path]


@pytest.fixture
def uri(tmp_path: Path, empty_store: Path) -> str:
    return f"sqlite:///{shutil.copy(empty_store, tmp_path / 'mlflow.db')}"


def test_a_study_is_a_tree_with_readable_columns(picture_folder: Maker) -> None:
    outcome = run(small_study(detectors=["spectral_svm", "coin_flip"]), {"mine": picture_folder()})
    assert outcome.unsent == 0
    uri = default_tracking_uri()
    kinds = by_kind(all_runs(uri))
    (study,) = kinds["study"]
    assert {cell.data.tags[PARENT] for cell in kinds["cell"]} == {study.info.run_id}
    assert {trial.data.tags[PARENT] for trial in kinds["trial"]} == {cell.info.run_id for cell in kinds["cell"]}
    assert study.info.run_name == "small tested on mine"
    assert study.data.params["test"] == "mine"
    assert len(kinds["cell"]) == 2
    assert len(kinds["trial"]) >= 2 * 12
    assert all(one.info.status == "FINISHED" for one in (study, *kinds["cell"], *kinds["trial"]))

    cell = next(one for one in kinds["cell"] if one.data.params["detector"] == "spectral_svm")
    row = next(row for row in outcome.rows if row.detector == "spectral_svm" and row.role == "chosen")
    assert cell.info.run_name == "spectral_svm on mine"
    assert {"detector", "train", "band", "band.kind", "band.cutoff", "band.width", "band.order", "band.mode"} <= set(
        cell.data.params
    )
    assert cell.data.metrics["in_domain_auc"] == pytest.approx(row.in_domain_auc)
    assert math.isnan(cell.data.metrics["cross_domain_auc"])
    assert cell.data.metrics["test/mine/auc"] == pytest.approx(row.tests[0].auc)
    assert {entry.dataset.name for entry in cell.inputs.dataset_inputs} == {"mine"}
    assert all(len(entry.dataset.digest) <= 36 for entry in cell.inputs.dataset_inputs)
    assert {trial.data.params["stage"] for trial in kinds["trial"]} == {"allpass", "sweep", "search"}

    client = client_for(uri)
    names = {artifact.path for artifact in client.list_artifacts(cell.info.run_id)}
    assert {"cell.json", "scores", "spectrum.png", "sweep.png"} <= names
    assert "train_x_test.png" in {artifact.path for artifact in client.list_artifacts(study.info.run_id)}


def test_running_again_records_nothing_twice(picture_folder: Maker) -> None:
    folder = {"mine": picture_folder()}
    run(small_study(), folder)
    before = {one.info.run_id for one in all_runs(default_tracking_uri())}
    run(small_study(), folder)
    assert {one.info.run_id for one in all_runs(default_tracking_uri())} == before


def test_another_detector_joins_the_same_study(picture_folder: Maker) -> None:
    folder = {"mine": picture_folder()}
    run(small_study(), folder)
    run(small_study(detectors=["coin_flip"]), folder)
    kinds = by_kind(all_runs(default_tracking_uri()))
    assert (len(kinds["study"]), len(kinds["cell"])) == (1, 2)


def test_damaged_files_are_not_sent_over_those_that_the_store_has(uri: str, tmp_path: Path) -> None:
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "list.parquet").write_bytes(b"as it was written")
    seal_folder(folder)
    Sender(client_for(uri), uri).send(document(artifacts=str(folder)))
    (folder / "list.parquet").write_bytes(b"damaged")
    error = Sender(client_for(uri), uri).try_to_send(document(artifacts=str(folder), state="2"))
    assert f"1 files in {folder} are damaged or were edited since they were written (list.parquet)" in str(error)
    assert "bench run` that computed it" in str(error)
    (run,) = [one for one in all_runs(uri) if one.data.tags["bandbench.key"] == "k"]
    place = folder_path(run.info.artifact_uri)
    assert place is not None
    assert (place / "list.parquet").read_bytes() == b"as it was written"


def test_a_run_that_was_opened_and_not_finished_is_finished(uri: str) -> None:
    Sender(client_for(uri), uri).send(document("child", parent=document("cell", end=0.0)))
    Sender(client_for(uri), uri).send(document("cell"))
    cell = next(one for one in all_runs(uri) if one.data.tags["bandbench.key"] == "cell")
    assert cell.info.status == "FINISHED"
    assert cell.info.end_time == 3000
    assert len(all_runs(uri)) == 3


def test_infinity_is_not_sent(uri: str) -> None:
    Sender(client_for(uri), uri).send(document(metrics={"auc": math.inf, "eer": 0.1}))
    run_ = next(one for one in all_runs(uri) if one.data.tags["bandbench.key"] == "k")
    assert run_.data.metrics == {"eer": 0.1}


def test_two_senders_make_no_doubles(uri: str) -> None:
    one, other = Sender(client_for(uri), uri), Sender(client_for(uri), uri)
    one.send(document("a"))
    other.send(document("b"))  # has asked before the first sends more
    for sender in (one, other):
        for key in ("a", "b", "c"):
            sender.send(document(key))
    assert sorted(run_.data.tags["bandbench.key"] for run_ in all_runs(uri)) == ["a", "b", "c", "p"]


def test_undefined_metrics_are_none_of_a_model(uri: str, tmp_path: Path) -> None:
    """MLflow keeps an undefined metric of a model as 0, and finds it as such."""
    trained_model().save(tmp_path / "model")
    numbers = {"in_domain_auc": 0.7, "cross_domain_auc": math.nan, "worst_auc": math.nan}
    Sender(client_for(uri), uri).send(document(metrics=numbers, model=str(tmp_path / "model")))
    client = client_for(uri)
    places = [client.get_experiment_by_name("small").experiment_id]
    assert not client.search_logged_models(places, "metrics.cross_domain_auc < 0.1")
    (model,) = client.search_logged_models(places, "metrics.in_domain_auc > 0.6")
    assert {metric.key: metric.value for metric in model.metrics} == {"in_domain_auc": 0.7}
    (cell,) = by_kind(all_runs(uri))["cell"]
    assert math.isnan(cell.data.metrics["cross_domain_auc"])
    assert not client.search_runs(places, "metrics.cross_domain_auc < 0.1")


def test_a_run_with_a_model_can_be_sent_again_with_other_metrics(uri: str, tmp_path: Path) -> None:
    trained_model().save(tmp_path / "model")
    first = document(metrics={"in_domain_auc": 0.7, "gain": math.nan}, model=str(tmp_path / "model"))
    more = {
        "in_domain_auc": 0.6,
        "eer": 0.2,
        "gain": math.nan,
    }  # the time of the result stays, say where a cost was measured anew
    for sent in (first, replace(first, state="again"), replace(first, state="more", metrics=more)):
        Sender(client_for(uri), uri).send(sent)
    client = client_for(uri)
    (model,) = client.search_logged_models([client.get_experiment_by_name("small").experiment_id])
    latest = {metric.key: metric.value for metric in sorted(model.metrics, key=lambda metric: metric.timestamp)}
    assert latest == {"in_domain_auc": 0.6, "eer": 0.2}
    (cell,) = by_kind(all_runs(uri))["cell"]
    assert {name: value for name, value in cell.data.metrics.items() if name != "gain"} == latest


def test_a_model_without_a_description_is_refused_unless_somebody_writes_one(uri: str, tmp_path: Path) -> None:
    trained_model().save(tmp_path / "model", describe=False)
    with pytest.raises(TrackingError, match=r"model has no file MLmodel, which describes it to MLflow\."):
        Sender(client_for(uri), uri).send(document(model=str(tmp_path / "model")))
    Sender(client_for(uri), uri, add_mlflow_model).send(document(model=str(tmp_path / "model")))
    client = client_for(uri)
    (model,) = client.search_logged_models([client.get_experiment_by_name("small").experiment_id])
    assert model.status == "READY"
    place = folder_path(model.artifact_location)
    assert place is not None
    assert (place / "MLmodel").read_bytes() == (tmp_path / "model" / "MLmodel").read_bytes()


def test_a_later_use_moves_the_time_of_use_and_an_earlier_one_does_not(uri: str) -> None:
    sender = Sender(client_for(uri), uri)
    sender.send(document(end=0.0, used=4.0))  # of a run that the store does not have
    assert not by_kind(all_runs(uri))["cell"]
    for used in (5.0, 7.0, 6.0):
        sender.send(document(end=3.0 if used == 5.0 else 0.0, used=used))
    (cell,) = by_kind(all_runs(uri))["cell"]
    assert cell.data.tags["bandbench.used"] == "7.000000"


def test_documents_are_sent_without_an_outbox(uri: str) -> None:
    send_now([document("one"), document("two")], uri)
    assert len(by_kind(all_runs(uri))["cell"]) == 2
