"""Notes on the data of a run."""

from types import SimpleNamespace
from typing import Any

from bandbench.api.notes import SHOWN_PROBLEMS, dropped_lines, left_out_text, missing_lines, problem_lines, remark_lines


def test_missing_parts_have_a_line_per_data_set() -> None:
    facts: dict[str, dict[str, Any]] = {"ffpp": {"missing": ["Deepfakes", "FaceSwap"]}, "mine": {"missing": []}, "other": {}}
    assert missing_lines(facts) == ["ffpp is not complete: Deepfakes; FaceSwap."]


def test_a_domain_that_is_left_out_has_its_reason() -> None:
    text = "ffpp/FaceSwap is left out, the rest of ffpp is used: no fake picture."
    assert left_out_text("ffpp/FaceSwap", "no fake picture.") == left_out_text("ffpp/FaceSwap", "no fake picture") == text


def test_dropped_pictures_are_counted_by_split() -> None:
    (line,) = dropped_lines({"mine": {"train": 3, "val": 0, "test": 1}, "other": {"train": 0}})
    assert line.startswith("mine: 3 training and 1 test pictures were left out (--drop-leaks): ")


def test_remarks_stand_once_per_data_set() -> None:
    dataset = SimpleNamespace(remarks=lambda: ["2 files passed over"])
    domains: list[Any] = [SimpleNamespace(name=name, dataset=dataset) for name in ("mine/a", "mine/b")]
    assert remark_lines(domains) == ["mine: 2 files passed over"]


def test_the_first_problems_are_named_and_the_rest_is_counted() -> None:
    lines = problem_lines([("mine", f"{i}.png", "error", "cannot be decoded") for i in range(SHOWN_PROBLEMS + 2)])
    assert lines[0].startswith(f"{SHOWN_PROBLEMS + 2} pictures could not be used")
    assert lines[1] == "  mine: 0.png: cannot be decoded"
    assert lines[-1] == "  … and 2 more"
    assert problem_lines([]) == []
