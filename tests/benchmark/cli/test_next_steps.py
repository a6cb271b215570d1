"""Suggested commands fit what was done, and work."""

from types import SimpleNamespace
from typing import Any

import pytest

from bandbench.benchmark.cli import main
from bandbench.benchmark.cli.next_steps import after_run
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.study.boards import StudyReference
from conftest import small_study


def row(band: Band) -> Any:
    """Return what is read of a row: its role, detector, training domain and band."""
    return SimpleNamespace(role="chosen", detector="spectral_svm(C=3)", train="mine", band=band)


ROWS = [row(Band.between(0.2, 0.26))]


def commands(data: list[str], rows: list[Any], reference: StudyReference) -> list[str]:
    plan: Any = SimpleNamespace(study=small_study(), detectors=(DetectorSpec.parse("spectral_svm", {"C": 3}),))
    return [step.command for step in after_run(plan, reference, data, rows, None)]


def test_a_study_file_and_a_board_have_two_names() -> None:
    found = commands([], ROWS, StudyReference("my study.yaml", "small~seed=1"))
    assert "bench leaderboard --study 'small~seed=1' --html board.html" in found
    assert "bench run 'my study.yaml' --data mine=DIR" in found


def test_ones_own_folder_is_not_suggested_again() -> None:
    found = commands(["mine=pictures"], ROWS, StudyReference("band_search", "faces"))
    assert "bench data doctor mine --root pictures" in found
    assert not any("mine=DIR" in command for command in found)
    train = next(command for command in found if command.startswith("bench train"))
    assert "spectral_svm --train mine --param C=3 --band band:0.2-0.26 --data mine=pictures" in train


@pytest.mark.parametrize(
    ("band", "options"),
    [
        (Band(), " --train mine --param C=3 --crop"),
        (Band("low", 0.33), "--band low:0.33 --crop"),
        (Band("high", 0.4), "--band high:0.4 --crop"),
        (Band("comb", period=8), "--band comb:period=8:halfwidth=0.02 --crop"),
        (Band("anticomb", period=4, points="axes"), "--band anticomb:period=4:halfwidth=0.02:points=axes --crop"),
        (Band.between(0.2, 0.3, "stop", mode="reweight", order=4), "--band stop:0.2-0.3 --mode reweight --order 4 --crop"),
    ],
)
def test_the_band_of_the_first_row_is_that_of_the_kept_detector(band: Band, options: str) -> None:
    found = commands([], [row(band)], StudyReference("band_search", "band_search"))
    assert options in next(command for command in found if command.startswith("bench train"))


def test_without_rows_there_is_nothing_to_look_at() -> None:
    assert commands([], [], StudyReference("band_search", "band_search")) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--jobs", "0"], "--jobs is at least 1, got 0"),
        (["--storage", "sqlite:////nowhere/x.db"], "cannot be opened: there is no folder /nowhere"),
        (["--storage", "nonsense://x"], "the storage nonsense://x cannot be opened"),
        (["--tracking-uri", "nonsense"], "the tracking address is a URI"),
        (["--study", "detectors"], "one study at a time: got 'band_search', and 'detectors' for --study"),
    ],
)
def test_a_dry_run_looks_at_what_a_run_would_use(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["run", "band_search", "--dry-run", *arguments])
    assert stop.value.code == 2
    assert message in " ".join(capsys.readouterr().err.split())


def step_of_training(train: str, **study: Any) -> list[Any]:
    """The suggestion to train the detector of a row once more."""
    plan: Any = SimpleNamespace(study=small_study(**study), detectors=(DetectorSpec.parse("spectral_svm", {"C": 3}),))
    one = row(Band())
    one.train = train
    steps = after_run(plan, StudyReference("s", "s"), ["b=B", "x=X"], [one], None)
    return [step for step in steps if step.command.startswith("bench train")]


def test_the_domains_of_a_pool_are_trained_on_together() -> None:
    (step,) = step_of_training("a & b")
    assert step.command.startswith("bench train spectral_svm --train a --train b --param C=3 --data b=B --crop")
    assert step.purpose == "the detector of the first row, on all pictures of its domains"
    assert step_of_training("a & b", pool="all")[0].purpose == "keep the detector of the first row"


def test_no_command_trains_on_shots() -> None:
    assert step_of_training("a & 10 shots of b") == []


def test_several_domains_are_suggested_where_one_is_left_out() -> None:
    plan: Any = SimpleNamespace(study=small_study(protocol="leave_one_out"), detectors=())
    *_, last = after_run(plan, StudyReference("leave_one_out", "s"), [], [row(Band())], None)
    assert last.command == "bench run leave_one_out --data one=DIR --data two=DIR --data three=DIR"


def test_the_kept_detector_is_trained_on_the_pictures_of_its_row() -> None:
    study: dict[str, Any] = {
        "datasets": {"a": {"n_train": 40, "quality": None, "planted_band": "0.1-0.2"}, "b": {"n_train": 9}},
        "crop": {"side": 64, "placement": "tiles", "tiles": 9},
        "seed": 3,
        "drop_leaks": True,
    }
    (step,) = step_of_training("a", **study)
    assert (
        " --data a.n_train=40 --data a.quality=null --data a.planted_band=0.1-0.2 --crop 64 --tiles 9 --seed 3 --drop-leaks "
        in (step.command)
    )


def test_a_parameter_of_the_command_line_replaces_that_of_the_study_file() -> None:
    plan: Any = SimpleNamespace(
        study=small_study(datasets={"mine": {"n_train": 40}}), detectors=(DetectorSpec.parse("spectral_svm", {"C": 3}),)
    )
    steps = after_run(plan, StudyReference("s", "s"), ["mine.n_train=20"], ROWS, None)
    (train,) = [step.command for step in steps if step.command.startswith("bench train")]
    assert "--data mine.n_train=20 " in train
    assert "=40" not in train


def test_a_parameter_without_a_value_is_written_as_the_option_reads_it() -> None:
    plan: Any = SimpleNamespace(study=small_study(), detectors=(DetectorSpec.parse("spectral_svm", {"exact_until": None}),))
    one = row(Band())
    one.detector = "spectral_svm(exact_until=None)"
    commands = [step.command for step in after_run(plan, StudyReference("s", "s"), [], [one], None)]
    assert any("--param exact_until=null " in command for command in commands)


def test_the_row_of_the_kept_detector_is_named_by_its_number() -> None:
    control = row(Band())
    control.detector = "file_facts"
    plan: Any = SimpleNamespace(study=small_study(), detectors=(DetectorSpec.parse("spectral_svm", {"C": 3}),))
    purposes = [step.purpose for step in after_run(plan, StudyReference("s", "s"), [], [control, *ROWS], None)]
    assert "keep the detector of row 2" in purposes
