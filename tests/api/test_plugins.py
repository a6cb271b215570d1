"""Cards of detectors and data sets: what is registered, and what of it cannot be used here."""

import pytest

import bandbench as bb
from bandbench.api.plugins import Card, DatasetCard, DetectorCard
from bandbench.benchmark.registry import datasets, detectors


def test_every_plugin_has_a_card() -> None:
    assert [card.name for card in bb.detectors()] == [*detectors.found.classes, *detectors.found.failures]
    assert [card.name for card in bb.datasets()] == [*datasets.found.classes, *datasets.found.failures]
    assert all(isinstance(card, DetectorCard) and card.summary for card in bb.detectors())
    assert all(isinstance(card, DatasetCard) and card.summary for card in bb.datasets())


def test_a_card_tells_parameters_version_and_source() -> None:
    card = bb.detectors()["spectral_svm"]
    plugin = detectors.get("spectral_svm")
    assert card.parameters == plugin.parameter_defaults()
    assert (card.version, card.source, card.missing) == (plugin.version, plugin.source, plugin.missing())
    assert set(card.presets) == set(plugin.presets)
    assert bb.datasets()["procedural"].needs == "nothing"
    lines = repr(card).splitlines()
    assert lines[0] == f"spectral_svm: {card.summary}"
    assert f"  version: {plugin.version}" in lines
    assert "missing" not in repr(card)


def test_an_unknown_card_is_named_with_the_nearest() -> None:
    with pytest.raises(KeyError, match="unknown card 'spectral_svn'. Did you mean 'spectral_svm'"):
        bb.detectors()["spectral_svn"]


def test_a_list_is_read_at_a_glance() -> None:
    cards = bb.detectors()
    lines = repr(cards).splitlines()
    assert len(lines) == len(cards)
    assert lines[0].startswith(f"{cards[0].name} ")
    assert "<script>" not in Card("x", "<script>")._repr_html_()


def test_a_plugin_that_cannot_be_used_says_why() -> None:
    assert repr(Card("broken", missing="broken.py: SyntaxError")) == "broken\n  missing: broken.py: SyntaxError"
