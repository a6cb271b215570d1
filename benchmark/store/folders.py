"""Folders of results and of what can be computed again."""

import os
import tempfile
from pathlib import Path

import platformdirs

from ..errors import BenchError, has_surrogate

# Folders of which files elsewhere among the results note the whole path.
NOTED = ("cells", "studies", "records", "prepared", "submissions", "artifacts")
_BEGAN_IN: list[Path] = []  # of a worker process


def results_root() -> Path:
    """Folder of records, score files and the default tracking store; ``BANDBENCH_HOME`` overrides."""
    return Path(os.environ.get("BANDBENCH_HOME") or platformdirs.user_data_path("bandbench", False)).expanduser().absolute()


def cache_root() -> Path:
    """Folder of what can be computed again; ``BANDBENCH_CACHE`` overrides."""
    return Path(os.environ.get("BANDBENCH_CACHE") or platformdirs.user_cache_path("bandbench", False)).expanduser().absolute()


def working_folder() -> Path:
    """Folder of relative names: in a worker the one that it began in, wherever the code of a detector has gone since."""
    return Path(_BEGAN_IN[0] if _BEGAN_IN else Path.cwd())


def keep_working_folder() -> None:
    """Keep the present folder as that of relative names, for the life of a worker process."""
    _BEGAN_IN[:] = [Path.cwd()]


def settle_folders() -> None:
    """Make the folders that the environment names absolute: they stay where they are when the working directory changes."""
    for name, root in (("BANDBENCH_HOME", results_root), ("BANDBENCH_CACHE", cache_root)):
        if os.environ.get(name):
            os.environ[name] = str(root())


def relocated(path: Path) -> Path:
    """
    Present path of a file or folder of the results that was noted when the results lay elsewhere.

    Parameters
    ----------
    path : Path
        As it was noted.

    Returns
    -------
    Path
        `path` itself if it exists, lies below `results_root`, or has no counterpart there.
    """
    root = results_root()
    if path.exists() or path.is_relative_to(root):
        return path
    starts = [i for i, part in enumerate(path.parts) if part in NOTED]
    candidates = (root.joinpath(*path.parts[i:]) for i in reversed(starts))
    return next((candidate for candidate in candidates if candidate.exists()), path)


def study_lock_file(name: str) -> Path:
    """Lock file of a study, which stays where a run of it has begun."""
    return results_root() / "locks" / f"{name}.lock"


def was_begun(name: str) -> bool:
    """Return True if a run of a study has begun before: there may be nothing left to compute."""
    return study_lock_file(name).exists()


def can_write(path: Path) -> bool:
    """Return True if this process may write an existing file, or make files in an existing folder."""
    return os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids)


def ensure_places() -> None:
    """
    Make the folders of results and cache, before any work whose outcome they could not take.

    Raises
    ------
    BenchError
        If one of them cannot be written.
    """
    ensure_writable(results_root(), "BANDBENCH_HOME")
    ensure_writable(cache_root(), "BANDBENCH_CACHE")


def ensure_writable(folder: Path, variable: str) -> Path:
    """
    Make a folder and prove that a file can be written there.

    Raises
    ------
    BenchError
        Naming the environment variable that points elsewhere.
    """
    if has_surrogate(str(folder)):  # MLflow, Parquet and SQLite take texts as paths
        shown = os.fsencode(folder).decode(errors="backslashreplace")
        raise BenchError(f"the path {shown} is no UTF-8, which databases need; set {variable} to another folder.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (FileExistsError, NotADirectoryError) as error:
        raise BenchError(f"cannot write to {folder} (it is no folder); set {variable} to another folder.") from error
    except OSError as error:
        raise BenchError(
            f"cannot write to {folder} ({error.strerror}); make it writable or set {variable} to another folder."
        ) from error
    return folder
