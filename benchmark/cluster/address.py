"""Addresses of Dask schedulers, and the files in which a scheduler writes its own."""

import json
import os
import re
from pathlib import Path

from ..errors import BenchError, DataError
from ..store.files import read_file

ADDRESS = re.compile(r"(?P<protocol>[a-z]+)://(?P<place>[^\s/]+)/?")
WITH_PORT = re.compile(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+):(?P<port>\d+)")
PROTOCOLS = ("tcp", "tls", "ws", "wss", "ucx")
EXAMPLES = "tcp://HOST:8786 or the file of `dask scheduler --scheduler-file scheduler.json`"
MOST_BYTES = 2**24  # of a scheduler file, which lists its workers


class ClusterError(BenchError):
    """A cluster that cannot be reached, or whose workers cannot do the work."""


def scheduler_address(given: str) -> str:
    """
    Return the address of a scheduler that is given by its address or by its file.

    Parameters
    ----------
    given : str
        ``tcp://HOST:8786``, ``HOST:8786``, or the path of a scheduler file.

    Raises
    ------
    ClusterError
        If it is neither, or the file has no address.
    """
    if given.startswith("inproc://"):  # a cluster of threads in this process
        return given
    if found := ADDRESS.fullmatch(given):
        return _checked(given.rstrip("/"), found["protocol"], found["place"], f"--cluster {given}")
    file = os.path.expanduser(given)  # noqa: PTH111 (pathlib raises where there is no such user)
    if (file.endswith(".json") and "\0" not in file) or os.path.exists(file):  # noqa: PTH110 (pathlib raises where a name is too long)
        return _address_in(Path(file))
    if WITH_PORT.fullmatch(given):
        return _checked(f"tcp://{given}", "tcp", given, f"--cluster {given}")
    raise ClusterError(f"--cluster takes {EXAMPLES}, got {given!r}, which is neither an address nor a file.")


def _checked(address: str, protocol: str, place: str, who: str) -> str:
    if protocol not in PROTOCOLS:
        raise ClusterError(f"{who}: schedulers of Dask speak {', '.join(PROTOCOLS)}, not {protocol}; try tcp://{place}.")
    found = WITH_PORT.fullmatch(place)
    if not found:
        host = place.partition(":")[0]
        raise ClusterError(f"{who}: {address} has no port; that of a scheduler is usually 8786: {protocol}://{host}:8786.")
    if not 0 < int(found["port"]) < 2**16:
        raise ClusterError(f"{who}: a port is a number from 1 to 65535, got {found['port']}.")
    return address


def _address_in(path: Path) -> str:
    """Return the address that a scheduler wrote into its file."""
    who = f"--cluster {path}"
    try:
        written = json.loads(read_file(path, MOST_BYTES, "a scheduler file"))
    except FileNotFoundError as error:
        start = f"dask scheduler --scheduler-file {path}"
        raise ClusterError(f"{who}: there is no such file; `{start}` writes it into a folder that all machines see.") from error
    except OSError as error:
        raise ClusterError(f"{who}: cannot be read ({error.strerror}).") from error
    except DataError as error:
        raise ClusterError(f"{who}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise ClusterError(
            f"{who} is no scheduler file, which is JSON with an `address`; --cluster takes {EXAMPLES}."
        ) from error
    address = written.get("address") if isinstance(written, dict) else None
    found = ADDRESS.fullmatch(address) if isinstance(address, str) else None
    if not found:
        raise ClusterError(
            f"{who} is no scheduler file, as it has no `address` like tcp://HOST:8786; --cluster takes {EXAMPLES}."
        )
    return _checked(found[0].rstrip("/"), found["protocol"], found["place"], who)
