"""The seal of a folder: the digests of its files as they were written, by which a later damage is noticed."""

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from .files import file_digest, read_json, write_json

SEAL = "sha256.json"


def seal_folder(folder: Path, without: Sequence[str] = ()) -> None:
    """
    Write the SHA-256 of every file of a finished folder into it.

    Parameters
    ----------
    folder : Path
    without : sequence of str
        Folders in it that have digests of their own.
    """
    names = sorted(file.relative_to(folder) for file in folder.rglob("*") if file.is_file() and file != folder / SEAL)
    write_json(folder / SEAL, {name.as_posix(): file_digest(folder / name) for name in names if name.parts[0] not in without})


def break_seal(folder: Path) -> None:
    """Delete the seal of a folder that is going to be changed; without one, nothing counts as damaged."""
    (folder / SEAL).unlink(missing_ok=True)


def is_sealed(folder: Path) -> bool:
    """Return True if a folder has a seal, be it a damaged one."""
    return (folder / SEAL).exists()


def damaged_files(folder: Path) -> list[str]:
    """
    Return the files of a sealed folder that are missing, unreadable or not as they were written; of a damaged seal, itself.

    Files that were added are not looked at. A folder without a seal has none: an earlier version wrote it, or it is being
    written.
    """
    if not is_sealed(folder):
        return []
    digests = read_json(folder / SEAL)
    if not isinstance(digests, dict) or not all(_is_entry(name, sha256) for name, sha256 in digests.items()):
        return [SEAL] if is_sealed(folder) else []  # another process may have broken it meanwhile
    return [name for name, sha256 in digests.items() if not _has(folder / name, sha256)]


def _is_entry(name: str, sha256: object) -> bool:
    inside = not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts
    return inside and isinstance(sha256, str) and re.fullmatch("[0-9a-f]{64}", sha256) is not None


def _has(file: Path, sha256: str) -> bool:
    try:
        return file_digest(file) == sha256
    except OSError:
        return False
