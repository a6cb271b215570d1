"""The key of a cell, and the row that follows from its score files: every number against one that was counted by hand."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_cells import item_set, made_cell, record_of, trial

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.recording.cell_folder import write_cell
from bandbench.benchmark.recording.keys import cell_key, cell_provenance, settings_digest, study_key, variant_digest
from bandbench.benchmark.records import Cell, CellResult, Provenance
from bandbench.benchmark.records import Tested as ScoredBand  # a name that pytest does not take for tests
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.results.cells import cell_rows
from bandbench.benchmark.store.files import read_json, write_json
from bandbench.benchmark.study.study_file import Study, override

ALL, LOW, HIGH = Band(), Band("low", 0.2), Band("high", 0.3)


def with_study(**changes: Any) -> Callable[[Cell], Cell]:
    return lambda cell: replace(cell, study=override(cell.study, {k.replace("__", "."): v for k, v in changes.items()}))


def with_sets(**changes: Any) -> Callable[[Cell], Cell]:
    """A change of the first draw's item sets."""

    def change(cell: Cell) -> Cell:
        first, *others = cell.replicates
        return replace(
            cell, replicates=(replace(first, **{k: make(getattr(first, k)) for k, make in changes.items()}), *others)
        )

    return change


def provenance(**changes: Any) -> Callable[[Any], Any]:
    return lambda items: replace(items, provenance=Provenance(**changes))


CHANGES: dict[str, Callable[[Cell], Cell]] = {
    "detector": lambda cell: replace(cell, detector=DetectorSpec.parse("dct_ridge")),
    "parameter": lambda cell: replace(cell, detector=replace(cell.detector, params={"C": 3.0})),
    "training domain": lambda cell: replace(cell, train="other"),
    "training pictures": with_sets(train=lambda items: replace(items, digest="other")),
    "validation pictures": with_sets(val=lambda items: replace(items, digest="other")),
    "test pictures": with_sets(tests=lambda sets: (replace(sets[0], digest="other"), *sets[1:])),
    "name of a test domain": with_sets(tests=lambda sets: (replace(sets[0], domain="other"), *sets[1:])),
    "test domains": with_sets(tests=lambda sets: sets[:1]),
    "one draw more": lambda cell: replace(cell, replicates=(*cell.replicates, replace(cell.replicates[0], number=1))),
    "split list": with_sets(tests=lambda sets: (provenance(split_list="other")(sets[0]), *sets[1:])),
    "test split": with_sets(tests=lambda sets: (provenance(test_list="other")(sets[0]), *sets[1:])),
    "contents": with_sets(tests=lambda sets: (provenance(pictures="other")(sets[0]), *sets[1:])),
    "dropped pictures": with_sets(train=provenance(n_dropped=3)),
    "facts": with_sets(train=provenance(facts={"missing": ["one clip"]})),
    "attempt": lambda cell: replace(cell, attempt=1),
}
# Every key of a study file, changed. Those that a key does not hold are told by digests, or change no number.
SETTINGS: dict[str, Any] = {
    "name": "other",
    "description": "other",
    "needs": "other",
    "detectors": ["dct_ridge"],
    "train": ["other"],
    "test": ["other"],
    "perturbations": ["blur:sigma=1"],
    "seeds": 7,
    "seed": 7,
    "mode": "pixels",
    "crop": {"side": 32},
    "sweep": None,
    "search": {"trials": 7},
    "bands": [{"kind": "low", "high": 0.3}],
    "oracle": False,
    "drop_leaks": True,
    "mmd": {"limit": 7},
    "keep_models": False,
    "bootstrap": 777,
    "datasets": {"procedural": {"n_train": 7}},
}
NOT_IN_A_KEY = {"description", "needs", "detectors", "train", "test", "perturbations", "drop_leaks", "datasets"}
MOVE_NO_ROW = {"name", "mmd", "keep_models"}


# --- keys ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", CHANGES)
def test_all_that_a_result_depends_on_is_in_the_key_of_a_cell(change: str) -> None:
    cell = made_cell()
    assert cell_key(CHANGES[change](cell)) != cell_key(cell)


def test_the_keys_of_all_changes_differ() -> None:
    assert len({cell_key(change(made_cell())) for change in CHANGES.values()}) == len(CHANGES)


def test_no_key_of_a_study_file_was_forgotten() -> None:
    assert set(SETTINGS) == set(Study.model_fields)


@pytest.mark.parametrize("name", SETTINGS)
def test_settings_are_in_the_keys_unless_digests_tell_them_or_they_change_no_number(name: str) -> None:
    cell = made_cell()
    changed = with_study(**{name: SETTINGS[name]})(cell)
    assert (cell_key(changed) != cell_key(cell)) == (name not in NOT_IN_A_KEY)
    assert (study_key(changed) != study_key(cell)) == (name not in NOT_IN_A_KEY)
    assert (settings_digest(changed) != settings_digest(cell)) == (name not in NOT_IN_A_KEY | MOVE_NO_ROW)
    assert (variant_digest(changed) != variant_digest(cell)) == (name not in NOT_IN_A_KEY | MOVE_NO_ROW)


def test_inner_settings_are_in_the_keys() -> None:
    cell = made_cell()
    inner = (
        {"search__batch": 2},
        {"search__cutoff": [0.1, 0.5]},
        {"search__kinds": ["low"]},
        {"sweep__order": 3},
        {"crop__tiles": 2},
    )
    assert len({cell_key(with_study(**one)(cell)) for one in inner} - {cell_key(cell)}) == len(inner)


def test_places_and_costs_are_in_no_key() -> None:
    moved = with_sets(train=lambda items: replace(items, table="elsewhere", seconds_per_item=9.0))(
        replace(made_cell(), records="x")
    )
    assert (cell_key(moved), study_key(moved)) == (cell_key(made_cell()), study_key(made_cell()))


@pytest.mark.parametrize("change", ["detector", "training domain", "training pictures", "validation pictures", "split list"])
def test_detectors_and_training_domains_join_a_study(change: str) -> None:
    assert study_key(CHANGES[change](made_cell())) == study_key(made_cell())


def test_the_order_of_test_domains_makes_no_other_study() -> None:
    assert study_key(made_cell(("away", "home"))) == study_key(made_cell(("home", "away")))


def test_the_variant_of_a_row_is_of_its_settings_and_pictures_and_not_of_its_detector() -> None:
    cell = made_cell()
    for name, change in CHANGES.items():
        moved = (name.endswith("pictures") and name != "dropped pictures") or name in (
            "name of a test domain",
            "test domains",
            "one draw more",
        )
        assert (variant_digest(change(cell)) != variant_digest(cell)) == moved, name


def test_the_draw_that_lost_most_says_how_many_the_guard_left_out() -> None:
    cell = made_cell(draws=2)
    second = replace(cell.replicates[1], train=provenance(n_dropped=5)(item_set("home", "train")))
    cell = with_sets(val=provenance(n_dropped=2))(replace(cell, replicates=(cell.replicates[0], second)))
    assert cell_provenance(cell)["dropped_leaks"] == {"train": 5, "val": 0}


# --- rows ------------------------------------------------------------------------------------------------------------

REALS = (0.1, 0.2, 0.3, 0.4)
FAKES: Mapping[float, Sequence[float]] = {  # by the AUC that they have against REALS
    1.0: (0.5, 0.6, 0.7, 0.8),
    0.75: (0.5, 0.6, 0.7, 0.0),
    0.5: (0.5, 0.6, 0.0, 0.05),
    0.25: (0.5, 0.0, 0.05, 0.06),
    0.0: (0.0, 0.05, 0.06, 0.07),
}


def read(row: Any, name: str) -> Any:
    """A value of a row, or of one of its tests."""
    return row[name]


def kept(
    folder: Path, cell: Cell, bands: Sequence[tuple[str, Band, Mapping[str, Sequence[float]], str]], evidence: Any = None
) -> Path:
    """
    Write the folder of a cell.

    Parameters
    ----------
    folder : Path
    cell : Cell
    bands : sequence of (role, band, AUCs by test domain, domain of an oracle)
        An AUC per draw. The first band is the chosen one.
    evidence : (low, high), optional
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
    rows = cell_rows(kept(tmp_path, made_cell(("home", "away", "far")), bands, (0.1, 0.2)))
    assert [read(row, "role") for row in rows] == ["chosen", "allpass"]
    row = rows[0]
    assert (read(row, "detector"), read(row, "train"), read(row, "cell")) == ("spectral_svm", "home", "f" * 64)
    assert read(row, "in_domain_auc") == 1
    assert read(row, "cross_domain_auc") == 0.5
    assert (read(row, "worst_auc"), read(row, "worst_domain")) == (0.25, "far")
    assert read(row, "allpass_auc") == 0.5
    assert read(row, "gain") == 0
    assert read(row, "oracle_auc") == 0.625  # 1.0 away, 0.25 far: that of a domain is the oracle of that domain
    assert (read(row, "fit_seconds"), read(row, "score_ms"), read(row, "ms_per_picture")) == (2, 3, 5)
    assert read(row, "coverage") == 1
    tests = {read(test, "domain"): test for test in read(row, "tests")}
    assert [read(test, "auc") for test in tests.values()] == [1, 0.75, 0.25]
    assert [read(test, "allpass_auc") for test in tests.values()] == [0.75, 0.5, 0.5]
    assert [read(test, "n") for test in tests.values()] == [8, 8, 8]
    assert math.isnan(read(tests["home"], "oracle_auc"))
    assert read(tests["away"], "oracle_auc") == 1
    # The threshold is that of the validation scores: there fakes lie above 0.4 and reals at or below it.
    assert [read(test, "balanced_accuracy") for test in tests.values()] == [1, 0.875, 0.625]


def test_numbers_are_means_over_draws(tmp_path: Path) -> None:
    bands = [
        ("chosen", LOW, {"home": [1.0, 0.5], "away": [0.75, 0.25]}, ""),
        ("allpass", ALL, {"home": [0.5, 0.5], "away": [0.5, 0.0]}, ""),
    ]
    (row, _) = cell_rows(kept(tmp_path, made_cell(draws=2), bands))
    assert (read(row, "in_domain_auc"), read(row, "cross_domain_auc"), read(row, "gain")) == (0.75, 0.5, 0.25)
    assert read(row, "seeds") == 2
    assert math.isnan(read(row, "oracle_auc"))


def test_without_another_domain_the_headline_is_home_and_nothing_is_abroad(tmp_path: Path) -> None:
    bands = [("chosen", LOW, {"home": [1.0]}, ""), ("allpass", ALL, {"home": [0.75]}, "")]
    (row, _) = cell_rows(kept(tmp_path, made_cell(("home",)), bands))
    assert (read(row, "in_domain_auc"), read(row, "allpass_auc"), read(row, "gain")) == (1, 0.75, 0.25)
    assert math.isnan(read(row, "cross_domain_auc"))
    assert math.isnan(read(row, "worst_auc"))
    assert read(row, "worst_domain") == ""


def test_all_pass_that_was_chosen_is_one_row(tmp_path: Path) -> None:
    aucs = {"home": [1.0], "away": [0.5]}
    bands = [("chosen", ALL, aucs, ""), ("allpass", ALL, aucs, ""), ("fixed", HIGH, aucs, "")]
    assert [read(row, "role") for row in cell_rows(kept(tmp_path, made_cell(), bands))] == ["chosen", "fixed"]


def test_perturbed_pictures_are_no_other_domain(tmp_path: Path) -> None:
    """They have their own entries, and what is lost under them; the headline is of pictures as they are."""
    names = ("home", "home+blur:sigma=1", "away", "away+blur:sigma=1")
    aucs = dict(zip(names, ([1.0], [0.75], [0.75], [0.0]), strict=True))
    bands = [("chosen", LOW, aucs, ""), ("allpass", ALL, aucs, "")]
    (row, _) = cell_rows(kept(tmp_path, made_cell(names), bands))
    assert (read(row, "in_domain_auc"), read(row, "cross_domain_auc"), read(row, "worst_auc")) == (1, 0.75, 0.75)
    assert [read(test, "domain") for test in read(row, "tests")] == list(names)
    lost = {read(one, "scope"): one for one in read(row, "robustness")}
    assert {scope: (read(one, "clean_auc"), read(one, "auc"), read(one, "drop")) for scope, one in lost.items()} == {
        "in-domain": (1, 0.75, 0.25),
        "cross-domain": (0.75, 0, 0.75),
    }
    assert {read(one, "perturbation") for one in lost.values()} == {"blur:sigma=1"}


def row_of(folder: Path, tests: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Any:
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
    assert [read(test, "coverage") for test in read(row, "tests")] == [0.875, 1]
    assert [read(test, "n") for test in read(row, "tests")] == [8, 8]
    assert read(row, "coverage") == 0.9375
    assert read(row, "in_domain_auc") == 1


def test_a_domain_of_one_class_leaves_what_is_of_all_domains_undefined(tmp_path: Path) -> None:
    row = row_of(tmp_path, {"home": (REALS, FAKES[1.0]), "away": (REALS, FAKES[0.5]), "far": (REALS, ())})
    assert read(row, "in_domain_auc") == 1
    assert [read(test, "auc") for test in read(row, "tests")][:2] == [1, 0.5]
    for name in ("cross_domain_auc", "worst_auc", "gain"):
        assert math.isnan(read(row, name))
    assert read(row, "worst_domain") == ""


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
