"""Faces of a frame: their overlap, the choice of one per frame, and the cut."""

import numpy as np
import pytest

from bandbench.benchmark.errors import DataError
from bandbench.datasets.copies.settings import Settings
from bandbench.datasets.faces.face import Face, choose_faces, cut_face, overlap


def face(left: float, top: float, width: float, height: float | None = None, **facts: object) -> Face:
    return Face((left, top, width, height or width), **facts)  # type: ignore[arg-type]


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
    assert choose_faces(clip, "largest") == [1, None, 0]
    with pytest.raises(DataError, match="unknown choice of faces 'larger'.*'largest'"):
        choose_faces(clip, "larger")


def test_a_track_stays_with_one_person() -> None:
    """The other one leans forward in two frames, and is alone in another."""
    left = [face(10 + k, 10, 100) for k in range(6)]
    right = [face(200 - k, 10, 130 if k in (2, 3) else 60) for k in range(6)]
    clip = [[one, other] for one, other in zip(left, right, strict=True)]
    clip[4] = [right[4]]
    assert choose_faces(clip, "track") == [0, 0, 0, 0, None, 0]
    assert choose_faces(clip, "largest") == [0, 0, 1, 1, 0, 0]
    swapped = [found[::-1] for found in clip]
    assert choose_faces(swapped, "track") == [1, 1, 1, 1, None, 1]


def test_something_large_that_is_no_face_does_not_start_the_track() -> None:
    clip = [[face(300, 300, 150), face(10, 10, 100)], *[[face(10 + k, 12, 100)] for k in range(5)]]
    assert choose_faces(clip, "track") == [1, 0, 0, 0, 0, 0]


def test_who_moves_too_fast_is_followed_if_nobody_else_is_there() -> None:
    clip = [[face(150 * k, 10, 100)] for k in range(5)]
    clip[2] = []
    assert choose_faces(clip, "track") == [0, 0, None, 0, 0]
    assert choose_faces([], "track") == [] and choose_faces([[], []], "track") == [None, None]


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
