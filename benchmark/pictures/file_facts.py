"""
Facts of a picture file besides what it shows: format, quality and size, and traces of a codec or of resampling in its pixels.

A table of facts has one row per picture and one column per entry of `FACTS`. Runs, the doctor and the audit measure them here.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from . import crops as images

VERSION = 2  # raised when a fact is measured in another way
MISSING = -1.0  # value of a fact that a file does not have; those that it has are 0 or more
BLOCK = 8
WINDOW = 192  # pixels; the middle of larger pictures stands for all of it
LEAST_SIDE = 32  # pixels below which traces are not looked for
LINES = 12  # of a window, evenly spread, along which traces are looked for; all of them would take longer than decoding
TOGETHER = 2**16  # pixels of lines, of both directions, measured at once; arrays of more would not stay in the cache
LEVEL = 0.1  # grey levels, added to both sides of a ratio of steps so that flat pictures have one
CLEAR_GRID = 0.15  # strength from which a grid of blocks has a phase
MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "LAB", "HSV", "I", "F", "I;16", "other")
SAMPLINGS = ("4:4:4", "4:2:2", "4:2:0", "other")
FORMATS = (*images.FORMATS, "HEIF", "other")
NO_YES = ("no", "yes")
# Keys of `Image.info` that say which program wrote a file; each is one bit of the fact `metadata`. None is of one format alone,
# as JFIF is: that would be the format once more.
METADATA = (
    ("comment", ("comment", "Comment")),
    ("XMP", ("xmp", "XML:com.adobe.xmp")),
    ("resolution", ("dpi", "resolution")),
    ("Photoshop", ("photoshop",)),
    ("Adobe", ("adobe",)),
    ("gamma", ("gamma", "srgb", "chromaticity")),
    ("software", ("Software", "software", "parameters", "Title", "Author", "Description")),
)


@dataclass(frozen=True)
class Fact:
    """
    A column of a table of facts.

    Attributes
    ----------
    name : str
    title : str
        Noun phrase for sentences: *the classes differ in* ``chroma sampling``.
    names : tuple of str
        Values of a categorical fact, whose code is the position; empty for numbers.
    trace : bool
        Measured in pixels, or moved by them: a generator may leave it itself, so that it may be evidence.
    categorical : bool
        The numbers are codes without an order.
    """

    name: str
    title: str
    names: tuple[str, ...] = ()
    trace: bool = False
    categorical: bool = False


def _named(name: str, title: str, names: tuple[str, ...]) -> Fact:
    return Fact(name, title, names, categorical=True)


FACTS = (
    _named("format", "format", FORMATS),
    Fact("quality", "JPEG quality"),
    _named("sampling", "chroma sampling", SAMPLINGS),
    _named("progressive", "progressive coding", NO_YES),
    _named("mode", "colour mode", MODES),
    Fact("depth", "bit depth"),
    _named("icc", "colour profile (ICC)", NO_YES),
    _named("exif", "EXIF data", NO_YES),
    Fact("metadata", "other metadata", categorical=True),
    Fact("side", "size"),
    Fact("aspect", "aspect ratio"),
    Fact("frame_rate", "frame rate"),
    Fact("resampling", "the trace of resampling", trace=True),
    Fact("grid", "the strength of a grid of 8 pixels", trace=True),
    Fact("grid_phase", "the place of a grid of 8 pixels", trace=True, categorical=True),
    Fact("detail", "the sharpness of the finest detail", trace=True),
    Fact("sharpness", "sharpness", trace=True),
    Fact("contrast", "contrast", trace=True),
    Fact("mean", "mean brightness", trace=True),
    Fact("bytes_per_pixel", "bytes per pixel", trace=True),
)
COLUMNS = {fact.name: i for i, fact in enumerate(FACTS)}
TRACES = tuple(i for i, fact in enumerate(FACTS) if fact.trace)
CATEGORICAL = tuple(i for i, fact in enumerate(FACTS) if fact.categorical)
_IN_PIXELS = slice(COLUMNS["resampling"], COLUMNS["mean"] + 1)
_UNSTATED = (MISSING,) * (len(FACTS) - COLUMNS["side"])
_METADATA_BITS = {str(key): 1 << i for i, (_, keys) in enumerate(METADATA) for key in keys}
_CODES = {fact.name: {name: float(code) for code, name in enumerate(fact.names)} for fact in FACTS if fact.names}


def no_facts(n: int = 1) -> NDArray[np.float32]:
    """Return a table of `n` pictures without any fact."""
    return np.full((n, len(FACTS)), MISSING, dtype=np.float32)


def decode_with_facts(data: bytes, colour: bool = False) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """
    Decode a picture file as `crops.decode` does, and read the facts of the file on the way.

    Parameters
    ----------
    data : bytes
    colour : bool

    Returns
    -------
    pixels : array of uint8 (rows, cols) or (rows, cols, 3)
    facts : array of float32 (n_facts,)
        Without those that `trace_facts` measures in pixels.

    Raises
    ------
    DataError
        See `crops.decode`.
    """
    with images.open_picture(data) as picture:
        facts = header_facts(picture, data)
        pixels = images.pixels_of(picture, colour)
    rows, cols = pixels.shape[:2]
    set_size(facts, rows, cols, len(data))
    return pixels, facts


def header_facts(picture: Image.Image, data: bytes) -> NDArray[np.float32]:
    """
    Read the facts that the header of a file states, but for its size.

    Parameters
    ----------
    picture : Image
        As `crops.open_picture` opens it.
    data : bytes
        Of the file.

    Returns
    -------
    array of float32 (n_facts,)
    """
    # One assignment for each value would take as long as the decoding of a small picture.
    info, mode = picture.info, picture.mode
    # A JPEG file with several pictures (MPO) begins with a usual one.
    format_ = code_of("format", "JPEG" if picture.format == "MPO" else picture.format or "other")
    quality = sampling = MISSING
    if isinstance(picture, JpegImagePlugin.JpegImageFile):
        tables = picture.quantization
        quality = jpeg_quality(tables[min(tables)]) if tables else MISSING
        if mode != "L":
            sampling = JpegImagePlugin.get_sampling(picture)
            sampling = sampling if sampling >= 0 else code_of("sampling", "other")
    progressive = "progressive" in info or bool(info.get("interlace"))
    metadata = 0
    for key in info:
        metadata |= _METADATA_BITS.get(str(key), 0)
    stated = (format_, quality, sampling, progressive, code_of("mode", mode), _depth(picture, data))
    stated += (bool(info.get("icc_profile")), bool(info.get("exif")), metadata)
    return np.array(stated + _UNSTATED, dtype=np.float32)


def set_size(facts: NDArray[np.float32], rows: int, cols: int, n_bytes: int = 0) -> None:
    """Enter the size in pixels, and the bytes per pixel if the size of the file is known, into a row of facts."""
    facts[COLUMNS["side"]] = min(rows, cols)
    facts[COLUMNS["aspect"]] = cols / rows
    if n_bytes:
        facts[COLUMNS["bytes_per_pixel"]] = n_bytes / (rows * cols)


def code_of(name: str, value: str) -> float:
    """Return the code of a value of a categorical fact; that of ``other`` for one that is not known."""
    codes = _CODES[name]
    return codes.get(value, codes["other"])


def _depth(picture: Image.Image, data: bytes) -> float:
    """Bits per channel; of PNG as its header has them, because Pillow reduces 16 bits to 8."""
    if picture.format == "PNG" and len(data) > 24:
        return data[24]
    return 1 if picture.mode == "1" else 16 if picture.mode.startswith("I") else 32 if picture.mode == "F" else 8


# --- JPEG ------------------------------------------------------------------------------------------------------------


def jpeg_quality(table: Sequence[int]) -> int:
    """
    Estimate the quality, 1 to 100, whose luminance table of libjpeg is nearest to one.

    Parameters
    ----------
    table : sequence of int (64,)
        Quantisation steps.

    Returns
    -------
    int
        0 for what is no table.
    """
    return _quality(tuple(table))


@lru_cache(maxsize=4096)
def _quality(table: tuple[int, ...]) -> int:
    steps = np.asarray(table, dtype=np.float64)
    if steps.size != BLOCK * BLOCK:
        return 0
    return int(np.abs(np.log(_libjpeg_tables()) - np.log(np.maximum(steps, 1))).sum(axis=1).argmin()) + 1


@lru_cache
def _libjpeg_tables() -> NDArray[np.float64]:
    """Return libjpeg's luminance tables (100, 64) of the qualities 1 to 100, read from pictures written with each."""
    tables = []
    for quality in range(1, 101):
        file = io.BytesIO()
        Image.new("L", (BLOCK, BLOCK)).save(file, "JPEG", quality=quality)
        with Image.open(file) as picture:
            assert isinstance(picture, JpegImagePlugin.JpegImageFile)
            tables.append(picture.quantization[0])
    return np.array(tables, dtype=np.float64)


# --- traces in pixels --------------------------------------------------------------------------------------------------


def add_traces(facts: NDArray[np.float32], pictures: Sequence[NDArray[np.uint8]]) -> None:
    """
    Measure the facts that lie in pixels, and enter them into a table.

    Pictures of equal size are measured together, which is several times as fast as one by one.

    Parameters
    ----------
    facts : array of float32 (n, n_facts)
        Changed in place.
    pictures : sequence of n arrays of uint8 (rows, cols)
        Grey, of any sizes; the middle of each, see `middle`, is enough.
    """
    by_shape: dict[tuple[int, ...], list[int]] = {}
    for i, picture in enumerate(pictures):
        by_shape.setdefault(picture.shape, []).append(i)
    for shape, members in by_shape.items():
        together = max(1, TOGETHER // (LINES * min(WINDOW, max(shape))))
        for start in range(0, len(members), together):
            positions = members[start : start + together]
            facts[positions, _IN_PIXELS] = trace_facts(np.stack([middle(pictures[i]) for i in positions]))


def middle(grey: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return the middle of a picture, of `WINDOW` pixels at most, cut so that a grid of 8 pixels keeps its phase."""
    y, x = ((side - min(side, WINDOW)) // 2 // BLOCK * BLOCK for side in grey.shape)
    return grey[y : y + WINDOW, x : x + WINDOW]


def trace_facts(windows: NDArray[np.uint8]) -> NDArray[np.float32]:
    """
    Measure traces of blocks and of resampling, sharpness, contrast and brightness.

    Parameters
    ----------
    windows : array of uint8 (n, rows, cols)
        Grey.

    Returns
    -------
    array of float32 (n, 7)
        In the order of `FACTS`: ``resampling``, ``grid``, ``grid_phase``, ``detail``, ``sharpness``, ``contrast``, ``mean``.
        The first five are `MISSING` below 32 pixels.

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
    rows, cols = windows.shape[1:]
    both = windows, windows.transpose(0, 2, 1)
    axes = _along(both) if rows == cols else [steps for turned in both for steps in _along([turned])]
    contrast, mean = axes[0].contrast, axes[0].mean
    if min(rows, cols) < LEAST_SIDE:
        return np.stack([*[np.full_like(mean, MISSING)] * 5, contrast, mean], axis=1)
    strengths, places = zip(*(_grid(steps.mixed) for steps in axes), strict=True)
    grid = (strengths[0] + strengths[1]) / 2
    phase = np.where(grid >= CLEAR_GRID, BLOCK * places[1] + places[0], MISSING)
    detail = sum(_ratio(steps.fourth, steps.second) for steps in axes) / 2
    sharpness = sum(_ratio(steps.second, steps.first) for steps in axes) / 2
    return np.stack([_resampling(axes), grid, phase, detail, sharpness, contrast, mean], axis=1).astype(np.float32)


@dataclass(frozen=True)
class _Steps:
    """
    Mean absolute differences of some orders along a line, over some lines: arrays of float32 (n, n_places).

    Contrast and mean, (n,), are those of the lines.
    """

    first: NDArray[np.float32]
    second: NDArray[np.float32]
    fourth: NDArray[np.float32]
    sixth: NDArray[np.float32]
    mixed: NDArray[np.float32]  # of neighbouring lines' differences
    contrast: NDArray[np.float32]
    mean: NDArray[np.float32]


def _along(stacks: Sequence[NDArray[np.uint8]]) -> list[_Steps]:
    """Measure the steps along lines of windows (n, rows, cols), for each of some stacks of one shape."""
    # An odd distance, so that the lines lie in all places of a block.
    distance = max(1, (stacks[0].shape[1] - 1) // LINES) | 1
    # 16 bits hold the sixth difference of grey levels, 32 times as large at most, and are twice as fast as 32.
    lines = np.stack([windows[:, :-1:distance] for windows in stacks]).astype(np.int16)
    across = np.stack([windows[:, 1::distance] for windows in stacks]) - lines
    weights = np.full((1, lines.shape[2]), 1 / lines.shape[2], dtype=np.float32)

    def mean(differences: NDArray[np.int16]) -> NDArray[np.float32]:
        return (weights @ np.abs(differences).astype(np.float32))[:, :, 0]

    orders = {}
    differences = lines
    for order in range(1, 7):
        differences = differences[..., 1:] - differences[..., :-1]
        if order in (1, 2, 4, 6):
            orders[order] = mean(differences)
    mixed = mean(across[..., 1:] - across[..., :-1])
    flat = lines.reshape(*lines.shape[:2], -1).astype(np.float32)
    brightness = flat.mean(axis=2)
    square = np.einsum("aij,aij->ai", flat, flat) / flat.shape[2]
    contrast = np.sqrt(np.maximum(square - brightness**2, 0))
    measured = (orders[1], orders[2], orders[4], orders[6], mixed, contrast, brightness)
    return [_Steps(*parts) for parts in zip(*measured, strict=True)]


def _grid(steps: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """Return the strength of a grid of 8 pixels (n,) and the place of its borders (n,), 0 to 7."""
    phases = steps[:, : steps.shape[1] // BLOCK * BLOCK].reshape(len(steps), -1, BLOCK).mean(axis=1)
    typical = np.median(phases, axis=1)
    strength = np.where(typical > 0, phases.max(axis=1) / np.maximum(typical, 1e-6) - 1, 0)
    return strength.astype(np.float32), (phases.argmax(axis=1) + 1) % BLOCK


def _resampling(axes: Sequence[_Steps]) -> NDArray[np.float32]:
    powers = []
    for steps in axes:
        sequence = np.log(steps.sixth + LEVEL) - np.log(steps.second[:, 2:-2] + LEVEL)
        sequence -= sequence.mean(axis=1, keepdims=True)
        spectrum = np.fft.rfft(sequence)
        power = spectrum.real**2 + spectrum.imag**2  # without the root that `abs` takes
        cycles = np.arange(power.shape[1])
        harmonics = np.arange(1, BLOCK // 2 + 1) * sequence.shape[1] / BLOCK
        grid = (np.abs(cycles[:, None] - harmonics) <= 1.5).any(axis=1)
        powers.append(power[:, (cycles > 0) & ~grid])
    # A picture is resampled in both directions alike: in a square one the peaks coincide.
    together = [powers[0] + powers[1]] if powers[0].shape == powers[1].shape else powers
    shares = [power.max(axis=1) / np.maximum(power.sum(axis=1), 1e-6) for power in together]
    return np.mean(shares, axis=0).astype(np.float32)


def _ratio(finer: NDArray[np.float32], coarser: NDArray[np.float32]) -> NDArray[np.float32]:
    return (finer.mean(axis=1) + LEVEL) / (coarser.mean(axis=1) + LEVEL)


def facts_of_crops(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """
    Measure crops that come from no file: their size and the traces in their pixels.

    Parameters
    ----------
    crops : array of uint8 (n_crops, side, side)

    Returns
    -------
    array of float32 (n_crops, n_facts)
    """
    facts = no_facts(len(crops))
    for row in facts:
        set_size(row, *crops.shape[1:3])
    add_traces(facts, list(crops))
    return facts


# --- words -------------------------------------------------------------------------------------------------------------


def value_text(facts: NDArray[np.float32], name: str, names: Sequence[str] = ()) -> str:
    """
    Return a fact of one picture as text; empty if it has none.

    Parameters
    ----------
    facts : array of float32 (n_facts,)
    name : str
        Of the fact.
    names : sequence of str
        Values of a categorical fact, if they are not those of `FACTS`.
    """
    fact, value = FACTS[COLUMNS[name]], float(facts[COLUMNS[name]])
    if value == MISSING:
        return ""
    if name == "metadata":
        return " + ".join(word for i, (word, _) in enumerate(METADATA) if int(value) >> i & 1) or "none"
    if name == "side":
        aspect = float(facts[COLUMNS["aspect"]])
        cols, rows = (value * aspect, value) if aspect >= 1 else (value, value / aspect)
        return f"{round(cols)}x{round(rows)}"
    if name == "grid_phase":
        return f"({int(value) % BLOCK}, {int(value) // BLOCK})"
    if name == "format":
        quality = value_text(facts, "quality")
        return f"{(names or fact.names)[int(value)]} {quality}".strip()
    if fact.categorical:
        return (names or fact.names)[int(value)]
    return f"{value:.3g}"
