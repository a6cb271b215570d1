"""Checks that a database can be opened, without creating anything."""

import contextlib
import os
import sqlite3
from pathlib import Path


def check_database(url: str) -> None:
    """
    Connect to a database; of one in a file that does not exist yet, look for the folder.

    Parameters
    ----------
    url : str
        Address as SQLAlchemy takes it.

    Raises
    ------
    OSError
        If a file cannot be made or read.
    SQLAlchemyError, ImportError
        If the address is malformed, its driver is missing or nobody answers.
    """
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.pool import NullPool

    address = make_url(url)
    options = {"connect_timeout": 10} if address.get_backend_name() == "postgresql" else {}
    engine = create_engine(address, poolclass=NullPool, connect_args=options)  # this loads the driver
    file = address.database or ""
    if address.get_backend_name() != "sqlite":
        engine.connect().close()
    elif file not in ("", ":memory:"):
        check_database_file(Path(file))


def check_database_file(file: Path) -> None:
    """
    Read the header of a SQLite database; of one that does not exist yet, look for the folder.

    Raises
    ------
    OSError
        If there is no such folder, or it cannot be written to.
    sqlite3.DatabaseError
        If the file is no database.
    """
    if file.exists():
        with contextlib.closing(sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.execute("pragma schema_version")
        return
    folder = file.absolute().parent
    if not folder.is_dir():
        raise FileNotFoundError(f"there is no folder {folder}.")
    if not os.access(folder, os.W_OK):
        raise PermissionError(f"the folder {folder} cannot be written to.")
