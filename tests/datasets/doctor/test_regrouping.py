"""The doctor says what a run does about look-alikes, with the counts of the run."""

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.domains.catalogue import Catalogue, DatasetSpec
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.features.plan_sets import prepare_sets
from bandbench.benchmark.features.prepare import scratch_places
from bandbench.benchmark.search.plan import make_plan
from bandbench.datasets.doctor.diagnosis import Options
from bandbench.datasets.doctor.examination import examine
from bandbench.datasets.doctor.inventory import Finding
from conftest import Here, SilentReporter, noise_picture, small_study

SIDE = 32
QUICK = {"crop": {"side": SIDE}, "sweep": None, "search": {"trials": 0}, "oracle": False, "keep_models": False}


def frames(root: Path, clips: int, n_frames: int = 4, split: str = "", first: int = 0) -> None:
    """Frames of clips, names of which tell nothing; frames of a clip differ by noise."""
    rng = np.random.default_rng(first)
    for clip in range(clips):
        folder = root / split / ("real", "fake")[clip % 2]
        folder.mkdir(parents=True, exist_ok=True)
        picture = noise_picture(first + clip, SIDE).astype(float)
        for frame in range(n_frames):
            name = hashlib.sha256(f"{first}/{clip}/{frame}".encode()).hexdigest()[:12]
            shown = np.clip(picture + rng.normal(0, 3, picture.shape), 0, 255)
            Image.fromarray(shown.astype(np.uint8)).save(folder / f"{name}.png")


def findings(root: Path, **options: int) -> list[Finding]:
    report = examine({"mine": DatasetSpec("folder", str(root), {})}, Options(crop=SIDE, **options), SilentReporter())
    return [finding for finding in report.diagnoses[0].findings if finding.kind == "regroup"]


def notes_of_a_run(root: Path) -> list[str]:
    reporter = SilentReporter()
    plan = make_plan(small_study(**QUICK), Catalogue({"mine": str(root)}))
    with scratch_places() as places:
        prepare_sets(plan, places, Here(1), reporter)
    return reporter.notes


def test_frames_that_are_grouped_by_looks_are_announced_with_the_numbers_of_the_run(tmp_path: Path) -> None:
    frames(tmp_path, 30)
    (note,) = notes_of_a_run(tmp_path)
    (finding,) = findings(tmp_path)
    assert finding.level == "note"
    assert "a run regroups the data set by look-alikes, 30 groups, and splits it again" in finding.text
    n, total = re.match(r"mine: (\d+) of (\d+) test pictures", note).groups()  # type: ignore[union-attr]
    assert finding.text.startswith(f"{n} of {total} test and ")
    assert "30 groups" in note


def test_given_splits_lose_their_look_alikes(tmp_path: Path) -> None:
    for k, split in enumerate(("train", "val", "test")):
        frames(tmp_path, 12, 1, split, 100 * k)
    frames(tmp_path, 4, 1, "test", 0)  # as in train, but for noise
    for path in (tmp_path / "test").rglob("*.png"):
        if (tmp_path / "train" / path.relative_to(tmp_path / "test")).exists():
            again = np.asarray(Image.open(path)).astype(float) + 3
            Image.fromarray(np.clip(again, 0, 255).astype(np.uint8)).save(path)
    (note,) = notes_of_a_run(tmp_path)
    (finding,) = findings(tmp_path)
    assert note.startswith("mine: 4 of 16 test pictures")
    assert finding.text == (
        "4 of 16 test pictures look like pictures of another split, which is more than 1%: a run leaves them out"
    )


def test_too_few_clips_are_refused_by_both(tmp_path: Path) -> None:
    frames(tmp_path, 4, 10)
    (finding,) = findings(tmp_path)
    assert finding.level == "gap"
    assert "grouped by look-alikes it cannot be split, so that a run refuses it" in finding.text
    with pytest.raises(DataError, match="grouped by look-alikes it cannot be split"):
        notes_of_a_run(tmp_path)


def test_independent_pictures_are_no_finding_and_a_sample_says_nothing(tmp_path: Path) -> None:
    frames(tmp_path / "independent", 40, 1)
    assert findings(tmp_path / "independent") == []
    frames(tmp_path / "clips", 30)
    assert findings(tmp_path / "clips", sample=5) == []
