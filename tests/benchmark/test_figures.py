"""Pictures of studies: which lines there are, and that gaps in the numbers are gaps in the picture."""

import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from bandbench.benchmark.figures import perturbation_series, save_learning, save_mmd, save_strength_lines

CHAINS = ["lowpass:cutoff=0.3", "lowpass:cutoff=0.05", "lowpass:cutoff=0.1", "noise:sd=5", "noise:sd=10", "jpeg:quality=50"]


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Figure]:
    """Figures that were saved; every warning of theirs fails the test."""
    figures: list[Figure] = []
    save = Figure.savefig

    def kept(self: Figure, *args: Any, **options: Any) -> None:
        figures.append(self)
        save(self, *args, **options)

    monkeypatch.setattr(Figure, "savefig", kept)
    warnings.simplefilter("error")
    return figures


def is_picture(path: Path) -> bool:
    with Image.open(path) as picture:
        return picture.format == "PNG" and len(np.unique(np.asarray(picture.convert("L")))) > 20


def row(detector: str, aucs: dict[str, float]) -> dict[str, Any]:
    tests = [{"domain": domain, "auc": auc, "pd1": auc / 2} for domain, auc in aucs.items()]
    return {"detector": detector, "train": "mine", "band": {"kind": "all"}, "tests": tests}


def test_a_series_needs_three_strengths_of_one_number() -> None:
    found = perturbation_series([*CHAINS, "lowpass:cutoff=0.1-0.6", "lowpass:order=2:cutoff=0.2", "faithful"])
    assert found == {"lowpass:cutoff": {CHAINS[0]: 0.3, CHAINS[1]: 0.05, CHAINS[2]: 0.1}}
    assert perturbation_series(CHAINS[:2]) == perturbation_series([]) == {}


@pytest.mark.parametrize("metric", ["auc", "pd1"])
def test_lines_over_the_cut_off(metric: str, tmp_path: Path, drawn: list[Figure]) -> None:
    series = perturbation_series(CHAINS)["lowpass:cutoff"]
    aucs = {"a": 0.9, "b": 0.8} | {f"a+{chain}": 0.5 + cut for chain, cut in series.items()}
    aucs |= {f"b+{CHAINS[0]}": 0.7, f"b+{CHAINS[1]}": math.nan}
    rows = [row("one", aucs), row("two", aucs), row("three", aucs), row("unperturbed", {"a": 0.9})]
    save_strength_lines(tmp_path / "lines.png", rows, series, "title", metric)
    (figure,) = drawn
    panels = [axes for axes in figure.axes if axes.get_visible()]
    assert [axes.get_title().partition(" ")[0] for axes in panels] == ["one", "two", "three"]
    lines = {str(line.get_label()): line for line in panels[0].lines}
    assert list(np.asarray(lines["a"].get_xdata())) == [0.05, 0.1, 0.3]
    factor = 1.0 if metric == "auc" else 0.5
    np.testing.assert_allclose(np.asarray(lines["a"].get_ydata()), factor * np.array([0.55, 0.6, 0.8]))
    np.testing.assert_allclose(np.asarray(lines["b"].get_ydata()), factor * np.array([np.nan, np.nan, 0.7]))
    assert is_picture(tmp_path / "lines.png")


@pytest.mark.parametrize(
    ("values", "chances", "shown"),
    [
        ([0.01, 0.3], [0.25, 0.005], ["0.0100\np = 0.250", "0.3000\np = 0.005"]),
        ([0.01, math.nan], [None, None], ["0.0100", "–"]),
        ([math.nan, math.nan], [None, None], ["–", "–"]),
        ([-0.002, -0.001], [0.5, 0.5], ["-0.0020\np = 0.500", "-0.0010\np = 0.500"]),
    ],
)
def test_distances_with_their_chance(
    values: list[float], chances: list[float | None], shown: list[str], tmp_path: Path, drawn: list[Figure]
) -> None:
    pairs = zip(["one", "two"], values, chances, strict=True)
    entries = [{"what": "real against fake", "domain": d, "value": v, "p_value": p} for d, v, p in pairs]
    save_mmd(tmp_path / "mmd.png", entries, "title")
    (figure,) = drawn
    assert [text.get_text() for text in figure.axes[0].texts] == shown
    assert is_picture(tmp_path / "mmd.png")


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["train_loss", "val_loss", "val_accuracy", "learning_rate"], ["loss (nats)", "accuracy"]),
        (["class-0/val_loss"], ["loss (nats)"]),
        (["learning_rate"], []),
    ],
)
def test_curves_of_a_training(names: list[str], labels: list[str], tmp_path: Path, drawn: list[Figure]) -> None:
    series = {name: [(1, 0.7), (2, math.nan), (3, 0.4)] for name in names}
    save_learning(tmp_path / "training.png", series, "title")
    assert [axes.get_ylabel() for axes in drawn[0].axes] == labels
    assert [tick % 1 for axes in drawn[0].axes for tick in axes.get_xticks()].count(0.0) > 0 or not labels
