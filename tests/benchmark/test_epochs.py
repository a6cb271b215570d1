"""Epochs of one fit and of several as series of numbers."""

import math

from bandbench.benchmark.epochs import series_of


def test_one_fit_has_plain_names_and_several_are_numbered() -> None:
    epochs = [{"epoch": 1, "val_loss": 0.5}, {"epoch": 2, "val_loss": None}]
    assert series_of([epochs[:1]], "class") == {"val_loss": [(1, 0.5)]}
    several = series_of([epochs[:1], epochs], "class")
    assert list(several) == ["class-0/val_loss", "class-1/val_loss"]
    assert math.isnan(several["class-1/val_loss"][1][1])
    assert series_of([], "draw") == series_of([[]], "draw") == {}
