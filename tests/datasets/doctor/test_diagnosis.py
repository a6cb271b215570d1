"""Verdict, exit code and document of a report follow from the levels of its findings."""

import pytest

from bandbench.benchmark.domains.catalogue import DatasetSpec
from bandbench.datasets.doctor.confounds import QUESTIONS, Answer
from bandbench.datasets.doctor.diagnosis import CountRow, Diagnosis, Options, Report
from bandbench.datasets.doctor.inventory import Finding, Inventory, Level, Place


def diagnosis(*levels: Level, labels: tuple[int, ...] = (0, 1), prepared: str = "") -> Diagnosis:
    inventory = Inventory("mini", Place(DatasetSpec("mini", "/root"), prepared=prepared), ("real", "fake"), [])
    counts = [CountRow("", "test", label, 9, 9, 0, 0, 0) for label in labels]
    findings = [Finding("size", level, "text", files=(("1.png", "why"),)) for level in levels]
    return Diagnosis(inventory, {}, counts, findings, {"gan": [Answer(QUESTIONS[0], 0.9, 0.01, ("PNG", "JPEG"))]})


@pytest.mark.parametrize(
    ("levels", "verdict", "code"),
    [
        ((), "complete", 0),
        (("note",), "complete", 0),
        (("note", "gap"), "partial", 3),
        (("gap", "fault", "note"), "unusable", 2),
    ],
)
def test_the_worst_level_decides(levels: tuple[Level, ...], verdict: str, code: int) -> None:
    report = Report([diagnosis("note"), diagnosis(*levels)], [], 0, 0.0, Options())
    assert (report.diagnoses[1].verdict, report.verdict, report.exit_code) == (verdict, verdict, code)


@pytest.mark.parametrize(("level", "verdict"), [("note", "complete"), ("gap", "partial")])
def test_a_gap_between_data_sets_makes_the_report_partial(level: Level, verdict: str) -> None:
    assert Report([diagnosis()], [Finding("duplicate", level, "text")], 0, 0.0, Options()).verdict == verdict


def test_a_copy_without_fakes_has_only_reals() -> None:
    assert diagnosis(labels=(0,)).has_only_reals
    assert not diagnosis().has_only_reals


def test_the_document_has_classes_by_name_and_files_with_details() -> None:
    document = Report([diagnosis("gap", prepared="/crops")], [], 9, 1.5, Options(crop=64)).as_dict()
    (copy,) = document["datasets"]
    assert (document["verdict"], document["options"]["crop"], document["opened"]) == ("partial", 64, 9)
    assert (copy["name"], copy["folder"], copy["prepared"]) == ("mini", "/crops", True)
    assert [row["label"] for row in copy["counts"]] == ["real", "fake"]
    assert copy["findings"][0]["files"] == [{"path": "1.png", "detail": "why"}] and copy["findings"][0]["count"] == 1
    assert copy["confounds"][0] | {"AUC": 0.9, "real": "PNG", "fake": "JPEG"} == copy["confounds"][0]
