"""The Optuna side of a search: one study per cell, asked and told by the one process that owns it."""

import contextlib
import fcntl
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, PartialFixedSampler, TPESampler
from optuna.storages import BaseStorage, JournalStorage, RDBStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from .bands import MAX_FREQUENCY, Band, Mode
from .databases import check_database
from .errors import BenchError
from .study import Search

GRID = 0.005  # cycles/pixel: finer steps move no coefficient of a 128-pixel crop, and repeats come for free


class _FlockLock:
    """A lock that the kernel drops when its owner dies, unlike the lock files that Optuna brings."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def acquire(self) -> bool:
        self._file = self._path.open("a")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        return True

    def release(self) -> None:
        self._file.close()


def open_storage(url: str | None, default: Path) -> BaseStorage:
    """
    Open the storage of all searches.

    Parameters
    ----------
    url : str or None
        SQLAlchemy address (``sqlite:///…``, ``postgresql+psycopg://…``); None for a journal file.
    default : Path
        Of the journal.

    Raises
    ------
    BenchError
        If it cannot be opened.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    if url is None:
        default.parent.mkdir(parents=True, exist_ok=True)
        _drop_torn_line(default)
        lock = _FlockLock(default.with_suffix(".lock"))
        return JournalStorage(JournalFileBackend(str(default), lock_obj=lock))  # type: ignore[arg-type]
    try:
        return RDBStorage(_with_driver(url))
    except Exception as error:  # whatever the database driver raises
        first = str(error).strip().splitlines()[0]
        raise BenchError(f"the storage {_without_password(url)} cannot be opened: {first}") from error


def _with_driver(url: str) -> str:
    """Plain ``postgresql://`` means psycopg 3 here, the driver that the extra ``cluster`` brings."""
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url


def _without_password(url: str) -> str:
    scheme, mark, rest = url.partition("://")
    return f"{scheme}{mark}…@{rest.rpartition('@')[2]}" if "@" in rest else url


def _drop_torn_line(journal: Path) -> None:
    """Cut back to the last newline: a killed writer may leave half a line, which would break the journal for good."""
    if not journal.exists():
        return
    with journal.open("rb+") as file:
        data = file.read()
        if data and not data.endswith(b"\n"):
            file.truncate(data.rfind(b"\n") + 1)


class History:
    """
    What has been tried for one cell.

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
        with _quiet():
            self._study = optuna.create_study(
                storage=storage, study_name=name, direction="maximize", load_if_exists=True, sampler=TPESampler(seed=0)
            )

    def _space(self) -> dict[str, BaseDistribution]:
        """Search space; `order` is in it only where it has an effect."""
        search = self.search
        space: dict[str, BaseDistribution] = {
            "kind": CategoricalDistribution(search.kinds),
            "cutoff": FloatDistribution(*search.cutoff),
            "width": FloatDistribution(*search.width),
        }
        if self.mode != "keep":
            space["order"] = IntDistribution(*search.order)
        return space

    def add_sweep(self, bands: Sequence[Band], values: Sequence[float]) -> None:
        """Tell the study what the sweep found, so that the search starts from it; a second call adds nothing."""
        if "band" not in self.search.kinds:
            return
        known = sum(t.user_attrs.get("stage") == "sweep" for t in self._study.get_trials(deepcopy=False))
        space = self._space()
        trials = []
        for band, value in zip(bands, values, strict=True):
            params = {"kind": "band", "cutoff": band.cutoff, "width": band.width}
            if self.mode != "keep":
                params["order"] = band.order
            if self._inside(band) and value == value:
                trials.append((params, value))
        for params, value in trials[known:]:
            self._study.add_trial(
                optuna.trial.create_trial(params=params, distributions=space, value=value, user_attrs={"stage": "sweep"})
            )

    def _inside(self, band: Band) -> bool:
        """Whether a band pass lies in the search space."""
        (low, high), (narrow, wide), (soft, steep) = self.search.cutoff, self.search.width, self.search.order
        order_fits = self.mode == "keep" or soft <= band.order <= steep
        return low <= band.cutoff <= high and narrow <= band.width <= wide and order_fits

    def ask(self, start: int, stop: int, hints: Sequence[Band]) -> list[tuple[int, Band]]:
        """
        Ask for the trials `start` to `stop` of the search.

        Trials that an earlier run asked for are given again, finished or not. Each number has its own sampler seed, so
        that a search that was interrupted goes on as if it had not been.

        Parameters
        ----------
        start, stop : int
            Numbers within the search; the sweep does not count.
        hints : sequence of Band
            The first trials.

        Returns
        -------
        list of (Optuna trial number, Band)
        """
        mine = [t for t in self._study.get_trials(deepcopy=False) if t.user_attrs.get("stage") != "sweep"]
        asked = []
        for number in range(start, stop):
            with _quiet():
                self._study.sampler = self._sampler(number, hints)
                trial = optuna.Trial(self._study, mine[number]._trial_id) if number < len(mine) else self._study.ask()
                asked.append((trial.number, self._suggest(trial, finished=_finished(mine, number))))
        return asked

    def _sampler(self, number: int, hints: Sequence[Band]) -> BaseSampler:
        sampler = TPESampler(seed=(self._seed + number) % 2**32)
        return PartialFixedSampler(self._params_of(hints[number]), sampler) if number < len(hints) else sampler

    def _params_of(self, band: Band) -> dict[str, object]:
        """Search parameters of a band; those that it does not use are set to the middle of their range."""
        low, high = self.search.width
        params: dict[str, object] = {
            "kind": band.kind,
            "cutoff": min(max(band.cutoff, self.search.cutoff[0]), self.search.cutoff[1]),
            "width": min(max(band.width, low), high) if band.width else (low + high) / 2,
        }
        if self.mode != "keep":
            params["order"] = min(max(band.order, self.search.order[0]), self.search.order[1])
        return params

    def _suggest(self, trial: optuna.Trial, finished: FrozenTrial | None) -> Band:
        if finished is not None:
            params = dict(finished.params)
        else:
            search = self.search
            params = {
                "kind": trial.suggest_categorical("kind", search.kinds),
                "cutoff": trial.suggest_float("cutoff", *search.cutoff),
                "width": trial.suggest_float("width", *search.width),
            }
            if self.mode != "keep":
                params["order"] = trial.suggest_int("order", *search.order)
        # Rounded here and not in the space, because the sweep's bands, told as trials, lie between the grid points.
        cutoff, width = (max(GRID, round(round(params[k] / GRID) * GRID, 6)) for k in ("cutoff", "width"))
        return Band(params["kind"], min(cutoff, MAX_FREQUENCY - GRID), width, params.get("order", 1), self.mode)

    def tell(self, number: int, value: float | None) -> None:
        """Finish a trial, unless an earlier run did; None for one that failed."""
        with _quiet():
            if value is None or value != value:
                self._study.tell(number, state=TrialState.FAIL, skip_if_finished=True)
            else:
                self._study.tell(number, value, skip_if_finished=True)


def _finished(trials: Sequence[FrozenTrial], number: int) -> FrozenTrial | None:
    done = number < len(trials) and trials[number].state.is_finished()
    return trials[number] if done else None


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
        check_database(_with_driver(url))
    except Exception as error:  # whatever the database driver raises
        first = str(error).strip().splitlines()[0]
        raise BenchError(f"the storage {_without_password(url)} cannot be opened: {first}") from error
