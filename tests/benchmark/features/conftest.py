"""An encoder whose calls are counted."""

import time
from collections.abc import Iterator

import numpy as np
import pytest

from bandbench.benchmark.views.encoders.encoder import Encoder
from bandbench.benchmark.workers import Workers
from conftest import Here


@pytest.fixture
def embedded(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Numbers of crops of every call of an encoder; all work is done in this process."""
    sizes: list[int] = []
    embed = Encoder.embed

    def counted(self: Encoder, crops: np.ndarray) -> np.ndarray:
        sizes.append(len(crops))
        time.sleep(0.05)  # so that calls at the same time overlap
        return embed(self, crops)

    monkeypatch.setattr(Encoder, "embed", counted)
    monkeypatch.setattr(Workers, "submit", Here.submit)
    yield sizes
