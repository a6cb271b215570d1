"""
Checks of a cell's document against its score files, before a row is computed from both.

A document says which band was chosen, what the validation AUCs were and which band is the oracle of a domain. Each of these has
to follow from the scores; all bands of a draw have to be about the same pictures; and the work has to be bounded.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np

from ..frequency.bands import Band
from ..metrics.roc import roc_auc
from .cell_document import CellDocument, TestedBand
from .refusals import RefusedBecause, refuse
from .scores import DomainScores, by_domain

Draws = Sequence[Sequence[DomainScores]]  # contents of the score file of every draw

TOLERANCE = 1e-6
MOST_WEIGHTS = 10**11  # weights of items in bootstrap draws: ten minutes on one core
MOST_COUNTS = 4 * 10**9  # bytes of the counts of groups in bootstrap draws
MOST_SCORED = 10**8  # items in all score files of a cell
MOST_FILES = 20_000  # of a cell


def check_document(document: CellDocument) -> None:
    """
    Check the bands of a document against each other.

    Parameters
    ----------
    document : CellDocument

    Raises
    ------
    RefusedError
    """
    chosen = [entry for entry in document.tested if entry.role == "chosen"]
    if len(chosen) != 1:
        refuse(RefusedBecause.INCONSISTENT, f"cell.json has {len(chosen)} chosen bands with score files, wanted one.")
    if chosen[0].band != document.band:
        recorded, tested = str(document.band), str(chosen[0].band)
        if recorded == tested:  # they differ in digits that are not shown
            recorded, tested = str(document.band.as_dict()), str(chosen[0].band.as_dict())
        _contradiction("the chosen band", recorded, tested, "the chosen one of the tested bands is")
    for entry in document.tested:
        if entry.role == "allpass" and entry.band.kind != "all":
            refuse(RefusedBecause.INCONSISTENT, f"the all-pass band of cell.json is {entry.band}.")
        if len(entry.files) != document.seeds:
            text = f"cell.json names {len(entry.files)} score files of the band {entry.band}, and has {document.seeds} draws."
            refuse(RefusedBecause.INCONSISTENT, text)
        if (entry.role == "oracle") != bool(entry.domain) or (entry.domain and entry.domain not in document.tests):
            text = f"cell.json has a band with role {entry.role} of the domain {entry.domain!r}, which it was not tested on."
            refuse(RefusedBecause.INCONSISTENT, text)
    if (n_files := document.seeds * len(document.tested)) > MOST_FILES:
        refuse(RefusedBecause.TOO_COSTLY, f"cell.json names {n_files:,} score files; at most {MOST_FILES:,} are read.")
    oracles = [entry.domain for entry in document.tested if entry.role == "oracle"]
    if len(set(oracles)) < len(oracles):
        refuse(RefusedBecause.INCONSISTENT, "cell.json has two oracles of one domain.")


def check_items(document: CellDocument, scores: Sequence[Draws], limited: bool = True) -> None:
    """
    Check that all bands were scored on the same pictures, and that the rows are no more work than a board grants to a cell.

    Parameters
    ----------
    document : CellDocument
    scores : sequence of sequence of sequence of DomainScores
        By tested band and draw.
    limited : bool
        Refuse what is more work than a board grants to a cell.

    Raises
    ------
    RefusedError
    """
    for entry, draws in zip(document.tested, scores, strict=True):
        _check_items(document, entry, draws, scores[0])
    if limited:
        _check_work(document, scores)


def check_size(n_items: int) -> None:
    """
    Check the number of items in score files that have been read, before more are.

    Raises
    ------
    RefusedError
    """
    if n_items > MOST_SCORED:
        refuse(RefusedBecause.TOO_COSTLY, f"its score files hold {n_items:,} items or more; at most {MOST_SCORED:,} are read.")


def check_claims(document: CellDocument, scores: Sequence[Draws]) -> None:
    """
    Check what a document says of the scores: each tested band was tried, with this validation AUC, and oracles are the best.

    Parameters
    ----------
    document : CellDocument
        Submitted scores have no trials, and claim nothing.
    scores : sequence of sequence of sequence of DomainScores
        By tested band and draw.

    Raises
    ------
    RefusedError
    """
    tried = {trial.band for trial in document.trials}
    if tried and (odd := [entry.band for entry in document.tested if entry.band not in tried]):
        refuse(RefusedBecause.INCONSISTENT, f"the band {odd[0]} has score files, and cell.json has no trial of it.")
    _check_validation(document, scores)
    _check_oracles(document, scores)


def _check_items(document: CellDocument, entry: TestedBand, draws: Draws, first: Draws) -> None:
    """All bands of a draw have the same test pictures, those of the domains that the document names."""
    for one, reference in zip(draws, first, strict=True):
        found = [scores.domain for scores in one if scores.split == "test"]
        if set(found) != set(document.tests):
            odd = ", ".join(sorted(set(found) ^ set(document.tests))[:3])
            text = f"the scores of the band {entry.band} are not of the test domains that cell.json names: {odd}."
            refuse(RefusedBecause.INCONSISTENT, text)
        for mine, other in zip(one, reference, strict=False):
            if not _same_items(mine, other):
                text = f"the bands {entry.band} and {document.tested[0].band} were not scored on the same pictures"
                refuse(RefusedBecause.INCONSISTENT, f"{text} of {mine.domain}.")
        if len(one) != len(reference):
            refuse(
                RefusedBecause.INCONSISTENT, f"the score files of the band {entry.band} have other item sets than the first."
            )


def _same_items(one: DomainScores, other: DomainScores) -> bool:
    return one is other or (
        (one.domain, one.split, one.n_items) == (other.domain, other.split, other.n_items)
        and np.array_equal(one.items, other.items)
        and np.array_equal(one.scored.labels, other.scored.labels)
        and np.array_equal(one.scored.groups, other.scored.groups)
    )


def _check_work(document: CellDocument, scores: Sequence[Draws]) -> None:
    """The bootstrap weighs every test item of every row once for each of its draws."""
    rows = [draws for entry, draws in zip(document.tested, scores, strict=True) if entry.role != "oracle"]
    weights = document.bootstrap * sum(len(one.items) for draws in rows for draw in draws for one in draw)
    if weights > MOST_WEIGHTS:
        text = f"{document.bootstrap:,} bootstrap draws of its items are {weights:,} weights; at most {MOST_WEIGHTS:,} are"
        refuse(RefusedBecause.TOO_COSTLY, f"{text} computed for a row.")
    counts = document.bootstrap * len(np.unique(np.concatenate([one.scored.groups for draw in scores[0] for one in draw])))
    if counts > MOST_COUNTS:
        text = f"{document.bootstrap:,} bootstrap draws of its groups take {counts:,} bytes; at most {MOST_COUNTS:,} are used"
        refuse(RefusedBecause.TOO_COSTLY, f"{text} for a row.")


def _check_validation(document: CellDocument, scores: Sequence[Draws]) -> None:
    """The validation AUC of every trial of a tested band is that of its scores."""
    computed: dict[Band, float] = {}
    for entry, draws in zip(document.tested, scores, strict=True):
        if entry.band not in computed and all(_validation(draw) for draw in draws):
            aucs = [roc_auc(one.scored.labels, one.scored.scores) for one in _validations(draws)]
            computed[entry.band] = float(np.mean(aucs))
    for trial in document.trials:
        auc = computed.get(trial.band, math.nan)
        if not trial.error and not math.isnan(auc) and not abs(trial.auc - auc) <= TOLERANCE:
            _contradiction(f"the validation AUC of the band {trial.band}", f"{trial.auc:.6f}", f"{auc:.6f}")


def _validation(draw: Sequence[DomainScores]) -> DomainScores | None:
    return next((scores for scores in draw if scores.split == "val"), None)


def _validations(draws: Draws) -> Iterator[DomainScores]:
    return filter(None, map(_validation, draws))


def _check_oracles(document: CellDocument, scores: Sequence[Draws]) -> None:
    """No tested band is better on a domain than its oracle, which is the best of all that were tried."""
    tested = [by_domain(draws, "test") for draws in scores]
    for entry, entries in zip(document.tested, tested, strict=True):
        if entry.role != "oracle":
            continue
        best = _mean_auc(entries[entry.domain])
        for other, others in zip(document.tested, tested, strict=True):
            auc = _mean_auc(others[entry.domain])
            if auc > best + TOLERANCE:
                text = f"the oracle of {entry.domain} has an AUC of {best:.6f} there, and the band {other.band} has {auc:.6f}."
                refuse(RefusedBecause.INCONSISTENT, text)


def _mean_auc(entries: Sequence[DomainScores]) -> float:
    return float(np.mean([roc_auc(entry.scored.labels, entry.scored.scores) for entry in entries]))


def _contradiction(what: str, recorded: str, found: str, source: str = "its score files give") -> None:
    refuse(RefusedBecause.INCONSISTENT, f"cell.json says that {what} is {recorded}; {source} {found}.")
