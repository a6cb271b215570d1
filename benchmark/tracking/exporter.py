"""Send an outbox in the background, while a study goes on."""

import math
import threading
import time
from collections.abc import Callable
from pathlib import Path

from ..errors import BenchError
from ..store.locks import LockHeldError
from .outbox import Outbox
from .sender import Sender
from .store import client_for

ROUND = 0.3  # seconds between two looks into the outbox


class Exporter(threading.Thread):
    """
    Background thread that sends an outbox until it is closed.

    Parameters
    ----------
    outbox : Outbox
    uri : str
    describe_model : callable
        See `Sender`.
    report : callable, optional
        Called with the problem as soon as there is one.

    Attributes
    ----------
    problem : str
        Reason why documents are left; empty while there is none.
    """

    def __init__(
        self,
        outbox: Outbox,
        uri: str,
        describe_model: Callable[[Path], None],
        report: Callable[[str], None] | None = None,
    ) -> None:
        super().__init__(name="exporter", daemon=True)
        self.problem = ""
        self._outbox = outbox
        self._uri = uri
        self._describe_model = describe_model
        self._report = report
        self._closing = threading.Event()
        self._deadline = math.inf

    def run(self) -> None:
        """Send until closed and empty; stop at the first failure, which `problem` then names."""
        try:
            client = client_for(self._uri)
            self._outbox.use(client)  # opening a store takes half a second, which the study would wait for
            sender = Sender(client, self._uri, self._describe_model)
            while True:
                last_round = self._closing.is_set()
                for path in self._outbox.pending():
                    while not self._delivered(sender, path):
                        if time.monotonic() > self._deadline:
                            return
                if last_round:
                    return
                self._closing.wait(ROUND)
        except (BenchError, OSError) as error:
            self.problem = str(error)
            if self._report and not self._closing.is_set():
                self._report(f"{error} The study goes on; its results wait here.")

    def _delivered(self, sender: Sender, path: Path) -> bool:
        """Deliver a file unless time is up, or another process sends for longer than a moment."""
        if time.monotonic() > self._deadline:
            return False
        try:
            self._outbox.deliver(sender, path, patience=1.0)
        except LockHeldError:
            return False
        return True

    def close(self, patience: float = math.inf) -> int:
        """Send what is left, for at most `patience` seconds; return the number of files that stay behind."""
        self._deadline = time.monotonic() + patience
        self._closing.set()
        self.join(None if math.isinf(patience) else patience + 30)
        return self._outbox.left()
