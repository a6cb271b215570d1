"""Locks that a PostgreSQL server keeps: they end with the session of their holder, however that ends."""

import contextlib
import hashlib
import os
import socket
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ..store.locks import FOR_EVER, Holder, LockHeldError
from .databases import open_engine

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

PROGRAM = "bandbench"  # begins the name of a session that holds a lock, as others see it in pg_stat_activity
LONGEST_NAME = 63  # bytes of a session's name that PostgreSQL keeps
LOCK_NOT_AVAILABLE = "55P03"  # SQLSTATE of a wait that lock_timeout has ended
# The server asks after a silent holder, so that the lock of a machine that lost power is free after a minute and not after
# two hours.
KEEP_ALIVE = "-c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10 -c tcp_keepalives_count=3"

_HOLDERS = """
SELECT activity.application_name, extract(epoch FROM activity.backend_start)
FROM pg_locks AS locks JOIN pg_stat_activity AS activity ON activity.pid = locks.pid
WHERE locks.locktype = 'advisory' AND locks.granted AND locks.objsubid = 1
  AND locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND locks.classid::bigint = :high AND locks.objid::bigint = :low AND activity.pid != pg_backend_pid()
ORDER BY activity.backend_start LIMIT 1
"""


def has_locks(url: str) -> bool:
    """Decide if a database has locks of sessions that this module takes."""
    return url.partition("://")[0].partition("+")[0] in ("postgresql", "postgres")


class DatabaseLock:
    """
    Advisory lock of a PostgreSQL database, or several, held by a session of its own.

    Parameters
    ----------
    url : str
        Address as SQLAlchemy takes it; every address of one database leads to the same locks.
    *names : str
        One lock each; all are taken or none.
    """

    def __init__(self, url: str, *names: str) -> None:
        self._url, self._names = url, names
        self._engine: Engine | None = None
        self._session: Connection | None = None

    def acquire(self, patience: float = FOR_EVER) -> None:
        """
        Take the lock.

        Parameters
        ----------
        patience : float
            Seconds to wait at most; 0 tries once, `FOR_EVER` waits until it is free.

        Raises
        ------
        LockHeldError
            If another session still holds it; its `holder` is that of the server's list of sessions.
        SQLAlchemyError, ImportError
            If the database cannot be reached.
        """
        own = f"{PROGRAM} {os.getpid()} {socket.gethostname()}".encode()[:LONGEST_NAME].decode(errors="ignore")
        self._engine = open_engine(self._url, application_name=own, options=KEEP_ALIVE)
        try:
            self._session = self._engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            for name in self._names:
                if not _took(self._session, name, patience):
                    raise LockHeldError(f"another process holds '{name}'.", _holder(self._session, name), name)
        except BaseException:
            self.release()
            raise

    def renew(self) -> None:
        """
        Make sure that the lock is still held; take it anew if the server has ended the session.

        Raises
        ------
        LockHeldError
            If another session has taken it meanwhile.
        SQLAlchemyError
            If the database cannot be reached.
        """
        from sqlalchemy import text
        from sqlalchemy.exc import SQLAlchemyError

        if self._session is not None:
            with contextlib.suppress(SQLAlchemyError):
                self._session.execute(text("SELECT 1"))
                return
        self.release()
        self.acquire(0)

    def release(self) -> None:
        """End the session, and the lock with it."""
        from sqlalchemy.exc import SQLAlchemyError

        session, engine, self._session, self._engine = self._session, self._engine, None, None
        with contextlib.suppress(SQLAlchemyError):  # the server may have ended it already
            if session is not None:
                session.close()
        if engine is not None:
            engine.dispose()


def _took(session: "Connection", name: str, patience: float) -> bool:
    from sqlalchemy import text
    from sqlalchemy.exc import DBAPIError

    if patience == 0:
        return bool(session.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": lock_number(name)}).scalar())
    session.execute(text(f"SET lock_timeout = {max(1, int(1000 * patience)) if patience > 0 else 0}"))
    try:
        session.execute(text("SELECT pg_advisory_lock(:key)"), {"key": lock_number(name)})
    except DBAPIError as error:
        if _sqlstate(error.orig) == LOCK_NOT_AVAILABLE:
            return False
        raise
    return True


def _holder(session: "Connection", name: str) -> Holder | None:
    """Return the holder of a lock, as the server's list of sessions has it."""
    from sqlalchemy import text

    number = lock_number(name) % 2**64
    row = session.execute(text(_HOLDERS), {"high": number >> 32, "low": number % 2**32}).first()
    return None if row is None or not row[0] else _parsed(str(row[0]), float(row[1] or 0))


def lock_number(name: str) -> int:
    """Return the number of a lock: 64 bits with a sign, of the name's SHA-256."""
    return int.from_bytes(hashlib.sha256(f"{PROGRAM}: {name}".encode()).digest()[:8], "big", signed=True)


def _parsed(session_name: str, since: float) -> Holder | None:
    """Return the holder that the name of a session of ours tells."""
    program, _, rest = session_name.partition(" ")
    pid, _, host = rest.partition(" ")
    return Holder(host, int(pid), since) if program == PROGRAM and pid.isdigit() else None


def _sqlstate(error: Any) -> str:
    """Return the SQLSTATE of a driver's error: psycopg 3 and psycopg 2 have different names for it."""
    return getattr(error, "sqlstate", None) or getattr(error, "pgcode", None) or ""


@contextlib.contextmanager
def database_lock(url: str, name: str, patience: float = FOR_EVER) -> Iterator[DatabaseLock]:
    """
    Hold a lock of a PostgreSQL database for a block.

    Parameters
    ----------
    url, name
        See `DatabaseLock`.
    patience : float
        See `DatabaseLock.acquire`.

    Raises
    ------
    LockHeldError
        If another session holds it for longer.
    SQLAlchemyError, ImportError
        If the database cannot be reached.
    """
    lock = DatabaseLock(url, name)
    lock.acquire(patience)
    try:
        yield lock
    finally:
        lock.release()
