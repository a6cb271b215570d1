"""Comparison of the workers of a cluster with the client: what makes results differ or get lost, said with a way out."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..errors import listed
from .session import FolderFault, Report, Session
from .software import OPTIONAL, Software

SHOWN_WORKERS = 3  # in a message
ABSENT = "missing"
FAULTS = {
    FolderFault.ABSENT: "there is no folder {folder} there.",
    FolderFault.ANOTHER: "{folder} is another folder there: the file that was written into it here is not seen.",
    FolderFault.UNWRITABLE: "{users} cannot write to {folder} there ({words}).",
}
SHARE = (
    "Every machine has to see the folder under the same path and write to it, as over NFS: set {name} to such a folder, "
    "and run the same command again."
)


def errors_in(session: Session, reports: Mapping[str, Report]) -> list[str]:
    """
    Find what forbids workers to work for a client.

    Parameters
    ----------
    session : Session
    reports : mapping of str to Report
        By worker.

    Returns
    -------
    list of str
        One sentence or two for each kind of fault, with the workers that have it, the worst first.
    """
    return [*_folder_errors(session, reports), *_version_errors(session, reports), *_probe_errors(session, reports)]


def remarks_on(session: Session, reports: Mapping[str, Report]) -> list[str]:
    """
    Find what may make the results of workers differ from the client's and does not forbid them to work.

    Parameters
    ----------
    session, reports
        See `errors_in`.
    """
    remarks = []
    for name in OPTIONAL:
        lacking = [worker for worker, report in reports.items() if name not in report.software.versions]
        if lacking and name in session.software.versions:
            remarks.append(
                f"{_named(lacking, reports)}: {name} is installed here and missing there; detectors that need it fail."
            )
    here = _kernels(session.software)
    for there, workers in _differing(reports, lambda report: _kernels(report.software), here).items():
        remarks.append(
            f"{_named(workers, reports)}: the processor is another one, so linear algebra is computed by {there} there and by "
            f"{here} here, and the last digits of scores can differ. For equal bytes set OPENBLAS_CORETYPE=Haswell here and "
            "where workers are started."
        )
    return remarks


def _kernels(software: Software) -> str:
    return ", ".join(software.kernels) or ABSENT


def _folder_errors(session: Session, reports: Mapping[str, Report]) -> Iterator[str]:
    for name, folder in session.folders.items():
        faulty: dict[tuple[FolderFault, str], list[str]] = defaultdict(list)
        for worker, report in reports.items():
            if fault := report.folders.get(name):
                faulty[fault].append(worker)
        for (fault, words), workers in faulty.items():
            users = ", ".join(sorted({reports[worker].user for worker in workers}))
            sentence = FAULTS[fault].format(folder=folder, users=users, words=words)
            yield f"{_named(workers, reports)}: {sentence} {SHARE.format(name=name)}"


def _version_errors(session: Session, reports: Mapping[str, Report]) -> Iterator[str]:
    for name, here in session.software.versions.items():
        absent = here if name in OPTIONAL else ABSENT  # an optional library that is missing is a remark
        differing = _differing(
            reports, lambda report, name=name, absent=absent: report.software.versions.get(name, absent), here
        )
        for there, workers in differing.items():
            yield (
                f"{_named(workers, reports)}: {name} is {there} there and {here} here, so scores could differ. "
                "Give all machines the same environment, for example one in a shared folder, and start the workers again."
            )
    for workers in _differing(reports, lambda report: report.software.code, session.software.code).values():
        yield (
            f"{_named(workers, reports)}: the source code of bandbench differs from that here, so scores could differ. "
            "Install the same version there."
        )


def _probe_errors(session: Session, reports: Mapping[str, Report]) -> Iterator[str]:
    for subject, here in session.probed.items():
        for there, workers in _differing(
            reports, lambda report, subject=subject: report.probed.get(subject, ABSENT), here
        ).items():
            yield (
                f"{_named(workers, reports)}: {subject} is {there} there and {here} here. "
                "Every machine has to see the files of a run under the same path, with the same content."
            )


def _differing(reports: Mapping[str, Report], value: Callable[[Report], str], here: str) -> dict[str, list[str]]:
    """Return the workers whose value is another one than the client's, by value."""
    differing: dict[str, list[str]] = defaultdict(list)
    for worker, report in reports.items():
        if value(report) != here:
            differing[value(report)].append(worker)
    return differing


def _named(workers: Sequence[str], reports: Mapping[str, Report]) -> str:
    """Name workers as the subject of a message: their addresses and hosts."""
    names = listed([f"{worker} on {reports[worker].host}" for worker in workers], SHOWN_WORKERS)
    return f"worker {names}" if len(workers) == 1 else f"{len(workers)} workers ({names})"
