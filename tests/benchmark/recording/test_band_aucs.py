"""Narrow bands abroad: what is written follows from the score files of the fits, and says where the evidence is."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bandbench.benchmark.errors import DataError
from bandbench.benchmark.metrics.bootstrap import GroupBootstrap
from bandbench.benchmark.metrics.roc import Scored, roc_auc, weighted_auc
from bandbench.benchmark.recording.band_aucs import FILE, aucs_and_errors, narrow_aucs
from bandbench.benchmark.store.files import read_json
from conftest import run, small_study

Maker = Callable[..., Path]
BOTH = {"sweep": {"width": 0.1, "step": 0.1, "kinds": ["band", "stop"]}, "search": {"trials": 0}}


def test_errors_are_those_of_the_bootstrap() -> None:
    rng = np.random.default_rng(3)
    labels, groups = np.arange(400) // 200, np.array([f"{i % 80}" for i in range(400)])
    each = []
    for strength in (0.0, 1.0):
        offsets = rng.normal(size=80)[np.arange(400) % 80]
        each.append([Scored(labels, strength * labels + offsets + rng.normal(size=400), groups) for _ in range(2)])
    values, errors = aucs_and_errors(each)
    bootstrap = GroupBootstrap(each[0], 2000)
    drawn = [
        np.mean([bootstrap.under_draws(s, lambda s, w: weighted_auc(s.labels, s.scores, w)) for s in draws], axis=0)
        for draws in each
    ]
    assert values == pytest.approx([np.mean([roc_auc(s.labels, s.scores) for s in draws]) for draws in each])
    assert errors == pytest.approx([aucs.std(ddof=1) for aucs in drawn], rel=0.15)


def test_a_single_group_has_no_error() -> None:
    labels = np.arange(40) % 2
    one = Scored(labels, np.linspace(0, 1, 40), np.array(["same"] * 40))
    values, errors = aucs_and_errors([[one]])
    assert values == [roc_auc(labels, one.scores)]
    assert np.isnan(errors).all()


@pytest.fixture
def cell(picture_folder: Maker, tmp_path: Path) -> Path:
    """Folder of a cell that was trained on one folder and tested on two."""
    folders = {"mine": picture_folder(n=40), "yours": picture_folder("other", n=30, first_seed=500)}
    run(small_study(seeds=2, test=["mine", "yours"], perturbations=["blur:sigma=1"], **BOTH), folders)
    return next((tmp_path / "home" / "cells").iterdir())


def test_a_sweep_tells_where_the_evidence_is_abroad(cell: Path) -> None:
    document = read_json(cell / "cell.json")
    assert document is not None
    narrow = document["narrow"]
    assert [entry["kind"] for entry in narrow] == ["band"] * 7 + ["stop"] * 7
    for kind in ("band", "stop"):
        lows = [entry["low"] for entry in narrow if entry["kind"] == kind]
        assert lows == sorted(lows)
    assert all(set(entry["tests"]) == {"mine", "yours"} for entry in narrow)  # perturbed ones are no further domains
    # Fakes have more power between 0.2 and 0.3, in both folders alike.
    kept = {round(entry["low"], 2): entry["tests"]["yours"][0] for entry in narrow if entry["kind"] == "band"}
    assert max(kept, key=lambda low: kept[low]) == 0.2
    assert kept[0.2] > 0.9
    left = {round(entry["low"], 2): entry["tests"]["mine"][0] for entry in narrow if entry["kind"] == "stop"}
    assert min(left, key=lambda low: left[low]) == 0.2
    assert (cell / "band_transfer.png").exists()
    stages = [trial["stage"] for trial in document["trials"]]
    assert stages == ["allpass", *["sweep"] * 7, *["stop_sweep"] * 7, *["evidence"] * 2]
    # Ends are known to one step of this sweep, as the window carries a part of the excess beyond 0.3.
    (stretch,) = document["evidence"]
    assert 0.15 < stretch["low"] < 0.21
    assert 0.29 < stretch["high"] < 0.4
    assert stretch["sufficient"]


def test_numbers_follow_from_the_table(cell: Path) -> None:
    document = read_json(cell / "cell.json")
    assert document is not None
    assert [band.to_json() for band in narrow_aucs(cell / FILE)] == document["narrow"]
    table = pq.read_table(cell / FILE)
    trials = {(t["stage"], round(t["auc"], 6)) for t in document["trials"]}
    assert all(
        ({"band": "sweep", "stop": "stop_sweep"}[e["kind"]], round(e["val"][0], 6)) in trials for e in document["narrow"]
    )
    swapped = table.set_column(table.column_names.index("label"), "label", pa.array(1 - table["label"].to_numpy()))
    pq.write_table(swapped, cell / FILE)
    turned = narrow_aucs(cell / FILE)
    assert [1 - band.validation[0] for band in turned] == pytest.approx([e["val"][0] for e in document["narrow"]])


@pytest.mark.parametrize("content", [b"", b"PAR1 but no table PAR1"])
def test_a_damaged_table_is_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(DataError, match=r"narrow\.parquet cannot be read"):
        narrow_aucs(tmp_path / FILE)


def test_without_test_scores_there_is_no_map(picture_folder: Maker, tmp_path: Path) -> None:
    run(small_study(oracle=False, **BOTH), {"mine": picture_folder()})
    folder = next((tmp_path / "home" / "cells").iterdir())
    document = read_json(folder / "cell.json")
    assert document is not None
    assert document["narrow"] == []
    assert not (folder / FILE).exists()
