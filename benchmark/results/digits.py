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
