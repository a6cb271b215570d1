"""The domain whose answer is known: energy that was planted must be found where it is and nowhere else."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from bandbench.benchmark.results.evidence import EvidenceStretch, evidence_text
from bandbench.benchmark.results.marks import Mark, marks_of
from bandbench.benchmark.results.rows import Row
from bandbench.benchmark.study.study_file import Study
from conftest import noise_picture, run

PLANTED = ((0.20, 0.26),)
DETECTORS = ("spectral_svm", "dct_ridge")


def overlap(stretch: EvidenceStretch, planted: tuple[float, float]) -> float:
    """Intersection over union of a stretch of evidence and a planted band."""
    shared = max(0.0, min(stretch.high, planted[1]) - max(stretch.low, planted[0]))
    return shared / (max(stretch.high, planted[1]) - min(stretch.low, planted[0]))


def assert_located(row: Row, planted: Sequence[tuple[float, float]]) -> None:
    """Every planted stretch has one of evidence, and there are no others."""
    assert row.evidence is not None
    assert len(row.evidence) == len(planted), (row.detector, row.evidence)
    for stretch, truth in zip(row.evidence, planted, strict=True):
        assert overlap(stretch, truth) >= 0.5, (row.detector, row.evidence)


def chosen_rows(seed: int = 0, **changes: Any) -> dict[tuple[str, str, str], Row]:
    """Rows of both detectors, trained and tested on `procedural/planted`, by detector, role and band."""
    study = {
        "name": "known-answer", "detectors": [*DETECTORS], "train": ["procedural/planted"], "test": ["procedural/planted"],
        "seed": seed, "seeds": 1, "search": {"trials": 0}, "oracle": False, "bootstrap": 100, "keep_models": False,
        "controls": False, "datasets": {"procedural": {"n_train": 150, "n_test": 60}},
    }  # fmt: skip
    outcome = run(Study.model_validate(study | changes))
    assert outcome.complete
    return {(row.detector, row.role, str(row.band)): row for row in outcome.rows}


@pytest.mark.parametrize("seed", [0, 1])
def test_planted_energy_is_located(seed: int) -> None:
    rows = chosen_rows(
        seed,
        search={"trials": 4},
        bands=[
            {"kind": "low", "high": 0.15},
            {"kind": "high", "low": 0.31},
            {"kind": "stop", "low": 0.18, "high": 0.28},
        ],
    )
    for detector in DETECTORS:
        chosen = next(row for (name, role, _), row in rows.items() if (name, role) == (detector, "chosen"))
        assert_located(chosen, PLANTED)
        assert Mark.OUTSIDE_EVIDENCE not in marks_of(chosen)
        for band in ("low <0.150", "high >0.310", "stop 0.180-0.280"):
            assert rows[detector, "fixed", band].in_domain_auc < 0.6, (detector, band)


@pytest.mark.parametrize(
    ("text", "planted"),
    [
        ("0.10-0.30", [(0.10, 0.30)]),
        ("0.08-0.12,0.32-0.38", [(0.08, 0.12), (0.32, 0.38)]),
        ("0.15-0.19,0.23-0.27", [(0.15, 0.19), (0.23, 0.27)]),
    ],
)
def test_wide_and_several_stretches_are_located_as_wholes(text: str, planted: list[tuple[float, float]]) -> None:
    rows = chosen_rows(datasets={"procedural": {"planted_band": text, "n_train": 150, "n_test": 10}})
    for (_, role, _), row in rows.items():
        if role == "chosen":
            assert_located(row, planted)


def test_where_nothing_is_planted_nothing_is_named() -> None:
    sizes = {"n_train": 150, "n_test": 10}
    rows = chosen_rows(1, detectors=["coin_flip", *DETECTORS], datasets={"procedural": {"strength": 0, **sizes}})
    assert {name: row.evidence for (name, role, _), row in rows.items() if role == "chosen"} == {
        name: () for name in ("coin_flip", *DETECTORS)
    }
    assert {row.band.kind for (_, role, _), row in rows.items() if role == "chosen"} == {"all"}


def contrast_folder(root: Path, n: int = 150) -> Path:
    """Pictures whose contrast varies, and is higher for fakes: every frequency tells a little, alike and not for sure."""
    rng = np.random.default_rng(0)
    for label, mean in (("real", 0.0), ("fake", 0.5)):
        (root / label).mkdir(parents=True)
        for i in range(n):
            picture = noise_picture(i + (1000 if label == "fake" else 0)).astype(float) - 128
            picture = 128 + 0.4 * np.exp(rng.normal(mean, 0.25)) * picture
            Image.fromarray(np.clip(np.rint(picture), 0, 255).astype(np.uint8)).save(root / label / f"{label}{i:03d}.png")
    return root


def test_where_every_band_tells_a_little_the_evidence_is_everywhere_and_holds_the_chosen_band(tmp_path: Path) -> None:
    study = {
        "name": "everywhere", "detectors": ["spectral_svm"], "train": ["mine"], "test": ["mine"], "seeds": 1, "oracle": False,
        "crop": {"side": 64}, "sweep": {"width": 0.12, "step": 0.06}, "search": {"trials": 0}, "bootstrap": 100,
        "controls": False,
    }  # fmt: skip
    (row, *_) = run(Study.model_validate(study), {"mine": contrast_folder(tmp_path / "mine")}).rows
    assert evidence_text(row.evidence) == "everywhere"
    assert Mark.OUTSIDE_EVIDENCE not in marks_of(row)
    assert row.in_domain_auc < 0.95
