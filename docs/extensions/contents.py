"""Contents of folders: the notebooks of the tutorials, and pages that lie in no folder."""

from pathlib import Path

DOCS = Path(__file__).parents[1]
OWN_PLACE = ("index", "gallery", "not", "changes")  # pages in no folder that the contents of the site name
ORDER = ("first_study", "your_own_pictures", "add_a_detector")  # others follow, by name


def tutorials_text(folder: Path = DOCS / "tutorials") -> str:
    """Return a list of the notebooks of a folder, in the order in which they are meant to be read; empty if there are none."""
    names = sorted(path.stem for path in folder.glob("*.ipynb"))
    ordered = [name for name in ORDER if name in names] + [name for name in names if name not in ORDER]
    return _contents("", ordered)


def further_pages_text(folder: Path = DOCS) -> str:
    """Return a list of the pages that lie in no folder and have no place of their own, by name; empty if there are none."""
    names = sorted(path.stem for path in folder.glob("*.md") if path.stem not in OWN_PLACE)
    return _contents(":caption: Further pages\n\n", [f"/{name}" for name in names])


def _contents(options: str, names: list[str]) -> str:
    return "```{toctree}\n" + options + "\n".join(names) + "\n```\n" if names else ""
