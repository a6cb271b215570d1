"""Jobs of a preparation: cut the faces out of sources, in this process or in workers."""

import inspect
import itertools
from collections.abc import Generator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from ...benchmark.cluster.client import open_workers
from ...benchmark.domains.catalogue import DatasetSpec
from ...benchmark.domains.files_probe import files_probe
from ...benchmark.registry import datasets
from ...benchmark.reporting import Reporter, Silence
from ...benchmark.workers import WorkLostError, one_thread
from ..copies.prepared import Preparation
from ..copies.settings import Settings
from ..copies.sources import SourceDataset
from ..copies.survey import Source
from .cut import FaceCropper
from .outcome import UNREAD, SourceOutcome

PRELOAD = ["bandbench.datasets.faces.jobs", "cv2", "av"]
IN_FLIGHT = 4  # sources per worker that are submitted and not finished


@dataclass(frozen=True)
class FaceJob:
    """
    The part of a preparation that all its sources share, in a form that can be sent to a worker.

    Attributes
    ----------
    dataset : DatasetSpec
    settings : Settings
    weights : str
        Path of the finder's weights; empty for none.
    folder : str
        Folder of the preparation.
    """

    dataset: DatasetSpec
    settings: Settings
    weights: str
    folder: str

    @classmethod
    def of(cls, cropper: FaceCropper, folder: Path) -> "FaceJob":
        """Describe the work of a cropper, so that a worker can do it."""
        weights = str(cropper.weights.absolute()) if cropper.weights else ""
        return cls(spec_of(cropper.dataset), cropper.settings, weights, str(folder))

    @cached_property
    def cropper(self) -> FaceCropper:
        """Cropper of this process; it is opened at the first use and never sent."""
        dataset = self.dataset.open(0, 0)
        assert isinstance(dataset, SourceDataset)
        return FaceCropper(dataset, self.settings, Path(self.weights) if self.weights else None)

    @cached_property
    def preparation(self) -> Preparation:
        """Prepared folder without its manifest, which can be long and is not needed to write crops."""
        return Preparation(Path(self.folder), {})


_current: list[FaceJob] = []  # the job that this process works on; its finder stays open from source to source


def run_job(job: FaceJob, source: Source) -> SourceOutcome:
    """Make the crops of one source, in a worker."""
    if _current != [job]:
        _current[:] = [job]
    with one_thread():
        return _current[0].cropper.publish(source, _current[0].preparation)


def spec_of(dataset: SourceDataset) -> DatasetSpec:
    """
    Describe a data set so that a worker can open the same one.

    Returns
    -------
    DatasetSpec
        Its reference is the registered name, or ``file.py:Class`` where the class is not registered.
    """
    plugin = type(dataset)
    shared = ("root", "seed", "replicate")
    options = {name: value for name, value in dataset.parameters().items() if name not in shared}
    registered = datasets.found.classes.get(plugin.name) is plugin
    reference = plugin.name if registered else f"{inspect.getfile(plugin)}:{plugin.__qualname__}"
    return DatasetSpec(reference, str(dataset.folder.absolute()), options)


def iter_outcomes(
    cropper: FaceCropper,
    preparation: Preparation,
    sources: Sequence[Source],
    jobs: int,
    cluster: str = "",
    reporter: Reporter | None = None,
) -> Generator[SourceOutcome, None, None]:
    """
    Make the crops of sources and yield the outcome of each, in the order in which they are finished.

    Parameters
    ----------
    cropper : FaceCropper
    preparation : Preparation
        The folder that receives the crops.
    sources : sequence of Source
    jobs : int
        Worker processes; with one, or for a single source, the work is done in this process. If the generator is closed early,
        the workers end at once; what they have begun is left below `WORK`.
    cluster : str
        Address or file of a Dask scheduler, whose workers do the work; empty for this machine.
    reporter : Reporter, optional
        Told of the cluster.

    Raises
    ------
    BenchError
        If a worker process dies.
    DiskError
        If crops cannot be written.
    """
    if not cluster and (jobs == 1 or len(sources) < 2):
        with one_thread():
            yield from (cropper.publish(source, preparation) for source in sources)
        return
    job = FaceJob.of(cropper, preparation.folder)
    pending: dict[Future[SourceOutcome], Source] = {}
    queue = iter(sources)
    probe = files_probe([job.dataset], files=filter(None, [job.weights])) if cluster else None
    folders = {"--out": preparation.folder}
    with open_workers(jobs, cluster, reporter or Silence(), probe, PRELOAD, folders) as workers:
        while True:
            for source in itertools.islice(queue, IN_FLIGHT * workers.jobs - len(pending)):
                pending[workers.submit(run_job, job, source)] = source
            if not pending:
                return
            # Short waits keep Ctrl-C quick and the clock of the progress display moving.
            for future in wait(pending, timeout=0.2, return_when=FIRST_COMPLETED).done:
                yield _outcome(future, pending)


def _outcome(future: "Future[SourceOutcome]", pending: "dict[Future[SourceOutcome], Source]") -> SourceOutcome:
    """Return the outcome of a finished future; a source that kills whoever reads it is left out."""
    try:
        outcome = future.result()
    except WorkLostError as error:
        source = pending.pop(future)
        return SourceOutcome(source.id, UNREAD, f"is left out: {error} The next run tries again.", 0)
    del pending[future]
    return outcome
