"""Cells of studies that are never run: item sets, trials and score files made by hand, so that a rule can be tested alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.frequency.bands import Band
from bandbench.benchmark.metrics.roc import Interval
from bandbench.benchmark.records import Cell, ItemSet, Record, Replicate, Trial
from bandbench.benchmark.registry import DetectorSpec
from bandbench.benchmark.results.scores import OK, ItemStatus, Status, item_table, with_scores, write_table
from conftest import small_study


def item_set(domain: str, split: str, digest: str = "", **changes: Any) -> ItemSet:
    """An item set of which no picture exists."""
    digest = digest or f"digest of {domain}/{split}"
    defaults: dict[str, Any] = {
        "table": "", "grey": (), "colour": (), "index": "", "n_items": 4, "n_ok": 4, "problems": (), "seconds_per_item": 0.002,
    }  # fmt: skip
    return ItemSet(domain, split, digest, **(defaults | changes))


def made_cell(tests: Sequence[str] = ("home", "away"), draws: int = 1, records: str = "", **changes: Any) -> Cell:
    """A cell of `spectral_svm` trained on ``home``; `changes` are keys of its study."""
    replicates = tuple(
        Replicate(
            number,
            item_set("home", "train", f"train {number}", table="none.parquet"),
            item_set("home", "val", f"val {number}"),
            tuple(item_set(name, "test") for name in tests),
        )
        for number in range(draws)
    )
    study = small_study(**({"train": ["home"], "test": list(tests), "seeds": draws} | changes))
    return Cell(study, DetectorSpec.parse("spectral_svm"), "home", replicates, records)


def interval(value: float, error: float) -> Interval:
    """An AUC with a standard error."""
    return Interval(value, value - 1.96 * error, value + 1.96 * error, error)


def trial(band: Band, auc: float, error: float = 0.01, stage: str = "search") -> Trial:
    """A band that was tried."""
    return Trial(band, stage, interval(auc, error), ())


def score_file(path: Path, sets: Sequence[tuple[str, str, Sequence[float], Sequence[float]]]) -> str:
    """
    Write a score file.

    Parameters
    ----------
    path : Path
    sets : sequence of (domain, split, scores of reals, scores of fakes)
        Every picture is a group of its own; NaN stands for a picture without a score.
    """
    tables = []
    for domain, split, reals, fakes in sets:
        scores = [*reals, *fakes]
        items = [Item(f"{split}{i}", int(i >= len(reals)), split, video=f"{split}{i}") for i in range(len(scores))]  # type: ignore[arg-type]
        statuses = [OK if score == score else ItemStatus(Status.ERROR, "damaged") for score in scores]
        tables.append(with_scores(item_table(domain, items, statuses), np.array([score for score in scores if score == score])))
    write_table(path, pa.concat_tables(tables))
    return str(path)


def record_of(folder: Path, name: str, validation: Any, tests: Sequence[Any]) -> Record:
    """A finished fit with its score file; `validation` and `tests` as in `score_file`."""
    return Record(
        name,
        score_file(folder / f"{name}.parquet", [validation, *tests]),
        sealed={test[0]: 0.5 for test in tests},
        fit_seconds=2.0,
        score_ms=3.0,
        finished=1000.0,
    )
