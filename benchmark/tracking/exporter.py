"""Send an outbox in the background, while a study goes on."""

import math
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..errors import BenchError
from ..store.locks import LockHeldError
from .outbox import Outbox
from .sender import Sender
from .store import import_client
from .trouble import StoreError, Trouble

ROUND = 0.3  # seconds between two looks into the outbox, until the first documents are there
LATER_ROUND = 2.0  # from then on: each round asks the store what it has
FILES_TOGETHER = 100  # of the outbox, whose trials are sent at once
MOMENT = 0.3  # seconds that an interrupted run waits for the thread
FIRST_PAUSE, LONGEST_PAUSE = 5.0, 60.0  # seconds until a store that failed is tried again, doubled each time
PATIENCE_AFTER = 1.0  # seconds for a request that is on its way when the time is up
RECENT = 30.0  # seconds after a failure in which the end of a study does not try again
LAST_ROUNDS = 3  # tries of a document that is refused, when all others are sent
STALL = 60.0  # seconds in which a store takes no document, after which the end of a study waits no longer


class Exporter(threading.Thread):
    """
    Background thread that sends an outbox until it is closed.

    A store that does not answer is tried again at growing intervals, while the study goes on. A document that the store
    refuses does not hold up the others.

    Parameters
    ----------
    outbox : Outbox
    uri : str
    describe_model : callable
        See `Sender`.
    report : callable, optional
        Called with the problem as soon as there is one, and not again for later ones.
    ahead : bool
        Import MLflow before there is something to send, while the study waits for its workers.

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
        ahead: bool = False,
    ) -> None:
        super().__init__(name="exporter", daemon=True)
        self.problem = ""
        self._outbox = outbox
        self._uri = uri
        self._describe_model = describe_model
        self._report = report
        self._ahead = ahead
        self._closing = threading.Event()
        self._abandoned = False
        self._deadline = math.inf
        self._sender: Sender | None = None
        self._failures: Counter[Path] = Counter()
        self._retry_at: dict[Path, float] = {}

    def run(self) -> None:
        """Send until closed and empty, or until the store does not answer after that; `problem` then has the reason."""
        if self._ahead:
            import_client(self._uri)
        pause, last_rounds = 0.0, 0
        while not self._out_of_time():
            last_rounds += self._closing.is_set()
            try:
                self._send_waiting(last_rounds > 0, again=pause > 0)
                pause = 0.0
            except (BenchError, OSError) as error:
                pause = min(2 * pause or FIRST_PAUSE, LONGEST_PAUSE)
                self._sender = None
                self._fail(str(error))
                failed_at = time.monotonic()
                if self._closing.wait(pause) and time.monotonic() - failed_at < RECENT:
                    return  # nothing is gained by asking again so soon
                continue
            if last_rounds and (not self.problem or last_rounds == LAST_ROUNDS):
                return
            if last_rounds:
                time.sleep(ROUND * last_rounds)
            else:
                self._closing.wait(ROUND if self._sender is None else LATER_ROUND)

    def _send_waiting(self, last_round: bool, again: bool) -> None:
        """Send what waits, documents that failed before after the others and after a while."""
        waiting, problem = sorted(self._outbox.pending(), key=lambda path: (self._failures[path], path)), ""
        if not waiting:  # MLflow, which takes seconds to import, is not opened before there is something to send
            self.problem = problem
            return
        sender = self._sender = self._sender or Sender(self._outbox.client(again), self._uri, self._describe_model)
        due = [path for path in waiting if last_round or time.monotonic() >= self._retry_at.get(path, 0)]
        if len(due) < len(waiting):
            problem = self.problem
        for start in range(0, len(due), FILES_TOGETHER):
            with suppress(LockHeldError):  # `deliver` waits for it
                self._outbox.make_runs(sender, due[start : start + FILES_TOGETHER], patience=0.0)
        for path in due:
            while (refused := self._delivered(sender, path)) is None:
                if self._out_of_time():
                    return
            if refused:
                problem = str(refused[0])
                self._failures[path] += 1
                pause = min(FIRST_PAUSE * 2 ** (self._failures[path] - 1), LONGEST_PAUSE)
                self._retry_at[path] = time.monotonic() + pause
        if problem and problem != self.problem:
            self._fail(problem)
        self.problem = problem

    def _delivered(self, sender: Sender, path: Path) -> list[BenchError] | None:
        """Deliver a file and return its errors; None if time is up, or another process sends for longer than a moment."""
        if self._out_of_time():
            return None
        try:
            return [*self._outbox.deliver(sender, path, patience=1.0)]
        except LockHeldError:
            return None

    def _fail(self, problem: str) -> None:
        is_first = not self.problem
        self.problem = problem
        if is_first and self._report and not self._closing.is_set():
            self._report(f"{problem} The study goes on; its results wait here.")

    def _out_of_time(self) -> bool:
        return self._abandoned or time.monotonic() > self._deadline

    def close(self, patience: float = math.inf) -> int:
        """
        Send what is left; return the number of files that stay behind. Where nothing is left, MLflow that is still being
        imported is not waited for.

        Parameters
        ----------
        patience : float
            Seconds to wait at most. In any case the wait ends when the store has taken no document for `STALL` seconds.
        """
        begun = time.monotonic()
        self._deadline = begun + patience
        self._closing.set()
        while self.is_alive() and (self._sender or self._outbox.pending()):
            sent_at = max(begun, self._sender.sent_at if self._sender else 0.0)
            waited = time.monotonic() - sent_at
            if waited > STALL or time.monotonic() > self._deadline + PATIENCE_AFTER:
                self._abandoned = True
                self.problem = self.problem or str(StoreError(self._uri, Trouble.NO_PROGRESS, seconds=waited))
                break
            self.join(0.2)
        return self._outbox.left()

    def abandon(self) -> None:
        """Stop sending, as after Ctrl-C; a batch that is under way is sent again by the next run, which finds what arrived."""
        self._deadline = time.monotonic()
        self._closing.set()
        self.join(MOMENT)
