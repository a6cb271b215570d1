"""Epochs of a training, which networks keep in ``history_``, as series of numbers."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from .contracts import Detector

Epochs = Sequence[Mapping[str, float | None]]
Series = dict[str, list[tuple[int, float]]]


def epochs_of(detector: Detector) -> list[dict[str, float]]:
    """
    Return the epochs that a fitted detector recorded; empty if it recorded none.

    Returns
    -------
    list of dict
        ``epoch`` and numbers by name (``train_loss``, ``val_loss`` …).
    """
    history: Any = getattr(detector, "history_", None)
    if not isinstance(history, list) or not all(isinstance(entry, dict) and "epoch" in entry for entry in history):
        return []  # the name is anybody's
    return [{name: value for name, value in entry.items() if isinstance(value, int | float)} for entry in history]


def series_of(trainings: Sequence[Epochs], what: str) -> Series:
    """
    Turn epochs into one series for each number.

    Parameters
    ----------
    trainings : sequence of epochs
        Of one fit, or of several that belong together.
    what : str
        What several fits are called; their series are ``WHAT-0/train_loss`` and so on.

    Returns
    -------
    dict of str to list of (epoch, value)
        Values that JSON has no number for are NaN.
    """
    series: Series = {}
    for i, epochs in enumerate(trainings):
        prefix = f"{what}-{i}/" if len(trainings) > 1 else ""
        for entry in epochs:
            for name, value in entry.items():
                if name != "epoch":
                    step = int(entry["epoch"] or 0)
                    series.setdefault(prefix + name, []).append((step, math.nan if value is None else float(value)))
    return series


def member_series(members: Sequence[Detector]) -> Series:
    """Series of the fitted detectors of one model: one, or one per class."""
    return series_of([epochs_of(member) for member in members], "class")
