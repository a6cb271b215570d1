"""Dead links, dead anchors and addresses of other places are found in a built site."""

from pathlib import Path

import pytest

from extensions.site_links import problems_of

GOOD = (
    '<h1 id="top">A</h1><a href="#top">a</a><a href="sub/b.html#b">b</a>'
    '<a href="https://example.org/x">c</a><img src="a%20b.png">'
)


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "sub").mkdir()
    (tmp_path / "a b.png").write_bytes(b"")
    (tmp_path / "sub" / "b.html").write_text('<p id="b"><a href="../index.html#top">up</a>')
    (tmp_path / "index.html").write_text(GOOD)
    return tmp_path


def test_a_good_site_has_no_problem(site: Path) -> None:
    assert list(problems_of(site)) == []


@pytest.mark.parametrize(
    ("element", "problem"),
    [
        ('<a href="none.html">x</a>', "index.html links to none.html, which does not exist"),
        ('<a href="sub/b.html#c">x</a>', "index.html links to sub/b.html#c, but that page has no such anchor"),
        ('<a href="#c">x</a>', "index.html links to #c, but that page has no such anchor"),
        ('<img src="none.png">', "index.html links to none.png, which does not exist"),
        ('<script src="https://cdn.example/x.js"></script>', "index.html loads https://cdn.example/x.js from elsewhere"),
        ('<script src="//cdn.example/x.js"></script>', "index.html loads //cdn.example/x.js from elsewhere"),
        ('<link rel="stylesheet" href="https://fonts.example/f">', "index.html loads https://fonts.example/f from elsewhere"),
        ('<img src="https://img.example/badge.svg">', "index.html loads https://img.example/badge.svg from elsewhere"),
    ],
)
def test_a_fault_is_named(site: Path, element: str, problem: str) -> None:
    (site / "index.html").write_text(GOOD + element)
    assert list(problems_of(site)) == [problem]


def test_addresses_in_style_sheets_are_seen(site: Path) -> None:
    (site / "site.css").write_text(
        "@import 'https://fonts.example/f'; a { background: url( //cdn.example/x.png ) } b { src: url(a.woff) }"
    )
    assert list(problems_of(site)) == [
        "site.css loads //cdn.example/x.png from elsewhere",
        "site.css loads https://fonts.example/f from elsewhere",
    ]
