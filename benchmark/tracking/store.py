"""Tracking stores: their address, the client that opens them, and a check that creates nothing."""

import contextlib
import logging
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..errors import TrackingError
from ..store.folders import results_root
from .addresses import is_database, scheme, sqlite_address, sqlite_path
from .databases import check_database, check_database_file
from .sqlite_file import make_ready, no_stray_folder

if TYPE_CHECKING:
    from mlflow import MlflowClient

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
            f"({', '.join(SCHEMES)}), got {uri!r}."
        )
    path = sqlite_path(uri)
    return uri if path is None else sqlite_address(path)


def client_for(uri: str) -> "MlflowClient":
    """
    Open a tracking store; a SQLite file is made or mended first.

    Raises
    ------
    TrackingError
        If it does not answer.
    """
    # An answer within seconds or none: MLflow's own patience is four minutes a call.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "2")
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_TIMEOUT", "20")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")  # downloads have the progress of the command
    os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
    with reported(uri):
        from mlflow import MlflowClient

        for name in ("mlflow", "alembic", "urllib3"):
            logging.getLogger(name).setLevel(logging.ERROR)
        path = sqlite_path(uri)
        if path is not None:
            # No connection outlives what it is for: one that is kept would go on with a file that was deleted or replaced.
            if not {f"MLFLOW_SQLALCHEMYSTORE_{name}" for name in ("POOL_SIZE", "MAX_OVERFLOW")} & os.environ.keys():
                os.environ.setdefault("MLFLOW_SQLALCHEMYSTORE_POOLCLASS", "NullPool")
            make_ready(path, uri)
        with no_stray_folder(uri):
            client = MlflowClient(uri)
            client.search_experiments(max_results=1)
        return client


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
        if uri.startswith(("http://", "https://")):
            import requests

            requests.get(uri, timeout=10)  # any answer is one
        elif path := sqlite_path(uri):
            if uri != default_tracking_uri():
                check_database_file(path)
        elif is_database(uri):
            check_database(uri)


@contextlib.contextmanager
def reported(uri: str) -> Iterator[None]:
    """
    Turn whatever MLflow, its database or its HTTP layer raise into one message.

    Raises
    ------
    TrackingError
        Naming the store.
    """
    try:
        yield
    except TrackingError:
        raise
    except Exception as error:
        reason = next((line for line in str(error).strip().splitlines() if line), type(error).__name__)
        if "Max retries exceeded" in reason or "Connection refused" in reason:
            reason = "no connection"
        raise TrackingError(
            f"the tracking store {uri} does not answer ({reason[:200]}). Start it, or name another with --tracking-uri."
        ) from error
