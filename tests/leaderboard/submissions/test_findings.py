"""Findings that many domains share are one line."""

from bandbench.leaderboard.submissions.findings import Finding, FindingKind, shared_notes, summary


def test_what_is_equal_is_said_once_with_a_count_and_few_names() -> None:
    findings = [Finding(FindingKind.NO_GROUPS, "no groups.", f"gen{i:02d}") for i in range(45)]
    assert summary(findings) == ["45 domains (gen00, gen01, gen02 and 42 more): no groups."]
    assert [str(finding) for finding in findings[:2]] == ["gen00: no groups.", "gen01: no groups."]


def test_a_finding_of_one_domain_is_whole() -> None:
    one = Finding(FindingKind.NO_LABEL, "1 item has no label; not scored.", "gen", 2)
    assert summary([one]) == [str(one)] == ["draw 2: gen: 1 item has no label; not scored."]


def test_kinds_and_texts_stay_apart() -> None:
    findings = [
        Finding(FindingKind.NO_GROUPS, "no groups.", "a"),
        Finding(FindingKind.ONE_CLASS, "one class.", "a"),
        Finding(FindingKind.NO_GROUPS, "no groups.", "b"),
        Finding(FindingKind.UNUSED_ROWS, "9 rows are not used."),
    ]
    assert summary(findings) == ["2 domains (a, b): no groups.", "a: one class.", "9 rows are not used."]


def test_sentences_that_differ_in_their_numbers_are_told_by_an_example() -> None:
    findings = [Finding(FindingKind.NOT_ALL_SCORED, f"{i} of 40 items have a usable score.", f"gen{i}") for i in range(9)]
    (line,) = summary(findings)
    assert line.startswith("gen0: 0 of 40 items have a usable score. ")
    assert line.endswith("8 more: gen1, gen2, gen3 and 5 more.")
    assert len(summary(findings[:3])) == 3


def test_draws_that_agree_are_one_line() -> None:
    findings = [Finding(FindingKind.NO_GROUPS, "no groups.", domain, draw) for draw in range(2) for domain in "ab"]
    assert summary(findings) == ["draws 0, 1: 2 domains (a, b): no groups."]


def test_notes_of_several_submissions_are_said_once() -> None:
    own, shared = shared_notes([("x", ["no groups.", "not verified."]), ("y", ["no groups."])])
    assert own == {"x": ["not verified."], "y": []}
    assert shared == ["2 submissions (x, y): no groups."]
