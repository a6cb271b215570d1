"""Standard output and standard error: whatever their encoding, and whoever has stopped reading them."""

import codecs
import io
import os
import sys
from typing import Any

from ..errors import BenchError

# What the commands print beyond ASCII, in one character each, so that columns stay columns.
PLAIN = str.maketrans("←→↑↓–—−·…×≈≤≥±•“”‘’²³°µπσ│─", "<><>---.~x~<>+*\"\"''23ouns|-")
STREAMS = (("stdout", 1), ("stderr", 2))


def open_streams() -> None:
    r"""
    Put streams that take every character in the place of standard output and standard error.

    A character that the encoding lacks is written as the nearest plain one, else as its escape sequence (``\u4e2d``). Where
    the reader has gone (``bench list studies | head -1``), what is written is dropped and the command goes on to its end.
    Streams that somebody else has put there, a test for example, are left alone.
    """
    codecs.register_error("bandbench", _plain_or_escaped)
    for name, number in STREAMS:
        stream = getattr(sys, name)
        if stream is None:  # closed by the caller; the next file that is opened must not take its number
            _occupy(number)
            setattr(sys, name, open(number, "w", encoding="utf-8", errors="bandbench", closefd=False))  # noqa: SIM115
        elif stream is getattr(sys, f"__{name}__") and isinstance(stream, io.TextIOWrapper):
            raw = io.BufferedWriter(_Output(stream.fileno(), "w", closefd=False))
            options: dict[str, Any] = {"line_buffering": stream.line_buffering, "write_through": stream.write_through}
            setattr(sys, name, io.TextIOWrapper(raw, stream.encoding, "bandbench", **options))


def _plain_or_escaped(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    plain = error.object[error.start : error.end].translate(PLAIN)
    return plain.encode("ascii", "backslashreplace").decode("ascii"), error.end


def _occupy(number: int) -> None:
    null = os.open(os.devnull, os.O_RDWR)
    if null != number:
        os.dup2(null, number)
        os.close(null)


class _Output(io.FileIO):
    """A file that does not mind being read no more, and complains once of a full disk."""

    _broken = False

    def write(self, data: Any, /) -> int:
        if self._broken:
            return len(memoryview(data).cast("B"))
        try:
            return super().write(data)
        except BrokenPipeError:
            self._broken = True
            return len(memoryview(data).cast("B"))
        except OSError as error:
            self._broken = True
            raise BenchError(f"the output cannot be written ({error.strerror}).") from error
