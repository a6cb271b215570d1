"""Figure of a ranking: the AUC of every row with its interval, and beside it the interval of its rank."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .looks import SCREEN, Look
from .plots import LINE_COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

UNRANKED = "0.6"  # grey


@dataclass(frozen=True)
class RankedLine:
    """
    One row of the figure.

    Attributes
    ----------
    label : str
    auc, lo, hi : float
        With its 95 % interval; bounds are NaN where there is none.
    rank_low, rank_high, tie_group : int or None
        None without a rank.
    """

    label: str
    auc: float
    lo: float
    hi: float
    rank_low: int | None = None
    rank_high: int | None = None
    tie_group: int | None = None

    @property
    def colour(self) -> str:
        """Colour of the tie group; grey without a rank."""
        return UNRANKED if self.tie_group is None else LINE_COLOURS[(self.tie_group - 1) % len(LINE_COLOURS)]


@dataclass(frozen=True)
class RankedSet:
    """
    Rows whose ranks compare, as they are over the same test pictures.

    Attributes
    ----------
    title : str
    lines : tuple of RankedLine
        From the top of the panel to its bottom.
    """

    title: str
    lines: tuple[RankedLine, ...]


def draw_ranks(sets: Sequence[RankedSet], title: str, look: Look = SCREEN) -> "Figure | None":
    """
    Headline AUC of every row with its interval, and the interval of its rank; rows of one tie group have one colour.

    Parameters
    ----------
    sets : sequence of RankedSet
        One below the other.
    title : str
    look : Look

    Returns
    -------
    Figure or None
        None where no row has an AUC.
    """
    shown = [some for some in sets if any(not math.isnan(line.auc) for line in some.lines)]
    if not shown:
        return None
    heights = [0.8 + 0.3 * len(some.lines) for some in shown]
    with look.canvas(look.width(9.0), 0.6 + sum(heights)) as figure:
        panels = figure.subplots(len(shown), 2, squeeze=False, height_ratios=heights, width_ratios=[3, 2], sharey="row")
        for (values, ranks), some in zip(panels, shown, strict=True):
            _draw_values(values, some, look)
            _draw_ranks(ranks, some.lines, look)
        figure.suptitle(look.wrapped(title, 8.5), fontsize=look.medium)
    return figure


def _draw_values(axes: "Axes", some: RankedSet, look: Look) -> None:
    axes.axvline(0.5, color="0.7", linewidth=0.8, linestyle=":")
    for y, line in enumerate(some.lines):
        axes.plot([line.lo, line.hi], [y, y], color=line.colour, linewidth=1.6, alpha=0.6)
        axes.plot([line.auc], [y], "o", color=line.colour, markersize=4)
    axes.set_yticks(range(len(some.lines)), [line.label for line in some.lines], fontsize=look.small)
    axes.set_ylim(len(some.lines) - 0.5, -0.5)
    axes.set_xlabel("AUC with its 95 % interval", fontsize=look.small)
    axes.set_title(look.wrapped(some.title, 5.0), fontsize=look.small, loc="left")
    axes.grid(axis="x", alpha=0.25)


def _draw_ranks(axes: "Axes", lines: Sequence[RankedLine], look: Look) -> None:
    from matplotlib.ticker import MaxNLocator

    for y, line in enumerate(lines):
        if line.rank_low is None or line.rank_high is None:
            axes.annotate("no rank", (0.5, y), xycoords=("axes fraction", "data"), color=UNRANKED, ha="center", va="center",
                          fontsize=look.tiny)  # fmt: skip
            continue
        axes.plot([line.rank_low, line.rank_high], [y, y], "o-", color=line.colour, linewidth=5, markersize=7)
    last = max((line.rank_high for line in lines if line.rank_high is not None), default=1)
    axes.set_xlim(0.5, last + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.tick_params(axis="y", labelleft=False)
    axes.set_xlabel("rank interval", fontsize=look.small)
    axes.grid(axis="x", alpha=0.25)
