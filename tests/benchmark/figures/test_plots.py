"""Pictures of studies: which lines there are, and that gaps in the numbers are gaps in the picture."""

import math
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from bandbench.benchmark.figures.looks import COLUMN, PAPER, SCREEN, Look
from bandbench.benchmark.figures.plots import (
    BAND_COLOUR,
    Priced,
    perturbation_series,
    save_band_transfer,
    save_cost,
    save_heat_map,
    save_learning,
    save_mmd,
    save_strength_lines,
    save_sweep,
)
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.cell_document import NarrowBand, TriedBand
from bandbench.benchmark.results.evidence import EvidenceStretch
from bandbench.benchmark.results.rows import Row, TestResult

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


def row(detector: str, aucs: dict[str, float]) -> Row:
    tests = [TestResult(name, auc, auc, auc, 10, 1.0, metrics={"pd1": auc / 2}) for name, auc in aucs.items()]
    return Row(detector, "mine", "chosen", Band(), tests=tuple(tests))


def test_a_series_needs_three_strengths_of_one_number() -> None:
    found = perturbation_series([*CHAINS, "lowpass:cutoff=0.1-0.6", "lowpass:order=2:cutoff=0.2", "faithful"])
    assert found == {"lowpass:cutoff": {CHAINS[0]: 0.3, CHAINS[1]: 0.05, CHAINS[2]: 0.1}}
    scales = {f"resize:scale={scale:g}:kernel=area": scale for scale in (0.3, 0.5, 2)}
    assert perturbation_series([*scales, "resize:scale=0.7:kernel=lanczos"]) == {"resize:kernel=area:scale": scales}
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
    entries = [("real against fake, noise:sd=5", {"domain": d, "value": v, "p_value": p}) for d, v, p in pairs]
    save_mmd(tmp_path / "mmd.png", entries, "title")
    (figure,) = drawn
    assert [text.get_text() for text in figure.axes[0].texts] == shown
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["real against fake,\nnoise\nsd=5"]
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
    whole_epochs = [tick for axes in drawn[0].axes for tick in axes.get_xticks() if tick % 1 == 0]
    assert bool(whole_epochs) == bool(labels)


# --- few domains, and what was not measured ----------------------------------------------------------------------------


def narrow(domains: list[str], n: int = 20, auc: float = 0.9, kinds: tuple[str, ...] = ("band", "stop")) -> list[NarrowBand]:
    return [
        NarrowBand(kind, 0.03 * i, 0.03 * i + 0.03, (0.6, 0.1), {domain: (auc, 0.1) for domain in domains})
        for kind in kinds
        for i in range(n)
    ]


def colours(figure: Figure, panel: int) -> tuple[int, int]:
    """Rows and columns of tiles that a panel really has."""
    mesh = figure.axes[panel].collections[0]
    height, width = np.asarray(mesh.get_array()).shape
    return height, width


@pytest.mark.parametrize("look", [SCREEN, PAPER])
@pytest.mark.parametrize("n", [1, 2, 20])
def test_band_transfer_of_one_domain_is_no_blank(look: Look, n: int, tmp_path: Path, drawn: list[Figure]) -> None:
    assert save_band_transfer(tmp_path / "map.png", narrow(["mine"], n), "mine", "title", look)
    (figure,) = drawn
    for panel in (0, 1):
        assert colours(figure, panel) == (1, n)
        assert [tick.get_text() for tick in figure.axes[panel].get_yticklabels()] == ["mine (home)"]
    with Image.open(tmp_path / "map.png") as picture:
        blue = (np.asarray(picture.convert("RGB")).astype(int) @ [-1, 0, 1] > 60).mean()
    assert blue > 0.01 * n / 20  # tiles of an AUC of 0.9


def test_band_transfer_of_a_home_that_was_not_tested(tmp_path: Path, drawn: list[Figure]) -> None:
    """Its validation pictures stand in, as on the page."""
    for domains in (["other"], []):
        assert save_band_transfer(tmp_path / "map.png", narrow(domains), "mine", "title")
        names = [tick.get_text() for tick in drawn[-1].axes[0].get_yticklabels()]
        assert names == ["mine (home, validation)", *domains]


def test_band_transfer_of_a_pool_names_it_by_what_it_leaves_out(tmp_path: Path, drawn: list[Figure]) -> None:
    assert save_band_transfer(tmp_path / "map.png", narrow(["a", "b", "c", "other"]), "a & b & c", "title")
    names = [tick.get_text() for tick in drawn[-1].axes[0].get_yticklabels()]
    assert names == ["all but other (home, validation)", "other"]


def test_band_transfer_without_a_number_is_no_file(tmp_path: Path, drawn: list[Figure]) -> None:
    assert not save_band_transfer(tmp_path / "map.png", narrow(["mine"], auc=math.nan), "mine", "title")
    assert not (tmp_path / "map.png").exists()
    assert drawn == []
    entries = narrow(["mine"])
    entries[3] = replace(entries[3], tests={"mine": (math.nan, math.nan)})
    entries[4] = replace(entries[4], tests={})
    assert save_band_transfer(tmp_path / "map.png", entries, "mine", "title")
    assert np.ma.getmaskarray(drawn[0].axes[0].collections[0].get_array())[0].nonzero()[0].tolist() == [3, 4]


def test_lines_of_an_undefined_metric_are_no_file(tmp_path: Path, drawn: list[Figure]) -> None:
    series = perturbation_series(CHAINS)["lowpass:cutoff"]
    rows = [row("one", {f"a+{chain}": math.nan for chain in series})]
    assert not save_strength_lines(tmp_path / "lines.png", rows, series, "title", "pd1")
    assert drawn == []


def trial(stage: str, auc: float, low: float = 0.1) -> TriedBand:
    band = Band() if stage == "allpass" else Band.between(low, low + 0.03)
    return TriedBand(band, stage, auc, auc - 0.1, auc - 0.1, 0.05)


def test_a_sweep_shows_low_aucs_and_leaves_out_what_is_unknown(tmp_path: Path, drawn: list[Figure]) -> None:
    swept = [trial("sweep", 0.2), trial("sweep", math.nan, 0.2)]
    assert save_sweep(tmp_path / "sweep.png", [trial("allpass", math.nan), *swept], None, Band(), "title")
    assert drawn[0].axes[0].get_ylim()[0] < 0.1
    assert not save_sweep(tmp_path / "none.png", [trial("allpass", 0.7), trial("sweep", math.nan)], None, Band(), "title")
    assert not (tmp_path / "none.png").exists()


@pytest.mark.parametrize("look", [SCREEN, PAPER])
@pytest.mark.parametrize("auc", [0.7, math.nan])
def test_a_heat_map_of_one_cell(look: Look, auc: float, tmp_path: Path, drawn: list[Figure]) -> None:
    save_heat_map(tmp_path / "map.png", [row("one", {"mine": auc})], "title", look)
    assert [text.get_text() for text in drawn[0].axes[0].texts] == ["–" if math.isnan(auc) else "0.70"]
    assert is_picture(tmp_path / "map.png")


def test_points_of_a_cost_chart_have_names_that_can_be_read(tmp_path: Path, drawn: list[Figure]) -> None:
    rng = np.random.default_rng(0)
    rows = [Priced(f"detector_{i}", 10 ** rng.uniform(-2, 1), rng.uniform(0.5, 0.9)) for i in range(12)]
    assert save_cost(tmp_path / "cost.png", [*rows, Priced("unknown", math.nan, 0.5)], "title", "AUC", PAPER)
    (axes,) = drawn[0].axes
    assert sorted(text.get_text() for text in axes.texts) == sorted(one.name for one in rows)
    boxes = [Text.get_window_extent(text) for text in axes.texts]  # of an annotation, its line would belong to it
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert not save_cost(tmp_path / "none.png", [Priced("unknown", math.nan, 0.5)], "title", "AUC")


def test_the_frontier_of_costs_is_of_contestants(tmp_path: Path, drawn: list[Figure]) -> None:
    rows = [Priced("control", 0.1, 0.5, contestant=False), Priced("svm", 1.0, 0.8), Priced("slow", 2.0, 0.9)]
    save_cost(tmp_path / "cost.png", rows, "title", "AUC")
    (axes,) = drawn[0].axes
    assert np.array(axes.lines[0].get_xydata()).tolist() == [[1.0, 0.8], [2.0, 0.9]]
    save_cost(tmp_path / "controls.png", rows[:1], "title", "AUC")
    assert [text.get_text() for text in drawn[1].axes[0].texts] == ["control"]


def test_letters_are_seven_points_in_a_column(tmp_path: Path, drawn: list[Figure]) -> None:
    domains = ["procedural/nearest", "procedural/bilinear", "a_long_name/of_a_domain@c23"]
    rows = [row("spectral_logreg/faithful", dict.fromkeys(domains, 0.7)) for _ in range(3)]
    swept = [trial("sweep", 0.6, 0.03 * i) for i in range(20)]
    save_heat_map(tmp_path / "heat.pdf", rows, "a title that is too long for a column of a paper", PAPER)
    save_band_transfer(tmp_path / "bands.svg", narrow(domains), domains[0], "title", PAPER)
    save_sweep(tmp_path / "sweep.svg", [trial("allpass", 0.7), *swept], (EvidenceStretch(0.1, 0.2),), Band(), "title", PAPER)
    save_cost(tmp_path / "cost.pdf", [Priced("one", 0.1, 0.7), Priced("two", 0.2, 0.8)], "title", "AUC", PAPER)
    for figure in drawn:
        assert figure.get_figwidth() == COLUMN
        texts = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
        assert min(text.get_fontsize() for text in texts) >= 7
        inside = figure.get_tightbbox()
        assert -0.02 <= inside.x0 < inside.x1 <= COLUMN + 0.02


def test_names_are_no_formulas_and_the_same_numbers_give_the_same_bytes(tmp_path: Path) -> None:
    for suffix in ("svg", "pdf", "png"):
        files = [tmp_path / f"{i}.{suffix}" for i in range(2)]
        for file in files:
            save_heat_map(file, [row(r"$\frac{1}{$", {"$a_b$": 0.7})], "50 $ and 10 $", PAPER)
        assert files[0].read_bytes() == files[1].read_bytes()
    text = (tmp_path / "0.svg").read_text(encoding="utf-8")
    assert "$a_b$" in text
    assert "50 $ and 10 $" in text


@pytest.mark.parametrize("kind", ["comb", "anticomb"])
@pytest.mark.parametrize("points", ["all", "corners"])
def test_a_comb_is_lines_over_the_radius(kind: Any, points: Any, tmp_path: Path, drawn: list[Figure]) -> None:
    band = Band(kind, period=4, points=points)
    assert save_sweep(tmp_path / "sweep.png", [trial("allpass", 0.8), trial("sweep", 0.7)], None, band, "title")
    lines = [line for line in drawn[0].axes[0].get_lines() if line.get_color() == BAND_COLOUR]
    assert [line.get_xdata()[0] for line in lines] == pytest.approx(list(band.lattice_radii))
    assert {line.get_linestyle() for line in lines} == {"-" if kind == "comb" else ":"}
    (label,) = [str(line.get_label()) for line in lines if not str(line.get_label()).startswith("_")]
    assert label.endswith(f"its lattice on the {'diagonals' if points == 'corners' else 'axes'})")
