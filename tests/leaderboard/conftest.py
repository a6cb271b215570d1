"""Rows of a board that was never run: what a page shows, without the seconds that a study takes."""

from collections.abc import Callable
from typing import Any

import pytest

DOMAINS = ("set/a", "set/b", "set/c")


def make_row(detector: str = "svm", train: str = "set/a", level: float = 0.8, **changes: Any) -> dict[str, Any]:
    """Return a row of three test domains, the AUC abroad `level`, at home a little more."""
    tests = [make_test(name, min(1.0, level + 0.1 * (name == train))) for name in changes.pop("domains", DOMAINS)]
    abroad = [test["auc"] for test in tests if test["domain"] != train]
    row = {
        "detector": detector, "train": train, "role": "chosen", "evidence": {"low": 0.1, "high": 0.2}, "rule": "best",
        "swept": True, "settings": "5e771265", "variant": "7a21a277",
        "band": {"kind": "low", "cutoff": 0.2, "width": 0.0, "order": 1, "mode": "keep"}, "study": "made", "seeds": 1,
        **_interval("in_domain_auc", min(1.0, level + 0.1)), **_interval("cross_domain_auc", sum(abroad) / len(abroad)),
        **_interval("worst_auc", min(abroad)), "worst_domain": "set/b", "oracle_auc": level + 0.05, "allpass_auc": level - 0.02,
        "gain": 0.02, "coverage": 1.0, "fit_seconds": 0.5, "ms_per_picture": 10 * level, "gaps": [],
        "model_bytes": 2048.0,
        "cell": f"{detector} {train} {level}",
        "run_id": f"run-{detector}-{train}", "splits": {}, "split_id": "abcd1234", "dropped_leaks": {"train": 0, "val": 0},
        "data": {}, "tests": tests, "robustness": [],
    }  # fmt: skip
    return row | changes


def make_test(domain: str, auc: float, **changes: Any) -> dict[str, Any]:
    """Return the entry of one test domain."""
    entry = {
        "domain": domain, **_interval("auc", auc), "n": 200, "coverage": 1.0, "average_precision": auc, "eer": 1 - auc,
        "balanced_accuracy": auc, "pd10": 0.5, "pd5": 0.4, "pd1": 0.2, "allpass_auc": auc, "oracle_auc": auc,
        "oracle_band": None,
        "split_list": f"list of {domain}", "pictures": f"pictures of {domain}", "lookalikes": 0,
    }  # fmt: skip
    return entry | changes


def _interval(name: str, value: float) -> dict[str, float]:
    return {name: value, f"{name}_lo": value - 0.02, f"{name}_hi": min(1.0, value + 0.02)}


@pytest.fixture
def row_maker() -> Callable[..., dict[str, Any]]:
    return make_row


@pytest.fixture
def test_maker() -> Callable[..., dict[str, Any]]:
    return make_test
