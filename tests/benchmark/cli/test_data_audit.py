"""``bench data audit`` as it is typed: what is shown, what is written, what it exits with."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from bandbench.benchmark.cli import main


def bench(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of ``bench data audit``."""
    with pytest.raises(SystemExit) as ended:
        main(["data", "audit", *map(str, arguments)])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), " ".join(out.split()), " ".join(err.split())


def folder(root: Path, suffix: str) -> Path:
    """Make 40 noise pictures a class; the fakes have a suffix of their own."""
    for k, label in enumerate(("real", "fake")):
        (root / label).mkdir(parents=True)
        for i in range(40):
            rng = np.random.default_rng(1000 * k + i)
            levels = gaussian_filter(rng.normal(0, 120, (72, 72, 3)), (1, 1, 0)) + rng.uniform(90, 160)
            picture = Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))
            picture.save(root / label / f"{chr(97 + i % 26)}{label}{chr(97 + i // 26)}{i}{suffix if k else '.png'}")
    return root


def test_a_format_that_gives_the_classes_away(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root, out = folder(tmp_path / "mine", ".jpg"), tmp_path / "pictures"
    arguments = ("--data", f"mine={root}", "--detector", "dct_ridge", "--crop", 64, "--draws", 2, "--out", out)
    code, text, err = bench(capsys, *arguments)
    assert code == 3
    assert "The classes of mine differ in format: PNG (real) against JPEG 75 (fake)" in text
    assert "when both classes are stored alike" in text
    assert (out / "audit-mine.png").is_file()
    assert "bench run detectors --train mine+alike:quality=75" in err

    code, text, _ = bench(capsys, *arguments, "--json", "-")
    (domain,) = json.loads(text)["domains"]
    assert (code, domain["domain"], domain["shortcut"]["fact"]) == (3, "mine", "format")
    assert domain["detectors"][0]["lost"]["auc"] == pytest.approx(
        domain["detectors"][0]["stored"]["auc"] - domain["detectors"][0]["alike"]["auc"]
    )


def test_classes_that_are_stored_alike_are_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = folder(tmp_path / "mine", ".png")
    code, text, err = bench(capsys, "mine", "--data", f"mine={root}", "--crop", 64, "--draws", 1, "--out", tmp_path)
    assert code == 0, err
    assert "mine: clean" in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "no domain is named"),
        (("procedural/plantd",), "Did you mean 'planted'"),
        (("procedural/planted", "--detector", "dct_rigde"), "Did you mean 'dct_ridge'"),
    ],
)
def test_mistakes_are_explained(arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = bench(capsys, *arguments)
    assert code == 2
    assert message in err
