"""Databases are checked without making anything."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from bandbench.benchmark.tracking.databases import check_database, check_database_file


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
