"""Descriptions of score matrices."""

from pathlib import Path

import pytest

from bandbench.benchmark.errors import DataError
from bandbench.leaderboard.submissions.matrix_meta import MatrixMeta, load_matrix_meta, names_of, placed_name, submission_text

TEXT = """
url: https://example.org/all
train: genimage/SD
higher: real
detectors:
  A: {name: CNNSpot, url: https://example.org/a, higher: fake, parameters: {depth: 50}}
  B: {train: [genimage/SD, genimage/VQDM]}
  C:
    train: not stated
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "meta.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_detector_has_its_own_facts_and_those_of_all(tmp_path: Path) -> None:
    meta = load_matrix_meta(write(tmp_path, TEXT))
    assert meta.of("A", "n") == {
        "name": "n",
        "detector": "CNNSpot",
        "train": "genimage/SD",
        "url": "https://example.org/a",
        "parameters": {"depth": 50},
    }
    assert meta.of("B", "n")["train"] == ["genimage/SD", "genimage/VQDM"]
    assert meta.of("B", "n")["url"] == "https://example.org/all"
    assert [meta.higher_of(column) for column in "ABC"] == ["fake", "real", "real"]


def test_without_a_file_nothing_is_stated() -> None:
    meta = load_matrix_meta(None)
    assert (meta.of("A", "n"), meta.higher_of("A")) == ({"name": "n", "detector": "A", "train": "not stated"}, None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("higher: fakes\n", "line 1: higher: .*'fake' or 'real', got 'fakes'"),
        ("detector: x\n", "line 1: unknown key 'detector'. Did you mean 'detectors'"),
        ("auc: 0.9\n", "never metrics"),
    ],
)
def test_what_is_no_description_is_refused(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        load_matrix_meta(write(tmp_path, text))


def test_facts_that_no_submission_has_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "detectors: {A: {aucs: 1}}")
    with pytest.raises(DataError, match=r"meta.yaml: detector 'A': unknown key 'aucs'"):
        submission_text(path, load_matrix_meta(path).of("A", "n"))
    with pytest.raises(DataError, match="detector 'A': ms_per_picture: wanted a number above 0, got '-1'"):
        submission_text(None, MatrixMeta().of("A", "n") | {"ms_per_picture": -1})


def test_two_detectors_never_share_a_name() -> None:
    assert names_of("set", ["A 1", "B"]) == ["set-A-1", "set-B"]
    with pytest.raises(DataError, match="'A 1', 'A/1'"):
        names_of("set", ["A 1", "A/1"])


@pytest.mark.parametrize("name", ["SD 1.4", "SD-1.4", "genimage/SD 1.4", "genimage/SD-1.4"])
def test_a_training_domain_may_be_named_as_the_matrix_names_its_generator(name: str) -> None:
    domains = ["genimage/SD-1.4", "genimage/VQDM"]
    assert placed_name(name, domains) == "genimage/SD-1.4"
    assert placed_name("elsewhere", domains) == "elsewhere"
    assert MatrixMeta(train=name).of("A", "n", domains)["train"] == "genimage/SD-1.4"
