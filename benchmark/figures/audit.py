"""Picture of an audit: facts of the files that tell the classes, and detectors before and after."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..metrics.roc import Interval
from .looks import SCREEN
from .plots import FAKE_COLOUR, REAL_COLOUR

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN_FACTS = 8
CHANCE = 0.5


@dataclass(frozen=True)
class FactBar:
    """
    Separation of the classes by one fact alone.

    Attributes
    ----------
    title : str
    auc : float
    values : tuple of str
        Usual values among reals, and among fakes.
    trace : bool
        A generator may leave it itself.
    """

    title: str
    auc: float
    values: tuple[str, str]
    trace: bool


@dataclass(frozen=True)
class Change:
    """AUC of a detector before and after all pictures are stored alike."""

    detector: str
    before: Interval
    after: Interval


def audit_figure(facts: Sequence[FactBar], changes: Sequence[Change], title: str, verdict: str) -> "Figure":
    """
    Draw the facts of the files that separate the classes best, and the AUC of every detector before and after.

    Parameters
    ----------
    facts : sequence of FactBar
        Best first; the first `SHOWN_FACTS` are drawn.
    changes : sequence of Change
    title, verdict : str
    """
    shown = list(facts[:SHOWN_FACTS])
    with SCREEN.canvas(11, 1.9 + 0.42 * max(len(shown), len(changes), 3)) as figure:
        left, right = figure.subplots(1, 2)
        _draw_facts(left, shown)
        _draw_changes(right, changes)
        figure.suptitle(f"{title}\n{SCREEN.wrapped(verdict, 11)}", fontsize=SCREEN.medium)
    return figure


def _draw_facts(axes: "Axes", facts: Sequence[FactBar]) -> None:
    for y, fact in enumerate(facts):
        reach = max(fact.auc, CHANCE) - CHANCE
        axes.barh(y, reach, left=CHANCE, color=FAKE_COLOUR, alpha=0.45 if fact.trace else 0.9, height=0.7)
        axes.text(CHANCE + 0.01, y, f"{fact.values[0]} | {fact.values[1]}", va="center", fontsize=SCREEN.tiny)
    names = [f"{fact.title}{' *' if fact.trace else ''}" for fact in facts]
    axes.set_yticks(range(len(facts)), names, fontsize=SCREEN.small)
    axes.invert_yaxis()
    axes.set_xlim(CHANCE, 1)
    axes.set_xlabel("AUC of this fact of the files alone (usual values: real | fake)")
    if any(fact.trace for fact in facts):
        axes.set_title("* a generator may leave this trace itself", fontsize=SCREEN.small)
    axes.grid(alpha=0.25, axis="x")


def _draw_changes(axes: "Axes", changes: Sequence[Change]) -> None:
    for y, change in enumerate(changes):
        for shift, interval, colour in ((-0.14, change.before, FAKE_COLOUR), (0.14, change.after, REAL_COLOUR)):
            axes.plot([interval.low, interval.high], [y + shift] * 2, color=colour, linewidth=2, alpha=0.6)
            axes.plot(interval.value, y + shift, "o", color=colour)
    axes.plot([], [], "o-", color=FAKE_COLOUR, label="as stored")
    axes.plot([], [], "o-", color=REAL_COLOUR, label="both classes stored alike")
    axes.axvline(CHANCE, color="0.5", linewidth=0.8, linestyle=":")
    axes.set_yticks(range(len(changes)), [change.detector for change in changes], fontsize=SCREEN.small)
    axes.set_ylim(len(changes) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.set_xlabel("AUC on the test pictures, with its 95 % interval")
    axes.legend(fontsize="small", loc="lower left")
    axes.grid(alpha=0.25, axis="x")
