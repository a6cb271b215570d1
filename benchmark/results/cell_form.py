"""
The form of a ``cell.json``: the type and the range of each value, as a strict model.

A document that a store holds may be anybody's. What passes here can be shown and computed with: names are printable, texts
bounded, AUCs between 0 and 1, counts not negative, frequencies on the axis.
"""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from ..domains.release_date import Release
from ..frequency.bands import MAX_CUTOFF, MAX_FREQUENCY
from ..metrics.clips import ClipRule
from .refusals import STEERING, RefusedBecause, refuse

LONGEST_NAME = 2000
MOST_BANDS, MOST_DOMAINS, MOST_DRAWS = 100_000, 5000, 10_000
LAST_MOMENT = 9.0e9  # seconds since the epoch; later ones have no calendar in pandas
SHOWN_VALUE = 60  # characters of a value in a message


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("a name holds printable characters only")
    return text


def _readable(text: str) -> str:
    if STEERING.search(text.replace("\n", "").replace("\t", "")):
        raise ValueError("a text holds no control characters")
    return text


def _release(text: str) -> str:
    Release.parse(text)
    return text


Name = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(_printable)]
Key = Annotated[str, Field(max_length=LONGEST_NAME)]  # of a parameter, which a submission may call as it likes
Told = bool | int | Annotated[float, Field(allow_inf_nan=False)] | str | None  # of a parameter; shown as text everywhere
Text = Annotated[str, AfterValidator(_readable)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Error = Annotated[float, Field(ge=0, le=1e6, allow_inf_nan=False)]
Amount = Annotated[float, Field(ge=0, le=1e12, allow_inf_nan=False)]
Frequency = Annotated[float, Field(ge=0, le=MAX_FREQUENCY + 1e-6, allow_inf_nan=False)]
Length = Annotated[float, Field(ge=0, le=MAX_CUTOFF + 1e-6, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0, le=2**53)]
Number = Annotated[float, Field(allow_inf_nan=False)]


def _auc_and_error(values: list[float | None]) -> list[float | None]:
    auc, error = values
    if not (auc is None or 0 <= auc <= 1) or not (error is None or 0 <= error <= 1e6):
        raise ValueError("an AUC lies between 0 and 1, and its error is not negative")
    return values


def _ascending(stretch: "StretchForm") -> "StretchForm":
    if stretch.low > stretch.high:
        raise ValueError("the lower end of a stretch is not above the upper one")
    return stretch


Pair = Annotated[list[float | None], Field(min_length=2, max_length=2), AfterValidator(_auc_and_error)]


class Form(BaseModel):
    """Part of a document; keys of a later version are ignored."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)


class BandForm(Form):
    """See `frequency.bands.Band`, which checks the numbers against each other."""

    model_config = ConfigDict(extra="forbid")

    kind: Name
    cutoff: Length | None = None
    width: Length | None = None
    order: Count = 1
    mode: Name = "keep"
    period: Count = 0
    halfwidth: Length = 0.0
    points: Name = "all"


class StretchForm(Form):
    """Stretch of the axis."""

    low: Frequency
    high: Frequency
    sufficient: bool | None = None
    necessary: bool | None = None


Stretch = Annotated[StretchForm, AfterValidator(_ascending)]


class TrialForm(Form):
    """Band that was tried."""

    band: BandForm
    stage: Name
    auc: Share | None
    auc_lo: Share | None
    auc_hi: Share | None
    auc_se: Error | None
    error: Text


class NarrowForm(Form):
    """Narrow band of a sweep."""

    kind: Literal["band", "stop"]
    low: Length
    high: Length
    val: Pair
    tests: dict[Name, Pair]


class TestedForm(Form):
    """Band with score files."""

    __test__ = False

    role: Literal["chosen", "allpass", "fixed", "oracle"]
    band: BandForm
    domain: Name
    files: Annotated[list[Name], Field(min_length=1, max_length=MOST_DRAWS)]
    fit_seconds: Amount
    score_ms: Amount
    epochs: list[list[dict[Name, Number | None]]] | None = None


class LookalikesForm(Form):
    """Pictures that look like others."""

    n: Count
    pairs: list[Annotated[list[str], Field(min_length=2, max_length=2)]]


class AuditForm(Form):
    """Shortcut audit of a domain."""

    auc: Share | None
    lo: Share | None
    hi: Share | None
    fact: Text
    values: Annotated[list[Text], Field(max_length=2)] = []
    ambiguous: bool = False


class CropForm(Form):
    """Window of a picture."""

    side: Annotated[int, Field(ge=1, le=65536)]
    placement: Name = ""
    tiles: Count = 0


class IdentityForm(Form):
    """Detector of a cell."""

    name: Name | None = None
    version: int | Name | None = None
    source: Name | None = None
    parameters: dict[Key, Told | list[Told] | dict[Key, Told]] = {}
    view: Annotated[list[Any], Field(max_length=2)] = []
    control: bool = False


class FactsForm(Form):
    """Facts of a data set that the board reads."""

    missing: list[Text] = []
    notes: list[Text] = []
    lookalikes: list[Text] = []


class ReportedForm(Form):
    """Published number."""

    value: Share
    metric: Text
    data: Text
    source: Text
    how_known: Text = ""
    setting: Text = ""
    preset: Text = ""
    train: Text = ""


class CellForm(Form):
    """Document of the present schema, see `cell_document.CellDocument`."""

    key: Name
    study: Name
    study_key: Name
    settings: Name
    variant: Name
    detector: Name
    detector_identity: IdentityForm
    train: Name | Annotated[list[Name], Field(min_length=1, max_length=MOST_DOMAINS)]
    tests: Annotated[list[Name], Field(max_length=MOST_DOMAINS)]
    seed: int | None
    seeds: Annotated[int, Field(ge=1, le=MOST_DRAWS)]
    attempt: Count
    bootstrap: Annotated[int, Field(ge=1, le=100_000)]  # as in a study
    crop: CropForm | None
    band: BandForm
    rule: Text
    evidence: Stretch | list[Stretch] | None
    plateau: Stretch | None = None
    trials: Annotated[list[TrialForm], Field(max_length=MOST_BANDS)]
    narrow: Annotated[list[NarrowForm], Field(max_length=MOST_BANDS)]
    tested: Annotated[list[TestedForm], Field(max_length=MOST_BANDS)]
    decode_ms: Amount
    gaps: list[Text]
    problems: list[Annotated[list[str], Field(min_length=3, max_length=3)]]
    digests: dict[str, Name]
    splits: dict[Name, Name]
    split_id: Name
    test_splits: dict[Name, Name]
    pictures: dict[Name, Name]
    dropped_leaks: dict[Name, Count]
    data: dict[Name, FactsForm]
    lookalikes: dict[Name, LookalikesForm]
    versions: dict[Name, Name]
    finished: Annotated[float, Field(ge=0, le=LAST_MOMENT)]
    model_bytes: Count | None = None
    submission: Name = ""
    clips: Literal[tuple(rule.value for rule in ClipRule)] = ClipRule.MEAN.value  # pyright: ignore[reportInvalidTypeForm]
    train_overlap: Share
    shortcuts: dict[Name, AuditForm | None]
    reals: dict[Name, LookalikesForm]
    not_counted: list[Name] = []
    reals_shortcuts: dict[Name, dict[Name, AuditForm | None]] = {}
    released: dict[Name, Annotated[Name, AfterValidator(_release)]] = {}
    reported: Annotated[list[ReportedForm], Field(max_length=1000)] = []


def check_form(data: Any, place: str) -> None:
    """
    Check the JSON form of a document of the present schema.

    Parameters
    ----------
    data : JSON value
    place : str
        File that it is from, for messages.

    Raises
    ------
    RefusedError
        With the place of the first value that cannot be used, and the value.
    """
    try:
        CellForm.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=True)[0]
        if first["type"] == "missing":
            refuse(RefusedBecause.INVALID, f"{place} is incomplete (KeyError: {first['loc'][-1]!r}).")
        where, value = ".".join(map(str, first["loc"])), repr(first.get("input"))[:SHOWN_VALUE]
        refuse(RefusedBecause.INVALID, f"{place} is incomplete or damaged ({where}: {first['msg']}, got {value}).")
