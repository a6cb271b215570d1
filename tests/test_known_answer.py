"""The domain whose answer is known: energy planted between 0.20 and 0.26 cycles/pixel must be found there and nowhere else."""

import pytest

from bandbench.benchmark.results.rows import EvidenceInterval
from bandbench.benchmark.study.study_file import Study
from conftest import run

PLANTED = (0.20, 0.26)


def overlap(interval: EvidenceInterval) -> float:
    """Intersection over union of an evidence interval and the planted band."""
    low, high = interval.low, interval.high
    shared = max(0.0, min(high, PLANTED[1]) - max(low, PLANTED[0]))
    return shared / (max(high, PLANTED[1]) - min(low, PLANTED[0]))


@pytest.mark.parametrize("seed", range(5))
def test_planted_energy_is_located(seed: int) -> None:
    study = Study.model_validate(
        {
            "name": "known-answer",
            "detectors": ["spectral_svm", "dct_ridge"],
            "train": ["procedural/planted"],
            "test": ["procedural/planted"],
            "seed": seed,
            "seeds": 1,
            "search": {"trials": 4},
            "oracle": False,
            "bands": [
                {"kind": "low", "high": 0.15},
                {"kind": "high", "low": 0.31},
                {"kind": "stop", "low": 0.18, "high": 0.28},
            ],
        }
    )
    outcome = run(study)
    assert outcome.complete
    rows = {(row.detector, row.role, str(row.band)): row for row in outcome.rows}
    for detector in ("spectral_svm", "dct_ridge"):
        assert rows[detector, "allpass", "all"].in_domain_auc > 0.9
        chosen = next(row for (name, role, _), row in rows.items() if (name, role) == (detector, "chosen"))
        assert overlap(chosen.evidence) >= 0.5
        for band in ("low <0.150", "high >0.310", "stop 0.180-0.280"):
            assert rows[detector, "fixed", band].in_domain_auc < 0.6, (detector, band)
