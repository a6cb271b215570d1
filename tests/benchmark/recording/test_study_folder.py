"""The folder of a study: rows of this and of earlier runs, split lists, and the figures that its rows allow."""

import math
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.domains.catalogue import DatasetSpec, OpenDomain
from bandbench.benchmark.domains.splits import SPLIT_COLUMNS
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.recording import study_folder as module
from bandbench.benchmark.recording.keys import joined, split_lists, study_key
from bandbench.benchmark.recording.study_folder import (
    has_rows,
    keep_split_lists,
    keep_study,
    remove_damaged,
    study_folder,
    study_rows,
)
from bandbench.benchmark.records import Cell, Provenance
from bandbench.benchmark.results.rows import PerturbationResult, Row, TestResult, keep_rows, read_rows
from bandbench.benchmark.store.folders import results_root
from bandbench.benchmark.store.seal import seal_folder
from made_carriers import carrier_row
from made_cells import made_cell

TESTS = (TestResult("home", 0.9, 0.8, 1.0, 8, 1.0), TestResult("away", 0.6, 0.4, 0.8, 8, 1.0))
ROW = Row("spectral_svm", "home", "chosen", Band(), cell="a", tests=TESTS)


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the figures that are written, which are not drawn."""
    names: list[str] = []
    for name in ("save_heat_map", "save_robustness", "save_strength_lines"):
        monkeypatch.setattr(module.figures, name, lambda path, *_: names.append(path.name))
    return names


def test_a_study_lies_under_its_key() -> None:
    assert study_folder(made_cell()) == results_root() / "studies" / study_key(made_cell())


def test_rows_of_other_detectors_and_domains_stay_in_a_study(tmp_path: Path) -> None:
    keep_rows([ROW, replace(ROW, detector="dct_ridge", cell="b"), replace(ROW, train="away", cell="c")], tmp_path)
    new = replace(ROW, cell="n")
    assert [row.cell for row in study_rows(tmp_path, [new])] == ["n", "b", "c"]
    assert study_rows(tmp_path / "nowhere", [new]) == [new]


def test_a_study_is_made_of_its_cells_whatever_their_order(tmp_path: Path) -> None:
    a, b = replace(ROW, cell="a"), replace(ROW, cell="b")
    keep_rows([a, b], tmp_path)
    assert has_rows(tmp_path, [b, a])
    assert not has_rows(tmp_path, [a])
    assert not has_rows(tmp_path, [a, b, b])
    assert not has_rows(tmp_path / "nowhere", [a])


def test_rows_are_written_in_the_order_of_their_names(tmp_path: Path, figures: list[str]) -> None:
    rows = [replace(ROW, train="z"), replace(ROW, detector="b"), replace(ROW, detector="a")]
    keep_study("made", rows, tmp_path / "study")
    assert [(row.train, row.detector) for row in read_rows(tmp_path / "study")] == [
        ("home", "a"),
        ("home", "b"),
        ("z", "spectral_svm"),
    ]
    assert figures == ["train_x_test.png"]


def test_a_study_without_rows_has_no_folder(tmp_path: Path) -> None:
    keep_study("made", [], tmp_path / "study")
    assert not (tmp_path / "study").exists()


def test_perturbations_have_figures_and_a_series_of_strengths_one_for_each_metric(tmp_path: Path, figures: list[str]) -> None:
    lost = PerturbationResult("blur:sigma=1", "in-domain", ("home",), 0.9, 0.8, 0.7, 0.9, 0.1, math.nan, math.nan)
    perturbed = tuple(TestResult(f"home+blur:sigma={sigma}", 0.8, 0.7, 0.9, 8, 1.0) for sigma in (1, 2, 3))
    keep_study("made", [replace(ROW, robustness=(lost,), tests=(*TESTS, *perturbed))], tmp_path)
    assert figures == ["train_x_test.png", "robustness.png", "blur_sigma_auc.png", "blur_sigma_pd1.png"]
    figures.clear()
    keep_study("made", [replace(ROW, tests=(*TESTS, *perturbed[:2]))], tmp_path)
    assert figures == ["train_x_test.png"]


def with_lists(cell: Cell, *digests: str) -> Cell:
    """A cell of which every item set of a draw has the same split list."""
    draws = []
    for draw, digest in zip(cell.replicates, digests, strict=True):
        known = Provenance(split_list=digest)
        sets = [replace(items, provenance=known) for items in (draw.train, draw.val, *draw.tests)]
        draws.append(replace(draw, train=sets[0], val=sets[1], tests=tuple(sets[2:])))
    return replace(cell, replicates=tuple(draws))


def listed(split: str, replicate: int = 0) -> OpenDomain:
    items = [Item("b", 1, split, target="x", video="v"), Item("a", 0, split)]  # type: ignore[arg-type]
    domain = OpenDomain("home", DatasetSpec("home"), 0, replicate)
    domain.__dict__["items"] = items  # a cached property
    return domain


def test_a_split_list_has_every_item_once_if_the_draws_agree(tmp_path: Path) -> None:
    cell = with_lists(made_cell(("home",), draws=2), "same", "same")
    keep_split_lists([cell], {("home", draw): listed("train", draw) for draw in (0, 1)}, tmp_path)
    (path,) = (tmp_path / "splits").iterdir()
    assert path.name == "same.parquet"
    table = pq.read_table(path)
    assert table.column_names == ["draw", *SPLIT_COLUMNS]
    assert table.to_pylist()[1] == {
        "draw": 0, "item": "b", "label": 1, "split": "train", "group": Item("b", 1, "train", target="x", video="v").group,
        "target": "x", "donor": "", "video": "v",
    }  # fmt: skip
    assert table["item"].to_pylist() == ["a", "b"]
    assert table.schema.metadata[b"bandbench.split_list"] == b"1"


def test_draws_that_differ_are_listed_one_by_one(tmp_path: Path) -> None:
    cell = with_lists(made_cell(("home",), draws=2), "one", "two")
    keep_split_lists([cell], {("home", 0): listed("train", 0), ("home", 1): listed("val", 1)}, tmp_path)
    table = pq.read_table(tmp_path / "splits" / f"{joined(split_lists(cell)['home'])}.parquet")
    assert list(zip(table["draw"].to_pylist(), table["split"].to_pylist(), strict=True)) == [
        *[(0, "train")] * 2,
        *[(1, "val")] * 2,
    ]


def test_a_split_list_that_is_there_is_not_written_again(tmp_path: Path) -> None:
    cell = with_lists(made_cell(("home",)), "same")
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits" / "same.parquet").write_bytes(b"there")
    keep_split_lists([cell], {}, tmp_path)
    assert (tmp_path / "splits" / "same.parquet").read_bytes() == b"there"


def test_a_split_list_that_nobody_vouches_for_is_written_again(tmp_path: Path) -> None:
    cell = with_lists(made_cell(("home",)), "same")
    (tmp_path / "splits").mkdir()
    (tmp_path / "splits" / "same.parquet").write_bytes(b"there")
    keep_split_lists([cell], {("home", 0): listed("train")}, tmp_path, anew=True)
    assert pq.read_table(tmp_path / "splits" / "same.parquet")["item"].to_pylist() == ["a", "b"]


def test_a_split_list_that_was_written_before_is_copied(tmp_path: Path) -> None:
    """The domains may have forgotten their items meanwhile, and a folder may have got other pictures."""
    cell = with_lists(made_cell(("home",)), "same")
    keep_split_lists([cell], {("home", 0): listed("train")}, tmp_path / "before")
    keep_split_lists([cell], {}, tmp_path / "study", written=tmp_path / "before")
    lists = [tmp_path / name / "splits" / "same.parquet" for name in ("before", "study")]
    assert lists[0].read_bytes() == lists[1].read_bytes()


def test_damaged_files_of_a_study_are_removed_by_name(tmp_path: Path) -> None:
    keep_rows([ROW], tmp_path)
    (tmp_path / "splits").mkdir()
    for name in ("whole", "damaged"):
        (tmp_path / "splits" / f"{name}.parquet").write_bytes(b"there")
    assert remove_damaged(tmp_path) == []
    seal_folder(tmp_path)
    (tmp_path / "splits" / "damaged.parquet").write_bytes(b"other")
    assert remove_damaged(tmp_path) == ["splits/damaged.parquet"]
    assert [path.name for path in (tmp_path / "splits").iterdir()] == ["whole.parquet"]
    assert read_rows(tmp_path)


def test_a_study_that_says_what_detectors_live_on_has_a_figure_of_it(tmp_path: Path, figures: list[str]) -> None:
    keep_study("made", [ROW], tmp_path)
    assert not (tmp_path / module.CARRIERS).exists()
    keep_study("made", [carrier_row("dct_ridge", "home", ("home",))], tmp_path)
    assert (tmp_path / module.CARRIERS).read_bytes()[:4] == b"\x89PNG"
