"""The experiment of an audit: verdicts, and a folder whose classes are stored in two ways."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import gaussian_filter

from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.metrics.roc import Interval
from bandbench.benchmark.pictures.audit import Audit, SingleFact
from bandbench.benchmark.reporting import Silence
from bandbench.benchmark.search.alike import MEANINGS, Effect, Experiment, Verdict, store_alike
from bandbench.benchmark.study.study_file import Study
from bandbench.benchmark.workers import running_workers

SEPARATED, CHANCE = Interval(1.0, 0.9, 1.0, 0.02), Interval(0.5, 0.4, 0.6, 0.05)
LOST = Effect("d", Interval(0.98, 0.95, 0.99, 0.01), CHANCE, Interval(0.48, 0.4, 0.56, 0.04))
UNSURE = Effect("d", Interval(0.9, 0.6, 1, 0.1), CHANCE, Interval(0.4, -0.1, 0.7, 0.2))
KEPT = Effect("d", CHANCE, CHANCE, Interval(0.01, -0.05, 0.07, 0.03))
FORMAT = (SingleFact("format", 1.0, ("PNG", "JPEG 75")),)


def experiment(facts: Audit | None, *effects: Effect) -> Experiment:
    return Experiment("x", "alike:quality=75", 64, facts, effects)


@pytest.mark.parametrize(
    ("facts", "effect", "verdict"),
    [
        (Audit(CHANCE, CHANCE, FORMAT), KEPT, Verdict.CLEAN),
        (Audit(CHANCE, CHANCE, FORMAT), LOST, Verdict.FRAGILE),
        (Audit(SEPARATED, SEPARATED, FORMAT), KEPT, Verdict.UNUSED),
        (Audit(SEPARATED, SEPARATED, FORMAT), LOST, Verdict.SHORTCUT),
        (Audit(SEPARATED, SEPARATED, FORMAT), UNSURE, Verdict.UNDECIDED),
        (Audit(SEPARATED, CHANCE, FORMAT), LOST, Verdict.AMBIGUOUS),
        (None, KEPT, Verdict.CLEAN),
    ],
)
def test_the_audit_and_the_losses_give_the_verdict(facts, effect, verdict):
    assert experiment(facts, effect).verdict is verdict


def test_one_detector_that_loses_is_enough():
    assert experiment(Audit(SEPARATED, SEPARATED, FORMAT), KEPT, LOST).verdict is Verdict.SHORTCUT


def test_the_sentence_says_how_much_is_gone():
    assert LOST.sentence == "d: of .980, .48 (0.40 to 0.56) is gone when both classes are stored alike"
    assert "nothing is clearly gone" in KEPT.sentence


def test_every_verdict_has_a_meaning():
    assert set(MEANINGS) == set(Verdict)


def save(path: Path, seed: int, side: int = 72) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(seed)
    grey = gaussian_filter(rng.normal(0, 120, (side, side, 3)), (1, 1, 0)) + rng.uniform(90, 160)
    kind = {"quality": 80} if path.suffix == ".jpg" else {}
    Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).save(path, **kind)


def run(root: Path, detectors: list[str], quality: int = 75) -> Experiment:
    study = Study.model_validate(
        {
            **{"name": "audit", "detectors": detectors, "train": ["x"], "test": ["x"], "seeds": 2, "crop": {"side": 64}},
            **{"sweep": None, "search": {"trials": 0}, "oracle": False, "controls": False},
        }
    )
    with running_workers(1) as workers:
        (found,) = store_alike(study, Catalogue({"x": str(root)}), workers, Silence(), quality)
    return found


def test_what_png_against_jpeg_gave_is_gone(tmp_path: Path) -> None:
    for i in range(60):
        save(tmp_path / "x" / "real" / f"{'abcdefghij'[i % 10]}{i}.png", i)
        save(tmp_path / "x" / "fake" / f"{'klmnopqrst'[i % 10]}{i}.jpg", 1000 + i)
    found = run(tmp_path / "x", ["dct_ridge"], quality=40)
    (effect,) = found.effects
    assert found.verdict is Verdict.SHORTCUT
    assert effect.stored.value > 0.9 > 0.8 > effect.alike.value
    assert found.chain == "alike:quality=40"


def test_sizes_that_differ_are_resampled_to_one_size_and_crops_fit(tmp_path: Path) -> None:
    for i in range(12):
        save(tmp_path / "x" / "real" / f"{'abcdefghij'[i % 10]}{i}.png", i, 72)
        save(tmp_path / "x" / "fake" / f"{'klmnopqrst'[i % 10]}{i}.png", 1000 + i, 60)
    found = run(tmp_path / "x", ["spectral_svm"])
    assert (found.chain, found.crop) == ("alike:quality=75:side=54", 54)


def test_pictures_that_are_too_small_are_refused(tmp_path: Path) -> None:
    for i in range(12):
        save(tmp_path / "x" / "real" / f"{'abcdefghij'[i % 10]}{i}.png", i, 20)
        save(tmp_path / "x" / "fake" / f"{'klmnopqrst'[i % 10]}{i}.png", 1000 + i, 20)
    with pytest.raises(DataError, match="crops of 13 pixels"):
        run(tmp_path / "x", ["spectral_svm"])
