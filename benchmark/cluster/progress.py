"""Progress of work on a cluster: a stage is shown with the size of the cluster."""

from ..frequency.bands import Band
from ..reporting import Reporter
from ..workers import Workers
from .client import ClusterWorkers


class ClusterReporter:
    """
    Reporter that adds the size of a cluster to the stages, and hands everything on to another one.

    Parameters
    ----------
    reporter : Reporter
    workers : ClusterWorkers
    """

    def __init__(self, reporter: Reporter, workers: ClusterWorkers) -> None:
        self._reporter, self._workers = reporter, workers

    def stage(self, text: str, total: int | None) -> None:
        """Begin a stage of `total` steps (None: unknown)."""
        self._reporter.stage(f"{text} on {self._workers.size}", total)

    def advance(self, steps: int = 1) -> None:
        """Report finished steps."""
        self._reporter.advance(steps)

    def cells(self, done: int, total: int) -> None:
        """Report the number of finished cells."""
        self._reporter.cells(done, total)

    def best(self, label: str, band: Band, auc: float) -> None:
        """Report the best band of a cell so far."""
        self._reporter.best(label, band, auc)

    def note(self, text: str) -> None:
        """Report a line that the user should read."""
        self._reporter.note(text)


def reporter_of(workers: Workers, reporter: Reporter) -> Reporter:
    """Return the reporter for work on some workers."""
    return ClusterReporter(reporter, workers) if isinstance(workers, ClusterWorkers) else reporter
