"""
Bands in cycles per pixel: Butterworth filters on the distance from the zero frequency, and combs on a lattice.

Symbols
-------
f : spatial frequency in cycles/pixel; 0.5 is Nyquist on an axis, ``MAX_FREQUENCY`` the corner of the spectrum.
H : amplitude gain of a filter, between 0 and 1.
"""

import math
import re
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import StudyError, unknown_name
from .combs import HALFWIDTH, POINTS, Points, comb_gain, lattice_radii, passed_share
from .grid import Frequencies
from .modes import HALF, MODES, BandMode, Mode

RadialKind = Literal["all", "low", "high", "band", "stop"]
CombKind = Literal["comb", "anticomb"]
Kind = RadialKind | CombKind

RADIAL_KINDS: tuple[RadialKind, ...] = ("all", "low", "high", "band", "stop")
COMB_KINDS: tuple[CombKind, ...] = ("comb", "anticomb")
KINDS: tuple[Kind, ...] = (*RADIAL_KINDS, *COMB_KINDS)
HOW_WRITTEN = (
    "a band is written all, low:0.2, high:0.3, band:0.2-0.3 or stop:0.2-0.3 (or 35px), comb:period=8 or anticomb:period=8"
)
MAX_FREQUENCY = math.sqrt(0.5)
# Beyond the corner a Butterworth filter still attenuates, and published searches go there: a radius of 35 in a crop of 42
# pixels is 0.83 cycles/pixel. Four times the corner leaves room for them and still tells a radius whose px was forgotten.
MAX_CUTOFF = 4 * MAX_FREQUENCY
MAX_ORDER = 20


def butterworth_gain(kind: RadialKind, distance: ArrayLike, cutoff: float, width: float = 0.0, order: int = 1) -> NDArray:
    """
    Butterworth amplitude gain at given distances from the zero frequency.

    Parameters
    ----------
    kind : {"all", "low", "high", "band", "stop"}
    distance : array of float, any shape
        In any unit, as long as `cutoff` and `width` share it.
    cutoff : float
        Cut-off of a low or high pass (gain 1/2 there), centre of a band pass or stop.
    width : float
        Width of a band pass or stop between its two points of gain 1/2, whose product is ``cutoff ** 2``.
    order : int

    Returns
    -------
    array of float64, shape of `distance`, between 0 and 1

    Notes
    -----
    The published forms: ``1 / (1 + (D/d)**2n)`` for low and ``1 - 1 / (1 + (D W / (D**2 - d**2))**2n)`` for band,
    the latter 1 where D = d and 0 where D = 0. High and stop are their complements.
    """
    d = np.asarray(distance, dtype=np.float64)
    if kind == "all":
        return np.ones_like(d)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        if kind in ("low", "high"):
            low = 1.0 / (1.0 + (d / cutoff) ** (2 * order))
            return low if kind == "low" else 1.0 - low
        inner = np.divide(d * width, d**2 - cutoff**2, out=np.full_like(d, np.inf), where=d**2 != cutoff**2)
        passed = 1.0 - 1.0 / (1.0 + inner ** (2 * order))
    return passed if kind == "band" else 1.0 - passed


def distance_grid(rows: int, cols: int, centre: tuple[float, float] | None = None) -> NDArray:
    """
    Distance of every DFT index from a centre, in DFT index units, zero frequency at ``(rows // 2, cols // 2)``.

    Parameters
    ----------
    rows, cols : int
    centre : (row, column), optional
        Default is the zero frequency itself. The published low and high pass measure from
        ``((rows - 1) / 2, (cols - 1) / 2)`` and the published band pass from ``(rows / 2, cols / 2)``.

    Returns
    -------
    array of float64 (rows, cols)
    """
    row, col = (rows // 2, cols // 2) if centre is None else centre
    y, x = np.ogrid[:rows, :cols]
    return np.hypot(y - row, x - col)


def published_gain(kind: RadialKind, rows: int, cols: int, cutoff: float, width: float = 0.0, order: int = 1) -> NDArray:
    """
    Gain as the published band search builds it: in DFT index units, with its two off-centre origins.

    Parameters
    ----------
    kind : {"all", "low", "high", "band", "stop"}
    rows, cols : int
    cutoff, width : float
        Radii in DFT index units of the crop.
    order : int

    Returns
    -------
    array of float64 (rows, cols), zero frequency at ``(rows // 2, cols // 2)``
    """
    centre = (rows / 2, cols / 2) if kind in ("band", "stop") else ((rows - 1) / 2, (cols - 1) / 2)
    return butterworth_gain(kind, distance_grid(rows, cols, centre), cutoff, width, order)


@dataclass(frozen=True, order=True)
class Band:
    """
    A filter band, and how it acts on what a detector sees.

    Parameters
    ----------
    kind : {"all", "low", "high", "band", "stop", "comb", "anticomb"}
        The first five depend on the distance from the zero frequency alone. A ``comb`` passes the lattice of frequencies
        (i/period, j/period) and what is near it, without the zero frequency; an ``anticomb`` passes everything else.
    cutoff : float
        Cut-off (low, high) or centre (band, stop) in cycles/pixel, up to `MAX_CUTOFF`; 0 for the other kinds.
    width : float
        Width between the points of gain 1/2 in cycles/pixel, up to `MAX_CUTOFF`; 0 unless the kind is band or stop.
    order : int
        Butterworth order, the steepness. It moves no point of gain 1/2, so it is fixed to 1 in mode ``keep``.
    mode : {"keep", "reweight", "pixels"}
        ``keep`` clips to the frequencies with gain >= 1/2; ``reweight`` multiplies the spectrum;
        ``pixels`` filters the picture and goes back to 8-bit pixels, the mean left as it is.
    period : int
        Of the lattice of a comb or anticomb, in pixels, from 2 on; 0 for the other kinds.
    halfwidth : float
        Distance from the lattice with gain 1/2, in cycles/pixel, below half the spacing of the lattice.
    points : {"all", "axes", "corners"}
        Lattice points of which one coordinate is zero (``axes``), neither is (``corners``), or both sorts.

    Raises
    ------
    StudyError
        For a number that makes no filter, or a band of mode ``keep`` that keeps no frequency.
    """

    kind: Kind = "all"
    cutoff: float = 0.0
    width: float = 0.0
    order: int = 1
    mode: Mode = "keep"
    period: int = 0
    halfwidth: float = HALFWIDTH
    points: Points = "all"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise StudyError(f"a band's kind is one of {', '.join(KINDS)}, got {self.kind!r}.")
        if self.mode not in MODES:
            raise StudyError(f"a band's mode is one of {', '.join(MODES)}, got {self.mode!r}.")
        if not 1 <= self.order <= MAX_ORDER:
            raise StudyError(f"a band's order is between 1 and {MAX_ORDER}, got {self.order}.")
        # What has no effect is set to one value, so that equal bands are equal.
        if self.kind == "all" or self.is_comb:
            object.__setattr__(self, "cutoff", 0.0)
        else:
            self._require_length("cut-off", self.cutoff)
        if self.kind not in ("band", "stop"):
            object.__setattr__(self, "width", 0.0)
        else:
            self._require_length("width", self.width)
        if self.is_comb:
            self._require_lattice()
        else:
            for name, value in (("period", 0), ("halfwidth", HALFWIDTH), ("points", "all")):
                object.__setattr__(self, name, value)
        if not self.action.has_order or self.kind == "all":
            object.__setattr__(self, "order", 1)
        for name in ("cutoff", "width", "halfwidth"):
            object.__setattr__(self, name, float(getattr(self, name)))
        if self.action.clips and not self.is_comb and self.passed_width <= 0:
            cutoff = f"{self.cutoff:g}" if self.kind in ("low", "high") else "-".join(f"{edge:g}" for edge in self.half_gain)
            unclipped = " and ".join(name for name, mode in MODES.items() if not mode.clips)
            raise StudyError(
                f"a {self.kind} band in mode {self.mode} clips to the frequencies with gain >= 1/2 between 0 and "
                f"{MAX_FREQUENCY:.3f} cycles/pixel (the corner of the spectrum) and would keep none of them, got {cutoff}. "
                f"Modes {unclipped} take it."
            )

    def _require_length(self, what: str, value: float) -> None:
        if not (math.isfinite(value) and 0 < value <= MAX_CUTOFF):
            bins = f" A radius in DFT bins of the crop is written {value:g}px." if MAX_CUTOFF < value < math.inf else ""
            raise StudyError(
                f"the {what} of a {self.kind} band lies between 0 and {MAX_FREQUENCY:.3f} cycles/pixel (the corner of the "
                f"spectrum), or beyond it up to {MAX_CUTOFF:.3f}, got {value:g}.{bins}"
            )

    def _require_lattice(self) -> None:
        if self.period == 0:
            raise StudyError(f"band kind {self.kind} needs the period of its lattice in pixels, such as 8.")
        if not math.isfinite(self.period) or self.period != int(self.period) or self.period < 2:
            raise StudyError(f"the period of band kind {self.kind} is a whole number of pixels from 2 on, got {self.period:g}.")
        object.__setattr__(self, "period", int(self.period))
        if self.points not in POINTS:
            raise StudyError(unknown_name("set of lattice points", str(self.points), POINTS))
        half = 0.5 / self.period
        if not 0 < self.halfwidth < half:
            raise StudyError(
                f"the halfwidth of band kind {self.kind} with period {self.period} lies between 0 and {half:g} cycles/pixel, "
                f"half the spacing of the lattice, where it would reach the neighbouring points; got {self.halfwidth:g}. Write "
                f"{self.kind}:period={self.period}:halfwidth={half / 2:.3g}, or choose a shorter period; at most, it is half "
                "the side of the crop."
            )

    def require_side(self, side: int) -> None:
        """
        Refuse a comb whose lattice a crop cannot resolve.

        Parameters
        ----------
        side : int
            Of the crop, in pixels.

        Raises
        ------
        StudyError
            If the period is longer than half the side.
        """
        if 2 * self.period > side:
            raise StudyError(
                f"band kind {self.kind} with period {self.period} needs crops of at least {2 * self.period} pixels, two "
                f"periods, got {side}. Choose a shorter period or larger crops."
            )

    @classmethod
    def between(cls, low: float, high: float, kind: Kind = "band", **options: Any) -> Self:
        """Band pass (or stop) whose points of gain 1/2 are `low` and `high`, in cycles/pixel."""
        if not 0 <= low < high:
            raise StudyError(f"a band needs 0 <= low < high, got {low:g} and {high:g}.")
        # A centre of 0 is no Butterworth centre; the smallest one has the same points of gain 1/2.
        return cls(kind, max(round(math.sqrt(low * high), 12), 1e-9), round(high - low, 12), **options)

    @classmethod
    def parse(cls, text: str, side: int | None = None, **options: Any) -> Self:
        """
        Read ``all``, ``low:0.2``, ``high:0.3``, ``band:0.2-0.3`` or ``stop:25px-36px``: points of gain 1/2; or a comb,
        ``comb:period=8`` or ``anticomb:period=8:halfwidth=0.01:points=axes``.

        Parameters
        ----------
        text : str
        side : int, optional
            Side of the crop in pixels, for frequencies in ``px`` and the longest period.
        **options
            Other fields of the band.

        Raises
        ------
        StudyError
            If `text` is none of these.
        """
        kind, _, frequencies = text.strip().partition(":")
        if kind not in KINDS:
            raise StudyError(f"{HOW_WRITTEN}, got {text!r}: {unknown_name('band kind', kind, KINDS)}")
        if kind in COMB_KINDS:
            band = cls(kind, **_parse_lattice(text, frequencies), **options)  # pyright: ignore[reportArgumentType]
            if side is not None:
                band.require_side(side)
            return band
        if kind in KINDS and re.match(r"\s*-", frequencies):
            raise StudyError(f"a frequency is not negative, got the band {text!r}.")
        parts = frequencies.split("-") if frequencies else []
        numbers = [parse_frequency(part, side) for part in parts] if all(map(str.strip, parts)) else []
        if kind == "all" and not parts:
            return cls(**options)
        if kind in ("low", "high") and len(numbers) == 1:
            return cls(kind, numbers[0], **options)  # pyright: ignore[reportArgumentType] (one of the kinds)
        if kind in ("band", "stop") and len(numbers) == 2:
            return cls.between(numbers[0], numbers[1], kind, **options)  # pyright: ignore[reportArgumentType]
        raise StudyError(f"{HOW_WRITTEN}, got {text!r}.")

    @property
    def action(self) -> BandMode:
        """Mode of the band, which says what it does to crops and coefficients."""
        return MODES[self.mode]

    @property
    def is_comb(self) -> bool:
        """True for a comb and an anticomb, which are no stretch of the frequency axis."""
        return self.kind in COMB_KINDS

    @property
    def takes_out(self) -> bool:
        """True for the kinds that pass nearly everything, as all-pass does, and take out the part that they are named after."""
        return self.kind in ("stop", "anticomb")

    @property
    def lattice_radii(self) -> tuple[float, ...]:
        """Radii of the lattice points on the axes of the spectrum (`combs.lattice_radii`), of a comb; none of other kinds."""
        return tuple(lattice_radii(self.period, self.points).tolist()) if self.is_comb else ()

    @property
    def half_gain(self) -> tuple[float, float]:
        """
        Frequencies (low, high) with gain 1/2, in cycles/pixel; also beyond the corner, where no coefficient lies.

        Raises
        ------
        StudyError
            For a comb or an anticomb, which has none; as `edges` and `passed_width`.
        """
        if self.is_comb:
            raise StudyError(f"band kind {self.kind} is a lattice and has no ends on the frequency axis.")
        if self.kind == "all":
            return 0.0, MAX_FREQUENCY
        if self.kind == "low":
            return 0.0, self.cutoff
        if self.kind == "high":
            return self.cutoff, max(self.cutoff, MAX_FREQUENCY)
        middle = math.hypot(self.cutoff, self.width / 2)
        return middle - self.width / 2, middle + self.width / 2

    @property
    def edges(self) -> tuple[float, float]:
        """Ends (low, high) on the frequency axis of the band, or of the gap of a ``stop``, in cycles/pixel."""
        low, high = self.half_gain
        return min(low, MAX_FREQUENCY), min(high, MAX_FREQUENCY)

    @property
    def passed_width(self) -> float:
        """Length of the part of the frequency axis with gain >= 1/2, in cycles/pixel."""
        low, high = self.edges
        return MAX_FREQUENCY - (high - low) if self.kind == "stop" else high - low

    @property
    def passed_share(self) -> float:
        """Share that passes with gain >= 1/2: of the frequency axis, or for a comb of the plane of frequencies; 0 to 1."""
        if not self.is_comb:
            return self.passed_width / MAX_FREQUENCY
        share = passed_share(self.period, self.halfwidth, self.points)
        return share if self.kind == "comb" else 1.0 - share

    def gain(self, frequency: ArrayLike | Frequencies) -> NDArray:
        """
        Amplitude gain at frequencies in cycles/pixel; same shape, float64.

        Raises
        ------
        StudyError
            For a comb or an anticomb where only the distances from the zero frequency are known.
        """
        if self.kind == "anticomb":
            return 1.0 - self._comb.gain(frequency)
        if self.kind == "comb":
            at = frequency if isinstance(frequency, Frequencies) else Frequencies(np.asarray(frequency, dtype=np.float64))
            return comb_gain(at, self.period, self.halfwidth, self.points, self.order)
        radius = frequency.radius if isinstance(frequency, Frequencies) else frequency
        return butterworth_gain(self.kind, radius, self.cutoff, self.width, self.order)

    @property
    def _comb(self) -> "Band":
        """Return the comb of an anticomb."""
        return replace(self, kind="comb")

    def keeps(self, frequency: ArrayLike | Frequencies) -> NDArray[np.bool_]:
        """
        Mask of the frequencies (cycles/pixel) with gain >= 1/2; same shape, bool. Errors as `gain`.

        A gain of exactly 1/2 is the comb's and not the anticomb's, so that the two share no coefficient.
        """
        return ~self._comb.keeps(frequency) if self.kind == "anticomb" else self.gain(frequency) >= HALF

    def acting_on(self, frequency: NDArray[np.float64] | Frequencies) -> tuple[NDArray | None, NDArray[np.bool_] | None]:
        """
        Action on the coefficients of a spectrum.

        Parameters
        ----------
        frequency : Frequencies, or array of float64, any shape
            Of the coefficients, in cycles/pixel; an array has their distances from the zero frequency.

        Returns
        -------
        weight : array of float64, shape of `frequency`, or None
            Factor of each amplitude; None for 1.
        kept : array of bool, shape of `frequency`, or None
            Coefficients that are left; None for all.

        Raises
        ------
        StudyError
            For a comb or an anticomb where only the distances are known: rings mix the lattice with the rest.
        """
        gain = self.gain(frequency)
        kept = self.action.kept(gain)
        if kept is not None and self.kind == "anticomb":
            kept = self.keeps(frequency)
        return self.action.weight(gain), kept

    def as_dict(self) -> dict[str, Any]:
        """Return the fields by name: five, None for those that a comb has not, and for a comb the three of its lattice."""
        if self.is_comb:
            lattice = {"period": self.period, "halfwidth": self.halfwidth, "points": self.points}
            return {"kind": self.kind, "cutoff": None, "width": None, "order": self.order, "mode": self.mode, **lattice}
        return {"kind": self.kind, "cutoff": self.cutoff, "width": self.width, "order": self.order, "mode": self.mode}

    def as_text(self) -> str:
        """Return the kind and its numbers as `parse` reads them, in cycles/pixel to six digits; without order and mode."""
        if self.kind == "all":
            return "all"
        if self.is_comb:
            points = "" if self.points == "all" else f":points={self.points}"
            return f"{self.kind}:period={self.period}:halfwidth={self.halfwidth:.6g}{points}"
        low, high = (f"{round(frequency, 9):.6g}" for frequency in self.half_gain)  # an end at zero may be 3e-17
        return f"{self.kind}:" + {"low": high, "high": low}.get(self.kind, f"{low}-{high}")

    def __str__(self) -> str:
        text = self._place()
        if not self.action.has_order:
            return text
        return f"{text} n{self.order} {self.mode}" if self.kind != "all" else f"{text} {self.mode}"

    def _place(self) -> str:
        """Return the part of the spectrum that the band is named after, as text."""
        if self.is_comb:
            points = "" if self.points == "all" else f" {self.points}"
            return f"{self.kind} {self.period}px ±{self.halfwidth:.3g}{points}"
        low, high = self.edges
        if self.kind in ("low", "high") or low >= MAX_FREQUENCY:  # beyond the corner, two bands have the same edges
            low, high = self.half_gain
        return {
            "all": "all",
            "low": f"low <{high:.3f}",
            "high": f"high >{low:.3f}",
            "band": f"band {low:.3f}-{high:.3f}",
            "stop": f"stop {low:.3f}-{high:.3f}",
        }[self.kind]


def _parse_lattice(text: str, parameters: str) -> dict[str, Any]:
    """Read the parameters of a comb, ``period=8:halfwidth=0.02:points=axes``."""
    read: dict[str, Any] = {}
    for part in parameters.split(":") if parameters else []:
        name, mark, value = part.partition("=")
        if not mark or name in read:
            raise StudyError(
                f"a comb is written comb:period=8, with :halfwidth=0.02 and :points=axes where they are wanted, got {text!r}."
            )
        if name not in ("period", "halfwidth", "points"):
            raise StudyError(unknown_name("parameter of a comb", name, ("period", "halfwidth", "points")))
        read[name] = value if name == "points" else _parse_number(name, value)
    return read


def _parse_number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise StudyError(f"the {name} of a comb is a number, got {value!r}.") from None


def parse_frequency(text: str | float, side: int | None = None) -> float:
    """
    Frequency in cycles/pixel from ``0.23``, or from ``35px``, a radius in DFT index units of the crop.

    Parameters
    ----------
    text : str or float
    side : int, optional
        Side of the crop in pixels; needed for ``px``.

    Raises
    ------
    StudyError
        If `text` is neither, or ``px`` comes without a crop side.
    """
    match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*(px)?\s*", str(text))
    if not match:
        raise StudyError(f"a frequency is a number in cycles/pixel (0.23) or a radius (35px), got {text!r}.")
    value = float(match[1])
    if match[2] is None:
        return value
    if not side:
        raise StudyError(f"{text} is a radius in DFT bins of the crop; give the crop's side to make it cycles/pixel.")
    return value / side
