"""The figure of what detectors live on."""

from pathlib import Path

from PIL import Image

from bandbench.benchmark.figures.carriers import ATTACKED, BETWEEN, PEAKS, WHOLE, marks_of, save_carriers
from made_carriers import carrier_result, carrier_row


def test_a_panel_has_a_mark_for_every_auc_in_the_colour_of_its_part() -> None:
    marks = marks_of(carrier_result("home"))
    assert [(mark.label, mark.colour, mark.estimate.auc) for mark in marks] == [
        ("all frequencies", WHOLE, 0.9),
        ("comb, period 8", PEAKS, 0.85),
        ("anticomb, period 8", BETWEEN, 0.55),
        ("depeak, period 8", ATTACKED, 0.52),
        ("match_spectrum", ATTACKED, 0.86),
        ("phase_only", ATTACKED, 0.5),
        ("amplitude_only", ATTACKED, 0.83),
    ]


def test_the_figure_grows_with_detectors_and_domains(tmp_path: Path) -> None:
    rows = [carrier_row("a", "home", ("home",)), carrier_row("b", "home", ("home",)), carrier_row("a", "away", ("away",))]
    sizes = []
    for name, some in (("one", rows[:1]), ("all", rows)):
        assert save_carriers(tmp_path / f"{name}.png", some, "title")
        with Image.open(tmp_path / f"{name}.png") as picture:
            sizes.append(picture.size)
    assert sizes[1][0] > sizes[0][0]
    assert sizes[1][1] > sizes[0][1]


def test_without_carriers_there_is_no_file(tmp_path: Path) -> None:
    assert not save_carriers(tmp_path / "none.png", [carrier_row("a", "home", ())], "title")
    assert not (tmp_path / "none.png").exists()
