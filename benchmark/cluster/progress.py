"""Progress of work on a cluster: a stage is shown with the size of the cluster."""

from ..reporting import Relay, Reporter
from ..workers import Workers
from .client import ClusterWorkers


class ClusterReporter(Relay):
    """
    Reporter that adds the size of a cluster to the stages, and hands everything on to another one.

    Parameters
    ----------
    reporter : Reporter
    workers : ClusterWorkers
    """

    def __init__(self, reporter: Reporter, workers: ClusterWorkers) -> None:
        super().__init__(reporter)
        self._workers = workers

    def stage(self, text: str, total: int | None) -> None:
        """Begin a stage of `total` steps (None: unknown)."""
        super().stage(f"{text} on {self._workers.size}", total)


def reporter_of(workers: Workers, reporter: Reporter) -> Reporter:
    """Return the reporter for work on some workers."""
    return ClusterReporter(reporter, workers) if isinstance(workers, ClusterWorkers) else reporter
