"""Frames of a video clip, decoded by PyAV or OpenCV: one at a time, with their numbers in the clip."""

import importlib.util
from array import array
from bisect import bisect_left, insort
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, unknown_name
from ..invocation import try_import
from ..store.files import require_file
from .apart import DecoderEndedError, Part, at_work, parts_apart

if TYPE_CHECKING:
    from av.container import InputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream
    from cv2 import VideoCapture

SUFFIXES = (".mp4", ".avi", ".mov", ".mkv", ".webm", ".m4v", ".mpg", ".mpeg")
DECODERS = ("pyav", "opencv")
SLACK_FRAMES = 2.5  # a clip that ends earlier than its header says, by more than this, was cut off
MAX_LAG = 16  # frames; no codec reorders more
SAME_PICTURE = 4.0  # grey levels; two decoders differ on average by less in brightness
FILLS = (0xA5, 0x5A)  # bytes; no memory equals both
FILLED_BLOCKS, ALIGNMENT = 8, 64  # blocks that are filled, and bytes by which a buffer may be larger than its picture
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # of RGB


Choice = Callable[[int], NDArray[np.int64]]  # from the number of frames in a clip to the numbers of those to decode


@dataclass(frozen=True)
class Frame:
    """
    A decoded frame.

    Attributes
    ----------
    number : int
        From 0, in display order.
    seconds : float
        From the beginning of the clip; 0 where there is no clock.
    picture : array of uint8 (rows, cols, 3)
        RGB, upright.
    """

    number: int
    seconds: float
    picture: NDArray[np.uint8]


@dataclass
class FrameReport:
    """
    Counts and problems of the frames of a clip or a folder; complete once they have all been yielded.

    Attributes
    ----------
    total : int
        Frames that exist, whether they decode or not.
    looked_at : int
        Frames that were yielded.
    notes : list of str
        Problems, a clause each; empty if every frame that was asked for was decoded.
    """

    total: int = 0
    looked_at: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Notes in one line; empty if there are none."""
        return "; ".join(self.notes)


class Frames(Iterator[Frame]):
    """
    An iterator over frames that keeps a report.

    Parameters
    ----------
    make : callable
        Generator function; it fills in the report that it is given.

    Attributes
    ----------
    report : FrameReport
        Complete once the last frame was yielded.
    """

    def __init__(self, make: Callable[[FrameReport], Iterator[Frame]]) -> None:
        self.report = FrameReport()
        self._frames = make(self.report)

    def __next__(self) -> Frame:
        frame = next(self._frames)
        self.report.looked_at += 1
        return frame


def iter_frames(path: Path, n_frames: int = 0, every: int = 0, decoder: str = "pyav") -> Frames:
    """
    Yield frames of a clip in display order; at most a few are held in memory.

    A frame keeps its number when an earlier one does not decode. Frames that depend on a lost frame, up to the next key frame,
    count as not decodable: decoders conceal the loss, which leaves traces. Clips that are stored rotated are turned upright.

    All frames up to the last chosen one are decoded. Seeking to key frames is slower where they lie further apart than the
    chosen frames, which is usual for clips of some seconds.

    Parameters
    ----------
    path : Path
    n_frames : int
        Number of frames, spread evenly from the first to the last; all of them if the clip has fewer.
    every : int
        Frames 0, `every`, 2 `every` and so on. Either `n_frames` or `every` is 0.
    decoder : {"pyav", "opencv"}
        OpenCV needs no extra. It decodes twice, in order to count, and ends a clip at the first frame that it cannot decode. It
        reports neither concealed losses nor frames that it could not convert to RGB (interlaced ones, for example). Where PyAV
        is installed, only frames on which both decoders agree are yielded. Without PyAV, a frame that is byte for byte equal
        to the previous one is left out, because a frame that was not converted looks like that.

    Returns
    -------
    Frames
        An iterator; its `report` notes truncated clips and frames that do not decode.

    Raises
    ------
    DataError
        If PyAV is missing, the file is no video, or no frame can be decoded; raised when the first frame is asked for.
    """
    return Frames(clip_reader(path, n_frames, every, decoder))


def clip_reader(
    path: Path, n_frames: int = 0, every: int = 0, decoder: str = "pyav"
) -> Callable[[FrameReport], Iterator[Frame]]:
    """
    Return the generator function behind `iter_frames`, from which callers make `Frames` of their own.

    Parameters
    ----------
    path, n_frames, every, decoder
        As in `iter_frames`.

    Returns
    -------
    callable
        From the report to fill in to an iterator of frames.

    Raises
    ------
    DataError
        If the choice of frames makes no sense or the decoder is unknown.
    """
    if (n_frames > 0) == (every > 0) or min(n_frames, every) < 0:
        raise DataError(f"frames are chosen by their count or by a step, one of the two, got {n_frames} and {every}.")
    if decoder not in DECODERS:
        raise DataError(unknown_name("decoder", decoder, DECODERS))
    read = _read_pyav if decoder == "pyav" else _read_opencv

    def frames(report: FrameReport) -> Iterator[Frame]:
        try:
            require_file(path)
        except OSError as error:
            raise DataError(f"cannot be decoded as a video ({_reason(error)}).") from error
        yield from _read_apart(lambda own: read(path, lambda total: choose_numbers(total, n_frames, every), own), report)

    return frames


def _read_apart(make: Callable[[FrameReport], Iterator[Frame]], report: FrameReport) -> Iterator[Frame]:
    """Yield the frames that a reader yields in a process of its own; a decoder that ends it ends the clip."""

    def parts() -> Iterator[Part]:
        frames = Frames(make)
        for frame in frames:
            yield (frame.number, frame.seconds), frame.picture
        yield frames.report, None

    try:
        for head, picture in parts_apart(parts):
            if picture is not None:
                number, seconds = head
                yield Frame(number, seconds, picture)
            else:
                report.total, report.notes = head.total, head.notes
    except DecoderEndedError as error:
        if not report.looked_at:
            raise DataError(f"cannot be decoded as a video ({error}).") from error
        report.notes.append(f"breaks off ({error})")


def choose_numbers(total: int, n_frames: int, every: int) -> NDArray[np.int64]:
    """
    Choose the numbers of the frames to decode.

    Parameters
    ----------
    total : int
        Frames of the clip.
    n_frames, every : int
        As in `iter_frames`.

    Returns
    -------
    array of int64 (n_chosen,), ascending

    >>> choose_numbers(40, 5, 0).tolist(), choose_numbers(7, 0, 3).tolist()
    ([0, 10, 20, 29, 39], [0, 3, 6])
    """
    if every:
        return np.arange(0, total, every)
    return np.linspace(0, max(total - 1, 0), min(n_frames, total)).round().astype(np.int64)


# --- PyAV ------------------------------------------------------------------------------------------------------------


def _read_pyav(path: Path, choose: Choice, report: FrameReport) -> Iterator[Frame]:
    with try_import("video", "decoding with PyAV"):
        import av  # noqa: F401
    try:
        index = _list_packets(path, report)
        report.total = index.total
        yield from _decode_chosen(path, index, choose(report.total), report)
    except DataError:
        raise
    except Exception as error:  # a damaged file raises errors of any type, even while titles or sizes are read
        if not report.looked_at:  # the frames before a break are good
            raise DataError(f"cannot be decoded as a video ({_reason(error)}).") from error
        report.notes.append(f"breaks off ({_reason(error)})")
    if not report.looked_at:
        raise DataError("no frame of the clip can be decoded.")


def _reason(error: Exception) -> str:
    """Return the message of a library's error in one line, or its type if it has none."""
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split()).rstrip(".") or type(error).__name__


def open_clip(path: Path) -> "tuple[InputContainer, VideoStream]":
    """
    Open a clip and its best video stream.

    Raises
    ------
    DataError
        If it has no video, or of an unknown codec, which ends a process that decodes it.
    """
    import av

    # An absolute path is never taken for an address. Titles that are not UTF-8 do not matter here.
    clip = av.open(str(path.absolute()), metadata_errors="replace")
    stream = clip.streams.best("video")
    if stream is None:
        clip.close()
        raise DataError("the file has no video in it.")
    video = cast("VideoStream", stream)
    if video.codec_context is None:
        clip.close()
        raise DataError("cannot be decoded as a video (its codec is unknown).")
    video.codec_context.thread_count = 1  # with several threads, a failure cannot be assigned to its packet
    return clip, video


@dataclass(frozen=True)
class _PacketIndex:
    """
    The video packets of a clip, one per frame, in decoding order.

    Attributes
    ----------
    times : array of int64 (n_packets,)
        Presentation times, in units of the stream.
    keys : array of int64 (n_keys,)
        Positions of the key frames.
    has_order : bool
        True if the times give the display order. AVI stores no presentation times where a codec reorders frames.
    total : int
        Frames whose number is certain. In a truncated clip, frames are missing that would be displayed before the last ones.
    """

    times: NDArray[np.int64]
    keys: NDArray[np.int64]
    has_order: bool
    total: int


def _list_packets(path: Path, report: FrameReport) -> _PacketIndex:
    """Read all packets of a clip without decoding them; note in the report if the clip is truncated."""
    times, keys, timed, end, decoding_time = array("q"), array("q"), True, 0.0, None
    clip, stream = open_clip(path)
    with clip:
        for packet in _packets(clip, report):
            end = max(end, float(((packet.pts or 0) + (packet.duration or 0)) * packet.time_base))
            if packet.stream_index == stream.index and _is_displayed(packet, stream):
                timed &= packet.pts is not None
                if packet.is_keyframe:
                    keys.append(len(times))
                times.append(packet.pts or 0)
                decoding_time = packet.dts
        report.notes += _shortfall(clip, stream, len(times), end)
        invented = clip.format.name == "avi" and stream.codec_context.has_b_frames
    shown = np.array(times, dtype=np.int64)
    is_sequential = bool((np.diff(shown) > 0).all())
    has_order = timed and len(np.unique(shown)) == len(shown) and not (invented and is_sequential)
    # Frames that are missing after a cut would be decoded, and so displayed, after the last existing frame was decoded.
    certain_until = decoding_time if has_order and report.notes and decoding_time is not None else shown.max(initial=0)
    total = int((shown <= certain_until).sum())
    return _PacketIndex(shown, np.array(keys, dtype=np.int64), has_order, total)


def _packets(clip: "InputContainer", report: FrameReport, stream: "VideoStream | None" = None) -> "Iterator[Packet]":
    """Yield the packets of one stream or of all; if the file breaks off, note it and end."""
    from av.error import FFmpegError

    try:
        for packet in clip.demux(stream) if stream else clip.demux():
            at_work()
            if packet.size:
                yield packet
    except FFmpegError as error:
        report.notes.append(f"breaks off ({error.strerror})")


def _is_displayed(packet: "Packet", stream: "VideoStream") -> bool:
    """
    Return True if a packet becomes a displayed frame.

    Edit lists drop some packets, and VP8 has frames that are only referred to (RFC 6386, section 9.1).
    """
    if stream.codec_context.name == "vp8" and not bytes(packet)[0] >> 4 & 1:
        return False
    return not packet.is_discard


def _shortfall(clip: "InputContainer", stream: "VideoStream", n_frames: int, end: float) -> list[str]:
    """Return a note if the header of a clip announces more frames or seconds than the clip has."""
    if stream.frames > n_frames:
        return [f"is cut off: {n_frames} frames are there, its header says {stream.frames}"]
    announced = (clip.duration or 0) / 1e6
    if not stream.frames and announced - end > SLACK_FRAMES / float(stream.average_rate or 25):
        return [f"is cut off: it ends after {end:.1f} s, its header says {announced:.1f} s"]
    return []


@dataclass(frozen=True)
class _NumberedFrame:
    """A decoded frame with its number, its time, and the positions (first, last) of the packets that it depends on."""

    number: int
    seconds: float
    needs: tuple[int, int]
    frame: "VideoFrame"


class _TimeNumbering:
    """
    Numbering of decoded frames by their presentation times; a lost frame leaves its number unused.

    Attributes
    ----------
    lag : int
        Largest number of frames by which the decoder returns a frame after one that depends on it.
    """

    def __init__(self, index: _PacketIndex, stream: "VideoStream") -> None:
        self.index = index
        self.unit = float(stream.time_base or 0)
        self.order = np.argsort(index.times)
        self.shown = index.times[self.order]
        ranks = np.argsort(self.order)
        self.lag = min(int((np.maximum.accumulate(ranks) - ranks).max(initial=0)), MAX_LAG)
        self.lost: list[int] = []

    def mark_lost(self, position: int) -> None:
        """Record that the packet at a position was lost."""
        insort(self.lost, position)

    def number(self, frame: "VideoFrame") -> _NumberedFrame | None:
        """Number a frame by its time; None if no packet of the index has that time."""
        time = -1 if frame.pts is None else frame.pts
        number = int(np.searchsorted(self.shown, time))
        if number == len(self.shown) or self.shown[number] != time:
            return None
        position = int(self.order[number])
        if frame.is_corrupt:
            self.mark_lost(position)
        seconds = float(time - self.shown[0]) * self.unit
        return _NumberedFrame(number, seconds, (self._first_needed(position, time), position), frame)

    def _first_needed(self, position: int, time: int) -> int:
        """Return the position of the key frame that a frame depends on; one displayed before it needs the previous one, too."""
        keys, times = self.index.keys, self.index.times
        last = int(np.searchsorted(keys, position, "right")) - 1
        if last > 0 and times[keys[last]] > time:
            last -= 1
        return int(keys[last]) if last >= 0 else 0

    def is_intact(self, frame: _NumberedFrame) -> bool:
        """Return True if no packet that a frame depends on is known to be lost."""
        first, last = frame.needs
        k = bisect_left(self.lost, first)
        return k == len(self.lost) or self.lost[k] > last


class _CountNumbering:
    """Numbering of decoded frames by counting, for clips without presentation times; a lost frame is not counted."""

    lag = 0

    def __init__(self, stream: "VideoStream") -> None:
        self.rate = float(stream.average_rate or 25)
        self.n = -1
        self.has_loss = False

    def mark_lost(self, position: int) -> None:
        """Record that a packet was lost."""
        self.has_loss = True

    def number(self, frame: "VideoFrame") -> _NumberedFrame:
        """Count a frame."""
        self.n += 1
        self.has_loss = bool(frame.is_corrupt or (self.has_loss and not frame.key_frame))
        return _NumberedFrame(self.n, self.n / self.rate, (0, 0), frame)

    def is_intact(self, frame: _NumberedFrame) -> bool:
        """Return True if nothing was lost since the last key frame."""
        return not self.has_loss


def _decode_chosen(path: Path, index: _PacketIndex, chosen: NDArray[np.int64], report: FrameReport) -> Iterator[Frame]:
    """Yield the chosen frames that are intact; note how many are not."""
    pending = set(chosen.tolist())
    clip, stream = open_clip(path)
    numbering = _TimeNumbering(index, stream) if index.has_order else _CountNumbering(stream)
    with clip:
        for frame in _delayed((numbering.number(frame) for frame in _decoded(clip, stream, numbering)), numbering.lag):
            if frame and frame.number in pending and numbering.is_intact(frame):
                pending.remove(frame.number)
                yield Frame(frame.number, frame.seconds, _upright(frame.frame))
            if not pending:
                return
    report.notes.append(f"{len(pending)} of {len(chosen)} frames do not decode")


def _delayed(frames: "Iterator[_NumberedFrame | None]", lag: int) -> "Iterator[_NumberedFrame | None]":
    """Delay frames by `lag`: a loss in a frame that they depend on is known only once that one was decoded, too."""
    queue: deque[_NumberedFrame | None] = deque()
    for frame in frames:
        queue.append(frame)
        if len(queue) > lag:
            yield queue.popleft()
    yield from queue


def _decoded(
    clip: "InputContainer", stream: "VideoStream", numbering: _TimeNumbering | _CountNumbering
) -> "Iterator[VideoFrame]":
    """Yield all frames that the decoder returns; packets that it refuses are marked as lost."""
    from av.error import FFmpegError

    position = -1
    for packet in _packets(clip, FrameReport(), stream):
        position += _is_displayed(packet, stream)
        if packet.is_corrupt:
            numbering.mark_lost(position)
        try:
            yield from stream.decode(packet)
        except FFmpegError:
            numbering.mark_lost(position)
    yield from stream.decode(None)


def _upright(frame: "VideoFrame") -> NDArray[np.uint8]:
    """Convert a frame to RGB and rotate it upright."""
    picture = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
    quarters = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(picture, quarters)) if quarters else picture


# --- OpenCV ----------------------------------------------------------------------------------------------------------


def _read_opencv(path: Path, choose: Choice, report: FrameReport) -> Iterator[Frame]:
    import cv2

    try:
        numbers = choose(_count(path))
        check = _PyAVComparison(path, numbers) if importlib.util.find_spec("av") else _RepeatCheck(path)
        n_rejected = 0
        for frame in _retrieved(path, numbers, report):
            if check.accepts(frame):
                yield frame
            else:
                n_rejected += 1
    except cv2.error as error:
        if not report.looked_at:
            raise DataError(f"cannot be decoded as a video ({_reason(error)}).") from error
        report.notes.append(f"breaks off ({_reason(error)})")
        return
    if not report.looked_at:
        raise DataError(check.refusal if n_rejected else "cannot be decoded as a video (by OpenCV).")
    if n_rejected:
        report.notes.append(f"{n_rejected} of {len(numbers)} frames are left out: {check.reason}")


def _retrieved(path: Path, numbers: NDArray[np.int64], report: FrameReport) -> Iterator[Frame]:
    """Yield the frames of some numbers as OpenCV returns them; set the total of the report."""
    import cv2

    clip = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    announced = int(clip.get(cv2.CAP_PROP_FRAME_COUNT))
    chosen = set(numbers.tolist())
    number, seconds = -1, 0.0
    while clip.grab():
        at_work()
        number += 1
        seconds = _clock(clip, number, seconds)
        if number not in chosen:
            continue
        decoded, picture = clip.retrieve()
        if decoded:
            yield Frame(number, seconds, np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8))
    report.total = number + 1
    if announced > report.total:
        report.notes.append(f"is cut off: {report.total} frames are there, its header says {announced}")


class _PyAVComparison:
    """
    A check that accepts frames of OpenCV if PyAV decodes the same picture.

    OpenCV ignores errors of the library that converts frames to RGB: for a frame that was refused (interlaced, mostly) it
    returns the content of uninitialised memory.
    """

    reason = "what OpenCV makes of them is not what PyAV decodes (interlaced or damaged frames); take --decoder pyav"
    refusal = "OpenCV cannot decode its frames as PyAV does (they are interlaced or damaged); take --decoder pyav."

    def __init__(self, path: Path, numbers: NDArray[np.int64]) -> None:
        self._frames = Frames(lambda report: _read_pyav(path, lambda total: numbers[numbers < total], report))
        self._next: Frame | None = None
        self._before: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None = None

    def accepts(self, frame: Frame) -> bool:
        """Return True if both decoders agree on a frame; frames come in the order of their numbers."""
        try:
            while self._next is None or self._next.number < frame.number:
                self._next = next(self._frames)
        except (StopIteration, DataError):
            return False
        if self._next.number != frame.number or not is_same_picture(self._next.picture, frame.picture):
            return False
        before, self._before = self._before, (self._next.picture, frame.picture)
        if before is None:
            return True
        # In a scene that hardly moves, the previous frame looks like this one; if it is a repetition, only OpenCV repeats it.
        return np.array_equal(before[0], self._before[0]) or not np.array_equal(before[1], self._before[1])


def is_same_picture(picture: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """
    Return True if two decoded frames, uint8 (rows, cols, 3), show the same picture.

    Brightness is compared, because decoders interpolate subsampled colour planes differently.
    """
    if picture.shape != other.shape:
        return False
    grey, other_grey = picture @ LUMA, other @ LUMA
    return bool(np.abs(grey - other_grey).mean() <= min(SAME_PICTURE, 1 + float(grey.std()) / 4))


class _RepeatCheck:
    """
    A check that accepts frames of OpenCV if they differ from the previous one.

    OpenCV converts every frame into one buffer. A frame that was not converted is the previous content of the buffer. For the
    first frame, this is uninitialised memory: black, or what an earlier owner has left. So free memory is filled with two
    values in turn, and the frame is decoded again over each.
    """

    reason = "OpenCV repeats the frame before (it does not convert interlaced ones, for example); --decoder pyav tells more"
    refusal = "OpenCV cannot decode its frames into pictures (they are interlaced, for example); --decoder pyav can."

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before: NDArray[np.uint8] | None = None

    def accepts(self, frame: Frame) -> bool:
        """Return True if a frame was converted; frames come in the order of their numbers."""
        before, self._before = self._before, frame.picture
        if before is not None:
            return not np.array_equal(frame.picture, before)
        return bool(frame.picture.any()) and all(np.array_equal(frame.picture, self._decode_over(frame, v)) for v in FILLS)

    def _decode_over(self, frame: Frame, value: int) -> NDArray[np.uint8]:
        """Decode a frame again into a buffer whose memory was filled with a value before; empty if this fails."""
        import cv2

        clip = cv2.VideoCapture(str(self._path.absolute()), cv2.CAP_FFMPEG)
        for _ in range(frame.number + 1):
            at_work()
            if not clip.grab():
                return np.zeros(0, dtype=np.uint8)
        _fill_free_memory(frame.picture.nbytes + ALIGNMENT, value)
        decoded, picture = clip.retrieve()
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8) if decoded else np.zeros(0, dtype=np.uint8)


def _fill_free_memory(n_bytes: int, value: int) -> None:
    """Fill blocks of a size and free them: the next allocation of that size gets one of them."""
    blocks = [np.full(n_bytes, value, dtype=np.uint8) for _ in range(FILLED_BLOCKS)]
    del blocks


def _clock(clip: "VideoCapture", number: int, before: float) -> float:
    """Return the seconds from the beginning; by the frame rate where the clock stands still, as at the end of some clips."""
    import cv2

    seconds = clip.get(cv2.CAP_PROP_POS_MSEC) / 1000
    return seconds if seconds > before else number / (clip.get(cv2.CAP_PROP_FPS) or 25)


def _count(path: Path) -> int:
    """Count the frames by decoding them, because headers are often wrong."""
    import cv2

    clip = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    total = 0
    while clip.grab():
        at_work()
        total += 1
    return total
