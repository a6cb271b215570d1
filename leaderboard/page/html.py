"""Leaderboard as one HTML file that opens from disk, sends no request, and shows every name as plain text."""

import base64
import gzip
import hashlib
import json
import math
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...benchmark.metrics.digits import measured_text
from ...benchmark.results.rows import Row
from ..notes import shown_rows
from ..rows import Board
from ..story.story import story
from .details import Details
from .payload import payload, with_standings, without_addresses

TEMPLATES = Path(__file__).parent / "templates"
ASSETS = Path(__file__).parent / "assets"
LIBRARIES = {"table-library": "table-core.production.js", "chart-library": "plotly-basic.min.js"}
SCRIPTS = (
    *("unpack.js", "state.js", "format.js", "table.js", "ranking.js", "maps.js", "charts.js", "bands.js", "clips.js"),
    *("student.js", "influences.js", "rates.js", "pairs.js", "detectors.js", "choice.js"),
    *("reals.js", "carriers.js", "time.js", "reported.js"),
    *("detail.js", "compare.js"),
    "downloads.js", "address.js", "main.js",
)  # fmt: skip
BLOCKS = ("influences", "rates", "scores")  # of the details, which are unpacked when they are asked for
DIGITS = 6  # after the point: what is kept; the page rounds once more, and four would turn 0.45646 into 0.457
STATIC_ROWS = 200  # shown where scripts do not run


def page(board: Board, details: Details, uri: str = "", now: datetime | None = None, computed: Collection[str] = ()) -> str:
    """
    Return the page as HTML.

    Parameters
    ----------
    board : Board
    details : Details
        Of its rows; empty for a page of numbers alone.
    uri : str
        Of the tracking store; runs are linked where it is a server, and a store on this machine is not named.
    now : datetime, optional
        Time that the page says it was made at. (default: the present)
    computed : collection of str
        Data sets whose pictures are computed, see `notes.may_be_copies`.

    Returns
    -------
    str
        HTML.
    """
    from jinja2 import Environment, FileSystemLoader
    from markupsafe import Markup

    made_at = (now or datetime.now(UTC)).strftime("%Y-%m-%d %H:%M UTC")
    environment = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    # A packed library is no script yet; the program hands its text to the browser, which knows it by its digest.
    libraries = {name: _script(ASSETS / file) for name, file in LIBRARIES.items()}
    # As a module the page's own scripts can wait for its data to be unpacked; the first script asks whether they can be.
    first, program = _script(TEMPLATES / "first.js"), "\n".join(_script(TEMPLATES / name) for name in SCRIPTS)
    text = environment.get_template("page.html.j2").render(
        title=f"{board.study or 'All studies'}: generalization leaderboard",
        made=made_at,
        policy=content_policy([first, *libraries.values(), program]),
        styles=Markup((TEMPLATES / "page.css").read_text(encoding="utf-8")),
        payload=Markup(packed(_json(payload(board, details, uri, made_at, computed)))),
        blocks={name: Markup(text) for name in BLOCKS if (text := getattr(details, name))},
        first=Markup(first),
        libraries={name: Markup(packed(script)) for name, script in libraries.items()},
        program=Markup(program),
        sentences=story(with_standings(board, details), details.ranking, computed),
        rows=[_static_row(row) for row in shown_rows(board.rows)[:STATIC_ROWS]],
        n_rows=len(board.rows),
        refused=list(map(without_addresses, board.refused[:STATIC_ROWS])),
    )
    # Names of files may hold bytes that are no text at all.
    return text.encode("utf-8", "replace").decode("utf-8")


def content_policy(scripts: Sequence[str]) -> str:
    """Return the content security policy: it allows the page's own scripts by their digest, and no request."""
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    # Styles may stand in the page, since charts set them; without addresses to load from they can do no more than look.
    rules = "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
    return f"default-src 'none'; script-src {allowed}; {rules}"


def packed(text: str) -> str:
    """Return a text gzipped, in base64: a quarter of the size, and without characters that HTML would interpret."""
    return base64.b64encode(gzip.compress(text.encode(), 9, mtime=0)).decode()


def _json(value: Any) -> str:
    return json.dumps(_compact(value), separators=(",", ":"))


def _compact(value: Any) -> Any:
    """Round floats to the digits that the page shows; undefined ones become null."""
    if isinstance(value, dict):
        return {str(k): _compact(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_compact(v) for v in value]
    if isinstance(value, float):
        return _rounded(value) if math.isfinite(value) else None
    return value


def _rounded(value: float) -> float:
    """Round a number; one below 1 stays below it, as a share that is nearly complete must not look complete."""
    short = round(value, DIGITS)
    return 1 - 10**-DIGITS if short == 1 and value < 1 else short


def _script(path: Path) -> str:
    """Read a script, without the line that tells a debugger to ask for its source map."""
    lines = path.read_text(encoding="utf-8").split("\n")
    return "\n".join(line for line in lines if not line.startswith("//# sourceMappingURL="))


def _static_row(row: Row) -> dict[str, str]:
    """Return the cells of a row for a reader without scripts."""
    cells = {"detector": row.detector, "train": row.train_label, "band": str(row.band), "origin": origin(row)}
    for name in ("in_domain_auc", "cross_domain_auc", "worst_auc"):
        value, low, high = (row.value(f"{name}{end}") for end in ("", "_lo", "_hi"))
        cells[name] = "not measured" if math.isnan(value) else measured_text(value, low, high, "–")
    return cells


def origin(row: Row) -> str:
    """Return the origin of a row's scores, as its badge names it."""
    if not row.is_submitted:
        return "recorded here"
    return "submitted, verified" if row.verified else "submitted"
