"""Detectors that learn from reals alone: which training domains they can do with, and what is said where not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bandbench.benchmark.cli import main
from bandbench.benchmark.contracts import Features, Item
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.domains.guard import Fitted
from bandbench.benchmark.errors import DataError, PluginError
from bandbench.benchmark.fitted import fit_detector
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.models import pools, training
from bandbench.benchmark.models.recipe import Recipe
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.search.run import Outcome
from bandbench.benchmark.store.files import read_json
from conftest import run, small_study

Maker = Callable[..., Path]
PLAIN: dict[str, Any] = {"sweep": None, "search": {"trials": 0}, "train": ["reals"], "test": ["mine"]}
PLUGINS = """
import numpy as np
from bandbench.benchmark.contracts import Dataset, Detector, Item, ViewSpec

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
    assert row.train == "reals"
    assert row.band.kind == "all"
    assert row.cross_domain_auc > 0.9  # fakes have more power between 0.2 and 0.3
    assert np.isnan(row.in_domain_auc)
    cell = tmp_path / "home" / "cells" / row.cell
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
    assert "reals: no fake validation picture" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("detector", "said"),
    [
        ("{plugins}:FromReals", "no fake validation picture; a model that is kept is calibrated on validation pictures"),
        ("spectral_logreg", "no fake training picture"),
    ],
)
def test_a_collection_of_reals_is_refused_before_pictures_are_prepared(
    plugins: Path,
    picture_folder: Maker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    detector: str,
    said: str,
) -> None:
    monkeypatch.setattr(pools, "prepare_chunks", lambda *_: pytest.fail("pictures were prepared"))
    folder = picture_folder("only", n=30) / "real"
    out = str(tmp_path / "model")
    options = ["--data", f"real_faces={folder}", "--train", "real_faces", "--out", out, "--crop", "64"]
    with pytest.raises(SystemExit, match="2"):
        main(["train", detector.format(plugins=plugins), *options])
    message = " ".join(capsys.readouterr().err.split())
    assert f"real_faces: {said}" in message
    assert "give it fakes with --data real_faces.fakes=DIR" in message


def test_reals_of_one_domain_and_fakes_of_another_make_a_training_set(plugins: Path, picture_folder: Maker) -> None:
    folders = {f"{plugins}:Reals": str(picture_folder("only", n=30)), "mine": str(picture_folder(n=30))}
    catalogue, detector = Catalogue(folders), DetectorSpec.parse(f"{plugins}:FromReals")
    recipe = Recipe(detector, "detection", ("real", "fake"), Band("all"), CropSpec(64), ("reals", "mine"), 0)
    training.require_listed(recipe, [catalogue.domain(name, 0) for name in recipe.train])
    with pytest.raises(DataError, match="reals: no fake validation picture"):
        training.require_listed(recipe, [catalogue.domain("reals", 0)])


def test_leaving_out_leaks_may_not_cost_a_class_that_was_there() -> None:
    reals = [Item(f"real/{k}", 0, "train", target=f"p{k}") for k in range(3)]
    fitted = Fitted("reals", reals, [Item("real/9", 0, "val", target="p9")])
    fitted.drop("train", {("identity", "p0")})
    assert fitted.lost_classes() == ""
    fitted.drop("val", {("identity", "p9")})
    assert fitted.lost_classes() == "val has no real"


def test_reals_are_needed_in_any_case(plugins: Path, picture_folder: Maker) -> None:
    detector = DetectorSpec.parse(f"{plugins}:FromReals").build()
    with pytest.raises(PluginError, match="got no real"):
        fit_detector(detector, Features(np.ones((4, 3))), np.ones(4, dtype=np.int64))
