"""``bench sync`` forgets nothing unless it is told for which store."""

from bandbench.benchmark.cli.requests.store import SyncRequest


def test_nothing_is_discarded_by_default() -> None:
    assert SyncRequest().discard is None
