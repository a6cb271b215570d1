"""What a new measurement leaves of the report."""

from performance.report import LIMITS, REPORT, with_head, with_section


def test_a_section_replaces_its_predecessor_alone() -> None:
    before = "# Report\n\n## First, with a title\n\nold\n\n## Second\n\nstays\n"
    after = with_section(before, "\n## First, with another title\n\nnew")
    assert after == "# Report\n\n## First, with another title\n\nnew\n\n## Second\n\nstays\n"


def test_a_section_that_is_new_comes_before_the_limits() -> None:
    limits = LIMITS.read_text(encoding="utf-8").strip()
    assert with_section(f"# Report\n\n{limits}\n", "\n## New\n\nrow").startswith(
        "# Report\n\n## New\n\nrow\n\n## What limits it"
    )


def test_what_another_program_wrote_behind_a_section_stays() -> None:
    before = "# Report\n\n## First\n\nold\n\n<!-- other: begin -->\n## Other\n<!-- other: end -->\n"
    after = with_section(before, "## First\n\nnew")
    assert after == "# Report\n\n## First\n\nnew\n\n<!-- other: begin -->\n## Other\n<!-- other: end -->\n"


def test_a_new_head_leaves_the_sections() -> None:
    assert with_head("# Report\n\nold\n\n## First\n\nrow\n", "# Report\n\nnew\n") == "# Report\n\nnew\n\n## First\n\nrow\n"


def test_the_report_has_what_other_programs_measured() -> None:
    report = REPORT.read_text(encoding="utf-8")
    assert [report.count(title) for title in ("## Encoders on a device", "### NVIDIA H200", "## The leaderboard")] == [1, 1, 1]
