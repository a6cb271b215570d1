"""Check of the built site: links lead to pages and anchors that exist, and no page loads anything from another place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sphinx.util import logging

# Attributes that make a browser load something at once; a link to follow is no such thing.
LOADS = {"script": "src", "img": "src", "iframe": "src", "source": "src", "video": "src", "audio": "src", "embed": "src"}
IN_STYLES = re.compile(r"""(?:@import\s+|url\()\s*(?:url\()?\s*["']?((?:https?:)?//[^"')\s]+)""")
LOADING_LINKS = {"stylesheet", "preload", "prefetch", "icon", "shortcut icon", "modulepreload", "preconnect"}


@dataclass
class Page(HTMLParser):
    """
    Anchors and references of a page.

    Attributes
    ----------
    anchors : set of str
    links : set of str
        Addresses as written in the page.
    loads : set of str
        Those that a browser loads with the page.
    """

    anchors: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    loads: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take down the anchors and addresses of an element."""
        given = {name: value for name, value in attrs if value}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.add(given["href"])
        if tag == "link" and given.get("rel", "") in LOADING_LINKS and "href" in given:
            self.loads.add(given["href"])
        if LOADS.get(tag, "") in given:
            self.loads.add(given[LOADS[tag]])


def problems_of(folder: Path) -> Iterator[str]:
    """
    Yield a sentence for each dead link, dead anchor and address that is loaded from elsewhere.

    Parameters
    ----------
    folder : Path
        A built site.
    """
    files = (path for path in sorted(folder.rglob("*.html")) if "_static" not in path.parts)  # templates of the theme
    pages = {path: _read(path) for path in files}
    for path, page in pages.items():
        name = path.relative_to(folder)
        yield from (f"{name} loads {url} from elsewhere" for url in sorted(page.loads) if urlsplit(url).netloc)
        for url in sorted(page.links | page.loads):
            parts = urlsplit(url)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not target.exists():
                yield f"{name} links to {url}, which does not exist"
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                yield f"{name} links to {url}, but that page has no such anchor"
    for path in sorted(folder.rglob("*.css")):
        urls = sorted(set(IN_STYLES.findall(path.read_text(encoding="utf-8"))))
        yield from (f"{path.relative_to(folder)} loads {url} from elsewhere" for url in urls)


def _read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def _check(app: Any, error: Exception | None) -> None:
    if error is None and app.builder.name == "html":
        for problem in problems_of(Path(app.outdir).resolve()):
            logging.getLogger(__name__).warning("%s", problem)


def setup(app: Any) -> dict[str, bool]:
    """Register with Sphinx; a warning fails a build with ``-W``."""
    app.connect("build-finished", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
