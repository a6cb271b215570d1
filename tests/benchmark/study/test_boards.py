"""Which board a run writes to: names that follow from what differs, and places for data that nobody placed."""

from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.study.boards import Placement, on_its_board, options_of, place_data, study_reference
from bandbench.benchmark.study.study_file import Study, find_study, load_study, override
from conftest import small_study


@pytest.fixture
def catalogue(tmp_path: Path) -> Catalogue:
    folders = {}
    for name in ("mine", "yours"):
        for label in ("real", "fake"):
            (tmp_path / name / label).mkdir(parents=True)
            (tmp_path / name / label / "a.png").write_bytes(b"")
        folders[name] = str(tmp_path / name)
    return Catalogue(folders)


def board(catalogue: Catalogue, changes: dict[str, Any], shipped: Study | None = None, options: Any = None) -> str:
    """Name of the board of a shipped study after some options."""
    shipped = shipped or load_study("band_search")
    return on_its_board(override(shipped, changes), shipped, catalogue, options or {}).name


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({}, "band_search"),
        ({"detectors": [{"name": "knn"}]}, "band_search"),
        ({"detectors": [{"name": "coin_flip"}, {"name": "knn"}]}, "band_search"),
        ({"search.trials": 0}, "band_search~trials=0"),
        ({"search.trials": 24}, "band_search"),
        ({"seeds": 3, "search.trials": 5}, "band_search~trials=5~seeds=3"),
        ({"seed": 7, "mode": "pixels", "crop.side": 96}, "band_search~seed=7~mode=pixels~crop=96"),
        ({"drop_leaks": True}, "band_search"),
        ({"clips": "vote"}, "band_search~clips=vote"),
        ({"clips": "mean"}, "band_search"),
        ({"train": ["mine"], "test": ["mine"]}, "band_search~mine"),
        ({"train": ["yours", "mine"], "test": ["mine", "yours"]}, "band_search~mine,yours"),
        ({"train": ["mine"], "test": ["mine"], "search.trials": 0}, "band_search~mine~trials=0"),
        ({"train": ["procedural/planted"]}, "band_search"),
        ({"train": ["procedural/nearest"]}, "band_search~train=procedural-nearest"),
        ({"test": ["procedural/nearest"]}, "band_search~test=procedural-nearest"),
        ({"train": ["mine"], "test": ["procedural"]}, "band_search~train=mine"),
        ({"test": ["mine", "procedural"]}, "band_search~test=mine,procedural"),
        ({"test": ["procedural+jpeg:quality=50"], "train": ["procedural/planted"]}, None),
    ],
)
def test_a_board_is_named_after_what_differs(catalogue: Catalogue, changes: dict[str, Any], name: str | None) -> None:
    found = board(catalogue, changes)
    if name is None:  # too long to be read out: cut, and told apart by a digest
        assert len(found) == 80
        assert found.startswith("band_search~test=procedural-bilinear-jpeg-quality=50,")
        assert found != board(catalogue, {**changes, "test": ["procedural+jpeg:quality=60"]})
    else:
        assert found == name


def test_a_run_that_is_going_to_be_refused_keeps_the_name_of_its_study(catalogue: Catalogue, tmp_path: Path) -> None:
    (tmp_path / "mine" / "real" / "a.png").unlink()
    assert board(catalogue, {"train": ["mine"], "test": ["mine"]}) == "band_search"


def test_all_domains_written_out_are_the_data_set(catalogue: Catalogue) -> None:
    names = catalogue.expand(["procedural"])
    assert board(catalogue, {"test": list(reversed(names))}) == "band_search"


def test_parameters_of_data_sets_name_a_board(catalogue: Catalogue) -> None:
    options = {"procedural": {"n_test": 40, "n_train": 30}}
    assert board(catalogue, {}, options=options) == "band_search~procedural.n_test=40~procedural.n_train=30"
    assert board(catalogue, {}, load_study("upsampling"), {"procedural": {"n_test": 150}}) == "upsampling"


def test_values_that_no_name_can_hold_are_told_apart(catalogue: Catalogue) -> None:
    patterns = (r"[a-z]+(\d+)", r"[a-z]*(\d+)", r"[a-z]+(\d*)")
    names = [board(catalogue, {}, options={"mine": {"groups": pattern}}) for pattern in patterns]
    assert len(set(names)) == 3
    assert options_of(names[0]) == []  # the value is not in the name


def test_a_name_can_be_run_again_and_is_no_study() -> None:
    assert options_of("band_search~mine~trials=0~procedural.n_test=40") == [
        "--trials", "0", "--data", "procedural.n_test=40",
    ]  # fmt: skip
    with pytest.raises(StudyError, match="is a board and no study: `bench leaderboard --study 'band_search~mine'`"):
        find_study("band_search~mine")


def test_references_after_a_study_file() -> None:
    found = study_reference("my/study.yaml", small_study(name="small"))
    assert (found.run, found.board) == ("my/study.yaml", "small")


@pytest.mark.parametrize(
    ("brought", "train", "test", "expected"),
    [
        ([], [], [], ((), (), ())),
        (["celeba"], [], [], ((), (), ())),  # named by the study: --data says where it lies
        (["celeba", "ffpp"], [], [], ((), (), ())),
        (["mine"], [], [], (("mine",), ("mine",), ("mine",))),
        (["mine", "yours"], [], [], (("mine", "yours"), ("mine", "yours"), ("mine", "yours"))),
        (["mine"], [], ["mine"], ((), ("mine",), ())),
        (["mine"], ["mine"], [], (("mine",), (), ())),
        (["celeba", "mine"], [], ["ffpp", "mine"], ((), ("ffpp", "mine"), ())),
    ],
)
def test_where_data_belongs(brought: list[str], train: list[str], test: list[str], expected: tuple[Any, ...]) -> None:
    study = small_study(train=["celeba/x"], test=["ffpp", "celeba/y+jpeg"])
    placed = place_data(study, brought, train, test)
    assert (placed.train, placed.test, placed.alone) == expected


def test_data_that_the_study_names_and_data_that_it_does_not_are_not_mixed() -> None:
    study = small_study(train=["celeba"], test=["ffpp"])
    with pytest.raises(StudyError, match="celeba, which the study small names, and mine, which .*--test ffpp --test mine"):
        place_data(study, ["celeba", "mine"], [], [])


def test_data_that_the_study_names_for_its_parameters_replaces_nothing() -> None:
    study = small_study(train=["celeba"], test=["celeba"], datasets={"mine": {"groups": "none"}})
    assert place_data(study, ["mine"], [], []) == Placement()
    assert place_data(study, ["mine"], [], ["mine"]).test == ("mine",)


def test_a_data_set_that_the_study_names_by_one_compression_is_named() -> None:
    assert place_data(small_study(train=["ffpp@c23"], test=["ffpp@c23"]), ["ffpp"], [], []).alone == ()


def test_kept_look_alikes_are_a_board_of_their_own_that_names_the_flag() -> None:
    study = load_study("band_search")
    kept = on_its_board(override(study, {"allow_lookalikes": True}), study, Catalogue(), {})
    assert kept.name == "band_search~allow-lookalikes=True"
    assert options_of(kept.name) == ["--allow-lookalikes"]
