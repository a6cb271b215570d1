"""Databases are checked without making anything."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from bandbench.benchmark.invocation import install
from bandbench.benchmark.tracking.addresses import without_password
from bandbench.benchmark.tracking.databases import NO_ADDRESS, address_problem, check_database, check_database_file
from bandbench.benchmark.tracking.store import check_tracking_store
from bandbench.benchmark.tracking.trouble import StoreError


def test_a_database_and_the_place_of_a_new_one_are_accepted(tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "there.db").close()
    for name in ("there.db", "new.db"):
        check_database_file(tmp_path / name)
        check_database(f"sqlite:///{tmp_path}/{name}")
    check_database("sqlite://")  # in memory
    assert not (tmp_path / "new.db").exists()


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("no database at all" * 100)
    with pytest.raises(sqlite3.DatabaseError, match="file is not a database"):
        check_database_file(tmp_path / "text.db")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"there is no folder .*/no\."):
        check_database(f"sqlite:///{tmp_path}/no/new.db")


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(PermissionError, match="cannot be written to"):
        check_database_file(tmp_path / "new.db")


def test_an_address_without_a_meaning_is_an_error() -> None:
    with pytest.raises(SQLAlchemyError):
        check_database("nonsense")


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("mysql://me@host/runs", f"the driver of that database, MySQLdb, is not installed: {install('mysqlclient')}"),
        ("mysql+pymysql://me@host/runs", f"the driver of that database, pymysql, is not installed: {install('pymysql')}"),
        ("mysqll://me@host/runs", f"{NO_ADDRESS}; SQLAlchemy knows no 'mysqll'. Did you mean 'mysql'?"),
        ("mysql+pymysq://me@host/runs", f"{NO_ADDRESS}; SQLAlchemy knows no 'mysql+pymysq'. Did you mean 'mysql+pymysql'?"),
        ("nonsense", f"{NO_ADDRESS}."),
    ],
)
def test_a_missing_driver_is_told_from_a_wrong_address(url: str, problem: str) -> None:
    with pytest.raises((SQLAlchemyError, ImportError)) as raised:
        check_database(url)
    assert address_problem(raised.value) == problem
    if "+pymysq:" in url or "mysql:" in url:  # the store says the same
        with pytest.raises(StoreError) as refused:
            check_tracking_store(url)
        assert str(refused.value) == f"the tracking store {without_password(url)} cannot be opened: {problem}"


def test_what_a_database_itself_refuses_is_no_fault_of_its_address() -> None:
    assert address_problem(OperationalError("SELECT 1", {}, Exception("away"))) == ""
