"""Numbers per clip of the rows of a leaderboard, as a table of the terminal."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...benchmark.metrics.clips import ClipRule
from ...benchmark.metrics.digits import auc_text, bound_text
from ...benchmark.reporting import folded_name
from ...benchmark.results.rows import Row, TestResult

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

NUMBERS = {"clip_auc": "AUC", "clip_balanced_accuracy": "balanced\naccuracy", "clip_pd10": "PD@10 %", "clip_pd1": "PD@1 %"}
# Groups that were found in names or sub-folders may be persons; nothing but a list tells.
CAPTION = (
    "Pictures of one group in one folder count as one clip, also the photographs of one person. "
    "--groups FILE.csv with the columns path and group declares groups that are no clips."
)
NUMBERS_WIDTH = 46  # characters of their columns
LEAST_NAME = 14


def clip_results(rows: Sequence[Row]) -> list[tuple[Row, TestResult]]:
    """Unperturbed test results with numbers per clip, with their rows, in the order of the rows."""
    return [(row, test) for row in rows for test in row.tests if test.clips and not test.is_perturbed]


def as_clip_table(rows: Sequence[Row], title: str, width: int = 80) -> "Table | None":
    """
    Table of test clips: a line per row and test domain.

    Parameters
    ----------
    rows : sequence of Row
    title : str
    width : int
        Of the terminal, in characters.

    Returns
    -------
    Table or None
        None where no test domain has clips.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    results = clip_results(rows)
    if not results:
        return None
    rules = {test.clips for _, test in results}
    about = f" ({ClipRule(min(rules)).describe()})" if len(rules) == 1 else ""
    table = Table(
        title=f"{title}{about}",
        title_justify="left",
        caption=CAPTION,
        caption_justify="left",
        box=SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column("detector\n← trained on, band", overflow="fold", min_width=LEAST_NAME)
    table.add_column("tested on\nclips", overflow="fold", min_width=LEAST_NAME)
    for heading in NUMBERS.values():
        table.add_column(heading, justify="right", no_wrap=True)
    room = max(LEAST_NAME, (width - NUMBERS_WIDTH) // 2)
    for row, test in results:
        rule = "" if len(rules) == 1 else f", {test.clips}"
        table.add_row(
            # Names are data: they must not be read as markup.
            Text(f"{row.detector}\n← {folded_name(row.train_label, room)}\n{row.band}"),
            Text(f"{folded_name(test.domain, room)}\n  {test.value('n_clips')}{rule}"),
            *(_number(test, name) for name in NUMBERS),
        )
    return table


def print_clips(rows: Sequence[Row], study: str, console: "Console") -> None:
    """Print the table, if there are clips in the rows, and why a domain has no numbers per clip."""
    table = as_clip_table(rows, f"{study}: per clip", console.width)
    if table is not None:
        console.print(table)
    problems = {test.domain: test.clip_problem for row in rows for test in row.tests if test.clip_problem}
    for domain, problem in problems.items():
        console.print(f"{domain} has no numbers per clip: {problem}", style="yellow", markup=False, highlight=False)


def _number(test: TestResult, name: str) -> str:
    value, low, high = (test.value(f"{name}{end}") for end in ("", "_lo", "_hi"))
    if math.isnan(value):
        return "–"
    return auc_text(value) if math.isnan(low) else f"{auc_text(value)}\n[dim]{bound_text(low)}-{bound_text(high)}[/dim]"
