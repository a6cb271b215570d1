"""Views of other packages: by an entry point, or by the class that a detector names."""

import importlib.metadata
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.registry import DetectorSpec, source_digest
from bandbench.benchmark.views import features_from_crops, view_kernel, view_key, views
from conftest import run, small_study

Maker = Callable[..., Path]
VIEW = """\
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from bandbench.benchmark.contracts import Features
from bandbench.benchmark.views.kernel import ViewKernel


@dataclass(frozen=True)
class Columns(ViewKernel):
    name: ClassVar[str] = "columns"
    step: int = 2
    version: int = 1

    def base(self, crops):
        return np.abs(np.fft.rfft(crops.astype(float), axis=2)).mean(axis=1)[:, :: self.step]

    def features(self, base, shape, band):
        frequency = np.fft.rfftfreq(shape[1])[:: self.step]
        weight, kept = band.acting_on(frequency)
        values = base if weight is None else base * weight
        return Features(values, frequency) if kept is None else Features(values[:, kept], frequency[kept])
"""
DETECTOR = """\


from bandbench.benchmark.contracts import Detector, ViewSpec


class Means(Detector):
    name = "means"

    @property
    def view(self):
        return ViewSpec.of(Columns, step=1)

    def fit(self, view, labels):
        values = np.log1p(view.values)
        self.weights_ = values[labels == 1].mean(axis=0) - values[labels == 0].mean(axis=0)
        return self

    def score(self, view):
        return np.log1p(view.values) @ self.weights_
"""
CROPS = np.random.default_rng(0).integers(0, 256, (4, 32, 32)).astype(np.uint8)


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package with a view, that is declared as an entry point."""
    folder = tmp_path / "outside_views"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    (folder / "columns.py").write_text(VIEW)
    monkeypatch.syspath_prepend(str(tmp_path))
    entry = importlib.metadata.EntryPoint("columns", "outside_views.columns", "bandbench.views")
    original = importlib.metadata.entry_points

    def entry_points(**wanted: Any) -> Any:
        return [entry] if wanted == {"group": "bandbench.views"} else original(**wanted)

    monkeypatch.setattr(importlib.metadata, "entry_points", entry_points)
    vars(views).pop("found", None)
    yield folder
    vars(views).pop("found", None)
    for name in [name for name in sys.modules if name.partition(".")[0] == "outside_views"]:
        del sys.modules[name]


def test_a_view_by_an_entry_point(outside: Path) -> None:
    assert {"columns", "profile"} <= set(views.names())
    kernel = view_kernel(ViewSpec("columns", {"step": 1}))
    band = Band("low", 0.3)
    features = features_from_crops(kernel, CROPS, band)
    assert features.frequency is not None
    assert features.frequency.max() <= 0.3
    np.testing.assert_array_equal(kernel.features(kernel.base(CROPS), (32, 32), band).values, features.values)
    filtered = features_from_crops(kernel, CROPS, Band("low", 0.3, mode="pixels"))
    assert filtered.values[:, -1].max() < features_from_crops(kernel, CROPS, Band()).values[:, -1].min()


def test_a_view_by_its_class_is_the_same(outside: Path) -> None:
    by_class = ViewSpec.of(type(view_kernel(ViewSpec("columns"))), step=1)
    assert by_class.name == "outside_views.columns:Columns"
    assert view_kernel(by_class) == view_kernel(ViewSpec("columns", {"step": 1}))


def test_an_edited_view_has_other_cached_features(outside: Path) -> None:
    kernel = view_kernel(ViewSpec("columns"))
    before = view_key(kernel)
    assert before[:2] == ["columns", {"step": 2, "version": 1}]
    (outside / "columns.py").write_text(VIEW.replace("np.abs(", "2 * np.abs("))
    source_digest.cache_clear()
    assert view_key(kernel)[2] != before[2]


def test_a_view_that_is_no_dataclass_is_refused(outside: Path) -> None:
    (outside / "columns.py").write_text(VIEW.replace("@dataclass(frozen=True)\n", ""))
    with pytest.raises(PluginError, match="view 'columns' must be a frozen dataclass"):
        view_kernel(ViewSpec("columns"))


def test_a_detector_of_one_file_brings_its_view(tmp_path: Path, picture_folder: Maker) -> None:
    """Through preparation in worker processes, search and scoring."""
    path = tmp_path / "means.py"
    path.write_text(VIEW + DETECTOR)
    study = small_study(detectors=[f"{path}:Means"])
    outcome = run(study, {"mine": picture_folder()}, jobs=2)
    assert outcome.complete
    assert {row.detector for row in outcome.rows} == {"means"}
    assert DetectorSpec.parse(f"{path}:Means").build().view.name == f"{path}:Columns"
