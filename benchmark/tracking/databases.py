"""Checks that a database can be opened, without creating anything."""

import contextlib
import os
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import nearest_name
from ..invocation import install, install_extra

if TYPE_CHECKING:
    from sqlalchemy import Engine

PATIENCE = 10  # seconds to wait for a connection
NO_ADDRESS = "it is no address of a database such as sqlite:///searches.db or postgresql://USER:PASSWORD@HOST/NAME"
# Beginnings of addresses, for the nearest one.
KINDS = (
    *("sqlite", "postgresql", "postgresql+psycopg", "postgresql+psycopg2", "mysql", "mysql+pymysql", "mysql+mysqldb"),
    *("mariadb", "mariadb+pymysql", "mssql", "mssql+pyodbc", "mssql+pymssql", "oracle", "oracle+oracledb"),
)
REQUIREMENTS = {"MySQLdb": "mysqlclient", "psycopg2": "psycopg2-binary", "cx_Oracle": "cx-oracle"}  # of drivers, by module


def with_driver(url: str) -> str:
    """
    Name the driver of a PostgreSQL address that names none: psycopg 3, which the extra ``cluster`` brings.

    >>> with_driver("postgresql://me@server/runs")
    'postgresql+psycopg://me@server/runs'
    """
    for plain in ("postgresql://", "postgres://"):
        if url.startswith(plain):
            return "postgresql+psycopg://" + url.removeprefix(plain)
    return url


def open_engine(url: str, **options: str) -> "Engine":
    """
    Make an engine without a pool: its connections end with their use.

    Parameters
    ----------
    url : str
        Address as SQLAlchemy takes it.
    **options : str
        Of a connection to PostgreSQL; one that the address has itself goes first.

    Raises
    ------
    SQLAlchemyError, ImportError
        If the address is malformed or its driver is missing.
    """
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.pool import NullPool

    address = make_url(with_driver(url))
    arguments: dict[str, str | int] = {}
    if address.get_backend_name() == "postgresql":
        arguments = {name: value for name, value in options.items() if name not in address.query}
        arguments["connect_timeout"] = PATIENCE
    return create_engine(address, poolclass=NullPool, connect_args=arguments)


def address_problem(error: BaseException) -> str:
    """
    Return what is wrong with the address of a database, or with the driver that it needs, and the way out.

    Parameters
    ----------
    error : BaseException
        Of `open_engine`.

    Returns
    -------
    str
        Empty if the error is about something else.
    """
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    if isinstance(error, NoSuchModuleError):
        name = str(error).partition("sqlalchemy.dialects:")[2].replace(".", "+")
        return f"{NO_ADDRESS}; SQLAlchemy knows no '{name}'.{nearest_name(name, KINDS)}"
    if isinstance(error, ArgumentError):
        return f"{NO_ADDRESS}."
    if not isinstance(error, ModuleNotFoundError) or not error.name:
        return ""
    command = install_extra("cluster") if error.name == "psycopg" else install(REQUIREMENTS.get(error.name, error.name))
    return f"the driver of that database, {error.name}, is not installed: {command}"


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
    engine = open_engine(url)  # this loads the driver
    file = engine.url.database or ""
    if engine.url.get_backend_name() != "sqlite":
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
