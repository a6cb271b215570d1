"""
The two contracts, executable, for our own plugins and everybody else's.

In a test suite::

    import pytest
    from bandbench.benchmark.registry import DetectorSpec
    from bandbench.benchmark.testing import DETECTOR_CHECKS, run_detector_check

    @pytest.mark.parametrize("check", DETECTOR_CHECKS)
    def test_contract(check):
        result = run_detector_check(check, DetectorSpec.parse("my_package.my_module:MyDetector"))
        assert result.ok, result.detail
"""

from .dataset_checks import DATASET_CHECKS, check_dataset, run_dataset_check
from .detector_checks import DETECTOR_CHECKS, check_detector, run_detector_check
from .outcome import CheckResult

__all__ = [
    "DATASET_CHECKS",
    "DETECTOR_CHECKS",
    "CheckResult",
    "check_dataset",
    "check_detector",
    "run_dataset_check",
    "run_detector_check",
]
