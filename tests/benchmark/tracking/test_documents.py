"""Documents survive the way through JSON, with undefined numbers and with folders that have moved."""

import json
import math
from pathlib import Path

import pytest

from bandbench.benchmark.store.files import dump_json
from bandbench.benchmark.store.folders import results_root
from bandbench.benchmark.tracking.documents import RunDocument


def through_json(document: RunDocument) -> RunDocument:
    return RunDocument.from_json(json.loads(dump_json(document.to_json())))


def test_a_document_comes_back_as_it_was() -> None:
    study = RunDocument("s", "study", "all", "small", "s", start=1.0)
    document = RunDocument(
        "c", "cell", "a cell", "small", "s", study, 2.0, 3.0,
        params={"detector": "knn"}, tags={"train": "a"}, metrics={"auc": 0.5, "gain": math.nan},
        series={"loss": [(0, 0.75), (1, math.nan)]}, artifacts="/elsewhere/cell", artifact_path="deep",
        inputs=(("a", "d1", "train"),), note="# A cell", model="/elsewhere/cell/model", state="2", used=4.0,
    )  # fmt: skip
    assert repr(through_json(document)) == repr(document)  # NaN equals nothing


def test_documents_of_earlier_versions_are_read() -> None:
    data = RunDocument("c", "cell", "a cell", "small", "s").to_json()
    for name in ("series", "model", "used"):
        del data[name]
    assert RunDocument.from_json(data) == RunDocument("c", "cell", "a cell", "small", "s")


def test_folders_of_the_results_are_found_after_a_move(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = results_root() / "cells" / "c"
    data = RunDocument("c", "cell", "a cell", "small", "s", artifacts=str(folder), model=str(folder / "model")).to_json()
    assert (data["artifacts"], data["model"]) == ("cells/c", "cells/c/model")
    monkeypatch.setenv("BANDBENCH_HOME", str(tmp_path / "moved"))
    assert RunDocument.from_json(data).model == str(tmp_path / "moved" / "cells" / "c" / "model")


@pytest.mark.parametrize(("used", "end", "expected"), [(4.0, 0.0, True), (4.0, 3.0, False), (0.0, 0.0, False)])
def test_a_time_of_use_alone_is_no_result(used: float, end: float, expected: bool) -> None:
    assert RunDocument("c", "cell", "a cell", "small", "s", used=used, end=end).only_used is expected
