"""Lists of test items that submitted scores are checked against."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from bandbench.api.board_inputs import RegisteredDomains
from bandbench.benchmark.domains.catalogue import Catalogue
from bandbench.benchmark.tracking.store import default_tracking_uri
from bandbench.leaderboard.submissions.add import add_submission
from bandbench.leaderboard.submissions.references import Reference, References, recorded_items
from bandbench.leaderboard.submissions.score_csv import COLUMNS
from made_submissions import write_meta


def test_embedded_data_are_a_reference_without_any_run(tmp_path: Path) -> None:
    items = Catalogue().domain("procedural/blend", 0).split("test")
    rng = np.random.default_rng(0)
    lines = [
        f"{name},{item.id},,{item.label},{rng.normal()}," for item in items for name in ("procedural/blend", "procedural/x")
    ]
    (tmp_path / "s.csv").write_text("\n".join([",".join(COLUMNS), *lines[:-2], "procedural/blend,nobody,,1,0.5,"]))
    uri = default_tracking_uri()
    report = add_submission(write_meta(tmp_path), [tmp_path / "s.csv"], uri, RegisteredDomains())
    said = "\n".join(report.findings)
    assert "procedural/x: left out, unknown domain 'procedural/x'" in said
    assert "procedural/blend: 1 id is unknown to the data set procedural" in said
    assert f"{len(items) - 1} of {len(items)} items have a usable score" in said
    assert "no recorded runs to check against" in " ".join(report.remarks)
    assert [test.domain for test in report.tests] == ["procedural/blend"]


class OneDomain:
    """Knows ``x``, with one item."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def canonical_chain(self, chain: str) -> str:
        return chain

    def reference(self, domain: str) -> Reference | None:
        self.asked.append(domain)
        return reference_of("a", source="the data set x") if domain == "x" else None


def reference_of(*items: str, source: str = "", split_list: str = "s") -> Reference:
    row = {"label": 0, "group": "g", "target": "", "donor": "", "video": ""}
    return Reference(pa.Table.from_pylist([{"item": item, **row} for item in items]), split_list, "p", source)


def test_the_catalogue_is_asked_once_per_domain() -> None:
    catalogue = OneDomain()
    references = References([], {}, catalogue)
    for _ in range(2):
        found = references.of("x", frozenset())
        assert found is not None and found.source == "the data set x"
        assert references.of("y", frozenset()) is None
    assert catalogue.asked == ["x", "y"]


def test_of_several_lists_the_one_with_most_of_the_items_is_taken(
    row_maker: Callable[..., Any], test_maker: Callable[..., Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Recorded runs come before the catalogue; a list that two runs share is read once."""
    rows = [
        row_maker(name, run_id=name, tests=[test_maker("x", 0.9, split_list=split)])
        for name, split in (("one", "s1"), ("two", "s2"), ("again", "s1"))
    ]
    lists = {"one": ("a", "b"), "two": ("b", "c", "d"), "again": ("a", "b")}
    read = []

    def recorded_items(folder: Path, domain: str) -> pa.Table:
        read.append(folder.name)
        return reference_of(*lists[folder.name]).table

    monkeypatch.setattr("bandbench.leaderboard.submissions.references.recorded_items", recorded_items)
    catalogue = OneDomain()
    references = References(rows, {name: tmp_path / name for name in lists}, catalogue)
    sources = [references.of("x", frozenset(ids)) for ids in ("ab", "cd")]
    assert [reference and reference.source for reference in sources] == ["the run one", "the run two"]
    assert (read, catalogue.asked) == (["one", "two"], [])


def test_the_digest_covers_items_split_list_and_pictures() -> None:
    first = reference_of("a", "b")
    assert first.ids == {"a", "b"}
    assert first.digest == reference_of("a", "b", source="elsewhere").digest
    assert len({first.digest, reference_of("a").digest, reference_of("a", "b", split_list="t").digest}) == 3


def test_a_folder_without_a_cell_has_no_items(tmp_path: Path) -> None:
    assert recorded_items(tmp_path, "x") is None
