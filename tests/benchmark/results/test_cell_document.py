"""``cell.json``: read and written to the same bytes, upgraded from earlier schemas, refused where it is damaged."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.cell_document import SCHEMA, CellDocument, find_cell, keep_cell_document, read_cell
from bandbench.benchmark.results.evidence import EvidenceStretch
from bandbench.benchmark.results.rows import Row
from bandbench.benchmark.store.files import dump_json, write_json

BAND = {"kind": "band", "cutoff": 0.25, "width": 0.1, "order": 1, "mode": "keep"}
# As schema 2 was written.
OLD: dict[str, Any] = {
    "schema": 2, "key": "0123456789", "study": "s", "study_key": "abcdefghij", "detector": "svm",
    "detector_identity": {"version": 1}, "train": "a", "tests": ["a", "b"], "seed": 0, "seeds": 2, "attempt": 0,
    "bootstrap": 100, "crop": {"side": 64}, "band": BAND, "rule": "best", "evidence": {"low": 0.1, "high": 0.2},
    "trials": [{"band": BAND, "stage": "sweep", "auc": None, "auc_lo": None, "auc_hi": None, "auc_se": None, "error": "no"}],
    "tested": [{"role": "chosen", "band": BAND, "domain": "", "files": ["x"], "fit_seconds": 1.0, "score_ms": 2.0}],
    "decode_ms": 3.0, "gaps": ["g"], "problems": [["i", "error", "why"]], "digests": {}, "versions": {}, "finished": 4.0,
}  # fmt: skip
NEW = OLD | {
    "schema": SCHEMA, "settings": "set", "variant": "var", "split_id": "id", "splits": {"a": "1"}, "test_splits": {"a": "2"},
    "pictures": {"a": "3"}, "dropped_leaks": {"train": 1, "val": 0}, "data": {"x": {"missing": ["p"]}},
    "lookalikes": {"a": {"n": 1, "pairs": [["i", "j"]]}}, "reals": {"r": {"n": 0, "pairs": []}}, "model_bytes": None,
    "train_overlap": 0.75, "plateau": {"low": 0.15, "high": 0.35},
    "evidence": [{"low": 0.1, "high": 0.2, "sufficient": True, "necessary": False}],
    "shortcuts": {"a": {"auc": 1.0, "lo": 0.9, "hi": 1.0, "fact": "format", "values": ["PNG", "JPEG 75"], "ambiguous": False}},
    "narrow": [{"kind": "band", "low": 0.1, "high": 0.2, "val": [0.5, None], "tests": {"b": [0.6, 0.1]}}],
}  # fmt: skip


def test_a_document_is_written_as_it_was_read() -> None:
    assert json.loads(dump_json(CellDocument.from_json(NEW).to_json())) == NEW
    votes = NEW | {"clips": "vote"}
    assert json.loads(dump_json(CellDocument.from_json(votes).to_json())) == votes
    assert CellDocument.from_json(NEW).clips == "mean"  # which a document does not say


@pytest.mark.parametrize("schema", [2, 3, 4])
def test_earlier_schemas_are_upgraded(schema: int) -> None:
    document = CellDocument.from_json(OLD | {"schema": schema})
    assert (document.settings, document.variant) == ("abcdefgh", "01234567")
    assert (document.splits, document.split_id, document.lookalikes, document.narrow) == ({}, "", {}, ())
    assert document.dropped_leaks == {"train": 0, "val": 0}
    assert document.train_overlap == 0
    assert document.to_json()["schema"] == SCHEMA
    assert math.isnan(document.trials[0].auc)
    assert document.evidence == (EvidenceStretch(0.1, 0.2, True, None),)
    assert document.plateau is None


def test_no_interval_of_an_earlier_schema_is_nothing_found_or_not_asked() -> None:
    swept = OLD | {"evidence": None}
    assert CellDocument.from_json(swept).evidence == ()
    assert CellDocument.from_json(swept | {"trials": []}).evidence is None


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        ({}, "holds no result of a cell"),
        (NEW | {"schema": SCHEMA + 1}, "of another version"),
        ({name: value for name, value in NEW.items() if name != "band"}, r"cell.json is incomplete \(KeyError: 'band'\)"),
        (NEW | {"trials": [1]}, "cell.json is incomplete"),
        (NEW | {"band": BAND | {"kind": "odd"}}, "cell.json is incomplete"),
    ],
)
def test_damage_is_named(data: dict[str, Any], complaint: str, tmp_path: Path) -> None:
    write_json(tmp_path / "cell.json", data)
    with pytest.raises(DataError, match=complaint) as error:
        read_cell(tmp_path)
    assert str(tmp_path) in str(error.value)
    assert find_cell(tmp_path) is None


def test_the_files_of_a_row_are_those_of_its_role_and_band(tmp_path: Path) -> None:
    keep_cell_document(CellDocument.from_json(NEW), tmp_path)
    document = read_cell(tmp_path)
    assert document.files_of(Row("svm", "a", "chosen", Band(**BAND))) == ("x",)
    assert document.files_of(Row("svm", "a", "fixed", Band(**BAND))) == ()
    assert document.files_of(Row("svm", "a", "chosen", Band())) == ()


def test_a_narrow_band_that_was_not_scored_on_a_domain_has_no_auc() -> None:
    (band,) = CellDocument.from_json(NEW).narrow
    assert band.auc_on("b") == 0.6
    assert math.isnan(band.auc_on("c"))
    assert math.isnan(band.validation[1])
