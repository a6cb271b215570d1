"""The report docs/explanation/performance.md, in which a new measurement replaces its predecessor."""

import re
from pathlib import Path

REPORT = Path(__file__).parents[2] / "docs" / "explanation" / "performance.md"
LIMITS = Path(__file__).with_name("limits.md")  # what profiles say, which no run can write


def with_section(report: str, section: str) -> str:
    """Replace a section of a report by a new one; one that the report lacks comes before what `LIMITS` says."""
    section = section.strip("\n") + "\n\n"
    heads = [match.start() for match in re.finditer(r"^## ", report, re.MULTILINE)]
    head = section.splitlines()[0].split(",")[0]
    start = next((at for at in heads if report[at:].startswith(head)), None)
    if start is None:
        start = end = report.index(LIMITS.read_text(encoding="utf-8").strip().splitlines()[0])
    else:
        end = next((at for at in heads if at > start), len(report))
    return report[:start] + section + report[end:]


def elsewhere(report: Path) -> str:
    """Marked sections that other programs wrote into the report: they stay."""
    before = report.read_text(encoding="utf-8") if report.exists() else ""
    found = re.finditer(r"<!-- (\w+): begin -->.*?<!-- \1: end -->", before, re.DOTALL)
    return "".join(f"\n{one[0]}\n" for one in found)
