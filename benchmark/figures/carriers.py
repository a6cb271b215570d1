"""Figure of what detectors live on: AUCs on the peaks, without them and under attacks on one part of the spectrum."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..domains.names import training
from ..results.carriers import CarrierResult, Estimate
from ..results.rows import Row
from .looks import SCREEN, Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ATTACKS = {"match_spectrum": "match_spectrum", "phase_only": "phase_only", "amplitude_only": "amplitude_only"}
LEAST_SHOWN = 0.3  # AUC at the left end of the panels, or less where an interval reaches further
# Of the detector on all frequencies, on the peaks alone, on what lies between them, and under an attack.
WHOLE, PEAKS, BETWEEN, ATTACKED = "black", "tab:orange", "tab:blue", "tab:green"


@dataclass(frozen=True)
class Mark:
    """One AUC of a panel: its label, colour and interval."""

    label: str
    colour: str
    estimate: Estimate


def marks_of(result: CarrierResult) -> list[Mark]:
    """Return the AUCs of one detector on one domain, from the top of the panel to its bottom."""
    marks = [Mark("all frequencies", WHOLE, result.whole)]
    for lattice in result.lattices:
        marks.append(Mark(f"comb, {lattice}", PEAKS, lattice.comb))
        marks.append(Mark(f"anticomb, {lattice}", BETWEEN, lattice.rest))
        if lattice.depeaked:
            marks.append(Mark(f"depeak, {lattice}", ATTACKED, lattice.depeaked))
    attacks = {label: getattr(result, name) for name, label in ATTACKS.items()}
    return marks + [Mark(label, ATTACKED, estimate) for label, estimate in attacks.items() if estimate]


def save_carriers(path: Path, rows: Sequence[Row], title: str, look: Look = SCREEN) -> bool:
    """Write what `draw_carriers` draws to a file whose suffix is the format; False, and no file, where that is nothing."""
    return look.save(draw_carriers(rows, title, look), path)


def draw_carriers(rows: Sequence[Row], title: str, look: Look = SCREEN) -> "Figure | None":
    """
    Draw the AUCs with their 95 % intervals: a panel per detector (columns) and test domain (rows of panels).

    Parameters
    ----------
    rows : sequence of Row
        Leaderboard rows; only tests on training domains are drawn, and where there is none, all.
    title : str
    look : Look

    Returns
    -------
    Figure or None
        None where no row says what its detector lives on.
    """
    found = [(row, result) for row in rows for result in row.carriers]
    shown = [(row, result) for row, result in found if training(row.train).is_home(result.domain)] or found
    if not shown:
        return None
    places = {(_line(row, result), row.detector): result for row, result in shown}
    lines, detectors = (list(dict.fromkeys(place[i] for place in places)) for i in (0, 1))
    n_marks = max(len(marks_of(result)) for _, result in shown)
    width, height = look.width(1.6 + 2.3 * len(detectors)), 0.9 + (0.7 + 0.17 * n_marks) * len(lines)
    with look.canvas(width, height) as figure:
        panels = figure.subplots(len(lines), len(detectors), squeeze=False, sharex=True)
        for i, line in enumerate(lines):
            for j, detector in enumerate(detectors):
                axes = panels[i, j]
                if (line, detector) not in places:
                    axes.set_axis_off()
                    continue
                result = places[line, detector]
                _draw(axes, marks_of(result), j == 0, look)
                axes.set_title(look.wrapped(f"{detector}\non {line}:\n{result.name}", 2.2), fontsize=look.small)
        bounds = [mark.estimate.lo for _, result in shown for mark in marks_of(result)]
        # The panels share their axis. A bound that is not defined does not count.
        panels[0, 0].set_xlim(min([LEAST_SHOWN, *(low for low in bounds if not math.isnan(low))]), 1.02)
        for axes in panels[-1]:
            axes.set_xlabel("AUC", fontsize=look.small)
        figure.suptitle(look.wrapped(title, width - 0.5), fontsize=look.medium)
    return figure


def _line(row: Row, result: CarrierResult) -> str:
    trained = "" if training(row.train).is_home(result.domain) else f" (trained on {row.train_label})"
    return f"{result.domain}{trained}"


def _draw(axes: "Axes", marks: Sequence[Mark], labelled: bool, look: Look) -> None:
    axes.axvline(0.5, color="0.7", linewidth=0.8, linestyle="--")
    for y, mark in enumerate(marks):
        axes.plot([mark.estimate.lo, mark.estimate.hi], [y, y], color=mark.colour, linewidth=1.2, alpha=0.6)
        axes.plot([mark.estimate.auc], [y], "o", color=mark.colour, markersize=3.5)
    axes.set_ylim(len(marks) - 0.5, -0.5)
    axes.set_yticks(range(len(marks)), [mark.label for mark in marks] if labelled else [], fontsize=look.tiny)
    axes.tick_params(axis="x", labelsize=look.tiny)
    axes.grid(axis="x", alpha=0.25)
