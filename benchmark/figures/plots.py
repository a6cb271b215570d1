"""The pictures of a run: what one would rather look at than read. Written with Matplotlib, without a display; see `looks`."""

import re
import textwrap
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image

from ..contracts import Detector
from ..domains.names import chain_of, training, unperturbed
from ..epochs import Series, member_series
from ..frequency.bands import MAX_FREQUENCY, Band
from ..metrics.digits import auc_text
from ..results.cell_document import NarrowBand, TriedBand
from ..results.evidence import Evidence, evidence_text
from ..results.rows import Row
from ..store.files import atomic_path
from .labels import place_labels
from .looks import SCREEN, Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe-Ito: told apart by colour-blind readers too.
REAL_COLOUR, FAKE_COLOUR, BAND_COLOUR, EVIDENCE_COLOUR = "#0072B2", "#D55E00", "#009E73", "#E69F00"
NECESSARY_COLOUR = "#CC79A7"
LINE_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
MARKERS = "osD^vP"
WIDTH_OF_LETTER = 0.08  # inches, of medium text on a screen
DECIBEL = 10 / np.log(10)


def frequency_axis(axes: "Axes", look: Look = SCREEN) -> None:
    """Make the horizontal axis one of radial frequency, from zero to the corner of the spectrum."""
    axes.set_xlim(0, MAX_FREQUENCY)
    axes.axvline(0.5, color="0.6", linewidth=0.8, linestyle=":")
    axes.set_xlabel("frequency (cycles/pixel)" if look.paper else "frequency (cycles/pixel; dotted: Nyquist of an axis)")
    axes.grid(alpha=0.25)


def _shade(axes: "Axes", band: Band, label: str) -> None:
    """Shade a band; of a comb, draw the points of its lattice on the axes as lines, as each radius holds others, too."""
    if band.is_comb:
        where = "on the diagonals" if band.points == "corners" else "on the axes"
        for i, radius in enumerate(band.lattice_radii):
            about = (
                f"{label} ({'lines' if band.kind == 'comb' else 'without the lines'}: its lattice {where})" if i == 0 else None
            )
            style = "-" if band.kind == "comb" else ":"
            axes.axvline(radius, color=BAND_COLOUR, linewidth=1.2, linestyle=style, alpha=0.7, label=about)
        return
    low, high = band.edges
    spans = [(0.0, low), (high, MAX_FREQUENCY)] if band.kind == "stop" else [(low, high)]
    for i, (start, stop) in enumerate(spans):
        axes.axvspan(start, stop, color=BAND_COLOUR, alpha=0.15, linewidth=0, label=label if i == 0 else None)


def save_spectrum(path: Path, frequency: NDArray, profiles: dict[str, tuple[NDArray, NDArray]], band: Band, title: str) -> None:
    """
    Mean log-power profile of each class with its spread, the chosen band shaded.

    Parameters
    ----------
    path : Path
        PNG.
    frequency : array (n_bins,)
        Cycles/pixel.
    profiles : dict
        For ``real`` and ``fake``, or one of them, the mean and standard deviation of ln power, arrays (n_bins,).
    band : Band
    title : str
    """
    with SCREEN.figure(path, 7.5, 6) as figure:
        spectrum, difference = figure.subplots(2, 1, sharex=True, height_ratios=[2, 1])
        for name, (mean, spread) in profiles.items():
            colour = {"real": REAL_COLOUR, "fake": FAKE_COLOUR}[name]
            spectrum.plot(frequency, DECIBEL * mean, color=colour, label=f"{name}: mean, ±1 standard deviation")
            low, high = DECIBEL * (mean - spread), DECIBEL * (mean + spread)
            spectrum.fill_between(frequency, low, high, color=colour, alpha=0.2, linewidth=0)
        if len(profiles) == 2:
            gap = profiles["fake"][0] - profiles["real"][0]
            pooled = np.sqrt((profiles["fake"][1] ** 2 + profiles["real"][1] ** 2) / 2)
            difference.plot(frequency, gap / np.maximum(pooled, 1e-9), color="0.2")
        difference.axhline(0, color="0.6", linewidth=0.8)
        difference.set_ylabel("fake − real\n(standard deviations)")
        for axes in (spectrum, difference):
            _shade(axes, band, f"chosen band: {band}")
            frequency_axis(axes)
        spectrum.set_xlabel("")
        spectrum.set_ylabel("power per coefficient (dB re grey level²)")
        spectrum.set_title(title)
        spectrum.legend(fontsize="small")


def save_sweep(
    path: Path,
    trials: Sequence[TriedBand],
    evidence: Evidence,
    band: Band,
    title: str,
    look: Look = SCREEN,
) -> bool:
    """Write what `draw_sweep` draws to a file whose suffix is the format; False, and no file, where that is nothing."""
    return look.save(draw_sweep(trials, evidence, band, title, look), path)


def draw_sweep(
    trials: Sequence[TriedBand],
    evidence: Evidence,
    band: Band,
    title: str,
    look: Look = SCREEN,
) -> "Figure | None":
    """
    Validation AUC of single narrow bands over frequency, kept alone and taken out, with the evidence and the chosen band.

    Parameters
    ----------
    trials : sequence of TriedBand
    evidence : tuple of EvidenceStretch or None
    band : Band
    title : str
    look : Look

    Returns
    -------
    Figure or None
        None where no narrow band has an AUC.
    """
    swept, removed = (
        [trial for trial in trials if trial.stage == stage and np.isfinite(trial.auc)] for stage in ("sweep", "stop_sweep")
    )
    if not swept and not removed:
        return None
    least = min(0.38, *(float(np.nanmin([t.auc, t.auc_lo])) - 0.02 for t in (*swept, *removed)))
    with look.canvas(look.width(3.3 if look.paper else 7.5), 3.1 if look.paper else 4.6) as figure:
        axes = figure.subplots()
        _shade(axes, band, f"chosen band: {band}")
        _mark_evidence(axes, evidence, least + 0.04, look)
        _sweep_line(axes, swept, "0.15", "one narrow band", look)
        _sweep_line(axes, removed, NECESSARY_COLOUR, "all but one narrow band", look)
        reference = next((trial.auc for trial in trials if trial.stage == "allpass"), np.nan)
        if np.isfinite(reference):
            axes.axhline(reference, color=REAL_COLOUR, linewidth=1, linestyle="--", label=f"all-pass: {auc_text(reference)}")
        axes.axhline(0.5, color="0.6", linewidth=0.8)
        axes.set_ylim(least, 1.02)
        axes.set_ylabel("validation AUC")
        frequency_axis(axes, look)
        axes.set_title(look.wrapped(title, 3.0))
        figure.legend(fontsize=look.small, loc="outside lower center", ncols=1)
    return figure


def _sweep_line(axes: "Axes", trials: Sequence[TriedBand], colour: str, label: str, look: Look) -> None:
    """Draw the AUC of narrow bands of one kind over their centres, with the interval of each."""
    if not trials:
        return
    centre = [sum(trial.band.edges) / 2 for trial in trials]
    auc, low, high = np.array([(trial.auc, trial.auc_lo, trial.auc_hi) for trial in trials]).T
    axes.fill_between(centre, low, high, color=colour, alpha=0.2, linewidth=0)
    axes.plot(centre, auc, color=colour, marker="o", markersize=2 if look.paper else 3, label=f"{label} (95 % interval)")


def _mark_evidence(axes: "Axes", evidence: Evidence, height: float, look: Look) -> None:
    """Draw the stretches that are sufficient, below them those that are necessary; the legend names all of them."""
    thickness = 3 if look.paper else 5
    label = f"evidence, all points together: {evidence_text(evidence)}"
    for name, colour, place in (("sufficient", EVIDENCE_COLOUR, height), ("necessary", NECESSARY_COLOUR, height - 0.02)):
        for stretch in evidence or ():
            if getattr(stretch, name):
                axes.hlines(place, stretch.low, stretch.high, color=colour, linewidth=thickness, label=label)
                label = "_"  # one entry of the legend for all


NOT_MEASURED = "0.85"  # grey


def save_band_transfer(path: Path, narrow: Sequence[NarrowBand], train: str, title: str, look: Look = SCREEN) -> bool:
    """Write what `draw_band_transfer` draws to a file whose suffix is the format; False, and no file, where that is nothing."""
    return look.save(draw_band_transfer(narrow, train, title, look), path)


def draw_band_transfer(narrow: Sequence[NarrowBand], train: str, title: str, look: Look = SCREEN) -> "Figure | None":
    """
    Test AUC on every domain while a narrow band slides over the frequency axis: kept alone, and taken out.

    Parameters
    ----------
    narrow : sequence of NarrowBand
        See `recording.band_aucs.narrow_aucs`.
    train : str
        Comes first; if it was not tested on, its validation pictures stand in.
    title : str
    look : Look

    Returns
    -------
    Figure or None
        None where no band has an AUC on any domain.
    """
    titles = {"band": "only this stretch is kept", "stop": "this stretch is taken out"}
    lines = _transfer_lines(narrow, train)
    kinds = [kind for kind in titles if any(band.kind == kind for band in narrow)]
    panels = {kind: sorted((band for band in narrow if band.kind == kind), key=lambda band: band.low) for kind in kinds}
    maps = {kind: np.array([[of(entry) for entry in entries] for _, of in lines]) for kind, entries in panels.items()}
    if not any(np.isfinite(values).any() for values in maps.values()):
        return None
    names = [look.wrapped(name, 1.0) for name, _ in lines]
    n_lines = sum(name.count("\n") + 1 for name in names)
    per_line, spare = (0.16, 1.4) if look.paper else (0.32, 1.2)
    height = spare + len(kinds) * ((0.45 if look.paper else 0.7) + per_line * n_lines)
    with look.canvas(look.width(3.3 if look.paper else 8.5), height) as figure:
        grid = figure.subplots(len(kinds), 1, sharex=True, squeeze=False)[:, 0]
        shown = None
        for axes, kind in zip(grid, kinds, strict=True):
            axes.set_facecolor(NOT_MEASURED)
            # White is chance; blue finds the fakes, red takes the reals for them. Edges, because one line has no neighbour
            # that its height could be told from.
            edges = _edges([(band.low, band.high) for band in panels[kind]])
            rows = np.arange(len(lines) + 1) - 0.5
            masked = np.ma.masked_invalid(maps[kind])
            shown = axes.pcolormesh(edges, rows, masked, vmin=0, vmax=1, cmap="RdBu", edgecolors="face")
            axes.set_yticks(range(len(lines)), names, fontsize=look.tiny)
            axes.invert_yaxis()
            axes.set_title(titles[kind], fontsize=look.small, loc="left")
            frequency_axis(axes, look)
            axes.grid(visible=False)
            axes.label_outer()
        figure.suptitle(look.wrapped(title, 3.0), fontsize=look.medium)
        _auc_bar(figure, shown, list(grid), "test AUC (0.5: chance; grey: not measured)", look)
    return figure


def _auc_bar(figure: Any, shown: Any, axes: list["Axes"], label: str, look: Look) -> None:
    """Scale of the colours: beside a map on a screen, below it in a column of a paper."""
    if look.paper:
        figure.colorbar(shown, ax=axes, label=label, orientation="horizontal", aspect=40, pad=0.02)
    else:
        figure.colorbar(shown, ax=axes, label=_label_of_bar(label, figure.get_figheight()))


def _label_of_bar(label: str, height: float) -> str:
    """Break the label of an upright scale, which is no longer than the map beside it in a figure of a height in inches."""
    return textwrap.fill(label, max(12, int((height - 1.2) / WIDTH_OF_LETTER)))


def _transfer_lines(narrow: Sequence[NarrowBand], train: str) -> list[tuple[str, Callable[[NarrowBand], float]]]:
    """
    Names of the lines of a band-transfer map, home first, and how the AUC of a band is read.

    A pool is at home on its validation pictures, and its members have no line of their own.
    """

    def tested(domain: str) -> Callable[[NarrowBand], float]:
        return lambda band: band.auc_on(domain)

    domains = list(dict.fromkeys(name for band in narrow for name in band.tests))
    label, members = training(train).label(domains), training(train).members
    if len(members) > 1:
        domains = [name for name in domains if not training(train).is_home(name)]
    home = next((name for name in (*members, *map(unperturbed, members)) if name in domains), None)
    first = (f"{home} (home)", tested(home)) if home else (f"{label} (home, validation)", lambda band: band.validation[0])
    return [first, *((name, tested(name)) for name in domains if name != home)]


def _edges(bands: Sequence[tuple[float, float]]) -> NDArray[np.float64]:
    """Borders of the columns, (n_bands + 1,): half way to the neighbours' centres, as on the page; of one band its own."""
    if len(bands) == 1:
        return np.array(bands[0])
    centres = np.array([(low + high) / 2 for low, high in bands])
    between = (centres[1:] + centres[:-1]) / 2
    ends = 2 * centres[0] - between[0], 2 * centres[-1] - between[-1]
    return np.concatenate([[max(0.0, ends[0])], between, [min(MAX_FREQUENCY, ends[1])]])


def save_mistakes(path: Path, pictures: Mapping[str, Mapping[str, Sequence[Image]]], most: int, title: str) -> None:
    """
    Small pictures that a detector took for the other class, a row per test domain.

    Parameters
    ----------
    path : Path
        PNG.
    pictures : mapping of str to mapping of str to sequence of Image
        By domain, of ``reals`` and ``fakes``, at most `most` of each, the worst first.
    most : int
    title : str
    """
    width, height = 1.2 + 1.8 * most, 0.7 + 0.9 * len(pictures)
    with SCREEN.figure(path, width, height, constrained=False) as figure:
        figure.subplots_adjust(left=1.1 / width, right=1 - 0.1 / width, top=1 - 0.6 / height, bottom=0.1 / height, wspace=0.05)
        grid = figure.subplots(len(pictures), 2 * most, squeeze=False)
        for row, (domain, kinds) in zip(grid, pictures.items(), strict=True):
            for axes in row:
                axes.set_xticks([])
                axes.set_yticks([])
                axes.set_frame_on(False)
            for start, kind in ((0, "reals"), (most, "fakes")):
                for axes, picture in zip(row[start:], kinds[kind], strict=False):
                    axes.imshow(picture)
            row[0].set_ylabel(domain.replace("/", "/\n"), rotation=0, ha="right", va="center", fontsize="small")
        grid[0][0].set_title("reals taken for fakes, the worst first", fontsize="small", loc="left")
        grid[0][most].set_title("fakes taken for reals, the worst first", fontsize="small", loc="left")
        figure.suptitle(title, fontsize="medium")


def save_heat_map(path: Path, rows: Sequence[Row], title: str, look: Look = SCREEN) -> None:
    """Write what `draw_heat_map` draws to a file whose suffix is the format."""
    look.save(draw_heat_map(rows, title, look), path)


def draw_heat_map(rows: Sequence[Row], title: str, look: Look = SCREEN) -> "Figure":
    """
    Test AUC of each row (detector, training domain) on each test domain.

    Parameters
    ----------
    rows : sequence of Row
        Leaderboard rows. Their perturbed test domains are left to `save_robustness`, unless there are no others.
    title : str
    """
    names = list(dict.fromkeys(test.domain for row in rows for test in row.tests))
    domains = [name for name in names if not chain_of(name)] or names
    values = np.full((len(rows), len(domains)), np.nan)
    for i, row in enumerate(rows):
        auc = {test.domain: test.auc for test in row.tests}
        values[i] = [auc.get(domain, np.nan) for domain in domains]
    home = np.array([[domain in training(row.train).members for domain in domains] for row in rows])
    columns = [domain.replace("/", "/\n") for domain in domains]
    labels = [_cell_label(row) for row in rows]
    return _draw_heat_map(values, labels, columns, "tested on (bold: the training domain)", title, home, look)


def save_robustness(path: Path, rows: Sequence[Row], title: str, look: Look = SCREEN) -> None:
    """Write what `draw_robustness` draws to a file whose suffix is the format."""
    look.save(draw_robustness(rows, title, look), path)


def draw_robustness(rows: Sequence[Row], title: str, look: Look = SCREEN) -> "Figure":
    """
    Mean test AUC of each row under each perturbation, beside that of the same pictures as they are.

    Parameters
    ----------
    rows : sequence of Row
        Leaderboard rows; those without perturbed test domains are left out.
    title : str
    """
    chains = list(dict.fromkeys(entry.perturbation for row in rows for entry in row.robustness))
    lines: dict[str, NDArray[np.float64]] = {}
    for row in rows:
        for entry in row.robustness:
            line = lines.setdefault(f"{_cell_label(row)}, {entry.scope}", np.full(1 + len(chains), np.nan))
            line[0] = entry.clean_auc
            line[1 + chains.index(entry.perturbation)] = entry.auc
    columns = ["as they\nare", *(chain.replace(":", "\n").replace("+", "\n+ ") for chain in chains)]
    what = "test pictures (mean over the test domains that were scored with and without)"
    return _draw_heat_map(np.stack(list(lines.values())), list(lines), columns, what, title, look=look)


LEAST_STRENGTHS = 3
WORDS_LAST = re.compile(r"(:\w+=[a-z]\w*)+$")
CURVE_UNITS = {"loss": "loss (nats)", "accuracy": "accuracy"}
METRIC_NAMES = {"auc": "AUC", "pd1": "detected at 1 % false alarms"}


def perturbation_series(chains: Sequence[str]) -> dict[str, dict[str, float]]:
    """
    Find perturbations that differ in one number.

    Parameters
    ----------
    chains : sequence of str
        ``lowpass:cutoff=0.1``, ``lowpass:cutoff=0.2`` …

    Returns
    -------
    dict of str to dict
        Number by chain, under what the chains share (``lowpass:cutoff``), where there are three or more.
    """
    series: dict[str, dict[str, float]] = {}
    for chain in chains:
        # A word behind the number, as in ``resize:scale=0.5:kernel=area``, is a part of the name.
        numbered = WORDS_LAST.sub("", chain)
        head, _, number = numbered.rpartition("=")
        before, mark, parameter = head.rpartition(":")
        name = f"{before}{chain.removeprefix(numbered)}{mark}{parameter}"
        try:
            series.setdefault(name, {})[chain] = float(number)
        except ValueError:
            continue
    return {name: numbers for name, numbers in series.items() if parameter_of(name) and len(numbers) >= LEAST_STRENGTHS}


def parameter_of(name: str) -> str:
    """Return the parameter of a series; empty if there is none."""
    return name.rpartition(":")[2] if ":" in name else ""


def save_strength_lines(
    path: Path, rows: Sequence[Row], series: dict[str, float], title: str, metric: str = "auc", look: Look = SCREEN
) -> bool:
    """
    A metric over the strength of a perturbation: a panel for each row, a line for each test domain.

    Parameters
    ----------
    path : Path
        Its suffix tells the kind of file.
    rows : sequence of Row
        Leaderboard rows; those whose test domains know none of the strengths are left out.
    series : dict of str to float
        Strength by perturbation, from `perturbation_series`.
    title : str
    metric : {"auc", "pd1"}
    look : Look

    Returns
    -------
    bool
        False, and no file, where the metric is undefined everywhere.
    """
    perturbed = [[test.value(metric) for test in row.tests if chain_of(test.domain) in series] for row in rows]
    if not any(np.isfinite(value) for values in perturbed for value in values):
        return False
    shown = [row for row, values in zip(rows, perturbed, strict=True) if values]
    strengths = sorted(series.items(), key=lambda entry: entry[1])
    n_columns = 1 if look.paper else min(2, len(shown))
    n_rows = -(-len(shown) // n_columns)
    width, height = (look.width(3.3), 1.3 + 1.9 * n_rows) if look.paper else (1.5 + 4.6 * n_columns, 1.6 + 3.1 * n_rows)
    with look.figure(path, width, height) as figure:
        panels = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
        for axes, row in zip(panels.flat, shown, strict=False):
            axes.set_prop_cycle(color=LINE_COLOURS)
            values = {test.domain: test.value(metric) for test in row.tests}
            for domain in dict.fromkeys(unperturbed(name) for name in values):
                line = [values.get(f"{domain}+{chain}", np.nan) for chain, _ in strengths]
                (drawn,) = axes.plot([strength for _, strength in strengths], line, marker="o", markersize=3, label=domain)
                axes.axhline(values.get(domain, np.nan), color=drawn.get_color(), linewidth=0.8, linestyle=":")
            axes.set_title(look.wrapped(_cell_label(row), width - 0.6), fontsize=look.tiny)
            axes.axhline(0.5 if metric == "auc" else 0.01, color="0.6", linewidth=0.8)
            axes.grid(alpha=0.25)
        shown_panels = list(panels.flat[: len(shown)])
        for axes in panels.flat[len(shown) :]:
            axes.set_visible(False)
        name = next(iter(series)).rpartition("=")[0].replace(":", ", ")
        for axes in shown_panels[-n_columns:]:
            axes.set_xlabel(f"{name} (dotted: as they are)", fontsize=look.small)
        for axes in panels[:, 0]:
            axes.set_ylabel(METRIC_NAMES[metric], fontsize=look.small)
        figure.suptitle(look.wrapped(title, width - 0.3), fontsize=look.medium if look.paper else None)
        handles, labels = panels.flat[0].get_legend_handles_labels()
        figure.legend(handles, labels, fontsize=look.small, loc="outside lower center", ncols=1 if look.paper else 3)
    return True


@dataclass(frozen=True)
class Priced:
    """A row of a cost chart: its name, milliseconds of the detector alone per picture, mean AUC, and if it is a contestant."""

    name: str
    ms: float
    auc: float
    contestant: bool = True


def save_cost(path: Path, rows: Sequence[Priced], title: str, what: str, look: Look = SCREEN) -> bool:
    """
    AUC against what the detector alone costs, every point with its name, and the frontier of the contestants.

    Parameters
    ----------
    path : Path
        Its suffix tells the kind of file.
    rows : sequence of Priced
    title : str
    what : str
        Label of the vertical axis.
    look : Look

    Returns
    -------
    bool
        False, and no file, where no row has both numbers.
    """
    from matplotlib.ticker import FuncFormatter, NullFormatter

    shown = [row for row in rows if row.ms > 0 and np.isfinite(row.auc)]
    if not shown:
        return False
    ms, auc = np.array([row.ms for row in shown]), np.array([row.auc for row in shown])
    with look.figure(path, look.width(3.3 if look.paper else 7.5), 2.9 if look.paper else 5.2) as figure:
        axes = figure.subplots()
        axes.set_xscale("log")
        contests = np.array([row.contestant for row in shown])
        axes.step(*_frontier(ms[contests], auc[contests]), where="post", color="0.6", linewidth=0.8)
        for i, name in enumerate(dict.fromkeys(row.name for row in shown)):
            of_detector = [k for k, row in enumerate(shown) if row.name == name]
            marker = MARKERS[i // len(LINE_COLOURS) % len(MARKERS)]
            axes.plot(ms[of_detector], auc[of_detector], marker, color=LINE_COLOURS[i % len(LINE_COLOURS)], markersize=4)
        spare = max(0.15, (np.log10(4) - np.log10(ms.max() / ms.min())) / 2)
        axes.set_xlim(ms.min() / 10**spare, ms.max() * 10**spare)
        room = max(0.02, (0.1 - np.ptp(auc)) / 2)
        axes.set_ylim(auc.min() - room, auc.max() + room)
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.set_xlabel("ms per picture, detector alone")
        axes.set_ylabel(what)
        axes.set_title(look.wrapped(title, 2.8))
        axes.grid(alpha=0.25)
        figure.draw_without_rendering()  # places of labels are known in pixels
        _name_points(axes, [(row.name, row.ms, row.auc) for row in shown], look)
    return True


def _frontier(ms: NDArray[np.float64], auc: NDArray[np.float64]) -> tuple[list[float], list[float]]:
    """Corners of the stairs of rows that no other one is both cheaper and better than."""
    xs, ys = [], []
    for k in np.lexsort((-auc, ms)):
        if not ys or auc[k] > ys[-1]:
            xs.append(float(ms[k]))
            ys.append(float(auc[k]))
    return xs, ys


def _name_points(axes: "Axes", points: Sequence[tuple[str, float, float]], look: Look) -> None:
    """Write names beside points, with a line to those that stand apart."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    to_points = 72 / figure.dpi
    at = axes.transData.transform([(x, y) for _, x, y in points]) * to_points
    box = axes.get_window_extent()
    size = 7.0 if look.paper else 8.0
    sizes = [(0.62 * size * len(name), 1.25 * size) for name, _, _ in points]
    frame = (box.x0 * to_points, box.y0 * to_points, box.x1 * to_points, box.y1 * to_points)
    for (name, x, y), offset in zip(points, place_labels(at, sizes, frame), strict=True):
        if offset is None:
            continue
        arrow = {"arrowstyle": "-", "color": "0.6", "linewidth": 0.5} if np.hypot(*offset) > 2.5 * size else None
        axes.annotate(
            name, (x, y), offset, textcoords="offset points", fontsize=size, ha="center", va="center", arrowprops=arrow,
            bbox={"boxstyle": "square,pad=0.05", "facecolor": "white", "alpha": 0.8, "linewidth": 0},
        )  # fmt: skip


def save_mmd(path: Path, entries: Sequence[tuple[str, dict[str, Any]]], title: str) -> None:
    """
    Distances between sets of embeddings, with the share of relabellings that are as far apart.

    Parameters
    ----------
    path : Path
        PNG.
    entries : sequence of (str, dict)
        Heading of the column; ``domain``, ``value`` (unbiased MMD², NaN where there is none) and ``p_value`` (None where none
        was tried).
    title : str
    """
    headings = list(dict.fromkeys(heading for heading, _ in entries))
    domains = list(dict.fromkeys(entry["domain"] for _, entry in entries))
    values = np.full((len(domains), len(headings)), np.nan)
    chances = values.copy()
    for heading, entry in entries:
        place = domains.index(entry["domain"]), headings.index(heading)
        values[place] = entry["value"]
        chances[place] = np.nan if entry["p_value"] is None else entry["p_value"]
    width = 3.4 + 1.15 * len(headings)
    wrapped = textwrap.fill(title, int(width / WIDTH_OF_LETTER))
    height = 1.8 + 0.5 * len(domains) + 0.2 * wrapped.count("\n")
    with SCREEN.figure(path, width, height) as figure:
        axes = figure.subplots()
        top = float(np.nanmax(values, initial=1e-6))
        image = axes.imshow(values, vmin=0.0, vmax=top, cmap="viridis", aspect="auto")
        columns = [heading.replace(", ", ",\n").replace(":", "\n") for heading in headings]
        axes.set_xticks(range(len(headings)), columns, fontsize="small")
        axes.set_yticks(range(len(domains)), domains, fontsize="small")
        for (i, j), value in np.ndenumerate(values):
            text = "–" if np.isnan(value) else f"{value:.4f}"
            if not np.isnan(chances[i, j]):
                text += f"\np = {chances[i, j]:.3f}"
            axes.text(j, i, text, ha="center", va="center", fontsize="x-small", color="white" if value < 0.6 * top else "black")
        figure.suptitle(wrapped, fontsize="medium")
        figure.colorbar(image, ax=axes, label=_label_of_bar("MMD² (unbiased; 0: no difference)", height))


def _cell_label(row: Row) -> str:
    return f"{row.detector} ← {row.train_label}\n{row.band}"


def _draw_heat_map(
    values: NDArray[np.float64],
    rows: Sequence[str],
    columns: Sequence[str],
    what: str,
    title: str,
    bold: NDArray[np.bool_] | None = None,
    look: Look = SCREEN,
) -> "Figure":
    """Draw AUCs, (n_rows, n_columns), with their numbers."""
    names, heads, width, height = _map_layout(rows, columns, look)
    with look.canvas(width, height) as figure:
        axes = figure.subplots()
        axes.set_facecolor(NOT_MEASURED)
        # White is chance; blue finds the fakes, red takes the reals for them.
        image = axes.imshow(np.ma.masked_invalid(values), vmin=0.0, vmax=1.0, cmap="RdBu", aspect="auto")
        axes.set_xticks(range(len(columns)), heads, fontsize=look.small, rotation=90 if look.paper else 0)
        axes.set_yticks(range(len(rows)), names, fontsize=look.tiny)
        for (i, j), value in np.ndenumerate(values):
            text = auc_text(value, digits=2)
            weight = "bold" if bold is not None and bold[i, j] and not np.isnan(value) else None
            colour = "white" if abs(value - 0.5) > 0.33 else "black"
            axes.text(j, i, text, ha="center", va="center", fontsize=look.small, color=colour, weight=weight)
        axes.set_xlabel(look.wrapped(what, width - 1.2))
        if not look.paper:
            axes.set_ylabel("detector ← trained on")
        axes.set_title(look.wrapped(title, width - 1.2), fontsize=look.medium)
        _auc_bar(figure, image, [axes], "AUC (0.5: chance)", look)
    return figure


def _map_layout(rows: Sequence[str], columns: Sequence[str], look: Look) -> tuple[list[str], list[str], float, float]:
    """Names of rows and columns as they are broken into lines, and width and height of the figure in inches."""
    if not look.paper:
        return list(rows), list(columns), 3.2 + 0.95 * len(columns), 1.6 + 0.42 * len(rows)
    names = [look.wrapped(name.replace(" ← ", "\n← "), 1.3) for name in rows]
    heads = [look.wrapped(name.replace("/\n", "/").replace("\n", " "), 1.3) for name in columns]
    n_lines = max(name.count("\n") + 1 for name in names)
    tallest = max(len(line) for head in heads for line in head.splitlines())
    width = look.width(1.6 + max(0.3, 0.12 * max(head.count("\n") + 1 for head in heads)) * len(columns))
    return names, heads, width, 1.3 + 0.065 * tallest + max(0.2, 0.125 * n_lines) * len(rows)


def save_learning(path: Path, series: Series, title: str) -> None:
    """
    Draw the learning curves of a network: losses, and below them accuracies.

    Parameters
    ----------
    path : Path
        PNG.
    series : dict of str to list of (epoch, value)
        From `epochs.series_of`; names that end in ``loss`` or ``accuracy``, others are left out.
    title : str
    """
    from matplotlib.ticker import MaxNLocator

    kinds = [kind for kind in CURVE_UNITS if any(name.endswith(kind) for name in series)]
    with SCREEN.figure(path, 7.5, 1.4 + 2.4 * len(kinds), "png") as figure:
        for i, kind in enumerate(kinds):
            axes = figure.add_subplot(len(kinds), 1, i + 1)
            axes.set_prop_cycle(color=LINE_COLOURS)
            for name in (name for name in series if name.endswith(kind)):
                axes.plot(*zip(*series[name], strict=True), marker="o", markersize=3, label=name)
            axes.set_ylabel(CURVE_UNITS[kind])
            axes.set_xlabel("epoch")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.grid(alpha=0.25)
            axes.legend(fontsize="small")
        figure.suptitle(title, fontsize="medium")


def save_confusion(path: Path, confusion: NDArray[np.int64], classes: Sequence[str], title: str) -> None:
    """
    Share of each class (row) that was called what (column), with the counts.

    Parameters
    ----------
    path : Path
        PNG.
    confusion : array of int64 (n_classes, n_classes)
    classes : sequence of str
    title : str
    """
    share = confusion / np.maximum(confusion.sum(axis=1, keepdims=True), 1)
    n = len(classes)
    with SCREEN.figure(path, 2.8 + 0.8 * n, 2.0 + 0.6 * n) as figure:
        axes = figure.subplots()
        image = axes.imshow(share, vmin=0.0, vmax=1.0, cmap="Blues", aspect="auto")
        axes.set_xticks(range(n), classes, rotation=30, ha="right")
        axes.set_yticks(range(n), classes)
        for (i, j), value in np.ndenumerate(share):
            colour = "white" if value > 0.6 else "black"
            text = f"{value:.2f}\n({confusion[i, j]})"
            axes.text(j, i, text, ha="center", va="center", fontsize="small", color=colour)
        axes.set_xlabel("called")
        axes.set_ylabel("is")
        axes.set_title(title, fontsize="medium")
        figure.colorbar(image, ax=axes, label="share of the class")


def keep_curves(members: Sequence[Detector], path: Path, title: str) -> None:
    """Draw the series of a model's detectors as a PNG; nothing if they have none."""
    series = member_series(members)
    if series:
        with atomic_path(path, durable=False) as temporary:
            save_learning(temporary, series, title)
