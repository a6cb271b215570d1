"""The same fakes against several sources of reals: the leading detector changes with the source, and every output says so."""

import csv
import io
import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from bandbench.benchmark.cli import main
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.search.plan import make_plan
from bandbench.benchmark.search.run import Outcome
from bandbench.benchmark.study.study_file import Study
from bandbench.benchmark.tracking.reading import cell_runs
from bandbench.benchmark.tracking.store import default_tracking_uri
from bandbench.leaderboard.exports import as_csv, as_document, as_tests_csv
from bandbench.leaderboard.ranking.reals import leading_sources, reals_notes, with_reals_ranks
from bandbench.leaderboard.rows import load_board
from bandbench.leaderboard.submissions.score_csv import read_score_csv
from bandbench.leaderboard.terminal.table import print_table
from conftest import run

SIZES = {"n_train": 40, "n_val": 20, "n_test": 40, "side": 64}
KEYS = {"source", "auc", "lo", "hi", "n_real", "false_alarms", "shortcut"}


def study_of(*reals: str, **changes: Any) -> Study:
    """Two detectors whose order depends on the reals; five draws, so that they may be ranked."""
    keys: dict[str, Any] = {
        "name": "which-reals",
        "detectors": ["dct_ridge", "spectral_svm", "coin_flip"],
        "train": ["procedural/nearest"],
        "test": ["procedural/blend", "procedural/bilinear"],
        "reals": list(reals),
        "datasets": {"procedural": SIZES},
        "crop": {"side": 64},
        "seeds": 5,
        "sweep": None,
        "search": {"trials": 0},
        "keep_models": False,
    }
    return Study.model_validate(keys | changes)


def write_resized(folder: Path) -> Path:
    """Write the pictures of other reals of the same kind, which were resized to 7/8 and back."""
    domain = Catalogue(options={"procedural": SIZES}).domain("procedural/blend", 7)
    assert domain.dataset is not None
    (folder / "real").mkdir(parents=True)
    for i, item in enumerate(item for item in domain.split("test") if item.label == 0):
        with Image.open(io.BytesIO(domain.dataset.read(item))) as picture:
            small = picture.resize((56, 56), Image.Resampling.BILINEAR).resize((64, 64), Image.Resampling.BILINEAR)
        small.save(folder / "real" / f"{i:03d}x.jpg", quality=95)
    return folder


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Outcome, str]]:
    """The outcome of a study with the reals of its own data set and those of a folder, and the address of its store."""
    root = tmp_path_factory.mktemp("which_reals")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDBENCH_HOME", str(root / "home"))
        patch.setenv("BANDBENCH_CACHE", str(root / "cache"))
        outcome = run(study_of("procedural", str(write_resized(root / "resized"))))
        yield outcome, default_tracking_uri()


def chosen(rows: Any, detector: str) -> Any:
    return next(row for row in rows if (row.detector, row.role) == (detector, "chosen"))


def test_every_test_domain_has_a_result_for_each_source(done: tuple[Outcome, str]) -> None:
    outcome, _ = done
    assert outcome.complete
    for row in outcome.rows:
        for test in row.to_json()["tests"]:
            assert [(set(result), result["source"], result["n_real"]) for result in test["by_reals"]] == [
                (KEYS, "procedural", 40),
                (KEYS, "resized", 40),
            ]
            own = test["by_reals"][0]
            assert (own["auc"], own["lo"], own["hi"]) == (test["auc"], test["auc_lo"], test["auc_hi"])


def test_resized_reals_turn_the_order_of_two_detectors(done: tuple[Outcome, str]) -> None:
    ridge, svm = (chosen(done[0].rows, name) for name in ("dct_ridge", "spectral_svm"))
    assert ridge.cross_domain_auc > svm.cross_domain_auc
    assert ridge.worst_reals == "resized"
    assert ridge.reals_spread > 0.3
    alarms = {result.source: result.false_alarms for result in ridge.tests[0].by_reals}
    assert alarms["resized"] > 0.8 > 0.5 > alarms["procedural"]
    rows = [ridge, svm, chosen(done[0].rows, "coin_flip")]
    assert leading_sources(rows) == {0: ["procedural"], 1: ["resized"]}  # the coin is no contestant
    note = reals_notes(rows)[0]
    assert note.startswith("The leading row depends on the reals: dct_ridge leads on reals of procedural (AUC 0.")
    assert "; spectral_svm leads on reals of resized (AUC 0." in note


def test_a_rank_over_the_choice_of_reals_goes_from_the_best_to_the_worst(done: tuple[Outcome, str]) -> None:
    _, uri = done
    rows = load_board(uri, "which-reals").rows
    with cell_runs(uri) as runs:
        places = {one.run_id: one.folder for one in runs}
        ranked = with_reals_ranks(rows, lambda row: places.get(row.run_id))
    ridge, svm, coin = (chosen(ranked, name) for name in ("dct_ridge", "spectral_svm", "coin_flip"))
    assert (ridge.reals_rank_low, ridge.reals_rank_high) == (1, 2)
    assert svm.reals_rank_low == 1
    assert coin.reals_rank_low is None
    assert ridge.to_json()["reals_rank_high"] == 2
    assert "Rank over the choice of reals: row 1 1-2, row 2 1-2." in reals_notes([ridge, svm])
    assert with_reals_ranks(rows, lambda row: None) == rows


def test_json_csv_and_terminal_say_it(done: tuple[Outcome, str], capsys: pytest.CaptureFixture[str]) -> None:
    rows = done[0].rows
    document = as_document("which-reals", rows)
    assert any(note.startswith("The leading row depends on the reals") for note in document["notes"])
    assert all("one_source_of_reals" not in row["marks"] for row in document["rows"])
    lines = list(csv.DictReader(io.StringIO(as_tests_csv(rows))))
    (line,) = [one for one in lines if (one["detector"], one["test.domain"]) == ("dct_ridge", "procedural/blend")]
    told = chosen(rows, "dct_ridge").tests[0].by_reals[1]
    assert float(line["test.by_reals.resized.auc"]) == told.auc
    assert float(line["test.by_reals.resized.false_alarms"]) == told.false_alarms
    assert "worst_reals" in as_csv(rows).splitlines()[0].split(",")
    print_table(rows, "which-reals")
    assert "leads on reals of resized" in " ".join(capsys.readouterr().out.split())


def test_each_source_has_an_audit_of_its_files(done: tuple[Outcome, str]) -> None:
    """All are JPEG files of quality 95. Traces in the pixels of computed fakes are not taken, so those of the reals are not."""
    rows = done[0].rows
    for row in as_document("which-reals", rows)["rows"]:
        assert "shortcut" not in row["marks"]
        for test in row["tests"]:
            own, resized = (result["shortcut"] for result in test["by_reals"])
            assert own == test["shortcut"]
            assert (resized["fact"], resized["values"], resized["auc"]) == ("format", ["JPEG 95", "JPEG 95"], 0.5)
    line = next(csv.DictReader(io.StringIO(as_tests_csv(rows))))
    assert (line["test.by_reals.resized.shortcut.fact"], line["test.by_reals.resized.shortcut.auc"]) == ("format", "0.5")


def test_exported_scores_bring_their_sources_back(done: tuple[Outcome, str], tmp_path: Path) -> None:
    _, uri = done
    target = tmp_path / "scores.csv"
    with pytest.raises(SystemExit) as stop:
        main(["leaderboard", "export", str(target), "--detector", "dct_ridge", "--tracking-uri", uri])
    assert not stop.value.code
    table = read_score_csv(tmp_path / "scores-0.csv")
    counts = {(domain, split) for domain, split in zip(table["domain"].to_pylist(), table["split"].to_pylist(), strict=True)}
    tests = {("procedural/blend", "test"), ("procedural/bilinear", "test")}
    assert counts == tests | {("procedural", "reals"), ("resized", "reals")}


def test_without_sources_a_row_has_its_own_reals_alone_and_says_so(tmp_path: Path) -> None:
    outcome = run(study_of(detectors=["coin_flip"], seeds=1, controls=False))
    (row,) = as_document("which-reals", outcome.rows)["rows"]
    assert [result["source"] for result in row["tests"][0]["by_reals"]] == ["procedural"]
    assert "one_source_of_reals" in row["marks"]
    assert math.isnan(row["reals_spread"])


def test_a_training_picture_among_the_reals_of_a_source_is_not_scored(picture_folder: Any, tmp_path: Path) -> None:
    root, other = picture_folder(), picture_folder("other", first_seed=300) / "real"
    keys = {"train": ["mine"], "test": ["mine"], "detectors": ["coin_flip"], "seeds": 1, "datasets": {}}
    plan = make_plan(study_of(**keys), Catalogue({"mine": str(root)}))
    trained = plan.domains["mine", 0].split("train")[0]
    shutil.copy(root / trained.id, other / "copy.png")
    outcome = run(study_of(str(other), **keys), {"mine": root})
    assert [(name, item) for name, item, *_ in outcome.problems] == [("other", "copy.png")]
    assert {result.source: result.n_real for result in outcome.rows[0].tests[0].by_reals} == {"mine": 4, "other": 20}


def test_the_plan_lists_sources_and_the_option_replaces_the_study_s(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_resized(tmp_path / "resized")
    path = tmp_path / "study.yaml"
    path.write_text(json.dumps(study_of("procedural/blend").model_dump(mode="json", exclude_defaults=True)), encoding="utf-8")

    def planned(*options: str) -> Any:
        with pytest.raises(SystemExit) as stop:
            main(["run", str(path), "--dry-run", "--json", "-", *options])
        assert stop.value.code == 0
        return json.loads(capsys.readouterr().out)

    assert planned()["reals"] == ["procedural/blend"]
    replaced = planned("--reals", str(folder), "--reals", "procedural")
    assert replaced["reals"] == ["resized", "procedural"]
    sizes = {one["domain"]: (one["roles"], one["test_real"], one["test_fake"]) for one in replaced["domains"]}
    assert sizes["resized"] == (["reals"], 40, 0)
    assert sizes["procedural/blend"] == (["test"], 40, 40)


def test_data_that_are_a_source_alone_are_no_training_data(picture_folder: Any, capsys: pytest.CaptureFixture[str]) -> None:
    mine, other = picture_folder(), picture_folder("other", first_seed=300)
    data = ["--data", f"mine={mine}", "--data", f"other={other}"]
    with pytest.raises(SystemExit) as stop:
        main(["run", "--dry-run", "--json", "-", *data, "--reals", "other", "--crop", "64"])
    assert stop.value.code == 0
    roles = {one["domain"]: one["roles"] for one in json.loads(capsys.readouterr().out)["domains"]}
    assert roles == {"mine": ["train", "test"], "other": ["reals"]}
