"""Ranking of the detectors over their trainings, for the terminal."""

from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from ...benchmark.metrics.digits import measured_text
from ...benchmark.results.marks import Mark
from ..ranking.detectors import DetectorPlace, training_noun

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

COIN_NOTE = "the coin's line"


def print_ranking(places: Sequence[DetectorPlace], console: "Console") -> None:
    """Print a table for each study with at least two detectors, best first, and the coin among them as a reference."""
    for study, group in groupby(places, key=lambda place: place.study):
        of_study = list(group)
        if len(of_study) > 1:
            # A title of the table would be wrapped at the table's width.
            console.print(f"{study or 'Submissions'}: detectors over their {_noun(of_study)}s", style="italic", markup=False)
            console.print(_table(of_study))
            console.print(_caption(of_study), style="dim", highlight=False)


def _table(places: Sequence[DetectorPlace]) -> "Table":
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column("rank", justify="right", no_wrap=True)
    table.add_column("detector", overflow="fold")
    table.add_column("mean cross-domain", justify="right", no_wrap=True)
    table.add_column("to note", overflow="fold")
    for place in places:
        # Names are data: they must not be read as markup.
        cells = [rank_text(place.rank_low, place.rank_high), place.detector, auc_of(place), remark(place)]
        table.add_row(*map(Text, cells), style="dim" if Mark.CONTROL in place.marks else "")
    return table


def rank_text(low: int | None, high: int | None) -> str:
    """Return a rank interval as text; empty where there is none."""
    if low is None:
        return ""
    return str(low) if low == high else f"{low}-{high}"


def auc_of(place: DetectorPlace) -> str:
    """Return the AUC of a detector with its interval."""
    return measured_text(place.auc, place.lo, place.hi)


def remark(place: DetectorPlace) -> str:
    """Return the reason why a detector has no rank, and its other marks."""
    words = [COIN_NOTE if place.is_coin else place.reason]
    words += [mark.label for mark in place.marks if mark is Mark.LIKE_COIN_FLIP and Mark.CONTROL not in place.marks]
    if place.nothing_learned_on and Mark.NOTHING_LEARNED not in place.marks:
        words.append(f"nothing learned on {len(place.nothing_learned_on)} of {len(place.train)} {training_noun(place.train)}s")
    return ", ".join(word for word in words if word)


def _train(places: Sequence[DetectorPlace]) -> tuple[str, ...]:
    return next((place.train for place in places if place.train), ())


def _noun(places: Sequence[DetectorPlace]) -> str:
    return training_noun(_train(places))


def _caption(places: Sequence[DetectorPlace]) -> str:
    train, noun, left_out = _train(places), _noun(places), places[0].left_out
    n_ranked = sum(place.rank_low is not None for place in places)
    over = f"its one {noun}" if len(train) == 1 else f"{len(train)} {noun}s, which weigh the same"
    others = (
        f" Not counted: {len(left_out)} training{'s' * (len(left_out) > 1)} with shots of a target domain." if left_out else ""
    )
    ranks = f"rank interval among the {n_ranked} detectors that may be ranked" if n_ranked else "no detector may be ranked"
    return (
        f"Mean cross-domain AUC over {over}, with the 95 % interval over groups of pictures and training draws; "
        f"{ranks}.{others}"
    )
