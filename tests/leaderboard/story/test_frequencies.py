"""Stretches of the frequency axis in words."""

from collections.abc import Callable
from typing import Any

from bandbench.benchmark.results.evidence import EvidenceStretch
from bandbench.leaderboard.story.frequencies import frequencies
from bandbench.leaderboard.story.parts import Sentence, Topic

Maker = Callable[..., Any]


def text(row_maker: Maker, *stretches: EvidenceStretch) -> str:
    row = row_maker("svm", evidence=stretches)
    return Sentence.of(Topic.FREQUENCIES, frequencies([row], row)).text


def test_stretches_are_listed_or_summed_up(row_maker: Maker) -> None:
    two = text(row_maker, EvidenceStretch(0.1, 0.2), EvidenceStretch(0.3, 0.4))
    assert "at 0.100–0.200 and 0.300–0.400 cycles/pixel" in two
    many = text(row_maker, *(EvidenceStretch(0.1 * i, 0.1 * i + 0.01) for i in range(1, 6)))
    assert "at several places, 0.100–0.510 cycles/pixel" in many
    assert "at nearly all frequencies;" in text(row_maker, EvidenceStretch(0.0, 0.7071))


def test_what_is_necessary_alone_is_a_loss(row_maker: Maker) -> None:
    assert "loses AUC without the frequencies at 0.100–0.200" in text(row_maker, EvidenceStretch(0.1, 0.2, None, True))


def test_a_row_that_was_asked_stands_in_for_one_that_was_not(row_maker: Maker) -> None:
    silent, asked = row_maker("silent", evidence=None), row_maker("asked")
    told = Sentence.of(Topic.FREQUENCIES, frequencies([silent, asked], silent)).text
    assert told.startswith("asked, trained on set/a,")
