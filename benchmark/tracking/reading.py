"""Read recorded cells, their artifacts, models and pages from a tracking store."""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import NothingRecordedError, TrackingError, nearest_name
from ..invocation import bench
from ..store.disk import writing
from ..store.files import digest, publish_folder
from ..store.folders import cache_root
from ..store.scratch import scratch_folder
from ..store.uses import hold_entry, using_entries
from .addresses import folder_path, is_database, sqlite_path
from .cells import FoundCell, database_cells
from .names import CONTENTS, KIND, MARK, ROW_FILES
from .read_only import readable_store
from .server_cells import server_cells
from .shard_records import ShardRecords, shard_records
from .store import client_for, reported
from .ui import OTHER_PAGES, runs_page, study_page

if TYPE_CHECKING:
    from mlflow import MlflowClient

DOWNLOADS = 8  # at a time
MOST_DOWNLOADED, MOST_FETCHED = 2**33, 2**26  # bytes of the files that rows follow from, and of one other file
SHORT = 16  # hex digits of a digest in the name of a folder


@dataclass(frozen=True)
class CellRun:
    """
    A cell that was found in a tracking store, its folder on this machine.

    Attributes
    ----------
    run_id, study : str
    metrics : dict of str to float
        Those that its row is checked against.
    finished : float
        Seconds since the epoch.
    used : float
        Last time that a run had this result, computed or taken from the records; seconds since the epoch.
    folder : Path
        Holds ``cell.json`` and score files, if the run has any.
    numbers : dict of str to float
        Further metrics that its row is compared with, of `names.COMPARED_METRICS`.
    tags, params : dict of str to str
        Of `names.COMPARED_TAGS` and `names.COMPARED_PARAMS`.
    problem : str
        Reason why its files could not be downloaded; empty if they were, or lie on this machine.
    """

    run_id: str
    study: str
    metrics: dict[str, float]
    finished: float
    used: float
    folder: Path
    numbers: dict[str, float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    problem: str = ""

    @property
    def contents(self) -> str:
        """Digest of its files as they were sent (`store.files.contents_digest`); empty if none was recorded."""
        return self.tags.get(CONTENTS, "")


def store_folder(uri: str) -> Path:
    """Cache folder of what was read from a tracking store."""
    return cache_root() / "boards" / digest(uri)[:16]


def boards_of(study: str, names: Iterable[str]) -> set[str]:
    """
    Return the recorded boards that a name stands for: the one of that name, else those of the study under other settings.

    >>> sorted(boards_of("a", ["a~seeds=1", "a~mine", "ab", "b"]))
    ['a~mine', 'a~seeds=1']
    """
    boards = set(names)
    return {study} & boards or {name for name in boards if name.startswith(f"{study}{MARK}")}


@contextlib.contextmanager
def cell_runs(uri: str, study: str | None = None) -> Iterator[list[CellRun]]:
    """
    Find all finished cells of a store; what has to be downloaded is kept in the cache.

    Parameters
    ----------
    uri : str
    study : str, optional
        Only cells of this study, see `boards_of`.

    Raises
    ------
    NothingRecordedError
        If there is no store yet.
    TrackingError
        If the store does not answer, or knows no such study.
    """
    path = sqlite_path(uri)
    if path is not None and not path.exists():
        if way_on := _collected_later(uri, study):
            raise NothingRecordedError(f"nothing is recorded in {uri} yet. {way_on}")
        raise NothingRecordedError(f"nothing is recorded in {uri} yet; `{bench('run band_search')}` records something.")
    with using_entries(cache_root()), readable_store(uri) as address, reported(uri):
        hold_entry(cache_root(), store_folder(uri))
        client = client_for(address)
        experiments = {e.experiment_id: e.name for e in client.search_experiments()}
        if study is not None:
            boards = boards_of(study, experiments.values())
            experiments = {i: n for i, n in experiments.items() if n in boards}
            if not experiments:
                raise _no_study(study, uri, client)
        cells = find_cells(client, address, experiments)
        if study in OTHER_PAGES and not cells:
            raise _no_study(study, uri, client)
        folders, problems = _folders(client, uri, cells)
    yield [_cell_run(c, experiments[c.experiment_id], folders[c.run_id], problems.get(c.run_id, "")) for c in cells]


def waiting_cells(uri: str, study: str | None = None) -> list[ShardRecords]:
    """Return the cells that shards have recorded for a store, and that it has not got yet; only those of a study, if given."""
    found = shard_records(uri)
    boards = {of_study.study for of_study in found} if study is None else boards_of(study, (one.study for one in found))
    return [of_study for of_study in found if of_study.study in boards]


def _collected_later(uri: str, study: str | None) -> str:
    """Return the sentences on cells of shards that wait for a store; empty if there are none."""
    return " ".join(of_study.sentence for of_study in waiting_cells(uri, study))


def _no_study(study: str, uri: str, client: "MlflowClient") -> TrackingError:
    if way_on := _collected_later(uri, study):
        return TrackingError(f"nothing of the study '{study}' is recorded in {uri} yet. {way_on}")
    recorded = sorted(e.name for e in client.search_experiments() if e.name not in ("Default", *OTHER_PAGES))
    listing = ", ".join(recorded) or "nothing"
    return TrackingError(f"no study '{study}' in {uri}.{nearest_name(study, recorded)} Recorded there: {listing}.")


def _cell_run(cell: FoundCell, study: str, folder: Path, problem: str) -> CellRun:
    about = cell.metrics, cell.finished, cell.used, folder, cell.numbers, cell.tags, cell.params
    return CellRun(cell.run_id, study, *about, problem)


def find_cells(client: "MlflowClient", uri: str, experiments: Mapping[str, str]) -> list[FoundCell]:
    """
    Find the finished cells of some experiments.

    Parameters
    ----------
    client : MlflowClient
    uri : str
        Of its store.
    experiments : mapping of id to name

    Returns
    -------
    list of FoundCell
        By time of finishing.
    """
    if not experiments:
        return []
    if is_database(uri):
        cells = database_cells(client, uri, list(experiments))
    else:
        cells = [c for c in server_cells(client, store_folder(uri) / "runs.json") if c.experiment_id in experiments]
    return sorted(cells, key=lambda cell: (cell.finished, cell.run_id))


def _folders(client: "MlflowClient", uri: str, cells: Sequence[FoundCell]) -> tuple[dict[str, Path], dict[str, str]]:
    """
    Return the folder of every cell by run: in place where the store is on this machine, else downloaded, once.

    Also the problems of single runs whose files could not be downloaded, while the store itself answers.
    """
    folders = {cell.run_id: place for cell in cells if (place := folder_path(cell.location))}
    downloads = store_folder(uri) / "runs"
    # A run that was sent again, with other files, has another digest.
    places = {cell.run_id: downloads / _folder_name(cell) for cell in cells}
    missing = {run_id: place for run_id, place in places.items() if run_id not in folders}
    problems = _fetch_all(client, missing, lambda run_id: _download(client, run_id, missing[run_id]))
    return folders | missing, problems


def _fetch_all(client: "MlflowClient", run_ids: Iterable[str], fetch: Callable[[str], None]) -> dict[str, str]:
    """Fetch files of runs, several at a time; return the problems of single runs, while the store itself answers."""
    problems: dict[str, str] = {}

    def try_one(run_id: str) -> None:
        try:
            fetch(run_id)
        except Exception as error:  # whatever MLflow and the place of the artifacts raise
            problems[run_id] = next(iter(str(error).strip().splitlines()), type(error).__name__)

    with ThreadPoolExecutor(DOWNLOADS) as threads:
        list(threads.map(try_one, run_ids))
    if problems:
        client.search_experiments(max_results=1)  # raises if it is the store that does not answer
    return problems


def _folder_name(cell: FoundCell) -> str:
    contents = cell.tags.get(CONTENTS)
    return f"{cell.run_id}-{digest(contents)[:SHORT]}" if contents else cell.run_id


def _download(client: "MlflowClient", run_id: str, target: Path) -> None:
    """Fetch what rows follow from, whole or not at all; a run that has no such files gets no folder."""
    entries = [] if target.is_dir() else [entry for entry in client.list_artifacts(run_id) if entry.path in ROW_FILES]
    if len(entries) < len(ROW_FILES):
        return
    files = [file for entry in entries for file in (client.list_artifacts(run_id, entry.path) if entry.is_dir else (entry,))]
    size = sum(file.file_size or 0 for file in files)
    if size > MOST_DOWNLOADED:
        raise TrackingError(f"its files have {size:,} bytes; at most {MOST_DOWNLOADED:,} are downloaded")
    target.parent.mkdir(parents=True, exist_ok=True)
    with writing(target), scratch_folder(target.parent, f".{run_id}-") as scratch:
        temporary = scratch / "whole"
        temporary.mkdir()
        for part in ROW_FILES:
            client.download_artifacts(run_id, part, str(temporary))
        publish_folder(temporary, target)


def fetch_artifacts(uri: str, folders: Mapping[str, Path], names: Sequence[str]) -> None:
    """
    Fetch further artifacts of cells whose folders `cell_runs` downloaded; where the store is on this machine they are there.

    Parameters
    ----------
    uri : str
    folders : mapping of run to Path
        Of `cell_runs`.
    names : sequence of str
        Those that a run does not have are skipped.

    Raises
    ------
    TrackingError
        If the store does not answer.
    """
    downloads = store_folder(uri) / "runs"
    downloaded = {run_id: folder for run_id, folder in folders.items() if folder.parent == downloads and folder.is_dir()}
    if not downloaded:
        return
    client = client_for(uri)

    def fetch(run_id: str) -> None:
        missing = [name for name in names if not (downloaded[run_id] / name).exists()]
        for entry in client.list_artifacts(run_id) if missing else ():
            if entry.path in missing and not entry.is_dir and (entry.file_size or 0) <= MOST_FETCHED:
                client.download_artifacts(run_id, entry.path, str(downloaded[run_id]))

    with reported(uri):
        _fetch_all(client, downloaded, fetch)


def download_model(address: str, uri: str) -> Path:
    """
    Folder of a model that MLflow keeps, in place where the store is on this machine, else a copy of it.

    Parameters
    ----------
    address : str
        ``models:/…`` or ``runs:/…``.
    uri : str
        Of the tracking store.

    Raises
    ------
    TrackingError
        If there is no such model.
    """
    with readable_store(uri) as readable:
        return _downloaded(address, uri, readable)


def _downloaded(address: str, uri: str, readable: str) -> Path:
    client_for(readable)
    from mlflow import set_tracking_uri
    from mlflow.artifacts import download_artifacts
    from mlflow.exceptions import MlflowException

    set_tracking_uri(readable)  # an address of a model is looked up in the store that MLflow itself knows
    try:
        return Path(download_artifacts(artifact_uri=address))
    except (MlflowException, OSError) as error:
        reason = str(error).strip().splitlines()[0][:200].rstrip(".")
        raise TrackingError(f"{uri} has no model {address} ({reason}). `{bench('ui')}` shows the models there are.") from error


def study_pages(uri: str) -> dict[str, str]:
    """
    Find the pages of the MLflow UI that show the cells of a study.

    The start page of the UI is about chat traces, and lists the hundred newest runs of a study: where there are more trials
    than that, neither cells nor parent.

    Returns
    -------
    dict of str to str
        By study: address below that of the server.

    Raises
    ------
    TrackingError
        If the store does not answer.
    """
    with readable_store(uri) as address, reported(uri):
        client = client_for(address)
        return {
            experiment.name: study_page(experiment)
            for experiment in client.search_experiments()
            if client.search_runs([experiment.experiment_id], f"tags.`{KIND}` = 'study'", max_results=1)
        }


def other_pages(uri: str) -> dict[str, str]:
    """
    Find the pages of the MLflow UI for what is kept beside the studies: trained models, spectra, leaderboard pages.

    Returns
    -------
    dict of str to str
        By title: address below that of the server.

    Raises
    ------
    TrackingError
        If the store does not answer.
    """
    with readable_store(uri) as address, reported(uri):
        client = client_for(address)
        ids = {experiment.name: experiment.experiment_id for experiment in client.search_experiments()}
    return {title: runs_page(ids[name]) for name, title in OTHER_PAGES.items() if name in ids}
