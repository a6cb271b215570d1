"""Rows of a board that was never run: what a page shows, without the seconds that a study takes."""

from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.evidence import EvidenceStretch
from bandbench.benchmark.results.rows import Row, Standing, TestResult

DOMAINS = ("set/a", "set/b", "set/c")


def make_row(detector: str = "svm", train: str = "set/a", level: float = 0.8, **changes: Any) -> Row:
    """Return a row of three test domains, the AUC abroad `level`, at home a little more; ranks are fields of its standing."""
    tests = [make_test(name, min(1.0, level + 0.1 * (name == train))) for name in changes.pop("domains", DOMAINS)]
    abroad = [test.auc for test in tests if test.domain != train]
    standing = {one.name: changes.pop(one.name) for one in fields(Standing) if one.name in changes}
    row = Row(
        detector=detector, train=train, role="chosen", evidence=(EvidenceStretch(0.1, 0.2),), rule="best",
        swept=True, settings="5e771265", variant="7a21a277", band=Band("low", 0.2), study="made", seeds=1,
        **_interval("in_domain_auc", min(1.0, level + 0.1)), **_interval("cross_domain_auc", sum(abroad) / len(abroad)),
        **_interval("worst_auc", min(abroad)), worst_domain="set/b", oracle_auc=level + 0.05, allpass_auc=level - 0.02,
        gain=0.02, coverage=1.0, fit_seconds=0.5, ms_per_picture=10 * level, model_bytes=2048.0,
        cell=f"{detector} {train} {level}", run_id=f"run-{detector}-{train}", split_id="abcd1234", tests=tuple(tests),
        standing=Standing(**standing) if standing else None,
    )  # fmt: skip
    return replace(row, **{name: tuple(value) if isinstance(value, list) else value for name, value in changes.items()})


def make_test(domain: str, auc: float, **changes: Any) -> TestResult:
    """Return the result on one test domain."""
    metrics = {"average_precision": auc, "eer": 1 - auc, "balanced_accuracy": auc, "pd10": 0.5, "pd5": 0.4, "pd1": 0.2}
    entry = TestResult(
        domain, **_interval("auc", auc), n=200, coverage=1.0, allpass_auc=auc, oracle_auc=auc, metrics=metrics,
        split_list=f"list of {domain}", pictures=f"pictures of {domain}",
    )  # fmt: skip
    return replace(entry, **changes)


def _interval(name: str, value: float) -> dict[str, float]:
    return {name: value, f"{name}_lo": value - 0.02, f"{name}_hi": min(1.0, value + 0.02)}


@pytest.fixture
def row_maker() -> Callable[..., Row]:
    return make_row


@pytest.fixture
def test_maker() -> Callable[..., TestResult]:
    return make_test
