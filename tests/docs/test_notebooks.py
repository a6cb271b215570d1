"""Notebooks of the docs run from the beginning, and are stored with small outputs that are of no one machine."""

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest

from run_notebooks import MACHINE_PATH, cleaned, executed, notebooks, outputs

LARGEST = 300_000  # bytes of a stored notebook
PROGRESS = ("\x1b", "\r", "<progress", "█", "━")  # remains of a bar

every_notebook = pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)


def test_the_tutorials_are_there() -> None:
    assert {path.stem for path in notebooks()} >= {"first_study", "your_own_pictures", "add_a_detector"}


@every_notebook
def test_a_notebook_runs(path: Path, tmp_path: Path) -> None:
    """Every cell runs, and shows as many things as the stored one; no bar and no warning is left."""
    fresh = cleaned(executed(path, tmp_path))
    assert _kinds(fresh) == _kinds(nbformat.read(path, as_version=4))
    assert not [mark for mark in (*PROGRESS, "Warning", str(tmp_path)) if mark in outputs(fresh)]


def _kinds(notebook: Any) -> list[list[str]]:
    """Kinds of the outputs of every cell."""
    return [[output.output_type for output in cell.get("outputs", ())] for cell in notebook.cells]


@every_notebook
def test_a_notebook_is_stored_with_small_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert path.stat().st_size < LARGEST
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [output for cell in code for output in cell.outputs if output.output_type == "error"]
    assert any("image/png" in output.get("data", {}) for cell in code for output in cell.outputs)


@every_notebook
def test_what_is_stored_is_of_no_one_machine(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    text = outputs(notebook)
    assert MACHINE_PATH.search(text) is None
    assert not [mark for mark in (*PROGRESS, "Warning") if mark in text]
    assert [cell.metadata for cell in notebook.cells] == [{}] * len(notebook.cells)  # such as times of execution
    assert set(notebook.metadata) == {"kernelspec", "language_info"}


@every_notebook
def test_links_lead_to_files(path: Path) -> None:
    texts = ["".join(cell["source"]) for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "markdown"]
    targets = [part.partition(")")[0] for text in texts for part in text.split("](")[1:]]
    missing = [target for target in targets if "://" not in target and not (path.parent / target).is_file()]
    assert missing == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("wrote /home/me/model", True),
        ("in '/tmp/x/model'", True),
        ("C:\\Users\\me", True),
        ("https://example.org/home/me", False),
        ("procedural/home/x and 3/4", False),
    ],
)
def test_a_path_of_a_machine_is_seen(text: str, found: bool) -> None:
    assert bool(MACHINE_PATH.search(text)) is found
