"""
The pictures of ``bench spectra``: curves over frequency and maps of coefficients, for a screen, for a paper, and as pages to
look closely at.

What is shown is described first (`Picture`), then drawn by Matplotlib or by Plotly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Moments
from ..figures.formats import FigureFormat
from ..figures.looks import PAPER, SCREEN, Look
from ..figures.plots import FAKE_COLOUR, REAL_COLOUR, frequency_axis
from ..frequency.bands import MAX_FREQUENCY
from ..frequency.dct import log_magnitude
from .mean_spectra import DECIBEL, DomainSpectra, Family, density_error, isolated_peaks, plane_frequency, profile_frequency

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from plotly.graph_objects import Figure as Page

# Okabe-Ito, told apart by colour-blind readers; dashes tell more than seven lines apart.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
DASHES = ("solid", "dashed", "dotted")
PLOTLY_DASH = {"solid": "solid", "dashed": "dash", "dotted": "dot"}
LEVELS, DIFFERENCES = "cividis", "RdBu_r"  # colour maps that both libraries have
SHOWN_SIDE = 256  # cells along an axis of a map: a screen shows no more side by side
MAGNITUDE = 2 * DECIBEL  # ln |x| to dB
FREQUENCY = "frequency (cycles/pixel)"
TITLES = {
    "dct": "DCT coefficients",
    "dct_red": "DCT coefficients of the red channel",
    "dct_green": "DCT coefficients of the green channel",
    "dct_blue": "DCT coefficients of the blue channel",
    "fft_highpass": "FFT of pictures minus their 3x3 median",
}


@dataclass(frozen=True)
class Curve:
    """A line over frequency, and an interval of plus and minus `spread` around it."""

    name: str
    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    colour: str
    dash: str = "solid"


@dataclass(frozen=True)
class Panel:
    """Curves over one frequency axis; `shading` says what their intervals are, `difference` that zero means equality."""

    title: str
    unit: str
    curves: tuple[Curve, ...]
    shading: str
    difference: bool = False


@dataclass(frozen=True)
class MapRow:
    """
    One map per domain.

    Attributes
    ----------
    title : str
        Left of the row.
    unit : str
        Of the colours. Neighbouring rows with the same one share the range of their colours.
    planes : tuple of (array (side, side) or str)
        A text stands where there is nothing to be drawn.
    difference : bool
        Colours are symmetric around zero.
    limits : (low, high), optional
        Of the colours; by default what all but the outermost 0.5 % of the values need.
    marks : tuple of tuples of (x, y)
        Frequencies that are circled, per domain.
    """

    title: str
    unit: str
    planes: tuple[NDArray[np.float64] | str, ...]
    difference: bool = False
    limits: tuple[float, float] | None = None
    marks: tuple[tuple[tuple[float, float], ...], ...] = ()


@dataclass(frozen=True)
class Picture:
    """
    Content of one file: rows of panels, or rows of maps.

    Attributes
    ----------
    name, title : str
        Of the file, without suffix; above the picture.
    x : array of float64 (n,)
        Cycles/pixel: of the curves, or of the columns and rows of the maps.
    panels : tuple of tuples of Panel
    maps : tuple of MapRow
    columns : tuple of str
        Titles of the columns of maps.
    """

    name: str
    title: str
    x: NDArray[np.float64]
    panels: tuple[tuple[Panel, ...], ...] = ()
    maps: tuple[MapRow, ...] = ()
    columns: tuple[str, ...] = ()


# --- what is shown ---------------------------------------------------------------------------------------------------


def pictures(domains: Sequence[DomainSpectra], side: int, family: Family) -> list[Picture]:
    """
    Describe the pictures of some domains, the first of which is the reference of differences.

    Parameters
    ----------
    domains : sequence of DomainSpectra
    side : int
        Of the crops, in pixels.
    family : {"clean", "published"}

    Returns
    -------
    list of Picture
        ``profile``, ``dct`` (or one for each channel), ``fft_highpass``, ``density_error``.
    """
    x = profile_frequency(side, family)
    about = f"{side}x{side} crops" + (", statistics as published" if family == "published" else "")
    maps = [_maps(domains, name, side, family, about) for name in domains[0].real.planes]
    return [_profile(domains, x, family, about), *maps, _density_error(domains, x, about)]


def _columns(domains: Sequence[DomainSpectra]) -> tuple[str, ...]:
    return tuple(f"{d.name}\n{d.real.n} real, {d.fake.n} fake" for d in domains)


def _profile(domains: Sequence[DomainSpectra], x: NDArray, family: Family, about: str) -> Picture:
    clean = family == "clean"
    scale = DECIBEL if clean else 1.0
    levels, gaps = [], []
    for domain, title in zip(domains, _columns(domains), strict=True):
        real, fake = domain.real.statistics["profile"], domain.fake.statistics["profile"]
        curves = [
            Curve(name, scale * moments.mean, scale * moments.std, colour)
            for name, moments, colour in (("real", real, REAL_COLOUR), ("fake", fake, FAKE_COLOUR))
        ]
        unit = "power per coefficient\n(dB re grey level²)" if clean else "ring mean of 20 ln |F|"
        levels.append(Panel(title, unit, tuple(curves), "±1 standard deviation"))
        error = 2 * np.sqrt(real.mean_variance + fake.mean_variance)
        gap = Curve("fake − real", scale * (fake.mean - real.mean), scale * error, "#333333")
        gaps.append(Panel("", "fake − real" + (" (dB)" if clean else ""), (gap,), "±2 standard errors", difference=True))
    return Picture("profile", f"Mean radial profile, {about}", x, (tuple(levels), tuple(gaps)))


def _density_error(domains: Sequence[DomainSpectra], x: NDArray, about: str) -> Picture:
    curves = []
    for i, domain in enumerate(domains):
        error, standard_error = density_error(domain.real.statistics["density"], domain.fake.statistics["density"])
        dash = DASHES[i // len(COLOURS) % len(DASHES)]
        curves.append(Curve(domain.name, error, 2 * standard_error, COLOURS[i % len(COLOURS)], dash))
    panel = Panel("", "mean power of fakes / of reals − 1", tuple(curves), "±2 standard errors", difference=True)
    return Picture("density_error", f"Radial density error of the fakes, {about}", x, ((panel,),))


def _maps(domains: Sequence[DomainSpectra], name: str, side: int, family: Family, about: str) -> Picture:
    pairs = [(domain.real.planes[name], domain.fake.planes[name]) for domain in domains]
    x = plane_frequency(side, name)
    if family == "clean":
        levels = _levels(pairs, "{}", "mean log magnitude (dB re grey level)", lambda m: MAGNITUDE * m.mean)
        rows = [*levels, *_differences(domains, levels, name, x, "dB")]
    elif name == "fft_highpass":
        rows = _levels(pairs, "|mean|, {}", "log10 |mean|", lambda m: np.log10(np.abs(m.mean) + 1e-12), (-5, -1))
        rows += _levels(pairs, "std, {}", "log10 std", lambda m: np.log10(m.std + 1e-12))
    else:
        levels = _levels(pairs, "|mean|, {}", "ln |mean| (grey levels)", lambda m: log_magnitude(m.mean))
        rows = [*levels, *_levels(pairs, "std, {}", "ln std (grey levels)", lambda m: log_magnitude(m.std))]
        rows += _differences(domains, levels, name, x, "ln |mean|")
    return Picture(name, f"{TITLES[name]}, {about}", x, maps=tuple(rows), columns=_columns(domains))


def _levels(
    pairs: Sequence[tuple[Moments, Moments]],
    title: str,
    unit: str,
    level: Callable[[Moments], NDArray[np.float64]],
    limits: tuple[float, float] | None = None,
) -> list[MapRow]:
    """A row of the reals and one of the fakes, with common colours."""
    names = ("real", "fake")
    return [MapRow(title.format(names[i]), unit, tuple(level(pair[i]) for pair in pairs), limits=limits) for i in (0, 1)]


def _differences(
    domains: Sequence[DomainSpectra], levels: Sequence[MapRow], name: str, x: NDArray[np.float64], unit: str
) -> list[MapRow]:
    """Fakes against reals of the same domain, and both against those of the reference, the first domain."""
    real, fake = ([plane for plane in row.planes if not isinstance(plane, str)] for row in levels)
    periodic = name == "fft_highpass"
    peaks_of_domains = [isolated_peaks(d.real.planes[name], d.fake.planes[name], periodic) for d in domains]
    marks = tuple(tuple((float(x[peak.col]), float(x[peak.row])) for peak in peaks) for peaks in peaks_of_domains)
    gaps = tuple(f - r for f, r in zip(fake, real, strict=True))
    rows = [MapRow("fake − real\n(circles: isolated peaks)", f"fake − real ({unit})", gaps, True, marks=marks)]
    for label, planes, classes in (("real", real, [d.real for d in domains]), ("fake", fake, [d.fake for d in domains])):
        # Classes that consist of the same pictures are one object.
        others = [p - planes[0] if c is not classes[0] else "the same pictures" for p, c in zip(planes, classes, strict=True)]
        if not all(isinstance(other, str) for other in others):
            title = f"{label} − {label} of\n{domains[0].name}"
            rows.append(MapRow(title, f"{label} − {label} ({unit})", ("reference", *others[1:]), True))
    return rows


def _limits(rows: Sequence[MapRow]) -> tuple[float, float]:
    """Range of the colours that some rows share."""
    if rows[0].limits:
        return rows[0].limits
    values = np.concatenate([plane.ravel() for row in rows for plane in row.planes if not isinstance(plane, str)])
    if rows[0].difference:
        high = max(float(np.quantile(np.abs(values), 0.995)), 0.1)
        return -high, high
    low, high = (float(v) for v in np.quantile(values, [0.005, 0.995]))
    return low, max(high, low + 0.1)


def _shown(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """A plane with at most 256 cells along each axis; a cell shows the most unusual of its values, so that no peak is lost."""
    step = -(-len(plane) // SHOWN_SIDE)
    if step == 1:
        return plane
    margin = -len(plane) % step
    cells = np.pad(plane, (0, margin), mode="edge")
    n = len(cells) // step
    cells = cells.reshape(n, step, n, step).swapaxes(1, 2).reshape(n, n, -1)
    unusual = np.abs(cells - np.median(plane)).argmax(axis=2)
    return np.take_along_axis(cells, unusual[..., None], axis=2)[..., 0]


def _shown_axis(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Frequencies of the cells of `_shown`."""
    step = -(-len(x) // SHOWN_SIDE)
    return x[::step] + (x[1] - x[0]) * (step - 1) / 2


# --- Matplotlib ------------------------------------------------------------------------------------------------------


def save_png(path: Path, picture: Picture) -> None:
    """Draw a picture into a PNG file."""
    _save(path, picture, FigureFormat.png, SCREEN)


def save_for_paper(path: Path, picture: Picture, kind: FigureFormat) -> None:
    """Draw a picture into a file of some kind, in the sizes of a paper."""
    _save(path, picture, kind, PAPER)


def spectra_figure(picture: Picture, look: Look = SCREEN) -> "Figure":
    """Draw a picture, written to no file."""
    width, height = _size(picture, look)
    with look.canvas(width, height) as figure:
        (_draw_panels if picture.panels else _draw_maps)(figure, picture, look)
        figure.suptitle(look.wrapped(picture.title, width - 0.2))
    return figure


def _save(path: Path, picture: Picture, kind: FigureFormat, look: Look) -> None:
    look.save(spectra_figure(picture, look), path, kind)


def _size(picture: Picture, look: Look) -> tuple[float, float]:
    """Inches."""
    n_cols = len(picture.panels[0] if picture.panels else picture.columns)
    n_rows = len(picture.panels or picture.maps)
    if not look.paper:
        return (max(7.5, 3.9 * n_cols), 2.0 + 2.8 * n_rows) if picture.panels else (2.4 + 2.6 * n_cols, 1.3 + 2.6 * n_rows)
    if picture.panels:
        return look.width(0.6 + 2.1 * n_cols), 0.9 + 1.8 * n_rows
    return look.width(1.6 + 1.5 * n_cols), 1.0 + 1.65 * n_rows


def _draw_panels(figure: "Figure", picture: Picture, look: Look) -> None:
    n_rows, n_cols = len(picture.panels), len(picture.panels[0])
    ratios = [2.0] + [1.3] * (n_rows - 1)
    grid = figure.subplots(n_rows, n_cols, sharex=True, sharey="row", squeeze=False, height_ratios=ratios)
    for i, panels in enumerate(picture.panels):
        for axes, panel in zip(grid[i], panels, strict=True):
            _draw_panel(axes, panel, picture.x, look)
        grid[i, 0].set_ylabel(panels[0].unit)
    figure.supxlabel(f"{FREQUENCY}; dotted: Nyquist of an axis", fontsize=look.small if look.paper else "medium")


def _draw_panel(axes: "Axes", panel: Panel, x: NDArray[np.float64], look: Look) -> None:
    for curve in panel.curves:
        axes.plot(x, curve.mean, color=curve.colour, linestyle=curve.dash, label=curve.name)
        low, high = curve.mean - curve.spread, curve.mean + curve.spread
        axes.fill_between(x, low, high, color=curve.colour, alpha=0.2, linewidth=0)
    if panel.difference:
        axes.axhline(0, color="0.6", linewidth=0.8)
    frequency_axis(axes)
    axes.set_xlabel("")
    axes.set_title(look.wrapped(panel.title, 2.2), fontsize=look.medium)
    axes.legend(title=f"shaded: {panel.shading}", fontsize=look.small, title_fontsize=look.small, alignment="left")


def _draw_maps(figure: "Figure", picture: Picture, look: Look) -> None:
    n_rows, n_cols = len(picture.maps), len(picture.columns)
    grid = figure.subplots(n_rows, n_cols, sharex=True, sharey=True, squeeze=False)
    done = 0
    for unit, group in groupby(picture.maps, lambda row: row.unit):
        rows = list(group)
        low, high = _limits(rows)
        image: Any = None
        for row in rows:
            for axes, plane, marks in zip(grid[done], row.planes, row.marks or [()] * n_cols, strict=True):
                axes.set_box_aspect(1)
                if isinstance(plane, str):
                    axes.set_facecolor("0.93")
                    axes.text(0.5, 0.5, plane, transform=axes.transAxes, ha="center", va="center", color="0.4")
                    continue
                image = _draw_map(axes, plane, picture.x, row.difference, (low, high))
                if marks:
                    axes.plot(*zip(*marks, strict=True), "o", mfc="none", mec="black", markersize=9, clip_on=False)
            grid[done, 0].set_ylabel(look.wrapped(row.title, 1.5), fontsize=look.medium, weight="bold")
            done += 1
        figure.colorbar(
            image, ax=grid[done - len(rows) : done].ravel().tolist(), label=unit, extend="both", aspect=18 * len(rows)
        )
    for axes, title in zip(grid[0], picture.columns, strict=True):
        axes.set_title(look.wrapped(title, 1.6), fontsize=look.medium)
    size = look.small if look.paper else "medium"
    figure.supxlabel(f"horizontal {FREQUENCY}", fontsize=size)
    figure.supylabel(f"vertical {FREQUENCY}\n", fontsize=size)  # an empty line keeps it apart from the rows' titles


def _draw_map(axes: "Axes", plane: NDArray, x: NDArray, difference: bool, limits: tuple[float, float]) -> Any:
    edge = (x[1] - x[0]) / 2
    extent = (x[0] - edge, x[-1] + edge, x[-1] + edge, x[0] - edge)
    colours = DIFFERENCES if difference else LEVELS
    shown = _shown(plane)
    image = axes.imshow(shown, cmap=colours, vmin=limits[0], vmax=limits[1], extent=extent, interpolation="nearest")
    ticks = (-0.5, -0.25, 0, 0.25, 0.5) if x[0] < 0 else (0, 0.125, 0.25, 0.375, 0.5)
    labels = [f"{tick:g}".replace("-", "−") for tick in ticks]
    axes.set(xticks=ticks, yticks=ticks, xticklabels=labels, yticklabels=labels)
    axes.set(xlim=(extent[0], 0.5), ylim=(0.5, extent[0]))
    return image


# --- Plotly ----------------------------------------------------------------------------------------------------------


def save_html(path: Path, picture: Picture) -> None:
    """Draw a picture into a page that needs no network: maps are zoomed together, pointing shows frequency and value."""
    page = _panel_page(picture) if picture.panels else _map_page(picture)
    page.update_layout(title=picture.title, template="plotly_white", font_size=14)
    # A fixed name inside the page, so that the same numbers give the same bytes.
    page.write_html(path, include_plotlyjs=True, div_id=picture.name, config={"displaylogo": False})


def _panel_page(picture: Picture) -> "Page":
    from plotly.subplots import make_subplots

    n_rows, n_cols = len(picture.panels), len(picture.panels[0])
    titles = [panel.title.replace("\n", "<br>") for row in picture.panels for panel in row]
    # Horizontal axes are not shared: plotly.js then gives one vertical range to rows that share none.
    page = make_subplots(n_rows, n_cols, shared_yaxes=True, subplot_titles=titles, vertical_spacing=0.08)
    named: set[str] = set()
    for i, panels in enumerate(picture.panels, 1):
        for j, panel in enumerate(panels, 1):
            for curve in panel.curves:
                for trace in _traces(curve, panel, picture.x, curve.name not in named):
                    page.add_trace(trace, row=i, col=j)
                named.add(curve.name)
            page.add_vline(0.5, line={"color": "#999", "width": 1, "dash": "dot"}, row=i, col=j)  # type: ignore[arg-type]
        page.update_yaxes(title_text=panels[0].unit.replace("\n", "<br>"), row=i, col=1)
    page.update_xaxes(range=[0, MAX_FREQUENCY])
    page.update_xaxes(title_text=FREQUENCY, row=n_rows)
    return page.update_layout(hovermode="x", height=240 + 300 * n_rows, width=max(1250, 330 + 380 * n_cols))


def _traces(curve: Curve, panel: Panel, x: NDArray[np.float64], named: bool) -> list[Any]:
    """The interval as one closed outline, and the line above it."""
    from plotly.graph_objects import Scatter

    low, high = curve.mean - curve.spread, curve.mean + curve.spread
    interval = Scatter(
        x=np.concatenate([x, x[::-1]]),
        y=np.concatenate([high, low[::-1]]),
        mode="lines",
        line_width=0,
        fill="toself",
        fillcolor=curve.colour,
        opacity=0.2,
        hoverinfo="skip",
        showlegend=False,
        legendgroup=curve.name,
    )
    line = Scatter(
        x=x,
        y=curve.mean,
        customdata=curve.spread,
        name=f"{curve.name}, {panel.shading}",
        mode="lines",
        line={"color": curve.colour, "dash": PLOTLY_DASH[curve.dash]},
        hovertemplate=f"{curve.name} at %{{x:.4f}}: %{{y:.4g}} ± %{{customdata:.2g}}<extra></extra>",
        showlegend=named,
        legendgroup=curve.name,
    )
    return [interval, line]


def _map_page(picture: Picture) -> "Page":
    from plotly.subplots import make_subplots

    n_rows, n_cols = len(picture.maps), len(picture.columns)
    page = make_subplots(
        n_rows,
        n_cols,
        shared_xaxes=True,
        shared_yaxes=True,
        subplot_titles=[title.replace("\n", "<br>") for title in picture.columns],
        row_titles=[row.title.replace("\n", "<br>") for row in picture.maps],
        vertical_spacing=0.02,
        horizontal_spacing=0.02,
    )
    done = 0
    for number, (unit, group) in enumerate(groupby(picture.maps, lambda row: row.unit), 1):
        rows = list(group)
        for row in rows:
            done += 1
            for j, (plane, marks) in enumerate(zip(row.planes, row.marks or [()] * n_cols, strict=True), 1):
                for trace in _map_traces(plane, marks, picture.x, f"coloraxis{number}"):
                    page.add_trace(trace, row=done, col=j)
        low, high = _limits(rows)
        bar = {
            "title": {"text": unit, "side": "right"},
            "len": 0.92 * len(rows) / n_rows,
            "y": 1 - (done - len(rows) / 2) / n_rows,
        }
        colours = DIFFERENCES if rows[0].difference else LEVELS
        page.layout[f"coloraxis{number}"] = {
            "cmin": low,
            "cmax": high,
            "colorscale": colours,
            "colorbar": bar | {"x": 1 + 0.2 / n_cols},
        }
    limits = [float(picture.x[0] - (picture.x[1] - picture.x[0]) / 2), 0.5]
    page.update_xaxes(range=limits, constrain="domain", matches="x")
    page.update_yaxes(range=limits[::-1], constrain="domain", scaleanchor="x", matches="y")
    page.update_yaxes(title_text="vertical (cycles/pixel)", col=1)
    page.update_xaxes(title_text=f"horizontal {FREQUENCY}", row=n_rows)
    return page.update_layout(height=180 + 320 * n_rows, width=280 + 320 * n_cols, showlegend=False)


def _map_traces(
    plane: NDArray[np.float64] | str, marks: Sequence[tuple[float, float]], x: NDArray[np.float64], colours: str
) -> list[Any]:
    from plotly.graph_objects import Heatmap, Scatter

    if isinstance(plane, str):
        middle = [float(x[len(x) // 2])]
        return [Scatter(x=middle, y=middle, text=[plane], mode="text", hoverinfo="skip")]
    axis, shown = _shown_axis(x), _shown(plane).astype(np.float32)
    hover = "horizontal %{x:.4f}, vertical %{y:.4f} cycles/pixel<br>%{z:.2f}<extra></extra>"
    traces: list[Any] = [Heatmap(x=axis, y=axis, z=shown, coloraxis=colours, hovertemplate=hover)]
    if marks:
        circle = {"symbol": "circle-open", "size": 12, "color": "black"}
        across, down = zip(*marks, strict=True)
        traces.append(Scatter(x=across, y=down, mode="markers", marker=circle, cliponaxis=False, hoverinfo="skip"))
    return traces
