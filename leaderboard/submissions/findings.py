"""Findings about submitted scores, and their summary: a finding that many domains share is one line."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from ...benchmark.errors import listed
from .meta import label

SHOWN_NAMES = 3
MOST_TEXTS = 3  # of one kind; more are told by an example


class FindingKind(Enum):
    """Subject of a finding."""

    UNREAD_LABEL = auto()
    UNREAD_STATUS = auto()
    NO_NUMBER = auto()
    NOT_FINITE = auto()
    UNUSED_ROWS = auto()
    LEFT_OUT = auto()
    NOTHING_TO_CHECK = auto()
    NO_GROUPS = auto()
    NO_LABEL = auto()
    GIVEN_TWICE = auto()
    UNKNOWN_ID = auto()
    OTHER_LABEL = auto()
    NOT_ALL_SCORED = auto()
    EQUAL_SCORES = auto()
    ONE_CLASS = auto()
    VALIDATION_UNUSED = auto()
    WRONG_WAY_ROUND = auto()


@dataclass(frozen=True)
class Finding:
    """
    A mistake or gap in the submitted scores; ``str`` is the whole sentence.

    Attributes
    ----------
    kind : FindingKind
    text : str
        Sentence without the names of domain and draw.
    domain : str
        Test domain, or ``reals of SOURCE``; empty for a finding about a whole file.
    draw : int or None
        Score file that it is about; None where there is only one.
    """

    kind: FindingKind
    text: str
    domain: str = ""
    draw: int | None = None

    def __str__(self) -> str:
        draw = "" if self.draw is None else f"draw {self.draw}: "
        return f"{draw}{self.domain}{': ' if self.domain else ''}{self.text}"


def summary(findings: Sequence[Finding]) -> list[str]:
    """
    Return one line for each sentence, with the domains that it is true of, their names shortened to a few.

    Where more than `MOST_TEXTS` sentences of one kind differ, in their numbers for instance, the first stands for all.

    >>> summary([Finding(FindingKind.NO_GROUPS, "no groups.", domain) for domain in "abcde"])
    ['5 domains (a, b, c and 2 more): no groups.']
    """
    by_kind: dict[FindingKind, dict[str, list[Finding]]] = {}
    for finding in findings:
        by_kind.setdefault(finding.kind, {}).setdefault(finding.text, []).append(finding)
    lines = []
    for by_text in by_kind.values():
        if len(by_text) <= MOST_TEXTS:
            lines += [_line(text, alike) for text, alike in by_text.items()]
        else:
            first, *others = (finding for alike in by_text.values() for finding in alike)
            names = [*dict.fromkeys(_place(finding) for finding in others)]
            lines.append(f"{first} The like is true of {len(names)} more: {listed(names, SHOWN_NAMES)}.")
    return lines


def _line(text: str, alike: Sequence[Finding]) -> str:
    domains = [*dict.fromkeys(finding.domain for finding in alike if finding.domain)]
    draws = [*dict.fromkeys(finding.draw for finding in alike if finding.draw is not None)]
    where = [f"draw{'s' * (len(draws) > 1)} {listed(draws, SHOWN_NAMES)}"] if draws else []
    if domains:
        where.append(f"{len(domains)} domains ({listed(domains, SHOWN_NAMES)})" if len(domains) > 1 else domains[0])
    return ": ".join([*where, text])


def _place(finding: Finding) -> str:
    return ", ".join(filter(None, ["" if finding.draw is None else f"draw {finding.draw}", finding.domain]))


def shared_notes(notes: Iterable[tuple[str, Sequence[str]]]) -> tuple[dict[str, list[str]], list[str]]:
    """
    Separate notes that several submissions have from those of one.

    Parameters
    ----------
    notes : iterable of (str, sequence of str)
        Name of each submission, and its notes.

    Returns
    -------
    own : dict of str to list of str
        By submission, the notes that no other has.
    shared : list of str
        Notes of several submissions, each once, with their number and the first names.
    """
    notes = list(notes)
    holders: dict[str, list[str]] = {}
    for name, texts in notes:
        for text in dict.fromkeys(texts):
            holders.setdefault(text, []).append(name)
    own = {name: [text for text in texts if len(holders[text]) == 1] for name, texts in notes}
    shared = [
        f"{len(names)} submissions ({label(listed(names, SHOWN_NAMES))}): {text}"
        for text, names in holders.items()
        if len(names) > 1
    ]
    return own, shared
