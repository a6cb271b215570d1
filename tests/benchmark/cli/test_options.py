"""Options that several commands share: what is refused before the work begins, and where results are written."""

import os
from pathlib import Path

import pytest

from bandbench.benchmark.cli.options import check_target, check_targets, formats_of, jobs_of, parse_dates, write_text
from bandbench.benchmark.errors import BenchError
from bandbench.benchmark.figures.formats import FigureFormat


def test_formats_are_taken_once_in_their_order() -> None:
    assert formats_of([FigureFormat.svg, FigureFormat.png, FigureFormat.svg]) == [FigureFormat.svg, FigureFormat.png]
    assert formats_of(None) == [FigureFormat.png]
    assert formats_of([], FigureFormat.svg) == [FigureFormat.svg]


def test_one_worker_per_core_unless_a_number_is_given() -> None:
    assert jobs_of(3) == 3
    assert jobs_of(None) == len(os.sched_getaffinity(0))
    with pytest.raises(BenchError, match="--jobs is at least 1, got 0"):
        jobs_of(0)


def test_a_file_without_a_folder_is_refused(tmp_path: Path) -> None:
    check_target(None)
    check_target("-")
    check_target(str(tmp_path / "rows.csv"))
    with pytest.raises(BenchError, match=f"there is no folder {tmp_path}/absent"):
        check_target(str(tmp_path / "absent" / "rows.csv"))


def test_standard_output_takes_one_file() -> None:
    check_targets("-", None, None)
    with pytest.raises(BenchError, match="standard output takes one file"):
        check_targets("-", None, "-")


def test_text_is_written_to_a_file_or_to_standard_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_text(str(tmp_path / "a.txt"), "schön\n")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "schön\n"
    write_text("-", "one line")
    assert capsys.readouterr().out == "one line"
    with pytest.raises(BenchError, match="cannot write .*Is a directory"):
        write_text(str(tmp_path), "text")


def test_a_name_that_is_no_utf_8_is_escaped(tmp_path: Path) -> None:
    write_text(str(tmp_path / "a.txt"), "folder \udcff")
    assert (tmp_path / "a.txt").read_text(encoding="utf-8") == "folder \\udcff"


def test_dates_by_name() -> None:
    assert parse_dates(None) == {}
    assert parse_dates(["mine=2024-03", "ffpp/Deepfakes@c23=2019-01", "mine=2024-03"]) == {
        "mine": "2024-03",
        "ffpp/Deepfakes@c23": "2019-01",
    }


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["mine"], r"--released wants NAME=DATE .*, got 'mine'"),
        (["=2024"], "--released wants NAME=DATE"),
        (["mine="], "--released wants NAME=DATE"),
        (["mine=2024", "mine=2025"], "two dates are given, 2024 and 2025"),
    ],
)
def test_a_date_needs_a_name_and_a_name_one_date(given: list[str], message: str) -> None:
    with pytest.raises(BenchError, match=message):
        parse_dates(given)
