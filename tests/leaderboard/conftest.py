"""Rows of a board that was never run: what a page shows, without the seconds that a study takes."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from page_reader import Reader

from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.results.evidence import EvidenceStretch
from bandbench.benchmark.results.rows import Row, Standing, TestResult
from bandbench.leaderboard.page.details import Details
from bandbench.leaderboard.page.html import page as make_page
from bandbench.leaderboard.rows import Board
from conftest import missing_program

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


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        missing_program("Chromium", "apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture
def reader(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Reader]]:
    """Opens a page of rows; when the test is over, nothing may have gone wrong or been asked for."""
    opened = []

    def show(rows: list[Row], details: Details | None = None, uri: str = "", **options: Any) -> Reader:
        path = tmp_path / f"page{len(opened)}.html"
        path.write_text(make_page(Board("made", rows, []), details or Details(), uri), encoding="utf-8")
        opened.append(Reader(browser, path, **options))
        return opened[-1]

    yield show
    for one in opened:
        assert one.page.evaluate("window.hurt") is None
        one.page.close()
        assert one.troubles == []
        assert one.requests == []
