"""The report docs/explanation/performance.md, in which a new measurement replaces its predecessor."""

import re
from pathlib import Path

REPORT = Path(__file__).parents[2] / "docs" / "explanation" / "performance.md"
ENDS = r"^(?:## |<!-- \w+: begin)"  # of a section: the next one, or one that another program writes between marks
LIMITS = Path(__file__).with_name("limits.md")  # what profiles say, which no run can write


def with_section(report: str, section: str) -> str:
    """Replace a section of a report by a new one; one that the report lacks comes before what `LIMITS` says."""
    section = section.strip("\n") + "\n\n"
    heads, ends = ([match.start() for match in re.finditer(mark, report, re.MULTILINE)] for mark in (r"^## ", ENDS))
    head = section.splitlines()[0].split(",")[0]
    start = next((at for at in heads if report[at:].startswith(head)), None)
    if start is None:
        start = end = report.index(LIMITS.read_text(encoding="utf-8").strip().splitlines()[0])
    else:
        end = next((at for at in ends if at > start), len(report))
    return report[:start] + section + report[end:]


def with_head(report: str, head: str) -> str:
    """Replace what stands before the first section."""
    return head.rstrip("\n") + "\n\n" + report[report.index("## ") :]
