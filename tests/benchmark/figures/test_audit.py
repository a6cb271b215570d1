"""The picture of an audit is written, with the worst facts and both runs of every detector."""

from pathlib import Path

import numpy as np
from PIL import Image

from bandbench.benchmark.figures.audit import SHOWN_FACTS, Change, FactBar, audit_figure
from bandbench.benchmark.figures.looks import SCREEN
from bandbench.benchmark.metrics.roc import Interval

BEFORE, AFTER = Interval(0.98, 0.95, 0.99, 0.01), Interval(0.55, 0.45, 0.65, 0.05)


def test_the_picture_grows_with_its_lines(tmp_path: Path) -> None:
    facts = [FactBar(f"fact {i}", 1 - i / 20, ("a", "b"), trace=i > 3) for i in range(SHOWN_FACTS + 4)]
    SCREEN.save(audit_figure(facts, [Change("d", BEFORE, AFTER)], "x: shortcut", "A sentence."), tmp_path / "many.png")
    SCREEN.save(audit_figure(facts[:1], [Change("d", BEFORE, AFTER)], "x: shortcut", "A sentence."), tmp_path / "few.png")
    many, few = (np.asarray(Image.open(tmp_path / name).convert("L")) for name in ("many.png", "few.png"))
    assert many.shape[0] > few.shape[0]
    assert many.std() > 10


def test_a_fact_that_is_below_chance_has_no_bar_to_the_left(tmp_path: Path) -> None:
    SCREEN.save(audit_figure([FactBar("size", 0.4, ("1", "2"), trace=False)], [], "x", "A sentence."), tmp_path / "a.png")
    SCREEN.save(audit_figure([FactBar("size", 0.5, ("1", "2"), trace=False)], [], "x", "A sentence."), tmp_path / "b.png")
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
