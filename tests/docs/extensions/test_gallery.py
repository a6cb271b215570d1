"""The gallery has every kind of figure, with a picture of each."""

from fnmatch import fnmatch
from pathlib import Path

from bandbench.benchmark.recording.run_notes import FILES
from extensions.gallery import FIGURES, gallery_text

IMAGES = Path(__file__).parents[3] / "docs" / "images"
SHOWN = [figure for group in FIGURES.values() for figure in group]


def test_every_figure_has_a_picture_and_a_command() -> None:
    assert [figure.name for figure in SHOWN if not (IMAGES / f"{figure.name}.png").is_file()] == []
    assert [figure.name for figure in SHOWN if not figure.command.startswith("bench ")] == []
    assert len({figure.name for figure in SHOWN}) == len(SHOWN)


def test_every_figure_that_runs_keep_is_shown() -> None:
    drawn = [name for name in FILES if name.endswith(".png")]
    assert len(drawn) > 5
    assert [
        name for name in drawn if not any(fnmatch(f"x/{name}", f"*/{figure.found.rpartition('/')[2]}") for figure in SHOWN)
    ] == []


def test_every_picture_is_used_by_a_page() -> None:
    """Pictures that nothing shows would grow old unseen."""
    pages = [IMAGES.parents[1] / "README.md", *IMAGES.parent.rglob("*.md")]
    text = "".join(page.read_text(encoding="utf-8") for page in pages) + gallery_text()
    assert [path.name for path in sorted(IMAGES.glob("*.png")) if f"images/{path.name}" not in text] == []
