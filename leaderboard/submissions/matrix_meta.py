"""Description of a score matrix: facts that all of its detectors share, and those of single detectors."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from ...benchmark.domains.names import training
from ...benchmark.errors import DataError, listed, unknown_name
from ...benchmark.store.mistakes import complaint
from ...benchmark.store.yaml_text import dump_yaml
from .meta import NOT_STATED, Label, ReleaseDate, SubmissionMeta, Text, load_described, one_text, pool

SHOWN_NAMES = 10
SHARED = ("train", "description", "authors", "contact", "url", "licence", "released")  # facts of all detectors of a matrix
Higher = Literal["fake", "real"]


class DetectorMeta(BaseModel):
    """
    Facts of one detector of a matrix: those below, and any of `SubmissionMeta`.

    Attributes
    ----------
    name : str
        Name on the board; that of the column by default.
    higher : {"fake", "real"}
        Class that a higher score stands for.
    """

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)

    name: Label | None = None
    higher: Higher | None = None


class MatrixMeta(BaseModel):
    """
    Description of a score matrix.

    Attributes
    ----------
    dataset : str
        First part of the names of its test domains, ``dataset/generator``; the name of the file by default.
    train, higher
        Of the detectors that have none of their own.
    released : dict of str to str
        Release dates, see `SubmissionMeta`; a domain may be named as the matrix names its generator.
    detectors : dict of str to DetectorMeta
        By column. Where there are any, no other column is taken for scores.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    dataset: Label | None = None
    train: Annotated[Label, BeforeValidator(pool)] = NOT_STATED
    higher: Higher | None = None
    description: Text = ""
    authors: Annotated[Text, BeforeValidator(one_text)] = ""
    contact: Text = ""
    url: Text = ""
    licence: Text = ""
    released: dict[str, ReleaseDate] = {}
    detectors: dict[str, DetectorMeta] = {}

    def of(self, column: str, name: str, domains: Collection[str] = ()) -> dict[str, Any]:
        """
        Return the description of the submission of one column, as a file of `SubmissionMeta` holds it.

        Parameters
        ----------
        column : str
        name : str
            Of the submission.
        domains : collection of str
            Test domains of the matrix; a training domain may be named as the matrix names its generator.
        """
        own = self.detectors.get(column, DetectorMeta())
        shared = {key: getattr(self, key) for key in SHARED if getattr(self, key)}
        facts = {"name": name, "detector": self.label(column), **shared, **(own.model_extra or {})}
        train = training_of(facts["train"])
        placed = [placed_name(one, domains) for one in train] if isinstance(train, list) else placed_name(train, domains)
        dates = facts.get("released")
        if isinstance(dates, dict):
            facts["released"] = {placed_name(str(one), domains): date for one, date in dates.items()}
        return facts | {"train": placed}

    def label(self, column: str) -> str:
        """Return the name of the detector of a column on the board."""
        return self.detectors.get(column, DetectorMeta()).name or column

    def higher_of(self, column: str) -> Higher | None:
        """Return the class that a higher score of a column stands for; None where nothing says so."""
        return self.detectors.get(column, DetectorMeta()).higher or self.higher


def load_matrix_meta(path: Path | None) -> MatrixMeta:
    """
    Read the description of a matrix; without a file, nothing is known of it.

    Raises
    ------
    DataError
        With the file, the line, what was wanted and what came.
    """
    return MatrixMeta() if path is None else load_described(path, MatrixMeta)


def dataset_of(name: str) -> str:
    """
    Return a name as that of a data set, without what has a meaning in names of domains.

    >>> dataset_of("scores of GenImage@v1")
    'scores-of-GenImage-v1'
    """
    return re.sub(r"[^\w.-]+", "-", name).strip("-.")


def submission_name(dataset: str, detector: str) -> str:
    """
    Return the name of the submission of a detector of a matrix.

    >>> submission_name("GenImage", "CNN spot (0.5)")
    'GenImage-CNN-spot-0.5'
    """
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{dataset}-{detector}").strip("-.")[:80].rstrip("-.")


def names_of(dataset: str, detectors: list[str]) -> list[str]:
    """
    Return the names of the submissions of some detectors.

    Raises
    ------
    DataError
        If two would get the same, or one would be empty.
    """
    names = [submission_name(dataset, detector) for detector in detectors]
    twice = [detector for detector, name in zip(detectors, names, strict=True) if not name or names.count(name) > 1]
    if twice:
        raise DataError(
            f"the detectors {listed(map(repr, twice), SHOWN_NAMES)} have no name of their own in letters, digits, _ . -; give "
            "them one in the description: `detectors: {COLUMN: {name: NAME}}`."
        )
    return names


def plain_name(generator: str) -> str:
    """
    Return the name of a generator without what has a meaning in names of domains.

    >>> plain_name("SD 1.4")
    'SD-1.4'
    """
    return re.sub(r"[/@+\s]+", "-", generator).strip("-") or generator


def placed_name(name: str, domains: Collection[str]) -> str:
    """
    Return the test domain that a name means, as a domain or as a generator of the matrix; the name itself if it means none.

    >>> placed_name("SD 1.4", ["genimage/SD-1.4"]), placed_name("genimage/SD 1.4", ["genimage/SD-1.4"])
    ('genimage/SD-1.4', 'genimage/SD-1.4')
    """
    if name in domains:
        return name
    for domain in domains:
        dataset, _, generator = domain.partition("/")
        if generator and plain_name(name.removeprefix(f"{dataset}/")) == generator:
            return domain
    return name


def training_of(train: Any) -> Any:
    """Return the training of a detector as a file of `SubmissionMeta` holds it: a list for a pool."""
    return training(train).to_json() if isinstance(train, str) else train


def submission_text(path: Path | None, facts: dict[str, Any]) -> str:
    """
    Return the description of a submission, which `meta.load_meta` reads.

    Raises
    ------
    DataError
        If it has a key that a submission does not have, or a value of another kind.
    """
    try:
        SubmissionMeta.model_validate(facts)
    except ValidationError as error:
        keys = [*SubmissionMeta.model_fields, "higher"]
        where = "" if path is None else f"{path}: "
        raise DataError("\n".join(f"{where}{_mistake(facts, mistake, keys)}" for mistake in error.errors())) from error
    return dump_yaml(facts)


def _mistake(facts: dict[str, Any], error: Any, keys: list[str]) -> str:
    key = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        return f"detector {facts['detector']!r}: {unknown_name('key', key[:80], keys)}"
    return f"detector {facts['detector']!r}: {key}: {complaint(error)}, got {str(facts[key])[:100]!r}."
