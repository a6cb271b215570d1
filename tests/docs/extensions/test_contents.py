"""Notebooks are listed in the order in which they are read, and pages in no folder are not lost."""

from pathlib import Path

from extensions.contents import further_pages_text, tutorials_text


def test_notebooks_are_listed_in_their_order_and_others_after_them(tmp_path: Path) -> None:
    for name in ("add_a_detector", "another", "first_study"):
        (tmp_path / f"{name}.ipynb").touch()
    assert tutorials_text(tmp_path) == "```{toctree}\nfirst_study\nadd_a_detector\nanother\n```\n"


def test_a_folder_without_notebooks_has_no_list(tmp_path: Path) -> None:
    assert tutorials_text(tmp_path) == ""


def test_pages_in_no_folder_are_listed_unless_they_have_a_place(tmp_path: Path) -> None:
    for name in ("index", "gallery", "words"):
        (tmp_path / f"{name}.md").touch()
    assert further_pages_text(tmp_path) == "```{toctree}\n:caption: Further pages\n\n/words\n```\n"
