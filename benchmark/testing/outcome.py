"""Result of a contract check, and the run of one that catches every exception."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import PLUGIN_FAILURES, text_of


class ContractBroken(AssertionError):
    """Violation of a contract, with the expected and the actual value."""


@dataclass(frozen=True)
class CheckResult:
    """
    Outcome of one check.

    Attributes
    ----------
    name : str
    ok : bool
    detail : str
        What was seen; for a failure what was wanted, too.
    """

    name: str
    ok: bool
    detail: str


def require(condition: bool, message: str) -> None:
    """Raise `ContractBroken` unless the condition holds."""
    if not condition:
        raise ContractBroken(message)


def outcome(name: str, check: Callable[..., str | None], *arguments: Any) -> CheckResult:
    """Run one check; whatever it raises becomes a failed result."""
    try:
        return CheckResult(name, True, check(*arguments) or "")
    except ContractBroken as error:
        return CheckResult(name, False, str(error))
    except PLUGIN_FAILURES as error:  # the plugin's own code: anything can come
        frame = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        return CheckResult(name, False, f"{type(error).__name__}: {text_of(error)} ({where})")
