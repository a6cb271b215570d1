"""The terminal's table of what detectors live on."""

import io
from dataclasses import replace

from rich.console import Console

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.carriers import Carrier
from bandbench.leaderboard.terminal.carriers import print_carriers
from made_carriers import carrier_row


def printed(rows: list, width: int = 80) -> str:
    console = Console(width=width, file=io.StringIO(), record=True)
    print_carriers(rows, "made", console)
    return console.export_text()


def test_the_table_has_three_lines_for_every_detector_and_its_sentences() -> None:
    text = printed([carrier_row("dct_ridge", "home", ("home",))])
    lines = [line.split() for line in text.splitlines()]
    assert ["dct_ridge", "peaks", "0.90", "alone", "0.85", "0.86", "0.50", "0.83"] in lines
    assert ["←", "home", "period", "8", "without", "0.55"] in lines
    assert ["depeak", "0.52"] in lines
    assert "- on home dct_ridge lives on the peaks of period 8: 0.90 (0.80-1.00) with, 0.55 (0.45-0.65)" in " ".join(
        text.split()
    )


def test_eighty_characters_hold_all_columns_of_three_lattices() -> None:
    row = carrier_row("dct_ridge(transform=dct)", "procedural/zeroinsert", ("procedural/zeroinsert",))
    (one,) = row.carriers
    lattices = tuple(replace(one.lattices[0], band=Band("comb", period=period)) for period in (2, 4, 8))
    wide = replace(one, carrier=Carrier.CONTINUUM, lattice=None, lattices=lattices)
    text = printed([replace(row, carriers=(wide,))])
    assert "2px   4px   8px  match  phase  ampl." in text
    assert "0.85  0.85  0.85   0.86   0.50   0.83" in text


def test_other_domains_than_the_training_domain_are_counted() -> None:
    text = printed([carrier_row("dct_ridge", "home", ("home", "away"))])
    assert "on away" not in text
    assert "1 more are of detectors on other domains" in text


def test_where_no_domain_is_the_training_domain_all_are_shown() -> None:
    text = printed([carrier_row("dct_ridge", "home", ("away",))])
    assert "on away dct_ridge (trained on home) lives on the peaks" in " ".join(text.split())


def test_names_are_no_markup_and_the_table_fits() -> None:
    text = printed([carrier_row("[bold]x[/bold]" + "y" * 40, "home", ("home",))])
    assert "[bold]x[/bold]" in text
    assert max(map(len, text.splitlines())) <= 80


def test_without_carriers_nothing_is_printed() -> None:
    assert printed([carrier_row("dct_ridge", "home", ())]) == ""
