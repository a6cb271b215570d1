"""Words of messages, help texts and pages: one spelling for one thing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("api", "bandbench", "benchmark", "datasets", "detectors", "leaderboard")
CODE = re.compile(r"`[^`]*`|^ {4}.*$", re.MULTILINE)
# Prose speaks of a data set; `dataset` is a name of code, an option, a column or a word of a command line.
ARTICLES = "a|an|the|each|every|one|no|this|that|of|your|unknown|detectors?,"
VERBS = "is|are|has|needs|of|that|or|and"
DATASET = re.compile(rf"\b(?:{ARTICLES}) datasets?\b(?![./:=_])|\bdatasets? (?:{VERBS})\b|^dataset [{{']", re.IGNORECASE)


def texts(source: str) -> Iterator[str]:
    """Yield the texts of a module: messages, help texts and docstrings, with a brace where a value stands."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.JoinedStr):
            yield "".join(part.value if isinstance(part, ast.Constant) else "{" for part in node.values)  # pyright: ignore
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def misspelt(text: str) -> list[str]:
    return DATASET.findall(CODE.sub("", text))


@pytest.mark.parametrize("folder", FOLDERS)
def test_texts_of_the_code_speak_of_data_sets(folder: str) -> None:
    modules = {str(path.relative_to(ROOT)): path.read_text() for path in sorted((ROOT / folder).rglob("*.py"))}
    assert [(name, text[:80]) for name, source in modules.items() for text in texts(source) if misspelt(text)] == []


def test_pages_speak_of_data_sets() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    without_code = {path.name: re.sub(r"^```.*?^```", "", path.read_text(), flags=re.DOTALL | re.MULTILINE) for path in pages}
    assert {name: found for name, text in without_code.items() if (found := misspelt(text))} == {}


@pytest.mark.parametrize("text", ["unknown dataset 'x'", "dataset {", "List detectors, datasets or studies"])
def test_the_other_spelling_is_noticed(text: str) -> None:
    assert misspelt(text)


def test_names_of_code_are_left_alone() -> None:
    assert misspelt("see `bench list datasets`, the dataset: a column, datasets/ and the data set") == []
