"""The base installation: what needs an extra is listed with its reason, and nothing loads it unasked."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bandbench.benchmark.invocation import install_extra
from bandbench.benchmark.registry import detectors

EXTRA = ("torch", "torchvision", "timm", "open_clip", "transformers", "huggingface_hub")
LEARNED = {
    "dct_cnn": "torch",
    "wavelet_highband": "torch",
    "consistency_probe": "torch, transformers, open_clip",
    "sensitivity": "torch, transformers, open_clip",
    "warping_cnn": "torch, timm",
    "clip_probe": "torch, open_clip",
    "dino_probe": "torch, transformers",
}
# Every finder is asked as before, but finds none of these: to this process they are not installed.
WITHOUT_TORCH = f"""
import sys

class Without:
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] in {EXTRA!r} else self.finder.find_spec(name, path, target)

sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
"""


STUDIES = ("list", "studies", "--json")


def python(code: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], cwd=cwd, capture_output=True, text=True)


def bench_without_torch(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = f"from bandbench.benchmark.cli import main; sys.argv = {['bench', *arguments]!r}; sys.exit(main())"
    return python(WITHOUT_TORCH + code, cwd)


def test_detectors_of_an_extra_are_listed_with_the_way_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = bench_without_torch(tmp_path, "list", "detectors", "--json")
    assert done.returncode == 0, done.stderr
    status = {entry["name"]: entry["status"] for entry in json.loads(done.stdout)}
    for name, libraries in LEARNED.items():
        assert status[name] == f"needs the extra `deep` ({libraries} missing): {install_extra('deep')}"
    assert set(status) == set(detectors.names())
    for name, reason in status.items():
        needs_torch = "torch" in detectors.get(name).needs
        assert reason.startswith("needs the extra `deep`") if needs_torch else reason == "ok", f"{name}: {reason}"


@pytest.mark.parametrize(
    "arguments",
    [
        ("check", "detector", "dct_cnn"),
        ("embeddings", "procedural/planted", "--detector", "clip_probe/random"),
        ("train", "warping_cnn/tiny", "--train", "procedural/planted"),
        ("run", "--study", "embedding_bands", "--detector", "dino_probe/random"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_one_of_them_asked_for_says_the_same(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = bench_without_torch(tmp_path, *arguments)
    assert done.returncode == 2
    named = next(name for name in LEARNED if any(name in argument for argument in arguments))
    assert f"{named} needs the extra `deep` ({LEARNED[named]} missing)" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr


def test_everything_else_works(tmp_path: Path, empty_store: Path) -> None:
    (tmp_path / "home").mkdir()
    shutil.copy(empty_store, tmp_path / "home")
    small = ("--data", "procedural.n_train=4", "--data", "procedural.n_val=4", "--data", "procedural.n_test=4")
    options = (*small, "--crop", "48", "--jobs", "1")
    for command in (
        ("embeddings", "procedural/planted", "--detector", "dct_ridge", *options),
        ("train", "spectral_logreg", "--train", "procedural/planted", *options, "--out", "model"),
        ("evaluate", "model", "--test", "procedural/planted", *small, "--jobs", "1"),
    ):
        done = bench_without_torch(tmp_path, *command)
        assert done.returncode == 0, done.stderr
    needs = {entry["name"]: entry["needs"] for entry in json.loads(bench_without_torch(tmp_path, *STUDIES).stdout)}
    assert needs["embedding_bands"].startswith("the extra `deep`; fetches ViT-L-14 (openai)")
    assert needs["band_search"] == "nothing"


def test_nothing_loads_pytorch_unasked(tmp_path: Path) -> None:
    code = """
import sys
import bandbench.benchmark.analysis.embeddings, bandbench.benchmark.search.run, bandbench.detectors.learning.networks
from bandbench.benchmark.invocation import install_extra
from bandbench.benchmark.registry import detectors
detectors.names()
names = ("dct_cnn", "warping_cnn", "clip_probe", "dino_probe")
print(sum(f"bandbench.detectors.{name}" in sys.modules for name in names))
print([name for name in ("torch", "timm", "open_clip", "transformers", "huggingface_hub") if name in sys.modules])
"""
    assert python(code, tmp_path).stdout.split() == ["4", "[]"]
