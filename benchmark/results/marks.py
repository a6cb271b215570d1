"""
Marks of a row: reasons to doubt that its numbers are about deepfakes, or that they would come out again.

A mark is derived from the row's own numbers, wherever a row is shown, and is never stored with it.
"""

import math
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from ..domains.names import chain_of, dataset_name
from ..metrics.replicates import MIN_DRAWS
from ..pictures.lookalikes import MOST_LOOKALIKES
from ..pictures.shortcuts import Shortcut
from .evidence import lies_outside
from .reals import has_one_source
from .rows import Row

COIN = "coin_flip"  # the reference of a board: it draws scores at random
CONTROLS = (COIN, "file_facts", "permuted_labels")  # of ours; another detector says so itself (`Row.control`)


class Mark(StrEnum):
    """Code of a mark, as JSON, CSV, MLflow and the page have it."""

    CONTROL = "control"
    RANDOM_ENCODER = "random_encoder"
    SHORTCUT = "shortcut"
    LOOKALIKES = "lookalikes"
    ONE_DRAW = "one_draw"
    FEW_DRAWS = "few_draws"
    NOTHING_LEARNED = "nothing_learned"
    LIKE_COIN_FLIP = "like_coin_flip"
    OUTSIDE_EVIDENCE = "outside_evidence"
    ONE_SOURCE_OF_REALS = "one_source_of_reals"

    @property
    def label(self) -> str:
        """Name for people, in two or three words."""
        return LABELS[self]

    @property
    def meaning(self) -> str:
        """One sentence for people."""
        return MEANINGS[self]


LABELS = {
    Mark.CONTROL: "control",
    Mark.RANDOM_ENCODER: "random encoder",
    Mark.SHORTCUT: "shortcut",
    Mark.LOOKALIKES: "look-alikes",
    Mark.ONE_DRAW: "one draw",
    Mark.FEW_DRAWS: f"fewer than {MIN_DRAWS} draws",
    Mark.NOTHING_LEARNED: "nothing learned",
    Mark.LIKE_COIN_FLIP: "like a coin flip",
    Mark.OUTSIDE_EVIDENCE: "band outside the evidence",
    Mark.ONE_SOURCE_OF_REALS: "one source of reals",
}
AMBIGUOUS = "ambiguous shortcut"
MEANINGS = {
    Mark.CONTROL: "It is a reference for the other rows and no contestant; it has no rank.",
    Mark.RANDOM_ENCODER: (
        "The weights of its frozen encoder are random and were never trained, so that the row says nothing about CLIP or DINO; "
        "it has no rank."
    ),
    Mark.SHORTCUT: "Facts of the files, or traces of compression and resampling in the pixels, tell fakes from reals.",
    Mark.LOOKALIKES: (
        f"More than {MOST_LOOKALIKES:.0%} of the test pictures of a domain, or of the reals of a source, look like training "
        "pictures."
    ),
    Mark.ONE_DRAW: (
        "The detector was trained on one draw of the training pictures, so that the interval leaves out the variation between "
        "draws; it has no rank."
    ),
    Mark.FEW_DRAWS: (
        f"The detector was trained on fewer than {MIN_DRAWS} draws of the training pictures: the interval spans those of the "
        "single draws and leaves out what others would give; it has no rank."
    ),
    Mark.NOTHING_LEARNED: (
        "The in-domain interval is not above 0.5, or there are too few pictures for one, so nothing shows that the detector "
        "has learned anything; it has no rank."
    ),
    Mark.LIKE_COIN_FLIP: "The interval of the headline AUC holds 0.5, the expected AUC of a coin flip.",
    Mark.OUTSIDE_EVIDENCE: "The chosen band does not lie within the frequencies that carry evidence.",
    Mark.ONE_SOURCE_OF_REALS: (
        "The fakes of each test domain were set against one source of reals only; with other reals the AUC may differ."
    ),
}
# Marks of rows that have no rank, the reason that is given first before the others.
WITHOUT_RANK = (Mark.CONTROL, Mark.RANDOM_ENCODER, Mark.ONE_DRAW, Mark.FEW_DRAWS, Mark.NOTHING_LEARNED)
NO_CONTESTANT = frozenset({Mark.CONTROL, Mark.RANDOM_ENCODER, Mark.NOTHING_LEARNED})


def marks_of(row: Row, computed: Collection[str] = ()) -> tuple[Mark, ...]:
    """
    Return the marks of a row, in the order of `Mark`.

    Parameters
    ----------
    row : Row
    computed : collection of str
        Data sets whose pictures are computed, so that two that look alike are no copies (`Dataset.computed`).

    Notes
    -----
    A row is like a coin flip if its headline interval holds 0.5. The expected AUC of a coin is exactly 0.5, so this needs no
    coin on the board, and the noise of the coin's own draws does not enter.
    """
    alike = [(test.lookalikes, test.n) for test in row.tests if _is_of_files(test.domain, computed)]
    alike += [(r.lookalikes, r.n_real) for test in row.tests for r in test.by_reals if _is_of_files(r.source, computed)]
    low, high = headline_bounds(row)
    marks = {
        Mark.CONTROL: row.control or is_control(row.detector),
        Mark.RANDOM_ENCODER: row.random_encoder,
        Mark.SHORTCUT: any(audit.shortcut.is_marked for audit in audits_of(row)),
        Mark.LOOKALIKES: any(total and n / total > MOST_LOOKALIKES for n, total in alike),
        Mark.ONE_DRAW: row.seeds == 1,
        Mark.FEW_DRAWS: 1 < row.seeds < MIN_DRAWS,
        # The AUC is NaN for a row without an in-domain test, and its bound alone where there are too few pictures for one.
        Mark.NOTHING_LEARNED: not math.isnan(row.in_domain_auc) and not row.in_domain_auc_lo > 0.5,
        Mark.LIKE_COIN_FLIP: low <= 0.5 <= high,
        Mark.OUTSIDE_EVIDENCE: row.role == "chosen" and lies_outside(row.band, row.evidence),
        Mark.ONE_SOURCE_OF_REALS: has_one_source(row),
    }
    return tuple(mark for mark in Mark if marks.get(mark, False))


def mark_label(mark: Mark, row: Row) -> str:
    """Return the name of a mark beside a row: a shortcut that the generator may have left itself is called ambiguous."""
    return AMBIGUOUS if mark is Mark.SHORTCUT and is_ambiguous(row) else mark.label


def is_ambiguous(row: Row) -> bool:
    """Return True if all shortcuts that mark a row are ambiguous, see `Shortcut`."""
    marked = [audit.shortcut for audit in audits_of(row) if audit.shortcut.is_marked]
    return bool(marked) and all(shortcut.ambiguous for shortcut in marked)


@dataclass(frozen=True)
class RowAudit:
    """
    A shortcut audit of pictures that a row was trained or tested on.

    Attributes
    ----------
    domain : str
        Domain, or short name of the training.
    source : str
        Source of the reals that its fakes were set against; empty for its own classes.
    shortcut : Shortcut
    """

    domain: str
    source: str
    shortcut: Shortcut

    @property
    def sentence(self) -> str:
        """Finding as a sentence of its own."""
        sentence = self.shortcut.sentence(self.domain, self.source)
        return sentence[0].upper() + sentence[1:]


def audits_of(row: Row) -> list[RowAudit]:
    """Return the audits of a row, each once; a source whose audit is that of the test domain itself is left out."""
    audits = [RowAudit(row.train_label, "", row.shortcut)] if row.shortcut is not None else []
    for test in row.tests:
        audits += [RowAudit(test.domain, "", test.shortcut)] if test.shortcut is not None else []
        audits += [
            RowAudit(test.domain, result.source, result.shortcut)
            for result in test.by_reals
            if result.shortcut is not None and result.shortcut != test.shortcut
        ]
    return list(dict.fromkeys(audits))


def _is_of_files(domain: str, computed: Collection[str]) -> bool:
    """Return True if pictures that look alike may be copies: neither perturbed ones, which repeat others, nor computed ones."""
    return not chain_of(domain) and dataset_name(domain) not in computed


def headline_bounds(row: Row) -> tuple[float, float]:
    """Return the 95 % interval of `Row.headline`."""
    return row.value(f"{row.headline_column}_lo"), row.value(f"{row.headline_column}_hi")


def without_rank(marks: Iterable[Mark]) -> Mark | None:
    """Return the mark for which a row has no rank; None if no mark forbids one."""
    present = set(marks)
    return next((mark for mark in WITHOUT_RANK if mark in present), None)


def is_contestant(row: Row) -> bool:
    """Return False for a control or a random encoder, and for a row that has learned nothing: it leads by chance."""
    return not NO_CONTESTANT & set(marks_of(row))


def is_control(detector: str) -> bool:
    """Return True for the label of a control, as ``coin_flip`` or ``file_facts(n_trees=50)``: no contestant of a board."""
    return re.split(r"[/(]", detector)[0] in CONTROLS


def is_coin(detector: str) -> bool:
    """Return True for the label of the coin flip."""
    return re.split(r"[/(]", detector)[0] == COIN
