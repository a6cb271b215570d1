"""Results of an earlier version are read by this one: a folder with its tracking store, and a model that was kept."""

import json
import math
import tarfile
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import pytest

from bandbench.benchmark.domains.catalogue import DatasetSpec
from bandbench.benchmark.results.cell_rows import cell_rows
from bandbench.benchmark.store.files import read_json, write_json
from bandbench.benchmark.tracking.store import client_for, default_tracking_uri
from bandbench.leaderboard.rows import load_board

GOLDEN = Path(__file__).parent / "golden"
# What `cell.json` did not say before schema 3, and before schema 4.
BEFORE_3 = ("splits", "split_id", "test_splits", "pictures", "dropped_leaks", "data", "lookalikes")
BEFORE_4 = ("settings", "variant")
# Models that are out in the world note this name: in parts, as it stays even if the module moves.
EARLIER_LOADER = ".".join(("bandbench", "benchmark", "serving"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of results, where this test has its own."""
    with tarfile.open(GOLDEN / "earlier_results.tar.xz") as archive:
        archive.extraction_filter = getattr(tarfile, "data_filter", None)  # Python has it from 3.11.4 on
        archive.extractall(tmp_path)
    return tmp_path / "home"


def plain(value: Any) -> Any:
    """As JSON keeps it, undefined numbers as None."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def recorded(home: Path) -> list[dict[str, Any]]:
    """Rows as the earlier version wrote them, whose one stretch of evidence is now the first of a list."""
    (path,) = (home / "studies").glob("*/rows.json")
    rows = json.loads(path.read_text())
    return [row | {"evidence": row["evidence"] and [row["evidence"]]} for row in rows]


def same_numbers(found: Any, wanted: Any) -> bool:
    """Whether all that was recorded is found again, to 12 digits. Intervals have other rules now, but hold the value."""
    if isinstance(wanted, dict):
        assert set(wanted) <= set(found)
        ends = {name for name, value in wanted.items() if name.endswith(("_lo", "_hi")) and value is not None}
        signs = {"_lo": 1, "_hi": -1}
        held = all(signs[end[-3:]] * (found[end[:-3]] - found[end]) >= 0 for end in ends)
        return held and all(same_numbers(found[name], value) for name, value in wanted.items() if name not in ends)
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same_numbers, found, wanted))
    return found == (pytest.approx(wanted, rel=1e-12) if isinstance(wanted, float) else wanted)


def test_rows_follow_from_the_folder_of_a_cell(home: Path) -> None:
    (folder,) = (home / "cells").iterdir()
    rows = [plain(row.to_json()) for row in cell_rows(folder)]
    assert [row["role"] for row in rows] == ["chosen", "allpass", "fixed"]
    assert same_numbers(rows, recorded(home))


def test_the_leaderboard_is_made_of_the_store(home: Path) -> None:
    board = load_board(default_tracking_uri(), "earlier")
    assert (board.refused, board.others) == ([], {})
    found = {row.role: plain(row.to_json()) for row in board.rows}
    wanted = {row["role"]: row for row in recorded(home)}
    assert same_numbers(found, wanted)
    (cell,) = (home / "cells").iterdir()
    assert {row.cell for row in board.rows} == {cell.name}


@pytest.mark.parametrize(("schema", "unsaid"), [(3, BEFORE_4), (2, BEFORE_4 + BEFORE_3)])
def test_documents_of_earlier_schemas_are_read(schema: int, unsaid: tuple[str, ...], home: Path) -> None:
    (folder,) = (home / "cells").iterdir()
    document = read_json(folder / "cell.json") or {}
    assert document["schema"] == 4
    old = {name: value for name, value in document.items() if name not in unsaid}
    write_json(folder / "cell.json", old | {"schema": schema})
    rows = [plain(row.to_json()) for row in cell_rows(folder)]
    assert [(row["settings"], row["variant"]) for row in rows] == [(document["study_key"][:8], document["key"][:8])] * 3
    moved = {*unsaid, "tests"}
    assert same_numbers(rows, [{name: value for name, value in row.items() if name not in moved} for row in recorded(home)])
    aucs = [[test["auc"] for test in row["tests"]] for row in rows]
    assert aucs == [[test["auc"] for test in row["tests"]] for row in recorded(home)]


def test_a_model_that_was_kept_gives_the_same_numbers(home: Path) -> None:
    """MLflow finds its code by the name of a module that the model noted."""
    (folder,) = (home / "artifacts" / "earlier" / "models").glob("*/artifacts")
    assert f"loader_module: {EARLIER_LOADER}\n" in (folder / "MLmodel").read_text()
    dataset = DatasetSpec("procedural", options={"n_train": 40, "n_val": 30, "n_test": 20}).open(0, 0)
    items = [item for item in dataset.items("planted") if item.split == "test"][::8]
    answer = mlflow.pyfunc.load_model(str(folder)).predict([dataset.read(item) for item in items])
    wanted = json.loads((GOLDEN / "earlier_model.json").read_text())
    assert [item.id for item in items] == list(wanted)
    assert answer["error"].tolist() == [""] * len(items)
    assert answer["p_fake"].tolist() == pytest.approx(list(wanted.values()), rel=1e-9)


def test_the_store_still_holds_the_tree_of_the_study(home: Path) -> None:
    client = client_for(default_tracking_uri())
    experiment = client.get_experiment_by_name("earlier")
    assert experiment is not None
    kinds = [one.data.tags["bandbench.kind"] for one in client.search_runs([experiment.experiment_id])]
    assert {kind: kinds.count(kind) for kind in kinds} == {"study": 1, "cell": 1, "trial": 7}
    assert len(client.search_logged_models([experiment.experiment_id])) == 1
