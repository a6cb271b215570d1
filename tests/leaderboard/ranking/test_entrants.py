"""Rows from score files: the same pictures give the same digest, whatever their order."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from bandbench.benchmark.contracts import Item
from bandbench.benchmark.errors import DataError
from bandbench.benchmark.results.rows import Row
from bandbench.benchmark.results.scores import OK, ItemStatus, Reason, Status, item_table, with_scores, write_table
from bandbench.leaderboard.ranking import entrants
from bandbench.leaderboard.ranking.entrants import RowScores, ScoreReader
from bandbench.leaderboard.ranking.ranks import rank


def table(domain: str, split: str = "test", n: int = 40, offset: float = 0.0, lost: int = 0, seed: int = 0) -> pa.Table:
    items = [Item(f"{domain}{i:03d}.png", i % 2, split, video=f"clip{i // 4}") for i in range(n)]  # type: ignore[arg-type]
    statuses = [ItemStatus(Status.ERROR, "cannot be read", Reason.UNREADABLE)] * lost + [OK] * (n - lost)
    scores = np.random.default_rng(seed).normal(size=n) + np.arange(n) % 2 + offset
    return with_scores(item_table(domain, items, statuses), scores[lost:])


@pytest.fixture
def write(tmp_path: Path):
    def write(name: str, *tables: pa.Table) -> Path:
        path = tmp_path / f"{name}.parquet"
        write_table(path, pa.concat_tables(tables))
        return path

    return write


def test_test_items_by_domain_and_replicate(write) -> None:
    files = [write(f"s{k}", table("home", "val"), table("home"), table("abroad", seed=k)) for k in range(2)]
    entrant = ScoreReader().entrant("row", files)
    assert {name: len(each) for name, each in entrant.tests.items()} == {"home": 2, "abroad": 2}
    assert all(len(one.labels) == 40 for one in entrant.tests["home"])
    assert not np.array_equal(*(one.scores for one in entrant.tests["abroad"]))
    only = ScoreReader().entrant("row", files, {"abroad"})
    assert list(only.tests) == list(only.items) == ["abroad"]


def test_order_of_items_does_not_matter_and_lists_are_kept_once(write) -> None:
    plain = table("x")
    mixed = plain.take(np.random.default_rng(0).permutation(40))
    reader = ScoreReader()
    a, b = (reader.entrant(name, [write(name, each)]) for name, each in (("a", plain), ("b", mixed)))
    assert a.items == b.items
    np.testing.assert_array_equal(a.tests["x"][0].scores, b.tests["x"][0].scores)
    assert a.tests["x"][0].groups is b.tests["x"][0].groups


def test_other_items_labels_groups_or_gaps_have_another_digest(write) -> None:
    plain = table("x")
    flipped = plain.set_column(3, "label", pa.array(1 - plain["label"].to_numpy(), pa.int8()))
    regrouped = plain.set_column(4, "group", pa.array(["one"] * 40))
    tables = {"plain": plain, "fewer": table("x", n=36), "lost": table("x", lost=3), "flipped": flipped, "regrouped": regrouped}
    reader = ScoreReader()
    assert len({reader.entrant(name, [write(name, each)]).items["x"] for name, each in tables.items()}) == 5


def test_a_row_that_lacks_scores_is_not_compared(write) -> None:
    reader = ScoreReader()
    rows = [reader.entrant(str(k), [write(str(k), table("x", seed=k))]) for k in range(3)]
    rows.append(reader.entrant("gaps", [write("gaps", table("x", lost=2, offset=9))]))
    *others, gaps = rank(rows).placements
    assert all(place.low for place in others)
    assert (gaps.low, gaps.reason) == (None, "scored on other pictures of x")


def test_a_pool_is_scored_on_its_perturbed_domain_as_one_domain_is(
    write, row_maker: Callable[..., Row], monkeypatch: pytest.MonkeyPatch
) -> None:
    tested = ("set/a", "set/a+blur:sigma=1", "set/b", "set/b+blur:sigma=1")
    file = write("all", *(table(name, seed=k) for k, name in enumerate(tested)))
    document = SimpleNamespace(files_of=lambda row: [file.name], digests={}, train_overlap=0.0)
    monkeypatch.setattr(entrants, "find_cell", lambda folder: document)
    for train in ("set/a+blur:sigma=1", "set/a+blur:sigma=1 & set/b"):
        row = row_maker("svm", train, domains=tested)
        assert list(RowScores(lambda row: file.parent).entrant(row).tests) == ["set/a", "set/a+blur:sigma=1", "set/b"]


def test_files_that_are_no_score_files(write, tmp_path: Path) -> None:
    (tmp_path / "text.parquet").write_text("no table")
    pa.parquet.write_table(pa.table({"domain": ["x"]}), tmp_path / "other.parquet")
    for name in ("text", "other", "absent"):
        with pytest.raises(DataError, match=f"score file .*{name}.parquet"):
            ScoreReader().entrant("row", [tmp_path / f"{name}.parquet"])
