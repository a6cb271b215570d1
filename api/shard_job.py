"""The job of a shard on a cluster: a `bench run` of its own that goes on where it was ended. Jobs import nothing else."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

DONE = (0, 3)  # exit codes: all is there; finished with gaps, which the log and the next run name
GRACE = 20  # seconds; a system that ends a job gives it more


class ShardJob:
    """
    Function of a job: run `bench` with some words.

    What it has recorded is its checkpoint. The job may be killed at any moment, and queued again as it was.

    Parameters
    ----------
    words : sequence of str
        After ``bench``.
    folder : str
        Working folder, from which relative paths among the words lead.
    environment : mapping of str to str or None
        Variables to be set, or unset.
    """

    def __init__(self, words: Sequence[str], folder: str, environment: Mapping[str, str | None]) -> None:
        self.words = tuple(words)
        self.folder = folder
        self.environment = dict(environment)

    def __call__(self) -> int:
        """
        Run the command to its end; return its exit code.

        Raises
        ------
        RuntimeError
            If the command failed; its messages are in the log of the job.
        """
        if os.environ.get("SUBMITIT_EXECUTOR") == "local":  # where submitit ignores the signal that `kill` sends
            signal.signal(signal.SIGTERM, _stop)
        environment = {name: value for name, value in (os.environ | self.environment).items() if value is not None}
        command = [sys.executable, "-P", "-c", "from bandbench.benchmark.cli import main; main()", *self.words]
        with subprocess.Popen(command, cwd=self.folder, env=environment) as child:
            try:
                code = child.wait()
            finally:  # also where the signal of a walltime ends this process
                _end(child)
        if code not in DONE:
            raise RuntimeError(f"bench {' '.join(self.words)} ended with code {code}; its messages are in the log above.")
        return code

    def checkpoint(self) -> Any:
        """Return the job to be queued again; submitit calls this shortly before the walltime, and at a preemption."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(self)


def _stop(*_: object) -> NoReturn:
    """End the job in order: its command first, which a second signal must not interrupt."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit("The shard was stopped. What was recorded is kept; the same `bench submit` goes on.")


def _end(child: "subprocess.Popen[bytes]") -> None:
    """End a process that still runs."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
