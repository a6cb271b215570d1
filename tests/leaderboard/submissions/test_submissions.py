"""Rows from others: what is exported comes back, what is wrong is said, and the badge follows the scores."""

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from PIL import Image
from rich.console import Console

from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.results.rows import Row
from bandbench.benchmark.results.scores import SCORE_SCHEMA
from bandbench.benchmark.store import dump_json
from bandbench.benchmark.tracking import cell_runs, default_tracking_uri
from bandbench.leaderboard.page.details import load_details
from bandbench.leaderboard.rows import Board, load_board
from bandbench.leaderboard.submissions import files as submission_files
from bandbench.leaderboard.submissions.files import find_submissions, own_folder, remove_submission
from bandbench.leaderboard.submissions.lines import submission_lines
from bandbench.leaderboard.submissions.meta import label, load_meta
from bandbench.leaderboard.submissions.score_csv import COLUMNS, read_score_csv, score_csv
from bandbench.leaderboard.submissions.score_export import export_row
from bandbench.leaderboard.submissions.submissions import Report, add_submission, with_submissions
from bandbench.leaderboard.terminal.table import as_csv, as_document, as_table
from conftest import noise_picture, run, small_study

Change = Callable[[list[dict[str, Any]]], Any]
PLAIN = {"sweep": None, "search": {"trials": 0}, "bands": [{"kind": "low", "high": 0.3}]}
META = {"name": "brought", "detector": "spectral_svm", "train": "mine", "band": "low:0.3"}  # the band that is chosen


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a store with two studies, one of two draws; both are tested on ``mine`` and ``yours``."""
    root = tmp_path_factory.mktemp("recorded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BANDBENCH_HOME", str(root / "home"))
        patch.setenv("BANDBENCH_CACHE", str(root / "cache"))
        folders = {name: write_pictures(root / name, first) for name, first in (("mine", 0), ("yours", 500))}
        both: dict[str, Any] = {"test": ["mine", "yours"], **PLAIN}
        run(small_study(detectors=["spectral_svm", "coin_flip"], **both), folders)
        run(small_study(name="double", seeds=2, detectors=["spectral_logreg"], **both), folders)
        uri = default_tracking_uri()
    yield uri


def write_pictures(root: Path, first: int) -> Path:
    for name, boost, offset in (("real", 1.0, 0), ("fake", 1.25, 1000)):
        (root / name).mkdir(parents=True)
        for i in range(25):
            picture = noise_picture(first + offset + i, 64, boost)
            Image.fromarray(picture).save(root / name / f"{name}{chr(97 + i)}.png")
    return root


@pytest.fixture
def bring(tmp_path: Path, store: str) -> Callable[..., Report]:
    """Adds the recorded scores of a detector, changed."""

    def bring(change: Change | None = None, uri: str = store, replace: bool = False, **meta: Any) -> Report:
        rows = recorded_rows(uri if uri == store else store)
        rows = rows if change is None else change(rows) or rows
        scores = tmp_path / "scores.parquet"
        pq.write_table(pa.Table.from_pylist(rows, schema=SCORE_SCHEMA), scores)
        return add_submission(write_meta(tmp_path, **meta), [scores], uri, replace)

    return bring


def write_meta(folder: Path, **changes: Any) -> Path:
    path = folder / "meta.yaml"
    path.write_text(yaml.safe_dump(META | changes, allow_unicode=True), encoding="utf-8")
    return path


def recorded_rows(uri: str, detector: str = "spectral_svm", split: str = "test") -> list[dict[str, Any]]:
    return pq.read_table(score_file(uri, detector), filters=[("split", "==", split)]).to_pylist()


def score_file(uri: str, detector: str) -> Path:
    with cell_runs(uri) as runs:
        return next(
            run.folder / "scores" / "00-chosen-0.parquet"
            for run in runs
            if json.loads((run.folder / "cell.json").read_text())["detector"] == detector
        )


def of_domain(rows: list[dict[str, Any]], domain: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["domain"] == domain]


def board_of(uri: str, study: str | None = None) -> Board:
    return with_submissions(load_board(uri, study))[0]


def brought(board: Board) -> Row:
    (row,) = [row for row in board.rows if row.is_submitted]
    return row


# --- there and back --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("detector", ["spectral_svm", "coin_flip", "spectral_logreg"])
@pytest.mark.parametrize("validation", [True, False])
def test_an_exported_row_comes_back(store: str, tmp_path: Path, detector: str, validation: bool) -> None:
    exported = export_row(store, detector=detector, validation=validation)
    assert len(exported.tables) == (2 if detector == "spectral_logreg" else 1)
    files = [tmp_path / f"scores-{k}.csv" for k in range(len(exported.tables))]
    for file, text in zip(files, exported.tables, strict=True):
        file.write_text(text)
        assert text.splitlines()[0].split(",") == [*COLUMNS, *["split"] * validation]
    (tmp_path / "meta.yaml").write_text(exported.meta)
    report = add_submission(tmp_path / "meta.yaml", files, store)
    assert report.verification.verified, report.verification.reason
    assert report.verification.difference == 0.0

    board = board_of(store)
    mine, theirs = brought(board), next(r for r in board.rows if r.detector == detector and r.role == "chosen")
    assert mine.to_json().keys() >= theirs.to_json().keys()
    for test, recorded in zip(mine.tests, sorted(theirs.tests, key=lambda test: test.domain), strict=True):
        for name in ("domain", "n", "coverage", "split_list", "pictures"):
            assert test.value(name) == recorded.value(name)
        for name in ("auc", "eer", "average_precision", "pd10"):
            assert test.value(name) == pytest.approx(recorded.value(name), nan_ok=True)
        wanted = recorded.metrics["balanced_accuracy"] if validation else math.nan
        assert test.metrics["balanced_accuracy"] == pytest.approx(wanted, nan_ok=True)
        assert math.isnan(test.allpass_auc)
    assert mine.cross_domain_auc == pytest.approx(theirs.cross_domain_auc)
    assert mine.ms_per_picture == pytest.approx(theirs.ms_per_picture, abs=1e-3)
    assert any("validation scores" in note for note in mine.submission.notes) != validation


NASTY = ("=1+1", "+1", "-1", "@x", "'", "'=x", "''+x", "'plain", 'a,b\n"c"', "\t=x", "\r=x", " =x", "ü/ö.png", "")


def test_the_csv_of_any_text_comes_back_and_holds_no_formula(tmp_path: Path) -> None:
    domains = ["ffpp/Deepfakes@c23", "ffpp/Deepfakes@c23+jpeg:quality=50", "=set/a", "set"]
    rows = [
        {
            "domain": domain,
            "item": item,
            "label": i % 2,
            "score": s,
            "status": "ok" if s is not None else "error",
            "split": "test",
        }
        for i, (item, s) in enumerate(zip(NASTY, [0.1 + 0.2, -1e-300, None, 3.0] * 4, strict=False))
        for domain in domains
    ]
    table = pa.Table.from_pylist([{**dict.fromkeys(SCORE_SCHEMA.names), **row} for row in rows], schema=SCORE_SCHEMA)
    text = score_csv(table)
    for line in csv.DictReader(io.StringIO(text, newline="")):
        assert not any(line[name].startswith(("=", "+", "-", "@", "\t", "\r")) for name in ("dataset", "key", "compression"))
    (tmp_path / "x.csv").write_text(text, encoding="utf-8", newline="")
    back = read_score_csv(tmp_path / "x.csv").to_pylist()
    assert [(r["domain"], r["item"]) for r in back] == [(r["domain"], r["item"]) for r in rows]
    assert [float(r["score"]) if r["score"] else None for r in back] == [r["score"] for r in rows]


def test_an_export_is_told_from_others(store: str) -> None:
    with pytest.raises(DataError, match=r"3 cells are meant by that: .*spectral_svm on mine \(study small\)"):
        export_row(store)
    with pytest.raises(DataError, match="no recorded cell is meant"):
        export_row(store, detector="spectral_svn")
    assert export_row(store, study="double").tables != export_row(store, detector="coin_flip").tables


def test_names_of_another_workbench(store: str, tmp_path: Path) -> None:
    lines = [",".join(COLUMNS)]
    lines += [f"Their {r['domain']},{r['item']},,{r['label']},{r['score']}," for r in recorded_rows(store)]
    (tmp_path / "s.csv").write_text("\ufeff" + "\r\n".join(lines))
    meta = write_meta(tmp_path, domains={"Their mine": "mine", "Their yours": "yours"})
    report = add_submission(meta, [tmp_path / "s.csv"], store)
    assert (report.findings, report.verification.verified) == ([], True)


# --- what is wrong with scores ---------------------------------------------------------------------------------------


def drop(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return rows[1:]


def rename(rows: list[dict[str, Any]]) -> None:
    rows[0]["item"] = "elsewhere.png"


def turn_label(rows: list[dict[str, Any]]) -> None:
    rows[0]["label"] = 1 - rows[0]["label"]


def repeat(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [*rows, rows[0]]


def contradict(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [*rows, {**rows[0], "score": rows[0]["score"] + 1}]


def spoil(score: float | None) -> Change:
    def change(rows: list[dict[str, Any]]) -> None:
        rows[0]["score"] = score

    return change


def flatten(rows: list[dict[str, Any]]) -> None:
    for row in of_domain(rows, "mine"):
        row["score"] = 0.5


def negate(rows: list[dict[str, Any]]) -> None:
    for row in of_domain(rows, "mine"):
        row["score"] = -row["score"]


def one_class(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row for row in rows if row["domain"] != "mine" or row["label"] == 0]


@pytest.mark.parametrize(
    ("change", "sentence", "lost"),
    [
        (drop, r"mine: 9 of 10 items have a usable score", 1),
        (rename, r"mine: 1 id is unknown to the run \w+ \(such as 'elsewhere.png'\); not scored", 1),
        (turn_label, r"mine: 1 label disagrees with the run \w+ \(such as 'real/", 1),
        (repeat, r"mine: 1 id is given more than once .*: each time alike, and counted once", 0),
        (contradict, r"mine: 1 id is given more than once .*: 1 of them differently, and not scored", 1),
        (spoil(math.nan), r"1 row has a score that is NaN, infinite or empty", 1),
        (spoil(math.inf), r"1 row has a score that is NaN, infinite or empty", 1),
        (spoil(None), r"1 row has a score that is NaN, infinite or empty", 1),
        (flatten, r"mine: all 10 scores are equal", 0),
        (negate, r"reals score above fakes on mine \(AUC 0\.\d+, .* wrong way round", 0),
        (one_class, r"mine: only one class has scores, so there is no AUC", 5),
    ],
)
def test_what_is_wrong_is_said_and_the_rest_is_used(
    bring: Callable[..., Report], change: Change, sentence: str, lost: int
) -> None:
    report = bring(change)
    assert any(re.search(sentence, finding) for finding in report.findings), report.findings
    mine, yours = report.tests
    assert mine.coverage == pytest.approx((10 - lost) / 10)
    assert (mine.n, yours.coverage) == (10, 1.0)
    assert not report.verification.verified or change is repeat


def test_below_half_abroad_is_a_result_where_home_is_right(bring: Callable[..., Report]) -> None:
    def abroad(rows: list[dict[str, Any]]) -> None:
        for row in of_domain(rows, "mine"):
            row["score"] = -row["score"]

    right = bring(abroad, train="yours")
    assert right.tests[1].auc > 0.8
    assert right.tests[0].auc < 0.2
    assert not any("wrong way round" in finding for finding in right.findings)


def test_a_misspelt_training_domain_is_refused(bring: Callable[..., Report]) -> None:
    with pytest.raises(DataError, match=r"train: unknown domain 'procedural/plantd'. Did you mean 'procedural/planted'"):
        bring(train="procedural/plantd")
    assert not find_submissions()
    report = bring(train="somebody's faces")
    assert any("is none of the test domains" in remark for remark in report.remarks)


def test_a_submission_without_any_auc_is_no_row(bring: Callable[..., Report]) -> None:
    with pytest.raises(DataError, match=r"(?s)has no AUC on any test domain.*only one class"):
        bring(lambda rows: [row for row in rows if row["label"] == 0])
    assert not find_submissions()


def test_scores_the_wrong_way_round_are_not_turned(bring: Callable[..., Report]) -> None:
    right, wrong = bring(name="right").tests[0].auc, bring(negate, name="wrong").tests[0].auc
    assert wrong == pytest.approx(1 - right)


def test_cells_that_mean_nothing_are_told(store: str, tmp_path: Path) -> None:
    rows = recorded_rows(store)
    lines = [f"{r['domain']},{r['item']},,{r['label']},{r['score']},ok" for r in rows]
    lines[0] = lines[0].replace(f",{rows[0]['label']},", ",bogus,")
    lines[1] = lines[1].replace(f"{rows[1]['score']}", "high")
    lines[2] = lines[2].replace(",ok", ",fine")
    (tmp_path / "s.csv").write_text("\n".join([",".join(COLUMNS), *lines]))
    report = add_submission(write_meta(tmp_path), [tmp_path / "s.csv"], store)
    assert "1 row has a label that is none of 0, 1, real, fake (such as 'bogus')." in report.findings
    assert "1 row has a score that is no number (such as 'high'); not scored." in report.findings
    assert any("a status that is none of ok, missing, error (such as 'fine')" in finding for finding in report.findings)
    assert report.tests[0].coverage == pytest.approx(8 / 10)  # the label is the reference's


def test_a_domain_nobody_knows_is_taken_as_it_came(bring: Callable[..., Report], store: str) -> None:
    def add(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return rows + [{**row, "domain": "elsewhere/x", "group": ""} for row in of_domain(rows, "yours")]

    report = bring(add)
    assert any(f.startswith("elsewhere/x: nothing here to check the items against") for f in report.findings)
    assert any(f.startswith("elsewhere/x: no groups are told") for f in report.findings)
    row = brought(board_of(store))
    found = {test.domain: test for test in row.tests}
    assert found["elsewhere/x"].auc == pytest.approx(found["yours"].auc)
    assert found["elsewhere/x"].split_list not in ("", found["yours"].split_list)
    assert not row.verified
    assert "of elsewhere/x is in one of them only" in row.submission.notes[-1]


def test_embedded_data_are_a_reference_without_any_run(tmp_path: Path) -> None:
    items = Catalogue().domain("procedural/blend", 0).split("test")
    rng = np.random.default_rng(0)
    lines = [
        f"{name},{item.id},,{item.label},{rng.normal()}," for item in items for name in ("procedural/blend", "procedural/x")
    ]
    (tmp_path / "s.csv").write_text("\n".join([",".join(COLUMNS), *lines[:-2], "procedural/blend,nobody,,1,0.5,"]))
    uri = default_tracking_uri()
    report = add_submission(write_meta(tmp_path), [tmp_path / "s.csv"], uri)
    said = "\n".join(report.findings)
    assert "procedural/x: left out, unknown domain 'procedural/x'" in said
    assert "procedural/blend: 1 id is unknown to the data set procedural" in said
    assert f"{len(items) - 1} of {len(items)} items have a usable score" in said
    assert "no recorded runs to check against" in " ".join(report.remarks)
    assert [test.domain for test in report.tests] == ["procedural/blend"]


def test_validation_scores_of_test_items_set_no_threshold(bring: Callable[..., Report], store: str) -> None:
    def both(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return rows + [{**row, "split": "val"} for row in of_domain(rows, "mine")]

    report = bring(both)
    assert any("validation scores are not used, as 10 items of them are among the test items" in f for f in report.findings)
    assert math.isnan(brought(board_of(store)).tests[0].metrics["balanced_accuracy"])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "cannot be read as CSV"),
        ("dataset,key,label\nmine,a,1\n", "lacks the columns score"),
        (",".join(COLUMNS) + "\n", "has no rows"),
        (",".join(COLUMNS) + "\nmine,nobody,,1,0.5,ok\n", "has no usable test scores.\nmine: 1 id is unknown"),
        (",".join(COLUMNS) + "\nmine,a\n", "cannot be read as CSV"),
        (",".join(COLUMNS) + "\n,a,,1,0.5,\n", "a row names no domain"),
        (",".join(COLUMNS) + "\nmine+nose,a,,1,0.5,\n", "unknown perturbation 'nose'. Did you mean 'noise'"),
        (",".join(COLUMNS) + "\nmi\u202ene,a,,1,0.5,\n", "no name of one printable line"),
    ],
)
def test_nothing_usable_leaves_nothing(store: str, tmp_path: Path, content: str, message: str) -> None:
    (tmp_path / "s.csv").write_text(content)
    with pytest.raises(DataError) as refused:
        add_submission(write_meta(tmp_path), [tmp_path / "s.csv"], store)
    assert message in str(refused.value)
    assert not own_folder().exists()


# --- among the results -----------------------------------------------------------------------------------------------


def test_a_name_belongs_to_one_content(bring: Callable[..., Report], store: str) -> None:
    assert bring().outcome == "added"
    before = {path: path.stat().st_mtime_ns for path in own_folder().rglob("*")}
    assert bring().outcome == "unchanged"
    assert {path: path.stat().st_mtime_ns for path in own_folder().rglob("*")} == before
    with pytest.raises(DataError, match=r"another submission 'brought' .* --replace"):
        bring(drop)
    assert brought(board_of(store)).coverage == 1.0
    assert bring(drop, replace=True).outcome == "replaced"
    assert brought(board_of(store)).coverage < 1.0
    assert [path.name for path in own_folder().iterdir()] == ["brought"]
    remove_submission("brought")
    assert not list(own_folder().iterdir())
    with pytest.raises(DataError, match="unknown submission 'brought'"):
        remove_submission("brought")


def test_shipped_folders_are_read_and_hold_what_was_sent(
    bring: Callable[..., Report], store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring()
    shipped = tmp_path / "package"
    shipped.mkdir()
    (own_folder() / "brought").rename(shipped / "brought")
    monkeypatch.setattr(submission_files, "shipped_folder", lambda: shipped)
    assert brought(board_of(store)).verified
    with pytest.raises(DataError, match="came with the package"):
        remove_submission("brought")
    assert bring().outcome == "unchanged"
    assert bring(drop, replace=True).outcome == "replaced"
    assert find_submissions()["brought"].parent == own_folder()


@pytest.mark.parametrize("damage", ["scores", "meta", "name"])
def test_a_damaged_submission_hurts_no_board(bring: Callable[..., Report], store: str, damage: str) -> None:
    bring()
    folder = own_folder() / "brought"
    if damage == "scores":
        (folder / "scores-0.parquet").write_bytes(b"PAR1")
    elif damage == "meta":
        (folder / "meta.yaml").write_text("name: [")
    else:
        folder.rename(own_folder() / "other")
    board, recorded = board_of(store), load_board(store)
    assert repr(board.rows) == repr(recorded.rows)
    assert len(board.refused) == 1 and board.refused[0].startswith("submission ")


def test_a_board_of_one_study_shows_what_shares_its_domains(bring: Callable[..., Report], store: str) -> None:
    bring(lambda rows: [{**row, "domain": "elsewhere"} for row in of_domain(rows, "yours")])
    assert brought(board_of(store))
    assert {row.get("source") for row in board_of(store, "small").rows} <= {None, "recorded"}


# --- the badge -------------------------------------------------------------------------------------------------------


def shift(by: float) -> Change:
    def change(rows: list[dict[str, Any]]) -> None:
        rows[-1]["score"] += by

    return change


@pytest.mark.parametrize(
    ("change", "meta", "reason"),
    [
        (shift(5e-7), {}, ""),
        (lambda rows: of_domain(rows, "yours"), {}, ""),
        (shift(2e-6), {}, r"differs from run \w+ by 2e-06 on item '.*' of yours"),
        (None, {"detector": "other"}, "no run on this board has the detector other trained on mine"),
        (None, {"train": "yours"}, "no run on this board has the detector spectral_svm trained on yours"),
        (None, {"band": "low:0.1"}, r"has no row with the band low <0.100"),
        (None, {"band": "all"}, r"differs from run"),
        (drop, {}, r"has a score either here or in run"),
    ],
)
def test_who_is_verified(bring: Callable[..., Report], change: Change | None, meta: dict[str, str], reason: str) -> None:
    verification = bring(change, **meta).verification
    assert verification.verified == (not reason)
    assert re.search(reason, verification.reason)


def test_one_draw_of_several_is_not_the_row(store: str, tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text(export_row(store, study="double").tables[0])
    report = add_submission(write_meta(tmp_path, detector="spectral_logreg"), [tmp_path / "s.csv"], store)
    assert "draws: 2 in run" in report.verification.reason
    assert not report.verification.verified


def test_the_badge_goes_when_either_side_changes(bring: Callable[..., Report], store: str) -> None:
    bring()
    first = brought(board_of(store)).submission.verification
    path = score_file(store, "spectral_svm")
    kept, rows = path.read_bytes(), pq.read_table(path).to_pylist()
    next(row for row in rows if row["split"] == "test")["score"] += 1e-5  # too little to change an AUC
    try:
        pq.write_table(pa.Table.from_pylist(rows, schema=SCORE_SCHEMA), path)
        changed = brought(board_of(store))
    finally:
        path.write_bytes(kept)
    assert not changed.verified
    assert changed.submission.verification["run_scores"] != first["run_scores"]
    again = brought(board_of(store))
    assert again.verified and again.submission.verification == first
    own = own_folder() / "brought" / "scores-0.parquet"
    mine = pq.read_table(own).to_pylist()
    mine[0]["score"] += 1e-5
    pq.write_table(pa.Table.from_pylist(mine, schema=SCORE_SCHEMA), own)
    assert not brought(board_of(store)).verified


# --- what is said of them --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "name: a\ndetector: d\ntrain: t\nauc: 0.99\n",
            r"line 4: the key 'auc' is a result. A submission brings scores, never",
        ),
        ("name: a\ndetektor: d\ntrain: t\n", r"line 2: unknown key 'detektor'. Did you mean 'detector'"),
        ("name: a\ndetector: d\n", "the key 'train' is missing"),
        ("name: a\nname: b\ndetector: d\ntrain: t\n", "line 2: the key 'name' stands here twice"),
        ("name: ../a\ndetector: d\ntrain: t\n", "line 1: name: "),
        ("name: .a\ndetector: d\ntrain: t\n", "line 1: name: "),
        (f"name: {'a' * 81}\ndetector: d\ntrain: t\n", "line 1: name: "),
        ("name: a\ndetector: ' '\ntrain: t\n", "line 2: detector: "),
        ("name: a\ndetector: d\ntrain: t\nband: low\n", "line 4: band: a band is written all, low:0.2"),
        ("name: a\ndetector: d\ntrain: t\nband: {kind: low, cut: 1}\n", "line 4: band: "),
        ("name: a\ndetector: d\ntrain: t\nms_per_picture: .inf\n", "line 4: ms_per_picture: "),
        ("name: a\ndetector: d\ntrain: t\nparameters: [1]\n", "line 4: parameters"),
        ("name: &x a\ndetector: *x\ntrain: t\n", "references"),
        ("- name\n", "has to be a mapping of keys"),
        ("1: 2\n", "has to be a mapping of keys"),
        ("name: [\n", "line 2: not valid YAML"),
        ('name: a\ndetector: "\\ud800"\ntrain: t\n', "unable to parse raw data as a unicode string"),
        ("[" * 5000, "more than 20 lists or mappings in each other"),
        ("x" * 200_000, "has 200,000 bytes"),
    ],
)
def test_mistakes_name_the_line(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "meta.yaml"
    path.write_text(text)
    with pytest.raises(DataError) as refused:
        load_meta(path)
    assert message in str(refused.value)
    assert "Traceback" not in str(refused.value)


HOSTILE = (
    "<script>alert(1)</script>", "=HYPERLINK(1)", "@x", "[red]x[/red]", "[/]", "x" * 5000, "\u202egnp.exe", "a\nb\r\nc",
    "\x1b[31mred", "שלום", ":smile:", "{{ 7 * 7 }}", '"\'`',
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_words_stay_text(bring: Callable[..., Report], store: str, text: str) -> None:
    told = {"detector": text, "train": text, "authors": text, "url": text, "description": text, "parameters": {text[:80]: text}}
    bring(**told)
    board, folders = with_submissions(load_board(store))
    row = brought(board)
    assert row.submission.description == text
    assert row.detector == label(text) and len(row.detector) <= 200 and row.detector.isprintable()

    console = Console(width=140, record=True, file=io.StringIO())
    console.print(as_table(board.rows, "board"))
    for line in submission_lines(board.rows):
        assert "\n" not in line and "\x1b" not in line and "\u202e" not in line
    assert "".join(label(text)[:12].split()) in "".join(console.export_text().split())

    lines = list(csv.DictReader(io.StringIO(as_csv(board.rows), newline="")))
    mine = [line for line in lines if line["source"] == "submitted"]
    assert len(mine) == 1 and len(lines) > 1
    assert {line["submission.description"].removeprefix("'") for line in mine} == {text}
    assert not any(value.startswith(("=", "@")) for line in mine for value in line.values())

    document = json.loads(dump_json(as_document("", board.rows)))
    assert next(r for r in document["rows"] if r["run_id"] == "submission:brought")["submission"]["authors"] == text
    details = load_details(store, None, board.rows, folders)
    assert details.rows and "submission:brought" in details.cells


def test_without_submissions_a_board_is_what_it_was(store: str) -> None:
    board = load_board(store)
    merged, folders = with_submissions(board)
    assert repr(merged.rows) == repr(board.rows) and not folders
    assert "source" not in as_csv(board.rows).splitlines()[0]
    assert submission_lines(board.rows) == []


def test_the_folder_that_comes_along_says_how_to_send_one() -> None:
    assert "bench leaderboard add" in (submission_files.shipped_folder() / "README.md").read_text()
