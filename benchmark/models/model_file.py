"""The description of a kept model, ``model.json``, with the type and the range of every entry checked."""

from typing import Annotated, Any, Literal

from annotated_types import Ge, Le, Len, MaxLen, MinLen
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator

from ..contracts import Framing, Shown
from ..frequency.bands import Band
from ..metrics.calibration import Calibration
from ..pictures.crops import CropSpec
from ..pictures.perturbations.grammar import parse_chain
from .recipe import ATTRIBUTION, DETECTION, TASKS

MOST_BYTES = 2**24
MOST_CLASSES = 1000
MOST_CHAINS = 8
MOST_FILES = 10_000  # besides model.json

Label = Annotated[str, MinLen(1), MaxLen(200)]
Text = Annotated[str, MaxLen(4000)]
Share = Annotated[float, Ge(0), Le(1)]
FileName = Annotated[str, MaxLen(300)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    # Later versions may add entries.
    model_config = ConfigDict(strict=True, frozen=True, extra="ignore", allow_inf_nan=False)


class DetectorPart(_Part):
    """Detector of a model, as `DetectorSpec` names it, and the version that it was fitted with."""

    reference: Text
    preset: Label | Literal[""]
    params: dict[str, Any]
    version: int


class FramingPart(_Part):
    """See `Framing`."""

    shown: Shown
    cut: dict[str, Any]


class CheckPart(_Part):
    """The part of the out-of-domain check that is no array."""

    reencodings: Annotated[list[Text], MaxLen(MOST_CHAINS)]


class ModelFile(_Part):
    """
    Entries of ``model.json``; those that earlier versions did not write have defaults.

    `threshold` is None for attribution, and `unsure` is (low, high). `files` has the SHA-256 of the other files by path, and
    `digest` is that of all other entries (`store.files.digest`).
    """

    format: int
    detector: DetectorPart
    task: str
    classes: Annotated[tuple[Label, ...], Len(2, MOST_CLASSES)]
    band: Band
    crop: CropSpec
    train: tuple[Text, ...]
    seed: int
    calibration: Calibration
    unsure: tuple[Share, Share]
    threshold: float | None
    validation: dict[str, float | None]
    data: dict[str, Any] = {}
    framing: FramingPart | None = None
    clip_thresholds: dict[str, float] = {}
    check: CheckPart | None = None
    files: Annotated[dict[FileName, Sha256], MaxLen(MOST_FILES)] = {}
    digest: Sha256 | None = None

    @model_validator(mode="after")
    def _fits_together(self) -> "ModelFile":
        n_classes = len(self.classes)
        if self.task not in TASKS or (self.task == DETECTION) != (n_classes == 2):
            raise ValueError(f"{n_classes} classes are not those of the task {self.task!r}")
        if len(set(self.classes)) < n_classes:
            raise ValueError("two classes have one name")
        n_columns = 1 if n_classes == 2 else n_classes
        if [len(row) for row in self.calibration.coef] != [n_columns] * n_columns:
            raise ValueError(f"calibration.coef is not of shape ({n_columns}, {n_columns})")
        if len(self.calibration.intercept) != n_columns:
            raise ValueError(f"calibration.intercept is not of shape ({n_columns},)")
        if self.unsure[0] > self.unsure[1]:
            raise ValueError("the ends of unsure are in the wrong order")
        if self.threshold is None and self.task != ATTRIBUTION:
            raise ValueError("threshold is missing")
        for chain in self.check.reencodings if self.check else ():
            parse_chain(chain)
        return self

    @classmethod
    def parse(cls, text: str) -> "ModelFile":
        """
        Read the text of a ``model.json``.

        Raises
        ------
        ValueError
            With the first entry that is wrong.
        StudyError
            For a band, crop or perturbation that there is not.
        """
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])[:80]
            message = first["msg"].removeprefix("Value error, ")
            raise ValueError(f"model.json: {f'{place}: ' if place else ''}{message}") from error

    def framing_of_pictures(self) -> Framing:
        """Content of the training pictures; unknown for a model that does not say."""
        return Framing(self.framing.shown, self.framing.cut) if self.framing else Framing()
