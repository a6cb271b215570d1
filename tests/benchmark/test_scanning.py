"""Folders, files and clips to findings; what cannot be read is a finding too."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.errors import DataError, StudyError
from bandbench.benchmark.scanning import find_files, pool_frames, scan_file
from conftest import noise_picture, trained_model, write_clip


def test_files_of_a_folder_and_by_name(tmp_path: Path) -> None:
    for name in ("b.PNG", "a.jpg", "sub/c.mp4", "notes.txt", "odd.data", ".hidden/d.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    found = find_files([tmp_path, tmp_path / "odd.data", tmp_path / "a.jpg"])
    assert [path.name for path in found.paths] == ["a.jpg", "b.PNG", "c.mp4", "odd.data"]
    assert found.passed_over == "1 .data, 1 .txt"
    with pytest.raises(DataError, match="no file or folder"):
        find_files([tmp_path / "gone"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no picture"):
        find_files([tmp_path / "empty"])
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DataError, match="pipe is neither a file nor a folder"):
        find_files([tmp_path / "pipe"])


def test_a_name_of_any_bytes_is_scored_and_printable(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\n.png"))
    with path.open("wb") as file:
        Image.fromarray(noise_picture(500, 64, 1.0)).save(file, "PNG")
    (only,) = find_files([tmp_path]).paths
    (finding,) = scan_file(trained_model(), only)
    assert (finding.verdict, finding.path) == ("real", f"{tmp_path}/caf\\xe9\\x0a.png")


def test_pictures(tmp_path: Path) -> None:
    model = trained_model()
    Image.fromarray(noise_picture(500, 64, 1.0)).save(tmp_path / "real.png")
    Image.fromarray(noise_picture(501, 64, 1.6)).save(tmp_path / "fake.png")
    Image.fromarray(noise_picture(502, 32)).save(tmp_path / "small.png")
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    found = {
        name: list(scan_file(model, tmp_path / name))
        for name in ("real.png", "fake.png", "small.png", "broken.jpg", "gone.png")
    }
    assert all(len(findings) == 1 for findings in found.values())
    assert [found[name][0].verdict for name in found] == ["real", "fake", "", "", ""]
    assert "smaller than the 48x48 crop" in found["small.png"][0].detail
    assert "not a JPEG" in found["broken.jpg"][0].detail
    assert "cannot be read" in found["gone.png"][0].detail
    assert sum(found["real.png"][0].probabilities.values()) == pytest.approx(1)


def test_a_clip_has_frames_and_one_verdict(tmp_path: Path) -> None:
    frames = [np.repeat(noise_picture(i, 64, 1.6)[:, :, None], 3, axis=2) for i in range(12)]
    write_clip(tmp_path / "clip.mkv", frames, "ffv1")
    *each, clip = scan_file(trained_model(), tmp_path / "clip.mkv", n_frames=6)
    assert [one.kind for one in each] == ["frame"] * 6
    assert [one.frame for one in each] == [0, 2, 4, 7, 9, 11]
    assert (clip.kind, clip.verdict, clip.n_frames) == ("clip", "fake", 6)
    assert clip.probabilities["fake"] == pytest.approx(np.mean([one.probabilities["fake"] for one in each]))
    (tmp_path / "bad.mp4").write_bytes(b"")
    (bad,) = scan_file(trained_model(), tmp_path / "bad.mp4")
    assert (bad.kind, bad.status) == ("clip", "error")


def test_pooling() -> None:
    fake = np.array([0.1, 0.2, 0.3, 0.9, 0.95, 0.4, 0.45])
    shares = np.stack([1 - fake, fake], axis=1)
    assert pool_frames(shares, "mean")[1] == pytest.approx(fake.mean())
    assert pool_frames(shares, "majority")[1] == pytest.approx(2 / 7)
    assert pool_frames(shares, "top_third")[1] == pytest.approx((0.95 + 0.9 + 0.45) / 3)
    with pytest.raises(StudyError, match="pooled by mean, majority, top_third"):
        pool_frames(shares, "median")
