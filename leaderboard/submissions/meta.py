"""Description of a submission by its contributor: a small YAML file, read strictly, with errors that name the line."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, ValidationError, field_validator

from ...benchmark.contracts import HowKnown, Reported
from ...benchmark.domains.names import training_of_json
from ...benchmark.domains.release_date import Release
from ...benchmark.errors import DataError, StudyError, unknown_name
from ...benchmark.frequency.bands import Band
from ...benchmark.store.mistakes import complaint
from ...benchmark.store.yaml_text import read_yaml

NOT_STATED = "not stated"  # training domain of a detector whose training is unknown
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,79}$"
MOST_CHARACTERS = 10_000
SHOWN_LABEL = 200  # characters of a label in a table
MOST_REPORTED = 100
# Control characters but tab and line feed, marks of the writing direction, other line ends, halves of characters.
STEERING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
NUMBERS = re.compile(r"(?i)auc|acc|accuracy|balanced_accuracy|eer|ap|average_precision|f1|pd\d+|tpr|fpr|metrics?|results?|rank")


def one_text(value: Any) -> Any:
    """Return a list of texts as one; anything else as it is."""
    return ", ".join(value) if isinstance(value, list) and all(isinstance(text, str) for text in value) else value


Text = Annotated[str, Field(max_length=MOST_CHARACTERS)]
Form = TypeVar("Form", bound=BaseModel)
Label = Annotated[Text, Field(min_length=1, pattern=r"\S")]


def pool(value: Any) -> Any:
    """Return the name of a training on several domains, which are a list in the file."""
    return training_of_json(value) if isinstance(value, list) and value and all(isinstance(v, str) for v in value) else value


def _date(value: Any) -> str:
    """Return a date as its text; YAML reads 2022 as a number and 2022-08-22 as a date."""
    text = str(value)
    Release.parse(text)
    return text


ReleaseDate = Annotated[str, BeforeValidator(_date)]


class ReportedEntry(BaseModel):
    """A published number, see `Reported`."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    value: float = Field(ge=0, le=1, allow_inf_nan=False)
    metric: Label
    data: Label
    source: Label
    how_known: HowKnown
    setting: Text = ""

    def record(self) -> Reported:
        """Return the record that a board shows."""
        words = {name: label(getattr(self, name)) for name in ("metric", "data", "source", "setting")}
        return Reported(self.value, how_known=self.how_known, **words)


class SubmissionMeta(BaseModel):
    """
    Description of a submission; all of it is text of its contributor, and shown as such.

    Attributes
    ----------
    name : str
        Of the submission; the name of its folder, too.
    detector, train : str
        Detector that gave the scores, and the domain that it was trained on; a list of domains in the file is a pool.
    band : Band
        Frequencies that the detector was given: text as on the command line, or the fields of a `Band`. All by default.
    ms_per_picture : float or None
        Milliseconds, decoding included.
    parameters : dict
        Of the detector.
    domains : dict of str to str
        Domains of this benchmark by the names that the score file uses.
    released : dict of str to str
        Release dates of the generators, by test or training domain: ``2022``, ``2022-08`` or ``2022-08-22``.
    reported : tuple of Reported
        Published numbers, which the board shows beside those that it computes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str = Field(pattern=NAME_PATTERN)
    detector: Label
    train: Annotated[Label, BeforeValidator(pool)]
    description: Text = ""
    authors: Annotated[Text, BeforeValidator(one_text)] = ""
    contact: Text = ""
    url: Text = ""
    licence: Text = ""
    band: Band = Band()
    ms_per_picture: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    parameters: dict[str, JsonValue] = {}
    domains: dict[str, Text] = {}
    released: dict[str, ReleaseDate] = {}
    reported: Annotated[tuple[ReportedEntry, ...], Field(max_length=MOST_REPORTED)] = ()

    @field_validator("band", mode="before")
    @classmethod
    def _band(cls, value: Any) -> Any:
        try:
            return Band(**value) if isinstance(value, dict) else Band.parse(str(value))
        except (StudyError, TypeError) as error:
            raise ValueError(str(error)) from error


def load_meta(path: Path) -> SubmissionMeta:
    """
    Read the description of a submission.

    Raises
    ------
    DataError
        With the file, the line, what was wanted and what came.
    """
    return load_described(path, SubmissionMeta)


def load_described(path: Path, form: type[Form]) -> Form:
    """
    Read a description of some form.

    Parameters
    ----------
    path : Path
    form : type
        Pydantic model.

    Raises
    ------
    DataError
        With the file, the line, what was wanted and what came.
    """
    lines, data = _mapping(path)
    try:
        return form.model_validate(data)
    except ValidationError as error:
        keys = list(form.model_fields)
        raise DataError("\n".join(_explain(path, lines, data, mistake, keys) for mistake in error.errors())) from error


def _mapping(path: Path) -> tuple[dict[str, int], dict[str, Any]]:
    """Return the lines of the top keys, and the content."""
    read = read_yaml(path)
    if not isinstance(read.node, yaml.MappingNode) or not all(isinstance(key, str) for key in read.data):
        raise DataError(f"{path}: this has to be a mapping of keys such as `train:` and `url:`.")
    return {key.value: key.start_mark.line + 1 for key, _ in read.node.value}, read.data


def _explain(path: Path, lines: Mapping[str, int], data: Mapping[str, Any], error: Any, keys: Sequence[str]) -> str:
    """Return one line for a mistake: file, line, key, the value that was wanted, and the one that came."""
    key, last = str(error["loc"][0]), str(error["loc"][-1])
    where = f"{path}, line {lines.get(key, 1)}"
    inner = ".".join(map(str, error["loc"]))
    if error["type"] == "missing":
        return f"{path}: the key '{inner}' is missing."
    if error["type"] == "extra_forbidden" and key == "reported":
        return f"{where}: {unknown_name('key of reported', last[:80], ReportedEntry.model_fields)}"
    if error["type"] != "extra_forbidden":
        return f"{where}: {inner}: {complaint(error)}, got {str(data[key])[:100]!r}."
    if NUMBERS.fullmatch(last):
        return (
            f"{where}: the key '{last[:80]}' is a result. A submission brings scores, never metrics: every number of the board "
            "is computed here from the scores, so that all rows are computed alike. Leave the key out."
        )
    return f"{where}: {unknown_name('key', key[:80], keys)}"


def label(text: str) -> str:
    """Return a text as a label of one line: white space as single spaces, without what steers the screen, shortened."""
    flat = plain(" ".join(text.split()))
    return flat if len(flat) <= SHOWN_LABEL else flat[: SHOWN_LABEL - 1] + "…"


def plain(text: str) -> str:
    """
    Return a text of several lines with a ``�`` for what steers the screen.

    Control characters move the cursor, and marks of the writing direction turn what stands beside them.
    """
    return STEERING.sub("�", text)
