"""Face finders by name, on drawn faces and on small networks with known answers."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from bandbench.benchmark.errors import DataError
from bandbench.datasets.copies.settings import Settings
from bandbench.datasets.faces.face import FINDERS, Face, cut_face, overlap
from bandbench.datasets.faces.finders import find_faces, open_finder
from trees.faces import draw_face, scene
from trees.tiny_networks import MARKS, black_with, write_retinaface, write_yunet

# --- cutting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [60, 110, 150])
def test_haar_finds_drawn_faces_where_they_are(side: int) -> None:
    finder = open_finder("haar")
    for identity in range(4):
        found = finder.find(scene(identity, face=side))
        assert len(found) == 1 and np.isnan(found[0].confidence) and found[0].landmarks is None
        drawn = Face(((256 - side) // 2 + 0.1 * side, (192 - side) // 2 + 0.08 * side, 0.84 * side, 0.84 * side))
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


class Fixed:
    """A finder that returns faces of given sides, largest first."""

    weights = None

    def __init__(self, *sides: int) -> None:
        self.sides = sides

    def find(self, picture: np.ndarray) -> list[Face]:
        return [Face((0.0, 0.0, side, side + 9)) for side in self.sides]


@pytest.mark.parametrize(
    ("sides", "large", "too_small"),
    [((90, 64, 63), [90, 64], 0), ((63, 20), [], 63), ((), [], 0)],
)
def test_faces_below_the_limit_are_left_out_and_their_size_is_reported(
    sides: tuple[int, ...], large: list[int], too_small: int
) -> None:
    """The limit holds for the smaller side; a size is reported only if no face is large enough."""
    faces = find_faces(Fixed(*sides), scene(None, size=(240, 320)), Settings())
    assert ([face.side for face in faces.faces], faces.limit, faces.too_small) == (large, 64, too_small)
    everything = find_faces(Fixed(*sides), scene(None, size=(240, 320)), Settings(faces="none", min_size=500))
    assert (len(everything.faces), everything.limit) == (len(sides), 0), "whole frames are never too small"
