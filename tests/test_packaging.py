"""The distribution: archives that hold what they need and nothing else, and a long description without relative links."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Callable
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCE = "https://example.org/lab/bandbench"
BUILD = "import sys; from setuptools import build_meta as b; print(getattr(b, 'build_' + sys.argv[1])(sys.argv[2]))"
# Files of the checkout that are made by tools.
MADE = shutil.ignore_patterns(".venv", ".tools", ".git", "build", "dist", "*.egg-info", ".pytest_cache", ".ruff_cache")


@pytest.fixture(scope="module")
def describe() -> Callable[..., str]:
    """Run `describe` of setup.py in a process of its own: setuptools must be imported before any distutils is."""
    code = "import json, runpy, sys; print(json.dumps(runpy.run_path(sys.argv[1])['describe'](*sys.argv[2:])))"

    def call(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, "-c", code, str(ROOT / "setup.py"), *words], capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    return call


@pytest.mark.parametrize(
    ("readme", "plain", "absolute"),
    [
        ("see [docs](docs/a.md#b).", "see docs.", f"see [docs]({SOURCE}/blob/HEAD/docs/a.md#b)."),
        ("[below](#here)", "below", "below"),
        ("[uv](https://docs.astral.sh/uv/)", "[uv](https://docs.astral.sh/uv/)", "[uv](https://docs.astral.sh/uv/)"),
        ("![Map](docs/m.png)", "*Picture in docs/m.png of the source archive: Map.*", f"![Map]({SOURCE}/raw/HEAD/docs/m.png)"),
        ("![Far](https://e.org/m.png)", "![Far](https://e.org/m.png)", "![Far](https://e.org/m.png)"),
        (
            "```python\nf[0](x)\n```\n[a](b)",
            "```python\nf[0](x)\n```\na",
            f"```python\nf[0](x)\n```\n[a]({SOURCE}/blob/HEAD/b)",
        ),
        ("`[--csv FILE]` and (so on)", "`[--csv FILE]` and (so on)", "`[--csv FILE]` and (so on)"),
    ],
)
def test_links_of_the_readme_on_a_page_elsewhere(describe: Callable[..., str], readme: str, plain: str, absolute: str) -> None:
    assert describe(readme) == plain
    assert describe(readme, SOURCE) == absolute


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Build the source archive from a copy of the checkout, and the wheel from the source archive."""
    folder = tmp_path_factory.mktemp("archives")
    shutil.copytree(ROOT, folder / "checkout", ignore=MADE, symlinks=True)
    (folder / "checkout" / "detectors" / "__pycache__").mkdir(exist_ok=True)
    (folder / "checkout" / "detectors" / "__pycache__" / "left.cpython-311.pyc").touch()
    (folder / "checkout" / "tests" / "__pycache__").mkdir(exist_ok=True)
    (folder / "checkout" / "tests" / "__pycache__" / "left.cpython-311.pyc").touch()
    sdist = build("sdist", folder / "checkout", folder)
    with tarfile.open(sdist) as archive:
        archive.extractall(folder / "unpacked", **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    (unpacked,) = (folder / "unpacked").iterdir()
    return sdist, build("wheel", unpacked, folder)


def build(kind: str, source: Path, folder: Path) -> Path:
    done = subprocess.run(
        [sys.executable, "-c", BUILD, kind, str(folder)], cwd=source, capture_output=True, text=True, env={**os.environ}
    )
    assert done.returncode == 0, done.stderr
    return folder / done.stdout.split()[-1]


def shipped(path: str) -> bool:
    return "__pycache__" not in path and not path.endswith(".pyc")


def test_the_source_archive_holds_the_checkout(archives: tuple[Path, Path]) -> None:
    with tarfile.open(archives[0]) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"Makefile", "MANIFEST.in", "CHANGELOG.md", "CONTRIBUTING.md", ".ci/run", "tests/conftest.py"} <= names
    assert not [name for name in names if not shipped(name)]
    for folder in ("benchmark", "datasets", "detectors", "docs", "leaderboard/page", "studies", "tests"):
        files = {str(path.relative_to(ROOT)) for path in (ROOT / folder).rglob("*") if path.is_file()}
        assert {file for file in files if shipped(file)} <= names


def test_the_wheel_holds_the_packages_with_their_data(archives: tuple[Path, Path]) -> None:
    with zipfile.ZipFile(archives[1]) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert all(name.startswith("bandbench/") and shipped(name) for name in names)
    assert "bandbench/leaderboard/index.html" not in names
    wanted = {
        *(path.relative_to(ROOT) for path in (ROOT / "leaderboard/page").rglob("*") if path.is_file()),
        *(path.relative_to(ROOT) for path in (ROOT / "leaderboard/submissions/shipped").rglob("*") if path.is_file()),
        *(path.relative_to(ROOT) for path in (ROOT / "benchmark/cli/templates").iterdir()),
        *(path.relative_to(ROOT) for folder in ("studies", "datasets", "detectors") for path in (ROOT / folder).rglob("*.py")),
        *(path.relative_to(ROOT) for path in (ROOT / "studies").glob("*.yaml")),
        *(path.relative_to(ROOT) for path in (ROOT / "api").glob("*.py")),
        *(path.relative_to(ROOT) for path in (ROOT / "datasets/splits").iterdir()),
    }
    assert {f"bandbench/{path}" for path in wanted if shipped(str(path))} <= names
    assert {f"bandbench/{name}" for name in ("__init__.py", "__init__.pyi", "py.typed")} <= names


@pytest.fixture(scope="module")
def metadata(archives: tuple[Path, Path]) -> Message:
    with zipfile.ZipFile(archives[1]) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


def test_the_long_description_has_no_relative_link(metadata: Message) -> None:
    text = metadata.get_payload()
    assert isinstance(text, str)
    assert text.lstrip().startswith("# bandbench")
    outside = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    targets = re.findall(r"\]\(([^)\s]+)\)", outside)
    assert targets
    assert [target for target in targets if not target.startswith("https://")] == []
    assert metadata["Description-Content-Type"] == "text/markdown"


def test_the_metadata_are_those_of_pyproject(metadata: Message) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert metadata["Requires-Python"] == project["requires-python"]
    assert metadata.get_all("Classifier") == project["classifiers"]
    assert metadata.get_all("Provides-Extra") == sorted(project["optional-dependencies"])
    requirements = metadata.get_all("Requires-Dist") or []
    assert len(requirements) == len(project["dependencies"]) + sum(map(len, project["optional-dependencies"].values()))
    assert not [line for line in requirements if "retinaface" in line], "its old pins make an extra that pip cannot install"
