"""The sheet of attacks is drawn, and shows every attack on the spectrum."""

from pathlib import Path

from PIL import Image

from bandbench.benchmark.pictures.perturbations import parse_chain
from simulations import attack_sheet


def test_the_sheet_is_drawn(tmp_path: Path) -> None:
    attack_sheet.draw(tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert sheet.size[0] > sheet.size[1]
        assert len(set(sheet.convert("L").tobytes())) > 60


def test_every_attack_on_the_spectrum_is_on_it() -> None:
    shown = {parse_chain(chain)[0].name for chain in attack_sheet.ATTACKS if chain}
    assert {"depeak", "match_spectrum", "phase_only", "amplitude_only"} <= shown
