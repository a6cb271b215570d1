"""The contracts as other packages use them: names of checks, and one run by its name."""

import pytest

from bandbench.benchmark import testing
from bandbench.benchmark.domains.catalogue import DatasetSpec
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.testing import DATASET_CHECKS, DETECTOR_CHECKS, run_dataset_check, run_detector_check


def test_everything_that_is_named_exists() -> None:
    assert [name for name in testing.__all__ if not hasattr(testing, name)] == []


@pytest.mark.parametrize("checks", [DETECTOR_CHECKS, DATASET_CHECKS])
def test_checks_are_named_once(checks) -> None:
    assert len(set(checks)) == len(checks) > 9


def test_the_documented_example_runs() -> None:
    result = run_detector_check("seed_is_a_parameter", DetectorSpec.parse("bandbench.detectors.coin_flip:CoinFlip"))
    assert result.ok, result.detail


@pytest.mark.parametrize(
    ("run", "spec"), [(run_detector_check, DetectorSpec("coin_flip")), (run_dataset_check, DatasetSpec("procedural"))]
)
def test_an_unknown_check_is_no_passed_one(run, spec) -> None:
    with pytest.raises(KeyError, match="no_such_check"):
        run("no_such_check", spec)
