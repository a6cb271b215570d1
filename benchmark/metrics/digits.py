"""AUCs as texts of few digits."""

import math


def auc_text(value: float, one: str = "", digits: int = 3) -> str:
    """
    Write an AUC, or an end of its interval, with few digits; one below 1 must not look as if it reached it.

    Parameters
    ----------
    value : float
        An undefined one is a dash.
    one : str
        Text of exactly 1; by default with all digits.
    digits : int
    """
    if math.isnan(value):
        return "–"
    if value == 1:
        return one or f"{1:.{digits}f}"
    return f"{min(value, 1 - 10**-digits):.{digits}f}"


def interval_text(low: float, high: float, dash: str = "-", one: str = "") -> str:
    """Write both ends of an interval; empty where it is undefined."""
    return "" if math.isnan(low) else f"{auc_text(low, one)}{dash}{auc_text(high, one)}"


def measured_text(value: float, low: float, high: float, dash: str = "-") -> str:
    """Write an AUC with its interval, where it has one, in brackets."""
    between = interval_text(low, high, dash)
    return f"{auc_text(value)} ({between})" if between else auc_text(value)


def bound_text(value: float) -> str:
    """Write an end of an interval in four places, for a narrow column."""
    return auc_text(value, "1").removeprefix("0")
