"""Small pieces of Markdown."""

import re
from collections.abc import Iterable, Sequence


def escape(text: str) -> str:
    r"""
    Escape what Markdown would read as markup, outside of code between backticks.

    Examples
    --------
    >>> print(escape("a [b] of `x_y` and <c_d>"))
    a \[b\] of `x_y` and \<c\_d\>
    """
    parts = re.split(r"(`+[^`]+`+)", text)
    return "".join(part if part.startswith("`") else re.sub(r"([\\*_\[\]<>#|])", r"\\\1", part) for part in parts)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; a cell is Markdown on one line, in which ``|`` is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(" ".join(cell.split()) for cell in line) + " |" for line in lines) + "\n"


def code(value: object) -> str:
    """Return a value as code, empty for an empty text; a bar would end the cell of a table."""
    text = str(value).replace("|", "\\|")
    return f"`{text}`" if text else ""
