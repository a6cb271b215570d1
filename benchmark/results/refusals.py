"""Refusals: recorded runs that give no row, each with the code of its reason and a sentence."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NoReturn

from ..errors import DataError

MOST_TEXT = 400  # characters of a sentence, which quotes what a run holds
STEERING = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]+")


class RefusedBecause(StrEnum):
    """Code of the reason why a recorded run, or a submission, has no row."""

    MISSING = "missing"
    NOT_REGULAR = "not_regular"
    VERSION = "version"
    DAMAGED = "damaged"
    TOO_LARGE = "too_large"
    INVALID = "invalid"
    INCONSISTENT = "inconsistent"
    TOO_COSTLY = "too_costly"
    DIFFERS = "differs"
    EDITED = "edited"
    FAILED = "failed"
    SUBMISSION = "submission"

    @property
    def meaning(self) -> str:
        """One sentence for people."""
        return MEANINGS[self]


MEANINGS = {
    RefusedBecause.MISSING: "`cell.json` or a score file is missing, or could not be read or downloaded.",
    RefusedBecause.NOT_REGULAR: "`cell.json` or a score file is no regular file, but a folder, a pipe, a socket or a device.",
    RefusedBecause.VERSION: "`cell.json` has a schema that this version does not read.",
    RefusedBecause.DAMAGED: "A file is no JSON or Parquet, or is cut off.",
    RefusedBecause.TOO_LARGE: "A file, a list or a text is larger than any that a study writes.",
    RefusedBecause.INVALID: "A value has the wrong type, is out of its range or not finite, or a name has control characters.",
    RefusedBecause.INCONSISTENT: "The files of the run contradict each other.",
    RefusedBecause.TOO_COSTLY: "Its intervals would take more time or memory than the board grants to one row.",
    RefusedBecause.DIFFERS: "MLflow shows another value than its files give.",
    RefusedBecause.EDITED: "Its files are not those whose digest was recorded when the run was sent.",
    RefusedBecause.FAILED: "Its numbers could not be computed.",
    RefusedBecause.SUBMISSION: "The submitted scores or their description cannot be used.",
}


class RefusedError(DataError):
    """
    A recorded run whose files cannot become a row.

    Parameters
    ----------
    reason : RefusedBecause
    text : str
        One sentence. Control characters are replaced, and a long text is cut.
    """

    def __init__(self, reason: RefusedBecause, text: str) -> None:
        self.reason = reason
        super().__init__(harmless(text))

    def __reduce__(self) -> tuple[Any, ...]:
        """Return both arguments, so that the error comes back from a worker process."""
        return type(self), (self.reason, str(self))


def refuse(reason: RefusedBecause, text: str) -> NoReturn:
    """
    Raise the error of a file that cannot be used.

    Raises
    ------
    RefusedError
    """
    raise RefusedError(reason, text)


@dataclass(frozen=True)
class Refusal:
    """
    Recorded run, or submission, that has no row.

    Attributes
    ----------
    reason : RefusedBecause
    text : str
        One sentence.
    run_id : str
        Run in MLflow; of a submission its name.
    study, detector, train : str
        As MLflow has them; empty where it does not.
    remedy : str
        Sentence on the command that mends it; empty where none does.
    """

    reason: RefusedBecause
    text: str
    run_id: str
    study: str = ""
    detector: str = ""
    train: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        kind = "submission" if self.reason is RefusedBecause.SUBMISSION else "run"
        about = f" ({self.detector} on {self.train})" if self.detector and self.train else ""
        return f"{kind} {self.run_id}{about}: {self.text}{f' {self.remedy}' if self.remedy else ''}"

    def to_json(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "run_id": self.run_id,
            "study": self.study,
            "detector": self.detector,
            "train": self.train,
            "reason": self.reason.value,
            "text": self.text,
            **({"remedy": self.remedy} if self.remedy else {}),
        }


def harmless(text: str, most: int = MOST_TEXT) -> str:
    """Return a text of one line for a screen: what steers a terminal is replaced, and what is too long is cut."""
    flat = STEERING.sub("\N{REPLACEMENT CHARACTER}", re.sub(r"\s+", " ", text[: 4 * most]))
    return flat if len(flat) <= most else f"{flat[: most - 1]}…"
