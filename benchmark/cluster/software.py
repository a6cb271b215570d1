"""Software and processor of a machine, as far as they can change the last digit of a score."""

import hashlib
import importlib.metadata
import importlib.util
import platform
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from threadpoolctl import threadpool_info

# By the names of their distributions; the optional ones belong to extras.
LIBRARIES = (
    "numpy",
    "scipy",
    "scikit-learn",
    "lightgbm",
    "opencv-python-headless",
    "pillow",
    "PyWavelets",
    "pyarrow",
)
OPTIONAL = ("torch", "timm", "open-clip-torch", "transformers", "onnxruntime", "av", "pillow-heif", "lmdb")
FOLDERS = ("benchmark", "detectors", "datasets", "leaderboard", "api", "studies")


@dataclass(frozen=True)
class Software:
    """
    Software of a machine.

    Attributes
    ----------
    versions : dict of str to str
        Of Python and of the libraries that scores come from.
    code : str
        Digest of the source of this package.
    kernels : tuple of str
        Processors that the loaded libraries of linear algebra have chosen their code for.
    """

    versions: dict[str, str]
    code: str
    kernels: tuple[str, ...]

    @classmethod
    def here(cls) -> "Software":
        """Return that of this machine."""
        return cls(_versions(), _code_digest(), _kernels())


def _versions() -> dict[str, str]:
    """Return the versions of Python (without its last number, which is for corrections) and of the libraries that are here."""
    found = {"Python": ".".join(platform.python_version_tuple()[:2])}
    for name in (*LIBRARIES, *OPTIONAL):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


@cache
def _code_digest() -> str:
    """First 16 hex digits of the SHA-256 of the Python files of this package."""
    package = __name__.partition(".")[0]
    code = hashlib.sha256()
    for folder in FOLDERS:
        spec = importlib.util.find_spec(f"{package}.{folder}")
        for place in (spec.submodule_search_locations if spec else None) or ():
            for path in sorted(Path(place).rglob("*.py")):
                code.update(f"{folder}/{path.relative_to(place)}\n".encode())
                code.update(path.read_bytes())
    return code.hexdigest()[:16]


def _kernels() -> tuple[str, ...]:
    """Return the processors that the loaded libraries of linear algebra have chosen their code for, with the library."""
    import scipy.linalg  # noqa: F401 (loads the library; not at the top, where a process has not set its threads yet)

    found = {
        f"{library['internal_api']} for {library['architecture']}" for library in threadpool_info() if "architecture" in library
    }
    return tuple(sorted(found))
