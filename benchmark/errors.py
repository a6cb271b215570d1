"""Errors that a user can meet; any other exception that escapes is a bug."""

import difflib
import re
import warnings
from collections.abc import Iterable

# What a terminal acts upon instead of showing it, or turns other text around with; line ends and tabs are harmless.
ACTS_ON_TERMINAL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\N{LINE SEPARATOR}\N{PARAGRAPH SEPARATOR}\u202a-\u202e\u2066-\u2069]"
)


_SURROGATES = re.compile(r"[\ud800-\udfff]")
SURROGATE = r"half of a surrogate pair (\ud800 to \udfff), which is no character"  # for messages

# Whatever the code of somebody else may raise, but for Ctrl-C: a script that parses arguments or ends raises SystemExit.
PLUGIN_FAILURES = (Exception, SystemExit, GeneratorExit)


class BenchError(Exception):
    """A mistake or a bad input that the user can correct: one message, no traceback, exit code 2."""

    exit_code = 2

    def _render_traceback_(self) -> list[str]:
        """Lines that a notebook shows for the error: the message, without the frames of this package."""
        return [f"{type(self).__name__}: {self}"]


class DataError(BenchError):
    """A data set, a folder or a picture that cannot be used."""


class DiskError(BenchError):
    """A disk that cannot be written: full, read-only, broken, or a folder on it that was deleted while it was in use."""

    exit_code = 1


class TooSmallError(DataError):
    """A picture that is smaller than the window that is to be cut out of it."""


class StudyError(BenchError):
    """A study file or an option that does not make sense."""


class EmptyBandError(StudyError):
    """A band that leaves too few frequencies of a crop for a view to be computed; nothing is wrong with the rest."""


class PluginError(BenchError):
    """A detector or data set that is unknown, cannot be imported or breaks its contract."""


class NotFiniteError(PluginError):
    """A detector's score, or a feature that it is handed, that is no number."""


class TrackingError(BenchError):
    """A tracking store that cannot be read or written."""


class NothingRecordedError(TrackingError):
    """A tracking store that does not exist yet, as nothing was recorded in it."""


class BenchWarning(UserWarning):
    """Something that a user should know while the work goes on: one sentence."""


_format_warning = warnings.formatwarning


def show_sentences() -> None:
    """Show each `BenchWarning` as its sentence alone from now on, without the line of code that it comes from."""
    warnings.formatwarning = _formatted


def _formatted(message: Warning | str, category: type[Warning], filename: str, lineno: int, line: str | None = None) -> str:
    if issubclass(category, BenchWarning):
        return f"bench: {message}\n"
    return _format_warning(message, category, filename, lineno, line)


def plain_text(text: str) -> str:
    r"""
    Write the characters of a text that a terminal would act upon as ``\xNN`` or ``\uNNNN``.

    >>> print(plain_text("a\x1b[31mb"))
    a\x1b[31mb
    """
    return text if text.isprintable() else ACTS_ON_TERMINAL.sub(_escaped, text)


def has_surrogate(text: str) -> bool:
    """Return True if a text has half of a surrogate pair: no file in UTF-8 and no database takes it."""
    return not text.isascii() and _SURROGATES.search(text) is not None


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def text_of(error: BaseException) -> str:
    """Return the message of an exception of somebody else's, whose `__str__` may fail, too."""
    try:
        return str(error)
    except PLUGIN_FAILURES:
        return "an exception whose message cannot be read"


def listed(names: Iterable[object], most: int, between: str = ", ") -> str:
    """
    Join the first of several names, and say how many more there are.

    >>> listed("abcde", 2)
    'a, b and 3 more'
    >>> listed(["a is torn", "b is gone", "c is empty"], 2, "; ")
    'a is torn; b is gone; and 1 more'
    """
    texts = [str(name) for name in names]
    shown, n_more = between.join(texts[:most]), len(texts) - most
    if n_more <= 0:
        return shown
    return f"{shown}{' ' if between == ', ' else between}and {n_more} more"


def unknown_name(what: str, name: str, names: Iterable[str]) -> str:
    """
    Build the message for an unknown name, with the nearest name and all that exist.

    >>> unknown_name("detector", "spectral_svn", ["coin_flip", "spectral_svm"])
    "unknown detector 'spectral_svn'. Did you mean 'spectral_svm'? Known: coin_flip, spectral_svm."
    """
    names = sorted(names)
    listing = ", ".join(names) if names else "none"
    return f"unknown {what} '{name}'.{nearest_name(name, names)} Known: {listing}."


def nearest_name(name: str, names: Iterable[str]) -> str:
    """
    Build the sentence that offers the nearest of some names, with a space before it; empty where none is near.

    >>> nearest_name("Coin_flop", ["coin_flip", "spectral_svm"])
    " Did you mean 'coin_flip'?"
    """
    names = sorted(names)
    folded = {spelling.casefold(): spelling for spelling in names}
    near = difflib.get_close_matches(name, names, n=1) or difflib.get_close_matches(name.casefold(), folded, n=1)
    return f" Did you mean '{folded.get(near[0], near[0])}'?" if near else ""
