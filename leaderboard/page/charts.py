"""Data and layouts of the page's charts: ROC curves, histograms of scores, axes."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...benchmark.frequency.bands import MAX_FREQUENCY
from ...benchmark.metrics.roc import Scored

N_BINS = 30
# False alarm rates at which a curve is kept: even steps for ROC, even ratios below them for DET.
ROC_GRID = np.unique(np.round(np.concatenate([np.linspace(0, 1, 101), np.geomspace(0.001, 0.1, 60)]), 4))


def roc_curve(replicates: Sequence[Scored]) -> NDArray[np.float64]:
    """
    Return the detection rate at each false-alarm rate of `ROC_GRID`, mean over the draws.

    Parameters
    ----------
    replicates : sequence of Scored
        One item set, scored by a detector that was fitted on each draw.

    Returns
    -------
    array of float64 (n_rates,)
        Never falling. Empty if a class is missing.

    Notes
    -----
    Averaged vertically [1]_: the area under it is the mean of the draws' AUCs, up to the grid.

    References
    ----------
    .. [1] T. Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27 (2006), section 8.
    """
    from sklearn.metrics import roc_curve as curve

    if any(len(np.unique(s.labels)) < 2 for s in replicates):
        return np.empty(0)
    curves = []
    for scored in replicates:
        fpr, tpr, _ = curve(scored.labels, scored.scores)
        # Where the curve rises straight up, its upper end is what the rate allows.
        rates, last = np.unique(fpr[::-1], return_index=True)
        curves.append(np.interp(ROC_GRID, rates, tpr[::-1][last]))
    return np.mean(curves, axis=0)


def histogram(scored: Scored, low: float, high: float) -> tuple[list[int], list[int]]:
    """
    Count the reals and the fakes in `N_BINS` equal steps of the score between two bounds.

    Returns
    -------
    reals, fakes : lists of int (n_bins,)
    """
    edges = np.linspace(low, high if high > low else low + 1, N_BINS + 1)
    reals, fakes = (np.histogram(scored.scores[scored.labels == label], edges)[0].tolist() for label in (0, 1))
    return reals, fakes


def layouts() -> dict[str, dict[str, Any]]:
    """
    Return the layouts of the page's charts: axes, titles, marks that do not depend on the data.

    Returns
    -------
    dict of str to dict
        ``roc``, ``det``, ``scores``, ``pairs``, ``bands``, ``time`` and ``pareto``, each a Plotly layout. Colours follow the
        theme of the reader, so the page sets them.
    """
    from plotly import graph_objects as go

    margin = {"l": 58, "r": 12, "t": 12, "b": 46}
    rate = {"range": [-0.01, 1.01], "tickformat": ".1f", "dtick": 0.2}
    share = {
        "type": "log",
        "range": [-3, 0.05],
        "tickvals": [0.001, 0.01, 0.1, 1],
        "ticktext": ["0.1 %", "1 %", "10 %", "100 %"],
    }
    nyquist = {"type": "line", "x0": 0.5, "x1": 0.5, "y0": 0, "y1": 1, "yref": "paper", "line": {"dash": "dot", "width": 1}}
    chance = {"type": "line", "x0": 0, "x1": 1, "y0": 0, "y1": 1, "line": {"dash": "dot", "width": 1}}
    level = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 0.5, "y1": 0.5, "line": {"dash": "dot", "width": 1}}
    below = {"orientation": "h", "y": -0.2, "yanchor": "top", "x": 0}
    frames = {
        "roc": {"xaxis": _axis("false alarms", **rate), "yaxis": _axis("fakes found", **rate), "shapes": [chance]},
        "det": {"xaxis": _axis("false alarms", **share), "yaxis": _axis("fakes missed", **share)},
        "scores": {"xaxis": _axis("score (higher: more fake)"), "yaxis": _axis("pictures"), "barmode": "overlay", "bargap": 0},
        "pairs": {"xaxis": _axis("rank", **rate), "yaxis": _axis("rank", **rate)},
        "bands": {
            "xaxis": _axis("centre of the band (cycles/pixel)", range=[0, MAX_FREQUENCY]),
            "yaxis": _axis("AUC", tickformat=".1f", dtick=0.1),
            "shapes": [nyquist],
        },
        "time": {
            "xaxis": _axis("release of the generator", type="date"),
            "yaxis": _axis("AUC", tickformat=".1f", dtick=0.1),
            "shapes": [level],
        },
        "pareto": {
            "xaxis": _axis("ms per picture, detector alone", type="log"),
            "yaxis": _axis("mean cross-domain AUC", tickformat=".2f"),
        },
    }
    common = {"margin": margin, "legend": below, "hovermode": "closest", "dragmode": False}
    return {name: go.Layout(**common, **frame).to_plotly_json() for name, frame in frames.items()}


def _axis(title: str, **options: Any) -> dict[str, Any]:
    return {"title": {"text": title, "standoff": 8}, "zeroline": False, "automargin": True, "fixedrange": True, **options}
