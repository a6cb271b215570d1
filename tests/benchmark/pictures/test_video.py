"""Frames of real clips: the right ones, whatever the codec, and what is left of a damaged clip."""

import importlib.util
import tracemalloc
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.pictures import video
from bandbench.benchmark.pictures.video import DECODERS, Frame, choose_numbers, is_same_picture, iter_frames
from trees.faces import read_code, write_code

N = 40
REORDERED = {"bf": "3", "g": "12", "sc_threshold": "0"}  # B-frames, and a key frame every twelve
CLIPS = [
    ("h264.mp4", "libx264", REORDERED),
    ("h264.mkv", "libx264", REORDERED),
    ("h264.avi", "libx264", REORDERED),  # has no room for the times at which reordered frames are shown
    ("open_gop.mp4", "libx264", {"x264-params": "open-gop=1:keyint=10:bframes=3"}),
    ("mpeg4.avi", "mpeg4", {}),
    ("mpeg4_b.avi", "mpeg4", {"bf": "2"}),
    ("mjpeg.avi", "mjpeg", {}),
    ("vp9.webm", "libvpx-vp9", {"auto-alt-ref": "1", "lag-in-frames": "16"}),
    ("vp8.webm", "libvpx", {"auto-alt-ref": "1", "lag-in-frames": "16"}),  # has frames that are never shown
    ("mpeg2.mpg", "mpeg2video", {"bf": "2"}),
    ("ffv1.mkv", "ffv1", {}),
]


def numbered(n: int = N, size: tuple[int, int] = (64, 96)) -> Iterator[np.ndarray]:
    """Frames with their number in the picture, every one different from the others everywhere."""
    for number in range(n):
        rng = np.random.default_rng(number)
        blocks = rng.integers(0, 256, (-(-size[0] // 8), -(-size[1] // 8), 3))
        picture = blocks.repeat(8, axis=0).repeat(8, axis=1)[: size[0], : size[1]].astype(np.uint8)
        write_code(picture, number)
        yield picture


def write(
    path: Path,
    codec: str,
    options: dict[str, str] | None = None,
    frames: Iterator[np.ndarray] | None = None,
    pix_fmt: str = "",
    times: list[int] | None = None,
    **container: Any,
) -> Path:
    """Write a clip with 25 frames a second, or with frames at given times in milliseconds."""
    pictures = list(frames or numbered())
    with av.open(str(path), "w", **container) as clip:
        stream = clip.add_stream(codec, rate=25, options=options or {})
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = pix_fmt or ("yuvj420p" if codec == "mjpeg" else "yuv420p")
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        for k, picture in enumerate(pictures):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            if times:
                frame.pts, frame.time_base = times[k], Fraction(1, 1000)
            clip.mux(stream.encode(frame))
        clip.mux(stream.encode())
    return path


def written_numbers(frames: list[Frame]) -> list[int]:
    return [read_code(frame.picture) for frame in frames]


def packets_of(path: Path) -> list[bytes]:
    """Frames as they are stored, in the order of decoding."""
    with av.open(str(path)) as clip:
        return [bytes(packet) for packet in clip.demux(video=0) if packet.size]


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize(("name", "codec", "options"), CLIPS, ids=[name for name, *_ in CLIPS])
def test_numbers_are_those_in_the_picture(tmp_path: Path, name: str, codec: str, options: dict[str, str], decoder: str) -> None:
    path = write(tmp_path / name, codec, options)
    spread = iter_frames(path, 5, decoder=decoder)
    frames = list(spread)
    assert [frame.number for frame in frames] == written_numbers(frames) == [0, 10, 20, 29, 39]
    assert [frame.seconds for frame in frames[:4]] == pytest.approx([0, 0.4, 0.8, 1.16], abs=0.09 if ".avi" in name else 0.002)
    assert spread.report.total == N and not spread.report.notes
    stepped = list(iter_frames(path, every=7, decoder=decoder))
    assert [frame.number for frame in stepped] == written_numbers(stepped) == [0, 7, 14, 21, 28, 35]
    assert len(list(iter_frames(path, 1000, decoder=decoder))) == N


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
def test_frames_at_irregular_times(tmp_path: Path, name: str, decoder: str) -> None:
    rng = np.random.default_rng(0)
    times = np.cumsum(rng.integers(5, 300, N)).tolist()
    path = write(tmp_path / name, "libx264", REORDERED, times=times)
    frames = list(iter_frames(path, 9, decoder=decoder))
    assert [frame.number for frame in frames] == written_numbers(frames) == choose_numbers(N, 9, 0).tolist()
    assert [frame.seconds for frame in frames] == pytest.approx(
        [(times[f.number] - times[0]) / 1000 for f in frames], abs=0.002
    )


def test_the_choice_is_one_of_two() -> None:
    for count, step in ((0, 0), (3, 3), (-1, 0), (5, -1)):
        with pytest.raises(DataError, match="one of the two"):
            iter_frames(Path("clip.mp4"), count, step)
    with pytest.raises(DataError, match="unknown decoder 'pyvav'. Did you mean 'pyav'"):
        iter_frames(Path("clip.mp4"), 3, decoder="pyvav")


@pytest.mark.parametrize(("total", "n"), [(1, 1), (1, 8), (7, 3), (300, 32), (32, 32)])
def test_a_spread_has_both_ends(total: int, n: int) -> None:
    chosen = choose_numbers(total, n, 0)
    assert len(chosen) == min(n, total) and (np.diff(chosen) > 0).all() and chosen[0] == 0
    assert chosen[-1] == total - 1
    steps = np.diff(chosen).tolist()
    assert max(steps, default=0) - min(steps, default=0) <= 1


# --- damage ----------------------------------------------------------------------------------------------------------


def halve(path: Path) -> Path:
    data = path.read_bytes()
    cut = path.with_name(f"cut_{path.name}")
    cut.write_bytes(data[: len(data) // 2])
    return cut


def damage(path: Path, position: int, keep: float = 0.0) -> Path:
    """Overwrite the packet at a position, after a share of it, with noise."""
    data, packet = path.read_bytes(), packets_of(path)[position]
    first = data.find(packet) + int(keep * len(packet))
    noise = np.random.default_rng(position).bytes(len(packet) - int(keep * len(packet)))
    bad = path.with_name(f"bad_{path.name}")
    bad.write_bytes(data[:first] + noise + data[first + len(noise) :])
    return bad


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [c for c in CLIPS if c[0] in ("h264.mkv", "h264.avi", "mpeg4.avi", "mjpeg.avi", "vp9.webm", "ffv1.mkv")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_truncated_clip_gives_what_is_there_and_says_so(
    tmp_path: Path, name: str, codec: str, options: dict[str, str], decoder: str
) -> None:
    path = write(tmp_path / name, codec, options)
    whole = {frame.number: frame.picture for frame in iter_frames(path, N, decoder=decoder)}
    frames = iter_frames(halve(path), every=1, decoder=decoder)
    found = list(frames)
    assert 5 <= len(found) < N and len(found) == frames.report.looked_at
    assert any("is cut off" in note and "header says" in note for note in frames.report.notes), frames.report
    # OpenCV hands over the last frame, of which half is missing, and says nothing.
    good = found if decoder == "pyav" else found[:-3]
    assert all(np.array_equal(frame.picture, whole[frame.number]) for frame in good)


def test_an_mp4_whose_end_is_missing_cannot_be_read(tmp_path: Path) -> None:
    """Its index is at its end."""
    cut = halve(write(tmp_path / "clip.mp4", "libx264", REORDERED))
    for decoder in DECODERS:
        with pytest.raises(DataError, match="cannot be decoded as a video"):
            list(iter_frames(cut, 4, decoder=decoder))


def test_an_mp4_with_its_index_in_front_gives_what_is_there(tmp_path: Path) -> None:
    whole = write(tmp_path / "clip.mp4", "libx264", REORDERED, container_options={"movflags": "faststart"})
    frames = iter_frames(halve(whole), every=1)
    found = list(frames)
    assert 5 <= len(found) < N and written_numbers(found) == [frame.number for frame in found]
    assert "is cut off" in frames.report.text


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [c for c in CLIPS if c[0] in ("h264.mp4", "h264.mkv", "open_gop.mp4", "mpeg4.avi", "mjpeg.avi", "vp9.webm", "ffv1.mkv")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_frame_in_the_middle_that_does_not_decode(tmp_path: Path, name: str, codec: str, options: dict[str, str]) -> None:
    """Those after it keep their numbers, and none that comes is a patched-up one."""
    path = write(tmp_path / name, codec, options)
    whole = {frame.number: frame.picture for frame in iter_frames(path, N)}
    frames = iter_frames(damage(path, 17), every=1)
    found = list(frames)
    lost = set(whole) - {frame.number for frame in found}
    assert all(np.array_equal(frame.picture, whole[frame.number]) for frame in found)
    assert lost and frames.report.notes == [f"{len(lost)} of {N} frames do not decode"]
    if codec == "mjpeg":
        assert lost == {17}  # nothing is built on it
    elif options == REORDERED:
        assert max(lost) < 24 and min(lost) > 12  # between two key frames


def test_what_was_built_on_half_a_frame_is_left_out(tmp_path: Path) -> None:
    """B-frames come out of the decoder before the frame behind them, which they are built on."""
    path = write(tmp_path / "clip.mp4", "libx264", REORDERED)
    whole = {frame.number: frame.picture for frame in iter_frames(path, N)}
    went_back = 0
    for position, shown in ((24, 24), (29, 32), (33, 36), (37, 39)):
        frames = iter_frames(damage(path, position, keep=0.3), every=1)
        found = list(frames)
        if frames.report.notes:  # else the decoder made something of the noise, and did not notice
            assert all(np.array_equal(frame.picture, whole[frame.number]) for frame in found)
            went_back += min(set(whole) - {frame.number for frame in found}) < shown
    assert went_back


def test_what_is_no_video(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "text.mp4").write_text("not a clip")
    with av.open(str(tmp_path / "sound.mkv"), "w") as clip:
        stream = clip.add_stream("pcm_s16le", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), format="s16", layout="mono")
        sound.sample_rate = 8000
        clip.mux(stream.encode(sound))
    for name, message in (
        ("empty.mp4", "cannot be decoded"),
        ("text.mp4", "cannot be decoded"),
        ("sound.mkv", "no video in it"),
        ("absent.mp4", "No such file"),
    ):
        with pytest.raises(DataError, match=message):
            list(iter_frames(tmp_path / name, 4))
        with pytest.raises(DataError, match="cannot be decoded"):
            list(iter_frames(tmp_path / name, 4, decoder="opencv"))


def test_a_clip_without_one_good_frame(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mkv", "libx264", {"g": "100"})
    with pytest.raises(DataError, match="no frame of the clip can be decoded|cannot be decoded as a video"):
        list(iter_frames(damage(path, 0), 4))


# --- pictures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt", "size"),
    [
        ("grey.mkv", "ffv1", "gray", (64, 96)),
        ("odd.mkv", "ffv1", "yuv420p", (65, 97)),
        ("odd.mp4", "libx264", "yuv444p", (65, 97)),
        ("odd.avi", "mjpeg", "yuvj420p", (67, 99)),
        ("ten_bits.mkv", "ffv1", "yuv422p10le", (64, 96)),
    ],
)
def test_odd_sizes_and_pixel_formats(
    tmp_path: Path, name: str, codec: str, pix_fmt: str, size: tuple[int, int], decoder: str
) -> None:
    path = write(tmp_path / name, codec, frames=numbered(6, size), pix_fmt=pix_fmt)
    frames = list(iter_frames(path, every=1, decoder=decoder))
    assert written_numbers(frames) == list(range(6))
    assert all(frame.picture.shape == (*size, 3) and frame.picture.dtype == np.uint8 for frame in frames)
    if pix_fmt == "gray":
        assert np.ptp(frames[0].picture, axis=2).max() == 0


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize(
    ("quarters", "matrix"),
    [(1, (0, -1, 1, 0)), (2, (-1, 0, 0, -1)), (3, (0, 1, -1, 0))],
)
def test_a_clip_that_lies_is_turned_upright(
    tmp_path: Path, quarters: int, matrix: tuple[int, int, int, int], decoder: str
) -> None:
    """Telephones store upright clips lying down, with a matrix in the track's header that says so."""
    path = write(tmp_path / "clip.mp4", "libx264", frames=numbered(6))
    plain = list(iter_frames(path, every=1, decoder=decoder))
    data = bytearray(path.read_bytes())
    place = data.find(b"tkhd") + 4 + 40  # version, flags, times, track, duration, layer and volume come before
    a, b, c, d = (value * 65536 for value in matrix)
    for k, value in enumerate((a, b, 0, c, d, 0)):
        data[place + 4 * k : place + 4 * k + 4] = value.to_bytes(4, "big", signed=True)
    path.write_bytes(data)
    turned = list(iter_frames(path, every=1, decoder=decoder))
    assert [frame.number for frame in turned] == list(range(6))
    for before, after in zip(plain, turned, strict=True):
        assert np.array_equal(np.rot90(before.picture, quarters), after.picture)


def test_memory_does_not_grow_with_the_clip(tmp_path: Path) -> None:
    def peak(n: int) -> int:
        path = write(tmp_path / f"{n}.avi", "mjpeg", frames=numbered(n, (160, 160)))
        list(frame.number for frame in iter_frames(path, every=1))
        tracemalloc.start()
        for _ in iter_frames(path, every=1):
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    picture = 160 * 160 * 3
    assert peak(120) < peak(10) + picture


def test_the_decoders_agree(tmp_path: Path) -> None:
    """Up to how colour planes of half the size are enlarged."""
    path = write(tmp_path / "clip.mkv", "ffv1", pix_fmt="yuv444p")
    for one, other in zip(iter_frames(path, 4), iter_frames(path, 4, decoder="opencv"), strict=True):
        assert np.abs(one.picture.astype(int) - other.picture).max() <= 2


# --- frames that OpenCV does not convert -----------------------------------------------------------------------------

REFUSED = [
    ("tff.mp4", "libx264", {"x264-params": "tff=1"}),
    ("bff.mkv", "libx264", {"x264-params": "bff=1"}),
    ("mpeg2.mpg", "mpeg2video", {"flags": "+ildct+ilme"}),
]


def still(n: int = 6) -> Iterator[np.ndarray]:
    """The same picture again and again."""
    picture = next(numbered(1))
    return iter([picture] * n)


@pytest.fixture
def no_pyav(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if PyAV were not installed, for what asks whether it is."""
    whole = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "av" else whole(name))


def opencv_frames(path: Path, n: int = 6) -> list[Frame]:
    return list(iter_frames(path, n, decoder="opencv"))


@pytest.mark.parametrize(("name", "codec", "options"), REFUSED, ids=[case[0] for case in REFUSED])
def test_interlaced_frames_are_right_or_refused(
    tmp_path: Path, name: str, codec: str, options: dict[str, str], request: pytest.FixtureRequest
) -> None:
    for kind, pictures in (("moving", numbered(6)), ("still", still())):
        path = write(tmp_path / f"{kind}_{name}", codec, options, pictures)
        assert len(list(iter_frames(path, 6))) == 6
        with pytest.raises(DataError, match="OpenCV cannot decode .* interlaced"):
            opencv_frames(path)
    request.getfixturevalue("no_pyav")
    for kind in ("moving", "still"):
        with pytest.raises(DataError, match="OpenCV cannot decode .* interlaced"):
            opencv_frames(tmp_path / f"{kind}_{name}")


def test_a_frame_that_is_not_converted_shows_what_memory_was_filled_with(tmp_path: Path) -> None:
    size = (480, 640)
    path = write(tmp_path / "clip.mp4", "libx264", {"x264-params": "tff=1"}, numbered(2, size))
    check, frame = video._RepeatCheck(path), Frame(0, 0.0, np.zeros((*size, 3), dtype=np.uint8))
    shares = [(check._decode_over(frame, value) == value).mean() for value in video.FILLS]
    assert min(shares) > 0.9
    assert check._decode_over(Frame(5, 0.2, frame.picture), 7).size == 0, "the clip has no such frame"


@pytest.mark.parametrize(("agreeing", "accepted"), [((), False), (video.FILLS[:1], False), (video.FILLS, True)])
def test_the_first_frame_is_accepted_if_it_looks_the_same_over_either_filling(
    monkeypatch: pytest.MonkeyPatch, agreeing: tuple[int, ...], accepted: bool
) -> None:
    """Memory that two captures were given can hold the same old picture, or the filling of an earlier check."""
    frame, other = Frame(0, 0.0, next(numbered(1))), np.zeros((64, 96, 3), dtype=np.uint8)
    monkeypatch.setattr(
        video._RepeatCheck, "_decode_over", lambda self, frame, value: frame.picture if value in agreeing else other
    )
    assert video._RepeatCheck(Path("clip.mp4")).accepts(frame) == accepted
    assert not video._RepeatCheck(Path("clip.mp4")).accepts(Frame(0, 0.0, other)), "black"


@pytest.mark.parametrize("pix_fmt", ["yuv410p", "yuv411p", "yuv420p10le", "bgra", "gray16le"])
def test_other_pixel_formats_agree(tmp_path: Path, pix_fmt: str) -> None:
    path = write(tmp_path / "clip.mkv", "ffv1", frames=numbered(4, (65, 99)), pix_fmt=pix_fmt)
    for one, other in zip(iter_frames(path, 4), opencv_frames(path, 4), strict=True):
        assert one.number == other.number and is_same_picture(one.picture, other.picture)


def test_a_clip_that_stands_still_keeps_its_frames(tmp_path: Path) -> None:
    assert len(opencv_frames(write(tmp_path / "clip.mkv", "ffv1", frames=still()))) == 6


def test_without_pyav_a_frame_that_repeats_the_one_before_is_left_out(tmp_path: Path, no_pyav: None) -> None:
    path = write(tmp_path / "clip.mkv", "ffv1", frames=iter([*still(2), *numbered(3)]), pix_fmt="yuv444p")
    frames = iter_frames(path, every=1, decoder="opencv")
    assert [frame.number for frame in frames] == [0, 3, 4]  # 0, 1 and 2 show the same
    assert "2 of 5 frames are left out: OpenCV repeats the frame before" in frames.report.text


def test_two_pictures_that_differ_in_colour_planes_only_are_the_same() -> None:
    picture = next(numbered(1))
    near = np.clip(picture.astype(int) + 2, 0, 255).astype(np.uint8)
    flat = np.full_like(picture, 8)
    assert is_same_picture(picture, near)
    assert not is_same_picture(picture, np.zeros_like(picture))
    assert not is_same_picture(picture, picture[:-1])
    assert not is_same_picture(flat, np.zeros_like(flat)), "black is none of a dark scene"


# --- whatever the library raises -------------------------------------------------------------------------------------


def test_damage_costs_the_clip_and_nothing_else(tmp_path: Path) -> None:
    """Flipped bits make the library fail in odd ways: over titles that are not UTF-8, codecs that it does not know."""
    sources = [
        write(tmp_path / "clip.mp4", "libx264", REORDERED, numbered(6)).read_bytes(),
        write(tmp_path / "clip.mkv", "ffv1", {}, numbered(3)).read_bytes(),
    ]
    ends = {"whole": 0, "part": 0, "refused": 0}
    for seed in range(60):
        rng = np.random.default_rng(seed)
        data = bytearray(sources[seed % 2])
        for place in rng.integers(0, min(len(data), 1200) if seed % 3 else len(data), 12):
            data[place] = rng.integers(256)
        path = tmp_path / "damaged.mp4"
        path.write_bytes(data if seed % 4 else data[: rng.integers(len(data))])
        try:
            n = len(list(iter_frames(path, 3)))
            ends["whole" if n == 3 else "part"] += 1
        except DataError:
            ends["refused"] += 1
    assert ends["refused"] > 5 and ends["whole"] > 5, ends


def test_what_pyav_raises_is_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "clip.mkv", "ffv1", frames=numbered(4))
    whole, calls = video._upright, []

    def fail(frame: Any) -> np.ndarray:
        calls.append(frame)
        if len(calls) > 2:
            raise ValueError("odd\nframe")
        return whole(frame)

    monkeypatch.setattr(video, "_upright", fail)
    frames = iter_frames(path, 4)
    assert len(list(frames)) == 2 and frames.report.notes == ["breaks off (odd frame)"]
    monkeypatch.setattr(av, "open", lambda *args, **options: 1 / 0)
    with pytest.raises(DataError, match=r"cannot be decoded as a video \(division by zero\)"):
        list(iter_frames(path, 4))


@pytest.mark.parametrize("decoder", DECODERS)
def test_every_packet_and_frame_is_a_sign_of_work(tmp_path: Path, decoder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long clip of which few frames are wanted, the owner of the decoding process hears between them."""
    path = write(tmp_path / "clip.mp4", "libx264", REORDERED)
    signs: list[str] = []
    monkeypatch.setattr(video, "at_work", lambda: signs.append(decoder))
    monkeypatch.setattr(video, "parts_apart", lambda make: make())  # in this process
    (frame,) = iter_frames(path, every=10**6, decoder=decoder)
    assert frame.number == 0
    assert len(signs) >= N
