"""Results under perturbations of the test pictures, as a list for JSON and as tables for the terminal."""

import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...benchmark.domains.names import training
from ...benchmark.metrics.digits import auc_text
from ...benchmark.results.columns import INTERVAL_OVER
from ...benchmark.results.rows import Row

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

LABEL_WIDTH, COLUMN_WIDTH, FIXED_WIDTH = 25, 9, 43  # characters; fixed: what stands before the perturbations
SCOPES = ("in-domain", "cross-domain")


def robustness(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """Return the JSON form of every row of a leaderboard under every perturbation; see `PerturbationResult`."""
    return [_about(row) | result.to_json() for row in rows for result in row.robustness]


def _about(row: Row) -> dict[str, Any]:
    train = training(row.train).to_json()
    return {"study": row.study, "detector": row.detector, "train": train, "role": row.role, "band": row.band.as_dict()}


def as_tables(rows: Sequence[Row], title: str, width: int = 80) -> list["Table"]:
    """
    Return tables for the terminal: a line per detector, training domain and band, a column per perturbation.

    Parameters
    ----------
    rows : sequence of Row
        Those without perturbed test domains are left out.
    title : str
    width : int
        Of the terminal, in characters; columns that do not fit go to a further table.
    """
    cells = list(dict.fromkeys((row.detector, row.train) for row in rows))
    # All bands of a cell together, the cells in the order of the leaderboard.
    rows = sorted((r for r in rows if r.robustness), key=lambda row: cells.index((row.detector, row.train)))
    chains = list(dict.fromkeys(entry.perturbation for row in rows for entry in row.robustness))
    n_columns = max(1, (width - FIXED_WIDTH) // COLUMN_WIDTH)
    parts = [chains[start : start + n_columns] for start in range(0, len(chains), n_columns)]
    return [_table(rows, part, title if i == 0 else "") for i, part in enumerate(parts)]


def _table(rows: Sequence[Row], chains: Sequence[str], title: str) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=0)
    table.add_column("detector\n← trained on\nband", overflow="fold", width=LABEL_WIDTH)
    table.add_column("tested\non", no_wrap=True)
    for header in ("as they\nare", *(re.sub("[:=]|(?=[+])|(?<=_)", "\n", chain) for chain in chains)):
        table.add_column(header, justify="right", overflow="fold", min_width=COLUMN_WIDTH - 1)
    for row in rows:
        scopes = [scope for scope in SCOPES if any(entry.scope == scope for entry in row.robustness)]
        columns = [[_clean(row, scope) for scope in scopes]]
        columns += [[_cell(row, scope, chain) for scope in scopes] for chain in chains]
        label = f"{row.detector}\n← {row.train_label}\n{row.band}"
        # Names are data: they must not be read as markup.
        table.add_row(Text(label), "\n".join(s.replace("-", "-\n") for s in scopes), *map("\n".join, columns))
    return table


def _clean(row: Row, scope: str) -> str:
    """Return the AUC on unperturbed pictures; a dash where perturbations were tested on different domains."""
    aucs = {entry.clean_auc for entry in row.robustness if entry.scope == scope}
    return f"{auc_text(aucs.pop() if len(aucs) == 1 else math.nan)}\n"


def _cell(row: Row, scope: str, chain: str) -> str:
    """Return the AUC, below it the change; in brackets unless its interval lies on one side of zero."""
    for entry in row.robustness:
        if (entry.scope, entry.perturbation) == (scope, chain):
            clear = entry.drop_lo > 0 or entry.drop_hi < 0
            change = "–" if math.isnan(entry.drop) else f"{0.0 - entry.drop:+.3f}"  # nothing lost is no negative zero
            return f"{auc_text(entry.auc)}\n[dim]{change if clear else f'({change})'}[/dim]"
    return "–\n"


def print_robustness(rows: Sequence[Row], study: str, console: "Console") -> None:
    """Print the tables, if there is anything perturbed in the rows."""
    tables = as_tables(rows, f"{study}: AUC under perturbations of the test pictures", console.width)
    for table in tables:
        console.print(table)
    if tables:
        console.print(
            "AUC on perturbed test pictures (mean over the test domains), below it the change against the same pictures as "
            f"they are; in brackets where its 95 % interval ({INTERVAL_OVER}) includes 0. In-domain: on the training domain.",
            style="dim",
            highlight=False,
        )
