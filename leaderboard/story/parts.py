"""Parts of the sentences about a board: words, names, and numbers with their place on it."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from ...benchmark.metrics.digits import auc_text
from ...benchmark.results.rows import Row
from ..ranking.detectors import DetectorPlace
from ..submissions.meta import NOT_STATED

CHANCE = 0.5
NAME_LENGTH = 60  # characters of a name


class Topic(StrEnum):
    """Question that a sentence answers."""

    LEADER = "leader"
    TRANSFER = "transfer"
    LATER = "later"
    FREQUENCIES = "frequencies"
    DOUBT = "doubt"


@dataclass(frozen=True)
class Part:
    """
    Words of a sentence, a name, or a number with its place on the board.

    Attributes
    ----------
    text : str
        As the sentence has it.
    value : float or None
        Of a number, unrounded.
    row : str
        Id of the row that the name or number is of.
    column : str
        Column of that row, or field of the place in the ranking.
    domain : str
        Test domain, for a column of a test result.
    study, detector : str
        Place in the ranking of the detectors, for what stands there.
    counted : tuple of str
        Ids of the rows, or names of the detectors, that a number counts.
    """

    text: str
    value: float | None = None
    row: str = ""
    column: str = ""
    domain: str = ""
    study: str = ""
    detector: str = ""
    counted: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """JSON form, without what is empty."""
        values = {part.name: getattr(self, part.name) for part in fields(self)} | {"counted": list(self.counted)}
        return {name: value for name, value in values.items() if value not in (None, "", [])}


Parts = Sequence[str | Part]  # of a sentence; a text stands for its words


@dataclass(frozen=True)
class Sentence:
    """
    One or two sentences on a topic.

    Attributes
    ----------
    topic : Topic
    parts : tuple of Part
    """

    topic: Topic
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, topic: Topic, parts: Parts) -> "Sentence":
        """Return the sentence of words and parts; words beside each other become one part."""
        joined: list[Part] = []
        for part in (Part(part) if isinstance(part, str) else part for part in parts):
            if joined and joined[-1] == Part(joined[-1].text) and part == Part(part.text):
                joined[-1] = Part(joined[-1].text + part.text)
            elif part.text:
                joined.append(part)
        return cls(topic, tuple(joined))

    @property
    def text(self) -> str:
        """The whole as plain text."""
        return "".join(part.text for part in self.parts)

    def to_json(self) -> dict[str, Any]:
        """JSON form: topic, text and parts."""
        return {"topic": self.topic.value, "text": self.text, "parts": [part.to_json() for part in self.parts]}


def short(name: str) -> str:
    """Return a name, shortened where it is long."""
    return name if len(name) <= NAME_LENGTH else name[: NAME_LENGTH - 1] + "…"


def name_of(row: Row) -> Parts:
    """Return the detector of a row and its training."""
    name = Part(short(row.detector), row=row.id, column="detector")
    if row.train == NOT_STATED:
        return [name, ", training data ", fact(row, "train", NOT_STATED)]
    return [name, ", trained on ", fact(row, "train", row.train_label)]


def name_of_place(place: DetectorPlace) -> Part:
    """Return the name of a detector in the ranking."""
    return Part(short(place.detector), study=place.study, detector=place.detector, column="detector")


def fact(row: Row, column: str, text: str) -> Part:
    """Return a text of a row's column."""
    return Part(short(text), row=row.id, column=column)


def signed(value: float) -> str:
    """Return a difference with three digits and its sign."""
    return f"{value:+.3f}".replace("-", "\N{MINUS SIGN}")


def number(row: Row, column: str, write: Callable[[float], str] = auc_text) -> Part:
    """Return a number of a row's column."""
    value = row.value(column)
    return Part(write(value), value, row=row.id, column=column)


def measured(row: Row, column: str) -> Parts:
    """Return an AUC of a row with its interval in brackets."""
    if math.isnan(row.value(f"{column}_lo")):
        return [number(row, column), " (no interval)"]
    low, high = (number(row, f"{column}{end}") for end in ("_lo", "_hi"))
    return [number(row, column), " (", low, "–", high, ")"]


def place_number(place: DetectorPlace, column: str, value: float, text: str) -> Part:
    """Return a number of a detector's place in the ranking."""
    return Part(text, value, column=column, study=place.study, detector=place.detector)


def place_measured(place: DetectorPlace) -> Parts:
    """Return the mean AUC of a detector in the ranking with its interval in brackets."""
    mean = place_number(place, "auc", place.auc, auc_text(place.auc))
    if math.isnan(place.lo):
        return [mean, " (no interval)"]
    low, high = (place_number(place, name, getattr(place, name), auc_text(getattr(place, name))) for name in ("lo", "hi"))
    return [mean, " (", low, "–", high, ")"]


def count(rows: Iterable[Row]) -> Part:
    """Return the number of some rows, which the part names."""
    ids = tuple(row.id for row in rows)
    return Part(str(len(ids)), len(ids), counted=ids)


def of_all(some: Sequence[Row], every: Sequence[Row]) -> Parts:
    """Return "3 of 8 rows", "all 8 rows", "both rows" or "the only row"."""
    if len(every) == 1:
        return ["the only row"]
    if len(some) == len(every) == 2:
        return ["both rows"]
    if len(some) == len(every):
        return ["all ", count(every), " rows"]
    return [count(some), " of ", count(every), " rows"]


def about_chance(low: float, high: float) -> Parts:
    """Return a sentence where an interval does not lie above the AUC of a coin; nothing else."""
    if high < CHANCE:
        return [" That is below chance."]
    return [" That interval includes chance."] if low <= CHANCE else []
