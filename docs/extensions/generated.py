"""Parts of pages that are generated when the site is built: a comment ``<!-- generated: NAME -->`` in a page is replaced."""

import re
from pathlib import Path
from typing import Any

from .command_line import commands_text
from .contents import further_pages_text, tutorials_text
from .gallery import gallery_text
from .plugins import datasets_text, detectors_text, studies_text
from .python_api import facade_text
from .study_keys import study_keys_text

PARTS = {
    "commands": commands_text,
    "datasets": datasets_text,
    "detectors": detectors_text,
    "further pages": further_pages_text,
    "gallery": gallery_text,
    "python": facade_text,
    "studies": studies_text,
    "study keys": study_keys_text,
    "tutorials": tutorials_text,
}
PLACE = re.compile(r"^<!-- generated: (.+?) -->$", flags=re.MULTILINE)


def fill(text: str) -> str:
    """
    Replace the places of a page by the generated parts.

    Raises
    ------
    KeyError
        If a place has a name that is not one of `PARTS`.
    """
    return PLACE.sub(lambda place: PARTS[place[1]](), text)


def _fill(app: Any, name: str, content: list[str]) -> None:
    content[0] = fill(content[0])


def _outdated(app: Any, environment: Any, *changes: set[str]) -> list[str]:
    """Read pages with generated parts in every build: their sources do not show that the code has changed."""
    sources = {name: Path(environment.doc2path(name)) for name in environment.found_docs}
    return [name for name, path in sources.items() if PLACE.search(path.read_text(encoding="utf-8"))]


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("source-read", _fill)
    app.connect("env-get-outdated", _outdated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
