"""Frames of a video clip, by PyAV or by OpenCV: one at a time, with the number that they have in the clip."""

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
from ..invocation import install_extra

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
SAME_PICTURE = 4.0  # grey levels of brightness by which two decoders differ on average at most
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # of RGB


Choice = Callable[[int], NDArray[np.int64]]  # numbers of the frames that are wanted, of so many


@dataclass(frozen=True)
class Frame:
    """
    One frame.

    Attributes
    ----------
    number : int
        From 0, in the order in which the clip is shown.
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
    What became of the frames of a clip or a folder; complete once they have all been yielded.

    Attributes
    ----------
    total : int
        Frames that are there, whether they decode or not.
    looked_at : int
        Frames that were yielded.
    notes : list of str
        What was wrong, in words; empty if everything that was asked for came.
    """

    total: int = 0
    looked_at: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The notes in a line; empty if there are none."""
        return "; ".join(self.notes)


class Frames(Iterator[Frame]):
    """
    Frames one at a time, and a report on them.

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
    Yield frames of a clip in the order in which they are shown; however long it is, a few are held at most.

    A frame keeps its number when one before it does not decode. What is built on such a frame, up to the next key frame,
    counts as not decodable: decoders patch it up from what they have, which leaves traces. Clips that are stored lying down
    are turned upright.

    All frames up to the last one wanted are decoded: jumping to key frames is slower as soon as they lie further apart than
    the frames that are wanted, which is the rule for clips of some seconds.

    Parameters
    ----------
    path : Path
    n_frames : int
        That many, spread evenly from the first frame to the last; all of them if the clip has fewer.
    every : int
        Frames 0, `every`, 2 `every` and so on. One of the two is 0.
    decoder : {"pyav", "opencv"}
        OpenCV needs no extra. It decodes twice, in order to count, and ends a clip at the first frame that it cannot decode. It
        tells neither which frames it patched up nor which ones it could not convert to RGB (interlaced ones, for example).
        So its frames are compared with those of PyAV where PyAV is installed, and only those that agree are yielded. Without
        PyAV, a frame that repeats the one before byte by byte is left out: so does one that was not converted.

    Returns
    -------
    Frames
        An iterator; its `report` tells of truncated clips and of frames that do not decode.

    Raises
    ------
    DataError
        If PyAV is missing, the file is no video, or no frame of it can be decoded; when the first frame is asked for.
    """
    return Frames(clip_reader(path, n_frames, every, decoder))


def clip_reader(
    path: Path, n_frames: int = 0, every: int = 0, decoder: str = "pyav"
) -> Callable[[FrameReport], Iterator[Frame]]:
    """
    What `iter_frames` does, as a function that takes the report to fill in; for those who make `Frames` of more than a clip.

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
    return lambda report: read(path, lambda total: choose_numbers(total, n_frames, every), report)


def choose_numbers(total: int, n_frames: int, every: int) -> NDArray[np.int64]:
    """
    Numbers of the frames to look at.

    Parameters
    ----------
    total : int
        Frames that are there.
    n_frames, every : int
        As in `iter_frames`.

    Returns
    -------
    array of int64 (n_chosen,), rising

    >>> choose_numbers(40, 5, 0).tolist(), choose_numbers(7, 0, 3).tolist()
    ([0, 10, 20, 29, 39], [0, 3, 6])
    """
    if every:
        return np.arange(0, total, every)
    return np.linspace(0, max(total - 1, 0), min(n_frames, total)).round().astype(np.int64)


# --- PyAV ------------------------------------------------------------------------------------------------------------


def _read_pyav(path: Path, choose: Choice, report: FrameReport) -> Iterator[Frame]:
    if importlib.util.find_spec("av") is None:
        raise DataError(f"videos need the extra `video`: {install_extra('video')}")
    try:
        index = _list_packets(path, report)
        report.total = index.total
        yield from _decode_chosen(path, index, choose(report.total), report)
    except DataError:
        raise
    except Exception as error:  # a damaged file makes the library fail in any way, also while it reads titles or sizes
        if not report.looked_at:  # of a clip that breaks off, what comes before is good
            raise DataError(f"cannot be decoded as a video ({_reason(error)}).") from error
        report.notes.append(f"breaks off ({_reason(error)})")
    if not report.looked_at:
        raise DataError("no frame of the clip can be decoded.")


def _reason(error: Exception) -> str:
    """What a library says of a failure, in a line."""
    text = getattr(error, "strerror", None) or str(error)
    return " ".join(text.split()).rstrip(".") or type(error).__name__


def _open(path: Path) -> "tuple[InputContainer, VideoStream]":
    import av

    # An absolute path is never taken for an address; a title that is not UTF-8 is none of our business.
    clip = av.open(str(path.absolute()), metadata_errors="replace")
    stream = clip.streams.best("video")
    if stream is None:
        clip.close()
        raise DataError("the file has no video in it.")
    video = cast("VideoStream", stream)
    if video.codec_context is None:
        clip.close()
        raise DataError("cannot be decoded as a video (its codec is unknown).")
    video.codec_context.thread_count = 1  # with several, it is not known which packet a failure is about
    return clip, video


@dataclass(frozen=True)
class _PacketIndex:
    """
    The frames of a clip as they are stored, one packet each, in the order of decoding.

    Attributes
    ----------
    times : array of int64 (n_packets,)
        When each is shown, in units of the stream.
    keys : array of int64 (n_keys,)
        Positions of those that are decoded without another.
    has_order : bool
        Whether the times are those at which frames are shown. AVI has no room for them where a codec reorders frames.
    total : int
        Frames whose number is certain. Behind the last one before a cut, some are missing that would have been shown earlier.
    """

    times: NDArray[np.int64]
    keys: NDArray[np.int64]
    has_order: bool
    total: int


def _list_packets(path: Path, report: FrameReport) -> _PacketIndex:
    """Walk through a clip without decoding it, and note whether it breaks off."""
    times, keys, timed, end, decoding_time = array("q"), array("q"), True, 0.0, None
    clip, stream = _open(path)
    with clip:
        for packet in _packets(clip, report):
            end = max(end, float(((packet.pts or 0) + (packet.duration or 0)) * packet.time_base))
            if packet.stream_index == stream.index and _is_shown(packet, stream):
                timed &= packet.pts is not None
                if packet.is_keyframe:
                    keys.append(len(times))
                times.append(packet.pts or 0)
                decoding_time = packet.dts
        report.notes += _shortfall(clip, stream, len(times), end)
        invented = clip.format.name == "avi" and stream.codec_context.has_b_frames
    found = np.array(times, dtype=np.int64)
    in_sequence = bool((np.diff(found) > 0).all())
    has_order = timed and len(np.unique(found)) == len(found) and not (invented and in_sequence)
    # What is missing behind a cut would have been decoded, and so be shown, after the last frame that is there was decoded.
    known_until = decoding_time if has_order and report.notes and decoding_time is not None else found.max(initial=0)
    total = int((found <= known_until).sum())
    return _PacketIndex(found, np.array(keys, dtype=np.int64), has_order, total)


def _packets(clip: "InputContainer", report: FrameReport, stream: "VideoStream | None" = None) -> "Iterator[Packet]":
    """Packets of one stream or of all, up to the place where the file breaks off."""
    from av.error import FFmpegError

    try:
        for packet in clip.demux(stream) if stream else clip.demux():
            if packet.size:
                yield packet
    except FFmpegError as error:
        report.notes.append(f"breaks off ({error.strerror})")


def _is_shown(packet: "Packet", stream: "VideoStream") -> bool:
    """Whether a packet becomes a frame: edit lists drop some, and VP8 has frames that are only referred to (RFC 6386, 9.1)."""
    if stream.codec_context.name == "vp8" and not bytes(packet)[0] >> 4 & 1:
        return False
    return not packet.is_discard


def _shortfall(clip: "InputContainer", stream: "VideoStream", n_found: int, end: float) -> list[str]:
    """Say whether the header of a clip promises more than there is."""
    if stream.frames > n_found:
        return [f"is cut off: {n_found} frames are there, its header says {stream.frames}"]
    promised = (clip.duration or 0) / 1e6
    if not stream.frames and promised - end > SLACK_FRAMES / float(stream.average_rate or 25):
        return [f"is cut off: it ends after {end:.1f} s, its header says {promised:.1f} s"]
    return []


@dataclass(frozen=True)
class _Placed:
    """A decoded frame with its number, its time, and the packets (first, last) that it is built on."""

    number: int
    seconds: float
    needs: tuple[int, int]
    frame: "VideoFrame"


class _Timed:
    """
    Numbers of decoded frames by the time at which they are shown; a frame that is lost leaves its number free.

    Attributes
    ----------
    lag : int
        How many frames later, at most, a frame comes out of the decoder than one that is built on it.
    """

    def __init__(self, index: _PacketIndex, stream: "VideoStream") -> None:
        self.index = index
        self.unit = float(stream.time_base or 0)
        self.order = np.argsort(index.times)
        self.shown = index.times[self.order]
        ranks = np.argsort(self.order)
        self.lag = min(int((np.maximum.accumulate(ranks) - ranks).max(initial=0)), MAX_LAG)
        self.spoilt: list[int] = []

    def spoil(self, position: int) -> None:
        """Remember that the packet at a position was lost."""
        insort(self.spoilt, position)

    def place(self, frame: "VideoFrame") -> _Placed | None:
        """Find out which frame it is; None if it is none of the index."""
        time = -1 if frame.pts is None else frame.pts
        number = int(np.searchsorted(self.shown, time))
        if number == len(self.shown) or self.shown[number] != time:
            return None
        position = int(self.order[number])
        if frame.is_corrupt:
            self.spoil(position)
        seconds = float(time - self.shown[0]) * self.unit
        return _Placed(number, seconds, (self._first_needed(position, time), position), frame)

    def _first_needed(self, position: int, time: int) -> int:
        """Position of the key frame that a frame is built on; one shown before its key frame needs the one before, too."""
        keys, times = self.index.keys, self.index.times
        last = int(np.searchsorted(keys, position, "right")) - 1
        if last > 0 and times[keys[last]] > time:
            last -= 1
        return int(keys[last]) if last >= 0 else 0

    def is_whole(self, placed: _Placed) -> bool:
        """Whether nothing that a frame is built on is known to be lost."""
        first, last = placed.needs
        lost = bisect_left(self.spoilt, first)
        return lost == len(self.spoilt) or self.spoilt[lost] > last


class _Counted:
    """Numbers of decoded frames by counting, where times say nothing; a frame that is lost is not counted."""

    lag = 0

    def __init__(self, stream: "VideoStream") -> None:
        self.rate = float(stream.average_rate or 25)
        self.n = -1
        self.spoilt = False

    def spoil(self, position: int) -> None:
        """Remember that a packet was lost."""
        self.spoilt = True

    def place(self, frame: "VideoFrame") -> _Placed:
        """Count a frame."""
        self.n += 1
        self.spoilt = bool(frame.is_corrupt or (self.spoilt and not frame.key_frame))
        return _Placed(self.n, self.n / self.rate, (0, 0), frame)

    def is_whole(self, placed: _Placed) -> bool:
        """Whether nothing was lost since the last key frame."""
        return not self.spoilt


def _decode_chosen(path: Path, index: _PacketIndex, wanted: NDArray[np.int64], report: FrameReport) -> Iterator[Frame]:
    left = set(wanted.tolist())
    clip, stream = _open(path)
    numbers = _Timed(index, stream) if index.has_order else _Counted(stream)
    with clip:
        for placed in _held_back((numbers.place(frame) for frame in _decoded(clip, stream, numbers)), numbers.lag):
            if placed and placed.number in left and numbers.is_whole(placed):
                left.remove(placed.number)
                yield Frame(placed.number, placed.seconds, _upright(placed.frame))
            if not left:
                return
    report.notes.append(f"{len(left)} of {len(wanted)} frames do not decode")


def _held_back(frames: "Iterator[_Placed | None]", lag: int) -> "Iterator[_Placed | None]":
    """Keep a few frames back: whether one is whole is only known when those that it is built on have come out, too."""
    held: deque[_Placed | None] = deque()
    for placed in frames:
        held.append(placed)
        if len(held) > lag:
            yield held.popleft()
    yield from held


def _decoded(clip: "InputContainer", stream: "VideoStream", numbers: _Timed | _Counted) -> "Iterator[VideoFrame]":
    """All frames that the decoder gives; what it refuses is passed over."""
    from av.error import FFmpegError

    position = -1
    for packet in _packets(clip, FrameReport(), stream):
        position += _is_shown(packet, stream)
        if packet.is_corrupt:
            numbers.spoil(position)
        try:
            yield from stream.decode(packet)
        except FFmpegError:
            numbers.spoil(position)
    yield from stream.decode(None)


def _upright(frame: "VideoFrame") -> NDArray[np.uint8]:
    picture = np.asarray(frame.to_ndarray(format="rgb24"), dtype=np.uint8)
    quarters = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(picture, quarters)) if quarters else picture


# --- OpenCV ----------------------------------------------------------------------------------------------------------


def _read_opencv(path: Path, choose: Choice, report: FrameReport) -> Iterator[Frame]:
    import cv2

    try:
        numbers = choose(_count(path))
        check = _AgainstPyAV(path, numbers) if importlib.util.find_spec("av") else _AgainstTheBuffer(path)
        doubted = 0
        for frame in _retrieved(path, numbers, report):
            if check.believes(frame):
                yield frame
            else:
                doubted += 1
    except cv2.error as error:
        if not report.looked_at:
            raise DataError(f"cannot be decoded as a video ({_reason(error)}).") from error
        report.notes.append(f"breaks off ({_reason(error)})")
        return
    if not report.looked_at:
        raise DataError(check.refusal if doubted else "cannot be decoded as a video (by OpenCV).")
    if doubted:
        report.notes.append(f"{doubted} of {len(numbers)} frames are left out: {check.doubt}")


def _retrieved(path: Path, numbers: NDArray[np.int64], report: FrameReport) -> Iterator[Frame]:
    """Frames with some numbers, as OpenCV hands them over; `report` is told how many there are."""
    import cv2

    clip = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    promised = int(clip.get(cv2.CAP_PROP_FRAME_COUNT))
    wanted = set(numbers.tolist())
    number, seconds = -1, 0.0
    while clip.grab():
        number += 1
        seconds = _clock(clip, number, seconds)
        if number not in wanted:
            continue
        decoded, picture = clip.retrieve()
        if decoded:
            yield Frame(number, seconds, np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), dtype=np.uint8))
    report.total = number + 1
    if promised > report.total:
        report.notes.append(f"is cut off: {report.total} frames are there, its header says {promised}")


class _AgainstPyAV:
    """
    Believes OpenCV where PyAV decodes the same picture.

    OpenCV passes over the answer of the library that converts frames to RGB: one that was refused (interlaced, mostly) is
    handed over as whatever was in memory.
    """

    doubt = "what OpenCV makes of them is not what PyAV decodes (interlaced or damaged frames); take --decoder pyav"
    refusal = "OpenCV cannot decode its frames as PyAV does (they are interlaced or damaged); take --decoder pyav."

    def __init__(self, path: Path, numbers: NDArray[np.int64]) -> None:
        self._frames = Frames(lambda report: _read_pyav(path, lambda total: numbers[numbers < total], report))
        self._next: Frame | None = None
        self._before: tuple[NDArray[np.uint8], NDArray[np.uint8]] | None = None

    def believes(self, frame: Frame) -> bool:
        """Whether the two agree on a frame; frames are asked about in the order of their numbers."""
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
        # In a scene that hardly moves, the frame before passes for this one; but then only OpenCV repeats it.
        return np.array_equal(before[0], self._before[0]) or not np.array_equal(before[1], self._before[1])


def is_same_picture(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> bool:
    """
    Whether two decoded frames (rows, cols, 3) show the same.

    Brightness is compared, because decoders enlarge colour planes of half or a quarter of the size differently.
    """
    if one.shape != other.shape:
        return False
    grey, other_grey = one @ LUMA, other @ LUMA
    return bool(np.abs(grey - other_grey).mean() <= min(SAME_PICTURE, 1 + float(grey.std()) / 4))


class _AgainstTheBuffer:
    """
    Believes OpenCV where a frame is another picture than the one before it.

    OpenCV converts every frame into one buffer. A frame that was not converted is what the buffer held before; of the first
    frame, this is whatever was in memory, which a second capture finds otherwise, or black.
    """

    doubt = "OpenCV repeats the frame before (it does not convert interlaced ones, for example); --decoder pyav tells more"
    refusal = "OpenCV cannot decode its frames into pictures (they are interlaced, for example); --decoder pyav can."

    def __init__(self, path: Path) -> None:
        self._path = path
        self._before: NDArray[np.uint8] | None = None

    def believes(self, frame: Frame) -> bool:
        """Whether a frame was converted; frames are asked about in the order of their numbers."""
        before, self._before = self._before, frame.picture
        if before is not None:
            return not np.array_equal(frame.picture, before)
        again = next(_retrieved(self._path, np.array([frame.number]), FrameReport()), None)
        return again is not None and bool(frame.picture.any()) and np.array_equal(frame.picture, again.picture)


def _clock(clip: "VideoCapture", number: int, before: float) -> float:
    """Seconds from the beginning; by the frame rate where the clip's clock stands still, as it does at the end of some."""
    import cv2

    seconds = clip.get(cv2.CAP_PROP_POS_MSEC) / 1000
    return seconds if seconds > before else number / (clip.get(cv2.CAP_PROP_FPS) or 25)


def _count(path: Path) -> int:
    """Count frames by decoding them: what a header says is often wrong."""
    import cv2

    clip = cv2.VideoCapture(str(path.absolute()), cv2.CAP_FFMPEG)
    total = 0
    while clip.grab():
        total += 1
    return total
