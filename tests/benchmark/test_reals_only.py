"""Detectors that learn from reals alone: which training domains they can do with, and what is said where not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bandbench.benchmark.cli import main
from bandbench.benchmark.contracts import Item
from bandbench.benchmark.engine import Outcome
from bandbench.benchmark.errors import DataError, PluginError
from bandbench.benchmark.protocol import Fitted
from bandbench.benchmark.store import read_json
from conftest import run, small_study

Maker = Callable[..., Path]
PLAIN: dict[str, Any] = {"sweep": None, "search": {"trials": 0}, "train": ["reals"], "test": ["mine"]}
PLUGINS = """
import numpy as np
from bandbench.benchmark.contracts import Dataset, Detector, Item, ViewSpec
from bandbench.datasets.folder import list_pictures

class FromReals(Detector):
    name = "from_reals"
    learns_from = "real"
    @property
    def view(self):
        return ViewSpec("profile")
    def fit(self, view, labels):
        self.mean_, self.spread_ = (f(view.values[labels == 0], axis=0) for f in (np.mean, np.std))
        return self
    def score(self, view):
        return np.square((view.values - self.mean_) / self.spread_).mean(axis=1)

class Reals(Dataset):
    name = "reals"
    classes = ("real",)
    def items(self, variant):
        names = sorted(path.name for path in (self.root / "real").iterdir())
        return [Item(f"real/{n}", 0, "val" if k % 3 == 0 else "train") for k, n in enumerate(names)]
    def read(self, item):
        return (self.root / item.id).read_bytes()
"""


@pytest.fixture
def plugins(tmp_path: Path) -> Path:
    path = tmp_path / "plugins.py"
    path.write_text(PLUGINS)
    return path


def run_on_reals(plugins: Path, picture_folder: Maker, detectors: list[str] | None = None, **changes: Any) -> Outcome:
    folders = {f"{plugins}:Reals": picture_folder("only", n=30, first_seed=300), "mine": picture_folder(n=30)}
    return run(small_study(**PLAIN | {"detectors": detectors or [f"{plugins}:FromReals"]} | changes), folders)


def test_reals_suffice_where_no_band_is_chosen(plugins: Path, picture_folder: Maker, tmp_path: Path) -> None:
    outcome = run_on_reals(plugins, picture_folder)
    assert outcome.complete
    row = outcome.rows[0]
    assert row["train"] == "reals"
    assert row["band"]["kind"] == "all"
    assert row["cross_domain_auc"] > 0.9  # fakes have more power between 0.2 and 0.3
    assert np.isnan(row["in_domain_auc"])
    cell = tmp_path / "home" / "cells" / row["cell"]
    document = read_json(cell / "cell.json")
    assert document is not None
    assert document["trials"][0]["auc"] is None  # nothing is known of it at home
    assert (cell / "spectrum.png").exists()


@pytest.mark.parametrize("changes", [{"sweep": {"width": 0.1, "step": 0.1}}, {"search": {"trials": 2}}])
def test_a_band_is_chosen_on_fakes_too(plugins: Path, picture_folder: Maker, changes: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="reals cannot be used here: train has no fake, val has no fake. .*set sweep: null"):
        run_on_reals(plugins, picture_folder, **changes)


def test_other_detectors_need_fakes(plugins: Path, picture_folder: Maker) -> None:
    with pytest.raises(DataError, match="reals is a collection of real pictures; give it fakes"):
        run_on_reals(plugins, picture_folder, [f"{plugins}:FromReals", "spectral_logreg"])


def test_a_kept_model_needs_fakes_to_be_calibrated(
    plugins: Path, picture_folder: Maker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = picture_folder("only", n=30)
    options = ["--data", f"{plugins}:Reals={folder}", "--train", "reals", "--out", str(tmp_path / "model"), "--crop", "64"]
    with pytest.raises(SystemExit, match="2"):
        main(["train", f"{plugins}:FromReals", *options])
    assert "no fake validation picture" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "model").exists()


def test_leaving_out_leaks_may_not_cost_a_class_that_was_there() -> None:
    reals = [Item(f"real/{k}", 0, "train", target=f"p{k}") for k in range(3)]
    fitted = Fitted("reals", reals, [Item("real/9", 0, "val", target="p9")])
    fitted.drop("train", {("identity", "p0")})
    assert fitted.lost_classes() == ""
    fitted.drop("val", {("identity", "p9")})
    assert fitted.lost_classes() == "val has no real"


def test_reals_are_needed_in_any_case(plugins: Path, picture_folder: Maker) -> None:
    from bandbench.benchmark.contracts import View
    from bandbench.benchmark.models import fit_detector
    from bandbench.benchmark.registry import DetectorSpec

    detector = DetectorSpec.parse(f"{plugins}:FromReals").build()
    with pytest.raises(PluginError, match="got no real"):
        fit_detector(detector, View(np.ones((4, 3))), np.ones(4, dtype=np.int64))
