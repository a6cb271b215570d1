"""The page of survival has the text and a line for each trial, with no time in it."""

from pathlib import Path

from survival.report import TEXT, Line, write_report


def test_the_page_has_the_text_and_a_line_for_each_trial(tmp_path: Path) -> None:
    lines = [Line("kills: study", 20, "41 signals"), Line("full disk", 3, "", ("seed 1: orphan: x", "seed 2: lost: y"))]
    write_report(lines, tmp_path / "survival.md")
    page = (tmp_path / "survival.md").read_text()
    assert page.startswith(TEXT.read_text().rstrip())
    assert "| kills: study | 20 | 41 signals | 0 |\n| full disk | 3 |  | 2 |\n" in page
    assert lines[1].text() == "full disk: 3 tried, 2 faults\n  seed 1: orphan: x\n  seed 2: lost: y"
