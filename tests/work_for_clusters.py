"""Work for the workers of this machine or a cluster, in a module that imports nothing which takes time."""

import os
import signal
import time
from pathlib import Path


def begin_and_wait(begun: str, go: str) -> int:
    """Say that the work has begun, by a file named after this process; return the process when `go` is there."""
    Path(begun, str(os.getpid())).touch()
    while not Path(go).exists():
        time.sleep(0.02)
    return os.getpid()


def kill_worker() -> None:
    """Kill the worker that this process belongs to, and with it this process."""
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


def threads_of_numbers() -> set[int]:
    """Numbers of threads that the libraries of linear algebra use."""
    import scipy.linalg  # noqa: F401
    from threadpoolctl import threadpool_info

    return {library["num_threads"] for library in threadpool_info()}


def end_abruptly(number: int, of: str, names: str) -> str:
    """Work that ends its process if its name is `of`: by a signal, or without one by `os._exit`."""
    if of in names:
        if number:
            os.kill(os.getpid(), number)
        os._exit(7)
    time.sleep(0.05)
    return of


def end_the_first_time(mark: Path) -> str:
    """End this process unless another one has been ended so before."""
    if not mark.exists():
        mark.touch()
        os._exit(1)
    return "done"


def stay_the_first_time(mark: Path) -> str:
    """Stay for a long time, whatever this process is told but SIGKILL, unless another one has done so before."""
    if not mark.exists():
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        mark.touch()
        time.sleep(600)
    return "done"


def end_beside(mark: Path) -> None:
    """End this process when the mark is there."""
    while not mark.exists():
        time.sleep(0.02)
    os._exit(3)
