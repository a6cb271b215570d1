"""What a model looks at in pictures and clips that belong to no data set: the face, cut out as in training, or the middle."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ...benchmark.contracts import Framing, Shown
from ...benchmark.errors import DataError, unknown_name
from ...benchmark.pictures.crops import CropSpec
from ...benchmark.pictures.video import Frame
from ..copies.losses import frames_without_face
from ..copies.settings import Finder, Settings
from .face import FINDERS, WITH_LANDMARKS, Cut, Face, FaceFinder, choose, cut_face
from .finders import faces_of, open_finder
from .recode import recode

AUTO = "auto"
FACES = (AUTO, *FINDERS)
Box = tuple[int, int, int, int]


@dataclass(frozen=True, eq=False)
class Window:
    """
    What is scored of a frame or a picture.

    Attributes
    ----------
    number : int
        Of the frame.
    seconds : float
        From the beginning of the clip.
    picture : array of uint8 (rows, cols, 3)
        The model scores its middle.
    looked_at : {"face", "middle"}
    box : tuple of int, or None
        (left, top, width, height) in the frame; None for several windows around the middle.
    """

    number: int
    seconds: float
    picture: NDArray[np.uint8]
    looked_at: Literal["face", "middle"]
    box: Box | None


@dataclass(frozen=True)
class Look:
    """
    Where a scan looks.

    Attributes
    ----------
    settings : Settings
        How faces are found and cut out; ``none`` is the middle.
    weights : Path, optional
        File of the finder.
    pictures : bool
        Whether faces are looked for in pictures, too, and not in clips only.
    reason : str
        Why it looks there in clips, a sentence.
    """

    settings: Settings
    weights: Path | None = None
    pictures: bool = False
    reason: str = ""

    @classmethod
    def of(
        cls,
        framing: Framing,
        faces: str = AUTO,
        weights: Path | None = None,
        min_size: int | None = None,
        margin: float | None = None,
    ) -> "Look":
        """
        Look where the training pictures of a model were taken from, or where the user says.

        Parameters
        ----------
        framing : Framing
            Of the model.
        faces : {"auto", "haar", "yunet", "retinaface", "none"}
            ``auto``: Haar in clips where the model was trained on faces, else the middle; pictures are taken as they are.
        weights : Path, optional
        min_size, margin
            As in `Settings`, instead of those of the training.

        Raises
        ------
        DataError
            If the finder is unknown, or something of it makes no sense.
        """
        if faces not in FACES:
            raise DataError(unknown_name("face finder", faces, FACES))
        finds = framing.shown == Shown.FACES if faces == AUTO else faces != "none"
        finder = cast("Finder", ("haar" if finds else "none") if faces == AUTO else faces)
        settings = _with_finder(_training_settings(framing), finder)
        given = {name: value for name, value in (("min_size", min_size), ("margin", margin)) if value is not None}
        settings = replace(settings, **given)
        return cls(settings, weights, finds and faces != AUTO, _reason(framing, faces, settings))

    @property
    def finds_faces(self) -> bool:
        """Whether faces are looked for, in clips at least."""
        return self.settings.faces != "none"

    @cached_property
    def finder(self) -> FaceFinder:
        """Finds faces in a picture."""
        return open_finder(self.settings.faces, self.weights, self.settings.threshold)

    def remarks(self, clips: bool, pictures: bool) -> list[str]:
        """Say where it looks, in what there is."""
        found = [f"Clips: {self.reason}"] if clips else []
        if pictures and self.pictures:
            found.append(f"Pictures: {self.settings.faces} looks for the face, which is cut out ({_cut_text(self.settings)}).")
        elif pictures and self.finds_faces:
            found.append("Pictures: scored in their middle, as they are; --faces haar looks for faces in them, too.")
        return found

    def as_dict(self) -> dict[str, Any]:
        """JSON-like."""
        names = ("faces", "margin", "min_size", "size", "align", "choice", "recode")
        shown = {name: getattr(self.settings, name) for name in names} if self.finds_faces else {"faces": "none"}
        return {**shown, "pictures": self.pictures, "reason": self.reason}


def _training_settings(framing: Framing) -> Settings:
    """How the training pictures were cut out, as far as it is known."""
    known = {field.name for field in fields(Settings)}
    return Settings(**{name: value for name, value in framing.cut.items() if name in known})


def _with_finder(settings: Settings, finder: Finder) -> Settings:
    """Look for faces with a finder; what belongs to the one of the training is left out."""
    if finder == settings.faces:
        return settings
    align = settings.align and finder in WITH_LANDMARKS
    return replace(settings, faces=finder, weights="", threshold=0.0, align=align)


def _reason(framing: Framing, faces: str, settings: Settings) -> str:
    if faces == "none":
        return "the middle of every frame is scored (--faces none)."
    if faces != AUTO:
        return f"{faces} looks for the face, which is cut out ({_cut_text(settings)})."
    if framing.shown == Shown.UNKNOWN:
        return (
            "the middle of every frame is scored, because the model does not say whether it was trained on faces; "
            "--faces haar looks for them."
        )
    if framing.shown == Shown.WHOLE:
        return "the middle of every frame is scored, because the model was trained on whole pictures."
    if not framing.cut:
        return f"the model was trained on faces, so haar looks for them and they are cut out ({_cut_text(settings)})."
    trained = framing.cut.get("faces", "haar")
    other = "" if trained == "haar" else f"; training found them with {trained}: --faces {trained} --weights FILE"
    return f"the face is cut out as it was for training ({_cut_text(settings)}), where haar finds one{other}."


def _cut_text(settings: Settings) -> str:
    least = "a sixth of the frame" if settings.min_size is None else f"{settings.min_size} pixels"
    more = [f"{settings.size} pixels a side"] if settings.size else []
    return ", ".join([f"margin {settings.margin:g}", f"faces from {least} on", *more, *filter(None, [settings.recode])])


# --- windows ---------------------------------------------------------------------------------------------------------


def middle_windows(frames: Iterable[Frame], crop: CropSpec, settings: Settings | None = None) -> Iterator[Window]:
    """
    Whole frames, one at a time, of which a model takes the middle.

    Parameters
    ----------
    frames : iterable of Frame
    crop : CropSpec
        Of the model.
    settings : Settings, optional
        Of the training pictures: the codec that they went through.
    """
    side = crop.side
    for frame in frames:
        picture = recode(frame.picture, settings.recode) if settings else frame.picture
        rows, cols = picture.shape[:2]
        box = ((cols - side) // 2, (rows - side) // 2, side, side) if crop.placement == "centre" else None
        yield Window(frame.number, frame.seconds, picture, "middle", box)


@dataclass(frozen=True, eq=False)
class FaceWindows:
    """
    The faces of a clip or a picture.

    Attributes
    ----------
    windows : list of Window
        At most one per frame.
    n_frames : int
        Frames that were looked at.
    note : str
        Why some gave no window; empty if all did.
    """

    windows: list[Window]
    n_frames: int
    note: str


def face_windows(frames: Iterable[Frame], look: Look, side: int) -> FaceWindows:
    """
    Cut the face out of every frame that shows one.

    Faces of all frames are held, as which one is followed can depend on all.

    Parameters
    ----------
    frames : iterable of Frame
    look : Look
    side : int
        Of the crop that the model takes, in pixels: a face that is smaller with its margin cannot be scored.

    Raises
    ------
    DataError
        If the frames cannot be decoded, or the finder cannot be used here.
    """
    settings = look.settings
    faces: list[Sequence[Face]] = []
    cuts: list[list[Cut]] = []
    places: list[tuple[int, float]] = []
    too_small: list[int] = []
    limit = 0
    for frame in frames:
        picture = recode(frame.picture, settings.recode)
        found = faces_of(look.finder, picture, settings)
        faces.append(found.faces)
        cuts.append([cut_face(picture, face, settings) for face in found.faces])
        places.append((frame.number, frame.seconds))
        too_small += [found.too_small] if found.too_small else []
        limit = found.limit
    chosen = choose(faces, settings.choice)
    taken = [(place, cut[k]) for place, cut, k in zip(places, cuts, chosen, strict=True) if k is not None]
    large = [(place, cut) for place, cut in taken if min(cut.picture.shape[:2]) >= side]
    windows = [Window(*place, cut.picture, "face", cut.box) for place, cut in large]
    n, lost, small = len(places), len(places) - len(taken), len(taken) - len(windows)
    notes = [frames_without_face(n, lost, too_small, limit)] if lost else []
    if small:
        notes.append(f"in {small} of {n} frames the face and its margin are smaller than the model's crop of {side} pixels")
    return FaceWindows(windows, n, "; ".join(notes))
