"""A study from Python: options make a plan, a plan makes results."""

import inspect
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

import bandbench as bb
from bandbench.api import study as module
from bandbench.api.data import given_data
from bandbench.api.options import OptionError, UnknownOptionError
from bandbench.api.study import StudyOptions, check_stores, plan_study, read_study
from bandbench.benchmark.cli.requests.study import RunRequest
from bandbench.benchmark.errors import BenchError, DataError, PluginError, StudyError, TrackingError
from bandbench.benchmark.records import Plan
from conftest import SilentReporter

KEYS: dict[str, Any] = {
    "name": "small",
    "detectors": ["spectral_svm", "coin_flip"],
    "train": ["mine"],
    "test": ["mine"],
    "seeds": 1,
    "crop": {"side": 64},
    "sweep": None,
    "search": {"trials": 0},
    "bootstrap": 200,
    "controls": False,
    "oracle": False,
}


def plan(data: dict[str, Any] | None = None, **options: Any) -> tuple[Plan, list[str]]:
    reporter: Any = SilentReporter()
    return plan_study(StudyOptions(read_study("band_search"), given_data(data), **options), reporter), reporter.notes


def test_options_change_the_study_and_its_board() -> None:
    changed, _ = plan(trials=3, seeds=1)
    assert (changed.study.search.trials, changed.study.seeds) == (3, 1)
    assert changed.study.name.startswith("band_search~")
    unchanged, notes = plan()
    assert (unchanged.study.name, notes) == ("band_search", [])


def test_release_dates_are_added_to_the_studys() -> None:
    dated, _ = plan(released={"procedural/blend": "2024-03"})
    assert dated.study.dates["procedural/blend"] == "2024-03"
    with pytest.raises(DataError, match="unknown domain or data set of this run 'procedurl'. Did you mean 'procedural'"):
        plan(released={"procedurl": "2024"})


def test_a_name_of_ones_own_is_taken_as_it_stands() -> None:
    assert plan(name="mine", seeds=1)[0].study.name == "mine"


def test_data_that_no_domain_uses_are_refused(picture_folder: Any) -> None:
    with pytest.raises(DataError, match="--data mine is not used by this run; add --train mine or --test mine"):
        plan({"mine": picture_folder()}, train=("procedural/planted",))


def test_ones_own_data_take_the_place_of_the_studys(picture_folder: Any) -> None:
    changed, notes = plan({"mine": picture_folder()})
    assert (changed.study.train, changed.study.test) == (("mine",), ("mine",))
    assert notes[0].startswith("mine is no data set of the study band_search: this run trains and tests on nothing else")


def test_a_folder_that_cannot_be_read_has_no_board_to_be_told(tmp_path: Path) -> None:
    reporter: Any = SilentReporter()
    with pytest.raises(DataError, match=r"needs the sub-folders real/ and fake/"):
        plan_study(StudyOptions(read_study("band_search"), given_data({"mine": tmp_path})), reporter)
    (note,) = reporter.notes
    assert "trains and tests on nothing else. --train" in note


def test_a_store_that_does_not_answer_is_no_reason_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(uri: str) -> None:
        raise TrackingError(f"{uri} does not answer.")

    reporter: Any = SilentReporter()
    monkeypatch.setattr(module, "check_tracking_store", refuse)
    assert not check_stores("http://127.0.0.1:1", None, reporter)
    assert reporter.notes == ["http://127.0.0.1:1 does not answer. Until then results would be kept here."]


def test_every_option_of_bench_run_is_one_of_the_function() -> None:
    """Files that the command writes aside: Python has the rows themselves."""
    files = {"json_file", "csv_file", "csv_tests", "parquet_file", "parquet"}
    options = inspect.signature(bb.run).parameters
    of_command = {field.name: field.default for field in fields(RunRequest) if field.name not in {"reference", *files}}
    assert set(options) - set(of_command) <= {"progress", "released"}
    assert set(of_command) <= set(options)
    assert {name: options[name].default for name in of_command if name != "study"} == {
        name: default for name, default in of_command.items() if name != "study"
    }


def test_a_study_from_its_keys_gives_rows_and_continues(picture_folder: Callable[..., Path]) -> None:
    data = {"mine": picture_folder(n=24)}
    results = bb.run(KEYS, data=data, jobs=1, progress=False)
    assert {row.detector for row in results.rows} == {"spectral_svm", "coin_flip"}
    assert results.rows[0].detector == "spectral_svm"
    assert (results.computed, results.complete, results.failures) == (2, True, {})
    assert repr(replace(results, notes=("one",))) == "StudyResults('small': 2 rows, 2 fits computed, 1 note)"
    assert results._repr_html_().count("<tr>") == 3
    again = bb.run(KEYS, data=data, jobs=1, progress=False)
    assert again.computed == 0
    assert [row.headline for row in again.rows] == [row.headline for row in results.rows]


def test_a_dry_run_computes_nothing(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    results = bb.run("band_search", seeds=1, trials=2, dry_run=True, progress=False, tracking_uri=f"sqlite:///{tmp_path}/m.db")
    assert (results.rows, results.computed, results.plan.study.search.trials) == ((), 0, 2)
    assert capfd.readouterr() == ("", "")
    assert not (tmp_path / "m.db").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"detectors": ["coin_flip"]}, "unknown option of bandbench.run 'detectors'. Did you mean 'detector'?"),
        ({"seds": 3}, "unknown option of bandbench.run 'seds'. Did you mean 'seeds'?"),
    ],
)
def test_an_unknown_option_is_named_with_the_nearest(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UnknownOptionError, match=message) as raised:
        bb.run("band_search", **options)
    assert isinstance(raised.value, TypeError)
    assert isinstance(raised.value, BenchError)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"trials": "many"}, "search.trials: .*whole number.*'many'"),
        ({"mode": "keap"}, "mode: .*'keap'"),
        ({"seeds": 0}, "seeds: .*got 0"),
        ({"jobs": 0}, "jobs is at least 1, got 0"),
        ({"fresh": "no"}, "fresh is True or False, got 'no'"),
        ({"storage": 5}, "storage is text, got 5"),
        ({"jobs": 1.5}, "jobs is a whole number, got 1.5"),
        ({"data": "pictures"}, r"data is a mapping of names to folders such as \{'mine': 'pictures'\}, got 'pictures'"),
        ({"released": "2024"}, "released is a mapping of names to dates such as .*, got '2024'"),
        ({"released": {"procedural/blend": "soon"}}, "dates.*soon"),
        ({"test": 3}, "test takes a name or a list of names, got 3"),
        ({"detector": "spectral_svn"}, "unknown detector 'spectral_svn'. Did you mean 'spectral_svm'?"),
        ({"detector": {"name": "spectral_svm", "params": {"D": 1}}}, "unknown parameter of detector spectral_svm 'D'"),
        ({"test": "procedural/blnd"}, "unknown domain of procedural 'blnd'. Did you mean 'blend'?"),
        ({"study": "band_serch"}, "unknown study 'band_serch'. Did you mean 'band_search'?"),
        ({"study": 3}, "study takes a name, a path or a mapping of keys, got 3"),
        ({"study": {"name": "mine", "detektors": []}}, "unknown key 'detektors'. Did you mean 'detectors'?"),
    ],
)
def test_a_wrong_value_is_a_value_error(options: dict[str, Any], message: str) -> None:
    with pytest.raises(BenchError, match=message) as raised:
        bb.run(**{"study": "band_search", "dry_run": True, "progress": False, **options})
    assert isinstance(raised.value, ValueError)


def test_the_kind_of_an_error_is_kept() -> None:
    with pytest.raises(PluginError):
        bb.run("band_search", detector="spectral_svn", dry_run=True, progress=False)
    with pytest.raises(OptionError):
        read_study({"name": "mine", "train": []}.keys())  # pyright: ignore[reportArgumentType] (the point)


def test_a_folder_is_no_study(picture_folder: Callable[..., Path]) -> None:
    folder = picture_folder()
    with pytest.raises(OptionError, match="is a folder and no study; for the pictures in it: data="):
        bb.run(folder)


def test_a_script_without_a_guard_says_what_to_do(picture_folder: Callable[..., Path], tmp_path: Path) -> None:
    """Worker processes import the script again: it must not run twice, and not hang."""
    import subprocess
    import sys

    script = tmp_path / "script.py"
    script.write_text(f"import bandbench as bb\nbb.run({KEYS!r}, data={{'mine': {str(picture_folder(n=24))!r}}}, jobs=1)\n")
    result = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=300)
    assert result.returncode == 1
    assert result.stderr.count("worker processes cannot be started") == 1
    assert 'if __name__ == "__main__":' in result.stderr


def test_a_stated_date_is_recorded_and_moves_no_board(picture_folder: Any) -> None:
    data = {"mine": picture_folder()}
    dated, _ = plan(data, released={"mine": "2024-03"})
    assert dated.released == {"mine": "2024-03"}
    assert dated.study.name == plan(data)[0].study.name
    with pytest.raises(DataError, match=r"--released: unknown domain or data set of this run 'yours'"):
        plan(data, released={"yours": "2024-03"})
    with pytest.raises(StudyError, match="a date is written 2022"):
        plan(data, released={"mine": "soon"})
