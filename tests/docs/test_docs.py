"""What the documents say works: their commands and code are run here."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bandbench.benchmark.cli.app import COMMANDS
from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.testing import check_detector
from bandbench.benchmark.views import view_kernel

ROOT = Path(__file__).parents[2]
BENCH = [sys.executable, "-c", "from bandbench.benchmark.cli import main; main()"]


def blocks(path: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", path.read_text(), flags=re.DOTALL)


def test_the_ten_lines_of_the_readme(tmp_path: Path) -> None:
    (code,) = (block for block in blocks(ROOT / "README.md", "python") if "class " in block)
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
    (tmp_path / "mean_gap.py").write_text(code)
    failed = [result for result in check_detector(DetectorSpec.parse(f"{tmp_path}/mean_gap.py:MeanGap")) if not result.ok]
    assert not failed


@pytest.mark.parametrize("name", ["add_a_detector", "add_a_dataset"])
def test_the_steps_work(name: str, tmp_path: Path) -> None:
    commands = [line for line in "".join(blocks(ROOT / "docs" / f"{name}.md", "sh")).splitlines() if line.strip()]
    assert len(commands) >= 2
    for command in commands:
        words = command.split()
        assert words[0] == "bench"
        done = subprocess.run([*BENCH, *words[1:]], cwd=tmp_path, env=os.environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_the_view_of_the_detectors_page(tmp_path: Path) -> None:
    (code,) = blocks(ROOT / "docs" / "add_a_detector.md", "python")
    (tmp_path / "columns.py").write_text(code)
    crops = np.random.default_rng(0).integers(0, 256, (3, 32, 32)).astype(np.uint8)
    kernel = view_kernel(ViewSpec(f"{tmp_path}/columns.py:Columns"))
    features = kernel.features(kernel.base(crops), (32, 32), Band("low", 0.2))
    assert features.frequency is not None
    assert features.values.shape == (3, len(features.frequency))
    assert features.frequency.max() <= 0.2


def test_every_command_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    assert [name for name in COMMANDS if f"bench {name}" not in text] == []


PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "leaderboard").rglob("*.md")])
FOLDERS = "benchmark|datasets|detectors|docs|leaderboard|studies|tests"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for target, heading in re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", page.read_text(encoding="utf-8")):
        file = page.parent / target if target else page
        assert file.exists(), f"{page.name} links to {target}"
        if heading:
            headings = re.findall(r"^#+ (.*)$", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
            addresses = [re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in headings]
            assert heading in addresses, f"{page.name} links to {target}#{heading}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_that_are_named_exist(page: Path) -> None:
    """Paths in capitals, as ``datasets/NAME.py``, stand for any."""
    text = page.read_text(encoding="utf-8")
    named = re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", text)
    missing = [path for path in named if not re.search(r"[A-Z]{2}", path) and not (ROOT / path).exists()]
    assert missing == []
