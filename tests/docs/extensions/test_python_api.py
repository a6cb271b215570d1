"""Every name of ``import bandbench`` is in the reference."""

import bandbench
from extensions.python_api import facade_text


def test_every_name_of_the_facade_is_documented() -> None:
    text = facade_text()
    assert len(bandbench.__all__) > 10
    assert [name for name in bandbench.__all__ if f".{name}\n" not in text] == []
