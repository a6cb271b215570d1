"""Settings of a preparation: how faces are found, cut out and encoded."""

from dataclasses import asdict, dataclass
from typing import Literal, get_args

from ...benchmark.errors import DataError, unknown_name
from ...benchmark.store.files import digest

FORMAT = 1
FACE_SHARE, LEAST_FACE, MOST_LEAST_FACE = 6, 64, 100  # the frame's shorter side over the least face's; its bounds in pixels
Decoder = Literal["pyav", "opencv"]
Finder = Literal["haar", "yunet", "retinaface", "none"]
Choice = Literal["largest", "track"]


@dataclass(frozen=True)
class Settings:
    """
    Settings by which crops are made from sources; equal settings give equal crops.

    Attributes
    ----------
    frames : int
        Frames taken of a clip, spread evenly; 0 if `every` counts.
    every : int
        Every K-th frame of a clip; 0 if `frames` counts.
    decoder : {"pyav", "opencv"}
    faces : {"haar", "yunet", "retinaface", "none"}
    weights : str
        SHA-256 of the finder's weights file; empty if it has none.
    threshold : float
        Least confidence of a face; 0 is the finder's own.
    choice : {"largest", "track"}
        The largest face of every frame, or the one that is followed through the clip by overlap.
    margin : float
        Added on every side of the box, as a share of its larger side.
    min_size : int, or None
        Faces whose smaller side is below it are passed over, in pixels; None goes by the frame (`least_face`). The published
        program for band searches on faces takes 100, and no margin.
    align : bool
        Turn the crop so that the eyes are level (needs landmarks); this resamples.
    size : int
        Side that crops are resized to, in pixels; 0 keeps their pixels.
    recode : str
        Codec that every frame goes through before faces are looked for: empty, ``jpeg:QUALITY`` or ``h264:CRF``.

    Raises
    ------
    DataError
        If a value makes no sense, or two of them together.
    """

    frames: int = 32
    every: int = 0
    decoder: Decoder = "pyav"
    faces: Finder = "haar"
    weights: str = ""
    threshold: float = 0.0
    choice: Choice = "track"
    margin: float = 0.15
    min_size: int | None = None
    align: bool = False
    size: int = 0
    recode: str = ""

    def __post_init__(self) -> None:
        for name, choices in (("decoder", Decoder), ("faces", Finder), ("choice", Choice)):
            if getattr(self, name) not in get_args(choices):
                raise DataError(unknown_name(name, str(getattr(self, name)), get_args(choices)))
        for name in ("frames", "every", "min_size", "size"):
            if (getattr(self, name) or 0) < 0:
                raise DataError(f"{name} is not below 0, got {getattr(self, name)}.")
        if bool(self.frames) == bool(self.every):
            raise DataError(
                f"frames (spread over the clip) or every (every K-th frame), one of the two; "
                f"got frames={self.frames} and every={self.every}."
            )
        if not 0 <= self.threshold < 1:
            raise DataError(f"threshold is a confidence from 0 to below 1, got {self.threshold}.")
        if not 0 <= self.margin <= 2:
            raise DataError(f"margin is a share of the face's box from 0 to 2, got {self.margin}.")
        if self.align and self.faces in ("haar", "none"):
            raise DataError(f"align needs landmarks, which {self.faces} does not find; faces=yunet or faces=retinaface does.")
        if self.recode:
            parse_codec(self.recode)

    def least_face(self, rows: int, cols: int) -> int:
        """
        Return the least smaller side of a face in a frame of rows x cols pixels.

        Without `min_size` a sixth of the frame's shorter side, from 64 to 100 pixels: smaller finds are people in the
        background or no faces at all.

        >>> Settings().least_face(480, 640), Settings().least_face(1080, 1920), Settings(min_size=100).least_face(240, 320)
        (80, 100, 100)
        """
        if self.faces == "none":
            return 0  # a whole frame is a face of any size
        if self.min_size is not None:
            return self.min_size
        return min(max(min(rows, cols) // FACE_SHARE, LEAST_FACE), MOST_LEAST_FACE)

    @property
    def digest(self) -> str:
        """Twelve hex digits that change with any setting."""
        return digest([FORMAT, asdict(self)])[:12]

    def as_options(self, usual: "Settings") -> list[str]:
        """Return options of ``bench data prepare`` for settings that differ from `usual`; weights are known by hash only."""
        options = []
        for name, value in asdict(self).items():
            if value == getattr(usual, name) or name == "weights" or (name in ("frames", "every") and not value):
                continue
            option = "--" + name.replace("_", "-")
            options += [option if value else "--no-" + option[2:]] if isinstance(value, bool) else [option, str(value)]
        return options

    @property
    def text(self) -> str:
        """The settings that differ from the defaults, and the digest, for people: ``frames=16 margin=0 (3f0a…)``."""
        defaults = asdict(Settings())
        changed = [f"{name}={value}" for name, value in asdict(self).items() if value != defaults[name] and name != "weights"]
        return " ".join([*(changed or ["defaults"]), f"({self.digest})"])


LEVELS = {"jpeg": (1, 100, "quality"), "h264": (0, 51, "CRF")}


def parse_codec(text: str) -> tuple[str, int]:
    """
    Read the codec and its level from `Settings.recode`.

    Parameters
    ----------
    text : str
        ``jpeg:QUALITY`` with 1 to 100, or ``h264:CRF`` with 0 (lossless but for the colour planes) to 51.

    Returns
    -------
    name : {"jpeg", "h264"}
    level : int

    Raises
    ------
    DataError
        If it is anything else.

    >>> parse_codec("jpeg:75")
    ('jpeg', 75)
    """
    name, _, level = text.partition(":")
    if name not in LEVELS:
        raise DataError(f"a codec is jpeg:QUALITY (jpeg:75) or h264:CRF (h264:23), got {text!r}.")
    least, most, what = LEVELS[name]
    if not level.isascii() or not level.isdigit() or not least <= int(level) <= most:
        raise DataError(f"the {what} of {name} is a whole number from {least} to {most} ({name}:{most // 2}), got {text!r}.")
    return name, int(level)
