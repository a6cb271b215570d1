"""Test AUC on a target domain over the number of its pictures that a detector was trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..domains.names import Training, training
from ..results.rows import Row, TestResult
from .looks import SCREEN, Look


@dataclass(frozen=True)
class ShotCurve:
    """
    One detector, trained on the same domains and on more and more pictures of a target domain.

    Attributes
    ----------
    detector, base, target : str
        `base` is the training without shots.
    points : tuple of (int, TestResult)
        Shots per class and the result on the target domain, ascending; 0 shots where that training was run.
    """

    detector: str
    base: str
    target: str
    points: tuple[tuple[int, TestResult], ...]


def shot_curves(rows: Sequence[Row]) -> list[ShotCurve]:
    """Return the curves of some rows of one role, those of one target domain together."""
    curves: dict[tuple[str, str, str], dict[int, TestResult]] = {}
    plain = {(row.detector, row.train): row for row in rows if not row.shots}
    for row in rows:
        parts = training(row.train)
        for shots in parts.shots:
            base = str(Training(parts.members))
            points = curves.setdefault((shots.domain, row.detector, base), {})
            for n, of_row in ((shots.n, row), (0, plain.get((row.detector, base)))):
                test = next((test for test in of_row.tests if test.domain == shots.domain), None) if of_row else None
                if test:
                    points[n] = test
    return [
        ShotCurve(detector, base, target, tuple(sorted(points.items(), key=lambda point: point[0])))
        for (target, detector, base), points in sorted(curves.items())
    ]


def save_shots(path: Path, rows: Sequence[Row], title: str, look: Look = SCREEN) -> bool:
    """
    Test AUC over the number of shots: a panel for each target domain, a line for each detector and training.

    Parameters
    ----------
    path : Path
        Its suffix tells the kind of file.
    rows : sequence of Row
        Of one role.
    title : str
    look : Look

    Returns
    -------
    bool
        False, and no file, where no row was trained on shots.
    """
    curves = shot_curves(rows)
    targets = list(dict.fromkeys(curve.target for curve in curves))
    if not targets:
        return False
    n_columns = 1 if look.paper else min(2, len(targets))
    n_rows = -(-len(targets) // n_columns)
    tested = {test.domain for row in rows for test in row.tests}
    with look.figure(path, look.width(1.5 + 4.2 * n_columns), 1.6 + 3.0 * n_rows) as figure:
        panels = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
        for axes, target in zip(panels.flat, targets, strict=False):
            for curve in (curve for curve in curves if curve.target == target):
                values = [(n, test.auc, test.auc - test.auc_lo, test.auc_hi - test.auc) for n, test in curve.points]
                shots, aucs, below, above = zip(*values, strict=True)
                label = f"{curve.detector} ← {training(curve.base).label(tested)}"
                axes.errorbar(shots, aucs, (below, above), marker="o", markersize=3, capsize=2, label=label)
            axes.axhline(0.5, color="0.6", linewidth=0.8)
            axes.set_title(f"tested on {target}", fontsize=look.small)
            axes.grid(alpha=0.25)
            axes.legend(fontsize=look.tiny)
        for axes in panels.flat[len(targets) :]:
            axes.set_visible(False)
        figure.supxlabel("pictures per class of the test domain that were trained on", fontsize=look.small)
        figure.supylabel("test AUC with 95 % interval", fontsize=look.small)
        figure.suptitle(title)
    return True
