"""Places of a page are replaced by generated parts."""

import pytest

from extensions.generated import PARTS, fill


def test_a_place_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PARTS, "studies", lambda: "the studies")
    assert fill("before\n<!-- generated: studies -->\nafter") == "before\nthe studies\nafter"


def test_an_unknown_place_is_an_error() -> None:
    with pytest.raises(KeyError, match="no such part"):
        fill("<!-- generated: no such part -->")
