"""What a file tells about itself: format, quality, traces of a codec, and whether it decodes."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.pictures.file_facts import COLUMNS, add_traces, decode_with_facts, value_text
from bandbench.datasets.doctor.picture_facts import (
    Facts,
    clip_facts,
    frames_facts,
    likeness,
    picture_facts,
)
from conftest import noise_picture
from trees.faces import write_face_clip


def saved(array: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    out = io.BytesIO()
    Image.fromarray(array).save(out, kind, **options)
    return out.getvalue()


def in_colour(seed: int, side: int = 64) -> np.ndarray:
    return np.stack([noise_picture(seed + k, side) for k in range(3)], axis=2)


def test_format_quality_and_sampling_are_those_of_the_file() -> None:
    facts = picture_facts(saved(in_colour(1), "JPEG", quality=75, subsampling="4:2:2"))
    assert (facts.format, facts.quality, facts.sampling, facts.error) == ("JPEG", 75, "4:2:2", "")
    facts = picture_facts(saved(in_colour(1), "PNG"))
    assert (facts.format, facts.mode, facts.size, facts.quality, facts.sampling) == ("PNG", "RGB", "64x64", 0, "")


@pytest.mark.parametrize("options", [{"quality": 75, "progressive": True, "icc_profile": b"profile"}, {"comment": b"text"}])
def test_the_facts_are_those_that_a_run_measures(options: dict[str, object]) -> None:
    data = saved(in_colour(1), "JPEG", **options)
    pixels, row, _ = decode_with_facts(data)
    add_traces(row[None], [pixels])
    np.testing.assert_array_equal(picture_facts(data).row, row)


def test_facts_by_hand_have_a_row_too() -> None:
    row = Facts(format="JPEG", quality=75, rows=63, cols=64, rate=25.0).row
    assert [value_text(row, name) for name in ("format", "side", "frame_rate", "grid")] == ["JPEG 75", "64x63", "25", ""]


def test_size_is_what_a_run_would_see() -> None:
    """A camera writes how the picture is to be turned; and an adapter may cut a part out of the file."""
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = picture_facts(saved(noise_picture(0)[:48], "JPEG", exif=exif))
    assert (turned.cols, turned.rows) == (48, 64)
    cut = picture_facts(saved(noise_picture(0)[:40, :30], "BMP"), saved(noise_picture(0), "JPEG", quality=60))
    assert (cut.format, cut.quality, cut.size) == ("JPEG", 60, "30x40")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "0 bytes"),
        (b"text", "not a JPEG"),
        (saved(noise_picture(0), "JPEG")[:-200], "truncated"),
        (saved(noise_picture(0))[:300], "cannot be decoded"),
    ],
)
def test_what_does_not_decode_says_why(data: bytes, reason: str) -> None:
    facts = picture_facts(data)
    assert reason in facts.error and facts.look is None


def test_what_shows_nothing_looks_like_nothing() -> None:
    facts = picture_facts(saved(np.full((64, 64), 7, np.uint8)))
    assert (facts.error, facts.look, facts.thumbnail) == ("", None, b"")


def test_a_copy_is_like_its_original_and_another_picture_is_not() -> None:
    original = picture_facts(saved(noise_picture(0, 128)))
    again = picture_facts(saved(noise_picture(0, 128), "JPEG", quality=60))
    small = picture_facts(saved(np.asarray(Image.fromarray(noise_picture(0, 128)).resize((96, 96)))))
    other = picture_facts(saved(noise_picture(1, 128)))
    assert likeness(original, again) > 0.995 and likeness(original, small) > 0.995
    assert likeness(original, other) < 0.9
    assert original.sha256 != again.sha256


# --- clips -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "codec", "format_"),
    [
        ("a.mp4", "libx264", "mov/h264"),
        ("a.avi", "mpeg4", "avi/mpeg4"),
        ("b.avi", "mjpeg", "avi/mjpeg"),
        ("a.mkv", "libx264", "matroska/h264"),
        ("a.webm", "libvpx-vp9", "matroska/vp9"),
        ("a.mpg", "mpeg2video", "mpeg/mpeg2video"),
    ],
)
def test_clips_of_several_kinds(tmp_path: Path, name: str, codec: str, format_: str) -> None:
    facts = clip_facts(write_face_clip(tmp_path / name, 3, n_frames=12, codec=codec))
    assert (facts.error, facts.warning) == ("", "")
    assert (facts.format, facts.size, facts.rate) == (format_, "256x192", 25)
    assert (facts.mode, facts.sampling) == ("RGB", "4:2:0")
    assert facts.row[COLUMNS["bytes_per_pixel"]] > 0 and facts.row[COLUMNS["sharpness"]] > 0
    assert facts.look is not None


@pytest.mark.parametrize(
    ("name", "codec", "share"),
    [("a.avi", "mpeg4", 0.6), ("a.avi", "mjpeg", 0.6), ("a.mkv", "ffv1", 0.6), ("a.mkv", "libx264", 0.8)],
)
def test_a_clip_that_was_cut_off_breaks_off(tmp_path: Path, name: str, codec: str, share: float) -> None:
    path = write_face_clip(tmp_path / name, 3, n_frames=24, codec=codec)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * share)])
    facts = clip_facts(path)
    assert facts.error == "" and "breaks off after" in facts.warning


@pytest.mark.parametrize(("content", "reason"), [(b"", "0 bytes"), (b"no video at all", "cannot be decoded as a video")])
def test_what_is_no_clip_says_so(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.mp4").write_bytes(content)
    assert reason in clip_facts(tmp_path / "a.mp4").error


def test_a_clip_whose_index_is_gone_says_so(tmp_path: Path) -> None:
    path = write_face_clip(tmp_path / "a.mp4", 3, n_frames=12)
    path.write_bytes(path.read_bytes()[:-100])
    assert "cannot be decoded as a video" in clip_facts(path).error


def test_folders_of_frames() -> None:
    files = {f"{k}.png": saved(noise_picture(k)) for k in range(5)}
    facts = frames_facts(list(files), files.__getitem__)
    assert (facts.error, facts.frames, facts.format) == ("", 5, "PNG")
    files["2.png"] = b"broken"
    assert "2.png: not a JPEG" in frames_facts(list(files), files.__getitem__).error
    assert frames_facts([], files.__getitem__) == Facts(error="the folder holds no pictures.")
