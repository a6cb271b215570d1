"""Searches that stop and go on: same trials, none twice, on every storage."""

import ast
import inspect
import itertools
import textwrap
from collections.abc import Callable
from pathlib import Path

import optuna
import pytest

from bandbench.benchmark.errors import BenchError, BenchWarning
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.frequency.modes import Mode
from bandbench.benchmark.invocation import install
from bandbench.benchmark.search.optuna_history import (
    History,
    check_storage,
    lost_trials,
    open_storage,
    take_over_journal,
    tpe,
)
from bandbench.benchmark.study.study_file import Search
from conftest import run, small_study

SEARCH = Search(trials=12)
SWEEP = [Band.between(0.06 * i, 0.06 * i + 0.06) for i in range(11)]


def value_of(band: Band) -> float:
    """A smooth made-up objective."""
    return 1 - abs(sum(band.edges) / 2 - 0.23)


def history(storage: optuna.storages.BaseStorage, mode: str = "keep") -> History:
    return History(storage, "cell", SEARCH, mode, seed=5)


def search(storage: optuna.storages.BaseStorage, stop: int = 12, mode: str = "keep") -> list[Band]:
    """The bands that a search of `stop` trials tries."""
    found, mine = [], history(storage, mode)
    mine.add_sweep(SWEEP, [value_of(band) for band in SWEEP])
    for start in range(0, stop, 4):
        for number, band in mine.ask(start, start + 4, [Band.between(0.2, 0.26)]):
            mine.tell(number, value_of(band))
            found.append(band)
    return found


def stored(journal: Path) -> optuna.Study:
    """What others see of a search, optuna-dashboard for one."""
    return optuna.load_study(study_name="cell", storage=open_storage(None, journal))


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "optuna.journal"


def test_the_first_trial_is_the_hint(journal: Path) -> None:
    low, high = search(open_storage(None, journal))[0].edges
    assert low == pytest.approx(0.2, abs=0.006)
    assert high == pytest.approx(0.26, abs=0.006)


def test_a_search_that_stopped_goes_on_as_if_it_had_not(tmp_path: Path) -> None:
    whole = search(open_storage(None, tmp_path / "a"))
    search(open_storage(None, tmp_path / "b"), stop=4)
    half_way = history(open_storage(None, tmp_path / "b"))
    half_way.add_sweep(SWEEP, [value_of(band) for band in SWEEP])
    for number, band in half_way.ask(0, 4, [Band.between(0.2, 0.26)]):
        half_way.tell(number, value_of(band))
    half_way.ask(4, 8, [])  # asked and never told: as after a kill
    assert search(open_storage(None, tmp_path / "b")) == whole


def test_nothing_is_added_twice(journal: Path) -> None:
    first = search(open_storage(None, journal))
    assert search(open_storage(None, journal)) == first
    trials = stored(journal).trials
    assert len(trials) == 12
    assert {t.state for t in trials} == {optuna.trial.TrialState.COMPLETE}


def test_the_sweep_is_no_trial_and_the_search_starts_from_it(tmp_path: Path) -> None:
    informed = search(open_storage(None, tmp_path / "a"))
    alone = history(open_storage(None, tmp_path / "b"))
    for start in range(0, 12, 4):
        for number, band in alone.ask(start, start + 4, [Band.between(0.2, 0.26)]):
            alone.tell(number, value_of(band))
    assert len(stored(tmp_path / "a").trials) == len(stored(tmp_path / "b").trials) == 12
    others = [alone.ask(number, number + 1, [])[0][1] for number in range(12)]
    assert others[1:] != informed[1:]


def test_a_trial_has_the_parameters_of_its_kind(tmp_path: Path) -> None:
    search(open_storage(None, tmp_path / "a"))
    search(open_storage(None, tmp_path / "b"), mode="pixels")
    for trial in stored(tmp_path / "a").trials:
        assert set(trial.params) == {"kind", "cutoff"} | ({"width"} if trial.params["kind"] in ("band", "stop") else set())
    assert {t.params["kind"] for t in stored(tmp_path / "a").trials} >= {"low", "band"}
    assert all("order" in trial.params for trial in stored(tmp_path / "b").trials)


def test_the_study_says_what_its_values_are(journal: Path) -> None:
    search(open_storage(None, journal), stop=4)
    assert stored(journal).metric_names == ["validation AUC"]


def test_order_is_searched_only_where_it_matters(tmp_path: Path) -> None:
    assert {band.order for band in search(open_storage(None, tmp_path / "a"))} == {1}
    assert len({band.order for band in search(open_storage(None, tmp_path / "b"), mode="pixels")}) > 2


def test_a_torn_last_line_does_not_break_the_journal(journal: Path) -> None:
    first = search(open_storage(None, journal), stop=4)
    with journal.open("ab") as file:
        file.write(b'{"op_code": 4, "wor')
    assert search(open_storage(None, journal))[:4] == first


DAMAGE = {
    "NUL bytes": lambda lines: [*lines, b"\0" * 64 + b"\n"],
    "NUL bytes inside": lambda lines: [*lines[:20], b"\0" * 64 + b"\n", *lines[20:]],
    "half a line inside": lambda lines: [*lines[:20], lines[20][:9] + b"\n", *lines[21:]],
    "another type": lambda lines: [*lines[:20], b"[1, 2]\n", *lines[20:]],
    "a number": lambda lines: [*lines, b"7\n"],
    "an unknown operation": lambda lines: [*lines[:20], b'{"op_code":99,"worker_id":"x"}\n', *lines[20:]],
    "a missing key": lambda lines: [*lines[:20], b'{"op_code":4,"worker_id":"x"}\n', *lines[20:]],
    "the first line": lambda lines: [b"{}\n", *lines[1:]],
    "an empty line": lambda lines: [*lines, b"\n"],
}  # fmt: skip


@pytest.mark.parametrize("damage", list(DAMAGE))
def test_a_damaged_journal_is_set_aside_and_its_searches_go_on(journal: Path, damage: str) -> None:
    first = search(open_storage(None, journal))
    damaged = b"".join(DAMAGE[damage](journal.read_bytes().splitlines(keepends=True)))
    journal.write_bytes(damaged)
    with pytest.warns(BenchWarning, match="was damaged in line .* it is kept as optuna.journal.damaged-"):
        storage = open_storage(None, journal)
    (aside,) = journal.parent.glob("optuna.journal.damaged-*")
    assert aside.read_bytes() == damaged
    assert search(storage) == first  # told again, as from the records
    assert not lost_trials(journal, open_storage(None, journal), "cell", 12)


def test_a_search_that_lost_trials_with_its_journal_is_known(journal: Path) -> None:
    search(open_storage(None, journal))
    assert not lost_trials(journal, open_storage(None, journal), "another", 12)  # nothing was set aside
    journal.write_bytes(journal.read_bytes()[:3000] + b"\n")
    with pytest.warns(BenchWarning, match="was damaged"):
        storage = open_storage(None, journal)
    assert lost_trials(journal, storage, "cell", 12)
    assert lost_trials(journal, storage, "another", 12)
    assert not lost_trials(journal, storage, "cell", 0)


def test_an_empty_journal(journal: Path) -> None:
    journal.touch()
    assert len(search(open_storage(None, journal), stop=4)) == 4


def test_failed_trials_are_told_as_failed(journal: Path) -> None:
    mine = history(open_storage(None, journal))
    (number, _), *_ = mine.ask(0, 4, [])
    mine.tell(number, None)
    mine.tell(number, None)
    trial = optuna.load_study(study_name="cell", storage=open_storage(None, journal)).trials[0]
    assert trial.state is optuna.trial.TrialState.FAIL


def test_every_argument_of_the_sampler_that_is_not_deprecated_is_written_out() -> None:
    """Versions of Optuna have changed defaults, and a search would then try other bands."""
    deprecated = {"consider_prior", "prior_weight", "consider_magic_clip", "consider_endpoints", "gamma", "weights"}
    deprecated |= {"warn_independent_sampling", "constraints_func"}
    source = ast.parse(textwrap.dedent(inspect.getsource(tpe)))
    (call,) = [node for node in ast.walk(source) if isinstance(node, ast.Call)]
    arguments = set(inspect.signature(optuna.samplers.TPESampler.__init__).parameters) - {"self"}
    assert {keyword.arg for keyword in call.keywords} == arguments - deprecated


def test_trials_of_another_process_are_noticed(journal: Path) -> None:
    mine, other = history(open_storage(None, journal)), history(open_storage(None, journal))
    mine.ask(0, 2, [])
    others_view = other._study.get_trials
    looks = itertools.count()  # at the first one, `mine` has not been there yet
    other._study.get_trials = lambda deepcopy: others_view(deepcopy) if next(looks) else []  # type: ignore[method-assign]
    with pytest.raises(BenchError, match=r"^another process adds trials to the search cell\."):
        other.ask(0, 2, [])
    assert len(others_view(deepcopy=False)) == 3


def test_a_trial_is_written_in_one_piece_and_finished_in_another(journal: Path) -> None:
    asked = history(open_storage(None, journal))
    before = len(journal.read_text().splitlines())
    ((number, band),) = asked.ask(0, 1, [])
    assert len(journal.read_text().splitlines()) == before + 1
    asked.tell(number, 0.5)
    assert len(journal.read_text().splitlines()) == before + 2
    again = history(open_storage(None, journal))
    assert again.ask(0, 1, []) == [(number, band)]
    assert again._study.get_trials()[0].params.keys() >= {"kind", "cutoff"}


def test_sqlite(tmp_path: Path, journal: Path) -> None:
    url = f"sqlite:///{tmp_path}/optuna.db"
    assert search(open_storage(url, journal)) == search(open_storage(None, journal))


def test_a_storage_that_cannot_be_opened_is_named_without_its_password(journal: Path) -> None:
    with pytest.raises(BenchError, match=r"the storage postgresql://…@127.0.0.1:9/x cannot be opened"):
        open_storage("postgresql://me:secret@127.0.0.1:9/x", journal)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("nonsense", "it is no address of a database such as sqlite:///"),
        ("redis://127.0.0.1:1", "it is no address of a database such as sqlite:///"),
        ("mysqll://x", "it is no address of a database such as sqlite:///"),
        ("mysql://x", f"the driver of that database, MySQLdb, is not installed: {install('mysqlclient')}"),
        ("sqlite://", "it would be kept in memory only; name a file, such as sqlite:///"),
        ("sqlite:///:memory:", "it would be kept in memory only"),
    ],
)
def test_a_storage_that_cannot_be_used_is_refused_with_a_way_on(journal: Path, url: str, reason: str) -> None:
    with pytest.raises(BenchError) as opened:
        open_storage(url, journal)
    with pytest.raises(BenchError) as looked_at:
        check_storage(url)
    assert str(opened.value).startswith(f"the storage {url} cannot be opened: {reason}")
    assert str(looked_at.value) == str(opened.value)


def test_a_whole_study_on_postgresql(postgres: str, picture_folder: Callable[..., Path]) -> None:
    folder = {"mine": picture_folder()}
    first = run(small_study(), folder, storage=postgres)
    assert first.complete
    assert run(small_study(), folder, storage=postgres).computed == 0
    names = optuna.get_all_study_names(open_storage(postgres, Path("unused")))
    assert len(names) == 1
    assert names[0].startswith("small/spectral_svm/mine/")


COMBS = Search(trials=16, kinds=("low", "band", "comb", "anticomb"), period=(2, 16))


def peaks(band: Band) -> float:
    """An objective that a comb of two pixels solves."""
    return 0.6 if not band.is_comb else 0.5 + 0.4 * (band.kind == "comb" and band.period == 2)


def search_combs(journal: Path, given: Search = COMBS, mode: Mode = "keep", stop: int = 16) -> list[Band]:
    mine = History(open_storage(None, journal), "cell", given, mode, seed=5)
    mine.add_sweep(SWEEP, [0.6] * len(SWEEP))
    found = []
    for start in range(0, stop, 4):
        for number, band in mine.ask(start, start + 4, [Band.between(0.2, 0.26)] if given is COMBS else []):
            mine.tell(number, peaks(band))
            found.append(band)
    return found


def test_combs_are_searched_beside_other_kinds_and_read_back(tmp_path: Path) -> None:
    bands = search_combs(tmp_path / "a")
    assert {band.kind for band in bands} >= {"band", "comb", "anticomb"}
    lattices = [(band.period, band.halfwidth) for band in bands if band.is_comb]
    assert {period for period, _ in lattices} == {2, 16}
    assert all(0.01 <= h <= (0.04 if period == 2 else 0.025) for period, h in lattices)  # 0.4 of the spacing of 16 pixels
    own = {"low": {"cutoff"}, "band": {"cutoff", "width"}, "comb": {"period", "halfwidth"}, "anticomb": {"period", "halfwidth"}}
    for trial in stored(tmp_path / "a").trials:
        assert set(trial.params) == {"kind"} | own[trial.params["kind"]]
    assert search_combs(tmp_path / "a") == bands
    search_combs(tmp_path / "b", stop=8)
    assert search_combs(tmp_path / "b") == bands


def test_a_search_of_combs_alone_has_no_cut_off(tmp_path: Path) -> None:
    given = COMBS.model_copy(update={"kinds": ("comb", "anticomb")})
    bands = search_combs(tmp_path / "a", given, "pixels")
    assert all(band.is_comb for band in bands)
    assert len({band.order for band in bands}) > 2
    assert all(set(trial.params) == {"kind", "period", "halfwidth", "order"} for trial in stored(tmp_path / "a").trials)


def test_the_searches_of_a_shard_are_copied_whole_and_its_journal_goes(journal: Path, tmp_path: Path) -> None:
    """Also those of which a killed process has copied only the first trials; those that are there are left as they are."""
    path = tmp_path / "shards" / "s.shard-0-of-2.journal"
    shard, searches = open_storage(None, path), open_storage(None, journal)
    for name, numbers in (("new", 3), ("begun", 3), ("there", 1)):
        study = optuna.create_study(storage=shard, study_name=name)
        study.add_trials([optuna.trial.create_trial(value=float(i), params={}, distributions={}) for i in range(numbers)])
    for name in ("begun", "there"):
        optuna.create_study(storage=searches, study_name=name).add_trial(optuna.trial.create_trial(value=7.0))
    take_over_journal(path, searches)
    again = open_storage(None, journal)
    values = {
        study.study_name: [trial.value for trial in again.get_all_trials(study._study_id)] for study in again.get_all_studies()
    }
    assert values == {"new": [0.0, 1.0, 2.0], "begun": [0.0, 1.0, 2.0], "there": [7.0]}
    assert list(path.parent.iterdir()) == []
