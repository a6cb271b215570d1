"""AUCs as texts of three digits."""

import math


def auc_text(value: float, one: str = "1.000") -> str:
    """
    Write an AUC, or an end of its interval, with three digits; one below 1 must not look as if it reached it.

    Parameters
    ----------
    value : float
        An undefined one is a dash.
    one : str
        Text of exactly 1.
    """
    if math.isnan(value):
        return "–"
    return one if value == 1 else f"{min(value, 0.999):.3f}"


def interval_text(low: float, high: float, dash: str = "-", one: str = "1.000") -> str:
    """Write both ends of an interval; empty where it is undefined."""
    return "" if math.isnan(low) else f"{auc_text(low, one)}{dash}{auc_text(high, one)}"


def measured_text(value: float, low: float, high: float, dash: str = "-") -> str:
    """Write an AUC with its interval, where it has one, in brackets."""
    between = interval_text(low, high, dash)
    return f"{auc_text(value)} ({between})" if between else auc_text(value)


def bound_text(value: float) -> str:
    """Write an end of an interval in four places, for a narrow column."""
    return auc_text(value, "1").removeprefix("0")
