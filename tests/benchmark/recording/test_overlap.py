"""The overlap of draws is that of the contents of their training pictures."""

from pathlib import Path

import pytest

from bandbench.benchmark.recording.overlap import train_overlap
from bandbench.benchmark.records import ItemSet
from bandbench.benchmark.results.cell_document import read_cell
from bandbench.benchmark.store.files import write_json
from conftest import run, small_study
from made_cells import item_set


def drawn(folder: Path, name: str, contents: str) -> ItemSet:
    """A training set whose pictures are letters."""
    write_json(folder / f"{name}.learned.json", {"seen": list(contents), "names": [], "looks": []})
    return item_set("home", "train", f"digest of {contents}", table=str(folder / f"{name}.parquet"))


def test_the_overlap_is_the_mean_over_pairs_of_draws(tmp_path: Path) -> None:
    a, b, c = drawn(tmp_path, "a", "klmn"), drawn(tmp_path, "b", "lmno"), drawn(tmp_path, "c", "wxyz")
    assert train_overlap([a]) == 0
    assert train_overlap([a, a, a]) == 1
    assert train_overlap([a, b]) == pytest.approx(0.75)
    assert train_overlap([a, b, c]) == pytest.approx(0.25)


def test_sets_of_different_sizes(tmp_path: Path) -> None:
    assert train_overlap([drawn(tmp_path, "a", "kl"), drawn(tmp_path, "b", "klmnop")]) == pytest.approx(0.5)


def test_a_folder_is_split_anew_and_computed_data_are_drawn_afresh(picture_folder, tmp_path: Path) -> None:
    """A quarter of what is no test picture is validation: two draws have about three quarters of the rest in common."""
    plan = {"detectors": ["spectral_svm"], "sweep": None, "search": {"trials": 0}, "seeds": 2, "bootstrap": 100}
    run(small_study(**plan), {"mine": picture_folder(n=40)})
    computed = {"procedural": {"n_train": 12, "n_val": 8, "n_test": 12, "side": 64}}
    run(small_study(**plan, train=["procedural/planted"], test=["procedural/planted"], datasets=computed), {})
    cells = [read_cell(folder) for folder in (tmp_path / "home" / "cells").iterdir()]
    overlap = {cell.train: cell.train_overlap for cell in cells}
    assert 0.6 < overlap["mine"] < 0.9
    assert overlap["procedural/planted"] == 0
