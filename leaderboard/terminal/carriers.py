"""Table and sentences about what detectors live on, for the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...benchmark.frequency.bands import Band
from ...benchmark.metrics.digits import auc_text
from ...benchmark.reporting import folded_name
from ...benchmark.results.carriers import CarrierResult, Estimate, LatticeResult
from ...benchmark.results.rows import Row
from ..carriers import CarrierLine, carrier_lines

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PARTS = {"comb": "alone", "rest": "without", "depeaked": "depeak"}  # of a lattice, one line each
# In headings, which are as narrow as the numbers: a terminal of 80 characters shows all columns.
ATTACKS = {"match_spectrum": "match", "phase_only": "phase", "amplitude_only": "ampl."}
NAME_WIDTH = 13
CAPTION = (
    "AUC on test pictures, by period of the lattice. alone: fitted on its comb; without: fitted on all but the comb; depeak: "
    "fitted on all frequencies of intact pictures, tested with the peaks set to the continuum around them. match "
    "(match_spectrum), phase (phase_only) and ampl. (amplitude_only) are attacks on the test pictures, too. A part of the "
    "spectrum is named where all answers that the name rests on are clear, for all questions about a line together; "
    "intervals in the sentences are those of 95 % of single AUCs."
)


def as_table(lines: Sequence[CarrierLine], title: str) -> "Table":
    """
    Return the table: three lines per detector and test domain.

    Parameters
    ----------
    lines : sequence of CarrierLine
    title : str
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    lattices = list(dict.fromkeys(_heading(lattice) for line in lines for lattice in line.result.lattices))
    attacks = [name for name in ATTACKS if any(getattr(line.result, name) for line in lines)]
    table.add_column("detector\n← trained on", overflow="fold", min_width=NAME_WIDTH)
    table.add_column("lives on", no_wrap=True)
    table.add_column("all", justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for name in (*lattices, *(ATTACKS[name] for name in attacks)):
        table.add_column(name, justify="right", no_wrap=True)
    for line in lines:
        table.add_row(
            Text(f"{_folded(line.row.detector)}\n← {_folded(line.row.train_label)}{_elsewhere(line)}"),
            Text(line.result.name.replace(", ", "\n")),
            _number(line.result.whole),
            "[dim]" + "\n".join(PARTS.values()) + "[/dim]",
            *(_of_lattice(line.result, heading) for heading in lattices),
            *(_number(getattr(line.result, name)) for name in attacks),
        )
    return table


def _heading(lattice: LatticeResult) -> str:
    band = lattice.band
    more = [band.points] * (band.points != "all") + [f"±{band.halfwidth:g}"] * (band.halfwidth != Band.halfwidth)
    return "\n".join([f"{lattice.period}px", *more, *[band.mode] * (band.mode != Band.mode)])


def _elsewhere(line: CarrierLine) -> str:
    return "" if line.at_home else f"\non {_folded(line.result.domain)}"


def _folded(name: str) -> str:
    return folded_name(name, NAME_WIDTH - 2)


def _of_lattice(result: CarrierResult, heading: str) -> str:
    found = next((lattice for lattice in result.lattices if _heading(lattice) == heading), None)
    return "" if found is None else "\n".join(_number(getattr(found, part)) for part in PARTS)


def _number(estimate: Estimate | None) -> str:
    return "–" if estimate is None else auc_text(estimate.auc, digits=2)


def print_carriers(rows: Sequence[Row], study: str, console: "Console") -> None:
    """Print the table and the sentences of in-domain tests, if the rows have any; of all tests where none is in-domain."""
    lines = carrier_lines(rows)
    if not lines:
        return
    shown = [line for line in lines if line.at_home] or lines
    console.print(as_table(shown, f"{study}: what detectors live on, peaks or continuum"))
    console.print(CAPTION, style="dim", highlight=False)
    for line in shown:
        first, second = line.sentences
        console.print(f"- {first} {second}", markup=False, highlight=False, soft_wrap=False)
    if len(lines) > len(shown):
        console.print(
            f"{len(lines) - len(shown)} more are of detectors on other domains than their own: --json, carriers.", style="dim"
        )
