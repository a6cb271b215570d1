"""The pictures of a run: what one would rather look at than read. Written with Matplotlib, without a display."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from PIL.Image import Image

from .bands import MAX_FREQUENCY, Band
from .curves import Series
from .perturbations import chain_of, unperturbed

# Okabe-Ito: told apart by colour-blind readers too.
REAL_COLOUR, FAKE_COLOUR, BAND_COLOUR, EVIDENCE_COLOUR = "#0072B2", "#D55E00", "#009E73", "#E69F00"
LINE_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DECIBEL = 10 / np.log(10)


def frequency_axis(axes: Axes) -> None:
    """Make the horizontal axis one of radial frequency, from zero to the corner of the spectrum."""
    axes.set_xlim(0, MAX_FREQUENCY)
    axes.axvline(0.5, color="0.6", linewidth=0.8, linestyle=":")
    axes.set_xlabel("frequency (cycles/pixel; dotted: Nyquist of an axis)")
    axes.grid(alpha=0.25)


def _shade(axes: Axes, band: Band, label: str) -> None:
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
    figure = Figure(figsize=(7.5, 6), layout="constrained")
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
    figure.savefig(path, dpi=110)


def save_sweep(path: Path, trials: Sequence[dict[str, Any]], evidence: dict[str, float] | None, band: Band, title: str) -> None:
    """
    Validation AUC of single narrow bands over frequency, with the evidence interval and the chosen band.

    Parameters
    ----------
    path : Path
        PNG.
    trials : sequence of dict
        ``trials`` of a ``cell.json``.
    evidence : dict with ``low`` and ``high``, or None
    band : Band
    title : str
    """
    swept = [t for t in trials if t["stage"] == "sweep" and t["auc"] is not None]
    centre = [sum(Band(**t["band"]).edges) / 2 for t in swept]
    auc, low, high = (np.array([np.nan if t[k] is None else t[k] for t in swept]) for k in ("auc", "auc_lo", "auc_hi"))
    figure = Figure(figsize=(7.5, 4.6), layout="constrained")
    axes = figure.subplots()
    _shade(axes, band, f"chosen band: {band}")
    if evidence:
        edges = (evidence["low"], evidence["high"])
        label = f"evidence interval (all points together): {edges[0]:.3f}-{edges[1]:.3f}"
        axes.hlines(0.42, *edges, color=EVIDENCE_COLOUR, linewidth=5, label=label)
    axes.fill_between(centre, low, high, color="0.3", alpha=0.2, linewidth=0, label="95 % interval of each point")
    axes.plot(centre, auc, color="0.15", marker="o", markersize=3, label="one narrow band")
    reference = next(t for t in trials if t["stage"] == "allpass")
    axes.axhline(reference["auc"], color=REAL_COLOUR, linewidth=1, linestyle="--", label=f"all-pass: {reference['auc']:.3f}")
    axes.axhline(0.5, color="0.6", linewidth=0.8)
    axes.set_ylim(0.38, 1.02)
    axes.set_ylabel("validation AUC")
    frequency_axis(axes)
    axes.set_title(title)
    figure.legend(fontsize="small", loc="outside lower center", ncols=2)
    figure.savefig(path, dpi=110)


def save_band_transfer(path: Path, narrow: Sequence[dict[str, Any]], train: str, title: str) -> None:
    """
    Test AUC on every domain while a narrow band slides over the frequency axis: kept alone, and taken out.

    Parameters
    ----------
    path : Path
        PNG.
    narrow : sequence of dict
        ``narrow`` of a ``cell.json``; see `narrow.narrow_aucs`.
    train : str
        Comes first if it was tested on.
    title : str
    """
    titles = {"band": "only this stretch is kept", "stop": "this stretch is taken out"}
    kinds = [kind for kind in titles if any(entry["kind"] == kind for entry in narrow)]
    domains = sorted(narrow[0]["tests"], key=lambda name: name != train)
    figure = Figure(figsize=(8.5, 1.2 + len(kinds) * (0.7 + 0.32 * len(domains))), layout="constrained")
    panels = figure.subplots(len(kinds), 1, sharex=True, squeeze=False)[:, 0]
    for axes, kind in zip(panels, kinds, strict=True):
        mine = [entry for entry in narrow if entry["kind"] == kind]
        values = np.array([[entry["tests"][name][0] for entry in mine] for name in domains], dtype=np.float64)
        centres = np.array([(entry["low"] + entry["high"]) / 2 for entry in mine])
        # White is chance; blue finds the fakes, red takes the reals for them.
        axes.pcolormesh(centres, np.arange(len(domains)), values, vmin=0, vmax=1, cmap="RdBu", shading="nearest")
        axes.set_yticks(range(len(domains)), [f"{n} (home)" if n == train else n for n in domains], fontsize="x-small")
        axes.invert_yaxis()
        axes.set_title(titles[kind], fontsize="small", loc="left")
        frequency_axis(axes)
        axes.grid(visible=False)
        axes.label_outer()
    figure.suptitle(title, fontsize="medium")
    figure.colorbar(panels[0].collections[0], ax=list(panels), label="test AUC (0.5: chance)")
    figure.savefig(path, dpi=110)


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
    figure = Figure(figsize=(width, height))
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
    figure.savefig(path, dpi=80)


def save_heat_map(path: Path, rows: Sequence[dict[str, Any]], title: str) -> None:
    """
    Test AUC of each row (detector, training domain) on each test domain.

    Parameters
    ----------
    path : Path
        PNG.
    rows : sequence of dict
        Leaderboard rows. Their perturbed test domains are left to `save_robustness`, unless there are no others.
    title : str
    """
    names = list(dict.fromkeys(test["domain"] for row in rows for test in row["tests"]))
    domains = [name for name in names if not chain_of(name)] or names
    values = np.full((len(rows), len(domains)), np.nan)
    for i, row in enumerate(rows):
        auc = {test["domain"]: test["auc"] for test in row["tests"]}
        values[i] = [auc.get(domain, np.nan) for domain in domains]
    home = np.array([[row["train"] == domain for domain in domains] for row in rows])
    columns = [domain.replace("/", "/\n") for domain in domains]
    _save_heat_map(
        path, values, [_cell_label(row) for row in rows], columns, "tested on (bold: the training domain)", title, home
    )


def save_robustness(path: Path, rows: Sequence[dict[str, Any]], title: str) -> None:
    """
    Mean test AUC of each row under each perturbation, beside that of the same pictures as they are.

    Parameters
    ----------
    path : Path
        PNG.
    rows : sequence of dict
        Leaderboard rows; those without perturbed test domains are left out.
    title : str
    """
    chains = list(dict.fromkeys(entry["perturbation"] for row in rows for entry in row["robustness"]))
    lines: dict[str, NDArray[np.float64]] = {}
    for row in rows:
        for entry in row["robustness"]:
            line = lines.setdefault(f"{_cell_label(row)}, {entry['scope']}", np.full(1 + len(chains), np.nan))
            line[0] = entry["clean_auc"]
            line[1 + chains.index(entry["perturbation"])] = entry["auc"]
    columns = ["as they\nare", *(chain.replace(":", "\n").replace("+", "\n+ ") for chain in chains)]
    what = "test pictures (mean over the test domains that were scored with and without)"
    _save_heat_map(path, np.stack(list(lines.values())), list(lines), columns, what, title)


LEAST_STRENGTHS = 3
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
    found: dict[str, dict[str, float]] = {}
    for chain in chains:
        name, _, number = chain.rpartition("=")
        try:
            found.setdefault(name, {})[chain] = float(number)
        except ValueError:
            continue
    return {name: numbers for name, numbers in found.items() if parameter_of(name) and len(numbers) >= LEAST_STRENGTHS}


def parameter_of(name: str) -> str:
    """Return the parameter of a series; empty if there is none."""
    return name.rpartition(":")[2] if ":" in name else ""


def save_strength_lines(
    path: Path, rows: Sequence[dict[str, Any]], series: dict[str, float], title: str, metric: str = "auc"
) -> None:
    """
    A metric over the strength of a perturbation: a panel for each row, a line for each test domain.

    Parameters
    ----------
    path : Path
        PNG.
    rows : sequence of dict
        Leaderboard rows; those whose test domains know none of the strengths are left out.
    series : dict of str to float
        Strength by perturbation, from `perturbation_series`.
    title : str
    metric : {"auc", "pd1"}
    """
    shown = [row for row in rows if any(chain_of(test["domain"]) in series for test in row["tests"])]
    strengths = sorted(series.items(), key=lambda entry: entry[1])
    n_columns = min(2, len(shown))
    n_rows = -(-len(shown) // n_columns)
    figure = Figure(figsize=(1.5 + 4.6 * n_columns, 1.6 + 3.1 * n_rows), layout="constrained")
    panels = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
    for axes, row in zip(panels.flat, shown, strict=False):
        axes.set_prop_cycle(color=LINE_COLOURS)
        values = {test["domain"]: test[metric] for test in row["tests"]}
        for domain in dict.fromkeys(unperturbed(name) for name in values):
            line = [values.get(f"{domain}+{chain}", np.nan) for chain, _ in strengths]
            (drawn,) = axes.plot([strength for _, strength in strengths], line, marker="o", markersize=3, label=domain)
            axes.axhline(values.get(domain, np.nan), color=drawn.get_color(), linewidth=0.8, linestyle=":")
        axes.set_title(_cell_label(row), fontsize="x-small")
        axes.axhline(0.5 if metric == "auc" else 0.01, color="0.6", linewidth=0.8)
        axes.grid(alpha=0.25)
    shown_panels = list(panels.flat[: len(shown)])
    for axes in panels.flat[len(shown) :]:
        axes.set_visible(False)
    name = next(iter(series)).rpartition("=")[0].replace(":", ", ")
    for axes in shown_panels[-n_columns:]:
        axes.set_xlabel(f"{name} (dotted: as they are)", fontsize="small")
    for axes in panels[:, 0]:
        axes.set_ylabel(METRIC_NAMES[metric], fontsize="small")
    figure.suptitle(title)
    handles, labels = panels.flat[0].get_legend_handles_labels()
    figure.legend(handles, labels, fontsize="small", loc="outside lower center", ncols=3)
    figure.savefig(path, dpi=110)


def save_mmd(path: Path, entries: Sequence[dict[str, Any]], title: str) -> None:
    """
    Distances between sets of embeddings, with the share of relabellings that are as far apart.

    Parameters
    ----------
    path : Path
        PNG.
    entries : sequence of dict
        ``what``, ``domain``, ``value`` (unbiased MMD², NaN where there is none) and ``p_value`` (None where none was tried).
    title : str
    """
    whats = list(dict.fromkeys(entry["what"] for entry in entries))
    domains = list(dict.fromkeys(entry["domain"] for entry in entries))
    values = np.full((len(domains), len(whats)), np.nan)
    chances = values.copy()
    for entry in entries:
        place = domains.index(entry["domain"]), whats.index(entry["what"])
        values[place] = entry["value"]
        chances[place] = np.nan if entry["p_value"] is None else entry["p_value"]
    figure = Figure(figsize=(3.4 + 1.15 * len(whats), 1.8 + 0.5 * len(domains)), layout="constrained")
    axes = figure.subplots()
    top = float(np.nanmax(values, initial=1e-6))
    image = axes.imshow(values, vmin=0.0, vmax=top, cmap="viridis", aspect="auto")
    columns = [what.removesuffix(" against unfiltered").replace(", ", ",\n").replace(":", "\n") for what in whats]
    axes.set_xticks(range(len(whats)), columns, fontsize="small")
    axes.set_yticks(range(len(domains)), domains, fontsize="small")
    for (i, j), value in np.ndenumerate(values):
        text = "–" if np.isnan(value) else f"{value:.4f}"
        if not np.isnan(chances[i, j]):
            text += f"\np = {chances[i, j]:.3f}"
        axes.text(j, i, text, ha="center", va="center", fontsize="x-small", color="white" if value < 0.6 * top else "black")
    axes.set_title(title, fontsize="medium")
    figure.colorbar(image, ax=axes, label="MMD² (unbiased; 0: no difference)")
    figure.savefig(path, dpi=110)


def _cell_label(row: dict[str, Any]) -> str:
    return f"{row['detector']} ← {row['train']}\n{Band(**row['band'])}"


def _save_heat_map(
    path: Path,
    values: NDArray[np.float64],
    rows: Sequence[str],
    columns: Sequence[str],
    what: str,
    title: str,
    bold: NDArray[np.bool_] | None = None,
) -> None:
    """Draw AUCs, (n_rows, n_columns), with their numbers."""
    figure = Figure(figsize=(3.2 + 0.95 * len(columns), 1.6 + 0.42 * len(rows)), layout="constrained")
    axes = figure.subplots()
    # White is chance; blue finds the fakes, red takes the reals for them.
    image = axes.imshow(values, vmin=0.0, vmax=1.0, cmap="RdBu", aspect="auto")
    axes.set_xticks(range(len(columns)), columns, fontsize="small")
    axes.set_yticks(range(len(rows)), rows, fontsize="x-small")
    for (i, j), value in np.ndenumerate(values):
        text = "–" if np.isnan(value) else f"{value:.2f}"
        weight = "bold" if bold is not None and bold[i, j] and not np.isnan(value) else None
        colour = "white" if abs(value - 0.5) > 0.33 else "black"
        axes.text(j, i, text, ha="center", va="center", fontsize="small", color=colour, weight=weight)
    axes.set_xlabel(what)
    axes.set_ylabel("detector ← trained on")
    axes.set_title(title, fontsize="medium")
    figure.colorbar(image, ax=axes, label="AUC (0.5: chance)")
    figure.savefig(path, dpi=110)


def save_learning(path: Path, series: Series, title: str) -> None:
    """
    What a network told of every epoch: losses, and below them accuracies.

    Parameters
    ----------
    path : Path
        PNG.
    series : dict of str to list of (epoch, value)
        From `curves.series_of`; names that end in ``loss`` or ``accuracy``, others are left out.
    title : str
    """
    kinds = [kind for kind in CURVE_UNITS if any(name.endswith(kind) for name in series)]
    figure = Figure(figsize=(7.5, 1.4 + 2.4 * len(kinds)), layout="constrained")
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
    figure.savefig(path, dpi=110, format="png")


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
    figure = Figure(figsize=(2.8 + 0.8 * n, 2.0 + 0.6 * n), layout="constrained")
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
    figure.savefig(path, dpi=110)
