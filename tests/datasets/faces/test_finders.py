"""Face finders on drawn faces and on small networks with known answers; which face is taken, and how it is cut out."""

import hashlib
import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from bandbench.benchmark.errors import DataError
from bandbench.datasets.copies.settings import Settings
from bandbench.datasets.faces import retinaface
from bandbench.datasets.faces.face import FINDERS, Face, choose, cut_face, overlap
from bandbench.datasets.faces.finders import open_finder
from conftest import free_port
from trees.faces import draw_face, scene
from trees.tiny_networks import MARKS, write_retinaface, write_yunet


def face(left: float, top: float, width: float, height: float | None = None, **facts: object) -> Face:
    return Face((left, top, width, height or width), **facts)  # type: ignore[arg-type]


def black_with(patches: list[tuple[int, int, int]], size: tuple[int, int], channel: int = 0) -> np.ndarray:
    """Black picture with bright squares (left, top, side) in one channel of RGB."""
    picture = np.zeros((*size, 3), dtype=np.uint8)
    for left, top, side in patches:
        picture[top : top + side, left : left + side, channel] = 255
    return picture


# --- finders ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [60, 110, 150])
def test_haar_finds_drawn_faces_where_they_are(side: int) -> None:
    finder = open_finder("haar")
    for identity in range(4):
        found = finder.find(scene(identity, face=side))
        assert len(found) == 1 and np.isnan(found[0].confidence) and found[0].landmarks is None
        drawn = face((256 - side) // 2 + 0.1 * side, (192 - side) // 2 + 0.08 * side, 0.84 * side)
        assert overlap(found[0], drawn) > 0.6
    assert finder.find(scene(None)) == []


def test_haar_sees_what_opencv_makes_of_a_colour_frame() -> None:
    """The cascade, its scale and its neighbours are those of the published band search."""
    picture = scene(2)
    cascade = cv2.CascadeClassifier(cv2.data.haarcascades + "haarcascade_frontalface_alt.xml")
    boxes = cascade.detectMultiScale(picture[..., ::-1].copy(), scaleFactor=1.1, minNeighbors=5)
    assert [found.box for found in open_finder("haar").find(picture)] == [tuple(map(float, box)) for box in boxes]


def test_the_largest_comes_first() -> None:
    picture = scene(None, size=(240, 480))
    for identity, (side, left) in enumerate([(90, 20), (150, 140), (120, 330)]):
        picture[60 : 60 + side, left : left + side] = draw_face(identity, side)
    found = open_finder("haar").find(picture)
    assert len(found) == 3 and [round(f.box[0], -1) // 100 for f in found] == [1, 3, 0]
    assert [f.area for f in found] == sorted((f.area for f in found), reverse=True)


def test_none_takes_the_whole_frame() -> None:
    (found,) = open_finder("none").find(np.zeros((30, 40, 3), dtype=np.uint8))
    assert found.box == (0, 0, 40, 30)
    cut = cut_face(scene(1), open_finder("none").find(scene(1))[0], Settings(faces="none", margin=0.3))
    assert np.array_equal(cut.picture, scene(1))


@pytest.fixture(scope="module")
def networks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("networks")
    return {"yunet": write_yunet(folder / "y.onnx"), "retinaface": write_retinaface(folder / "r.onnx")}


def test_yunet_boxes_and_landmarks(networks: dict[str, Path]) -> None:
    finder = open_finder("yunet", networks["yunet"])
    assert finder.weights == networks["yunet"]
    (found,) = finder.find(black_with([(96, 64, 32)], (192, 256)))
    assert found.box == pytest.approx((112 - 48, 80 - 64, 96, 128), abs=1e-3)
    assert found.confidence == pytest.approx(1, abs=1e-3)
    assert found.landmarks == pytest.approx((MARKS + np.array([3, 2])) * 32, abs=1e-3)
    assert finder.find(black_with([(96, 64, 32)], (192, 256), channel=2)) == []  # blue is not red


def test_yunet_with_pictures_of_many_sizes(networks: dict[str, Path]) -> None:
    """Sides that are no multiple of a cell, and large pictures, which it is shown reduced."""
    finder = open_finder("yunet", networks["yunet"])
    for size in ((192, 256), (101, 133), (480, 640), (192, 256)):
        (found,) = finder.find(black_with([(64, 64, 32)], size))
        assert found.box == pytest.approx((80 - 48, 80 - 64, 96, 128), abs=1e-3)
    (found,) = finder.find(black_with([(192, 96, 96)], (1080, 1920)))
    assert found.box == pytest.approx((96, -48, 288, 384), abs=1e-2)
    assert found.landmarks == pytest.approx((MARKS + np.array([2, 1])) * 96, abs=1e-2)


def test_two_faces_and_one_that_is_found_twice(networks: dict[str, Path]) -> None:
    """Cells side by side see nearly one face."""
    finder = open_finder("yunet", networks["yunet"])
    found = finder.find(black_with([(64, 64, 32), (448, 192, 32), (480, 192, 32)], (320, 640)))
    assert len(found) == 2 and [round(f.box[0] + 48) // 320 for f in found] == [0, 1]


def test_retinaface_boxes_and_landmarks(networks: dict[str, Path]) -> None:
    finder = open_finder("retinaface", networks["retinaface"])
    assert finder.weights == networks["retinaface"]
    (found,) = finder.find(black_with([(96, 64, 16)], (240, 320)))  # shown twice as large
    middle = np.array([6.5, 4.5]) * 32
    box = middle + np.array([0.1 * 512 - 128, -0.1 * 512 - 256])
    assert found.box == pytest.approx((*(box / 2), 128, 256), abs=1e-3)
    assert 0.99 < found.confidence < 1
    assert found.landmarks == pytest.approx((middle + 0.1 * MARKS * 512) / 2, abs=1e-3)
    assert finder.find(black_with([(96, 64, 16)], (240, 320), channel=2)) == []


def test_retinaface_with_pictures_of_many_sizes(networks: dict[str, Path], tmp_path: Path) -> None:
    finder = open_finder("retinaface", networks["retinaface"])
    for rows, cols in ((480, 640), (640, 360), (1280, 1280), (100, 200)):
        scale = 640 / max(rows, cols)
        patch = [round(v / scale) for v in (96, 32, 32)]
        (found,) = finder.find(black_with([(patch[0], patch[1], patch[2])], (rows, cols)))
        assert found.box[2:] == pytest.approx((256 / scale, 512 / scale), rel=1e-5)
        assert found.landmarks == pytest.approx((np.array([3.5, 1.5]) * 32 + 0.1 * MARKS * 512) / scale, rel=1e-5)
    small = open_finder("retinaface", write_retinaface(tmp_path / "small.onnx", 320))
    (found,) = small.find(black_with([(96, 32, 32)], (320, 320)))
    assert found.landmarks == pytest.approx(np.array([3.5, 1.5]) * 32 + 0.1 * MARKS * 512, rel=1e-5)


@pytest.mark.parametrize("name", ["yunet", "retinaface"])
def test_the_threshold_is_a_confidence(networks: dict[str, Path], name: str) -> None:
    picture = black_with([(64, 64, 32)], (640, 640)) // 255 * 160  # seen, and not surely
    confidence = open_finder(name, networks[name], 0.01).find(picture)[0].confidence
    assert 0.01 < confidence < 0.99
    assert open_finder(name, networks[name], confidence - 0.005).find(picture)
    assert not open_finder(name, networks[name], confidence + 0.005).find(picture)


def test_weights_that_cannot_be_used(networks: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "text.onnx").write_text("not a network")
    (tmp_path / "empty.onnx").write_bytes(b"")
    other = {"yunet": networks["retinaface"], "retinaface": networks["yunet"]}
    for name, wrong in other.items():
        for path in (wrong, tmp_path / "text.onnx", tmp_path / "empty.onnx"):
            with pytest.raises(DataError, match=f"is no ONNX file of {name}; .*onnx is at https://.*--weights FILE"):
                open_finder(name, path)
        with pytest.raises(DataError, match=f"{name} finds no weights at .*absent.onnx; check --weights"):
            open_finder(name, tmp_path / "absent.onnx")
    with pytest.raises(DataError, match="yunet needs its weights, an ONNX file: --weights FILE"):
        open_finder("yunet")


def test_what_a_finder_does_not_take(tmp_path: Path) -> None:
    for name in ("haar", "none"):
        with pytest.raises(DataError, match=f"{name} takes no weights.*yunet or retinaface"):
            open_finder(name, tmp_path)
        with pytest.raises(DataError, match=f"{name} gives no confidence.*yunet or retinaface"):
            open_finder(name, threshold=0.5)
    with pytest.raises(DataError, match=f"Did you mean 'yunet'.*{', '.join(sorted(FINDERS))}"):
        open_finder("younet")


# --- its own download ------------------------------------------------------------------------------------------------


@pytest.fixture
def server(networks: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A place to fetch the small network from; yields what was asked for."""
    asked: list[str] = []
    content = networks["retinaface"].read_bytes()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        monkeypatch.setattr(retinaface, "URL", f"http://127.0.0.1:{running.server_port}/face.onnx")
        monkeypatch.setattr(retinaface, "SHA256", hashlib.sha256(content).hexdigest())
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield asked
        running.shutdown()
        thread.join()


def test_retinaface_fetches_its_weights_once(server: list[str], tmp_path: Path) -> None:
    finder = open_finder("retinaface")
    assert finder.weights and finder.weights.is_relative_to(tmp_path / "cache")
    assert len(finder.find(black_with([(96, 64, 16)], (240, 320)))) == 1
    open_finder("retinaface")
    assert server == ["/face.onnx"]


def test_other_weights_than_expected_are_not_used(server: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retinaface, "SHA256", "0" * 64)
    with pytest.raises(DataError, match="cannot be fetched from http"):
        open_finder("retinaface")
    assert not list((tmp_path / "cache").rglob("*.onnx"))


def test_without_a_network_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{free_port()}")  # where nobody listens
    monkeypatch.delenv("NO_PROXY", raising=False)
    with pytest.raises(DataError, match="cannot be fetched from https://.*give it with --weights FILE"):
        open_finder("retinaface")


# --- which face ------------------------------------------------------------------------------------------------------


def test_overlap_is_a_share_of_what_both_cover() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        one, other = (face(*rng.uniform(0, 10, 2), *rng.uniform(1, 8, 2)) for _ in range(2))
        share = overlap(one, other)
        assert 0 <= share <= 1 and share == pytest.approx(overlap(other, one)) and overlap(one, one) == pytest.approx(1)
    assert overlap(face(0, 0, 10), face(10, 0, 10)) == 0
    assert overlap(face(0, 0, 10), face(0, 5, 10)) == pytest.approx(1 / 3)


def test_the_largest_of_every_frame() -> None:
    clip = [[face(0, 0, 10), face(50, 0, 20)], [], [face(0, 0, 30), face(50, 0, 20)]]
    assert choose(clip, "largest") == [1, None, 0]
    with pytest.raises(DataError, match="unknown choice of faces 'larger'.*'largest'"):
        choose(clip, "larger")


def test_a_track_stays_with_one_person() -> None:
    """The other one leans forward in two frames, and is alone in another."""
    left = [face(10 + k, 10, 100) for k in range(6)]
    right = [face(200 - k, 10, 130 if k in (2, 3) else 60) for k in range(6)]
    clip = [[one, other] for one, other in zip(left, right, strict=True)]
    clip[4] = [right[4]]
    assert choose(clip, "track") == [0, 0, 0, 0, None, 0]
    assert choose(clip, "largest") == [0, 0, 1, 1, 0, 0]
    swapped = [found[::-1] for found in clip]
    assert choose(swapped, "track") == [1, 1, 1, 1, None, 1]


def test_something_large_that_is_no_face_does_not_start_the_track() -> None:
    clip = [[face(300, 300, 150), face(10, 10, 100)], *[[face(10 + k, 12, 100)] for k in range(5)]]
    assert choose(clip, "track") == [1, 0, 0, 0, 0, 0]


def test_who_moves_too_fast_is_followed_if_nobody_else_is_there() -> None:
    clip = [[face(150 * k, 10, 100)] for k in range(5)]
    clip[2] = []
    assert choose(clip, "track") == [0, 0, None, 0, 0]
    assert choose([], "track") == [] and choose([[], []], "track") == [None, None]


# --- cutting ---------------------------------------------------------------------------------------------------------


def numbered_pixels(rows: int = 60, cols: int = 80) -> np.ndarray:
    """Picture in which no two pixels are alike."""
    values = np.arange(rows * cols).reshape(rows, cols)
    return np.stack([values % 256, values // 256, values * 7 % 251], axis=2).astype(np.uint8)


def test_a_crop_is_a_window_of_the_frame() -> None:
    picture = numbered_pixels()
    cut = cut_face(picture, face(20, 10, 30, 20), Settings(margin=0.1))
    assert cut.box == (17, 7, 36, 26) and cut.landmarks == ()  # a tenth of the larger side
    assert np.array_equal(cut.picture, picture[7:33, 17:53])
    assert cut_face(picture, face(20, 10, 30, 20), Settings(margin=0)).box == (20, 10, 30, 20)
    fractions = cut_face(picture, face(20.4, 10.6, 30.2, 19.9), Settings(margin=0))
    assert fractions.box == (20, 11, 31, 20)  # edges at 50.6 and 30.5


def test_what_reaches_beyond_the_frame_is_missing() -> None:
    picture = numbered_pixels()
    cut = cut_face(picture, face(-5, 40, 30, 30), Settings(margin=0.2))
    assert cut.box == (0, 34, 31, 26) and np.array_equal(cut.picture, picture[34:60, 0:31])
    with pytest.raises(DataError, match="outside of the frame of 80x60 pixels"):
        cut_face(picture, face(100, 10, 20), Settings(margin=0))


@pytest.mark.parametrize("side", [16, 24, 40, 96])
def test_a_size_gives_squares_without_distortion(side: int) -> None:
    """A round thing stays round, whatever the shape of the box and however near it is to the border."""
    y, x = np.mgrid[:120, :160]
    for middle in ((60, 80), (22, 22), (100, 140)):
        disc = np.hypot(y - middle[0], x - middle[1]) < 16
        picture = np.repeat(np.where(disc, 255, 0).astype(np.uint8)[..., None], 3, axis=2)
        box = face(middle[1] - 16, middle[0] - 20, 32, 40)
        cut = cut_face(picture, box, Settings(margin=0, size=side))
        assert cut.picture.shape == (side, side, 3) and cut.box[2:] == (40, 40)
        bright = cut.picture[..., 0] / 255
        wide, high = bright.sum(axis=1).max(), bright.sum(axis=0).max()
        assert wide == pytest.approx(31.5 * side / 40, abs=1.2) and high == pytest.approx(wide, abs=0.8)


def test_a_square_fits_into_the_frame() -> None:
    cut = cut_face(numbered_pixels(60, 80), face(-10, -10, 100, 90), Settings(margin=0.5, size=60))
    assert cut.box == (cut.box[0], 0, 60, 60) and 0 <= cut.box[0] <= 20


LANDMARKS = np.array([(60, 50), (100, 50), (80, 72), (66, 90), (94, 90)], dtype=float)


def turned(points: np.ndarray, degrees: float, about: tuple[float, float]) -> np.ndarray:
    angle = np.radians(degrees)
    matrix = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return (points - about) @ matrix.T + about


def dotted(points: np.ndarray) -> np.ndarray:
    """Picture with a soft white dot at every point."""
    y, x = np.mgrid[:140, :160]
    bumps = [np.exp(-((x - px) ** 2 + (y - py) ** 2) / 8) for px, py in points]
    return np.repeat((np.max(bumps, axis=0) * 255).astype(np.uint8)[..., None], 3, axis=2)


def brightest_near(picture: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Centre of what is bright around a point, (x, y)."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]]
    weight = picture[..., 0] * (np.hypot(x - point[0], y - point[1]) < 7)
    return np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()


@pytest.mark.parametrize("size", [0, 64, 180])
@pytest.mark.parametrize("degrees", [0, 12, -25, 90])
def test_alignment_levels_the_eyes_and_landmarks_stay_on_their_pixels(degrees: float, size: int) -> None:
    points = turned(LANDMARKS, degrees, (80, 70))
    found = face(35, 25, 90, landmarks=points, confidence=0.9)
    cut = cut_face(dotted(points), found, Settings(faces="yunet", align=True, margin=0.1, size=size))
    marks = np.array(cut.landmarks).reshape(5, 2)
    assert marks[0, 1] == pytest.approx(marks[1, 1], abs=1e-6) and marks[0, 0] < marks[1, 0]
    assert marks[1, 0] - marks[0, 0] == pytest.approx(40 * (size / 108 if size else 1), rel=1e-6)
    for mark in marks:
        assert brightest_near(cut.picture, mark) == pytest.approx(mark, abs=0.6)
    assert cut.box == (26, 16, 108, 108)


def test_without_alignment_landmarks_move_with_the_window() -> None:
    found = face(35, 25, 90, landmarks=LANDMARKS)
    cut = cut_face(dotted(LANDMARKS), found, Settings(margin=0))
    assert np.array(cut.landmarks).reshape(5, 2) == pytest.approx(LANDMARKS - [35, 25])


def test_alignment_of_a_face_without_landmarks() -> None:
    with pytest.raises(DataError, match="align needs landmarks.*yunet and retinaface do"):
        cut_face(numbered_pixels(), face(10, 10, 20), Settings(faces="yunet", align=True))
