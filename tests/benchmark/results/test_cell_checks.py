"""A document against its score files: contradictions are refused with both values, and so is too much work."""

from dataclasses import replace

import numpy as np
import pytest
from made_boards import document_of

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.metrics.roc import Scored
from bandbench.benchmark.results import cell_checks
from bandbench.benchmark.results.cell_checks import check_claims, check_document, check_items, check_size
from bandbench.benchmark.results.cell_document import CellDocument, TestedBand, TriedBand
from bandbench.benchmark.results.refusals import RefusedBecause, RefusedError
from bandbench.benchmark.results.scores import DomainScores

LOW, ALL, HIGH = Band("low", 0.2), Band(), Band("high", 0.3)
LABELS = np.array([0, 0, 1, 1])


def scores_of(domain: str, split: str, scores: list[float], names: str = "abcd") -> DomainScores:
    scored = Scored(LABELS, np.array(scores), np.array(list(names)))
    return DomainScores(domain, split, scored, 4, np.array(list(names)))


def draw(validation: list[float], test: list[float]) -> list[DomainScores]:
    return [scores_of("a", "val", validation), scores_of("a", "test", test), scores_of("b", "test", test)]


RIGHT, WRONG = [0.1, 0.2, 0.8, 0.9], [0.9, 0.8, 0.2, 0.1]
SCORES = [[draw(RIGHT, RIGHT)], [draw(WRONG, WRONG)], [draw(RIGHT, RIGHT)]]


def band_of(role: str, band: Band, domain: str = "") -> TestedBand:
    return TestedBand(role, band, domain, ("scores/x.parquet",), 1.0, 1.0)


def tried(band: Band, auc: float) -> TriedBand:
    return TriedBand(band, "search", auc, auc, auc, 0.01)


@pytest.fixture
def document() -> CellDocument:
    plain = CellDocument.from_json(document_of("svm", "a", 1) | {"tests": ["a", "b"]})
    bands = (band_of("chosen", LOW), band_of("allpass", ALL), band_of("oracle", LOW, "b"))
    return replace(plain, tested=bands, trials=(tried(ALL, 0.0), tried(LOW, 1.0)))


def test_a_document_that_agrees_passes(document: CellDocument) -> None:
    check_document(document)
    check_items(document, SCORES)
    check_claims(document, SCORES)


@pytest.mark.parametrize(
    ("bands", "words"),
    [
        ([band_of("allpass", ALL)], "0 chosen bands"),
        ([band_of("chosen", HIGH)], "the chosen band is low <0.200; the chosen one of the tested bands is high >0.300"),
        ([band_of("chosen", LOW), band_of("allpass", HIGH)], "the all-pass band"),
        ([band_of("chosen", LOW), band_of("oracle", LOW, "c")], "'c', which it was not tested on"),
        ([band_of("chosen", LOW), band_of("oracle", LOW)], "role oracle of the domain ''"),
        ([band_of("chosen", LOW), *[band_of("oracle", LOW, "b")] * 2], "two oracles"),
        ([replace(band_of("chosen", LOW), files=("x", "y"))], "2 score files of the band low <0.200, and has 1 draws"),
    ],
)
def test_bands_that_contradict_each_other(bands: list[TestedBand], words: str, document: CellDocument) -> None:
    with pytest.raises(RefusedError, match=words) as raised:
        check_document(replace(document, tested=tuple(bands)))
    assert raised.value.reason is RefusedBecause.INCONSISTENT


@pytest.mark.parametrize(
    ("trials", "words"),
    [
        ((tried(ALL, 0.0), tried(LOW, 0.99)), r"low <0.200 is 0.990000; its score files give 1.000000"),
        ((tried(ALL, 0.3), tried(LOW, 1.0)), r"band all is 0.300000; its score files give 0.000000"),
        ((tried(ALL, 0.0), tried(LOW, float("nan"))), "is nan; its score files give 1.000000"),
        ((tried(LOW, 1.0),), "band all has score files, and cell.json has no trial of it"),
    ],
)
def test_claims_that_the_scores_do_not_bear_out(trials: tuple[TriedBand, ...], words: str, document: CellDocument) -> None:
    with pytest.raises(RefusedError, match=words):
        check_claims(replace(document, trials=trials), SCORES)


def test_an_oracle_that_another_band_beats(document: CellDocument) -> None:
    scores = [SCORES[0], SCORES[1], [draw(RIGHT, WRONG)]]
    with pytest.raises(
        RefusedError, match=r"the oracle of b has an AUC of 0.000000 there, and the band low <0.200 has 1.000000"
    ):
        check_claims(document, scores)


@pytest.mark.parametrize(
    ("other", "words"),
    [
        ([*draw(RIGHT, RIGHT)[:1], scores_of("a", "test", RIGHT, "abce"), scores_of("b", "test", RIGHT)], "pictures of a"),
        ([scores_of("a", "val", RIGHT), scores_of("a", "test", RIGHT)], "not of the test domains that cell.json names: b"),
        ([scores_of("a", "test", RIGHT), scores_of("b", "test", RIGHT)], "not scored on the same pictures of a"),
        ([*draw(RIGHT, RIGHT), scores_of("c", "reals", RIGHT)], "other item sets"),
    ],
)  # fmt: skip
def test_bands_on_other_pictures(other: list[DomainScores], words: str, document: CellDocument) -> None:
    with pytest.raises(RefusedError, match=words):
        check_items(document, [SCORES[0], [other], SCORES[2]])


def test_work_beyond_the_limits_is_refused_with_the_number(document: CellDocument, monkeypatch: pytest.MonkeyPatch) -> None:
    costly = replace(document, bootstrap=1000)
    monkeypatch.setattr(cell_checks, "MOST_WEIGHTS", 23_999)
    with pytest.raises(RefusedError, match="1,000 bootstrap draws of its items are 24,000 weights; at most 23,999") as raised:
        check_items(costly, SCORES)
    assert raised.value.reason is RefusedBecause.TOO_COSTLY
    monkeypatch.setattr(cell_checks, "MOST_WEIGHTS", 24_000)
    monkeypatch.setattr(cell_checks, "MOST_COUNTS", 3999)
    with pytest.raises(RefusedError, match="take 4,000 bytes"):
        check_items(costly, SCORES)
    monkeypatch.setattr(cell_checks, "MOST_FILES", 2)
    with pytest.raises(RefusedError, match="3 score files; at most 2"):
        check_document(document)
    with pytest.raises(RefusedError, match="items or more"):
        check_size(cell_checks.MOST_SCORED + 1)
