"""
Submissions on disk, as they were sent.

A submission is a folder with ``meta.yaml`` and one score file per fitted detector: ``scores.csv``, or ``scores-0.parquet`` and
so on. Folders lie among the results, and in ``leaderboard/submissions/`` of this package.
"""

import hashlib
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from ...benchmark.errors import BenchError, DataError, unknown_name
from ...benchmark.store.files import digest
from ...benchmark.store.folders import results_root
from .meta import NAME_PATTERN, SubmissionMeta, load_meta
from .score_files import SUFFIXES

META_FILE = "meta.yaml"


@dataclass(frozen=True)
class Submission:
    """
    A submission on disk.

    Attributes
    ----------
    meta : SubmissionMeta
    files : tuple of Path
        Score files, one per fitted detector.
    """

    meta: SubmissionMeta
    files: tuple[Path, ...]

    @property
    def digest(self) -> str:
        """Digest of the description and of all score files."""
        content = [hashlib.sha256(file.read_bytes()).hexdigest() for file in self.files]
        return digest([self.meta.model_dump(mode="json"), content])


def own_folder() -> Path:
    """Return the folder of the submissions that were added here."""
    return results_root() / "submissions"


def shipped_folder() -> Path:
    """Return the folder of the submissions that come with this package."""
    return Path(__file__).with_name("shipped")


def find_submissions() -> dict[str, Path]:
    """Return the folders of all submissions by name; one that was added here replaces a shipped one of its name."""
    by_name: dict[str, Path] = {}
    for place in (shipped_folder(), own_folder()):
        folders = sorted(place.iterdir()) if place.is_dir() else []
        by_name |= {folder.name: folder for folder in folders if folder.is_dir() and re.match(NAME_PATTERN, folder.name)}
    return dict(sorted(by_name.items()))


def load_submission(folder: Path) -> Submission:
    """
    Read a submission's folder; its score files are listed, but not read.

    Raises
    ------
    DataError
        If ``meta.yaml`` or the score files are missing, or the name is another.
    """
    meta = load_meta(folder / META_FILE)
    if meta.name != folder.name:
        raise DataError(f"{folder} is named '{meta.name}' in its {META_FILE}; folder and name have to agree.")
    files = [path for path in folder.iterdir() if path.stem.startswith("scores") and path.suffix in SUFFIXES]
    if not files:
        raise DataError(f"{folder} has no score file; wanted scores.csv or scores-0.parquet, scores-1.parquet and so on.")
    return Submission(meta, tuple(sorted(files, key=lambda path: (len(path.name), path.name))))


def remove_submission(name: str) -> None:
    """
    Delete a submission from the results.

    Raises
    ------
    DataError
        If there is none, or it came with the package.
    """
    submissions = find_submissions()
    if name not in submissions:
        raise DataError(unknown_name("submission", name, submissions))
    if submissions[name].parent != own_folder():
        raise DataError(f"the submission '{name}' came with the package ({submissions[name]}); it is not among your results.")
    _discard(submissions[name])


def is_same(folder: Path, submission: Submission) -> bool:
    """Decide if a folder holds the same submission."""
    try:
        return load_submission(folder).digest == submission.digest
    except (BenchError, OSError):
        return False


def keep(submission: Submission, meta_file: Path, final: Path) -> None:
    """Copy the files of a submission into a temporary folder, then move that to its place in one step."""
    temporary = final.with_name(f".{final.name}.{os.getpid()}.new")
    try:
        temporary.mkdir(parents=True)
        shutil.copyfile(meta_file, temporary / META_FILE)
        for k, file in enumerate(submission.files):
            shutil.copyfile(file, temporary / f"scores-{k}{file.suffix.lower()}")
        if final.exists():
            _discard(final)
        temporary.rename(final)
    except OSError as error:
        raise DataError(f"the submission cannot be kept in {final} ({error.strerror}).") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _discard(folder: Path) -> None:
    """Rename a folder, then delete it: a killed process leaves no half submission."""
    renamed = folder.with_name(f".{folder.name}.{os.getpid()}.old")
    folder.rename(renamed)
    shutil.rmtree(renamed, ignore_errors=True)
