"""Errors of MLflow and its libraries become one message, by their types."""

import shutil
from pathlib import Path

import pytest
import requests
from mlflow.exceptions import MlflowException, RestException
from mlflow.protos.databricks_pb2 import INVALID_PARAMETER_VALUE
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from bandbench.benchmark.errors import TrackingError
from bandbench.benchmark.tracking.trouble import StoreError, Trouble, of_status, reported, store_error


def of_mlflow(message: str, cause: Exception | None = None) -> MlflowException:
    error = MlflowException(message)
    error.__cause__ = cause
    return error


def answer(status: int) -> requests.HTTPError:
    response = requests.Response()
    response.status_code = status
    return requests.HTTPError(f"{status} for url", response=response)


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (RestException({"error_code": "INVALID_PARAMETER_VALUE", "message": "no"}), Trouble.REFUSED),
        (RestException({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no"}), Trouble.REFUSED),
        (RestException({"error_code": "INTERNAL_ERROR", "message": "no"}), Trouble.SERVER_ERROR),
        (RestException({"error_code": "PERMISSION_DENIED", "message": "no"}), Trouble.FORBIDDEN),
        (of_mlflow("API request to endpoint /x failed with error code 413 != 200. Response body: ''"), Trouble.TOO_LARGE),
        (of_mlflow("of an upload", answer(413)), Trouble.TOO_LARGE),
        (answer(401), Trouble.NO_LOGIN),
        (of_mlflow("late", requests.exceptions.ReadTimeout("late")), Trouble.NO_ANSWER),
        (of_mlflow("reset", ConnectionResetError("reset")), Trouble.BROKEN_OFF),
        (of_mlflow("refused", requests.exceptions.ConnectionError(ConnectionRefusedError("no"))), Trouble.NO_CONNECTION),
        (requests.exceptions.SSLError("certificate"), Trouble.NO_TLS),
        (ValueError("a bug, or a bad value"), Trouble.REFUSED),
    ],
)
def test_an_error_of_a_server_has_a_kind(error: Exception, trouble: Trouble) -> None:
    assert store_error("http://a", error).trouble is trouble


def test_an_error_of_a_database_is_one_of_the_store_unless_mlflow_refuses_a_value() -> None:
    away = of_mlflow("away", OperationalError("SELECT 1", {}, Exception("server closed the connection")))
    assert store_error("postgresql://me:secret@a/runs", away).trouble is Trouble.DATABASE
    assert "secret" not in str(store_error("postgresql://me:secret@a/runs", away))
    refused = MlflowException("no such value", error_code=INVALID_PARAMETER_VALUE)
    assert store_error("sqlite:////x.db", refused).trouble is Trouble.REFUSED


def test_a_text_that_no_database_takes_is_no_fault_of_the_database() -> None:
    with pytest.raises(UnicodeEncodeError) as caught:
        "\ud800".encode()
    assert store_error("sqlite:////x.db", caught.value).trouble is Trouble.REFUSED
    assert store_error("postgresql://a/runs", of_mlflow("no", caught.value)).trouble is Trouble.REFUSED


def test_a_database_without_room_is_a_fault_of_the_disk(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    with create_engine(f"sqlite:///{path}").connect() as connection:
        connection.execute(text("PRAGMA max_page_count = 2"))
        connection.execute(text("CREATE TABLE runs (name TEXT)"))
        with pytest.raises(StoreError, match=r"cannot be written \(.*is full\)") as failed, reported(f"sqlite:///{path}"):
            connection.execute(text("INSERT INTO runs VALUES (:name)"), {"name": "x" * 100_000})
    assert failed.value.trouble is Trouble.DISK
    assert failed.value.trouble.is_of_the_store


def test_statuses() -> None:
    assert [of_status(status) for status in (None, 400, 409, 429, 500, 503)] == [
        *[Trouble.REFUSED] * 3,
        *[Trouble.SERVER_ERROR] * 3,
    ]


def test_a_file_of_a_run_is_no_fault_of_the_database() -> None:
    for error in (shutil.SpecialFileError("`cell.json` is a named pipe"), PermissionError(13, "denied", "/runs/cell.json")):
        with pytest.raises(StoreError, match="refuses what it was sent") as refused, reported("sqlite:////x.db"):
            raise error
        assert not refused.value.trouble.is_of_the_store
    with pytest.raises(StoreError, match="does not answer"), reported("sqlite:////x.db"):
        raise PermissionError(13, "denied", "/x.db")


def test_a_reason_is_one_line_and_a_message_of_ours_stays() -> None:
    with pytest.raises(TrackingError, match=r"does not answer \(one line\)"), reported("sqlite:////x.db"):
        raise OSError("\none line\nand more")
    with pytest.raises(TrackingError, match=r"^no such study$"), reported("http://a"):
        raise TrackingError("no such study")
