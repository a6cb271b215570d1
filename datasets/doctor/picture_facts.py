"""Facts of a picture file or clip besides its picture: format, quality, size, and errors of decoding."""

import contextlib
import hashlib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...benchmark.errors import DataError
from ...benchmark.pictures.apart import DecoderEndedError, at_work, result_apart
from ...benchmark.pictures.crops import open_picture
from ...benchmark.pictures.file_facts import (
    COLUMNS,
    add_traces,
    code_of,
    decode_with_facts,
    header_facts,
    no_facts,
    set_size,
    value_text,
)
from ...benchmark.pictures.lookalikes import perceptual_hash
from ...benchmark.pictures.video import open_clip
from ...benchmark.store.files import require_file

FLAT = 2.0  # grey levels; a perceptual hash of a picture below this standard deviation is meaningless
THUMBNAIL = 16  # pixels
BREAKS_OFF = 0.9  # share of the length in a clip's header; sound may last longer than pictures
MICROSECONDS = 1_000_000
PLANES = re.compile(r"yuva?j?(\d)(\d)(\d)p")  # as FFmpeg calls them


@dataclass(slots=True)
class Facts:
    """
    Facts of one picture, clip or folder of frames; some hundred bytes, so that those of a large data set fit into memory.

    Attributes
    ----------
    error : str
        Reason why it cannot be used; empty if it can.
    warning : str
        Reason why only a part can be used.
    sha256 : bytes
        SHA-256 of the file; empty if it was not hashed.
    look : int or None
        Perceptual hash; None for what shows nothing, or does not decode.
    thumbnail : bytes
        The picture in grey on 16 x 16 pixels, to tell a copy from what merely looks alike; empty where `look` is None.
    format : str
        ``JPEG``, or container and codec of a clip.
    mode : str
        ``RGB``, ``L`` (grey), ``RGBA``, as Pillow calls them; of a clip ``RGB`` or ``L``.
    rows, cols : int
        In pixels.
    quality : int
        Quality of a JPEG file by its quantisation table, on libjpeg's scale; 0 for other files.
    sampling : str
        Chroma sampling of a JPEG file or clip: ``4:2:0``; empty where there is none.
    frames : int
        Frames of a clip or folder; 0 for a still.
    rate : float
        Frames a second of a clip; NaN otherwise.
    measured : bytes
        All facts that a run measures, see `row`; empty if there are none.
    """

    error: str = ""
    warning: str = ""
    sha256: bytes = b""
    look: int | None = None
    thumbnail: bytes = b""
    format: str = ""
    mode: str = ""
    rows: int = 0
    cols: int = 0
    quality: int = 0
    sampling: str = ""
    frames: int = 0
    rate: float = math.nan
    measured: bytes = b""

    @property
    def row(self) -> NDArray[np.float32]:
        """Row of a table of facts, `file_facts.FACTS`, as a run measures them; formats of clips have the code of ``other``."""
        row = np.frombuffer(self.measured, dtype=np.float32).copy() if self.measured else no_facts()[0]
        for name, value in (("format", self.format), ("mode", self.mode), ("sampling", self.sampling)):
            if value:
                row[COLUMNS[name]] = code_of(name, value)
        if self.quality:
            row[COLUMNS["quality"]] = self.quality
        if self.rows:
            set_size(row, self.rows, self.cols)
        if self.rate == self.rate:
            row[COLUMNS["frame_rate"]] = self.rate
        return row

    @property
    def size(self) -> str:
        """``178x218``: width and height."""
        return f"{self.cols}x{self.rows}"

    @property
    def side(self) -> int:
        """The shorter side in pixels."""
        return min(self.rows, self.cols)


def picture_facts(data: bytes, original: bytes | None = None) -> Facts:
    """
    Measure a picture file.

    Parameters
    ----------
    data : bytes
        Bytes that a run would read.
    original : bytes, optional
        The file that `data` was cut from, if it is another one; format and quality are then those of that one.
    """
    facts = Facts(sha256=hashlib.sha256(data).digest())
    with contextlib.suppress(DataError):
        _add_header(facts, data if original is None else original)
    try:
        decoded = decode_with_facts(data)
        if original is None:
            facts.measured = decoded.facts.tobytes()
        _add_picture(facts, decoded.pixels)
    except DataError as error:
        facts.error = str(error)
    return facts


def _add_header(facts: Facts, data: bytes) -> None:
    with open_picture(data, load=False) as picture:
        row = header_facts(picture, data)
        facts.cols, facts.rows = picture.size
        facts.mode = picture.mode
    facts.format = value_text(row, "format").partition(" ")[0]
    facts.quality = max(0, int(row[COLUMNS["quality"]]))
    facts.sampling = value_text(row, "sampling")
    set_size(row, facts.rows, facts.cols, len(data))
    facts.measured = row.tobytes()


def _add_picture(facts: Facts, grey: NDArray[np.uint8]) -> None:
    facts.rows, facts.cols = grey.shape
    row = facts.row
    add_traces(row[None], [grey])
    facts.measured = row.tobytes()
    if grey.std() >= FLAT:
        facts.look = int(perceptual_hash(grey))
        facts.thumbnail = Image.fromarray(grey).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BOX).tobytes()


def likeness(first: Facts, second: Facts) -> float:
    """Return the correlation of two thumbnails, -1 to 1; neither is empty."""
    a, b = (np.frombuffer(facts.thumbnail, dtype=np.uint8).astype(np.float64) for facts in (first, second))
    a, b = a - a.mean(), b - b.mean()
    return float(a @ b / max(np.linalg.norm(a) * np.linalg.norm(b), 1e-9))


# --- clips -----------------------------------------------------------------------------------------------------------


def clip_facts(path: Path) -> Facts:
    """
    Measure a clip: its format, its first frame, and its length against the one in its header.

    Parameters
    ----------
    path : Path

    Raises
    ------
    OSError
        If it cannot be read.
    DataError
        If it is no file.
    """
    require_file(path)
    if not path.stat().st_size:
        return Facts(error="the file is empty (0 bytes).")
    try:
        return result_apart(lambda: _facts_of_clip(path))
    except DecoderEndedError as error:
        return Facts(error=f"cannot be decoded as a video ({error}).")


def _facts_of_clip(path: Path) -> Facts:
    facts = Facts()
    try:
        _add_clip(facts, path, path.stat().st_size)
    except DataError as error:
        facts.error = str(error)
    except Exception as error:  # a damaged file makes the library fail in any way
        reason = getattr(error, "strerror", None) or str(error) or "no frame"
        facts.error = f"cannot be decoded as a video ({reason})."
    return facts


def _add_clip(facts: Facts, path: Path, n_bytes: int) -> None:
    clip, stream = open_clip(path)
    with clip:
        first = next(clip.decode(stream))
        picture = np.asarray(first.to_ndarray(format="gray"), dtype=np.uint8)
        facts.format = f"{clip.format.name.partition(',')[0]}/{stream.codec_context.name}"
        facts.mode = "L" if first.format.name.startswith("gray") else "RGB"
        if planes := PLANES.match(first.format.name):
            facts.sampling = ":".join(planes.groups())
        facts.rate = round(float(stream.average_rate), 2) if stream.average_rate else math.nan
        _add_picture(facts, picture)
        promised = _promised_seconds(clip, stream)
        facts.frames = stream.frames or round(promised * (stream.average_rate or 0))
        if facts.frames:
            row = facts.row
            row[COLUMNS["bytes_per_pixel"]] = n_bytes / (facts.frames * picture.size)
            facts.measured = row.tobytes()
        last = _last_second(clip, stream)
        if last < BREAKS_OFF * promised:
            facts.warning = f"breaks off after {last:.1f} of {promised:.1f} seconds."


def _promised_seconds(clip: Any, stream: Any) -> float:
    """Return the length of a clip by its header, in seconds; 0 where the header has none."""
    listed = float(stream.frames / stream.average_rate) if stream.average_rate else 0.0
    if stream.duration:
        return max(listed, float(stream.duration * stream.time_base))
    return max(listed, (clip.duration or 0) / MICROSECONDS)


def _last_second(clip: Any, stream: Any) -> float:
    """Return the end of the last packet after the last key frame, in seconds; infinity if unknown. Decodes nothing."""
    from av.error import FFmpegError

    start = stream.start_time or 0
    try:
        if stream.duration:
            clip.seek(start + stream.duration, stream=stream)
        else:
            clip.seek((clip.start_time or 0) + (clip.duration or 0))
        ends = []
        for packet in clip.demux(stream):
            at_work()
            if packet.pts is not None:
                ends.append(packet.pts + (packet.duration or 0))
    except FFmpegError:
        return math.inf
    return float((max(ends) - start) * stream.time_base) if ends else math.inf


def frames_facts(names: Sequence[str], read: Callable[[str], bytes]) -> Facts:
    """
    Measure a folder of frames by its first, middle and last one.

    Parameters
    ----------
    names : sequence of str
        Frames in their order.
    read : callable
        Name to bytes.
    """
    if not names:
        return Facts(error="the folder holds no pictures.")
    chosen = [names[i] for i in sorted({0, len(names) // 2, len(names) - 1})]
    looked = []
    for name in chosen:
        try:
            looked.append(picture_facts(read(name)))
        except (OSError, DataError) as error:
            looked.append(Facts(error=f"cannot be read ({getattr(error, 'strerror', None) or error})."))
    facts = looked[0]
    facts.sha256 = hashlib.sha256(b"".join([frame.sha256 for frame in looked] + [str(len(names)).encode()])).digest()
    facts.frames = len(names)
    bad = [f"{name.rpartition('/')[2]}: {frame.error}" for name, frame in zip(chosen, looked, strict=True) if frame.error]
    facts.error = " ".join(bad)
    return facts
