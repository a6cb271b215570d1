"""Confounds: facts of the files other than their pictures that separate the classes, and the best rule on each."""

import hashlib
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ...benchmark.contracts import FAKE, REAL
from ...benchmark.invocation import bench
from ...benchmark.metrics.roc import roc_auc
from .picture_facts import Facts

SIGNIFICANT = 3.0  # standard errors
NOTABLE, STRONG = 0.6, 0.75
SHOWN = 3
SHORT = 10
NONE = "none"

_ONE_CODEC = (
    f"save both classes in one way (clips: `{bench('data prepare ... --recode jpeg:75')}`); a run on "
    "DOMAIN+jpeg:quality=75 shows what is left without it"
)
_ONE_MODE = "turn both classes to one colour mode; detectors that see colours see it"
_ONE_PAST = "crops hide the size but not a resampling that goes with it: get both classes in one size, made in one way"


@dataclass(frozen=True)
class Question:
    """
    A fact of a file that should not separate the classes.

    Attributes
    ----------
    name : str
    value : callable
        Returns the value from the facts of a file; None where it has none.
    ordered : bool
        Numbers, of which a threshold makes a rule, and not names, of which each stands for a class.
    remedy : str
        The step that removes the confound.
    trace : bool
        The content changes it, too: it may be the generator's own trace, which is evidence and no confound.
    """

    name: str
    value: Callable[[Facts], str | float | None]
    ordered: bool
    remedy: str
    trace: bool = False


QUESTIONS = (
    Question("format", lambda f: f.format or None, False, _ONE_CODEC),
    Question("JPEG quality", lambda f: str(f.quality) if f.quality else NONE, False, _ONE_CODEC),
    Question("chroma sampling", lambda f: f.sampling or NONE, False, _ONE_CODEC),
    Question("colour mode", lambda f: f.mode or None, False, _ONE_MODE),
    Question("size", lambda f: f.size, False, _ONE_PAST),
    Question("shorter side", lambda f: float(f.side), True, _ONE_PAST),
    Question("frame rate", lambda f: f"{f.rate:g}/s" if f.rate == f.rate else None, False, _ONE_CODEC),
    Question("bits per pixel", lambda f: f.density if f.density == f.density else None, True, _ONE_CODEC, trace=True),
    Question(
        "grid of 8 pixels",
        lambda f: f.grid if f.grid == f.grid else None,
        True,
        f"one class may have been JPEG before, or its generator leaves a grid: look at `{bench('spectra')}`",
        trace=True,
    ),
)


@dataclass(frozen=True)
class Answer:
    """
    The performance of the best rule on one fact.

    Attributes
    ----------
    question : Question
    score : float
        Score of the best rule, 0.5 (chance) to 1: for names the balanced accuracy on groups that it was not derived from, for
        numbers the AUC of the means of groups, in the better direction.
    error : float
        Standard error of the score if the fact were independent of the class.
    values : tuple of str
        Usual values among reals, and among fakes.
    """

    question: Question
    score: float
    error: float
    values: tuple[str, str]

    @property
    def measure(self) -> str:
        """Name of the score's measure."""
        return "AUC" if self.question.ordered else "balanced_accuracy"

    @property
    def notable(self) -> bool:
        """True if the score is significantly above chance."""
        return self.score >= NOTABLE and self.score - 0.5 > SIGNIFICANT * self.error

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
        Best first; only of facts that both classes have.
    """
    answers = []
    for question in QUESTIONS:
        values = [question.value(file_facts) for file_facts in facts]
        indices = [i for i, value in enumerate(values) if value is not None]
        if {labels[i] for i in indices} != {REAL, FAKE} or {values[i] for i in indices} == {NONE}:
            continue
        rows = [(values[i], labels[i], groups[i]) for i in indices]
        measure = _auc_of_means if question.ordered else _accuracy_of_names
        score, error = measure(rows) if len({values[i] for i in indices}) > 1 else (0.5, 0.0)
        answers.append(Answer(question, score, error, (_usual(rows, REAL), _usual(rows, FAKE))))
    return sorted(answers, key=lambda answer: -answer.score)


def _usual(rows: Sequence[tuple], label: int) -> str:
    """Summarise the values of a class: ``JPEG 98 %, PNG 2 %``."""
    values = [value for value, its, _ in rows if its == label]
    if isinstance(values[0], float):
        low, middle, high = np.quantile(values, (0.1, 0.5, 0.9))
        return f"{_short(middle)} ({_short(low)} to {_short(high)})" if low < high else _short(middle)
    counts = Counter(values)
    shown = [f"{value} {n / len(values):.0%}".replace("%", " %") for value, n in counts.most_common(SHOWN)]
    more = len(counts) - SHOWN
    return ", ".join(shown + ([f"{more} more"] if more > 0 else [])) if len(counts) > 1 else str(values[0])


def _short(number: float) -> str:
    return f"{number:.0f}" if number >= SHORT else f"{number:.2g}"


def _auc_of_means(rows: Sequence[tuple]) -> tuple[float, float]:
    members: dict[tuple[int, str], list[float]] = defaultdict(list)
    for value, label, group in rows:
        members[label, group].append(value)
    means = np.array([np.mean(values) for values in members.values()])
    labels = np.array([label for label, _ in members])
    n_fake, n = int(labels.sum()), len(labels)
    area = roc_auc(labels, means)
    return max(area, 1 - area), math.sqrt((n + 1) / (12 * n_fake * (n - n_fake)))


def _accuracy_of_names(rows: Sequence[tuple]) -> tuple[float, float]:
    """
    Compute the balanced accuracy of the rule *this value means that class* on groups that it was not derived from.

    The rule of one half of the groups is tried on the other: where it was made, a fact that is different in every file would
    tell everything. What a half has not seen, or sees as often in both classes, counts as a coin flip.
    """
    halves = [int(hashlib.sha256(group.encode()).hexdigest()[:8], 16) % 2 for _, _, group in rows]
    seen = Counter((half, value, label) for half, (value, label, _) in zip(halves, rows, strict=True))
    sizes = Counter((half, label) for half, (_, label, _) in zip(halves, rows, strict=True))
    total = Counter(label for _, label, _ in rows)
    credit = {REAL: 0.0, FAKE: 0.0}
    for (half, value, label), n in seen.items():
        # As shares of the other half, without division, so that equal shares are equal.
        same = seen[1 - half, value, label] * sizes[1 - half, 1 - label]
        opposite = seen[1 - half, value, 1 - label] * sizes[1 - half, label]
        credit[label] += n * (0.5 if same == opposite else float(same > opposite))
    n_groups = [len({group for _, its, group in rows if its == label}) for label in (REAL, FAKE)]
    score = float(np.mean([credit[label] / total[label] for label in (REAL, FAKE)]))
    return max(score, 0.5), 0.25 * math.sqrt(sum(1 / n for n in n_groups))
