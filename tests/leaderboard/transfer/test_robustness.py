"""Perturbed test domains on the board: apart from the headline, and in a table of their own."""

import csv
import io
import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from bandbench.benchmark.cli import main
from bandbench.benchmark.figures.plots import save_heat_map, save_robustness
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.columns import metric_name
from bandbench.benchmark.results.rows import PerturbationResult, Row, TestResult
from bandbench.benchmark.tracking.store import default_tracking_uri
from bandbench.leaderboard.exports import as_document, as_tests_csv
from bandbench.leaderboard.rows import load_board
from bandbench.leaderboard.terminal.table import as_table
from bandbench.leaderboard.transfer.robustness import as_tables, print_robustness, robustness
from conftest import run, small_study

Maker = Callable[..., Path]
CHAINS = ["noise:sd=30", "jpeg:quality=20+noise:sd=5", "blur:sigma=0"]


PLAIN = {"sweep": None, "search": {"trials": 0}, "seeds": 2}


@pytest.fixture
def recorded(picture_folder: Maker) -> list[Row]:
    folders = {"mine": picture_folder(n=30), "yours": picture_folder("other", n=30, first_seed=500)}
    detectors = ["spectral_svm", "coin_flip"]
    return run(small_study(detectors=detectors, test=["mine", "yours"], perturbations=CHAINS, **PLAIN), folders).rows


def test_rows_from_the_store(recorded: list[Row], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    board = load_board(default_tracking_uri(), "small")
    assert not board.refused
    assert [row.detector for row in board.rows] == [row.detector for row in recorded] == ["spectral_svm", "coin_flip"]
    aucs = {test.domain: test for test in board.rows[0].tests}
    assert set(aucs) == {name + chain for name in ("mine", "yours") for chain in ("", *(f"+{c}" for c in CHAINS))}

    row = board.rows[0]
    assert row.in_domain_auc == aucs["mine"].auc
    assert row.cross_domain_auc == aucs["yours"].auc
    assert (row.worst_auc, row.worst_domain) == (aucs["yours"].auc, "yours")
    assert aucs["yours+noise:sd=30"].auc < row.worst_auc

    entries = robustness(board.rows)
    assert len(entries) == 2 * 2 * len(CHAINS)  # rows, scopes
    entry = next(e for e in entries if (e["scope"], e["perturbation"]) == ("cross-domain", CHAINS[0]))
    assert (entry["detector"], entry["train"], entry["study"]) == ("spectral_svm", "mine", "small")
    assert entry["clean_auc"] == aucs["yours"].auc
    assert entry["auc"] == aucs["yours+noise:sd=30"].auc
    assert (entry["auc_lo"], entry["auc_hi"]) == (aucs["yours+noise:sd=30"].auc_lo, aucs["yours+noise:sd=30"].auc_hi)
    assert entry["drop"] == pytest.approx(entry["clean_auc"] - entry["auc"])
    assert entry["drop_lo"] < entry["drop"] < entry["drop_hi"]

    document = as_document("small", board.rows)
    assert document["robustness"] == entries
    assert all("robustness" not in row for row in document["rows"])
    lines = list(csv.DictReader(io.StringIO(as_tests_csv(board.rows))))
    assert {line["test.domain"] for line in lines} == set(aucs)
    (picture,) = (tmp_path / "home" / "artifacts").glob("**/robustness.png")
    assert picture.read_bytes()[:4] == b"\x89PNG"

    with pytest.raises(SystemExit) as stop:
        main(["leaderboard", "--study", "small"])
    assert stop.value.code == 0
    shown = capsys.readouterr().out
    assert shown.index("generalization leaderboard") < shown.index("AUC under perturbations")
    with pytest.raises(SystemExit):
        main(["leaderboard", "--study", "small", "--json"])
    assert len(json.loads(capsys.readouterr().out)["robustness"]) == len(entries)


def test_intervals_of_a_drop_are_paired(recorded: list[Row]) -> None:
    """Of a perturbation that does nothing, exactly nothing is lost, however uncertain the AUC is."""
    found = [e for e in robustness(recorded) if e["detector"] == "coin_flip" and e["perturbation"] == "blur:sigma=0"]
    assert len(found) == 2
    for one in found:
        assert one["auc_hi"] - one["auc_lo"] > 0.1
        assert one["drop"] == one["drop_lo"] == one["drop_hi"] == 0


def entry(
    chain: str, scope: str = "in-domain", clean: float = 0.9, auc: float = 0.7, drop: tuple = (0.1, 0.3)
) -> PerturbationResult:
    return PerturbationResult(chain, scope, ("a",), clean, auc, auc - 0.1, auc + 0.1, clean - auc, *drop)


def row(*entries: PerturbationResult, detector: str = "one", band: str = "all") -> Row:
    cut = Band(band, 0.25 if band != "all" else 0.0)
    tests = [TestResult(f"a+{one.perturbation}", one.auc, one.auc_lo, one.auc_hi, 10, 1.0) for one in entries]
    tests.append(TestResult("a", 0.9, 0.8, 1.0, 10, 1.0))
    return Row(detector, "a", "chosen", cut, study="s", tests=tuple(tests), robustness=entries)


def text_of(rows: list[Row], width: int) -> list[str]:
    texts = []
    for table in as_tables(rows, "title", width):
        console = Console(width=width, record=True, file=io.StringIO())
        console.print(table)
        texts.append(console.export_text())
    return texts


def test_a_change_whose_interval_includes_zero_is_in_brackets() -> None:
    (text,) = text_of([row(entry("jpeg:quality=50"), entry("noise:sd=5", auc=0.88, drop=(-0.01, 0.05)))], 80)
    assert "-0.200" in text
    assert "(-0.200)" not in text
    assert "(-0.020)" in text
    assert " in- " in text
    assert "cross-" not in text  # no other domain was tested


def test_the_caption_says_that_intervals_are_over_draws_too() -> None:
    console = Console(width=120, record=True, file=io.StringIO())
    print_robustness([row(entry("jpeg:quality=50"))], "small", console)
    assert "over draws of the training pictures) includes 0" in " ".join(console.export_text().split())


@pytest.mark.parametrize(("width", "n_tables"), [(60, 6), (80, 2), (120, 1)])
def test_columns_that_do_not_fit_go_to_a_further_table(width: int, n_tables: int) -> None:
    chains = [f"jpeg:quality={q}" for q in range(10, 70, 10)]
    rows = [row(*(entry(chain) for chain in chains), detector="[bold]x[/bold]" + "y" * 30)]
    texts = text_of(rows, width)
    assert len(texts) == n_tables
    for text in texts:
        assert "[bold]x[/bold]" in text
        assert "…" not in text
        assert max(map(len, text.splitlines())) <= width
    assert all(any(str(q) in text for text in texts) for q in range(10, 70, 10))


def test_names_of_perturbations_are_whole() -> None:
    chains = ["depeak:period=2", "depeak:period=4", "depeak:period=8", "match_spectrum", "amplitude_only"]
    text = "\n".join(text_of([row(*(entry(chain) for chain in chains))], 80))
    assert all(word in text for word in ("match_", "spectrum", "amplitude_", "only"))
    assert "…" not in text


def test_bands_of_a_cell_stay_together_and_what_was_not_tried_is_a_dash() -> None:
    rows = [row(entry("noise:sd=5"), detector="one"), row(entry("blur:sigma=1"), detector="two")]
    rows.append(row(entry("noise:sd=5"), detector="one", band="low"))
    (text,) = text_of(rows, 100)
    lines = text.splitlines()
    assert [line.split()[0] for line in lines if line.split() and line.split()[0] in ("one", "two")] == ["one", "one", "two"]
    assert sum("–" in line for line in lines) == 3


def test_domains_that_were_scored_perturbed_only_have_no_drop(picture_folder: Maker) -> None:
    found = run(small_study(test=["mine+noise:sd=5"], **PLAIN), {"mine": picture_folder()}).rows[0]
    assert math.isnan(found.in_domain_auc)
    assert math.isnan(found.cross_domain_auc)
    (only,) = found.robustness
    assert only.auc == found.tests[0].auc
    assert math.isnan(only.clean_auc)
    assert math.isnan(only.drop)
    (text,) = text_of([found], 80)
    assert f"{only.auc:.3f}" in text
    as_table([found], "board")  # has a place for what is undefined


def test_without_perturbations_there_is_nothing() -> None:
    assert robustness([row()]) == []
    assert as_tables([row()], "title") == []


def test_the_heat_map_keeps_its_width(tmp_path: Path) -> None:
    from matplotlib.image import imread

    save_heat_map(tmp_path / "plain.png", [row()], "title")
    rows = [row(*(entry(f"noise:sd={sd}") for sd in range(1, 9)))]
    save_heat_map(tmp_path / "perturbed.png", rows, "title")
    save_robustness(tmp_path / "robustness.png", rows, "title")
    plain, perturbed, wide = (imread(tmp_path / f"{name}.png").shape for name in ("plain", "perturbed", "robustness"))
    assert plain == perturbed
    assert wide[1] > 2 * plain[1]


def test_names_of_metrics_suit_mlflow() -> None:
    from mlflow.utils.validation import _validate_metric_name

    name = metric_name("ffpp/Deepfakes@c23+jpeg:quality=50+noise:sd=0.5", "auc")
    assert name == "test/ffpp/Deepfakes c23 jpeg:quality 50 noise:sd 0.5/auc"
    _validate_metric_name(name)
