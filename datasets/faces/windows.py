"""
The region of pictures and clips that a scan scores: the face, cut out as in training, or the middle.

Scanned files belong to no data set, so the model's record of its training pictures decides.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from ...benchmark.contracts import Framing, Shown
from ...benchmark.errors import DataError, unknown_name
from ...benchmark.pictures.crops import CropSpec
from ...benchmark.pictures.video import Frame
from ...benchmark.pictures.windows import FaceWindows, Window
from ..copies.losses import frames_without_face
from ..copies.settings import Finder, Settings
from .face import FINDERS, WITH_LANDMARKS, Cut, Face, FaceFinder, choose_faces, cut_face
from .finders import find_faces, open_finder
from .recode import recode

AUTO = "auto"
FACES = (AUTO, *FINDERS)


@dataclass(frozen=True)
class ScanRegion:
    """
    Region of a frame or picture that a scan scores: a face, or the middle.

    Attributes
    ----------
    settings : Settings
        For finding and cutting out faces; ``faces="none"`` is the middle.
    weights : Path, optional
        File of the finder.
    pictures : bool
        Look for faces in pictures, too, and not in clips only.
    reason : str
        A sentence on why this region of clips is scored.
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
    ) -> "ScanRegion":
        """
        Return the region that the training pictures of a model show, or the one that the user asks for.

        Parameters
        ----------
        framing : Framing
            Of the model.
        faces : {"auto", "haar", "yunet", "retinaface", "none"}
            ``auto``: Haar in clips where the model was trained on faces, else the middle; pictures are taken as they are.
        weights : Path, optional
        min_size, margin
            As in `Settings`; they replace those of the training.

        Raises
        ------
        DataError
            If the finder is unknown, or a setting is out of range.
        """
        if faces not in FACES:
            raise DataError(unknown_name("face finder", faces, FACES))
        finds = framing.shown == Shown.FACES if faces == AUTO else faces != "none"
        finder = cast("Finder", ("haar" if finds else "none") if faces == AUTO else faces)
        settings = _with_finder(_training_settings(framing), finder)
        overrides = {name: value for name, value in (("min_size", min_size), ("margin", margin)) if value is not None}
        settings = replace(settings, **overrides)
        return cls(settings, weights, finds and faces != AUTO, _reason(framing, faces, settings))

    @property
    def finds_faces(self) -> bool:
        """Look for faces, in clips at least."""
        return self.settings.faces != "none"

    @cached_property
    def finder(self) -> FaceFinder:
        """Face finder of the settings."""
        return open_finder(self.settings.faces, self.weights, self.settings.threshold)

    def middles(self, frames: Iterable[Frame], crop: CropSpec, recoded: bool = False) -> Iterator[Window]:
        """Yield whole frames, of which a model takes the middle; `recoded` puts them through the codec of the training."""
        return middle_windows(frames, crop, self.settings if recoded else None)

    def faces(self, frames: Iterable[Frame], side: int) -> FaceWindows:
        """Cut the face out of every frame that shows one; see `face_windows`."""
        return face_windows(frames, self, side)

    def remarks(self, clips: bool, pictures: bool) -> list[str]:
        """Describe the scored region of clips and of pictures, one sentence for each kind that is present."""
        texts = [f"Clips: {self.reason}"] if clips else []
        if pictures and self.pictures:
            texts.append(f"Pictures: {self.settings.faces} looks for the face, which is cut out ({_cut_text(self.settings)}).")
        elif pictures and self.finds_faces:
            texts.append("Pictures: scored in their middle, as they are; --faces haar looks for faces in them, too.")
        return texts

    def as_dict(self) -> dict[str, Any]:
        """Return the region as JSON-like data."""
        names = ("faces", "margin", "min_size", "size", "align", "choice", "recode")
        shown = {name: getattr(self.settings, name) for name in names} if self.finds_faces else {"faces": "none"}
        return {**shown, "pictures": self.pictures, "reason": self.reason}


def _training_settings(framing: Framing) -> Settings:
    """Return the settings that the training pictures were cut out with; defaults where the model records none."""
    names = {field.name for field in fields(Settings)}
    return Settings(**{name: value for name, value in framing.cut.items() if name in names})


def _with_finder(settings: Settings, finder: Finder) -> Settings:
    """Replace the finder; weights, threshold and alignment of another finder do not carry over."""
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


def middle_windows(frames: Iterable[Frame], crop: CropSpec, settings: Settings | None = None) -> Iterator[Window]:
    """
    Yield whole frames, one at a time, of which a model takes the middle.

    Parameters
    ----------
    frames : iterable of Frame
    crop : CropSpec
        Of the model.
    settings : Settings, optional
        Settings of the training pictures; frames go through their codec.
    """
    side = crop.side
    for frame in frames:
        picture = recode(frame.picture, settings.recode) if settings else frame.picture
        rows, cols = picture.shape[:2]
        box = ((cols - side) // 2, (rows - side) // 2, side, side) if crop.placement == "centre" else None
        yield Window(frame.number, frame.seconds, picture, "middle", box)


def face_windows(frames: Iterable[Frame], region: ScanRegion, side: int) -> FaceWindows:
    """
    Cut the face out of every frame that shows one.

    The cuts of all frames are held in memory, because the choice of a face can depend on all frames.

    Parameters
    ----------
    frames : iterable of Frame
    region : ScanRegion
    side : int
        Side of the crop that the model takes, in pixels; a face that is smaller with its margin cannot be scored.

    Returns
    -------
    FaceWindows

    Raises
    ------
    DataError
        If the frames cannot be decoded, or the finder cannot be used here.
    """
    settings = region.settings
    faces: list[Sequence[Face]] = []
    cuts: list[list[Cut]] = []
    times: list[tuple[int, float]] = []
    too_small: list[int] = []
    limit = 0
    for frame in frames:
        picture = recode(frame.picture, settings.recode)
        in_frame = find_faces(region.finder, picture, settings)
        faces.append(in_frame.faces)
        cuts.append([cut_face(picture, face, settings) for face in in_frame.faces])
        times.append((frame.number, frame.seconds))
        too_small += [in_frame.too_small] if in_frame.too_small else []
        limit = in_frame.limit
    indices = choose_faces(faces, settings.choice)
    chosen = [(time, cut[k]) for time, cut, k in zip(times, cuts, indices, strict=True) if k is not None]
    large = [(time, cut) for time, cut in chosen if min(cut.picture.shape[:2]) >= side]
    windows = [Window(*time, cut.picture, "face", cut.box) for time, cut in large]
    n, n_lost, n_small = len(times), len(times) - len(chosen), len(chosen) - len(windows)
    notes = [frames_without_face(n, n_lost, too_small, limit)] if n_lost else []
    if n_small:
        notes.append(f"in {n_small} of {n} frames the face and its margin are smaller than the model's crop of {side} pixels")
    return FaceWindows(windows, n, "; ".join(notes))
