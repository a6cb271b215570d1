"""
The SQLite file of a tracking store: make it whole or not at all, mend what a kill left, follow a folder that was moved.

MLflow makes its tables in the place where they stay, in dozens of steps. Two processes that do so at once fail, and one that
is killed leaves a file that MLflow never opens again. So it is made elsewhere, under a lock, and moved into place.
"""

import contextlib
import logging
import sqlite3
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from ..errors import BenchWarning, TrackingError
from ..store.files import digest, name_aside
from ..store.folders import results_root
from .addresses import folder_path, sqlite_address, unescaped_folder
from .lock import store_lock

DAMAGE = (sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)  # a table is missing, or there twice, …
MLFLOW_TABLES = {"alembic_version", "experiments", "runs", "tags", "metrics"}  # any of them: it is, or was to be, MLflow's


def make_ready(path: Path, uri: str) -> None:
    """
    Make a SQLite file that MLflow opens; a file that it can open already is left as it is.

    A file of an older MLflow is brought up to date. One that a kill left half made is set aside, and there is a new one.

    Parameters
    ----------
    path, uri
        Of the store.

    Raises
    ------
    TrackingError
        If the file is something else.
    """
    if not _is_marked(path):
        with store_lock(path, uri):
            if not _is_marked(path):
                _make(path)
    settle_artifacts(path, uri, artifacts_folder(path))


@cache
def _mark() -> int:
    """Mark in the header of a file that was found complete, for this version of MLflow."""
    return int(digest(["mlflow", version("mlflow")])[:7], 16)


def _is_marked(path: Path) -> bool:
    if not path.exists():
        return False
    with contextlib.suppress(sqlite3.DatabaseError), _connected(path) as connection:
        return connection.execute("PRAGMA user_version").fetchone()[0] == _mark()
    return False


@contextlib.contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(path, timeout=30)
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def _make(path: Path) -> None:
    """Make or mend the file, under the lock."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    for stale in path.parent.glob(f"{fresh.name}*"):
        stale.unlink()  # of one who was killed: nobody else can be here
    with tempfile.TemporaryDirectory(prefix="bandbench-store-") as folder:
        reason = _brought_up_to_date(path, Path(folder, "known.db")) if path.exists() else "there is none"
        if not reason:
            return
        _open_with_mlflow(Path(folder, "new.db"))
        _copy(Path(folder, "new.db"), fresh)  # into one file: what its write-ahead log holds, too
        _finish(fresh)
        if path.exists():
            aside = _set_aside(path)
            warnings.warn(
                f"the tracking store {path} was damaged ({reason}); it is kept as {aside.name}, and a new one takes its place. "
                f"What a study had recorded there is sent again when its `bench run` is repeated.",
                BenchWarning,
                stacklevel=2,
            )
        fresh.rename(path)


def _brought_up_to_date(path: Path, copy: Path) -> str:
    """Mend a store by way of a copy, so that a migration that fails leaves it as it was; return why it cannot be mended."""
    from mlflow.exceptions import MlflowException

    before = ""
    try:
        _copy(path, copy)
        before = _schema(copy)
        _open_with_mlflow(copy)
        if _schema(copy) != before:
            _copy(copy, path)  # in one transaction, also for those who have it open
        _finish(path)
    except Exception as error:  # whatever SQLite, its driver, or MLflow's migrations raise
        unfinished = isinstance(error, MlflowException) and not before  # tables, and no word on how many there should be
        if not (unfinished or _is_damage(error)):
            raise
        _require_ours(path, _first_line(error))
        return _first_line(error)
    return ""


def _is_damage(error: BaseException) -> bool:
    """Distinguish a damaged file from a full disk, a locked database and a file that a newer MLflow has written."""
    from sqlalchemy.exc import NoSuchTableError

    chain: BaseException | None = error
    while chain is not None:
        if isinstance(chain, sqlite3.Error):
            return getattr(chain, "sqlite_errorcode", 0) & 0xFF in DAMAGE
        if isinstance(chain, NoSuchTableError):
            return True
        chain = chain.__cause__ or chain.__context__
    return False


def _schema(path: Path) -> str:
    """Version of MLflow's tables; empty where there is none."""
    with contextlib.suppress(sqlite3.OperationalError), _connected(path) as connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchall())
    return ""


def _copy(source: Path, target: Path) -> None:
    with _connected(source) as old, _connected(target) as new:
        old.backup(new)


def _finish(path: Path) -> None:
    """Mark as whole, and let readers (`bench ui`) and the writer work at the same time."""
    with _connected(path) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA user_version={_mark()}")


def _open_with_mlflow(path: Path) -> None:
    """Let MLflow make or update all its tables, and hide the empty experiment that it puts into every new store."""
    from mlflow import MlflowClient
    from mlflow.db import commands

    uri = sqlite_address(path)
    logger = logging.getLogger("mlflow")
    level = logger.level
    logger.setLevel(logging.CRITICAL + 1)  # a half-made file is reported in one sentence
    try:
        with no_stray_folder(uri):
            if _schema(path):
                commands.main(["upgrade", uri], standalone_mode=False)
            client = MlflowClient(uri)
            if client.search_experiments(filter_string="name = 'Default'") and not client.search_runs(["0"], max_results=1):
                client.delete_experiment("0")
    finally:
        logger.setLevel(level)


def _require_ours(path: Path, reason: str) -> None:
    """Refuse to set aside a file that another program may have made."""
    tables: set[str] = set()
    with contextlib.suppress(sqlite3.DatabaseError), _connected(path) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not (tables & MLFLOW_TABLES or path.parent == results_root()):
        raise TrackingError(f"{path} is no store of MLflow ({reason}). Name another file with --tracking-uri.")


def _set_aside(path: Path) -> Path:
    aside = name_aside(path)
    path.rename(aside)
    for suffix in ("-wal", "-shm"):  # they belong to the file, whatever is called like it next
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + suffix).rename(aside.with_name(aside.name + suffix))
    return aside


def _first_line(error: Exception) -> str:
    text = next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)
    return text.removeprefix("(sqlite3.OperationalError) ")[:120]


@contextlib.contextmanager
def no_stray_folder(uri: str) -> Iterator[None]:
    """Remove the folder that MLflow makes for an address with escapes in it, which it does not undo."""
    stray = unescaped_folder(uri)
    missing = [] if stray is None else [folder for folder in (stray, *stray.parents) if not folder.exists()]
    try:
        yield
    finally:
        for folder in missing:
            with contextlib.suppress(OSError):
                folder.rmdir()


# Columns in which MLflow keeps addresses of artifacts, and the number of parts after the folder ``artifacts`` of the store.
@dataclass(frozen=True)
class _Column:
    table: str
    key: str
    name: str
    parts: int


_COLUMNS = (
    _Column("experiments", "experiment_id", "artifact_location", 1),
    _Column("runs", "run_uuid", "artifact_uri", 3),
    _Column("logged_models", "model_id", "artifact_location", 4),
)


def artifacts_folder(path: Path) -> Path:
    """Folder of the artifacts of a SQLite store."""
    return path.parent / "artifacts"


def settle_artifacts(path: Path, uri: str, artifacts: Path) -> None:
    """
    Point the store to its artifacts, after its folder has been moved or copied from elsewhere.

    Parameters
    ----------
    path, uri
        Of the store.
    artifacts : Path
        Folder of the artifacts: the one beside the store, unless the store is a copy.
    """
    if not any(_moved(path, artifacts)):
        return
    with store_lock(path, uri), _connected(path) as connection:
        for column, key, address in _moved(path, artifacts):
            connection.execute(f"UPDATE {column.table} SET {column.name} = ? WHERE {column.key} = ?", (address, key))


def _moved(path: Path, present: Path) -> Iterator[tuple[_Column, str, str]]:
    """Yield each address of artifacts that lie here but are noted elsewhere: column, key of the line, present address."""
    same_folder: dict[Path, bool] = {}
    with _connected(path) as connection:
        for column in _COLUMNS:
            query = f"SELECT {column.key}, {column.name} FROM {column.table} WHERE instr({column.name}, ?) != 1"
            for key, address in connection.execute(query, (f"{present.as_uri()}/",)).fetchall():
                old = folder_path(address or "")
                if old is None or len(old.parts) <= column.parts or old.parts[-column.parts - 1] != present.name:
                    continue  # no place of ours: a server's, or one that its maker chose
                old_root, new = Path(*old.parts[: -column.parts]), present.joinpath(*old.parts[-column.parts :])
                if old_root not in same_folder:
                    same_folder[old_root] = old_root.exists() and present.exists() and old_root.samefile(present)
                if same_folder[old_root]:
                    continue  # the same folder by another name
                # A run whose files are still there alone is left there; new runs go here in any case.
                if column.table == "experiments" or new.exists() or not old.exists():
                    yield column, key, new.as_uri()
