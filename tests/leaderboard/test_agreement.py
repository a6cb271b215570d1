"""Rows against what MLflow holds of their run: the first difference, with both values."""

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bandbench.benchmark.results.refusals import RefusedBecause
from bandbench.benchmark.results.rows import Row
from bandbench.benchmark.tracking.reading import CellRun
from bandbench.leaderboard.agreement import changed_since, disagreement
from bandbench.leaderboard.row_cache import CellRows

Maker = Callable[..., Row]


@pytest.fixture
def cell(row_maker: Maker) -> CellRows:
    return CellRows([row_maker("svm", level=0.8)], contents="c" * 64, validation_auc=0.7)


def run_of(cell: CellRows, **changes: Any) -> CellRun:
    """A run that holds all of a row."""
    row = cell.rows[0]
    metrics = {"in_domain_auc": row.in_domain_auc, "cross_domain_auc": row.cross_domain_auc}
    metrics |= {f"test/{test.domain}/auc": test.auc for test in row.tests}
    numbers = {"gain": row.gain, "allpass_auc": row.allpass_auc, "oracle_auc": row.oracle_auc, "val_auc": 0.7}
    numbers |= {"evidence.low": 0.1, "evidence.high": 0.2, "evidence.stretches": 1.0}
    tags = {"detector": "svm", "train": "set/a", "variant": row.variant, "bandbench.contents": "c" * 64}
    params = {"band.kind": "low", "band.cutoff": "0.2", "rule": "best", "dropped_leaks.train": "0"}
    found = CellRun("r", "made", metrics, 1.0, 1.0, Path("/nowhere"), numbers, tags, params)
    return replace(found, **{name: getattr(found, name) | more for name, more in changes.items()})


def test_a_run_that_agrees(cell: CellRows) -> None:
    assert disagreement(run_of(cell), cell) is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"metrics": {"in_domain_auc": 0.999}}, "its score files give in_domain_auc 0.900000, it shows 0.999000"),
        ({"metrics": {"test/set/b/auc": math.nan}}, "its score files give test/set/b/auc 0.800000, it shows nan"),
        ({"numbers": {"gain": 0.991}}, "its files give gain 0.02, it shows 0.991"),
        ({"numbers": {"gain": math.nan}}, "it shows nan"),
        ({"numbers": {"gain": math.inf}}, "it shows inf"),
        ({"numbers": {"val_auc": 0.8}}, "its files give val_auc 0.7, it shows 0.8"),
        ({"numbers": {"evidence.high": 0.5}}, "its files give evidence.high 0.2, it shows 0.5"),
        ({"tags": {"detector": "other"}}, "its cell.json says detector 'svm', it shows 'other'"),
        ({"tags": {"train": "set/b"}}, "its cell.json says train 'set/a', it shows 'set/b'"),
        ({"params": {"band.cutoff": "0.3"}}, "its cell.json says band.cutoff '0.2', it shows '0.3'"),
        ({"params": {"rule": "another"}}, "its cell.json says rule 'best', it shows 'another'"),
        ({"params": {"dropped_leaks.train": "7"}}, "dropped_leaks.train '0', it shows '7'"),
    ],
)
def test_a_difference_is_named_with_both_values(changes: dict[str, Any], words: str, cell: CellRows) -> None:
    found = disagreement(run_of(cell, **changes), cell)
    assert found is not None
    assert words in found.text
    assert found.reason is RefusedBecause.DIFFERS


def test_files_that_were_changed_after_they_were_sent(cell: CellRows) -> None:
    found = disagreement(run_of(cell, tags={"bandbench.contents": "d" * 64}), cell)
    assert found is not None
    assert (found.reason, "digest cccccccccccc" in found.text) == (RefusedBecause.EDITED, True)
    assert found.text.startswith("its files were damaged or edited after they were sent")
    assert changed_since(run_of(cell), cell) == ""
    assert changed_since(run_of(cell, tags={"bandbench.contents": ""}), cell) == ""


def test_what_an_earlier_version_does_not_hold_is_not_compared(cell: CellRows) -> None:
    bare = replace(run_of(cell), numbers={}, tags={}, params={})
    assert disagreement(bare, cell) is None
    assert disagreement(replace(bare, metrics={}), cell) is not None


def test_a_long_text_that_a_store_has_cut_is_the_same(cell: CellRows) -> None:
    long = CellRows([replace(cell.rows[0], rule="r" * 900)], contents=cell.contents, validation_auc=0.7)
    assert disagreement(run_of(long, params={"rule": "r" * 500}), long) is None
    assert disagreement(run_of(long, params={"rule": "r" * 100}), long) is not None
