"""
Facts of a picture file besides what it shows: format, quality and size, and traces of a codec or of resampling in its pixels.

A table of facts has one row per picture and one column per entry of `FACTS`. Runs, the doctor and the audit measure them here.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

from . import crops as images
from .lookalikes import reduced_image
from .traces import BLOCK, MISSING, NAMES, Traces

VERSION = 3  # raised when a fact is measured in another way
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
_IN_PIXELS = slice(COLUMNS[NAMES[0]], COLUMNS[NAMES[-1]] + 1)
_UNSTATED = (MISSING,) * (len(FACTS) - COLUMNS["side"])
_METADATA_BITS = {str(key): 1 << i for i, (_, keys) in enumerate(METADATA) for key in keys}
_CODES = {fact.name: {name: float(code) for code, name in enumerate(fact.names)} for fact in FACTS if fact.names}


def no_facts(n: int = 1) -> NDArray[np.float32]:
    """Return a table of `n` pictures without any fact."""
    return np.full((n, len(FACTS)), MISSING, dtype=np.float32)


class Decoded(NamedTuple):
    """
    A decoded picture file.

    Attributes
    ----------
    pixels : array of uint8 (rows, cols) or (rows, cols, 3)
    facts : array of float32 (n_facts,)
        Without those that `Traces` measures in pixels.
    reduction : array of uint8 (32, 32), or None
        See `lookalikes.reduced`; None if it was not asked for.
    """

    pixels: NDArray[np.uint8]
    facts: NDArray[np.float32]
    reduction: NDArray[np.uint8] | None = None


def decode_with_facts(data: bytes, colour: bool = False, reduce: bool = False) -> Decoded:
    """
    Decode a picture file as `crops.decode` does, and read the facts of the file on the way.

    Parameters
    ----------
    data : bytes
    colour : bool
    reduce : bool
        Reduce the picture, too, for its perceptual hash: Pillow does so faster while it holds the picture.

    Raises
    ------
    DataError
        See `crops.decode`.
    """
    with images.open_picture(data) as picture:
        facts = header_facts(picture, data)
        image = images.upright_image(picture, colour)
        pixels = np.asarray(image)
        reduction = reduced_image(image) if reduce else None
    rows, cols = pixels.shape[:2]
    set_size(facts, rows, cols, len(data))
    return Decoded(pixels, facts, reduction)


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


def add_traces(facts: NDArray[np.float32], pictures: Iterable[NDArray[np.uint8]]) -> None:
    """
    Measure the facts that lie in pixels, and enter them into a table.

    Parameters
    ----------
    facts : array of float32 (n, n_facts)
        Changed in place.
    pictures : n arrays of uint8 (rows, cols)
        Grey, of any sizes.
    """
    traces = Traces()
    for picture in pictures:
        traces.add(picture)
    set_traces(facts, traces)


def set_traces(facts: NDArray[np.float32], traces: Traces) -> None:
    """Enter traces into the table of facts (n, n_facts) of the same pictures."""
    facts[:, _IN_PIXELS] = traces.table()


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
