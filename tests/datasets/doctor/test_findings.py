"""Rules that turn counts and facts of files into findings."""

from collections.abc import Sequence

import pytest

from bandbench.benchmark.contracts import Item, Split
from bandbench.benchmark.domains.catalogue import DatasetSpec
from bandbench.datasets.doctor.confounds import QUESTIONS, Answer, Question
from bandbench.datasets.doctor.diagnosis import CountRow, Options
from bandbench.datasets.doctor.findings import bad_files, confound_findings, confounds, count, sizes, usability
from bandbench.datasets.doctor.inventory import Entry, Finding, Inventory, Place
from bandbench.datasets.doctor.picture_facts import Facts


def entry(name: str, label: int, split: Split = "test", domains: tuple[str, ...] = ("gan",), **facts: str) -> Entry:
    return Entry(Item(name, label, split, **facts), "still", domains)


def inventory(entries: Sequence[Entry] = (), prepared: str = "", findings: Sequence[Finding] = ()) -> Inventory:
    place = Place(DatasetSpec("mini", "/root"), prepared=prepared)
    return Inventory("mini", place, ("real", "fake"), list(entries), list(findings))


def facts(side: int = 100, **values: object) -> Facts:
    return Facts(rows=side, cols=side, look=1, **values)  # type: ignore[arg-type]


def rows(**n_by_split: tuple[int, int]) -> list[CountRow]:
    """Usable reals and fakes by split; five more of each are bad."""
    return [
        CountRow("gan", split, label, n + 5, n + 5, 5, 0, 0)
        for split, numbers in n_by_split.items()
        for label, n in enumerate(numbers)
    ]


def test_entries_are_counted_per_domain_class_and_split() -> None:
    entries = [
        entry("a", 0, "train", ("x", "y"), target="p", video="v"),
        entry("b", 0, "train", ("x",), target="p", donor="q", video="w"),
        entry("c", 1, "test", ("x",)),
    ]
    counted = count(inventory(entries), {0: facts(100), 1: facts(20)}, Options(crop=64))
    assert [(row.domain, row.label, row.split, row.n, row.opened, row.bad) for row in counted] == [
        ("x", 0, "train", 2, 2, 1),
        ("x", 1, "test", 1, 0, 0),
        ("y", 0, "train", 1, 1, 0),
    ]
    assert (counted[0].videos, counted[0].identities) == (2, 2)


@pytest.mark.parametrize(
    ("numbers", "level", "text"),
    [
        (
            {"train": (9, 9), "val": (9, 9), "test": (9, 0)},
            "gap",
            "can be trained on but not tested on: test has no usable fake",
        ),
        (
            {"train": (0, 9), "val": (9, 9), "test": (9, 9)},
            "gap",
            "can be tested on but not trained on: train has no usable real",
        ),
        ({"train": (9, 9), "val": (9, 9), "test": (0, 0)}, "gap", "test has no usable real and no fake"),
        ({"train": (9, 0), "val": (9, 9), "test": (9, 0)}, "fault", "no run can use it: train has no usable fake, test has no"),
    ],
)
def test_a_split_without_a_class_limits_the_use(numbers: dict[str, tuple[int, int]], level: str, text: str) -> None:
    (finding,) = usability(inventory(), rows(**numbers))
    assert (finding.kind, finding.level, finding.where) == ("unusable", level, "gan")
    assert text in finding.text


def test_a_usable_domain_gives_no_finding_and_an_empty_copy_is_a_fault() -> None:
    assert usability(inventory(), rows(train=(9, 9), val=(9, 9), test=(9, 9))) == []
    assert [finding.level for finding in usability(inventory(), [])] == ["fault"]
    assert usability(inventory(findings=[Finding("layout", "fault", "no folder")]), []) == []


def test_bad_files_are_sorted_by_kind() -> None:
    entries = [entry(f"{i}.png", i % 2) for i in range(6)]
    entries[2] = Entry(entries[2].item, "still", ("gan",), sha256="00")
    found = bad_files(
        inventory(entries),
        {
            0: facts(error="the file is gone."),
            1: facts(error="no picture."),
            2: facts(sha256=b"\x01"),
            3: facts(warning="breaks off."),
            4: Facts(rows=9, cols=9),
            5: facts(),
        },
    )
    assert [(finding.kind, finding.level, finding.files[0][0]) for finding in found] == [
        ("missing", "gap", "0.png"),
        ("undecodable", "gap", "1.png"),
        ("changed", "gap", "2.png"),
        ("truncated", "gap", "3.png"),
        ("blank", "note", "4.png"),
    ]
    assert found[0].where == "real, test"


def test_remedies_of_crops_are_those_of_a_preparation() -> None:
    broken = {0: facts(error="no picture.")}
    entries = [entry("a", 0)]
    assert bad_files(inventory(entries), broken)[0].remedy == "get them again, or delete them"
    assert (
        "delete the folders of their sources below crops/" in bad_files(inventory(entries, prepared="/crops"), broken)[0].remedy
    )


def test_pictures_below_the_crop_are_a_gap_and_several_sizes_a_note() -> None:
    entries = [entry(str(i), 0) for i in range(3)]
    small, note = sizes(entries, {0: facts(100), 1: facts(63), 2: facts(50)}, 64)
    assert (small.level, {path for path, _ in small.files}) == ("gap", {"1", "2"})
    assert small.remedy.startswith("--crop 50 takes all of them")
    assert (note.level, note.n) == ("note", 3)
    assert sizes(entries, {0: facts(64), 1: facts(64)}, 64) == []


def test_a_format_of_one_class_is_found_per_domain() -> None:
    entries = [entry(f"{i}", i % 2, domains=("gan",)) for i in range(80)]
    formats = ("PNG", "JPEG")
    answers = confounds(entries, {i: facts(format=formats[i % 2], error="no" if i > 77 else "") for i in range(80)})
    assert list(answers) == ["gan"]
    assert (answers["gan"][0].question.name, answers["gan"][0].score) == ("format", 1.0)


def answer(name: str, score: float) -> Answer:
    question: Question = next(question for question in QUESTIONS if question.name == name)
    return Answer(question, score, 0.01, ("a", "b"))


def test_one_finding_per_remedy_names_the_best_fact_and_domain() -> None:
    answers = {
        "x": [answer("format", 0.8), answer("JPEG quality", 0.9)],
        "y": [answer("format", 0.97)],
        "z": [answer("size", 0.7)],
    }
    by_codec, by_size = confound_findings(answers)
    assert (by_codec.level, by_codec.where) == ("gap", "y and 1 more domains")
    assert by_codec.text.startswith("format alone tells the classes: AUC 0.97 (real: a; fake: b)")
    assert "so does JPEG quality (0.90)" in by_codec.text
    assert (by_size.level, by_size.where) == ("note", "z")
    assert confound_findings({"x": [answer("format", 0.55)]}) == []


def test_an_auc_below_one_is_not_written_as_one() -> None:
    (finding,) = confound_findings({"x": [answer("format", 0.998), answer("JPEG quality", 0.996)]})
    assert finding.text.startswith("format alone tells the classes: AUC 0.99 (real: a; fake: b)")
    assert finding.text.endswith("so does JPEG quality (0.99)")
