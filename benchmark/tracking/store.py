"""Tracking stores: their address, the client that opens them, and a check that creates nothing."""

import contextlib
import logging
import os
from importlib import import_module
from typing import TYPE_CHECKING

from ..errors import TrackingError, nearest_name
from ..store.folders import results_root
from .addresses import is_database, scheme, sqlite_address, sqlite_path
from .bounded import ask_server, bounded_client, look_at_server
from .database_lock import database_lock, has_locks
from .databases import check_database, check_database_file, with_driver
from .sqlite_file import make_ready, no_stray_folder
from .trouble import reported

if TYPE_CHECKING:
    from mlflow import MlflowClient

TIMEOUT = "14"  # seconds in which a server sends nothing; with one repetition less than `bounded.CALL_LIMIT`
HTTP = ("http://", "https://")
SCHEMES = ("sqlite", "http", "https", "postgresql", "mysql", "mssql", "file", "databricks")


def default_tracking_uri() -> str:
    """SQLite below the results folder, as an absolute address: MLflow's own default follows the working directory."""
    return sqlite_address(results_root() / "mlflow.db")


def resolve_tracking_uri(option: str | None) -> str:
    """
    Choose the tracking store: the option of the command, else ``MLFLOW_TRACKING_URI``, else `default_tracking_uri`.

    Raises
    ------
    TrackingError
        If MLflow knows no such kind of address.
    """
    uri = option or os.environ.get("MLFLOW_TRACKING_URI") or default_tracking_uri()
    if "://" not in uri or scheme(uri) not in SCHEMES:
        raise TrackingError(
            f"the tracking address is a URI such as sqlite:///runs.db or http://127.0.0.1:5000 "
            f"({', '.join(SCHEMES)}), got {uri!r}.{nearest_name(scheme(uri), SCHEMES) if '://' in uri else ''}"
        )
    path = sqlite_path(uri)
    return uri if path is None else sqlite_address(path)


def import_client(uri: str) -> None:
    """Import what `client_for` needs, which takes seconds; nothing is opened or made, and what fails will fail again there."""
    _settle_mlflow()
    with contextlib.suppress(Exception):
        import_module("mlflow.store.tracking.sqlalchemy_store" if is_database(uri) else "mlflow")


def _settle_mlflow() -> None:
    """Set what MLflow reads from the environment when it is imported or asked, unless the user has."""
    # An answer within seconds or none: MLflow's own patience is four minutes a call.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "1")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", TIMEOUT)
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # two lines for every run of a server
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # downloads have the progress of the command
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")


def client_for(uri: str) -> "MlflowClient":
    """
    Open a tracking store; a SQLite file is made or mended first.

    Raises
    ------
    TrackingError
        If it does not answer.
    """
    _settle_mlflow()
    with reported(uri):
        from mlflow import MlflowClient

        for name in ("mlflow", "alembic", "urllib3"):
            logging.getLogger(name).setLevel(logging.ERROR)
        # It writes a traceback of each failure of the database, which is reported in one sentence.
        logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
        path = sqlite_path(uri)
        if path is not None:
            # No connection outlives what it is for: one that is kept would go on with a file that was deleted or replaced.
            if not {f"MLFLOW_SQLALCHEMYSTORE_{name}" for name in ("POOL_SIZE", "MAX_OVERFLOW")} & os.environ.keys():
                os.environ.setdefault("MLFLOW_SQLALCHEMYSTORE_POOLCLASS", "NullPool")
            make_ready(path, uri)
        if uri.startswith(HTTP):
            ask_server(uri)
            return bounded_client(MlflowClient(uri), uri)
        with no_stray_folder(uri), _tables_made_once(uri):
            client = MlflowClient(with_driver(uri))
            client.search_experiments(max_results=1)
        return client if path is not None else bounded_client(client, uri)


def _tables_made_once(uri: str) -> contextlib.AbstractContextManager[object]:
    """Hold a database while MLflow makes its tables: two processes that do so at once fail."""
    return database_lock(uri, "tables of MLflow") if has_locks(uri) else contextlib.nullcontext()


def check_tracking_store(uri: str) -> None:
    """
    Ask a tracking store for an answer, and create nothing.

    Parameters
    ----------
    uri : str
        See `resolve_tracking_uri`. A local database that is not there yet is no mistake; runs make it.

    Raises
    ------
    TrackingError
        If it does not answer.
    """
    with reported(uri):
        if uri.startswith(HTTP):
            look_at_server(uri)
        elif path := sqlite_path(uri):
            if uri != default_tracking_uri():
                check_database_file(path)
        elif is_database(uri):
            check_database(uri)
