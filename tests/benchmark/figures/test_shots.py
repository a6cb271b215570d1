"""The figure of shots: which points belong to which line."""

from pathlib import Path

from bandbench.benchmark.figures.shots import save_shots, shot_curves
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.rows import Row, TestResult


def row(train: str, shots: int = 0, detector: str = "d", **aucs: float) -> Row:
    tests = tuple(TestResult(name, auc, auc - 0.1, auc + 0.1, 10, 1.0) for name, auc in aucs.items())
    return Row(detector, train, "chosen", Band(), shots=shots, tests=tests)


ROWS = [
    row("a & 50 shots of b", 50, a=0.9, b=0.8, c=0.1),
    row("a", a=0.9, b=0.6, c=0.5),
    row("a & 10 shots of b", 10, a=0.9, b=0.7, c=0.2),
    row("a & 10 shots of c", 10, "other", b=0.4, c=0.3),
]


def test_a_line_is_one_detector_and_training_on_one_target_domain() -> None:
    curves = shot_curves(ROWS)
    points = {(c.detector, c.base, c.target): [(n, test.auc) for n, test in c.points] for c in curves}
    assert points == {("d", "a", "b"): [(0, 0.6), (10, 0.7), (50, 0.8)], ("other", "a", "c"): [(10, 0.3)]}


def test_the_figure_is_written_where_there_are_shots(tmp_path: Path) -> None:
    assert save_shots(tmp_path / "shots.png", ROWS, "study")
    assert (tmp_path / "shots.png").stat().st_size > 1000
    assert not save_shots(tmp_path / "none.png", ROWS[1:2], "study")
    assert not (tmp_path / "none.png").exists()
