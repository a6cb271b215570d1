"""Looks of figures: sizes and Matplotlib settings for a screen, and for the columns of a paper."""

import io
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from .formats import FigureFormat

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMN, PAGE = 3.3, 6.9  # inches: a column of a paper of two, and both


@dataclass(frozen=True)
class Look:
    """
    Sizes and settings of a figure.

    Attributes
    ----------
    tiny, small, medium : float or str
        Font sizes, in points or as Matplotlib names them: labels of many ticks, other labels, titles.
    dpi : int
        Resolution of PNG files.
    paper : bool
        True if the sizes are those of the printed page.
    settings : dict
        Of Matplotlib; a dollar sign in a name does not begin a formula.
    """

    tiny: float | str
    small: float | str
    medium: float | str
    dpi: int
    paper: bool
    settings: dict[str, Any]

    def width(self, wanted: float) -> float:
        """Return the width in inches: on a screen as wanted; on paper one column, or two, or as wanted if that is more."""
        return max(wanted, COLUMN) if not self.paper else next((w for w in (COLUMN, PAGE) if wanted <= w), wanted)

    def wrapped(self, text: str, width: float) -> str:
        """Break a text into lines that fit a width in inches: on paper, where letters cannot be smaller than 7 points."""
        if not self.paper:
            return text
        return "\n".join(textwrap.fill(line, max(12, int(width / 0.062))) for line in text.splitlines())

    @contextmanager
    def figure(
        self, path: Path, width: float, height: float, file_format: str | None = None, constrained: bool = True
    ) -> "Iterator[Figure]":
        """
        Make a figure that is written to a file when the block ends.

        Parameters
        ----------
        path : Path
            The suffix is the format.
        width, height : float
            Inches.
        file_format : str, optional
            For a path without such a suffix.
        constrained : bool
            Matplotlib finds room for labels.
        """
        with self.canvas(width, height, constrained) as figure:
            yield figure
        self.save(figure, path, file_format)

    @contextmanager
    def canvas(self, width: float, height: float, constrained: bool = True) -> "Iterator[Figure]":
        """
        Make a figure that is written to no file; a notebook shows it where it is the value of a cell.

        Parameters
        ----------
        width, height : float
            Inches.
        constrained : bool
            Matplotlib finds room for labels.
        """
        import matplotlib  # here, so that what only names a figure does not load it
        from matplotlib.figure import Figure

        with matplotlib.rc_context(cast(Any, self.settings)):
            figure = Figure(figsize=(width, height), layout="constrained" if constrained else None)
            # Notebooks draw the figures of pyplot, which keeps all of them in memory; others only by this name.
            setattr(figure, "_repr_png_", partial(self._as_png, figure))  # noqa: B010  (no attribute of the class)
            yield figure

    def save(self, figure: "Figure | None", path: Path, file_format: str | None = None) -> bool:
        """
        Write a figure to a file.

        Parameters
        ----------
        figure : Figure or None
            None where there was nothing to draw.
        path : Path
            The suffix is the format.
        file_format : str, optional
            For a path without such a suffix.

        Returns
        -------
        bool
            False, and no file, without a figure.
        """
        if figure is None:
            return False
        import matplotlib

        kind = file_format or path.suffix.removeprefix(".") or FigureFormat.png
        # Without a date the same numbers give the same bytes.
        metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}.get(kind)
        with matplotlib.rc_context(cast(Any, self.settings)):
            figure.savefig(path, dpi=self.dpi, format=kind, metadata=metadata)
        return True

    def _as_png(self, figure: "Figure") -> bytes:
        import matplotlib

        with matplotlib.rc_context(cast(Any, self.settings)), io.BytesIO() as file:
            figure.savefig(file, dpi=self.dpi, format=FigureFormat.png)
            return file.getvalue()


NAMES_AS_THEY_ARE = {"text.parse_math": False}
SCREEN = Look("x-small", "small", "medium", 110, paper=False, settings=NAMES_AS_THEY_ARE)
PAPER = Look(
    7.0,
    7.0,
    8.0,
    300,
    paper=True,
    settings={
        **NAMES_AS_THEY_ARE,
        "font.size": 7.0,
        "axes.titlesize": 8.0,
        "figure.titlesize": 8.0,
        "lines.linewidth": 1.0,
        "axes.linewidth": 0.6,
        "xtick.major.width": 0.6,
        "ytick.major.width": 0.6,
        "pdf.fonttype": 42,  # letters as letters, as publishers want them
        "svg.fonttype": "none",
        "svg.hashsalt": "bandbench",
        # Axis labels, ticks and legends: seven points, not a share of that.
        **dict.fromkeys(
            ("axes.labelsize", "xtick.labelsize", "ytick.labelsize", "legend.fontsize", "legend.title_fontsize"), 7.0
        ),
    },
)
