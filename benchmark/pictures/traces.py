"""Traces that codecs and resampling leave in the pixels of a picture, its sharpness, contrast and brightness."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

NAMES = ("resampling", "grid", "grid_phase", "detail", "sharpness", "contrast", "mean")
MISSING = -1.0  # value of a trace that was not looked for; those that were are 0 or more
BLOCK = 8
WINDOW = 192  # pixels; the middle of larger pictures stands for all of it
LEAST_SIDE = 32  # pixels below which no trace is looked for
LINES = 12  # of a window, evenly spread, along which traces are looked for; all of them would take longer than decoding
TOGETHER = 2**16  # pixels of lines of one direction that are measured at once; more would not stay in the processor's cache
LEVEL = 0.1  # grey levels, added to both sides of a ratio of steps so that flat pictures have one
CLEAR_GRID = 0.15  # strength from which a grid of blocks has a phase
LARGEST = 2**16 - 1  # of an unsigned integer of 16 bits


class Traces:
    """
    Traces of pictures that are read one after the other.

    Only some lines of each picture are measured. Lines of pictures of one size are measured together, which is several times
    as fast as one picture after the other; until then their windows are kept.

    Notes
    -----
    ``grid``: differences of differences across rows and columns suppress what is shown; at the border of blocks their mean is
    larger. The mean of the strongest of eight columns over the median of the eight, less 1, and the same for rows, averaged;
    ``grid_phase`` is 8 times the row plus the column of the strongest, where the grid is clear. After Fan and de Queiroz 2003,
    Identification of bitmap compression history, IEEE Transactions on Image Processing 12(2).

    ``resampling``: interpolated pixels depend on their neighbours periodically. Along a line the sixth differences, over the
    second ones that stand for what is shown, get a period; the share of the highest peak in the power of that sequence, both
    directions together, without the frequencies of a grid of 8 pixels. After Gallagher 2005, Detection of linear and cubic
    interpolation in JPEG compressed images, and Mahdian and Saic 2008, Blind authentication using periodic properties of
    interpolation, IEEE Transactions on Information Forensics and Security 3(3).

    ``sharpness``, ``detail``: mean second over mean first differences, and fourth over second ones.
    """

    def __init__(self) -> None:
        self._sizes: dict[tuple[int, ...], _SameSize] = {}
        self._small: dict[int, tuple[float, float]] = {}  # contrast and mean, by place
        self._n = 0

    def add(self, picture: NDArray[np.uint8]) -> None:
        """Add a grey picture (rows, cols)."""
        window = middle(picture)
        if min(window.shape) < LEAST_SIDE:
            self._small[self._n] = float(window.std()), float(window.mean())
        else:
            same_size = self._sizes.get(window.shape)
            if same_size is None:
                same_size = self._sizes[window.shape] = _SameSize(*window.shape)
            same_size.add(window, self._n)
        self._n += 1

    def table(self) -> NDArray[np.float32]:
        """
        Return the traces of all pictures.

        Returns
        -------
        array of float32 (n_pictures, 7)
            In the order in which pictures were added, and of `NAMES`. All but contrast and mean are `MISSING` below 32 pixels.
        """
        table = np.full((self._n, len(NAMES)), MISSING, dtype=np.float32)
        for place, values in self._small.items():
            table[place, -2:] = values
        for same_size in self._sizes.values():
            table[same_size.places] = same_size.table()
        return table


def middle(picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the middle of a picture, of `WINDOW` pixels at most, cut so that a grid of 8 pixels keeps its phase."""
    rows, cols = picture.shape
    if rows <= WINDOW and cols <= WINDOW:
        return picture
    y, x = ((side - min(side, WINDOW)) // 2 // BLOCK * BLOCK for side in (rows, cols))
    return picture[y : y + WINDOW, x : x + WINDOW]


class _SameSize:
    """Pictures of one size, with their `places` among all."""

    def __init__(self, rows: int, cols: int) -> None:
        self.places: list[int] = []
        # Both directions of square pictures at once, which is faster than one after the other.
        self._lines = (_Lines(rows, cols, 2),) if rows == cols else (_Lines(rows, cols, 1), _Lines(cols, rows, 1))
        self._windows = np.empty((min(lines.most_pictures for lines in self._lines), rows, cols), np.uint8)
        self._n = 0  # windows that are kept

    def add(self, window: NDArray[np.uint8], place: int) -> None:
        self.places.append(place)
        self._windows[self._n] = window
        self._n += 1
        if self._n == len(self._windows):
            self._measure()

    def _measure(self) -> None:
        across = self._windows[: self._n]
        down = across.transpose(0, 2, 1)
        if len(self._lines) == 1:
            self._lines[0].measure(across, down)
        else:
            self._lines[0].measure(across)
            self._lines[1].measure(down)
        self._n = 0

    def table(self) -> NDArray[np.float32]:
        """Return the traces (n, 7)."""
        if self._n:
            self._measure()
        both = [lines.steps() for lines in self._lines]

        def by_direction(measure: Callable[[_Steps], NDArray]) -> NDArray:
            return np.concatenate([measure(steps) for steps in both])

        phases = by_direction(lambda steps: _phases(steps.mixed))
        ranked = np.sort(phases, axis=-1)
        typical = (ranked[..., BLOCK // 2 - 1] + ranked[..., BLOCK // 2]) / 2
        grid = np.where(typical > 0, ranked[..., -1] / np.maximum(typical, 1e-6) - 1, 0).mean(axis=0)
        x, y = (phases.argmax(axis=-1) + 1) % BLOCK
        phase = np.where(grid >= CLEAR_GRID, BLOCK * y + x, MISSING)
        detail = by_direction(lambda steps: _ratio(steps.fourth, steps.second)).mean(axis=0)
        sharpness = by_direction(lambda steps: _ratio(steps.second, steps.first)).mean(axis=0)
        # A picture is resampled in both directions alike: in a square one the peaks coincide.
        powers = [_periods(steps).sum(axis=0) for steps in both]
        resampling = np.mean([power.max(axis=1) / np.maximum(power.sum(axis=1), 1e-6) for power in powers], axis=0)
        return np.stack([resampling, grid, phase, detail, sharpness, both[0].contrast, both[0].mean], axis=1)


class _Steps(NamedTuple):
    """
    Mean absolute differences of some orders along lines: arrays of float32 (n_directions, n, n_places), means over lines.

    `mixed` are the differences along lines of those between neighbouring lines. Contrast and mean, (n,), are those of the
    lines of the first direction.
    """

    first: NDArray[np.float32]
    second: NDArray[np.float32]
    fourth: NDArray[np.float32]
    sixth: NDArray[np.float32]
    mixed: NDArray[np.float32]
    contrast: NDArray[np.float32]
    mean: NDArray[np.float32]


class _Lines:
    """Lines of pictures of one size, in one direction or in both; `most_pictures` are measured at once."""

    def __init__(self, rows: int, cols: int, n_directions: int) -> None:
        # An odd distance, so that the lines lie in all places of a block.
        distance = max(1, (rows - 1) // LINES) | 1
        self._slices = slice(0, rows - 1, distance), slice(1, rows, distance)
        n_lines = len(range(0, rows - 1, distance))
        self.most_pictures = max(1, TOGETHER // (n_lines * cols))
        self._measured: list[_Steps] = []
        # Lines come first, so that a mean over them adds whole arrays. 16 bits hold the sixth difference of grey levels, 32
        # times as large at most, and are twice as fast as 32.
        self._work = np.empty((4, n_lines, n_directions, self.most_pictures, cols), np.int16)

    def measure(self, *windows: NDArray[np.uint8]) -> None:
        """Measure pictures as they lie in each direction: an array (n, rows, cols) each."""
        lines, neighbours, work, sizes = self._work_for(len(windows[0]))
        for direction, stack in enumerate(windows):
            for taken, place in zip((lines, neighbours), self._slices, strict=True):
                taken[:, direction] = stack[:, place].transpose(1, 0, 2)
        contrast, mean = _levels(lines[:, 0])
        np.subtract(neighbours, lines, out=neighbours)
        _difference(neighbours, work)
        mixed = _mean_size(work, 1, sizes)
        orders = {}
        for order in range(1, 7):
            _difference(lines, work)
            lines, work = work, lines
            if order in (1, 2, 4, 6):
                orders[order] = _mean_size(lines, order, sizes)
        self._measured.append(_Steps(orders[1], orders[2], orders[4], orders[6], mixed, contrast, mean))

    def _work_for(self, n: int) -> NDArray[np.int16]:
        """Return four contiguous arrays (n_lines, n_directions, n, n_places) for some pictures."""
        n_lines, n_directions, _, cols = self._work.shape[1:]
        shape = (4, n_lines, n_directions, n, cols)
        return self._work.reshape(-1)[: math.prod(shape)].reshape(shape)

    def steps(self) -> _Steps:
        """Return the steps along the lines of all pictures that were measured."""
        parts = zip(*self._measured, strict=True)
        # Of steps pictures are the second dimension, of contrast and mean the only one.
        return _Steps._make(np.concatenate(part, axis=max(part[0].ndim - 2, 0)) for part in parts)


def _levels(lines: NDArray[np.int16]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the contrast (n,) and the mean (n,) of lines (n_lines, n, n_places)."""
    levels = lines.astype(np.float32)
    mean = levels.mean(axis=0).mean(axis=1)
    square = np.vecdot(levels, levels).mean(axis=0) / levels.shape[2]
    return np.sqrt(np.maximum(square - mean**2, 0)), mean


def _difference(lines: NDArray[np.int16], out: NDArray[np.int16]) -> None:
    """Write the differences of neighbours along lines, with one place too many at the end of each, which means nothing."""
    # As if all were one line: a loop for each of many short lines would take several times as long.
    flat = lines.reshape(-1)
    np.subtract(flat[1:], flat[:-1], out=out.reshape(-1)[:-1])


def _mean_size(differences: NDArray[np.int16], order: int, sizes: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return the mean over lines of absolute differences of an order, without the places at the end that mean nothing."""
    np.abs(differences, out=sizes)
    unsigned = sizes.view(np.uint16)
    fitting = LARGEST // (255 * 2**order)  # lines whose sum 16 bits hold; the sums are added as floats
    sums = [np.add.reduce(unsigned[i : i + fitting], axis=0, dtype=np.uint16) for i in range(0, len(sizes), fitting)]
    total = sums[0].astype(np.float32)
    for more in sums[1:]:
        total += more
    return total[..., :-order] / np.float32(len(sizes))


def _phases(mixed: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean steps (n_directions, n, 8) at the eight places of a block."""
    return mixed @ _places_of_blocks(mixed.shape[-1])


@lru_cache
def _places_of_blocks(length: int) -> NDArray[np.float32]:
    n_blocks = length // BLOCK
    places = np.zeros((length, BLOCK), dtype=np.float32)
    places[: n_blocks * BLOCK] = np.tile(np.eye(BLOCK) / n_blocks, (n_blocks, 1))
    return places


def _periods(steps: _Steps) -> NDArray[np.floating]:
    """Return the power of the periods of steps (n_directions, n, n_periods), without those of a grid of 8 pixels."""
    sequence = np.log(steps.sixth + LEVEL) - np.log(steps.second[..., 2:-2] + LEVEL)
    spectrum = np.fft.rfft(sequence)
    power = spectrum.real**2 + spectrum.imag**2  # without the root that `abs` takes
    return power[..., _periods_beside_grid(sequence.shape[-1])]


@lru_cache
def _periods_beside_grid(length: int) -> NDArray[np.intp]:
    """Return the frequencies of a sequence, in cycles per length, that are neither 0 nor those of a grid of 8 pixels."""
    cycles = np.arange(length // 2 + 1)
    harmonics = np.arange(1, BLOCK // 2 + 1) * length / BLOCK
    grid = (np.abs(cycles[:, None] - harmonics) <= 1.5).any(axis=1)
    return np.flatnonzero((cycles > 0) & ~grid)


def _ratio(finer: NDArray[np.float32], coarser: NDArray[np.float32]) -> NDArray[np.float32]:
    return (finer.mean(axis=-1) + LEVEL) / (coarser.mean(axis=-1) + LEVEL)
