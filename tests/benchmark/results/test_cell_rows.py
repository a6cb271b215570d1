"""The rows that follow from the score files of a cell: every number against one that was counted by hand."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.recording.cell_folder import write_cell
from bandbench.benchmark.records import Cell, CellResult
from bandbench.benchmark.records import Tested as ScoredBand  # a name that pytest does not take for tests
from bandbench.benchmark.results.cell_rows import cell_rows
from bandbench.benchmark.results.evidence import Evidence, EvidenceStretch
from bandbench.benchmark.results.marks import Mark, marks_of
from bandbench.benchmark.results.rows import Row
from bandbench.benchmark.store.files import read_json, write_json
from made_cells import made_cell, record_of, trial

ALL, LOW, HIGH = Band(), Band("low", 0.2), Band("high", 0.3)

REALS = (0.1, 0.2, 0.3, 0.4)
FAKES: Mapping[float, Sequence[float]] = {  # by the AUC that they have against REALS
    1.0: (0.5, 0.6, 0.7, 0.8),
    0.75: (0.5, 0.6, 0.7, 0.0),
    0.5: (0.5, 0.6, 0.0, 0.05),
    0.25: (0.5, 0.0, 0.05, 0.06),
    0.0: (0.0, 0.05, 0.06, 0.07),
}


def kept(
    folder: Path, cell: Cell, bands: Sequence[tuple[str, Band, Mapping[str, Sequence[float]], str]], evidence: Evidence = None
) -> Path:
    """
    Write the folder of a cell.

    Parameters
    ----------
    folder : Path
    cell : Cell
    bands : sequence of (role, band, AUCs by test domain, domain of an oracle)
        An AUC per draw. The first band is the chosen one.
    evidence : tuple of EvidenceStretch, optional
    """
    tested = []
    for number, (role, band, aucs, domain) in enumerate(bands):
        records = tuple(
            record_of(
                folder / "records",
                f"{number}-{draw}",
                ("home", "val", REALS, FAKES[1.0]),
                [(name, "test", REALS, FAKES[each[draw]]) for name, each in aucs.items()],
            )
            for draw in range(len(cell.replicates))
        )
        tested.append(ScoredBand(role, band, records, domain))
    chosen = trial(bands[0][1], 0.9)
    result = CellResult(cell, (chosen,), evidence, chosen, tuple(tested))
    write_cell(result, "f" * 64, folder / "cell")
    return folder / "cell"


def test_a_row_is_made_of_the_score_files(tmp_path: Path) -> None:
    bands = [
        ("chosen", LOW, {"home": [1.0], "away": [0.75], "far": [0.25]}, ""),
        ("allpass", ALL, {"home": [0.75], "away": [0.5], "far": [0.5]}, ""),
        ("oracle", HIGH, {"home": [0.75], "away": [1.0], "far": [0.0]}, "away"),
        ("oracle", LOW, {"home": [1.0], "away": [0.75], "far": [0.25]}, "far"),
    ]
    rows = cell_rows(kept(tmp_path, made_cell(("home", "away", "far")), bands, (EvidenceStretch(0.1, 0.2),)))
    assert [row.role for row in rows] == ["chosen", "allpass"]
    row = rows[0]
    assert (row.detector, row.train, row.cell) == ("spectral_svm", "home", "f" * 64)
    assert row.in_domain_auc == 1
    assert row.cross_domain_auc == 0.5
    assert (row.worst_auc, row.worst_domain) == (0.25, "far")
    assert row.allpass_auc == 0.5
    assert row.gain == 0
    assert row.oracle_auc == 0.625  # 1.0 away, 0.25 far: that of a domain is the oracle of that domain
    assert (row.fit_seconds, row.score_ms, row.ms_per_picture) == (2, 3, 5)
    assert row.coverage == 1
    tests = {test.domain: test for test in row.tests}
    assert [test.auc for test in tests.values()] == [1, 0.75, 0.25]
    assert [test.allpass_auc for test in tests.values()] == [0.75, 0.5, 0.5]
    assert [test.n for test in tests.values()] == [8, 8, 8]
    assert math.isnan(tests["home"].oracle_auc)
    assert tests["away"].oracle_auc == 1
    # The threshold is that of the validation scores: there fakes lie above 0.4 and reals at or below it.
    assert [test.value("balanced_accuracy") for test in tests.values()] == [1, 0.875, 0.625]


@pytest.mark.parametrize(
    ("view", "is_random"),
    [
        (["profile", {}], False),
        (["embedding", {"library": "open_clip", "model": "ViT-L-14", "weights": "openai"}], False),
        (["embedding", {"library": "open_clip", "model": "tiny", "weights": "random"}], True),
        (["sensitivity", {"library": "transformers", "model": "tiny", "weights": ""}], True),
    ],
)
def test_a_row_says_that_its_encoder_is_random(tmp_path: Path, view: list[object], is_random: bool) -> None:
    folder = kept(tmp_path, made_cell(), [("chosen", ALL, {"home": [1.0], "away": [0.75]}, "")])
    document = read_json(folder / "cell.json")
    document["detector_identity"]["view"] = view
    write_json(folder / "cell.json", document)
    (row,) = cell_rows(folder)
    assert row.random_encoder is is_random
    assert (Mark.RANDOM_ENCODER in marks_of(row)) is is_random


def test_numbers_are_means_over_draws(tmp_path: Path) -> None:
    bands = [
        ("chosen", LOW, {"home": [1.0, 0.5], "away": [0.75, 0.25]}, ""),
        ("allpass", ALL, {"home": [0.5, 0.5], "away": [0.5, 0.0]}, ""),
    ]
    (row, _) = cell_rows(kept(tmp_path, made_cell(draws=2), bands))
    assert (row.in_domain_auc, row.cross_domain_auc, row.gain) == (0.75, 0.5, 0.25)
    assert row.seeds == 2
    assert math.isnan(row.oracle_auc)


def test_without_another_domain_the_headline_is_home_and_nothing_is_abroad(tmp_path: Path) -> None:
    bands = [("chosen", LOW, {"home": [1.0]}, ""), ("allpass", ALL, {"home": [0.75]}, "")]
    (row, _) = cell_rows(kept(tmp_path, made_cell(("home",)), bands))
    assert (row.in_domain_auc, row.allpass_auc, row.gain) == (1, 0.75, 0.25)
    assert math.isnan(row.cross_domain_auc)
    assert math.isnan(row.worst_auc)
    assert row.worst_domain == ""


def test_all_pass_that_was_chosen_is_one_row(tmp_path: Path) -> None:
    aucs = {"home": [1.0], "away": [0.5]}
    bands = [("chosen", ALL, aucs, ""), ("allpass", ALL, aucs, ""), ("fixed", HIGH, aucs, "")]
    assert [row.role for row in cell_rows(kept(tmp_path, made_cell(), bands))] == ["chosen", "fixed"]


def test_perturbed_pictures_are_no_other_domain(tmp_path: Path) -> None:
    """They have their own entries, and what is lost under them; the headline is of pictures as they are."""
    names = ("home", "home+blur:sigma=1", "away", "away+blur:sigma=1")
    aucs = dict(zip(names, ([1.0], [0.75], [0.75], [0.0]), strict=True))
    bands = [("chosen", LOW, aucs, ""), ("allpass", ALL, aucs, "")]
    (row, _) = cell_rows(kept(tmp_path, made_cell(names), bands))
    assert (row.in_domain_auc, row.cross_domain_auc, row.worst_auc) == (1, 0.75, 0.75)
    assert [test.domain for test in row.tests] == list(names)
    lost = {one.scope: one for one in row.robustness}
    assert {scope: (one.clean_auc, one.auc, one.drop) for scope, one in lost.items()} == {
        "in-domain": (1, 0.75, 0.25),
        "cross-domain": (0.75, 0, 0.75),
    }
    assert {one.perturbation for one in lost.values()} == {"blur:sigma=1"}


def row_of(folder: Path, tests: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Row:
    """Row of a cell whose chosen band is all-pass; `tests` are scores of reals and fakes by test domain."""
    sets = [(name, "test", reals, fakes) for name, (reals, fakes) in tests.items()]
    record = record_of(folder, "0", ("home", "val", REALS, FAKES[1.0]), sets)
    chosen = trial(ALL, 0.9)
    tested = (ScoredBand("chosen", ALL, (record,)), ScoredBand("allpass", ALL, (record,)))
    write_cell(CellResult(made_cell(tuple(tests)), (chosen,), None, chosen, tested), "f" * 64, folder / "cell")
    (row,) = cell_rows(folder / "cell")
    return row


def test_a_picture_without_a_score_counts_against_the_coverage(tmp_path: Path) -> None:
    row = row_of(tmp_path, {"home": ((0.1, math.nan, 0.3, 0.4), FAKES[1.0]), "away": (REALS, FAKES[0.5])})
    assert [test.coverage for test in row.tests] == [0.875, 1]
    assert [test.n for test in row.tests] == [8, 8]
    assert row.coverage == 0.9375
    assert row.in_domain_auc == 1


def test_a_domain_of_one_class_leaves_what_is_of_all_domains_undefined(tmp_path: Path) -> None:
    row = row_of(tmp_path, {"home": (REALS, FAKES[1.0]), "away": (REALS, FAKES[0.5]), "far": (REALS, ())})
    assert row.in_domain_auc == 1
    assert [test.auc for test in row.tests][:2] == [1, 0.5]
    for name in ("cross_domain_auc", "worst_auc", "gain"):
        assert math.isnan(row.value(name))
    assert row.worst_domain == ""


# --- intervals ---------------------------------------------------------------------------------------------------------

CASES = np.random.default_rng(0).normal(size=(2, 120))  # reals, fakes


def drawn(folder: Path, shifts: Mapping[str, Sequence[float]], overlap: float = 0.0, seed: int = 1) -> Row:
    """
    Row of a cell with 120 test pictures a class at home and away.

    Parameters
    ----------
    folder : Path
    shifts : mapping of str to sequence of float
        By role, the distance of the classes in every draw; all draws see the same pictures, with some noise of their own.
    overlap : float
    """
    rng = np.random.default_rng(seed)
    n_draws = len(shifts["chosen"])
    tested = []
    for role, each in shifts.items():
        records = []
        for draw, shift in enumerate(each):
            reals, fakes = CASES + 0.3 * rng.normal(size=CASES.shape)
            sets = [(name, "test", list(reals), list(fakes + shift)) for name in ("home", "away")]
            records.append(record_of(folder / "records", f"{role}-{draw}", ("home", "val", REALS, FAKES[1.0]), sets))
        band = {"chosen": LOW, "allpass": ALL, "oracle": HIGH}[role]
        tested.append(ScoredBand(role, band, tuple(records), "away" * (role == "oracle")))
    chosen = trial(LOW, 0.9)
    write_cell(CellResult(made_cell(draws=n_draws), (chosen,), None, chosen, tuple(tested)), "f" * 64, folder / "cell")
    document = read_json(folder / "cell" / "cell.json")
    assert document is not None
    write_json(folder / "cell" / "cell.json", document | {"train_overlap": overlap})
    return cell_rows(folder / "cell")[0]


def width(row: Row, name: str) -> float:
    low, value, high = (row.value(f"{name}{end}") for end in ("_lo", "", "_hi"))
    assert low <= value <= high
    return high - low


def test_another_training_draw_counts(tmp_path: Path) -> None:
    """Draws that differ more than their pictures explain widen the interval, and more so where they overlap."""
    alike = drawn(tmp_path / "a", {"chosen": [1.0] * 5, "allpass": [1.0] * 5})
    unlike = drawn(tmp_path / "b", {"chosen": [0.2, 0.6, 1.0, 1.4, 1.8], "allpass": [1.0] * 5})
    overlapping = drawn(tmp_path / "c", {"chosen": [0.2, 0.6, 1.0, 1.4, 1.8], "allpass": [1.0] * 5}, overlap=0.75)
    same = drawn(tmp_path / "d", {"chosen": [0.2, 0.6, 1.0, 1.4, 1.8], "allpass": [1.0] * 5}, overlap=1.0)
    for name in ("in_domain_auc", "cross_domain_auc", "pd10", "eer"):
        assert width(alike, name) < 0.6 * width(unlike, name) < 0.9 * width(overlapping, name)
        assert width(same, name) == pytest.approx(width(unlike, name))
    aucs = [test.auc for test in unlike.tests]
    assert unlike.draw_sd == unlike.tests[1].draw_sd > 0.1 > 5 * alike.draw_sd
    assert aucs[1] == unlike.cross_domain_auc
    assert (overlapping.train_overlap, same.train_overlap) == (0.75, 1)


def test_one_draw_has_an_interval_over_test_pictures_and_no_deviation(tmp_path: Path) -> None:
    row = drawn(tmp_path, {"chosen": [1.0], "allpass": [1.0]})
    assert 0.08 < width(row, "cross_domain_auc") < 0.2
    assert math.isnan(row.draw_sd)
    assert row.to_json()["train_overlap"] == 0


def test_gain_and_gap_are_paired(tmp_path: Path) -> None:
    """The same pictures and the same draws on both sides: what is common to them moves no difference."""
    steps = [0.2, 0.6, 1.0, 1.4, 1.8]
    row = drawn(tmp_path, {"chosen": [x + 0.4 for x in steps], "allpass": steps, "oracle": [x + 0.5 for x in steps]})
    assert row.gain_lo > 0
    assert width(row, "gain") < 0.5 * width(row, "cross_domain_auc")
    assert row.gap == pytest.approx(row.oracle_auc - row.cross_domain_auc)
    assert width(row, "gap") < 0.5 * width(row, "cross_domain_auc")
    without = drawn(tmp_path / "b", {"chosen": steps, "allpass": steps})
    assert math.isnan(without.gap)
    assert math.isnan(without.gap_lo)


def test_what_chose_all_pass_gains_exactly_nothing(tmp_path: Path) -> None:
    row = row_of(tmp_path, {"home": (REALS, FAKES[1.0]), "away": (REALS, FAKES[0.5])})
    assert (row.gain, row.gain_lo, row.gain_hi) == (0, 0, 0)


def test_rates_have_intervals_where_there_are_groups_enough(tmp_path: Path) -> None:
    row = drawn(tmp_path, {"chosen": [1.0, 1.2], "allpass": [1.0, 1.0]})
    test = row.tests[1]
    for name in ("pd10", "pd5", "eer"):
        assert 0 <= test.metrics[f"{name}_lo"] < test.metrics[name] < test.metrics[f"{name}_hi"] <= 1
        assert row.metrics[f"{name}_lo"] == test.metrics[f"{name}_lo"]  # there is one other domain
    assert test.metrics["pd1"] >= 0
    assert math.isnan(test.metrics["pd1_lo"])  # 120 groups of reals, of 200
    again = Row.from_json(row.to_json())
    assert again.metrics["eer_hi"] == row.metrics["eer_hi"]
    assert again.tests[1].metrics["pd5_lo"] == test.metrics["pd5_lo"]
    assert (again.gain_lo, again.draw_sd) == (row.gain_lo, row.draw_sd)


def test_the_interval_of_the_worst_domain_is_one_of_the_lowest_true_auc(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    names = ("home", *(f"far{i}" for i in range(6)))
    row = row_of(tmp_path, {name: (rng.normal(size=60).tolist(), (rng.normal(size=60) + 1).tolist()) for name in names})
    tests = {test.domain: test for test in row.tests}
    worst = tests[row.worst_domain]
    assert row.worst_auc == worst.auc == min(tests[name].auc for name in names[1:])
    assert row.worst_auc_lo == min(tests[name].auc_lo for name in names[1:])
    assert row.worst_auc_hi > worst.auc_hi


def test_rows_of_an_earlier_version_have_no_new_numbers(tmp_path: Path) -> None:
    row = drawn(tmp_path, {"chosen": [1.0, 1.2], "allpass": [1.0, 1.0]})
    new = ("gain_lo", "gain_hi", "gap", "gap_lo", "gap_hi", "draw_sd", "train_overlap")
    old = {name: value for name, value in row.to_json().items() if name not in new}
    old["tests"] = [{name: value for name, value in test.items() if name != "draw_sd"} for test in old["tests"]]
    again = Row.from_json(old)
    assert again.cross_domain_auc == row.cross_domain_auc
    assert math.isnan(again.gain_lo)
    assert math.isnan(again.tests[0].draw_sd)
    assert again.train_overlap == 0


# --- what cannot be read ---------------------------------------------------------------------------------------------


def test_a_folder_without_a_whole_result_is_refused(tmp_path: Path) -> None:
    aucs = {"home": [1.0], "away": [0.5]}
    folder = kept(tmp_path, made_cell(), [("chosen", LOW, aucs, ""), ("allpass", ALL, aucs, "")])
    document = read_json(folder / "cell.json")
    assert document is not None
    for schema in (1, document["schema"] + 1, None):
        write_json(folder / "cell.json", document | {"schema": schema})
        with pytest.raises(DataError, match="holds no result of a cell"):
            cell_rows(folder)
    write_json(folder / "cell.json", {name: value for name, value in document.items() if name != "seeds"})
    with pytest.raises(DataError, match=r"cell\.json is incomplete \(KeyError: 'seeds'\)"):
        cell_rows(folder)
    (folder / "cell.json").unlink()
    with pytest.raises(DataError, match="holds no result of a cell"):
        cell_rows(folder)
