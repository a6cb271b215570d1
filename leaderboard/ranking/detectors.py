"""
Ranking of detectors over their trainings: the answer to "which detector is best".

A row is about one training: a domain, or a pool of several. Here a detector is the mean of its rows: the mean cross-domain AUC
over the trainings of a study, each of which weighs the same, with the interval, the comparison and the exclusions of `ranks`
and `results.marks`. Only trainings that all compared detectors have are counted. Those with shots of a target domain are
left out: their rows are about another question than cross-domain detection.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from ...benchmark.domains.names import training
from ...benchmark.errors import DataError, listed
from ...benchmark.metrics.replicates import MIN_DRAWS
from ...benchmark.results.marks import Mark, is_coin, marks_of, without_rank
from ...benchmark.results.rows import NAN, Row
from .comparison import LEVEL, Contestant, all_groups, compare, contestant, mean_contestant
from .entrants import Entrant, RowScores
from .ranks import SHOWN, unusable

ALONE = "no other detector may be ranked"
OF_DETECTORS = {Mark.CONTROL, Mark.RANDOM_ENCODER}  # marks that all rows of a detector have
LISTS_OF_TRAININGS = ("train", "nothing_learned_on", "left_out")  # of a place


@dataclass(frozen=True)
class DetectorPlace:
    """
    A detector in the ranking of a study.

    Attributes
    ----------
    detector, study : str
    auc, lo, hi : float
        Mean cross-domain AUC over the trainings with its 95 % interval over groups and training draws; NaN where it
        cannot be compared with the others.
    rank_low, rank_high, tie_group : int or None
        As in `Standing`.
    reason : str
        Reason why there is no rank; empty if there is one.
    marks : tuple of Mark
        Those that follow from the mean.
    train : tuple of str
        Names of the trainings that the mean is over.
    draws : int
    nothing_learned_on : tuple of str
        Those of `train` on which it has learned nothing, see `Mark.NOTHING_LEARNED`.
    left_out : tuple of str
        Trainings of the study that are not counted, as they have shots of a target domain.
    """

    detector: str
    study: str
    auc: float = NAN
    lo: float = NAN
    hi: float = NAN
    rank_low: int | None = None
    rank_high: int | None = None
    tie_group: int | None = None
    reason: str = ""
    marks: tuple[Mark, ...] = ()
    train: tuple[str, ...] = ()
    draws: int = 0
    nothing_learned_on: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def is_coin(self) -> bool:
        """True for the coin's line, the reference of the others."""
        return is_coin(self.detector)

    def to_json(self) -> dict[str, Any]:
        """JSON form; a training has that of `Row.train`."""
        data = {part.name: getattr(self, part.name) for part in fields(self)}
        lists = {name: [training(one).to_json() for one in data[name]] for name in LISTS_OF_TRAININGS}
        return data | lists | {"marks": [mark.value for mark in self.marks]}


def detector_ranking(rows: Sequence[Row], scores: RowScores) -> list[DetectorPlace]:
    """
    Rank the detectors of each study over its trainings.

    Parameters
    ----------
    rows : sequence of Row
        Chosen bands that were tested on other domains count, without those with shots of a target domain.
        Submissions join every study.
    scores : RowScores

    Returns
    -------
    list of DetectorPlace
        Study by study, best first; detectors without an AUC last.
    """
    abroad = [row for row in rows if row.role == "chosen" and row.is_current and row.home_and_abroad()[1]]
    counted = [row for row in abroad if not row.shots]
    studies = list(dict.fromkeys(row.study for row in counted if not row.is_submitted)) or [""] * bool(counted)
    places = []
    for study in sorted(studies):
        of_study = [row for row in abroad if row.study == study or row.is_submitted]
        left_out = tuple(sorted({row.train for row in of_study if row.shots}))
        ranked = _study_ranking(study, [row for row in of_study if not row.shots], scores)
        places += [replace(place, left_out=left_out) for place in ranked]
    return places


def training_noun(train: Iterable[str]) -> str:
    """Return the word for a training of a ranking: a domain, or a more general one where pools are among them."""
    return "training domain" if all(training(name).is_plain for name in train) else "training"


def _study_ranking(study: str, rows: Sequence[Row], scores: RowScores) -> list[DetectorPlace]:
    labels = {row.train: row.train_label for row in rows}
    by_detector: dict[str, dict[str, Row]] = {}
    for row in rows:
        by_detector.setdefault(row.detector, {}).setdefault(row.train, row)
    controls = {row.detector for row in rows if Mark.CONTROL in marks_of(row)}
    train = _common_training(by_detector, controls)
    reasons: dict[str, str] = {}
    cells: dict[str, list[tuple[Row, Entrant]]] = {}
    for detector, trained in by_detector.items():
        try:
            cells[detector] = _cells(trained, train, scores, labels)
        except DataError as error:
            reasons[detector] = str(error)
    abroad = {name: _abroad(of_detector) for name, of_detector in cells.items()}
    reasons |= _on_other_pictures(abroad, controls)
    usable = [detector for detector in cells if detector not in reasons]
    means = _means({name: abroad[name] for name in usable})
    homes = _means({name: home for name in usable if (home := _at_home(cells[name]))})
    of_rows = {row.detector: set(marks_of(row)) & OF_DETECTORS for row in rows}
    marks = {name: _marks(of_rows[name], means[name], homes.get(name)) for name in usable}
    ranked = [name for name in usable if without_rank(marks[name]) is None]
    reasons |= {name: mark.label for name in usable if (mark := without_rank(marks[name]))}
    places: dict[str, tuple[int, int, int]] = {}
    if len(ranked) > 1:
        comparison = compare([means[name] for name in ranked])
        places = {ranked[k]: place for k, place in zip(comparison.order, comparison.places(LEVEL), strict=True)}
    else:
        reasons |= dict.fromkeys(ranked, ALONE)
    found = [
        replace(
            _place(name, study, means.get(name), places.get(name), reasons.get(name, ""), marks.get(name, ()), train),
            nothing_learned_on=() if name in controls else _nothing_learned(by_detector[name], train),
        )
        for name in by_detector
    ]
    return sorted(found, key=lambda place: (math.isnan(place.auc), -place.auc, place.detector))


def _common_training(by_detector: Mapping[str, Mapping[str, Row]], controls: Collection[str]) -> tuple[str, ...]:
    """Return the trainings that most contestants have in common: those that the largest number of them has."""
    trained = {name: frozenset(rows) for name, rows in by_detector.items()}
    contestants = [names for name, names in trained.items() if name not in controls] or list(trained.values())
    counts = Counter(contestants)
    return tuple(sorted(max(counts, key=lambda names: (counts[names], len(names), sorted(names)))))


def _cells(
    trained: Mapping[str, Row], train: Sequence[str], scores: RowScores, labels: Mapping[str, str]
) -> list[tuple[Row, Entrant]]:
    """Return the rows of a detector with their scores, by training; raise DataError if they cannot be compared."""
    if missing := [labels[name] for name in train if name not in trained]:
        raise DataError(f"not trained on {listed(missing, SHOWN)}")
    cells = [(trained[name], scores.entrant(trained[name])) for name in train]
    for row, entrant in cells:
        if reason := unusable(entrant):
            raise DataError(f"trained on {row.train_label}: {reason}")
    if len({entrant.n_draws for _, entrant in cells}) > 1:
        raise DataError(f"its {training_noun(train)}s have different numbers of draws")
    return cells


def _on_other_pictures(abroad: Mapping[str, Sequence[Entrant]], controls: Collection[str]) -> dict[str, str]:
    """Return the reason of each detector whose test pictures are not those of most contestants."""
    pictures = {name: tuple(tuple(sorted(entrant.items.items())) for entrant in entrants) for name, entrants in abroad.items()}
    counts = Counter(each for name, each in pictures.items() if name not in controls) or Counter(pictures.values())
    usual = max(counts, key=lambda each: (counts[each], each), default=None)
    return {name: "scored on other test pictures than the others" for name, each in pictures.items() if each != usual}


def _abroad(cells: Iterable[tuple[Row, Entrant]]) -> list[Entrant]:
    """Return the scores on other domains than the training domains."""
    return [entrant.on([test.domain for test in row.home_and_abroad()[1]]) for row, entrant in cells]


def _at_home(cells: Iterable[tuple[Row, Entrant]]) -> list[Entrant]:
    """Return the scores on the training domains themselves; none if one was not tested at home."""
    home = [entrant.on([test.domain for test in row.home_and_abroad()[0]]) for row, entrant in cells]
    return home if all(entrant.tests for entrant in home) else []


def _means(by_detector: Mapping[str, Sequence[Entrant]]) -> dict[str, Contestant]:
    """Return the mean of each detector's entrants."""
    if not by_detector:
        return {}
    codes = all_groups([entrant for entrants in by_detector.values() for entrant in entrants])
    return {
        name: mean_contestant(name, [contestant(entrant, codes) for entrant in entrants])
        for name, entrants in by_detector.items()
    }


def _marks(of_detector: Collection[Mark], mean: Contestant, home: Contestant | None) -> tuple[Mark, ...]:
    """Return the marks of a mean, by the rules of `marks_of`; those `OF_DETECTORS` are its rows'."""
    draws, interval = len(mean.replicates.values), mean.interval
    marks = {
        **dict.fromkeys(of_detector, True),
        Mark.ONE_DRAW: draws == 1,
        Mark.FEW_DRAWS: 1 < draws < MIN_DRAWS,
        Mark.NOTHING_LEARNED: home is not None and home.interval.low <= 0.5,
        Mark.LIKE_COIN_FLIP: interval.low <= 0.5 <= interval.high,
    }
    return tuple(mark for mark in Mark if marks.get(mark, False))


def _nothing_learned(trained: Mapping[str, Row], train: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in train if name in trained and Mark.NOTHING_LEARNED in marks_of(trained[name]))


def _place(
    detector: str,
    study: str,
    mean: Contestant | None,
    place: tuple[int, int, int] | None,
    reason: str,
    marks: tuple[Mark, ...],
    train: tuple[str, ...],
) -> DetectorPlace:
    if mean is None:
        return DetectorPlace(detector, study, reason=reason)
    interval, (low, high, tie) = mean.interval, place or (None, None, None)
    draws = len(mean.replicates.values)
    return DetectorPlace(
        detector, study, interval.value, interval.low, interval.high, low, high, tie, reason, marks, train, draws
    )
