"""Where a scan looks: at the face, cut out as in training, or at the middle, and what it says of that."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from bandbench.benchmark.contracts import Framing, Shown
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.pictures.crops import CropSpec
from bandbench.benchmark.pictures.video import Frame
from bandbench.datasets.copies.settings import Settings
from bandbench.datasets.faces.face import Face
from bandbench.datasets.faces.windows import Look, face_windows, middle_windows

PREPARED = Framing(Shown.FACES, asdict(Settings(margin=0.3, min_size=70)))


class Finder:
    """Finds squares of given sides at (40, 30), one per frame; a side of 0 is no face."""

    weights = None

    def __init__(self, *sides: int) -> None:
        self.sides = iter(sides)

    def find(self, picture: np.ndarray) -> list[Face]:
        side = next(self.sides)
        return [Face((40.0, 30.0, side, side))] if side else []


def frames(n: int) -> list[Frame]:
    return [Frame(3 * k, k / 10, np.full((240, 320, 3), k, dtype=np.uint8)) for k in range(n)]


def looking(finder: Finder, **settings: object) -> Look:
    look = Look(Settings(**settings))  # type: ignore[arg-type]
    look.__dict__["finder"] = finder
    return look


@pytest.mark.parametrize(
    ("framing", "faces", "finder", "pictures", "reason"),
    [
        (PREPARED, "auto", "haar", False, "as it was for training (margin 0.3, faces from 70 pixels on)"),
        (Framing(Shown.FACES), "auto", "haar", False, "trained on faces, so haar looks for them"),
        (Framing(Shown.WHOLE), "auto", "none", False, "trained on whole pictures"),
        (Framing(), "auto", "none", False, "does not say whether it was trained on faces; --faces haar"),
        (PREPARED, "none", "none", False, "--faces none"),
        (Framing(), "haar", "haar", True, "haar looks for the face"),
    ],
)
def test_where_it_looks(framing: Framing, faces: str, finder: str, pictures: bool, reason: str) -> None:
    look = Look.of(framing, faces)
    assert (look.settings.faces, look.pictures, look.finds_faces) == (finder, pictures, finder != "none")
    assert reason in look.reason


def test_the_face_is_cut_out_as_in_training() -> None:
    trained = Settings(faces="yunet", weights="ab", threshold=0.5, margin=0.3, size=160, align=True, choice="largest")
    look = Look.of(Framing(Shown.FACES, asdict(trained)))
    assert look.settings == replace(trained, faces="haar", weights="", threshold=0.0, align=False)
    assert "training found them with yunet: --faces yunet --weights FILE" in look.reason
    assert Look.of(Framing(Shown.FACES, asdict(trained)), "yunet").settings == trained
    assert Look.of(PREPARED, min_size=40, margin=0.0).settings == Settings(margin=0.0, min_size=40)
    assert Look.of(Framing(Shown.FACES, {"later": 1, "margin": 0.2})).settings == Settings(margin=0.2)


def test_what_is_said_of_pictures() -> None:
    assert Look.of(PREPARED).remarks(clips=False, pictures=True) == [
        "Pictures: scored in their middle, as they are; --faces haar looks for faces in them, too."
    ]
    (clips, pictures) = Look.of(PREPARED, "haar").remarks(clips=True, pictures=True)
    assert clips.startswith("Clips: haar") and pictures.startswith("Pictures: haar")
    with pytest.raises(DataError, match="unknown face finder 'har'. Did you mean 'haar'"):
        Look.of(PREPARED, "har")


def test_the_middle() -> None:
    (window,) = middle_windows(frames(1), CropSpec(48))
    assert (window.looked_at, window.box) == ("middle", (136, 96, 48, 48))
    (tiles,) = middle_windows(frames(1), CropSpec(48, "tiles"))
    assert tiles.box is None


def test_faces_and_why_some_frames_have_none() -> None:
    found = face_windows(frames(4), looking(Finder(100, 60, 0, 100), margin=0.1), 64)
    assert [(w.number, w.seconds, w.box) for w in found.windows] == [(0, 0.0, (30, 20, 120, 120)), (9, 0.3, (30, 20, 120, 120))]
    assert [w.picture[0, 0, 0] for w in found.windows] == [0, 3]
    assert found.n_frames == 4
    assert found.note == (
        "no face in 2 of 4 frames: in 1 the largest is of 60 pixels, the limit is 64 (--min-size 60); in 1 none is seen"
    )


def test_a_face_that_is_smaller_than_the_crop_is_not_scored() -> None:
    found = face_windows(frames(2), looking(Finder(100, 70), margin=0.0), 96)
    assert [window.number for window in found.windows] == [0]
    assert found.note == "in 1 of 2 frames the face and its margin are smaller than the model's crop of 96 pixels"


def test_framings_of_several_domains() -> None:
    other = Framing(Shown.FACES, asdict(Settings(margin=0.1)))
    assert Framing.common([PREPARED, PREPARED]) == PREPARED
    assert Framing.common([PREPARED, other]) == Framing(Shown.FACES)
    assert Framing.common([PREPARED, Framing(Shown.WHOLE)]) == Framing()
    assert Framing.common([]) == Framing()
    assert Framing.from_dict(PREPARED.as_dict()) == PREPARED
