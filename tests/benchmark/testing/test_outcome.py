"""The run of a check: every exception becomes a failed result."""

import pytest

from bandbench.benchmark.testing.outcome import CheckResult, ContractBroken, outcome, require


def test_a_check_that_returns_has_passed() -> None:
    assert outcome("silent", lambda: None) == CheckResult("silent", True, "")
    assert outcome("counts", lambda n: f"{n} groups", 3) == CheckResult("counts", True, "3 groups")


def test_a_broken_promise_fails_with_its_message() -> None:
    assert outcome("strict", require, False, "wanted 2, got 3") == CheckResult("strict", False, "wanted 2, got 3")


def test_any_other_exception_fails_with_type_and_place() -> None:
    def broken() -> None:
        raise ZeroDivisionError("no parts")

    result = outcome("fragile", broken)
    assert not result.ok
    assert result.detail.startswith("ZeroDivisionError: no parts (test_outcome.py:")


def test_an_interrupt_ends_the_run() -> None:
    with pytest.raises(KeyboardInterrupt):
        outcome("interrupted", _interrupted)


def _interrupted() -> None:
    raise KeyboardInterrupt


def test_require_raises_only_where_the_condition_fails() -> None:
    require(True, "never")
    with pytest.raises(ContractBroken, match="always"):
        require(False, "always")
