"""The whole site builds without a warning, and has every option and every name where a reader looks for it."""

import re
import subprocess
import sys
from pathlib import Path

import bandbench

DOCS = Path(__file__).parents[2] / "docs"


def test_the_site_builds_without_warnings(tmp_path: Path) -> None:
    """One test, because a build takes twenty seconds."""
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "--fail-on-warning",
        "--keep-going",
        "--quiet",
        "--doctree-dir",
        tmp_path / "trees",
    ]
    done = subprocess.run([*command, DOCS, tmp_path / "site"], capture_output=True, text=True)
    assert done.stderr == ""
    assert done.returncode == 0
    commands = (tmp_path / "site" / "reference" / "cli.html").read_text(encoding="utf-8")
    assert 'id="cmdoption-bench-run-data"' in commands
    assert 'id="cmdoption-bench-leaderboard-add-meta"' in commands
    python = (tmp_path / "site" / "reference" / "api.html").read_text(encoding="utf-8")
    documented = set(re.findall(r'<dt class="sig sig-object py" id="bandbench\.[\w.]*?\.?(\w+)">', python))
    assert set(bandbench.__all__) - documented == set()
