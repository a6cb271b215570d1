"""Addresses of Dask schedulers, and the files in which a scheduler writes its own."""

import json
import re
from pathlib import Path

from ..errors import BenchError, DataError
from ..store.files import read_file

ADDRESS = re.compile(r"(?P<protocol>[a-z]+)://(?P<place>[^\s/]+)/?")
WITH_PORT = re.compile(r"(\[[0-9a-fA-F:.]+\]|[\w.-]+):(?P<port>\d+)")
PROTOCOLS = ("tcp", "tls", "ws", "wss", "ucx", "inproc")
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
    if found := ADDRESS.fullmatch(given):
        return _checked(given.rstrip("/"), found["protocol"], found["place"])
    path = Path(given).expanduser()
    if path.suffix == ".json" or path.exists():
        return _address_in(path)
    if WITH_PORT.fullmatch(given):
        return _checked(f"tcp://{given}", "tcp", given)
    raise ClusterError(f"--cluster takes {EXAMPLES}, got {given!r}, which is neither an address nor a file.")


def _checked(address: str, protocol: str, place: str) -> str:
    if protocol not in PROTOCOLS:
        raise ClusterError(
            f"--cluster {address}: schedulers of Dask speak {', '.join(PROTOCOLS)}, not {protocol}; try tcp://{place}."
        )
    if protocol == "inproc":
        return address
    found = WITH_PORT.fullmatch(place)
    if not found:
        host = place.partition(":")[0]
        raise ClusterError(f"--cluster {address}: no port of a scheduler; it is usually 8786: {protocol}://{host}:8786.")
    if not 0 < int(found["port"]) < 2**16:
        raise ClusterError(f"--cluster {address}: a port is a number from 1 to 65535, got {found['port']}.")
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
        raise ClusterError(f"{who}: no scheduler file, which is JSON with an `address`; --cluster takes {EXAMPLES}.") from error
    address = written.get("address") if isinstance(written, dict) else None
    found = ADDRESS.fullmatch(address) if isinstance(address, str) else None
    if not found:
        raise ClusterError(
            f"{who}: no scheduler file: it has no `address` such as tcp://HOST:8786; --cluster takes {EXAMPLES}."
        )
    return _checked(found[0].rstrip("/"), found["protocol"], found["place"])
