"""Whole studies on small folders: what is recorded, resumed, reported and kept apart."""

import json
import shutil
from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from PIL import Image

from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.errors import BenchError, DataError, PluginError
from bandbench.benchmark.frequency import dct, spectra
from bandbench.benchmark.pictures import file_facts
from bandbench.benchmark.recording.recorder import Recorder
from bandbench.benchmark.records import Shard
from bandbench.benchmark.results.rows import Row
from bandbench.benchmark.search.fit import DIGEST
from bandbench.benchmark.search.optuna_history import open_storage
from bandbench.benchmark.search.plan import make_plan
from bandbench.benchmark.search.run import attempt_number
from bandbench.benchmark.search.shards import recorded_cells
from bandbench.benchmark.store.files import file_digest
from bandbench.benchmark.tracking.store import default_tracking_uri
from bandbench.benchmark.workers import Workers
from conftest import SilentReporter, noise_picture, run, score_files, small_study
from made_runs import all_runs

Maker = Callable[..., Path]


def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


def test_a_study_finds_the_band_that_was_boosted(picture_folder: Maker, tmp_path: Path) -> None:
    outcome = run(small_study(seeds=2, search={"trials": 8}), {"mine": picture_folder(n=40)})
    assert outcome.complete
    row = outcome.rows[0]
    low, high = row.band.edges
    assert low < 0.3
    assert high > 0.2
    assert row.in_domain_auc > 0.9
    assert row.evidence[0].low < 0.3
    assert row.evidence[0].high > 0.2
    assert row.tests[0].n == 16
    assert row.oracle_auc >= row.in_domain_auc
    assert row.seeds == 2


def test_fits_on_other_windows_of_the_same_pictures_are_computed_anew(picture_folder: Maker) -> None:
    """Also into the same results, and where a second run of either takes up what is on record."""
    folder = {"mine": picture_folder()}
    outcomes = [run(small_study(sweep=None, crop=crop), folder) for crop in ({"side": 64}, {"side": 48}, {"side": 64})]
    n = outcomes[0].computed
    assert n > 0
    assert [outcome.computed for outcome in outcomes] == [n, n, 0]


def test_controls_are_fitted_once_for_each_draw_with_all_frequencies(picture_folder: Maker, tmp_path: Path) -> None:
    folder = {"mine": picture_folder()}
    without = run(small_study(seeds=2), folder)
    outcome = run(small_study(seeds=2, controls=True), folder)
    assert outcome.complete and outcome.computed == 4
    rows = {row.detector: row for row in outcome.rows}
    assert set(rows) == {"spectral_svm", "file_facts", "permuted_labels"}
    for name in ("file_facts", "permuted_labels"):
        row = rows[name]
        assert (row.role, str(row.band), row.swept, row.seeds) == ("chosen", "all", False, 2)
        assert not (home(tmp_path) / "cells" / row.cell / "model").exists()
    assert len({(row.settings, row.split_id) for row in outcome.rows}) == 1  # one comparable set
    assert repr([row for row in outcome.rows if row.detector == "spectral_svm"]) == repr(without.rows)
    assert rows["spectral_svm"].shortcut == rows["spectral_svm"].tests[0].shortcut == rows["file_facts"].shortcut
    assert rows["spectral_svm"].shortcut.ambiguous  # the boost is a trace in the pixels, which these fakes' generator leaves


def test_nothing_is_computed_twice(picture_folder: Maker, tmp_path: Path) -> None:
    folder = {"mine": picture_folder()}
    first = run(small_study(), folder)
    files = score_files(home(tmp_path))
    second = run(small_study(), folder)
    assert first.computed > 0
    assert second.computed == 0
    assert second.complete
    assert repr(second.rows) == repr(first.rows)
    assert score_files(home(tmp_path)) == files


def test_more_trials_keep_what_was_computed(picture_folder: Maker, tmp_path: Path) -> None:
    folder = {"mine": picture_folder()}
    first = run(small_study(), folder)
    more = run(small_study(search={"trials": 8}), folder)
    assert 0 < more.computed < first.computed


def test_workers_change_no_byte(picture_folder: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = {"mine": picture_folder()}
    study = small_study(detectors=["coin_flip", "spectral_svm", "dct_ridge"], seeds=2)
    run(study, folder, jobs=1)
    alone = score_files(home(tmp_path))
    for name in ("home", "cache"):
        monkeypatch.setenv(f"BANDBENCH_{name.upper()}", str(tmp_path / f"second-{name}"))
    run(study, folder, jobs=2)
    assert len(alone) > 50
    assert score_files(tmp_path / "second-home") == alone


def test_the_cache_changes_no_byte(picture_folder: Maker, tmp_path: Path) -> None:
    folder = {"mine": picture_folder()}
    run(small_study(), folder)
    first = score_files(home(tmp_path))
    shutil.rmtree(home(tmp_path) / "records")
    shutil.rmtree(home(tmp_path) / "cells")
    run(small_study(), folder)
    assert score_files(home(tmp_path)) == first


def test_fresh_computes_again_and_the_next_run_continues_it(picture_folder: Maker) -> None:
    folder = {"mine": picture_folder()}
    first = run(small_study(), folder)
    fresh = run(small_study(), folder, fresh=True)
    assert fresh.computed == first.computed
    assert run(small_study(), folder).computed == 0
    assert repr([row.tests for row in fresh.rows]) == repr([row.tests for row in first.rows])


def test_a_renamed_or_changed_picture_is_other_data(picture_folder: Maker) -> None:
    root = picture_folder()
    run(small_study(), {"mine": root})
    Image.fromarray(noise_picture(99)).save(next((root / "real").iterdir()))
    assert run(small_study(), {"mine": root}).computed > 0


def test_bad_pictures_are_rows_and_the_good_ones_are_scored(picture_folder: Maker, tmp_path: Path) -> None:
    root = picture_folder(n=30)
    bad = {
        "text.png": b"not a picture",
        "empty.jpg": b"",
        "cut.png": next((root / "real").iterdir()).read_bytes()[:300],
    }
    for name, data in bad.items():
        for label in ("real", "fake"):
            for i in range(4):
                (root / label / f"{i}{name}").write_bytes(data)
    Image.new("L", (1, 1)).save(root / "real" / "one.png")
    Image.new("1", (20_000, 20_000)).save(root / "fake" / "huge.png")
    outcome = run(small_study(), {"mine": root})
    details = {item: detail for _, item, _, detail in outcome.problems}
    assert len(details) == 26
    assert "not a JPEG" in details["real/0text.png"]
    assert "empty" in details["fake/0empty.jpg"]
    assert "1x1 pixels is smaller than the 64x64 crop" in details["real/one.png"]
    assert "megapixels" in details["fake/huge.png"]
    assert not outcome.complete
    assert outcome.rows[0].coverage < 1
    assert outcome.rows[0].in_domain_auc > 0.7
    path = max(home(tmp_path).glob("cells/*/scores/*chosen*.parquet"))
    table = pq.read_table(path).to_pandas()
    assert set(table["status"]) == {"ok", "error"}
    assert table.loc[table["status"] == "error", "score"].isna().all()
    assert table.loc[table["status"] == "ok", "score"].notna().all()


def test_a_failure_is_not_cached(picture_folder: Maker) -> None:
    root = picture_folder(n=30)
    target = next((root / "real").iterdir())
    good = target.read_bytes()
    target.write_bytes(b"broken")
    assert len(run(small_study(), {"mine": root}).problems) == 1
    target.write_bytes(good)
    assert run(small_study(), {"mine": root}).complete


def test_a_class_without_usable_pictures_is_refused(picture_folder: Maker) -> None:
    with pytest.raises(DataError, match=r"mine: no usable real picture in .*smaller than the 128x128 crop.*--crop"):
        run(small_study(crop={"side": 128}), {"mine": picture_folder(side=64)})


FAILING = """\
import numpy as np
from bandbench.benchmark.contracts import Detector, ViewSpec

class Failing(Detector):
    name = "failing"
    view = ViewSpec("profile")

    def fit(self, view, labels):
        raise ValueError("nothing to learn here")

class Picky(Detector):
    name = "picky"
    view = ViewSpec("profile")

    def fit(self, view, labels):
        if view.frequency.min() > 0.3:
            raise ValueError("too high for me")
        return self

    def score(self, view):
        return np.ascontiguousarray(view.values[:, 0])
"""


def test_a_detector_that_fails_costs_only_its_own_cell(picture_folder: Maker, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(FAILING)
    names = ["spectral_svm", f"{tmp_path}/mine.py:Failing", f"{tmp_path}/mine.py:Picky"]
    outcome = run(small_study(detectors=names), {"mine": picture_folder()})
    assert "failing failed: ValueError: nothing to learn here (mine.py:9)" in outcome.failures["failing on mine"]
    assert any("too high for me" in reason for reason in outcome.gaps["picky on mine"])
    assert {row.detector for row in outcome.rows} == {"spectral_svm", "picky"}
    assert not outcome.complete


ENDING = """\
import os

from bandbench.benchmark.contracts import Detector, ViewSpec

class Ending(Detector):
    name = "ending"
    view = ViewSpec("profile")

    def fit(self, view, labels):
        os._exit(3)
"""


def test_a_detector_that_ends_its_process_costs_only_its_own_cell(picture_folder: Maker, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(ENDING)
    names = [f"{tmp_path}/mine.py:Ending", "coin_flip"]
    outcome = run(small_study(detectors=names, sweep=None, search={"trials": 1}), {"mine": picture_folder()}, jobs=2)
    twice = "its worker process died twice, the second time with no other work beside it: it"
    assert outcome.failures == {"ending on mine": f"ending: {twice} ended itself with exit code 3."}
    assert {row.detector for row in outcome.rows} == {"coin_flip"}
    assert not outcome.complete


def test_an_edited_detector_is_another_detector(picture_folder: Maker, tmp_path: Path) -> None:
    import sys

    from bandbench.benchmark.registry import source_digest

    path, folder = tmp_path / "mine.py", {"mine": picture_folder()}
    path.write_text(FAILING)
    study = small_study(detectors=[f"{path}:Picky"])
    run(study, folder)
    path.write_text(FAILING.replace("view.values[:, 0]", "view.values[:, -1]"))
    for name in [name for name in sys.modules if name.startswith("bandbench_plugin_")]:
        del sys.modules[name]  # as in a new process
    source_digest.cache_clear()
    assert run(study, folder).computed > 0


def test_fixed_bands_get_rows(picture_folder: Maker) -> None:
    bands = [{"kind": "stop", "low": 0.19, "high": 0.31}, {"kind": "band", "low": 0.2, "high": 0.3}]
    outcome = run(small_study(bands=bands, search={"trials": 0}, oracle=False), {"mine": picture_folder(n=30)})
    by_band = {str(row.band): row for row in outcome.rows if row.role == "fixed"}
    assert list(by_band) == ["stop 0.190-0.310", "band 0.200-0.300"]
    assert by_band["band 0.200-0.300"].in_domain_auc > 0.9


@pytest.mark.parametrize("mode", ["reweight", "pixels"])
def test_other_modes_run(picture_folder: Maker, mode: str) -> None:
    outcome = run(small_study(mode=mode, detectors=["spectral_svm", "dct_ridge"]), {"mine": picture_folder(n=10)})
    assert outcome.complete
    assert all(row.band.mode == mode for row in outcome.rows)


def test_the_published_preset_runs(picture_folder: Maker) -> None:
    outcome = run(small_study(detectors=["spectral_svm/faithful"]), {"mine": picture_folder(n=10)})
    assert outcome.rows[0].detector == "spectral_svm/faithful"


def test_two_domains(picture_folder: Maker) -> None:
    folders = {"mine": picture_folder(), "yours": picture_folder("other", first_seed=500)}
    row = run(small_study(test=["mine", "yours"]), folders).rows[0]
    assert [test.domain for test in row.tests] == ["mine", "yours"]
    assert row.cross_domain_auc == row.tests[1].auc
    assert row.worst_domain == "yours"


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"detectors": ["spectral_svn"]}, PluginError, "Did you mean 'spectral_svm'"),
        ({"detectors": ["coin_flip", "coin_flip"]}, BenchError, "detector 'coin_flip' is named twice"),
        ({"train": ["procedurl/planted"]}, DataError, "unknown data set 'procedurl'. Did you mean 'procedural'"),
        ({"test": ["procedural/plantd"]}, DataError, "unknown domain of procedural 'plantd'. Did you mean 'planted'"),
        ({"train": ["mine/a"]}, DataError, "write 'mine', not 'mine/a'"),
        ({"datasets": {"procedural": {"strenght": 2}}}, PluginError, "Did you mean 'strength'"),
    ],
)
def test_wrong_names_are_refused_before_anything_runs(
    picture_folder: Maker, changes: dict, error: type[Exception], message: str
) -> None:
    study = small_study(**({"test": ["procedural/planted"]} | changes))
    with pytest.raises(error, match=message):
        run(study, {"mine": picture_folder()})


def test_a_folder_that_cannot_be_written(picture_folder: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANDBENCH_HOME", "/proc/bandbench")
    with pytest.raises(BenchError, match=r"cannot write to /proc/bandbench .*BANDBENCH_HOME"):
        run(small_study(), {"mine": picture_folder()})


def test_a_store_that_does_not_answer_kills_nothing(picture_folder: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    outcome = run(small_study(), {"mine": picture_folder()}, tracking_uri="http://127.0.0.1:9")
    assert outcome.rows
    assert outcome.unsent > 0
    assert "http://127.0.0.1:9 does not answer" in outcome.tracking_problem
    assert not outcome.complete


def test_no_choice_looks_at_sealed_scores(picture_folder: Maker, tmp_path: Path) -> None:
    """Whatever the test scores are, the same bands are tried and the same one is chosen."""
    folder = {"mine": picture_folder()}
    run(small_study(search={"trials": 8}), folder)
    (cell,) = home(tmp_path).glob("cells/*/cell.json")
    honest = json.loads(cell.read_text())
    shutil.rmtree(cell.parent)
    swapped = 0
    for path in home(tmp_path).glob("records/*/*.json"):
        record = json.loads(path.read_text())
        record["sealed"] = {name: 1 - auc for name, auc in record["sealed"].items()}
        scores = path.with_suffix(".parquet")
        table = pq.read_table(scores)
        column = table.schema.get_field_index("score")
        sign = np.where(table.column("split").to_numpy(zero_copy_only=False) == "test", -1.0, 1.0)
        flipped = pc.multiply(table.column("score"), pa.array(sign))  # type: ignore[attr-defined]
        pq.write_table(table.set_column(column, table.schema.field(column), flipped), scores)
        record[DIGEST] = file_digest(scores)
        path.write_text(json.dumps(record))
        swapped += 1
    outcome = run(small_study(search={"trials": 8}), folder)
    assert swapped > 10
    assert outcome.computed == 0
    (cell,) = home(tmp_path).glob("cells/*/cell.json")
    turned = json.loads(cell.read_text())
    assert turned["trials"] == honest["trials"]
    assert turned["band"] == honest["band"]
    assert outcome.rows[0].in_domain_auc < 0.5  # they were read in the end


def test_a_half_written_score_file_is_computed_again(picture_folder: Maker, tmp_path: Path) -> None:
    folder = {"mine": picture_folder()}
    run(small_study(), folder)
    files = score_files(home(tmp_path))
    shutil.rmtree(home(tmp_path) / "cells")
    broken = sorted(home(tmp_path).glob("records/*/*.parquet"))[:2]
    broken[0].write_bytes(b"")
    broken[1].write_bytes(bytes(broken[1].stat().st_size))
    outcome = run(small_study(), folder)
    assert 1 <= outcome.computed <= 2
    assert score_files(home(tmp_path)) == files


@pytest.mark.parametrize("damaged", ["splits/*.parquet", "train_x_test.png"])
def test_a_damaged_file_of_a_study_is_made_again_and_not_sent(damaged: str, picture_folder: Maker, tmp_path: Path) -> None:
    folder = {"mine": picture_folder()}
    run(small_study(detectors=["coin_flip"]), folder)
    (path,) = (tmp_path / "home" / "studies").glob(f"*/{damaged}")
    (sent,) = (tmp_path / "home").glob(f"artifacts/*/*/artifacts/{damaged}")
    good = path.read_bytes()
    path.write_bytes(good[:-20] + bytes(20))
    reporter = SilentReporter()
    assert run(small_study(detectors=["coin_flip"]), folder, reporter=reporter).complete
    (note,) = reporter.notes
    assert note.startswith(f"1 files of the study in {tmp_path / 'home' / 'studies'}")
    assert path.relative_to(next((tmp_path / "home" / "studies").iterdir())).as_posix() in note
    assert path.read_bytes() == sent.read_bytes() == good


def test_copies_of_training_pictures_are_not_scored(picture_folder: Maker, tmp_path: Path) -> None:
    mine, other = picture_folder("mine"), picture_folder("other", first_seed=5000)
    pictures = sorted((mine / "real").iterdir())
    for i, picture in enumerate(pictures):
        shutil.copy(picture, other / "real" / f"copy{chr(97 + i)}.png")
    outcome = run(small_study(train=["mine"], test=["other"]), {"mine": mine, "other": other})
    copies = [item for name, item, status, detail in outcome.problems if "training or validation pictures of mine" in detail]
    assert copies
    assert all("copy" in item for item in copies)
    (path,) = home(tmp_path).glob("cells/*/scores/*chosen*.parquet")
    table = pq.read_table(path).to_pandas()
    assert set(table.loc[table["item"].isin(copies), "status"]) == {"error"}


def test_a_picture_of_both_classes_is_used_in_neither(picture_folder: Maker) -> None:
    root = picture_folder(n=30)
    for i in range(6):
        shutil.copy(root / "real" / f"real{chr(97 + i)}{i:03d}.png", root / "fake" / f"z{i}z.png")
    outcome = run(small_study(), {"mine": root})
    assert any("among" in detail for *_, detail in outcome.problems)


def scores_by_domain(home: Path) -> dict[str, str]:
    """Test scores of the one recorded cell, to the last digit, by test domain."""
    (path,) = home.glob("cells/*/scores/*chosen-0.parquet")
    table = pq.read_table(path).to_pandas()
    table = table[table["split"] == "test"]
    return {
        str(domain): part.drop(columns="domain").to_csv(index=False, float_format="%.17g")
        for domain, part in table.groupby("domain")
    }


PLAIN = {"sweep": None, "search": {"trials": 0}}
HARM = ["noise:sd=20", "blur:sigma=2", "combined"]


def test_perturbed_domains_get_scores_and_leave_the_others_alone(
    picture_folder: Maker, empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = {"mine": picture_folder(n=30), "yours": picture_folder("other", n=30, first_seed=500)}
    study = small_study(test=["mine", "yours"], **PLAIN)
    (plain,) = run(study, folders).rows
    clean, chunks = scores_by_domain(home(tmp_path)), set((tmp_path / "cache").glob("chunks/*/*"))
    monkeypatch.setenv("BANDBENCH_HOME", str(tmp_path / "second"))
    (tmp_path / "second").mkdir()
    shutil.copy(empty_store, tmp_path / "second")
    outcome = run(small_study(test=["mine", "yours"], perturbations=HARM, **PLAIN), folders, jobs=2)
    assert outcome.complete
    (row,) = outcome.rows

    found = scores_by_domain(tmp_path / "second")
    assert len(found) == 2 * (1 + len(HARM))
    assert {name: found[name] for name in clean} == clean
    assert len(set(found.values())) == len(found)  # every one of them does something
    assert set((tmp_path / "cache").glob("chunks/*/*")) > chunks
    same = ("band", "in_domain_auc", "in_domain_auc_lo", "cross_domain_auc", "cross_domain_auc_hi", "worst_auc", "worst_domain")
    assert [row.value(name) for name in same] == [plain.value(name) for name in same]
    assert repr(row.tests[:2]) == repr(plain.tests)
    assert [t.domain for t in row.tests[2:]] == [f"{d}+{p}" for d in ("mine", "yours") for p in HARM]
    assert plain.robustness == ()

    entry = next(e for e in row.robustness if (e.perturbation, e.scope) == ("noise:sd=20", "in-domain"))
    aucs = {t.domain: t.auc for t in row.tests}
    assert entry.domains == ("mine",)
    assert entry.drop == pytest.approx(aucs["mine"] - aucs["mine+noise:sd=20"])
    assert entry.drop_lo <= entry.drop <= entry.drop_hi


def test_workers_change_no_perturbed_byte(picture_folder: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = {"mine": picture_folder(n=10)}
    study = small_study(detectors=["dct_ridge"], test=["mine+noise+combined:probability=0.5"], **PLAIN)
    run(study, folder, jobs=1)
    alone = score_files(home(tmp_path))
    for name in ("home", "cache"):
        monkeypatch.setenv(f"BANDBENCH_{name.upper()}", str(tmp_path / f"second-{name}"))
    run(study, folder, jobs=2)
    assert score_files(tmp_path / "second-home") == alone


def test_training_on_perturbed_pictures_is_other_training_on_the_same_pictures(picture_folder: Maker, tmp_path: Path) -> None:
    mine, other = picture_folder("mine", n=30), picture_folder("other", first_seed=5000)
    copied = sorted((mine / "real").iterdir())
    for i, picture in enumerate(copied):
        shutil.copy(picture, other / "real" / f"copy{chr(97 + i % 26)}{i}.png")
    train = ["mine", "mine+jpeg:quality=30"]
    study = small_study(train=train, test=["mine", "other+blur"], oracle=False, **PLAIN)
    outcome = run(study, {"mine": mine, "other": other})
    plain, perturbed = sorted(outcome.rows, key=lambda row: row.train)
    assert [plain.train, perturbed.train] == train
    fits = [pq.read_table(path)["score"].to_pylist() for path in home(tmp_path).glob("cells/*/scores/*chosen-0.parquet")]
    assert len(fits) == 2
    assert fits[0] != fits[1]
    # A detector that was trained on perturbed pictures is at home on them as they are.
    assert [row.tests[0].auc for row in (plain, perturbed)] == [row.in_domain_auc for row in (plain, perturbed)]
    # Blurred, a training picture is still a training picture.
    assert any("the same picture is among the training" in detail for *_, detail in outcome.problems)
    assert all(item.startswith("real/copy") for _, item, _, _ in outcome.problems)


def test_pictures_are_read_once_for_all_perturbations(picture_folder: Maker, monkeypatch: pytest.MonkeyPatch) -> None:
    from bandbench.datasets.folder import Folder

    reads: Counter[str] = Counter()
    original = Folder.read

    def counted(self: Folder, item: Any) -> bytes:
        reads[f"{self.root}/{item.id}"] += 1
        return original(self, item)

    monkeypatch.setattr(Folder, "read", counted)
    monkeypatch.setattr(Workers, "submit", lambda self, function, *args: finished(function(*args)))
    folders = {name: picture_folder(name, n=10, first_seed=300 * i) for i, name in enumerate(("mine", "yours"))}
    run(small_study(test=["yours"], perturbations=HARM, **PLAIN), folders)
    assert len(reads) == 20  # four fifths of one folder, one of the other
    assert set(reads.values()) == {1}


@pytest.mark.parametrize("keep_models", [False, True])
def test_every_picture_is_read_and_transformed_once(
    keep_models: bool, picture_folder: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many draws, bands and detectors ask for it; the check of a model that is kept reads none again."""
    counts: Counter[str] = Counter()
    for module, name in ((file_facts, "decode_with_facts"), (spectra, "radius_power"), (dct, "dct2")):
        original = getattr(module, name)

        def counted(*args: Any, original: Any = original, name: str = name, **options: Any) -> Any:
            counts[name] += 1 if name == "decode_with_facts" else len(args[0])
            return original(*args, **options)

        monkeypatch.setattr(module, name, counted)
    monkeypatch.setattr(Workers, "submit", lambda self, function, *args: finished(function(*args)))
    study = small_study(detectors=["spectral_svm", "dct_ridge"], seeds=3, keep_models=keep_models)
    outcome = run(study, {"mine": picture_folder(n=30)})
    assert outcome.computed > 3 * 2 * 10
    assert counts["decode_with_facts"] == 60
    of_check = {name: counts.pop(name) - 60 for name in ("radius_power", "dct2")}
    if keep_models:
        # The 12 validation pictures of the first draw, plain and re-encoded in a few ways.
        assert all(0 < more <= 12 * 9 for more in of_check.values())
        assert {more % 12 for more in of_check.values()} == {0}
    else:
        assert of_check == {"radius_power": 0, "dct2": 0}


def finished(value: Any) -> Future[Any]:
    future: Future[Any] = Future()
    future.set_result(value)
    return future


def peaked(seed: int, peaks: float) -> np.ndarray:
    """Noise, with a pattern of period 4 pixels whose corners and axes are equally strong."""
    random = np.random.default_rng(seed)
    wave = np.cos(np.pi / 2 * np.arange(64) + random.uniform(0, 2 * np.pi))
    other = np.cos(np.pi / 2 * np.arange(64) + random.uniform(0, 2 * np.pi))
    pattern = wave[:, None] + other[None, :] + wave[:, None] * other[None, :]
    return np.clip(np.rint(128 + random.normal(0, 20, (64, 64)) + peaks * pattern), 0, 255).astype(np.uint8)


def test_combs_tell_peaks_from_the_rest(tmp_path: Path) -> None:
    """The fakes' peaks lie on a lattice of 4 pixels: combs hold them, anticombs do not, in either mode, fixed or searched."""
    root = tmp_path / "peaks"
    for label, peaks in (("real", 0.0), ("fake", 6.0)):
        (root / label).mkdir(parents=True)
        for i in range(40):
            Image.fromarray(peaked(i + 1000 * (label == "fake"), peaks)).save(root / label / f"{label}{i:03d}.png")
    bands = [{"kind": kind, "period": 4, "mode": mode} for mode in ("keep", "pixels") for kind in ("comb", "anticomb")]
    study = small_study(
        detectors=["dct_ridge"], bands=bands, sweep=None, search={"trials": 4, "kinds": ["comb"], "period": [4]}
    )
    outcome = run(study, {"mine": root})
    assert outcome.complete
    aucs = {row.band: row.in_domain_auc for row in outcome.rows if row.role == "fixed"}
    assert [band.kind for band in aucs if band.mode == "keep"] == ["comb", "anticomb"]
    for band, auc in aucs.items():
        assert (auc > 0.95) is (band.kind == "comb"), f"{band}: {auc}"
    chosen = next(row for row in outcome.rows if row.role == "chosen")
    assert (chosen.band.kind, chosen.band.period, chosen.plateau, chosen.evidence) == ("comb", 4, None, None)
    assert all(type(row).from_json(row.to_json()).band == row.band for row in outcome.rows)
    again = run(study, {"mine": root})
    assert (again.computed, repr(again.rows)) == (0, repr(outcome.rows))


TIMES = ("fit_seconds", "score_ms", "finished")


def records(home: Path) -> dict[str, dict[str, Any]]:
    """Records of fits, without what a clock has said."""
    documents = {path.name: json.loads(path.read_text()) for path in home.glob("records/*/*.json")}
    return {name: {key: value for key, value in document.items() if key not in TIMES} for name, document in documents.items()}


def searches(home: Path) -> dict[str, list[tuple[int, str, Any, Any]]]:
    """Trials of the searches of a results folder, by the name of the search."""
    storage = open_storage(None, home / "optuna.journal")
    return {
        study.study_name: [(t.number, t.state.name, t.value, t.params) for t in storage.get_all_trials(study._study_id)]
        for study in storage.get_all_studies()
    }


def move_home(tmp_path: Path, name: str, empty_store: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Begin with other, empty results."""
    (tmp_path / name).mkdir()
    shutil.copy(empty_store, tmp_path / name)
    monkeypatch.setenv("BANDBENCH_HOME", str(tmp_path / name))
    return tmp_path / name


def test_shards_leave_what_one_run_leaves(
    picture_folder: Maker, tmp_path: Path, empty_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = {"mine": picture_folder(), "yours": picture_folder("others", first_seed=300)}
    domains = {"train": ["mine", "yours"], "test": ["mine", "yours"]}
    study = small_study(detectors=["spectral_svm", "dct_ridge"], controls=True, **domains)
    whole = run(study, folders)
    shared = move_home(tmp_path, "shared", empty_store, monkeypatch)
    parts = [run(study, folders, shard=Shard(index, 3)) for index in (2, 0, 1)]
    assert all(part.complete for part in parts)
    assert sum(part.computed for part in parts) == whole.computed
    assert sum(part.n_cells for part in parts) == sum(part.n_finished for part in parts) == whole.n_cells == 8
    assert not (shared / "studies").exists()
    assert all_runs(default_tracking_uri()) == []
    reporter = SilentReporter()
    last = run(study, folders, reporter=reporter)
    assert (last.computed, last.complete, last.shard) == (0, True, None)
    assert reporter.notes == []
    assert {repr(timeless(row)) for row in last.rows} == {repr(timeless(row)) for row in whole.rows}
    assert score_files(shared) == score_files(home(tmp_path))
    assert records(shared) == records(home(tmp_path))
    assert searches(shared) == searches(home(tmp_path))
    assert [path.name for path in (shared / "shards").iterdir()] == ["plans"]
    assert len(list((shared / "outbox").iterdir())) == 1
    keys = [
        Counter(run.data.tags["bandbench.key"] for run in all_runs(f"sqlite:///{place}/mlflow.db"))
        for place in (home(tmp_path), shared)
    ]
    assert set(keys[0].values()) == {1}
    assert keys[0] == keys[1]


def timeless(row: Row) -> Row:
    tests = tuple(replace(test, **{name: 0.0 for name in TIMES if hasattr(test, name)}) for test in row.tests)
    return replace(row, fit_seconds=0.0, score_ms=0.0, ms_per_picture=0.0, finished=0.0, tests=tests)


def test_what_the_shards_left_over_is_computed_by_the_last_run_which_says_so(picture_folder: Maker, tmp_path: Path) -> None:
    folder = {"mine": picture_folder()}
    study = small_study(detectors=["spectral_svm", "coin_flip"], controls=True, sweep=None, search={"trials": 2})
    run(study, folder, shard=Shard(1, 3))
    reporter = SilentReporter()
    last = run(study, folder, reporter=reporter)
    assert last.complete
    assert "The shards have recorded 1 of 4 cells; 3 are computed now." in reporter.notes
    again = SilentReporter()
    assert run(study, folder, reporter=again).computed == 0
    assert again.notes == []
    assert run(study, folder, shard=Shard(0, 2)).computed == 0  # also a shard of another number finds them


def test_a_shard_goes_on_where_it_was_ended_and_puts_nothing_twice(
    picture_folder: Maker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = {"mine": picture_folder()}
    study = small_study(detectors=["spectral_svm", "coin_flip"], sweep=None)

    def end(cell: Any, trials: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Recorder, "tried", lambda self, cell, trials: end(cell, trials))
        with pytest.raises(KeyboardInterrupt):
            run(study, folder, shard=Shard(0, 1))
    n_begun = len(records(home(tmp_path)))
    assert n_begun > 0
    rest = run(study, folder, shard=Shard(0, 1))
    assert (rest.n_finished, rest.complete) == (2, True)
    waiting = list((home(tmp_path) / "outbox").glob("*/*.runs.json"))
    assert run(study, folder, shard=Shard(0, 1)).computed == 0
    assert list((home(tmp_path) / "outbox").glob("*/*.runs.json")) == waiting
    assert run(study, folder).computed == 0


def test_a_shard_without_a_cell_has_nothing_to_do(picture_folder: Maker) -> None:
    outcome = run(small_study(sweep=None), {"mine": picture_folder()}, shard=Shard(3, 4))
    assert (outcome.n_cells, outcome.computed, outcome.rows, outcome.complete) == (0, 0, [], True)


def test_shards_may_share_a_database_for_their_searches(picture_folder: Maker, tmp_path: Path, postgres: str) -> None:
    folder, storage = {"mine": picture_folder()}, postgres
    study = small_study(detectors=["spectral_svm", "dct_ridge"], sweep=None)
    for index in range(2):
        run(study, folder, shard=Shard(index, 2), storage=storage)
    assert not list((home(tmp_path) / "shards").glob("*.journal"))
    assert run(study, folder, storage=storage).computed == 0
    assert len(open_storage(storage, tmp_path / "none").get_all_studies()) == 2


def test_cells_of_other_pictures_or_detectors_are_not_taken_for_recorded(picture_folder: Maker) -> None:
    one, other = picture_folder(), picture_folder("others")

    def recorded(root: Path, **changes: Any) -> set[str]:
        study = small_study(sweep=None, **changes)
        return recorded_cells(make_plan(study, Catalogue({"mine": str(root)}, {})), attempt_number(study))

    assert recorded(one) == set()
    run(small_study(sweep=None), {"mine": one})
    assert recorded(one) == {"spectral_svm on mine"}
    assert recorded(other) == recorded(one, seeds=2) == recorded(one, detectors=["coin_flip"]) == set()
    next((one / "real").iterdir()).unlink()
    assert recorded(one) == set()
