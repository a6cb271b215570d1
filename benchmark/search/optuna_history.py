"""The Optuna side of a search: one study per cell, asked and told by the one process that owns it."""

import contextlib
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import optuna
from filelock import FileLock
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.exceptions import StorageInternalError
from optuna.pruners import NopPruner
from optuna.samplers import BaseSampler, PartialFixedSampler, RandomSampler, TPESampler
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState, create_trial

from ..errors import BenchError, BenchWarning
from ..frequency.bands import COMB_KINDS, MAX_FREQUENCY, Band
from ..frequency.combs import searched_halfwidth
from ..frequency.modes import MODES, Mode
from ..store.files import ASIDE, atomic_path, name_aside
from ..store.locks import holding
from ..study.study_file import Search
from ..tracking.addresses import sqlite_path, without_password
from ..tracking.database_lock import database_lock, has_locks
from ..tracking.databases import address_problem, check_database, with_driver

GRID = 0.005  # cycles/pixel: finer steps move no coefficient of a 128-pixel crop, and repeats come for free
NOT_OF = {  # parameters of the space that a kind of band has not
    "low": {"width", "period", "halfwidth"},
    "high": {"width", "period", "halfwidth"},
    "band": {"period", "halfwidth"},
    "stop": {"period", "halfwidth"},
    "comb": {"cutoff", "width"},
    "anticomb": {"cutoff", "width"},
}
METRIC = "validation AUC"


def tpe(seed: int) -> TPESampler:
    """
    Make the sampler of a search, with every argument that decides what it draws: versions of Optuna differ in their defaults.

    The arguments that are not here are deprecated, and their defaults are the only values that versions 5 and 6 share.
    """
    return TPESampler(n_startup_trials=10, n_ei_candidates=24, multivariate=True, group=False, constant_liar=True, seed=seed)


class _JournalLock:
    """A lock that the kernel drops when its owner dies, unlike the lock files that Optuna brings."""

    def __init__(self, path: Path) -> None:
        self._lock = FileLock(path)

    def acquire(self) -> bool:
        self._lock.acquire()
        return True

    def release(self) -> None:
        self._lock.release()


class _Journal(JournalFileBackend):
    """
    A journal that counts the lines that Optuna could read.

    Attributes
    ----------
    n_applied : int
    """

    def __init__(self, path: Path, lock: _JournalLock) -> None:
        super().__init__(str(path), lock_obj=lock)  # type: ignore[arg-type]
        self.n_applied = 0

    def read_logs(self, log_number_from: int) -> "Iterator[dict[str, Any]]":  # pyright: ignore[reportIncompatibleMethodOverride]
        """Read on from a line."""
        for log in super().read_logs(log_number_from):
            yield log
            self.n_applied += 1  # Optuna has applied a line when it asks for the next one


class _SharedStorage(RDBStorage):
    """
    A database of searches that asks, before it adds a trial, if the study is still this process's own.

    Parameters
    ----------
    url : str
    still_held : callable
        Raises if not.
    """

    def __init__(self, url: str, still_held: Callable[[], None]) -> None:
        # A connection that the server has closed meanwhile is replaced by a new one.
        super().__init__(url, engine_kwargs={"pool_pre_ping": True})
        self._still_held = still_held

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        """Add a trial to a search."""
        self._still_held()
        return super().create_new_trial(study_id, template_trial)


def open_storage(url: str | None, default: Path, still_held: Callable[[], None] = lambda: None) -> BaseStorage:
    """
    Open the storage of all searches.

    Parameters
    ----------
    url : str or None
        SQLAlchemy address (``sqlite:///…``, ``postgresql+psycopg://…``); None for a journal file.
    default : Path
        Of the journal.
    still_held : callable, optional
        Called before a trial is added in a database; raises if another process has taken the study (`storage_lock`).

    Raises
    ------
    BenchError
        If it cannot be opened.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if url is None:
        try:
            return _open_journal(default)
        except OSError as error:
            raise BenchError(f"the journal of the searches {default} cannot be opened ({error.strerror}).") from error
    check_storage(url)
    try:
        with _tables_made_once(url):
            return _SharedStorage(with_driver(url), still_held)
    except Exception as error:  # whatever the database driver raises
        raise BenchError(storage_problem(url, error)) from error


def _tables_made_once(url: str) -> contextlib.AbstractContextManager[object]:
    """Hold the database while Optuna makes its tables: two processes that do so at once fail."""
    if has_locks(url):
        return database_lock(url, "tables of Optuna")
    path = sqlite_path(url)
    return contextlib.nullcontext() if path is None else holding(path.with_name(f".{path.name}.lock"))


@contextlib.contextmanager
def storage_errors(url: str | None) -> Iterator[None]:
    """
    Turn the failure of a database of searches into a message, for the time in which a study runs.

    Raises
    ------
    BenchError
        If the database does not do what it is asked.
    """
    # Imported here: SQLAlchemy is needed for a storage that is a database only.
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        if url is None:
            raise
        reason = str(error.__cause__ or error).strip().splitlines()[0].rstrip(".")
        raise BenchError(
            f"the storage {without_password(url)} failed while the study ran: {reason}. What was finished is kept; the same "
            "command continues."
        ) from error


def storage_problem(url: str, error: Exception) -> str:
    """Return the message on a storage that cannot be opened: the driver's own, or what is wrong with the address."""
    reason = address_problem(error) or str(error).strip().splitlines()[0]
    return f"the storage {without_password(url)} cannot be opened: {reason}"


def _require_place(url: str) -> None:
    """Refuse a database in memory: it would end with the process, and others could not see it."""
    # Imported here: SQLAlchemy is needed for a storage that is a database only.
    from sqlalchemy import make_url

    address = make_url(url)
    if address.get_backend_name() == "sqlite" and address.database in (None, "", ":memory:"):
        raise OSError("it would be kept in memory only; name a file, such as sqlite:///searches.db.")


def _open_journal(path: Path) -> JournalStorage:
    """Open a journal; of a damaged one, what was before the damage: the rest is asked again and answered from records."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = _JournalLock(path.with_suffix(".lock"))
    lock.acquire()  # while another process writes, a line can look torn
    try:
        n_lines = _without_torn_line(path)
        journal = _Journal(path, lock)
        with contextlib.suppress(Exception):  # Optuna raises various errors at a damaged line
            storage = JournalStorage(journal)
            if journal.n_applied == n_lines:
                return storage
        aside = _keep_lines(path, journal.n_applied)
        warnings.warn(
            f"the journal of the searches {path} was damaged in line {journal.n_applied + 1} of {n_lines}; it is kept as "
            f"{aside.name}, and the searches go on from what was before that line and from the records.",
            BenchWarning,
            stacklevel=3,
        )
        return JournalStorage(_Journal(path, lock))
    finally:
        lock.release()


def _without_torn_line(journal: Path) -> int:
    """Cut back to the last newline: a killed writer may leave half a line, which would break the journal. Return the lines."""
    if not journal.exists():
        return 0
    with journal.open("rb+") as file:
        data = file.read()
        if data and not data.endswith(b"\n"):
            file.truncate(data.rfind(b"\n") + 1)
    return data.count(b"\n")


def _keep_lines(journal: Path, n_lines: int) -> Path:
    """Set a journal aside and begin another with its first lines; return where the old one is."""
    lines = b"".join(journal.read_bytes().splitlines(keepends=True)[:n_lines])
    aside = name_aside(journal)
    journal.rename(aside)
    with atomic_path(journal) as temporary:
        temporary.write_bytes(lines)
    return aside


def lost_trials(journal: Path, storage: BaseStorage, name: str, n_trials: int) -> bool:
    """
    Return True if a search has fewer trials than its finished cell, because its journal was damaged in between.

    Parameters
    ----------
    journal : Path
    storage : BaseStorage
    name : str
        Of the Optuna study.
    n_trials : int
        Of the search.
    """
    if not any(journal.parent.glob(f"{journal.name}{ASIDE}*")):
        return False
    try:
        trials = storage.get_all_trials(storage.get_study_id_from_name(name), deepcopy=False)
    except KeyError:
        return True
    return sum(t.state.is_finished() and t.user_attrs.get("stage") != "sweep" for t in trials) < n_trials


def take_over_journal(path: Path, storage: BaseStorage) -> None:
    """
    Copy the searches of a shard's journal into the storage of all searches, and delete the journal.

    A search that the storage has is left as it is, unless a killed process has copied only some of its trials.

    Parameters
    ----------
    path : Path
    storage : BaseStorage
    """
    source = _open_journal(path)
    there = {study.study_name: study._study_id for study in storage.get_all_studies()}
    for study in source.get_all_studies():
        name = study.study_name
        if name in there:
            if storage.get_n_trials(there[name]) >= source.get_n_trials(study._study_id):
                continue
            storage.delete_study(there[name])
        with _quiet():
            optuna.copy_study(from_study_name=name, from_storage=source, to_storage=storage)
    for left in (path, path.with_suffix(".lock")):
        left.unlink(missing_ok=True)


def _opened(storage: BaseStorage, name: str, again: bool = True) -> optuna.Study:
    """Open the study of a search, or make it; one of a cell without a search may be made elsewhere at the same time."""
    try:
        study = optuna.create_study(
            storage=storage, study_name=name, direction="maximize", load_if_exists=True, pruner=NopPruner()
        )
        if study.metric_names is None:
            study.set_metric_names([METRIC])
    except StorageInternalError:
        if not again:
            raise
        return _opened(storage, name, again=False)
    return study


class History:
    """
    Search history of one cell: an Optuna study with one trial for every band of the search.

    The bands of the sweep are no trials of it: they lie on a grid, so a parameter that is the same for all of them would look
    important. The sampler learns from them all the same, in a copy of the study that only lives in memory. There every trial
    of a stretch of the axis has all parameters of stretches, and every comb all of combs; in the study, a trial has those that
    its kind of band has.

    Parameters
    ----------
    storage : BaseStorage
    name : str
        Of the Optuna study; made if there is none.
    search : Search
    mode : {"keep", "reweight", "pixels"}
    seed : int
    """

    def __init__(self, storage: BaseStorage, name: str, search: Search, mode: Mode, seed: int) -> None:
        self.search = search
        self.mode: Mode = mode
        self._seed = seed
        self._copies: dict[int, optuna.Trial] = {}
        with _quiet():
            self._study = _opened(storage, name)
            self._copy = optuna.create_study(direction="maximize", pruner=NopPruner())

    def _space(self) -> dict[str, BaseDistribution]:
        """Search space of the sampler; `order` is in it only where it has an effect."""
        search = self.search
        space: dict[str, BaseDistribution] = {"kind": CategoricalDistribution(search.kinds)}
        if search.has_radial:
            space |= {"cutoff": FloatDistribution(*search.cutoff), "width": FloatDistribution(*search.width)}
        if search.has_combs:
            space |= {"period": CategoricalDistribution(search.period), "halfwidth": FloatDistribution(*search.halfwidth)}
        if MODES[self.mode].has_order:
            space["order"] = IntDistribution(*search.order)
        return space

    def _used(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters that the kind of band has: low and high have no width, combs have no cut-off."""
        return {name: value for name, value in params.items() if name not in NOT_OF[params["kind"]]}

    def add_sweep(self, bands: Sequence[Band], values: Sequence[float]) -> None:
        """Add the bands and AUCs of the sweep to the sampler's copy; a second call adds nothing."""
        if "band" not in self.search.kinds or self._copy.get_trials(deepcopy=False):
            return
        space = self._space()
        for band, value in zip(bands, values, strict=True):
            params = {"kind": "band", "cutoff": band.cutoff, "width": band.width, "order": band.order}
            if self._inside(band) and value == value:
                own = {name: distribution for name, distribution in space.items() if name in params}
                used = {name: params[name] for name in own}
                self._copy.add_trial(create_trial(params=used, distributions=own, value=value))

    def _inside(self, band: Band) -> bool:
        """Return True if a band pass lies in the search space."""
        (low, high), (narrow, wide), (soft, steep) = self.search.cutoff, self.search.width, self.search.order
        order_fits = not MODES[self.mode].has_order or soft <= band.order <= steep
        return low <= band.cutoff <= high and narrow <= band.width <= wide and order_fits

    def ask(self, start: int, stop: int, hints: Sequence[Band]) -> list[tuple[int, Band]]:
        """
        Ask for the trials `start` to `stop` of the search.

        Trials that an earlier run asked for are given again, finished or not. Each number has its own sampler seed, so
        that a search that was interrupted goes on as if it had not been.

        Parameters
        ----------
        start, stop : int
            Numbers within the search.
        hints : sequence of Band
            The first trials.

        Returns
        -------
        list of (Optuna trial number, Band)
        """
        earlier = self._study.get_trials(deepcopy=False)
        asked = []
        for number in range(start, stop):
            before = earlier[number] if number < len(earlier) else None
            with _quiet():
                copy, params = self._proposed(number, hints, before)
                if before is None:
                    self._add(number, self._used(params))
                elif not before.state.is_finished():
                    self._study.sampler = PartialFixedSampler(self._used(params), RandomSampler(seed=0))
                    self._suggest(optuna.Trial(self._study, before._trial_id), params["kind"])
            self._copies[number] = copy
            asked.append((number, self._band(params)))
        return asked

    def _add(self, number: int, params: dict[str, Any]) -> None:
        """
        Add a running trial with its parameters: in one step, where `Study.ask` and `suggest` take one for each parameter.

        Raises
        ------
        BenchError
            If it did not get the number that it has within the search.
        """
        distributions = {name: distribution for name, distribution in self._space().items() if name in params}
        self._study.add_trial(create_trial(state=TrialState.RUNNING, params=params, distributions=distributions))
        if self._study.get_trials(deepcopy=False)[-1].number != number:
            raise BenchError(
                f"another process adds trials to the search {self._study.study_name}. The same command continues when that "
                "process has ended."
            )

    def _proposed(self, number: int, hints: Sequence[Band], before: FrozenTrial | None) -> tuple[optuna.Trial, dict[str, Any]]:
        """
        Ask the copy for a trial.

        One that an earlier run asked for comes out as it did then, with the parameters that its kind has not, as the sampler
        has a seed; from another version of Optuna, say, only those that were kept do.
        """
        self._copy.sampler = self._sampler(number, hints)
        copy = self._copy.ask()
        params = self._suggest(copy)
        if before is None or "kind" not in before.params or self._used(params) == before.params:
            return copy, params
        self._copy.tell(copy, state=TrialState.FAIL)
        self._copy.sampler = PartialFixedSampler(before.params, tpe(self._seed))
        copy = self._copy.ask()
        return copy, self._suggest(copy)

    def _sampler(self, number: int, hints: Sequence[Band]) -> BaseSampler:
        sampler = tpe((self._seed + number) % 2**32)
        return PartialFixedSampler(self._params_of(hints[number]), sampler) if number < len(hints) else sampler

    def _params_of(self, band: Band) -> dict[str, object]:
        """Search parameters of a band; those that it does not use are set to the middle of their range."""
        low, high = self.search.width
        params: dict[str, object] = {
            "kind": band.kind,
            "cutoff": min(max(band.cutoff, self.search.cutoff[0]), self.search.cutoff[1]),
            "width": min(max(band.width, low), high) if band.width else (low + high) / 2,
        }
        if MODES[self.mode].has_order:
            params["order"] = min(max(band.order, self.search.order[0]), self.search.order[1])
        return params

    def _suggest(self, trial: optuna.Trial, kind: str = "") -> dict[str, Any]:
        """Ask for all parameters of a stretch of the axis, or of a comb; with a `kind`, for those that it has."""
        search = self.search
        params: dict[str, Any] = {"kind": trial.suggest_categorical("kind", search.kinds)}
        others = NOT_OF[kind] if kind else NOT_OF["comb" if params["kind"] in COMB_KINDS else "band"]
        wanted = [name for name in self._space() if name not in others]
        for name in ("cutoff", "width"):
            if name in wanted:
                params[name] = trial.suggest_float(name, *getattr(search, name))
        if "period" in wanted:
            params["period"] = trial.suggest_categorical("period", search.period)
            params["halfwidth"] = trial.suggest_float("halfwidth", *search.halfwidth)
        if "order" in wanted:
            params["order"] = trial.suggest_int("order", *search.order)
        return params

    def _band(self, params: Mapping[str, Any]) -> Band:
        """Return the band of search parameters, on a grid that the space has not: the sweep lies between its points."""
        numbers = (params.get(name, 0) for name in ("cutoff", "width", "halfwidth"))
        cutoff, width, half = (max(GRID, round(round(number / GRID) * GRID, 6)) for number in numbers)
        if params["kind"] in COMB_KINDS:
            period = params["period"]
            comb = {"period": period, "halfwidth": round(searched_halfwidth(half, period), 6)}
            return Band(params["kind"], order=params.get("order", 1), mode=self.mode, **comb)
        return Band(params["kind"], min(cutoff, MAX_FREQUENCY - GRID), width, params.get("order", 1), self.mode)

    def tell(self, number: int, value: float | None) -> None:
        """Finish a trial, unless an earlier run did; None for one that failed."""
        state = TrialState.FAIL if value is None or value != value else None
        with _quiet():
            for study, trial in ((self._study, number), (self._copy, self._copies[number])):
                study.tell(trial, None if state else value, state=state, skip_if_finished=True)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Optuna warns of experimental features and of sampling outside of a relative space; both are meant."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def check_storage(url: str) -> None:
    """
    Look whether the storage of searches could be opened, and create nothing.

    Parameters
    ----------
    url : str
        See `open_storage`.

    Raises
    ------
    BenchError
        If not.
    """
    try:
        _require_place(url)
        check_database(with_driver(url))
    except Exception as error:  # whatever the database driver raises
        raise BenchError(storage_problem(url, error)) from error
