"""Keys of cells and studies: all that a result depends on is in them, and nothing else."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bandbench.benchmark.recording import keys
from bandbench.benchmark.recording.keys import (
    all_sets,
    cell_key,
    cell_provenance,
    joined,
    numbered_sets,
    settings_digest,
    split_lists,
    study_key,
    variant_digest,
)
from bandbench.benchmark.records import Cell, Provenance
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.study.study_file import Study, override
from made_cells import item_set, made_cell


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
    "domains of the headline": lambda cell: replace(cell, not_counted=("mine",)),
}
# Every key of a study file, changed. Those that a key does not hold are told by digests, or change no number.
SETTINGS: dict[str, Any] = {
    "name": "other",
    "description": "other",
    "needs": "other",
    "detectors": ["dct_ridge"],
    "train": ["other"],
    "test": ["other"],
    "reals": ["other"],
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
    "controls": True,
    "allow_lookalikes": True,
    "mmd": {"limit": 7},
    "keep_models": False,
    "bootstrap": 777,
    "clips": "vote",
    "datasets": {"procedural": {"n_train": 7}},
    "protocol": "leave_one_out",
    "pool": "all",
    "shots": [10],
    "dates": {"procedural": "2020"},
}
NOT_IN_A_KEY = {
    *("description", "needs", "detectors", "train", "test", "reals", "perturbations", "drop_leaks", "datasets", "controls"),
    *("protocol", "pool", "shots", "dates", "allow_lookalikes"),
}
MOVE_NO_ROW = {"name", "mmd", "keep_models"}


@pytest.mark.parametrize("change", CHANGES)
def test_all_that_a_result_depends_on_is_in_the_key_of_a_cell(change: str) -> None:
    cell = made_cell()
    assert cell_key(CHANGES[change](cell)) != cell_key(cell)


def test_the_keys_of_all_changes_differ() -> None:
    assert len({cell_key(change(made_cell())) for change in CHANGES.values()}) == len(CHANGES)


def test_sentences_on_look_alikes_are_in_no_key() -> None:
    said = with_sets(train=provenance(facts={"lookalikes": ["3 of 40 pictures look like others."]}))(made_cell())
    assert cell_provenance(said).data == {"home": {"lookalikes": ["3 of 40 pictures look like others."]}}
    assert cell_key(said) == cell_key(made_cell())


def test_a_changed_audit_of_files_makes_other_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    before = cell_key(made_cell())
    monkeypatch.setattr(keys, "VERSION", keys.VERSION + 1)
    assert cell_key(made_cell()) != before


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
            "domains of the headline",
        )
        assert (variant_digest(change(cell)) != variant_digest(cell)) == moved, name


def test_the_draw_that_lost_most_says_how_many_the_guard_left_out() -> None:
    cell = made_cell(draws=2)
    second = replace(cell.replicates[1], train=provenance(n_dropped=5)(item_set("home", "train")))
    cell = with_sets(val=provenance(n_dropped=2))(replace(cell, replicates=(cell.replicates[0], second)))
    assert cell_provenance(cell).dropped_leaks == {"train": 5, "val": 0}


def test_split_lists_are_named_draw_by_draw_and_joined_where_they_differ() -> None:
    cell = made_cell(draws=2)
    cell = with_sets(train=provenance(split_list="a"), tests=lambda sets: (provenance(split_list="c")(sets[0]), sets[1]))(cell)
    assert split_lists(cell) == {"home": ("c", ""), "away": ("", "")}  # home is tested, too: the same list
    assert joined(("a", "a")) == "a"
    assert joined(("a", "b")) not in ("a", "b", joined(("b", "a")))


def test_all_item_sets_of_a_cell_are_numbered_by_their_draw() -> None:
    cell = made_cell(draws=2)
    first, second = cell.replicates
    assert all_sets(cell) == [first.train, first.val, *first.tests, second.train, second.val, *second.tests]
    assert [number for number, _ in numbered_sets(cell)] == [0] * 4 + [1] * 4
