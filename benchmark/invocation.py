"""Command lines for messages, as they can be typed in this environment, with its program and its installer."""

import contextlib
import importlib.metadata
import importlib.util
import json
import os
import shlex
import shutil
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from .errors import BenchError, DataError

PACKAGE, PROGRAM = "bandbench", "bench"


def bench(arguments: str = "") -> str:
    """
    Return a command line of this program that works where the present one was typed.

    Parameters
    ----------
    arguments : str
        As they are typed after ``bench``; quoting is the caller's.

    Returns
    -------
    str
        ``bench ui`` where ``bench`` is on PATH, else for example ``.venv/bin/bench ui``.
    """
    return f"{_program()} {arguments}".rstrip()


def _program() -> str:
    started = Path(sys.argv[0]) if sys.argv and sys.argv[0] else Path()
    own = started if started.name == PROGRAM and started.is_file() else Path(sysconfig.get_path("scripts"), PROGRAM)
    # `uv run` puts the environment on PATH for the program alone: what is found there cannot be typed afterwards.
    on_path = None if "UV_RUN_RECURSION_DEPTH" in os.environ else shutil.which(PROGRAM)
    if not own.is_file() or (on_path and os.path.realpath(on_path) == os.path.realpath(own)):
        return PROGRAM
    return _path(own)


def _path(path: Path) -> str:
    """Path for a shell, from the working folder where it lies below it; one without a slash would be looked for on PATH."""
    folder = Path.cwd()
    near = path.relative_to(folder) if path.is_absolute() and path.is_relative_to(folder) else path
    return shlex.quote(str(near) if len(near.parts) > 1 else f"./{near}")


def install_extra(extra: str) -> str:
    """Return the command that adds an optional part (``deep``) to this installation."""
    return Installation.present().extra_command(extra)


def extra_missing(extra: str, libraries: Sequence[str]) -> str:
    """
    Look for libraries of an optional part without importing them.

    Parameters
    ----------
    extra : str
    libraries : sequence of str
        As they are imported.

    Returns
    -------
    str
        Predicate of a sentence whose subject needs them, with the command that installs them; empty if none is missing.
    """
    absent = [name for name in libraries if importlib.util.find_spec(name) is None]
    return _needs_extra(extra, absent) if absent else ""


@contextlib.contextmanager
def try_import(extra: str, subject: str, alternative: str = "", error_type: type[BenchError] = DataError) -> Iterator[None]:
    """
    Import a library of an optional part, or raise an error with the command that installs it.

    Parameters
    ----------
    extra : str
    subject : str
        Of the sentence: what needs the library.
    alternative : str
        Another way on.
    error_type : type of BenchError

    Raises
    ------
    BenchError
        If the import fails; of `error_type`.

    Examples
    --------
    ::

        with try_import("video", "h264"):
            import av
    """
    try:
        yield
    except ImportError as error:
        other = f"; or {alternative}." if alternative else ""
        raise error_type(f"{subject} {_needs_extra(extra, [error.name or 'a library'])}{other}") from error


def _needs_extra(extra: str, absent: Sequence[str]) -> str:
    return f"needs the extra `{extra}` ({', '.join(absent)} missing): {install_extra(extra)}"


def install(requirement: str, *options: str) -> str:
    """Return the command that installs a requirement into this environment; pip and uv have to know the options."""
    return f"{Installation.present().installer} {shlex.join([*options, requirement])}"


@dataclass(frozen=True)
class Installation:
    """
    Origin of the package in the environment that runs it.

    Attributes
    ----------
    prefix : Path
        Folder of the environment.
    checkout : Path or None
        Folder that is installed as it is (an editable installation), where there is one.
    has_pip : bool
        Environments that uv makes have none.
    address : str
        Of the wheel or archive that was installed, where it did not come from an index.
    """

    prefix: Path
    checkout: Path | None
    has_pip: bool
    address: str = ""

    @classmethod
    def present(cls) -> "Installation":
        """Describe the running environment."""
        record = _record()
        folder = Path(unquote(urlsplit(record.get("url", "")).path))
        editable = record.get("dir_info", {}).get("editable", False) and folder.is_dir()
        has_pip = importlib.util.find_spec("pip") is not None
        return cls(Path(sys.prefix), folder if editable else None, has_pip, "" if editable else record.get("url", ""))

    @property
    def installer(self) -> str:
        """Install command without its requirements; it reaches this environment, whichever one is active in the shell."""
        python = _path(Path(sys.executable))
        if not self.has_pip:
            active = os.environ.get("VIRTUAL_ENV") == str(self.prefix)
            return f"{_uv(self.checkout)} pip install" + (f" --python {python}" if not active else "")
        pip = shutil.which("pip")
        own = pip is not None and Path(pip).parent == Path(sysconfig.get_path("scripts"))
        return "pip install" if own else f"{python} -m pip install"

    def extra_command(self, extra: str) -> str:
        """Return the command that adds an optional part."""
        requirement = f"{PACKAGE}[{extra}]"
        for mark, tool in (("uv-receipt.toml", "uv tool install"), ("pipx_metadata.json", "pipx install --force")):
            if (self.prefix / mark).is_file():
                source = self.address or (self.checkout.as_uri() if self.checkout else "")
                return f"{tool} {shlex.quote(f'{requirement} @ {source}' if source else requirement)}"
        if self.checkout is None:  # the package itself is there already, so that installers look for its extra alone
            return f"{self.installer} {shlex.quote(requirement)}"
        if self.prefix != self.checkout / ".venv":
            return f"{self.installer} -e {shlex.quote(f'{self.checkout}[{extra}]')}"
        # Neither the test tools nor the loss of other extras: what `uv sync` does by itself.
        where = "" if Path.cwd() == self.checkout else f" --project {_path(self.checkout)}"
        return f"{_uv(self.checkout)} sync --extra {extra} --no-dev --inexact{where}"


def _uv(checkout: Path | None) -> str:
    """Program uv: the one on PATH, else the one that make has fetched into the checkout."""
    fetched = checkout / ".tools" / "bin" / "uv" if checkout else None
    return _path(fetched) if fetched and fetched.is_file() and not shutil.which("uv") else "uv"


def _record() -> dict[str, Any]:
    """Origin of the installed package as installers record it (PEP 610); empty for one from an index."""
    try:
        return json.loads(importlib.metadata.distribution(PACKAGE).read_text("direct_url.json") or "{}")
    except (importlib.metadata.PackageNotFoundError, ValueError):
        return {}
