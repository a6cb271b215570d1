"""
The shortcut audit: separation of the classes of a domain by facts of the files alone, without a look at what they show.

The detector `file_facts` is fitted on the facts of some pictures and scores others (cross-fitting); its AUC has one interval,
however many facts there are. The fact that is named is the one whose own rule does best on pictures that it was not derived
from, so that choosing it does not favour noise. All pictures of a domain that a run reads are audited together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..contracts import FAKE, REAL, Features
from ..fitted import fit_detector, score_detector
from ..metrics.intervals import auc_interval
from ..metrics.roc import Interval, Scored, roc_auc
from ..registry import DetectorSpec
from .file_facts import CATEGORICAL, COLUMNS, FACTS, MISSING, TRACES, value_text
from .shortcuts import SHORTCUT_AUC, Shortcut

VERSION = 1  # raised when the outcome of an audit changes: it is in the key of kept ones
AUDITOR = "file_facts"  # the detector
FOLDS = 5
MOST_PICTURES = 4000  # of a class; more would make the audit slower and its interval hardly narrower
MOST_VALUES = 12  # of a number; one with more is cut into as many parts
SHOWN_VALUES = 3
SHOWN_WITH = {"format": ("quality",), "side": ("aspect",)}  # facts that the text of another one contains
TIE = 0.005  # of AUC; of facts that separate alike, the first of `FACTS` is named


@dataclass(frozen=True)
class FactTable:
    """
    Facts of pictures with their labels.

    Attributes
    ----------
    facts : array of float32 (n, n_facts)
        Columns are `FACTS`.
    labels : array of int64 (n,)
    groups : array of str (n,)
        Pictures of one group (clip, identity) are never on both sides, and count once in the interval.
    names : mapping of str to sequence of str
        Values of categorical facts, where they are not those of `FACTS`.
    """

    facts: NDArray[np.float32]
    labels: NDArray[np.int64]
    groups: NDArray
    names: Mapping[str, Sequence[str]] | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, rows: NDArray) -> "FactTable":
        return FactTable(self.facts[rows], self.labels[rows], self.groups[rows], self.names)

    @property
    def has_both_classes(self) -> bool:
        """True if there are reals and fakes."""
        return {REAL, FAKE} <= set(self.labels.tolist())


def join(tables: Sequence[FactTable]) -> FactTable:
    """Return one table of several, one after the other."""
    return FactTable(
        np.concatenate([table.facts for table in tables]),
        np.concatenate([table.labels for table in tables]),
        np.concatenate([table.groups for table in tables]),
        tables[0].names,
    )


@dataclass(frozen=True)
class SingleFact:
    """
    The separation of the classes by one fact alone.

    Attributes
    ----------
    name : str
        Of `FACTS`.
    auc : float
        On pictures that its rule was not derived from; about 0.5 for chance, and below it only by chance.
    values : tuple of str
        Usual values among reals, and among fakes.
    """

    name: str
    auc: float
    values: tuple[str, str]


@dataclass(frozen=True)
class Audit:
    """
    Outcome of an audit.

    Attributes
    ----------
    auc : Interval
        Of all facts together.
    files_auc : Interval
        Of those facts that no generator leaves itself.
    singles : tuple of SingleFact
        Every fact that the pictures have, best first.
    """

    auc: Interval
    files_auc: Interval
    singles: tuple[SingleFact, ...]

    @property
    def shortcut(self) -> Shortcut:
        """
        The record of a row.

        It is ambiguous where the facts that no generator leaves do not separate the classes clearly without the traces.
        """
        ambiguous = self.auc.low > SHORTCUT_AUC and not self.files_auc.low > SHORTCUT_AUC
        traces = {FACTS[i].name for i in TRACES}
        named = [one for one in self.singles if ambiguous or not self.auc.low > SHORTCUT_AUC or one.name not in traces]
        best = named[0] if named else SingleFact(FACTS[0].name, 0.5, ("", ""))
        fact = FACTS[COLUMNS[best.name]]
        # Without ambiguity the sentence is about the files alone, and so is its number.
        auc = self.files_auc if self.auc.low > SHORTCUT_AUC and not ambiguous else self.auc
        return Shortcut(auc.value, auc.low, auc.high, fact.title, best.values, ambiguous or fact.trace)


def audit(table: FactTable) -> Audit | None:
    """
    Audit a set of pictures by cross-fitting: every group is scored by a detector that was fitted on others.

    Parameters
    ----------
    table : FactTable
        Of more than `MOST_PICTURES` of a class, so many are drawn.

    Returns
    -------
    Audit or None
        None where a class has fewer than two groups.
    """
    table = _limited(table)
    fold = _folds(table)
    if fold is None:
        return None
    folds = _Folds(table, [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(fold.max() + 1)])
    if not all(table[learned].has_both_classes for learned, _ in folds.parts):
        return None
    auc = folds.interval(())
    files = folds.interval(TRACES) if auc.low > SHORTCUT_AUC else Interval(np.nan, np.nan, np.nan, np.nan)
    singles = [
        SingleFact(fact.name, folds.single_auc(i), (_usual(table, i, REAL), _usual(table, i, FAKE)))
        for i, fact in enumerate(FACTS)
        if (table.facts[:, i] != MISSING).any()
    ]
    # Sorting is stable: of facts that separate alike the first one stays in front.
    return Audit(auc, files, tuple(sorted(singles, key=lambda one: -round(one.auc / TIE))))


def _limited(table: FactTable) -> FactTable:
    """Draw `MOST_PICTURES` of each class that has more."""
    order = np.random.default_rng(0).permutation(len(table))
    drawn = [order[table.labels[order] == label][:MOST_PICTURES] for label in (REAL, FAKE)]
    return table[np.sort(np.concatenate(drawn))]


def _folds(table: FactTable) -> NDArray[np.intp] | None:
    """Return the fold of every picture; the groups of either class are spread evenly. None if a class has one group only."""
    names, group = np.unique(table.groups, return_inverse=True)
    share = np.bincount(group, weights=table.labels) / np.bincount(group)
    # By class: groups of reals, mixed ones, groups of fakes; within a class in an order that has nothing to do with names.
    order = np.lexsort((np.random.default_rng(0).permutation(len(names)), share))
    n_least = min(len(set(table.groups[table.labels == label].tolist())) for label in (REAL, FAKE))
    if n_least < 2:
        return None
    of_group = np.empty(len(names), dtype=np.intp)
    of_group[order] = np.arange(len(names)) % min(FOLDS, n_least)
    return of_group[group]


@dataclass(frozen=True)
class _Folds:
    """A table and its folds: positions of the pictures that are learned from, and of those that are scored then."""

    table: FactTable
    parts: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]]

    def interval(self, without: Sequence[int]) -> Interval:
        """AUC of the detector without the facts at some columns."""
        facts = self.table.facts.copy()
        facts[:, list(without)] = MISSING
        view = Features(facts, categorical=CATEGORICAL)
        scores = np.empty(len(facts))
        for learned, tested in self.parts:
            detector = fit_detector(DetectorSpec(AUDITOR).build(), view[learned], self.table.labels[learned])
            scores[tested] = _ranks(score_detector(detector, view[tested]))
        return auc_interval([Scored(self.table.labels, scores, self.table.groups)])

    def single_auc(self, column: int) -> float:
        """AUC of the rule of one fact alone."""
        scores = np.empty(len(self.table))
        for learned, tested in self.parts:
            scores[tested] = _ranks(_rule(self.table[learned], self.table[tested], column))
        return roc_auc(self.table.labels, scores)


def _ranks(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """
    Return the ranks of the scores of one fold, 0 to 1, ties shared.

    Scores of different folds are from different fits: pooled as they are, they would compare how the fits are calibrated.
    """
    from scipy.stats import rankdata  # takes half a second; a study whose audits are known needs none

    return rankdata(scores) / (len(scores) + 1)


# --- single facts ------------------------------------------------------------------------------------------------------


def _rule(learned: FactTable, tested: FactTable, column: int) -> NDArray[np.float64]:
    """Score pictures by the share of fakes among the learned ones with the same value, or in the same part of its range."""
    seen, asked = learned.facts[:, column], tested.facts[:, column]
    edges = np.unique(seen)
    if not FACTS[column].categorical and len(edges) > MOST_VALUES:
        edges = np.unique(np.quantile(seen, np.linspace(0, 1, MOST_VALUES + 1)[1:-1]))
        bins, asked_bins = np.searchsorted(edges, seen), np.searchsorted(edges, asked)
    elif FACTS[column].categorical:
        bins = np.searchsorted(edges, seen)
        place = np.searchsorted(edges, asked).clip(max=len(edges) - 1)
        asked_bins = np.where(edges[place] == asked, place, len(edges))  # what was not seen is as good as nothing
    else:
        bounds = np.array([(a + b) / 2 for a, b in pairwise(edges.tolist())])
        bins, asked_bins = np.searchsorted(bounds, seen), np.searchsorted(bounds, asked)
    n_bins = int(max(bins.max(), asked_bins.max())) + 1
    counts = [np.bincount(bins[learned.labels == label], minlength=n_bins) for label in (REAL, FAKE)]
    shares = [count / count.sum() + 1 / len(learned) for count in counts]  # a value that was not seen says nothing
    return np.log(shares[FAKE] / shares[REAL])[asked_bins]


def _usual(table: FactTable, column: int, label: int) -> str:
    """Summarise the values of a class: ``JPEG 75``, ``PNG 80 %, JPEG 20 %``, ``0.2 (0.1 to 0.3)``."""
    fact, rows = FACTS[column], table.facts[table.labels == label]
    values = rows[:, column]
    present = values[values != MISSING]
    if not len(present):
        return "none"
    if fact.trace and not fact.categorical:
        low, typical, high = np.quantile(present, (0.1, 0.5, 0.9))
        return f"{typical:.3g} ({low:.3g} to {high:.3g})" if f"{low:.3g}" < f"{high:.3g}" else f"{typical:.3g}"
    names = (table.names or {}).get(fact.name, ())
    columns = [column, *(COLUMNS[name] for name in SHOWN_WITH.get(fact.name, ()))]
    if fact.name == "format" and len(np.unique(rows[:, COLUMNS["quality"]])) > SHOWN_VALUES:
        rows = rows.copy()
        rows[:, COLUMNS["quality"]] = MISSING
    _, first, counts = np.unique(rows[:, columns], axis=0, return_index=True, return_counts=True)
    texts: dict[str, int] = {}
    for row, n in zip(rows[first], counts.tolist(), strict=True):
        text = value_text(row, fact.name, names) or "none"
        texts[text] = texts.get(text, 0) + n
    return _listed(texts)


def _listed(counts: Mapping[str, int]) -> str:
    total = sum(counts.values())
    shown = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    if len(shown) == 1:
        return shown[0][0]
    parts = [f"{text} {100 * n / total:.0f} %" for text, n in shown[:SHOWN_VALUES]]
    more = len(shown) - SHOWN_VALUES
    return ", ".join(parts + ([f"{more} more"] if more > 0 else []))
