"""Figure of ROC curves: on even axes, and with few false alarms spread out."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .looks import SCREEN, Look
from .plots import LINE_COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEAST_RATE = 1e-3  # at the left end of the logarithmic axis
STYLES = ("-", "--", ":", "-.")  # of further curves once the colours are used up


def draw_roc(
    rates: NDArray[np.float64], curves: Mapping[str, NDArray[np.float64]], title: str, look: Look = SCREEN
) -> "Figure | None":
    """
    Share of the fakes that is detected at each false-alarm rate.

    Parameters
    ----------
    rates : array of float64 (n_rates,)
        False-alarm rates, 0 to 1.
    curves : mapping of str to array of float64 (n_rates,)
        Detection rates by label; empty arrays, of domains without one of the classes, are left out.
    title : str
    look : Look

    Returns
    -------
    Figure or None
        None where no curve is left.
    """
    shown = {label: curve for label, curve in curves.items() if curve.size}
    if not shown:
        return None
    from matplotlib.ticker import FuncFormatter, NullFormatter

    with look.canvas(look.width(9.0), 3.4 + 0.22 * len(shown)) as figure:
        even, few = figure.subplots(1, 2, sharey=True)
        for n, (label, curve) in enumerate(shown.items()):
            style = STYLES[n // len(LINE_COLOURS) % len(STYLES)]
            for axes in (even, few):
                axes.plot(rates, curve, color=LINE_COLOURS[n % len(LINE_COLOURS)], linestyle=style, label=label)
        chance = np.geomspace(LEAST_RATE, 1, 100)
        for axes in (even, few):
            axes.plot(chance, chance, color="0.6", linewidth=0.8, linestyle=":")
            axes.grid(alpha=0.25)
            axes.set_xlabel("false-alarm rate")
        even.set_xlim(-0.01, 1.01)
        few.set_xscale("log")
        few.xaxis.set_major_formatter(FuncFormatter(lambda rate, _: f"{100 * rate:g} %"))  # the usual one writes formulas
        few.xaxis.set_minor_formatter(NullFormatter())
        few.set_xlim(LEAST_RATE, 1)
        even.set_ylim(-0.01, 1.01)
        even.set_ylabel("share of the fakes detected")
        figure.suptitle(look.wrapped(title, 8.5), fontsize=look.medium)
        handles, labels = even.get_legend_handles_labels()
        figure.legend(handles, labels, fontsize=look.small, loc="outside lower center", ncols=2)
    return figure
