"""Discovery: ours, other packages', broken ones, and names taken twice."""

import importlib.util
import inspect
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.contracts import Detector
from bandbench.benchmark.domains.catalogue import DatasetSpec
from bandbench.benchmark.errors import PluginError
from bandbench.benchmark.registry import (
    COMPUTES_NOTHING,
    DetectorSpec,
    Registry,
    check_parameters,
    datasets,
    detectors,
    modules_behind,
    source_digest,
)

GOOD = """\
from bandbench.benchmark.domains.catalogue import DatasetSpec
from bandbench.benchmark.contracts import Detector

class {name}(Detector):
    name = "{lower}"
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An importable package for plugin files, called ``outside``."""
    folder = tmp_path / "outside"
    folder.mkdir()
    (folder / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "outside"]:
        del sys.modules[name]


def registry(group: str = "bandbench.nothing") -> Registry[Detector]:
    return Registry("detector", Detector, "outside", group)


def test_ours_are_found_by_being_there() -> None:
    assert {"coin_flip", "dct_ridge", "spectral_svm"} <= set(detectors.names())
    assert {"folder", "procedural"} <= set(datasets.names())
    assert not detectors.found.failures
    assert not datasets.found.failures


def test_a_file_that_fails_is_listed_with_its_reason_and_hurts_nobody(package: Path) -> None:
    (package / "good.py").write_text(GOOD.format(name="Good", lower="good"))
    (package / "broken.py").write_text("import a_library_that_is_not_there\n")
    (package / "empty.py").write_text("x = 1\n")
    (package / "script.py").write_text("import sys\nsys.exit('usage: script.py FILE')\n")
    (package / "shouting.py").write_text(GOOD.format(name="Shouting", lower="SHOUTING"))
    found = registry()
    assert found.names() == ["good"]
    assert "No module named 'a_library_that_is_not_there'" in found.found.failures["broken"]
    assert "SystemExit: usage: script.py FILE" in found.found.failures["script"]
    assert "defines no Detector" in found.found.failures["empty"]
    assert "lower-case letters" in found.found.failures["shouting"]
    with pytest.raises(PluginError, match="detector 'broken' cannot be used: .*ModuleNotFoundError"):
        found.get("broken")


CONSTRUCTED = """\
import numpy as np
from bandbench.benchmark.contracts import Detector, ViewSpec

class Odd(Detector):
    name = "odd"

    def __init__(self, alpha=1.0):
        {body}

    @property
    def view(self):
        return {view}

    def fit(self, view, labels):
        return self

    def score(self, view):
        return np.zeros(len(view))
"""


@pytest.mark.parametrize(
    ("body", "view", "message"),
    [
        ("1 / 0", "ViewSpec('dct')", "cannot be made with {}: ZeroDivisionError: division by zero"),
        ("raise SystemExit(2)", "ViewSpec('dct')", "cannot be made with {}: SystemExit: 2"),
        ("self.a = alpha", "ViewSpec('dct')", "no attribute 'alpha'; a constructor keeps each parameter as an attribute"),
        ("self.alpha = alpha", "1 / 0", "cannot be made with {}: ZeroDivisionError"),
        ("self.alpha = alpha", "None", "has no view: wanted a ViewSpec, got NoneType"),
        ("self.alpha = object()", "ViewSpec('dct')", "parameters of detector odd are numbers, texts"),
        ("self.alpha = np.zeros(3)", "ViewSpec('dct')", "parameters of detector odd are numbers, texts"),
    ],
)
def test_a_detector_that_cannot_be_made_says_why(body: str, view: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text(CONSTRUCTED.format(body=body, view=view))
    spec = DetectorSpec.parse(f"{tmp_path / 'odd.py'}:Odd")
    with pytest.raises(PluginError, match=re.escape(message)):
        spec.build()


def test_a_name_taken_twice_is_an_error_that_names_both(package: Path) -> None:
    (package / "one.py").write_text(GOOD.format(name="One", lower="same"))
    (package / "two.py").write_text(GOOD.format(name="Two", lower="same"))
    with pytest.raises(PluginError, match=r"two detectors are called 'same': outside.one:One and outside.two:Two"):
        registry().names()


def test_entry_points_of_other_packages(package: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere.py").write_text(GOOD.format(name="Far", lower="far"))
    info = tmp_path / "far-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: far\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[some.group]\nfar = elsewhere:Far\ngone = elsewhere:Gone\n")
    found = registry("some.group")
    assert found.names() == ["far"]
    assert "Gone" in found.found.failures["gone"]


def test_module_and_file_references(package: Path) -> None:
    (package / "good.py").write_text(GOOD.format(name="Good", lower="good"))
    assert registry().get("outside.good:Good").name == "good"
    assert registry().get(f"{package / 'good.py'}:Good").name == "good"
    with pytest.raises(PluginError, match="has no 'Goof'"):
        registry().get("outside.good:Goof")
    with pytest.raises(PluginError, match="cannot be imported: ModuleNotFoundError"):
        registry().get("outside.bad:Bad")
    with pytest.raises(PluginError, match="no Python file"):
        registry().get("nowhere.py:Good")
    with pytest.raises(PluginError, match="is not a subclass"):
        registry().get("pathlib:Path")


@pytest.mark.parametrize("name", ["my_gap", "my_gap.py"])
def test_a_file_without_its_class_leads_to_the_class(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my_gap.py").write_text(GOOD.format(name="Good", lower="good"))
    with pytest.raises(PluginError, match=r"For the file my_gap\.py write my_gap\.py:CLASS, with the name of its class\."):
        detectors.get(name)


def test_a_parameter_behind_a_name_is_no_module() -> None:
    with pytest.raises(PluginError, match=r"stand in a study file, \{name: spectral_svm, params: \{C: 3\}\}, or in --param"):
        detectors.get("spectral_svm:C=3")


def test_near_misses_are_suggested() -> None:
    with pytest.raises(
        PluginError, match=r"unknown detector 'spectral_svn'. Did you mean 'spectral_svm'\? Known: clip_probe, coin_flip"
    ):
        DetectorSpec.parse("spectral_svn")
    with pytest.raises(PluginError, match=r"unknown preset of detector spectral_svm 'faithfull'. Did you mean 'faithful'\?"):
        DetectorSpec.parse("spectral_svm/faithfull")
    with pytest.raises(PluginError, match=r"unknown parameter of detector spectral_svm 'gama'. Did you mean 'gamma'\?"):
        DetectorSpec.parse("spectral_svm", {"gama": 1})


def test_presets_and_parameters_reach_the_detector() -> None:
    spec = DetectorSpec.parse("spectral_svm/faithful", {"C": 2.0})
    built = spec.build()
    assert (built.parameters()["C"], built.parameters()["gamma"]) == (2.0, 0.86)
    assert spec.label == "spectral_svm/faithful(C=2.0)"


def test_the_seed_reaches_only_what_is_stochastic() -> None:
    assert DetectorSpec.parse("coin_flip").build(7).parameters() == {"seed": 7}
    assert DetectorSpec.parse("coin_flip", {"seed": 1}).build(7).parameters() == {"seed": 1}
    assert DetectorSpec.parse("spectral_svm").key_parts(1) == DetectorSpec.parse("spectral_svm").key_parts(2)


def test_code_that_a_detector_uses_is_part_of_it() -> None:
    behind = {name: modules_behind(detectors.get(name).__module__) for name in ("dct_logreg", "prnu", "coin_flip")}
    assert behind["dct_logreg"] == {
        "bandbench.detectors.dct_logreg",
        "bandbench.detectors.learning.logistic",
        "bandbench.detectors.learning.coordinates",
        "bandbench.benchmark.arrays",
    }
    assert behind["prnu"] == {
        "bandbench.detectors.prnu",
        "bandbench.detectors.forensics.noise",
        "bandbench.benchmark.frequency.noise",
    }
    assert behind["coin_flip"] == {"bandbench.detectors.coin_flip"}


def test_lazy_imports_constants_and_whole_modules_are_followed(package: Path) -> None:
    (package / "mine.py").write_text(
        "from . import kernels\nfrom .sizes import SIDE\n"
        + GOOD.format(name="Mine", lower="mine")
        + "    def fit(self, view, labels):\n        from bandbench.detectors.learning import solvers\n"
    )
    (package / "kernels.py").write_text("import outside.deeper\n")
    (package / "deeper.py").write_text("import numpy\n")
    (package / "sizes.py").write_text("SIDE = 8\n")
    (package / "other.py").write_text("")
    behind = modules_behind(registry().get("mine").__module__)
    assert behind >= {f"outside.{name}" for name in ("mine", "kernels", "deeper", "sizes")}
    assert behind >= {"bandbench.detectors.learning.solvers", "bandbench.benchmark.arrays"}
    assert not {"outside.other", "numpy", "bandbench.benchmark.contracts"} & behind


@pytest.mark.parametrize("name", detectors.names())
def test_a_detector_rests_on_numeric_ground_only(name: str) -> None:
    """An edit of anything else, of the engine, the data sets or the records, leaves its digest alone."""
    grounds = (
        "detectors.",
        "benchmark.arrays",
        "benchmark.devices",
        "benchmark.frequency.noise",
        "benchmark.metrics",
        "benchmark.roc",
        "benchmark.views.encoders.",
    )
    behind = {module.removeprefix("bandbench.") for module in modules_behind(detectors.get(name).__module__)}
    assert [module for module in behind if not module.startswith(grounds)] == []


def test_what_computes_nothing_is_there() -> None:
    assert all(importlib.util.find_spec(name) for name in COMPUTES_NOTHING)


def test_parts_of_what_computes_nothing_compute_nothing(package: Path) -> None:
    (package / "mine.py").write_text(
        "from bandbench.benchmark.testing.outcome import outcome\n" + GOOD.format(name="Mine", lower="mine")
    )
    module = registry().get("mine").__module__
    assert "bandbench.benchmark.testing.outcome" in modules_behind(module)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bandbench.benchmark.registry.COMPUTES_NOTHING", {*COMPUTES_NOTHING, "bandbench.benchmark.testing"})
        assert "bandbench.benchmark.testing.outcome" not in modules_behind(module)


@pytest.fixture
def edited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Callable[[str, str], bool]]:
    """Edit a copy of a module, and see if the digest of a detector's source changes."""

    def changes(module: str, detector: str) -> bool:
        plugin = detectors.get(detector)
        before = source_digest(plugin)
        copy = tmp_path / "copy.py"
        copy.write_text(inspect.getsource(sys.modules[module]) + "# edited\n")
        monkeypatch.setattr(sys.modules[module], "__file__", str(copy))
        source_digest.cache_clear()
        return source_digest(plugin) != before

    source_digest.cache_clear()
    yield changes
    source_digest.cache_clear()


@pytest.mark.parametrize(
    ("module", "detector"),
    [
        ("bandbench.detectors.learning.solvers", "spectral_svm"),
        ("bandbench.detectors.learning.networks", "dct_cnn"),
        ("bandbench.detectors.forensics.warping", "warping_cnn"),
        ("bandbench.benchmark.devices", "warping_cnn"),
        ("bandbench.benchmark.arrays", "knn"),
        ("bandbench.detectors.dct_ridge", "dct_ridge"),
    ],
)
def test_an_edit_of_what_computes_makes_another_detector(
    module: str, detector: str, edited: Callable[[str, str], bool]
) -> None:
    assert edited(module, detector)


@pytest.mark.parametrize(
    ("module", "detector"),
    [
        ("bandbench.benchmark.store", "warping_cnn"),  # which takes functions from it
        ("bandbench.benchmark.contracts", "spectral_svm"),
        ("bandbench.detectors.learning.solvers", "dct_cnn"),
    ],
)
def test_an_edit_of_anything_else_does_not(module: str, detector: str, edited: Callable[[str, str], bool]) -> None:
    assert not edited(module, detector)


def test_what_detectors_share_is_no_detector() -> None:
    assert not {"learning", "forensics", "solvers", "noise"} & {*detectors.names(), *detectors.found.failures}


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        ("spectral_logreg", {"C": "abc"}, "parameter C of detector spectral_logreg should be a number, got 'abc'"),
        ("spectral_logreg", {"C": -1}, "parameter C of detector spectral_logreg should be a number above 0, got -1"),
        ("spectral_logreg", {"C": True}, "should be a number, got True"),
        ("spectral_logreg", {"standardise": "yes"}, "should be true or false, got 'yes'"),
        ("spectral_logreg", {"solver": "lbfgz"}, "should be 'lbfgs' or 'liblinear', got 'lbfgz'"),
        ("spectral_logreg", {"c": 1}, "Did you mean 'C'?"),
        ("knn", {"n_neighbors": 2.5}, "should be a whole number, got 2.5"),
        ("knn", {"n_neighbors": 0}, "should be a number of 1 or more, got 0"),
        ("dct_ridge", {"alphas": [1, 0]}, "should be a number above 0, got [1, 0]"),
    ],
)
def test_values_are_held_against_the_types_of_a_detector(name: str, params: dict[str, Any], message: str) -> None:
    with pytest.raises(PluginError) as caught:
        DetectorSpec.parse(name, params)
    assert message in str(caught.value)


def test_values_that_fit_are_kept_as_they_are() -> None:
    assert DetectorSpec.parse("spectral_svm", {"C": 3, "gamma": "auto"}).build().parameters()["C"] == 3
    for name in detectors.names():
        plugin = detectors.get(name)
        for preset in ("", *plugin.presets):
            check_parameters(plugin, {**plugin.parameter_defaults(), **plugin.presets.get(preset, {})}, name)


def test_a_parameter_of_a_data_set_has_a_type_too() -> None:
    with pytest.raises(PluginError, match="parameter n_train of data set procedural should be a whole number, got 'many'"):
        DatasetSpec("procedural", None, {"n_train": "many"}).open(0, 0)


def test_a_folder_among_the_parameters_is_told_where_folders_are_given() -> None:
    with pytest.raises(PluginError, match=r"got '/tmp'; a folder is given with --data NAME=DIR\."):
        check_parameters(datasets.get("procedural"), {"root": "/tmp"}, "data set procedural")


def test_our_own_modules_are_imported_even_if_one_is_broken(package: Path) -> None:
    (package / "broken.py").write_text("raise RuntimeError")
    (package / "sound.py").write_text(GOOD.format(name="Sound", lower="sound"))
    registry = Registry("detector", Detector, "outside", "no.group")
    registry.import_own()
    assert "outside.sound" in sys.modules
    assert set(registry.found.classes) == {"sound"}
    assert set(registry.found.failures) == {"broken"}


def test_a_file_of_a_relative_name_is_found_after_code_has_changed_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, value in (("one", 1), ("two", 2)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.py").write_text(f"{GOOD.format(name='Mine', lower='mine')}    value = {value}\n")
    monkeypatch.chdir(tmp_path / "one")
    assert vars(detectors.get("mine.py:Mine"))["value"] == 1
    monkeypatch.chdir(tmp_path)
    assert vars(detectors.get("mine.py:Mine"))["value"] == 1
    monkeypatch.chdir(tmp_path / "two")  # another of that name is meant here
    assert vars(detectors.get("mine.py:Mine"))["value"] == 2
    with pytest.raises(PluginError, match=f"no Python file {tmp_path / 'two' / 'never.py'}"):
        detectors.get("never.py:Mine")
