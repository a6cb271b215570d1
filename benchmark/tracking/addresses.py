"""Addresses of tracking stores and of folders, built and parsed by libraries: a path may hold any character."""

from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from ..errors import TrackingError

DATABASES = ("sqlite", "postgresql", "mysql", "mssql")
SQLITE_OPTIONS = ("timeout", "mode", "cache", "uri", "immutable", "nolock", "vfs", "check_same_thread", "isolation_level")


def scheme(address: str) -> str:
    """
    Scheme of an address, without the driver of a database.

    >>> scheme("postgresql+psycopg://somewhere/runs")
    'postgresql'
    """
    return address.partition("://")[0].partition("+")[0]


def is_database(address: str) -> bool:
    """Decide if an address is that of a database that SQLAlchemy opens."""
    return scheme(address) in DATABASES


def without_password(address: str) -> str:
    """
    Address without the name and password of its user, for messages.

    >>> without_password("postgresql://me:secret@server/runs")
    'postgresql://…@server/runs'
    """
    start, mark, rest = address.partition("://")
    return f"{start}{mark}…@{rest.rpartition('@')[2]}" if "@" in rest else address


def sqlite_address(path: Path) -> str:
    """
    Address of a SQLite database.

    >>> sqlite_address(Path("/srv/runs/mlflow.db"))
    'sqlite:////srv/runs/mlflow.db'
    >>> sqlite_address(Path("/srv/what?now/mlflow.db"))
    'sqlite:////srv/what%3Fnow/mlflow.db'
    """
    from sqlalchemy.engine import URL, make_url

    # Escaped only where it has to be: MLflow makes the folder of the address as it is written (`unescaped_folder`).
    plain = f"sqlite:///{path}"
    if make_url(plain).database == str(path):
        return plain
    return URL.create("sqlite", database=str(path)).render_as_string(hide_password=False)


def sqlite_path(address: str) -> Path | None:
    """
    Absolute path of a SQLite database, by its address; None for other databases and for those that are no plain file.

    Raises
    ------
    TrackingError
        If a question mark in it is no escaped one and begins no option of SQLite.
    """
    if not address.startswith(("sqlite:", "sqlite+")):
        return None
    from sqlalchemy.engine import make_url

    url = make_url(address)
    # SQLAlchemy passes over what it takes for an option without a value.
    options = [part.partition("=")[0] for part in address.partition("?")[2].split("&") if part]
    if unknown := [name for name in options if name not in SQLITE_OPTIONS]:
        raise TrackingError(
            f"the tracking address {address} has an option '{unknown[0]}' that SQLite does not know. "
            "A question mark that belongs to the path is written %3F there."
        )
    if not url.database or url.database == ":memory:" or url.database.startswith("file:"):
        return None
    path, written = Path(url.database).absolute(), Path(address.partition("///")[2].partition("?")[0]).absolute()
    # A percent sign that stands in the name of an existing folder is no escape.
    return written if not path.parent.exists() and written.parent.exists() else path


def unescaped_folder(address: str) -> Path | None:
    """Folder that MLflow makes for the address of a database, as it does not undo escapes; None without escapes."""
    path = sqlite_path(address)
    written = Path(address.partition("///")[2].partition("?")[0])
    return None if path is None or written.absolute() == path else written.parent.absolute()


def folder_path(address: str) -> Path | None:
    """
    Path of a folder on this machine, by its address; None for any other address.

    >>> folder_path("file:///srv/what%3Fnow/artifacts")
    PosixPath('/srv/what?now/artifacts')
    >>> folder_path("mlflow-artifacts:/1/artifacts") is None
    True
    """
    if address.startswith("/"):
        return Path(address)
    try:
        parts = urlsplit(address)
    except ValueError:  # no address at all
        return None
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    return Path(url2pathname(parts.path))
