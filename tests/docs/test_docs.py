"""What the documents say works: their commands and code are run here."""

import os
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import typer
import yaml

from bandbench.benchmark.cli.app import COMMANDS, app
from bandbench.benchmark.contracts import ViewSpec
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.testing import check_detector
from bandbench.benchmark.views import view_kernel
from extensions.command_line import contexts

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
    commands = [line for line in "".join(blocks(ROOT / "docs" / "howto" / f"{name}.md", "sh")).splitlines() if line.strip()]
    assert len(commands) >= 2
    for command in commands:
        words = command.split()
        assert words[0] == "bench"
        done = subprocess.run([*BENCH, *words[1:]], cwd=tmp_path, env=os.environ, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr


def test_the_view_of_the_detectors_page(tmp_path: Path) -> None:
    (code,) = blocks(ROOT / "docs" / "howto" / "add_a_detector.md", "python")
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


PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "leaderboard").rglob("*.md")])
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


CONTEXTS = {context.command_path: context for context in contexts(typer.main.get_command(app), "bench")}


def command_lines(text: str) -> list[str]:
    """Lines of code that begin with ``bench``, with the lines that continue them."""
    joined = text.replace("\\\n", " ")
    fenced = "\n".join(re.findall(r"^ *```(?:sh|text|bash)?\n(.*?)^ *```", joined, flags=re.MULTILINE | re.DOTALL))
    indented = "\n".join(re.findall(r"^    (?=bench )(.*)$", joined, flags=re.MULTILINE))
    inline = re.findall(r"`(bench [a-z][^`]*)`", joined)
    lines = [line.strip().removeprefix("$ ") for line in (*fenced.splitlines(), *indented.splitlines(), *inline)]
    return [line.partition("  #")[0] for line in lines if line.startswith("bench ")]


def unknown_words(line: str) -> list[str]:
    """Command and options of a line that ``bench`` does not have."""
    words = line.split()
    path, rest = "bench", words[1:]
    while rest and f"{path} {rest[0]}" in CONTEXTS:
        path, rest = f"{path} {rest[0]}", rest[1:]
    subcommands = [other for other in CONTEXTS if other.startswith(f"{path} ")]
    known = {option for parameter in CONTEXTS[path].command.get_params(CONTEXTS[path]) for option in parameter.opts}
    known |= {option for parameter in CONTEXTS[path].command.get_params(CONTEXTS[path]) for option in parameter.secondary_opts}
    missing = [word for word in rest if re.fullmatch(r"--[a-z-]+", word) and word not in known]
    is_word = bool(rest) and re.fullmatch(r"[a-z]+", rest[0]) is not None
    return [*missing, *([rest[0]] if subcommands and is_word else [])]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_a_page_exist_with_their_options(page: Path) -> None:
    lines = command_lines(page.read_text(encoding="utf-8"))
    assert {line: unknown_words(line) for line in lines if unknown_words(line)} == {}


def test_a_command_that_does_not_exist_is_seen() -> None:
    text = "```sh\nbench scan model \\\n    --colour red  # words\n```\nsee `bench leaderboard sort`, not `bench list studies`"
    assert [unknown_words(line) for line in command_lines(text)] == [["--colour"], ["sort"], []]


def test_the_citation_is_of_this_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == version("bandbench")
    assert {"cff-version", "message", "title", "authors", "license"} <= set(citation)


@pytest.mark.parametrize("form", sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda form: form.stem)
def test_an_issue_form_has_what_the_code_host_asks_for(form: Path) -> None:
    content = yaml.safe_load(form.read_text(encoding="utf-8"))
    if form.stem == "config":
        assert content == {"blank_issues_enabled": True}
        return
    assert {"name", "description", "body"} <= set(content)
    fields = [field for field in content["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields) > 0
    assert [field for field in fields if not field["attributes"]["label"]] == []
