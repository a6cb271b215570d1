"""Cells are dealt out so that each is in one shard, alike in every process, and the shards have equally much to do."""

import pytest

from bandbench.benchmark.errors import StudyError
from bandbench.benchmark.records import Shard
from bandbench.benchmark.search.shards import CellShare, begun_journals, deal, refuse_sqlite, shard_journal

DETECTORS = {"spectral_svm": 60, "dct_cnn": 60, "file_facts": 2, "permuted_labels": 2}
SHARES = [CellShare(name, f"d{i}", n) for i in range(6) for name, n in DETECTORS.items()]


@pytest.mark.parametrize("count", [1, 2, 3, 5, 7, 24, 40])
def test_every_cell_is_in_one_shard(count: int) -> None:
    dealt = [deal(SHARES, Shard(index, count)) for index in range(count)]
    assert sorted(cell.label for cells in dealt for cell in cells) == sorted(cell.label for cell in SHARES)
    assert all(cells == [cell for cell in SHARES if cell in cells] for cells in dealt)


@pytest.mark.parametrize("count", [2, 3, 5])
def test_no_shard_has_more_than_one_cell_more_than_another(count: int) -> None:
    dealt = [deal(SHARES, Shard(index, count)) for index in range(count)]
    fits = [sum(cell.n_fits for cell in cells) for cells in dealt]
    assert max(fits) - min(fits) <= max(DETECTORS.values())
    for detector in ("spectral_svm", "dct_cnn"):  # equally many fits, but not equally long ones
        numbers = [sum(cell.detector_label == detector for cell in cells) for cells in dealt]
        assert max(numbers) - min(numbers) <= 1


def test_more_shards_than_cells_leave_some_empty() -> None:
    dealt = [deal(SHARES[:2], Shard(index, 4)) for index in range(4)]
    assert [len(cells) for cells in dealt] == [1, 1, 0, 0]


def test_shards_cannot_share_a_file_of_sqlite() -> None:
    refuse_sqlite(None)
    refuse_sqlite("postgresql://server/searches")
    with pytest.raises(StudyError, match="shards cannot share the SQLite database sqlite:///s.db.*leave out --storage"):
        refuse_sqlite("sqlite:///s.db")


def test_journals_of_a_study_are_found_by_its_whole_name() -> None:
    for study, shard in (("s", Shard(0, 2)), ("s", Shard(11, 12)), ("s~trials=1", Shard(0, 2)), ("a.s", Shard(0, 2))):
        path = shard_journal(study, shard)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert begun_journals("s") == [shard_journal("s", Shard(0, 2)), shard_journal("s", Shard(11, 12))]
    assert begun_journals("t") == []
