"""The base installation: what needs an extra is listed with its reason, and nothing loads it unasked."""

import json
import subprocess
import sys
from pathlib import Path

from bandbench.benchmark.registry import detectors

# Every finder is asked as before, but finds no PyTorch: to this process it is not installed.
WITHOUT_TORCH = """
import sys

class Without:
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] == "torch" else self.finder.find_spec(name, path, target)

sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
"""


def python(code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True)


def bench_without_torch(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = f"from bandbench.benchmark.cli import main; sys.argv = {['bench', *arguments]!r}; sys.exit(main())"
    return python(WITHOUT_TORCH + code, cwd)


def test_detectors_of_an_extra_are_listed_with_the_way_to_get_it(tmp_path: Path) -> None:
    done = bench_without_torch(tmp_path, "list", "detectors", "--json")
    assert done.returncode == 0, done.stderr
    status = {entry["name"]: entry["status"] for entry in json.loads(done.stdout)}
    assert status["dct_cnn"] == "needs the extra `deep` (torch missing): pip install 'bandbench[deep]'"
    assert set(status) == set(detectors.names())
    for name, reason in status.items():
        needs_torch = "torch" in detectors.get(name).needs
        assert reason.startswith("needs the extra `deep`") if needs_torch else reason == "ok", f"{name}: {reason}"


def test_one_of_them_asked_for_says_the_same(tmp_path: Path) -> None:
    done = bench_without_torch(tmp_path, "check", "detector", "dct_cnn")
    assert done.returncode == 2
    assert "dct_cnn needs the extra `deep` (torch missing)" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_nothing_loads_pytorch_unasked(tmp_path: Path) -> None:
    code = """
import sys
import bandbench.benchmark.engine, bandbench.benchmark.networks
from bandbench.benchmark.registry import detectors
detectors.names()
print([name for name in sys.modules if name.startswith("bandbench.detectors.dct_cnn")], "torch" in sys.modules)
"""
    assert python(code, tmp_path).stdout.strip() == "['bandbench.detectors.dct_cnn'] False"
