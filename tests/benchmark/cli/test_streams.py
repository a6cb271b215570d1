"""Whatever the encoding of the output, and whoever has stopped reading it, a command ends as it should."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bandbench.benchmark.cli import streams

MAIN = [sys.executable, "-c", "from bandbench.benchmark.cli import main; main()"]
PRINTER = "from bandbench.benchmark.cli.streams import open_streams; open_streams(); print({text!r})"


def printed(text: str, encoding: str) -> bytes:
    environment = os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-c", PRINTER.format(text=text)], capture_output=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("encoding", "text", "wanted"),
    [
        ("ascii", "← a – b ×", b"< a - b x\n"),
        ("latin-1", "é ← ×", b"\xe9 < \xd7\n"),
        ("cp1252", "… 中", b"\x85 \\u4e2d\n"),
        ("utf-8", "→ \udcff", b"\xe2\x86\x92 \\udcff\n"),
    ],
)
def test_what_an_encoding_lacks_is_written_plainly(encoding: str, text: str, wanted: bytes) -> None:
    assert printed(text, encoding) == wanted


def test_plain_characters_keep_columns() -> None:
    assert all(len(chr(value)) == 1 and ord(chr(value)) < 128 for value in streams.PLAIN.values())


def shell(command: str, tmp_path: Path) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which ``$BENCH`` is the program; its exit code is that of the program."""
    script = tmp_path / "bench"
    script.write_text(f"#!{sys.executable}\nfrom bandbench.benchmark.cli import main\nmain()\n")
    script.chmod(0o755)
    environment = os.environ | {"BENCH": str(script)}
    return subprocess.run(["bash", "-c", command], capture_output=True, text=True, env=environment)


@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("$BENCH list studies | head -1 >/dev/null; exit ${PIPESTATUS[0]}", 0),
        ("$BENCH list nonsense 2>&1 | true; exit ${PIPESTATUS[0]}", 2),
        ("$BENCH list studies >&-", 0),
        ("$BENCH cache info >&- 2>&-", 0),
    ],
)
def test_nobody_listens(command: str, code: int, tmp_path: Path) -> None:
    done = shell(command, tmp_path)
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    done = shell("$BENCH cache info >/dev/full", tmp_path)
    assert done.returncode == 2
    assert done.stderr == "bench: the output cannot be written (No space left on device).\n"
