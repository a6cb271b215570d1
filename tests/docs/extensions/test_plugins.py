"""Every detector, data set and study is in the reference."""

from bandbench.benchmark.registry import datasets, detectors
from bandbench.benchmark.study.study_file import shipped_studies
from extensions.plugins import datasets_text, detectors_text, studies_text


def test_every_detector_has_a_line_and_a_section() -> None:
    text = detectors_text()
    assert [name for name in detectors.found.classes if f"| [`{name}`](#" not in text] == []
    assert [name for name in detectors.found.classes if f"\n## {name}\n" not in text] == []


def test_every_data_set_has_a_line_and_a_section() -> None:
    text = datasets_text()
    assert [name for name in datasets.found.classes if f"| [`{name}`](#" not in text] == []
    assert [name for name in datasets.found.classes if f"\n## {name}\n" not in text] == []


def test_every_study_has_a_line() -> None:
    text = studies_text()
    assert [name for name in shipped_studies() if f"| `{name}` |" not in text] == []
