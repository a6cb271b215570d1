"""Options of the Python interface: what is taken, and the errors of what is not."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import bandbench as bb
from bandbench.api.options import (
    DataOptionError,
    OptionError,
    PluginOptionError,
    UnknownOptionError,
    as_choice,
    as_count,
    as_detectors,
    as_jobs,
    as_names,
    as_trainings,
    cluster_of,
    public,
    reference_of,
    with_parameters,
)
from bandbench.api.progress import reporting
from bandbench.benchmark.errors import BenchError, DataError, PluginError, StudyError, TooSmallError, TrackingError
from bandbench.detectors.coin_flip import CoinFlip
from conftest import SilentReporter


def test_names_are_one_or_several() -> None:
    assert as_names("test", None) == ()
    assert as_names("test", "a") == ("a",)
    assert as_names("test", ("a", "b")) == ("a", "b")
    assert as_trainings(["a", ["b", "c"]]) == ("a", ["b", "c"])
    with pytest.raises(OptionError, match="train takes a name or a list of names, got 3"):
        as_trainings(["a", 3])  # pyright: ignore[reportArgumentType] (the point)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"detector": []}, "detector is an empty list; name at least one entry"),
        ({"test": ()}, "test is an empty list"),
        ({"train": []}, "train is an empty list"),
        ({"train": [["a"], []]}, "train is an empty list"),
        ({"reals": []}, "reals is an empty list"),
        ({"test": [""]}, "test takes a name or a list of names, got ''"),
        ({"seeds": True}, "seeds is a whole number, got True"),
    ],
)
def test_what_chooses_nothing_is_not_taken_for_everything(given: dict[str, Any], message: str) -> None:
    with pytest.raises(OptionError, match=message):
        bb.run("band_search", **given)


def test_a_detector_is_a_name_a_mapping_or_a_class() -> None:
    with_params = {"name": "spectral_svm", "params": {"C": 3}}
    assert as_detectors(["coin_flip", with_params]) == ({"name": "coin_flip"}, with_params)
    assert as_detectors(CoinFlip) == ({"name": "bandbench.detectors.coin_flip:CoinFlip"},)
    with pytest.raises(OptionError, match="detector takes names, classes or mappings .*, got 3"):
        as_detectors([3])


def test_a_class_that_workers_cannot_import_is_refused() -> None:
    class Local(CoinFlip):
        """Defined in a function."""

    with pytest.raises(OptionError, match=r"write it to a file and name it as 'file.py:Local'"):
        reference_of(Local)
    script = type("InScript", (), {"__module__": "__main__"})
    with pytest.raises(OptionError, match="InScript is defined in the running script or notebook"):
        reference_of(script)


@pytest.mark.parametrize("value", [True, "3", 2.0, None])
def test_a_count_is_a_whole_number(value: Any) -> None:
    with pytest.raises(OptionError, match="n is a whole number"):
        as_count("n", value)


def test_jobs_and_choices() -> None:
    assert as_jobs(3) == 3
    assert as_jobs(None) >= 1
    assert as_choice("split", "train", ["train", "val"]) == "train"
    with pytest.raises(OptionError, match="unknown split 'tain'. Did you mean 'train'"):
        as_choice("split", "tain", ["train", "val"])


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (StudyError("no"), OptionError),
        (PluginError("no"), PluginOptionError),
        (DataError("no"), DataOptionError),
        (TooSmallError("no"), DataOptionError),
        (UnknownOptionError("no"), UnknownOptionError),
        (TrackingError("no"), TrackingError),
        (BenchError("no"), BenchError),
    ],
)
def test_mistakes_in_values_are_value_errors_and_keep_their_kind(error: BenchError, kind: type[BenchError]) -> None:
    @public
    def function() -> None:
        raise error

    with pytest.raises(BenchError, match="^no$") as raised:
        function()
    assert type(raised.value) is kind


def test_a_bug_is_no_mistake_of_the_user() -> None:
    @public
    def function() -> None:
        raise ValueError("a bug")

    with pytest.raises(ValueError, match="a bug") as raised:
        function()
    assert type(raised.value) is ValueError


def test_an_unknown_option_of_a_method_does_not_offer_self() -> None:
    class Thing:
        @public
        def method(self, *, size: int = 1) -> int:
            return size

    assert Thing().method(size=2) == 2
    with pytest.raises(UnknownOptionError, match=r"Did you mean 'size'\? Known: size\.$"):
        Thing().method(siz=2)  # pyright: ignore[reportCallIssue] (the point)


def test_a_cluster_is_an_address_a_file_or_a_cluster_of_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bandbench.api.options.find_scheduler", lambda text: f"found {text}")
    reporter = SilentReporter()
    assert cluster_of(None, 2, reporter) == ""
    assert cluster_of("tcp://a:1", None, reporter) == "found tcp://a:1"
    assert cluster_of(Path("scheduler.json"), None, reporter) == "found scheduler.json"
    assert cluster_of(SimpleNamespace(scheduler_address="tcp://b:2"), None, reporter) == "found tcp://b:2"
    assert reporter.notes == []
    assert cluster_of("tcp://a:1", 3, reporter) == "found tcp://a:1"
    assert reporter.notes == ["jobs=3 has no effect on a cluster, whose workers have processes of their own."]


@dataclass(frozen=True)
class Ended:
    failures: dict[str, str]
    gaps: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Noted:
    notes: tuple[str, ...]
    outcome: Ended


def test_notes_and_reasons_name_the_parameters_of_the_function() -> None:
    said = "it began anew, with --jobs 1 (--fresh); see `bench run --fresh`, or --out"
    wanted = "it began anew, with jobs=1 (fresh); see `bench run --fresh`, or --out"
    kept = []

    @public
    def work(jobs: int, fresh: bool) -> Noted:
        with reporting(progress=False) as reporter:
            reporter.note(said)
            kept.extend(reporter.notes)
        return Noted((said,), Ended({"cell": said}, {"cell": (said,)}))

    assert work(1, False) == Noted((wanted,), Ended({"cell": wanted}, {"cell": (wanted,)}))
    assert kept == [wanted]
    with reporting(progress=False) as reporter:  # of a command
        reporter.note(said)
        assert reporter.notes == [said]


def test_a_name_with_hyphens_is_no_option() -> None:
    assert with_parameters("cat--seed 12_3.png, --seed 1", ["seed"]) == "cat--seed 12_3.png, seed=1"


def test_an_empty_address_is_named_as_the_option_that_it_is() -> None:
    with pytest.raises(OptionError, match=r"--cluster takes the address .*, got an empty text; leave it out"):
        cluster_of("", None, SilentReporter())


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("--cluster takes the address of a scheduler", "cluster takes the address of a scheduler"),
        ("--data mine is not used by this run", "data mine is not used by this run"),
        ("leave them out with --drop-leaks.", "leave them out with drop_leaks."),
        ("again, with --jobs 1 if it dies", "again, with jobs=1 if it dies"),
        ("it needs a folder: --data mine=DIR.", "it needs a folder: data={'mine': 'DIR'}."),
        ("fakes: --data celeba.fakes=/a/b.c/d;", "fakes: data={'celeba': {'fakes': '/a/b.c/d'}};"),
        (r"a group: --group-by 'mine=(id\d+)_'. Or", r"a group: group_by={'mine': '(id\\d+)_'}. Or"),
        ("--param weights=FILE", "params={'weights': 'FILE'}"),
        ("give --shard I/N or --shard none.", "give shard='I/N' or shard='none'."),
        ("`bench run --data mine=DIR` or --jobs 2", "`bench run --data mine=DIR` or jobs=2"),
        ("bench run --data mine=DIR --jobs 2", "bench run --data mine=DIR --jobs 2"),
        ("give another folder with --out", "give another folder with --out"),  # no parameter of this function
    ],
)
def test_errors_name_the_parameters_of_the_function(text: str, wanted: str) -> None:
    parameters = ("data", "group_by", "cluster", "drop_leaks", "jobs", "params", "shard")
    assert with_parameters(text, parameters) == wanted

    @public
    def work(data: Any, group_by: Any, cluster: Any, drop_leaks: Any, jobs: Any, params: Any, shard: Any) -> None:
        raise data(text)

    for kind in (StudyError, DataError, OptionError, TrackingError):
        with pytest.raises(kind) as raised:
            work(kind, *[None] * 6)
        assert str(raised.value) == wanted


@pytest.mark.parametrize("given", ["", 8786, b"tcp://a:1", True])
def test_anything_else_is_no_cluster(given: object) -> None:
    with pytest.raises(OptionError, match="cluster takes the address of a Dask scheduler"):
        cluster_of(given, None, SilentReporter())


def test_functions_name_their_parameters(tmp_path: Path) -> None:
    """Of each kind one: from the Python interface itself, from the engine, and from a data set."""
    calls: list[tuple[Any, str]] = [
        (lambda: bb.run("band_search", cluster="", progress=False), r"^cluster takes the address of a Dask scheduler"),
        (lambda: bb.run("band_search", shard="4/4", progress=False), r"^shard takes I/N"),
        (
            lambda: bb.run("band_search", data={"mine": tmp_path / "gone"}, progress=False),
            r"^data=\{'mine': '.*gone'\}: no folder",
        ),
        (lambda: bb.run("detectors", train="ffpp", progress=False), r"needs a folder: data=\{'ffpp': 'DIR'\}\."),
        (lambda: bb.spectra(progress=False), r"or data=\{'mine': 'DIR'\} for your own pictures"),
    ]
    for call, message in calls:
        with pytest.raises(ValueError, match=message):
            call()
