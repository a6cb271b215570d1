"""Confounds: facts of the files other than their pictures that separate the classes, by the audit that runs make, too."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...benchmark.contracts import FAKE, REAL
from ...benchmark.invocation import bench
from ...benchmark.pictures.audit import FactTable, audit
from ...benchmark.pictures.file_facts import COLUMNS, FACTS, FORMATS, Fact
from .picture_facts import Facts

SIGNIFICANT = 3.0  # standard errors
NOTABLE, STRONG = 0.6, 0.75
CODEC = ("format", "quality", "sampling", "progressive", "frame_rate", "bytes_per_pixel")
MODE = ("mode", "depth")
METADATA = ("icc", "exif", "metadata")
SIZE = ("side", "aspect")

_ONE_CODEC = (
    f"save both classes in one way (clips: `{bench('data prepare ... --recode jpeg:75')}`); a run on "
    "DOMAIN+jpeg:quality=75 shows what is left without it"
)
_ONE_MODE = "turn both classes to one colour mode; detectors that see colours see it"
_ONE_WRITER = (
    "detectors see pixels alone, but files that two programs have written often differ in more: write both classes with one"
)
_ONE_PAST = "crops hide the size but not a resampling that goes with it: get both classes in one size, made in one way"
_ONE_HISTORY = (
    f"one class may have been compressed or resized before, or its generator leaves this trace: look at `{bench('spectra')}`"
)


@dataclass(frozen=True)
class Question:
    """
    A fact of a file that should not separate the classes.

    Attributes
    ----------
    name : str
    remedy : str
        The step that removes the confound.
    trace : bool
        The content changes it, too: it may be the generator's own trace, which is evidence and no confound.
    """

    name: str
    remedy: str
    trace: bool = False


def _question(fact: Fact) -> Question:
    remedies = {CODEC: _ONE_CODEC, MODE: _ONE_MODE, METADATA: _ONE_WRITER, SIZE: _ONE_PAST}
    remedy = next((remedy for names, remedy in remedies.items() if fact.name in names), _ONE_HISTORY)
    return Question(fact.title, remedy, fact.trace)


QUESTIONS = tuple(map(_question, FACTS))


@dataclass(frozen=True)
class Answer:
    """
    The performance of the best rule on one fact.

    Attributes
    ----------
    question : Question
    score : float
        AUC on groups that the rule was not derived from.
    error : float
        Standard error of the score if the fact were independent of the class.
    values : tuple of str
        Usual values among reals, and among fakes.
    marked : bool
        True if the audit of all facts together finds a shortcut; a fact alone is not notable without.
    """

    question: Question
    score: float
    error: float
    values: tuple[str, str]
    marked: bool = True

    @property
    def notable(self) -> bool:
        """True if the score is significantly above chance."""
        return self.marked and self.score >= NOTABLE and self.score - 0.5 > SIGNIFICANT * self.error

    @property
    def strong(self) -> bool:
        """True if a detector could reach a high score by this fact alone, and it is no trace of a generator."""
        return self.notable and self.score >= STRONG and not self.question.trace


def ask(facts: Sequence[Facts], labels: Sequence[int], groups: Sequence[str]) -> list[Answer]:
    """
    Measure how well each fact alone separates the classes.

    Parameters
    ----------
    facts : sequence of Facts (n,)
    labels : sequence of int (n,)
        0 real, 1 fake.
    groups : sequence of str (n,)
        Groups that count once: frames of one clip share their codec.

    Returns
    -------
    list of Answer
        Best first; none where a class has fewer than two groups.
    """
    table = _table(facts, labels, groups)
    made = audit(table) if table.has_both_classes else None
    if made is None:
        return []
    n_real, n_fake = (len({group for group, its in zip(groups, labels, strict=True) if its == c}) for c in (REAL, FAKE))
    error = math.sqrt((n_real + n_fake + 1) / (12 * n_real * n_fake))
    marked = made.shortcut.is_marked
    return [Answer(QUESTIONS[COLUMNS[one.name]], one.auc, error, one.values, marked) for one in made.singles]


def _table(facts: Sequence[Facts], labels: Sequence[int], groups: Sequence[str]) -> FactTable:
    """Return the table that the audit takes; formats of clips, which are open, get codes of their own."""
    formats = [*FORMATS, *sorted({one.format for one in facts if one.format} - {*FORMATS})]
    rows = np.array([one.row for one in facts]).reshape(len(facts), len(FACTS))
    for row, one in zip(rows, facts, strict=True):
        if one.format:
            row[COLUMNS["format"]] = formats.index(one.format)
    return FactTable(rows, np.asarray(labels, dtype=np.int64), np.asarray(groups, dtype=str), {"format": formats})
