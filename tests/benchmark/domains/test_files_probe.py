"""Files that a run reads, as a client and its workers describe them."""

import os
from pathlib import Path

import pytest

from bandbench.benchmark.cluster.session import Probe
from bandbench.benchmark.domains.catalogue import DatasetSpec
from bandbench.benchmark.domains.files_probe import files_probe
from bandbench.benchmark.registry import DetectorSpec

DETECTOR = """
from bandbench.benchmark.contracts import Detector, ViewSpec


class Mine(Detector):
    name = "mine"
    view = ViewSpec("profile")

    def __init__(self, weights: str = "") -> None:
        self.weights = weights

    def fit(self, view, labels):
        pass

    def score(self, view):
        return view.mean
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.py"
    path.write_text(DETECTOR)
    return path


def test_a_folder_is_described_by_its_entries_and_a_file_by_its_size(tmp_path: Path, file: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "real").mkdir()
    probe = files_probe([DatasetSpec("folder", str(folder))], files=[str(file)])
    before = probe.values()
    assert before == {f"the path {file}": f"a file of {len(DETECTOR)} bytes", f"the path {folder}": "a folder with 1 entries"}
    (folder / "fake").mkdir()
    file.unlink()
    assert probe.values() == {f"the path {file}": "missing", f"the path {folder}": "a folder with 2 entries"}


def test_files_that_parameters_name_and_the_code_of_other_plugins_count(file: Path, tmp_path: Path) -> None:
    (tmp_path / "weights.pth").write_bytes(b"123")
    spec = DetectorSpec.parse(f"{file}:Mine", {"weights": str(tmp_path / "weights.pth")})
    values = files_probe([], [spec, DetectorSpec.parse("spectral_svm")]).values()
    assert values[f"the path {tmp_path / 'weights.pth'}"] == "a file of 3 bytes"
    assert values[f"the code of the detector {file}:Mine"].startswith("version ")
    assert len(values) == 2  # the code of our own detectors is compared as a whole


def test_a_plugin_that_is_not_there_is_described_by_the_reason(tmp_path: Path) -> None:
    values = Probe(files_probe([]).function, ((), (("detector", f"{tmp_path}/absent.py:Mine"),))).values()
    assert "no Python file" in values[f"the code of the detector {tmp_path}/absent.py:Mine"]


def test_a_computed_data_set_needs_no_folder() -> None:
    assert files_probe([DatasetSpec("procedural")]).values() == {}


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir(mode=0)
    assert "unreadable" in files_probe([], files=[str(tmp_path / "data")]).values()[f"the path {tmp_path / 'data'}"]
